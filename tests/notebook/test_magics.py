"""The magics in a shell: what they return, what they say, and what stays behind."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.utils.io import capture_output

import oint_magics
from oint_magics import errors, twitter
from oint_magics.notebook import sandbox_magic
from oint_magics.notebook.magic_table import MAGICS
from oint_magics.tokens.response import TokenResponse

MARK = "MARKER5ecret-of-more-than-thirty-two-characters"


@pytest.fixture
def shell(shell):
    """The shell, and no sandbox of another test."""
    yield shell
    while sandbox_magic._running:
        sandbox_magic._running.pop().stop()


def run(shell, cell):
    """Run a cell; return its value, its error, and all it printed."""
    with capture_output() as captured:
        result = shell.run_cell(cell, store_history=True)
    return result.result, result.error_in_exec or result.error_before_exec, captured.stdout + captured.stderr


def test_refresh_returns_a_table_and_prints_nothing_else(shell, auth_file):
    auth_file()

    value, error, said = run(shell, "%twitter_refresh --auth auth.json")

    assert error is None
    assert isinstance(value, TokenResponse)
    assert said.count("SANDBOX tokens") == 1


def test_its_value_can_be_assigned(shell, auth_file):
    auth_file()

    _, _, said = run(shell, "r = %twitter_refresh --auth auth.json")

    assert said == ""
    assert shell.user_ns["r"]["token_type"] == "bearer"


@pytest.mark.parametrize("given", ["mine", "$mine", "{mine}"])
def test_a_variable_is_not_expanded_into_the_line(shell, sandbox, given):
    shell.user_ns["mine"] = sandbox.issue()

    value, error, said = run(shell, f"%twitter_refresh --auth {given} --to profile:x")

    assert error is None
    assert value.saved_to == "profile:x"
    assert "in this cell" not in said


def test_the_seeds_own_line(shell, sandbox):
    """Works, and says what it cost."""
    issued = sandbox.issue() | {
        "oauth_token": "a",
        "oauth_token_secret": "b",
        "oauth_consumer_key": "c",
        "oauth_consumer_secret": "d",
    }
    text = "{" + ",".join(f"'{key}':'{value}'" for key, value in issued.items()) + "}"

    value, error, said = run(shell, f'%twitter_refresh --auth "{text}"')

    assert error is None
    assert set(value) == {"token_type", "expires_in", "access_token", "scope", "refresh_token"}
    assert "in this cell" in said
    assert issued["client_secret"] not in said
    assert issued["refresh_token"] not in said


def test_keep(shell, auth_file):
    auth_file()
    auth_file("other.json")

    assert "profile:work" in str(run(shell, "%twitter_keep auth.json profile:work")[0])
    assert run(shell, "%twitter_refresh")[0].saved_to == "profile:work"
    assert "profile:new" in str(run(shell, "%twitter_keep auth.json profile:new")[0])  # Its newest pair.
    assert isinstance(run(shell, "%twitter_keep other.json profile:work")[1], errors.StoreTaken)
    assert "profile:work" in str(run(shell, "%twitter_keep other.json profile:work --replace")[0])
    for line in ("", "auth.json"):
        assert isinstance(run(shell, f"%twitter_keep {line}")[1], errors.UsageError)


def test_forget_deletes_a_profile_and_leaves_a_file(shell, auth_file):
    auth_file()
    run(shell, "%twitter_keep auth.json profile:work")
    run(shell, "%twitter_refresh --auth auth.json")
    assert "deleted here" in str(run(shell, "%twitter_forget profile:work")[0])
    assert "the file stays" in str(run(shell, "%twitter_forget auth.json")[0])
    assert Path("auth.json").exists()
    assert isinstance(run(shell, "%twitter_forget profile:work")[1], errors.AuthNotFound)
    _, error, said = run(shell, "%twitter_forget")
    assert isinstance(error, errors.UsageError)
    for line in (MARK, f'{{"refresh_token": "{MARK}"}}', f"profile:{MARK}/x"):
        _, error, said = run(shell, f"%twitter_forget {line}")
        assert isinstance(error, errors.OintError), line
        assert MARK not in said


def test_errors_are_our_own_lines(shell):
    """What happened, the cause, the next command; no traceback, no source line, no echo."""
    for line in (f"--auth {MARK}", f"--auth {{'client_id':'{MARK}", f"--{MARK}", f"--auth '{MARK}", f"--auth x {MARK}"):
        _, error, said = run(shell, f"%twitter_refresh {line}")

        assert isinstance(error, errors.OintError)
        assert said.startswith(type(error).__name__)
        assert "Traceback" not in said
        assert MARK not in said
        assert "Next:" in said


@pytest.mark.parametrize("mode", ["Plain", "Context", "Verbose", "Minimal"])
def test_no_xmode_repeats_the_line(shell, mode):
    """`%xmode Verbose` would print the arguments of every frame."""
    shell.run_line_magic("xmode", mode)
    try:
        _, error, said = run(shell, f"%twitter_refresh --auth {{'client_id':'{MARK}'}}")
        with capture_output() as again:
            shell.run_line_magic("tb", "Verbose")
    finally:
        shell.run_line_magic("xmode", "Context")

    assert isinstance(error, errors.AuthFieldError)
    assert MARK not in said + again.stdout + again.stderr


def test_nothing_hangs_on_an_error(shell):
    """No frame, no chain: a debugger finds an empty place."""
    _, error, _ = run(shell, f"%twitter_refresh --auth {{'client_id':'{MARK}','refresh_token':5}}")

    assert error.__cause__ is None
    assert error.__context__ is None
    traceback, frames = error.__traceback__, []
    while traceback:
        frames.append(traceback.tb_frame)
        traceback = traceback.tb_next
    ours = [frame for frame in frames if "oint_magics" in frame.f_code.co_filename]
    assert len(frames) == len(ours) == 1
    assert MARK not in repr(ours[0].f_locals)


def test_an_error_can_be_caught_by_its_type(shell, sandbox, auth_file):
    auth_file()
    sandbox.faults.add("refuse")

    _, _, said = run(
        shell,
        "from oint_magics.errors import InvalidGrant\n"
        "try:\n    get_ipython().run_line_magic('twitter_refresh', '--auth auth.json')\n"
        "except InvalidGrant as e:\n    print('caught', e.status)",
    )

    assert said == "caught 400\n"


def test_a_fault_of_ours_becomes_our_lines_too(shell, auth_file, monkeypatch):
    """An unexpected exception names its type and place, and nothing that it holds."""
    auth_file()

    def fail(*_, **__):
        raise ValueError(MARK)

    monkeypatch.setattr("oint_magics.tokens.exchange.exchange", fail)
    _, error, said = run(shell, "%twitter_refresh --auth auth.json")

    assert isinstance(error, errors.InternalError)
    assert "ValueError at oint_magics/tokens/exchange.py, line" in said
    assert MARK not in said
    assert error.__context__ is None


def test_without_a_source_and_without_somebody_the_other_ways_are_named(shell, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)

    for magic in ("%twitter_refresh", "%twitter_auth", "%twitter_auth --prompt"):
        _, error, said = run(shell, magic)
        assert isinstance(error, errors.NotInteractive)
        assert "OINT_TWITTER_AUTH" in said


def test_a_text_needs_a_place_where_nobody_watches(shell, sandbox, monkeypatch, home):
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.delenv("OINT_HOME")
    shell.user_ns["mine"] = sandbox.issue()

    assert isinstance(run(shell, "%twitter_refresh --auth mine")[1], errors.StoreError)
    assert sandbox.accounts.counts.refreshes == 0
    assert run(shell, "%twitter_refresh --auth mine --to here.json")[0].saved_to == "here.json"


def test_the_sandbox_by_magic(shell):
    """Start, refresh without a source, disturb, stop."""
    assert "runs" in str(run(shell, "%twitter_sandbox start")[0])
    assert run(shell, "%twitter_refresh")[0].saved_to == "sandbox-auth.json"
    assert run(shell, "%twitter_sandbox start")[1] is None
    run(shell, "%twitter_sandbox fault refuse")
    assert "refuse" in str(run(shell, "%twitter_sandbox")[0])
    assert isinstance(run(shell, "%twitter_refresh")[1], errors.InvalidGrant)
    run(shell, "%twitter_sandbox fault 429 60")
    assert isinstance(run(shell, "%twitter_refresh")[1], errors.TryLater)
    run(shell, "%twitter_sandbox fault html")
    assert isinstance(run(shell, "%twitter_refresh")[1], errors.TryLater)
    run(shell, "%twitter_sandbox fault slow 0")
    assert run(shell, "%twitter_refresh")[1] is None
    run(shell, "%twitter_sandbox fault punish")
    assert "punish: a refresh token used twice ends the login" in str(run(shell, "%twitter_sandbox status")[0])
    run(shell, "%twitter_sandbox fault off")
    run(shell, "%twitter_sandbox fault expire")
    assert "3 refreshed" not in str(run(shell, "%twitter_sandbox stop")[0])
    assert isinstance(run(shell, "%twitter_refresh")[1], errors.NotSent)
    assert "%twitter_sandbox start" in str(run(shell, "%twitter_refresh")[1])


def test_the_sandbox_s_clock_and_book_by_magic(shell):
    run(shell, "%twitter_sandbox start")
    assert "2026-11-01 09:0" in str(run(shell, "%twitter_sandbox clock 2026-11-01T09:00Z")[0])
    assert "2026-11-02 09:0" in str(run(shell, "%twitter_sandbox clock +1d")[0])
    assert "2026-11-02 10:3" in str(run(shell, "%twitter_sandbox clock 2026-11-02T12:30+02:00")[0])
    assert "it ran already" in str(run(shell, "%twitter_sandbox start")[0])
    assert "$0.000 by X's list price" in str(run(shell, "%twitter_sandbox status")[0])
    run(shell, "me = __import__('oint_magics').twitter.me()")
    assert "$0.010 by X's list price" in str(run(shell, "%twitter_sandbox status")[0])
    assert "credit: $2.000 left" in str(run(shell, "%twitter_sandbox fault credit 2")[0])
    run(shell, "%twitter_sandbox fault credit 0")
    with pytest.raises(errors.CallError, match="402"):
        twitter.me()
    run(shell, "%twitter_sandbox fault off")
    assert twitter.me()["username"] == "sandbox"
    assert f"{datetime.now(UTC):%Y-%m-%d}" in str(run(shell, "%twitter_sandbox clock now")[0])
    run(shell, "%twitter_sandbox stop")
    assert isinstance(run(shell, "%twitter_sandbox clock +1d")[1], errors.UsageError)


@pytest.mark.parametrize("clock", ["2026-11-01T09:00Z", "2031-01-01T00:00Z", "+1d"])
def test_another_clock_makes_no_read_refresh(shell, clock):
    """The tokens' own times are this machine's: a lesson's clock moves the posts, and nobody takes it for a wrong one."""
    assert "@tidemerelantern" in str(run(shell, "%twitter_sandbox start")[0])
    run(shell, f"%twitter_sandbox clock {clock}")
    refreshed = run(shell, "%twitter_refresh")[0]
    for _ in range(3):
        twitter.me()

    assert "1 refreshed" in str(run(shell, "%twitter_sandbox status")[0])
    assert "clock" not in str(refreshed)
    run(shell, "%twitter_sandbox stop")


def test_the_sandbox_says_what_it_does_not_do(shell):
    for line in ("dance", "start now", "fault", f"fault {MARK}", "stop it"):
        _, error, said = run(shell, f"%twitter_sandbox {line}")
        assert isinstance(error, errors.UsageError)
        assert MARK not in said
    run(shell, "%twitter_sandbox start")
    for line in (
        "fault dance",
        "fault slow soon",
        "fault slow -1",
        "fault slow nan",
        "clock",
        "clock soon",
        "clock 5 5",
    ):
        assert isinstance(run(shell, f"%twitter_sandbox {line}")[1], errors.UsageError)


def test_the_sandbox_touches_no_file_that_it_did_not_make(shell):
    Path("sandbox-auth.json").write_text(json.dumps({"client_id": "mine"}))

    _, error, said = run(shell, "%twitter_sandbox start")

    assert isinstance(error, errors.StoreNotWritable)
    assert json.loads(Path("sandbox-auth.json").read_text()) == {"client_id": "mine"}
    assert "%cd" in said


@pytest.mark.parametrize("name", MAGICS)
def test_every_magic_has_help_and_a_usage(shell, name):
    """`%magic?` shows what it takes; each option of its usage stands in its help."""
    help_ = shell.magics_manager.magics["line"][name].__doc__

    assert help_.splitlines()[0].endswith(".")
    for word in MAGICS[name].values + MAGICS[name].flags:
        assert word in help_
    assert MAGICS[name].text.split(" [")[0].split()[0] in help_


def test_pretty_printed_json_may_be_pasted(shell, sandbox):
    """IPython would read its lines as Python, and print the one it stumbles over."""
    text = json.dumps(sandbox.issue(), indent=4)

    for cell in (f"%twitter_refresh --auth {text}\n1 + 1", f"r = %twitter_refresh --auth '{text}' --if-expired\nr"):
        value, error, said = run(shell, cell)
        assert error is None
        assert "Error" not in said
    assert isinstance(value, TokenResponse)


def test_cut_off_json_over_several_lines_is_not_repeated(shell):
    cell = '%twitter_refresh --auth {\n  "client_id": "x",\n  "refresh_token": "' + MARK + '"\n'

    _, error, said = run(shell, cell)

    assert isinstance(error, errors.AuthSyntaxError)
    assert MARK not in said


def test_other_cells_are_left_as_they_are(shell):
    from oint_magics.notebook.inline import take_out

    for cell in (
        "a = {\n'b': 1}\n",
        "%twitter_refresh --auth {name}\nx = {\n}\n",
        "%time x = {\n}\n",
        "# %twitter_refresh --auth auth.json\nx = {'a': {}}\n",
        "twitter_auth = {'client_id': 'x'}\n",
        "n = 5 %twitter_count + {1: 2}[1]\n",
        "print('%twitter_refresh --auth {\"client_id\": 1}')\n%twitter_status\n",
        'text = """\n%twitter_refresh --auth {"client_id": 1}\n"""\n%twitter_status\n',
        "%%sql\nSELECT in_reply_to_user_id_string FROM twitter_posts\n",
        "%%sql\nSELECT t.total - authors FROM t WHERE public_metrics_retweet_count > 0\n",
        "%%ai chatgpt\nWrite a Twitter bot; explain client_id and refresh_token\n",
        '%%cython\ncdef int twitter = 1\nclient_id = {"a": "b"}\n',
        "twitter_n = 7\n%time pass\nd = [10 %twitter_n, {'a': 1}]\n",
        "!true\nx = '%s' %twitter_names; d = {'a': 1}\n",
        "%matplotlib inline\nn = 100 %twitter_n + len('abcdefghijklmnopqrstuvwxyz0123456789')\n",
        "%twitter_status\n{'client': 1}\n",
        "total - authors = in_reply_to_user_id_string_and_more\n",
        "%%writefile a.py\n%twitter_refresh --auth {'client_id': 'x'}\n",
        "%env TWITTER_CLIENT_SECRET=abcdefghijklmnopqrstuvwxyz012345\n%twitter_refresh --auth env:\n",
        "from oint_magics import twitter\ntwitter.refresh({'client_id': 'x', 'refresh_token': 'y'})\n",
        "%twitter_refresh --auth auth.json --to profile:work\nauth = {'client_id': 'a', 'refresh_token': 'b'}\n",
    ):
        lines = cell.splitlines(keepends=True)
        assert take_out(lines) == lines, cell


def test_reloading_leaves_one_of_everything(shell):
    shell.run_line_magic("reload_ext", "oint_magics")

    assert len([t for t in shell.input_transformers_cleanup if t.__module__ == "oint_magics.notebook.inline"]) == 2


def test_unload_takes_everything_away(shell):
    assert set(MAGICS) <= set(shell.magics_manager.magics["line"])

    shell.run_line_magic("unload_ext", "oint_magics")

    assert not set(MAGICS) & set(shell.magics_manager.magics["line"])
    assert not [t for t in shell.input_transformers_cleanup if "oint_magics" in t.__module__]
    assert not [key for key in shell.strdispatchers["complete_command"].strs if key.startswith("%twitter")]
    shell.run_line_magic("load_ext", "oint_magics")
    assert set(MAGICS) <= set(shell.magics_manager.magics["line"])


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("%twitter_refresh --", {"--auth", "--to", "--if-expired", "--try-old"}),
        ("%twitter_refresh --if", {"--if-expired"}),
        ("%twitter_refresh --auth pro", {"profile:work"}),
        ("%twitter_refresh --to ", {"profile:work", "mine.json"}),
        ("%twitter_keep ", {"profile:work", "mine.json", "env:"}),
        ("%twitter_keep auth.json profile:x --", {"--replace"}),
        ("%twitter_auth --", {"--prompt"}),
        ("%twitter_sandbox st", {"start", "stop", "status"}),
        ("%twitter_sandbox fault h", {"html"}),
    ],
)
def test_completion(shell, line, found, sandbox):
    """Options, and the places that are there."""
    twitter.keep(sandbox.issue(), "profile:work")
    Path("mine.json").write_text("{}")
    with provisionalcompleter():
        assert found <= {completion.text for completion in shell.Completer.completions(line, len(line))}


def test_version():
    assert oint_magics.__version__.count(".") == 2


def test_no_frame_of_ipythons_keeps_the_line_for_the_debugger(shell):
    """`%debug` and whoever walks the last traceback would find the line that was typed."""
    _, error, _ = run(shell, f"%twitter_refresh --auth {{'client_id':'{MARK}'}}")
    shell.showtraceback((type(error), error, error.__traceback__))

    for traceback in (error.__traceback__, sys.last_traceback):
        assert traceback.tb_next is None
        frame = traceback.tb_frame
        while frame:
            assert MARK not in repr(frame.f_locals)
            frame = frame.f_back


def test_me_status_and_revoke_by_magic(shell):
    run(shell, "%twitter_sandbox start")

    value, error, said = run(shell, "%twitter_me")
    assert error is None
    assert value["username"] == "sandbox"
    assert "SANDBOX account" in said
    _, _, said = run(shell, "%twitter_status --check")
    assert "checked: client secret  right" in said
    _, error, _ = run(shell, "%twitter_revoke")
    assert isinstance(error, errors.UsageError)
    assert "--auth SOURCE" in error.next_step
    _, _, said = run(shell, "%twitter_revoke --auth sandbox-auth.json")
    assert said.count(" revoked\n") == 2
    _, error, said = run(shell, "%twitter_refresh --auth sandbox-auth.json")
    assert isinstance(error, errors.TokenSpent)
    assert "%twitter_login" in said
    _, error, said = run(shell, "%twitter_me")
    assert "%twitter_login" in said
    run(shell, "%twitter_sandbox start")
    assert run(shell, "%twitter_me")[1] is None


@pytest.mark.parametrize(
    "line",
    [
        f'%twitter_login --auth {{"client_id": "{MARK}" "x"}}',
        f"%twitter_login --auth {MARK}",
        f"%twitter_login --scope {MARK}é --auth auth.json",
        f"%twitter_login {MARK}",
        f"%twitter_login --to {MARK}/x:y --auth auth.json",
        f"%twitter_revoke {MARK}",
        f"%twitter_revoke --auth {MARK}",
        f"%twitter_me --auth {MARK}",
        f"%twitter_me {MARK}",
        f"%twitter_status --check {MARK}",
    ],
)
def test_what_was_typed_wrongly_is_not_repeated(shell, auth_file, monkeypatch, line):
    monkeypatch.setattr("sys.stdin", Terminal())
    auth_file()

    _, error, said = run(shell, line)

    assert isinstance(error, errors.OintError)
    assert MARK not in said
    assert "Traceback" not in said
    assert "Next:" in said


class Terminal:
    def isatty(self):
        return True


def test_a_limit_by_magic(shell):
    run(shell, "%twitter_sandbox start")
    run(shell, "%twitter_sandbox fault limit 0")
    _, error, said = run(shell, "%twitter_me")
    assert isinstance(error, errors.RateLimited)
    assert "run it again after" in said
    run(shell, "%twitter_sandbox fault off")
    assert run(shell, "%twitter_me")[1] is None
