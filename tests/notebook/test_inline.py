"""Auth data in a cell: whatever goes wrong there, no line of it is shown; and what is right works."""

import json
import re
import sys
import traceback
from pathlib import Path

import pytest
from IPython.utils.io import capture_output

from oint_magics import errors, twitter
from oint_magics.notebook import inline
from oint_magics.tokens.response import TokenResponse


def run(shell, cell):
    """Run a cell and every way to look at its error again; return its value, its error, and all that was shown."""
    with capture_output() as captured:
        result = shell.run_cell(cell, store_history=True)
        for line in ("%tb", "%tb Verbose"):
            shell.run_cell(line, store_history=False)
    return result.result, result.error_in_exec or result.error_before_exec, captured.stdout + captured.stderr


@pytest.fixture
def auth(sandbox):
    return sandbox.issue()


WORKS = {
    "C1": "%twitter_refresh --auth \\\n{lines}",
    "C2": "%twitter_refresh --auth {{ \\\n{inside}}}",
    "C3, an item": 'acc = {{}}\nacc["a"] = %twitter_refresh --auth {pretty}\nacc["a"]',
    "C3, one of one": "r = %twitter_refresh --auth {pretty}\nr",
    "C4": "%twitter_refresh --auth\n'{single}'",
    "C4, a blank line": "%twitter_refresh --auth=\n\n  {pretty}",
    "C5": "%twitter_refresh --auth '{wrapped}'",
    "a comment in it": "%twitter_refresh --auth {{ // main account\n{inside}}}",
    "more options": "%twitter_refresh --auth {pretty} \\\n --to profile:x",
    "in a block": "if True:\n    r = %twitter_refresh --auth {pretty}\nelse:\n    r = None\nr",
    "in a function": "def f():\n    r = %twitter_refresh --auth {pretty}\n    return r\nf()",
    "escaped": '%twitter_refresh --auth "{escaped}"',
}  # fmt: skip


@pytest.mark.parametrize("name", WORKS)
def test_what_is_right_works_however_it_is_broken_over_lines(shell, auth, name):
    text = json.dumps(auth)
    inside = text[1:-1].replace(", ", ",\n ")
    cell = WORKS[name].format(lines=text.replace(", ", ",\n "), inside=inside, pretty=json.dumps(auth, indent=4),
                              single=repr(auth), wrapped=text.replace(", ", ", \\\n "), escaped=text.replace('"', '\\"'))  # fmt: skip

    value, error, said = run(shell, cell)

    assert error is None
    assert isinstance(value, TokenResponse)
    for key in ("client_secret", "refresh_token", "access_token"):
        assert auth[key] not in said


@pytest.mark.parametrize("mode", ["Plain", "Context", "Verbose"])
@pytest.mark.parametrize("cell", ["1/0\n{magic}", "{magic}\n1/0", "for x in [1]:\n    {magic}\n    1/0", "# {magic}\n1/0",
                                  "x = = {magic}", "await {magic}", "print({magic})", "a, b = {magic}", "if x: {magic}",
                                  "%time {magic}\nundefined", "%%time\n{magic}\n1/0", "%%capture out\n1/0\n{magic}",
                                  "try:\n    {magic}\n1/0", "{magic}'\"\n1/0"])  # fmt: skip
def test_another_line_that_fails_shows_a_handle(shell, auth, cell, mode):
    shell.run_line_magic("xmode", mode)
    try:
        _, error, said = run(shell, cell.format(magic=f"%twitter_refresh --auth {json.dumps(auth)}"))
    finally:
        shell.run_line_magic("xmode", "Context")

    assert error is not None or "Error" in said
    for key in ("client_secret", "refresh_token", "access_token"):
        assert auth[key][:12] not in said


@pytest.mark.parametrize(
    "magic", ["twitter_keep", "twitter_login --auth", "twitter_status --auth", "twitter_revoke --auth"]
)
def test_each_magic_that_takes_auth_data(shell, auth, magic):
    _, _, said = run(shell, f"1/0\n%{magic} {json.dumps(auth)} profile:x")

    assert "ZeroDivisionError" in said
    assert "inline:" in said
    assert auth["refresh_token"] not in said


def test_lines_keep_their_numbers(shell, auth):
    lines = inline.take_out(
        f"x = 1\n%twitter_refresh --auth {json.dumps(auth, indent=4)}\n1/0\n".splitlines(keepends=True)
    )

    assert lines[-1] == "1/0\n"
    assert len(lines) == 3 + len(auth) + 1


def test_a_cell_that_is_cut_in_the_middle_says_so_and_runs_nothing(shell, auth, sandbox):
    text = json.dumps(auth)
    for cell in (
        f"%twitter_ref\nresh --auth {text}",
        f"%twitter_refresh --au\nth {text}",
        f"x =\n%twitter_refresh -\n-auth {text}",
    ):
        _, error, said = run(shell, f"Path('made').touch()\n{cell}")
        assert isinstance(error, errors.UsageError)
        assert "none of it was run" in said
        assert auth["client_secret"] not in said
    assert not Path("made").exists()
    assert sandbox.accounts.counts.refreshes == 0


@pytest.mark.parametrize("before", ["%twitter_refresh", "%time %twitter_refresh", "r = %twitter_refresh"])
@pytest.mark.parametrize("cut", ["{", "{ \\", "{\\", "{ \\\n \\"])
def test_auth_data_that_begins_in_the_next_line_is_taken_out(shell, auth, before, cut):
    """However its first line ends: it is no Python of the user's own."""
    text = json.dumps(auth, indent=1).replace("{\n", f"{cut}\n", 1).replace(",\n", ", \\\n")
    _, error, said = run(shell, f"1/0\n{before}\n{text}")

    assert isinstance(error, ZeroDivisionError)
    for key in ("client_secret", "refresh_token", "access_token"):
        assert auth[key] not in said


@pytest.mark.parametrize(
    "cut", ['"client_secret": "{0}\n{1}', "client_secret: {0}\n{1}", "'client_id': 'x', 'refresh_token'= '{0}\n  {1}"]
)
def test_a_token_that_goes_on_in_the_next_line_behind_json_without_its_brace(shell, cut):
    """The rest of a token may be the name of a variable, and then the cell is Python."""
    rest = "JIOZGVR8dxJtX2wI"
    _, error, said = run(
        shell, f"1/0\n%timeit -n1 %twitter_refresh={cut.format('BgYXGEa9tILQAjOLu5RyGC', rest)}\nz = 1"
    )

    assert isinstance(error, (ZeroDivisionError, errors.UsageError))
    assert rest not in said


@pytest.mark.parametrize("gap", [" ", " \\\n"])
def test_auth_data_behind_a_long_name_ends_where_it_ends(shell, auth, gap):
    name = "profile:a-name-of-more-than-24-characters"
    _, error, said = run(shell, f"%twitter_refresh --to {name} --auth{gap}{json.dumps(auth)}\n1/0")

    assert isinstance(error, ZeroDivisionError)
    assert name in str(twitter.status()[0].store)
    assert auth["refresh_token"] not in said


def test_the_line_below_a_long_path_is_run(shell, tmp_path):
    path = tmp_path / "secrets" / "the_refresh_token_of_client_id_0123456789.json"
    _, _, _ = run(shell, f"try:\n    %twitter_status --auth {path}  # {{a note\nexcept Exception:\n    done = 'yes'")

    assert shell.user_ns["done"] == "yes"


@pytest.mark.parametrize("below", ["{token}", "r'{json}'", 'f"{json}"', "[{json}]"])
def test_what_stands_below_an_open_auth_is_taken_out(shell, auth, below):
    text = below.replace("{json}", json.dumps(auth)).replace("{token}", auth["refresh_token"])
    _, _, said = run(shell, f"1/0\n%twitter_refresh --auth\n{text}")

    assert auth["refresh_token"] not in said
    assert auth["client_secret"] not in said


@pytest.mark.parametrize("name", ["twiter", "twtter", "tiwtter", "twittter"])
def test_a_token_behind_a_misspelled_magic_is_taken_out(shell, auth, name):
    _, error, said = run(shell, f"1/0\n%{name}_refresh --auth {auth['refresh_token']}")

    assert isinstance(error, ZeroDivisionError | errors.UsageError)
    assert auth["refresh_token"] not in said


OTHERS = [
    "%load_ext sql\n%sql SELECT access_token FROM twitter_accounts",
    '%load_ext sql\n%sql postgresql://localhost/warehouse_production_2024_copy\nopts = {"sslmode": "require"}  # server: md5-auth',
    '%cd /home/me/projects/on/my/disk/twitter-auth-demo\nconfig = {"mode": "test"}',
    'cfg = {"a": "b"}\n%run /home/me/projects/twitter/of/mine/main.py --auth credentials.json',
    'from IPython.core.magic import register_line_magic as r\n@r\ndef tweet(line): pass\naccess_token = "x"\n%tweet hello from twitter',
    '%pip install git+https://github.com/some-organisation/twitter-auth-client.git\nx = {"a": "b"}',
    "%logstart /home/me/logs/of/all/my/twitter-authentication.log\nx = {'a': 'b'}",
    'x = {"twitter": "a"',
    '# google-auth demo\nprint "a": "b"',
    '# twitter\nimport os\nos.environ["X_CLIENT_ID"',
]  # fmt: skip


@pytest.mark.parametrize("cell", OTHERS)
def test_cells_that_hold_nothing_of_ours_stay_as_they_are(shell, cell):
    lines = cell.splitlines(keepends=True)

    assert inline.take_out(lines) == lines


def test_another_syntax_error_is_shown_as_it_is(shell, auth):
    _, error, said = run(shell, f"%twitter_refresh --auth {json.dumps(auth)}\nx = = 'hello'")

    assert isinstance(error, SyntaxError)
    assert "x = = 'hello'" in said


def test_a_cell_that_is_run_again_adds_nothing(shell, auth):
    cell = f"%twitter_refresh --auth {json.dumps(auth)}"
    assert inline.take_out([cell]) == inline.take_out([cell])


def test_a_handle_of_another_session_says_what_to_do(shell):
    _, error, _ = run(shell, "%twitter_refresh --auth inline:0123456789ab")

    assert isinstance(error, errors.UsageError)
    assert "no longer in memory" in str(error)


def test_the_user_s_own_cell_and_history_stay_as_they_are(shell, auth):
    cell = f"%twitter_refresh --auth {json.dumps(auth)}"
    run(shell, cell)

    assert cell in shell.history_manager.input_hist_raw
    assert auth["refresh_token"] not in str(shell.history_manager.input_hist_parsed)


def test_a_terminal_asks_for_the_rest_of_an_open_brace(shell):
    """What is typed line by line is no cell until the brace is closed."""
    check = shell.input_transformer_manager.check_complete

    assert check("%twitter_refresh --auth {\n")[0] == "incomplete"
    assert check('%twitter_refresh --auth {"client_id": "x",\n')[0] == "incomplete"
    assert check('%twitter_refresh --auth {"client_id": "x"}\n')[0] == "complete"
    assert check("%twitter_refresh --auth auth.json\n")[0] == "complete"


@pytest.mark.parametrize("cell", ["{magic}\n1/0", "x = = {magic}"])
def test_no_frame_of_ipython_s_holds_the_cell(shell, auth, cell):
    """What a debugger shows of the frames behind an error of another line, and of one of the compiler."""
    run(shell, cell.format(magic=f"%twitter_refresh --auth {json.dumps(auth)}"))

    frames = [frame.f_locals for frame, _ in traceback.walk_tb(sys.last_traceback)]
    mine = re.compile(r"In|_i\w*|self")  # The history, which is the user's own; and the shell.
    said = repr([{name: value for name, value in found.items() if not mine.fullmatch(name)} for found in frames])
    assert auth["refresh_token"] not in said
    assert auth["client_secret"] not in said


def test_a_long_name_is_one_word(shell, auth):
    name = "./a-file-with-a-very-long-name-for-my-account.json"
    Path(name).write_text(json.dumps(auth))

    value, error, _ = run(shell, f"%twitter_refresh --auth {name} --to profile:a-profile-with-a-very-long-name-1")
    assert error is None
    assert value.saved_to == "profile:a-profile-with-a-very-long-name-1"
    assert run(shell, f"%twitter_status --auth={name}")[1] is None


ABOVE = ["# a ''' in a comment", '# a """ here', "q = \"'''\"", 'def f():\n    """Don\'t use \'\'\' here."""',
         "# don't: {magic}", "x = '''doc''' # '''", "%time x = \"'''\"", "!echo don't"]  # fmt: skip


@pytest.mark.parametrize("above", ABOVE)
def test_quotes_above_it_hide_no_magic(shell, auth, above):
    magic = f"%twitter_refresh --auth {json.dumps(auth)}"
    _, _, said = run(shell, f"{above.replace('{magic}', magic)}\n{magic}\n1/0")

    assert "ZeroDivisionError" in said
    for key in ("client_secret", "refresh_token", "access_token"):
        assert auth[key][:12] not in said


def test_the_cell_that_loads_the_extension(the_shell, auth):
    """It is transformed before the extension is there; what is shown of it is cleaned when it comes."""
    _, error, said = run(the_shell, f"%load_ext oint_magics\n%twitter_refresh --auth {json.dumps(auth)}\n1/0")
    the_shell.run_line_magic("unload_ext", "oint_magics")

    assert isinstance(error, ZeroDivisionError)
    for key in ("client_secret", "refresh_token", "access_token"):
        assert auth[key][:12] not in said


@pytest.mark.parametrize("token", ["rt0ken-of-a-person", "A" * 30, "bGlrZS1hLXRva2VuLTE3OTU1MjgyMDQ1OTE6MToxOnJ0OjE"])
def test_a_token_alone_is_taken_out_too(shell, token):
    _, _, said = run(shell, f"1/0\n%twitter_refresh --auth {token}")

    assert "ZeroDivisionError" in said
    assert token not in said


@pytest.mark.parametrize(
    "source", ["auth.json", "profile:work", "my_auth", "$my_auth", "{my_auth}", "env:TWITTER_", "../given/a.json"]
)
def test_an_ordinary_source_stays_to_be_read(source):
    line = f"%twitter_refresh --auth {source} --to profile:other --if-expired\n"

    assert inline.take_out([line]) == [line]
