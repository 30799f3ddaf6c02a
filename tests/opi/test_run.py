"""Every function of OPI, in English and in Russian, in every form that its pages have, against the sandbox: a table."""

import json
from pathlib import Path

import pytest
from IPython.utils.capture import capture_output
from posts_material import gif, mp4, png

from oint_magics import errors, twitter
from oint_magics.notebook import oint_cells
from oint_magics.opi import command_line
from oint_magics.opi import run as opi
from oint_magics.opi.functions import FUNCTIONS

# What each function is given; `AUTH` becomes the structure, in single quotes as OPI's pages have it.
GIVEN = {
    "GetAuthorizationLink": [],
    "GetToken": ['--code "CODE"'],
    "RefreshToken": [],
    "CreateCustomTweet": ['--text "custom"', "--options \"['One','Two']\"", "--dur 60"],
    "CreateTextTweet": ['--text "text"'],
    "CreateImageTweet": ['--text "image"', '--pictures "crm2srn4.irt"'],
    "CreateGifTweet": ['--text "gif"', '--gifs "crm2srn5.gif"'],
    "CreateVideoTweet": ['--text "video"', '--videos "crm2srn6.vid"'],
    "CreatePollTweet": ['--text "Which one?"', "--options \"['Option 1','Option 2']\"", "--duration 60"],
    "UploadAttachmentsArray": ["--files \"['crm2srn4.irt','second.png']\"", '--type "tweet_image"'],
}
FORMS = {
    "line": "oint twitter {method} {line}",
    "bash block": "            # JSON data can also be passed as a path to a .json file\n\n            oint twitter {method} \\\n              {block_bash}\n",
    "batch block": ":: JSON data can also be passed as a path to a .json file\n\noint twitter {method} ^\n    {block_batch}\n",
    "%oint": "%oint twitter {method} {line}",
    "%oint, continued": "%oint twitter {method} \\\n  {block_bash}",
    "%%oint": "%%oint\n# a comment\noint twitter {method} \\\n  {block_bash}\n",
    "with --opt=value": "oint twitter {method} {joined}",
}


def run(shell, cell):
    with capture_output() as captured:
        result = shell.run_cell(cell, store_history=True)
        shell.run_cell("%tb Verbose", store_history=False)
    shown = "".join(each.data.get("text/plain", "") for each in captured.outputs)
    return result.result, result.error_in_exec or result.error_before_exec, captured.stdout + captured.stderr + shown


@pytest.mark.parametrize("line", ["%oint?", "%%oint?", "%oint??", "x = 1\n%oint?"])
def test_a_question_mark_asks_for_help(shell, line):
    _, error, said = run(shell, line)

    assert error is None
    assert ("%oint [--to STORE] twitter METHOD" if not line.endswith("??") else "Source:") in said


@pytest.mark.parametrize("mark", ["?", "??"])
def test_a_question_mark_above_a_command_hides_nothing(shell, auth, mark):
    text = f"%%oint{mark}\n--auth '{json.dumps(auth)}'"

    assert auth["refresh_token"] not in shell.transform_cell(text)


def cell(form, method, auth, sandbox, shell):
    options = list(GIVEN[next(each.english for each in FUNCTIONS if method in (each.english, each.russian))])
    if options and "CODE" in options[0]:
        link = twitter.authorization_link(json.loads(auth.replace("'", '"')))
        options[0] = options[0].replace("CODE", sandbox.approve(link))
    options.append(f'--auth "{auth}"')
    joined = " ".join(option.replace(" ", "=", 1) for option in options)
    return FORMS[form].format(
        method=method, line=" ".join(options), block_bash=" \\\n              ".join(options),
        block_batch=" ^\n    ".join(options), joined=joined,
    )  # fmt: skip


CASES = [(form, name) for form in FORMS for each in FUNCTIONS for name in (each.english, each.russian)]


@pytest.mark.parametrize(
    ("form", "method"),
    [pytest.param(f, m, marks=pytest.mark.row("1", f"{m}, {f}", "no such library")) for f, m in CASES],
)
def test_every_function_in_every_form(shell, sandbox, after, form, method):
    sandbox.media.processing = 0.0
    for name, content in (
        ("crm2srn4.irt", png()),
        ("second.png", png(5)),
        ("crm2srn5.gif", gif()),
        ("crm2srn6.vid", mp4()),
    ):
        Path(name).write_bytes(content)
    auth = json.dumps(sandbox.issue()).replace('"', "'")

    value, error, said = run(shell, cell(form, method, auth, sandbox, shell))

    assert error is None, said
    after(shape(value))
    assert shape(value) == {
        "GetAuthorizationLink": "a link", "UploadAttachmentsArray": "a list of 2 ids",
    }.get(next(each.english for each in FUNCTIONS if method in (each.english, each.russian)), shape(value))  # fmt: skip
    for key in ("refresh_token", "client_secret", "access_token"):
        assert json.loads(auth.replace("'", '"'))[key] not in said


def shape(value):
    if isinstance(value, str):
        return "a link" if str(value).startswith("http") else "text"
    if isinstance(value, list):
        return f"a list of {len(value)} ids"
    return f"a map: {', '.join(dict(value))}"


SEED = """# JSON data can also be passed as a path to a .json file

oint twitter RefreshToken \\
  --auth "{'redirect_uri':'https://hut.openintegrations.dev/melezh/6ad91cc8b','client_id':'ID','client_secret':'SECRET','access_token':'ACCESS','refresh_token':'REFRESH','oauth_token':'***','oauth_token_secret':'***','oauth_consumer_key':'***','oauth_consumer_secret':'***'}"
"""


@pytest.mark.parametrize(
    "block", [SEED, SEED.replace("# JSON", ":: JSON").replace("\\\n", "^\n")], ids=["bash", "batch"]
)
def test_the_blocks_of_the_page_that_this_started_from(shell, sandbox, block):
    """Verbatim, with their placeholders filled."""
    pair = sandbox.issue()
    for mark, key in (
        ("ID", "client_id"),
        ("SECRET", "client_secret"),
        ("ACCESS", "access_token"),
        ("REFRESH", "refresh_token"),
    ):
        block = block.replace(f"'{mark}'", f"'{pair[key]}'")
    value, error, said = run(shell, block.replace("'***'", "'an-old-key-of-oauth-1-0a-00000000000'"))

    if error is None:
        assert sorted(dict(value)) == ["access_token", "expires_in", "refresh_token", "scope", "token_type"]
        assert "not needed any more" in said
    else:  # The structure names no sandbox, and its mark keeps it from X.
        assert "sandbox" in str(error)


TOKEN = "MARK5ecretMARK5ecretMARK5ecret00"


@pytest.mark.parametrize(("line", "words"), [
    ("oint twitter CreateTextTweet --nothing MARK", "none of its options"),
    ("oint twitter CreateTextTweet --txt MARK", "Did you mean --text"),
    ("oint twitter CreateTextTweet --text a MARK", "none of its options"),
    ("oint twitter CreateTextTweet --TEXT MARK", "none of its options"),
    ("oint twitter CreateTextTweet --text", "--text needs a value"),
    ("oint twitter CreateTextTweet --text --auth MARK", "--text needs a value"),
    ("oint twitter CreateTextTweet --auth MARK", "CreateTextTweet needs --text"),
    ("oint twitter CreatePollTweet --text a --auth MARK", "needs --options and --duration"),
    ("oint twitter CreateTextTweet --text '' --auth MARK", "CreateTextTweet needs --text"),
    ("oint twitter CreateTextTwet --text MARK", "Did you mean CreateTextTweet"),
    ("oint twitter MARK --text a", "no such method"),
    ("oint twitter HandleIncomingRequestAfterAuthorization --request MARK", "no command line"),
    ("oint telegram SendTextMessage --token MARK", "Only OPI's library twitter"),
    ("oint Twitter RefreshToken --auth MARK", "Nothing was sent"),
    ("oint twitter CreateTextTweet --text a --auth x --out missing/r.json", "file of --out cannot be written"),
    ("oint twitter CreatePollTweet --text a --options \"['a','b'\" --duration 5 --auth x", "list cannot be read"),
    ("oint twitter CreateTextTweet --text a --auth x\noint twitter CreateTextTweet --TEXT b", "Command 2 of 2: Word 1"),
    ("oint tools ParseJSON --string MARK", "Only OPI's library twitter"),
    ("oint twitter RefreshToken --auth \"{'client_id':'MARK'\"", "cannot be read"),
    ("oint twitter RefreshToken --auth \"{'refresh_token':'MARK'}\"", "client_id is missing"),
    ("oint twitter RefreshToken --auth MARK", "Nothing was sent"),
    ("oint twitter RefreshToken --auth %auth%", "placeholder"),
    ("oint twitter RefreshToken --auth $auth", "variable of a shell"),
    ("oint twitter RefreshToken --auth ${AUTH}", "variable of a shell"),
    ("$ oint twitter RefreshToken --auth MARK", "Nothing was sent"),
    ("oint twitter RefreshToken --auth https://example.org/MARK.json", "A web address cannot be a source"),
    ("oint twitter UploadAttachmentsArray --files a.png --type MARK --auth x", "tweet_gif or tweet_video"),
    ("oint twitter CreatePollTweet --text a --options \"['a','b']\" --duration MARK --auth x", "number of minutes"),
    ('oint twitter CreatePollTweet --text a --options "[MARK" --duration 5 --auth x', ""),
    ('oint twitter RefreshToken --auth "MARK', "A quote is not closed"),
    ("oint twitter RefreshToken --auth=x --out profile:MARK", "place where tokens are kept"),
    ("oint MARK", "Only OPI's library twitter"),
])  # fmt: skip
def test_wrong_lines_say_one_clear_thing(shell, raw, monkeypatch, line, words):
    """Each row of OPI's own mistakes; no echo, nothing sent."""
    server = raw(lambda connection: connection.close())
    for name in ("TOKEN", "API"):
        monkeypatch.setenv(f"OINT_TWITTER_{name}_URL", server.url)

    _, error, said = run(shell, line.replace("MARK", TOKEN))

    assert isinstance(error, errors.OintError), said
    assert words in str(error)
    assert TOKEN not in said
    assert server.requests == []


def test_a_mistake_in_the_last_command_runs_none(sandbox, shell, auth_file):
    auth_file()
    _, error, _ = run(shell, "oint twitter RefreshToken --auth auth.json\noint twitter RefreshToken --nothing x")
    assert isinstance(error, errors.UsageError)
    assert sandbox.accounts.counts.refreshes == 0


def test_several_commands_show_each_result(sandbox, shell, auth_file):
    auth_file()
    value, _, said = run(
        shell,
        "oint twitter CreateTextTweet -t one -a auth.json\n# and\noint twitter createtexttweet --text two --auth auth.json",
    )
    assert value["text"] == "two"
    assert said.count("Posted") == 2
    assert len(sandbox.posts.made) == 2


def test_a_command_that_fails_in_the_middle_says_which(sandbox, shell, auth_file):
    auth_file()
    lines = [
        "CreateTextTweet --text one",
        "CreateImageTweet --text two --pictures missing.png",
        "CreateTextTweet --text three",
    ]
    _, error, said = run(shell, "\n".join(f"oint twitter {line} --auth auth.json" for line in lines))
    assert str(error).startswith(
        "Command 2 of 3: missing.png cannot be read. Nothing was sent. Those before it were run"
    )
    assert "Posted" in said
    assert [post["said"] for post in sandbox.posts.made.values()] == ["one"]


def test_again(sandbox, shell, auth_file):
    auth_file()
    line = "oint twitter CreateTextTweet --text one --auth auth.json"
    run(shell, line)
    sandbox.posts.made.clear()
    assert run(shell, line)[0].already_posted
    assert not run(shell, f"{line} --again")[0].already_posted


def test_short_and_long_and_the_last_one_wins(sandbox, auth_file):
    auth_file()
    (outcome,) = opi.run(
        "oint twitter CreateTextTweet --text first -t short --text last -a auth.json", to=None, interactive=False
    )
    assert outcome.value["text"] == "last"


def test_help(shell):
    for line, words in (("%oint", "oint twitter METHOD"), ("oint twitter", "СоздатьТвитОпрос"), ("oint twitter --help", "CreatePollTweet"),
                        ("oint twitter CreatePollTweet", "--options, -o"), ("oint twitter CreatePollTweet --help", "(required)"),
                        ("oint twitter СоздатьТвитОпрос --test", "(обязательный)"), ("%oint --help", "oint twitter METHOD")):  # fmt: skip
        value, error, said = run(shell, line)
        assert error is None, said
        assert words in str(value)


def test_test_sends_nothing(sandbox, shell, auth_file):
    auth = json.dumps(json.loads(Path(auth_file()).read_text())).replace('"', "'")
    value, _, said = run(shell, f'oint twitter CreateTextTweet --text "Hello" --auth "{auth}" --test')
    assert "nothing was sent" in str(value)
    assert "Hello" in said
    assert json.loads(Path("auth.json").read_text())["refresh_token"] not in said
    assert (sandbox.posts.tried, sandbox.accounts.counts.refreshes) == (0, 0)


def test_out(sandbox, shell, auth_file):
    auth_file()
    value, _, _ = run(shell, "oint twitter RefreshToken --auth auth.json --out result.json")
    assert "result.json" in str(value)
    assert (
        json.loads(Path("result.json").read_text())["refresh_token"]
        == json.loads(Path("auth.json").read_text())["refresh_token"]
    )
    assert Path("result.json").stat().st_mode & 0o77 == 0
    run(shell, "oint twitter GetAuthorizationLink --auth auth.json --out link.txt")
    assert Path("link.txt").read_text().startswith("http")
    _, error, _ = run(shell, "oint twitter RefreshToken --auth auth.json --out auth.json")
    assert "place where tokens are kept" in str(error)
    _, error, _ = run(shell, "oint twitter CreateTextTweet --text '' --auth auth.json --out none.json")
    assert error is not None
    _, error, _ = run(shell, "oint twitter CreateCustomTweet --media '[1]' --text a --auth gone.json --out none.json")
    assert error is not None
    assert not Path("none.json").exists()
    _, error, _ = run(shell, "oint twitter GetAuthorizationLink --auth auth.json --out missing/link.txt")
    assert "cannot be written. Nothing was sent" in str(error)


def test_a_result_that_stood_there_stays_where_a_command_is_refused(sandbox, shell, auth_file):
    auth_file()
    Path("result.json").write_text("earlier")
    _, error, _ = run(shell, "oint twitter RefreshToken --auth gone.json --out result.json")
    assert error is not None
    assert Path("result.json").read_text() == "earlier"


@pytest.mark.parametrize(("line", "step"), [
    ("CreatePollTweet --text a --options \"['one']\" --duration 60", "for example: --options \"['Yes','No']\" --duration 60"),
    ("CreateCustomTweet --options \"['a','b']\"", '--text "Hello"'),
])  # fmt: skip
def test_a_next_step_is_one_of_these_commands_own(sandbox, shell, auth_file, line, step):
    auth_file()
    _, error, said = run(shell, f"oint twitter {line} --auth auth.json")
    assert error.next_step == step
    assert "--poll" not in said
    assert sandbox.posts.tried == 0


OLD_KEYS = {"oauth_token": "a", "oauth_token_secret": "b", "oauth_consumer_key": "c", "oauth_consumer_secret": "d"}


def test_the_keys_of_oauth_1_are_named_once_also_from_a_file(sandbox, shell, auth_file):
    path = Path(auth_file())
    path.write_text(json.dumps(json.loads(path.read_text()) | OLD_KEYS))
    line = "oint twitter GetAuthorizationLink --auth auth.json"
    assert "not needed any more" in run(shell, line)[2]
    assert "not needed any more" not in run(shell, line)[2]


def test_a_device_keeps_its_mode(sandbox, shell, auth_file):
    auth_file()
    before = Path("/dev/null").stat().st_mode
    _, error, said = run(shell, "oint twitter GetAuthorizationLink --auth auth.json --out /dev/null")
    assert error is None, said
    assert Path("/dev/null").stat().st_mode == before


def test_to_names_a_store(sandbox, shell, auth_file):
    auth_file()
    for line in ("%oint --to profile:a twitter RefreshToken --auth auth.json", "%%oint --to profile:b\noint twitter RefreshToken --auth profile:a",
                 "oint twitter RefreshToken --auth profile:b --to profile:c"):  # fmt: skip
        _, error, said = run(shell, line)
        assert error is None, said
    assert twitter.status("profile:c")[0].state.startswith("good")


PYTHON = ["oint = 1", "oint = 1\noint", "xs = [1]\noint = 1\nprint(oint in xs)", "class O:\n    refresh = print\noint = O()\noint.refresh()",
          "# A heading\n\n- oint twitter RefreshToken is a command", "x = 'oint twitter RefreshToken --auth a'\nx", "print('''\noint twitter RefreshToken\n''')",
          "x = 1\noint twitter RefreshToken --auth auth.json", "oint twitter RefreshToken --auth auth.json\nx = 1", "!echo oint twitter", "%%bash\necho oint twitter RefreshToken"]  # fmt: skip


@pytest.mark.parametrize("cell", PYTHON)
def test_what_is_not_ours_is_untouched(cell):
    from oint_magics.notebook.oint_cells import take_out

    lines = cell.splitlines(keepends=True)
    assert take_out(lines) == lines


@pytest.mark.parametrize(
    "above", ["%%writefile doc.md", "%%writefile -a doc.md", "%%bash", "%%script cat", "%%markdown"]
)
def test_the_body_of_another_program_or_file_is_untouched(above):
    lines = [f"{above}\n", "Run this in a cell:\n", "\n", "%oint twitter GetToken --code abc\n"]
    assert oint_cells.take_out(lines) == lines


def test_a_variable_in_braces_is_named_as_what_it_is():
    with pytest.raises(errors.UsageError, match="no name of a variable. Nothing was sent"):
        command_line.commands("oint twitter CreateTextTweet --text {x} --auth app.json")


def test_a_string_is_untouched():
    cell = 'text = """\n%oint twitter RefreshToken --auth auth.json\n"""\n%time print(text)\n'
    assert "".join(oint_cells.take_out(cell.splitlines(keepends=True))) == cell


def test_cells_of_real_notebooks_are_untouched():
    """The tutorials of installed packages, and ours."""
    from oint_magics.notebook.oint_cells import take_out

    count = 0
    roots = (Path(json.__file__).parent, Path(pytest.__file__).parents[1], Path(__file__).parents[2] / "notebooks")
    for root in roots:
        for path in root.rglob("*"):
            if path.suffix == ".ipynb":
                cells = [
                    "".join(each["source"])
                    for each in json.loads(path.read_text("utf-8"))["cells"]
                    if each["cell_type"] == "code"
                ]
            elif path.suffix == ".py" and count < 1200:
                cells = [path.read_text("utf-8", "replace")]
            else:
                continue
            for cell in cells:
                if "%oint" in cell or "oint twitter" in cell:
                    continue
                lines = cell.splitlines(keepends=True)
                assert take_out(lines) == lines, path
                count += 1
    assert count >= 1000


@pytest.mark.parametrize("cell", [
    "oint telegram SendMessage --token TOKEN\nx = = 1", "oint telegram SendMessage \\\n\n--token TOKEN", "oint slack Send\n--token TOKEN",
    "x = 1\noint telegram Send --token TOKEN", "%oint telegram Send --token TOKEN\n1/0", "%%oint\noint telegram Send --token TOKEN\nmore (",
    "%oint twitter RefreshToken --auth \"{'client_id': 'a',\n'refresh_token': 'TOKEN'}\"\n1/0", "for x in [1]:\n    %oint twitter RefreshToken --auth TOKEN",
    "r = %oint twitter RefreshToken --auth TOKEN\n1/0", "%time %oint twitter RefreshToken --auth TOKEN", "oint twitter RefreshToken --auth 'TOKEN",
])  # fmt: skip
def test_no_secret_of_any_library_is_in_a_traceback(shell, cell, monkeypatch):
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", "http://127.0.0.1:1/2/oauth2/token")
    for mode in ("Plain", "Context", "Verbose"):
        shell.run_line_magic("xmode", mode)
        said = run(shell, cell.replace("TOKEN", TOKEN))[2]
        assert TOKEN not in said
