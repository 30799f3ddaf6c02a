"""Lines as people type them: C1 to C9."""

import json
import shutil
from pathlib import Path

import pytest
from field.rows import case, is_alive
from IPython.utils.io import capture_output

from oint_magics import twitter
from oint_magics.errors import AuthNotFound


def run(shell, cell):
    """Run a cell; return its value, its error, and all it printed."""
    with capture_output() as captured:
        result = shell.run_cell(cell)
    return result.result, result.error_in_exec or result.error_before_exec, captured.stdout + captured.stderr


INLINE = [
    case("C1", "a backslash, the JSON in the next lines", "prints the token", "%twitter_refresh --to profile:x --auth \\\n{<A>,\n <B>}"),
    case("C1", "a backslash and blanks before it", "prints the token", "%twitter_refresh --to profile:x --auth   \\\n   {<A>,\n   <B>}"),
    case("C1", "two backslashes before it", "prints the token", "%twitter_refresh --to profile:x \\\n --auth \\\n{<A>, <B>}"),
    case("C1", "the store behind it", "prints the token", "%twitter_refresh --auth \\\n{<A>,\n <B>} --to profile:x"),
    case("C2", "the brace, then a backslash", "prints the token", "%twitter_refresh --to profile:x --auth { \\\n<A>, \\\n<B>}"),
    case("C2", "the brace, backslashes, the brace alone", "prints the token", "%twitter_refresh --to profile:x --auth { \\\n<A>, \\\n<B> \\\n}"),
    case("C2", "the brace alone, no backslash", "prints the token", "%twitter_refresh --to profile:x --auth {\n<A>,\n<B>\n}"),
    case("C2", "the brace quoted", "prints the token", "%twitter_refresh --to profile:x --auth '{ \\\n<A>, \\\n<B>}'"),
    case("C3", "into a dictionary", "prints the token", "acc = {}\nacc['a'] = %twitter_refresh --to profile:x --auth {\n<A>,\n<B>}\nacc['a']"),
    case("C3", "behind %time", "prints the token", "%time %twitter_refresh --to profile:x --auth {<A>, <B>}"),
    case("C3", "in an if", "prints the token", "if True:\n    r = %twitter_refresh --to profile:x --auth {<A>, \\\n <B>}\nr"),
    case("C3", "in a try", "prints the token", "try:\n    r = %twitter_refresh --to profile:x --auth {<A>, <B>}\nfinally:\n    pass"),
    case("C4", "quotes in quotes on the next line", "prints the token", "%twitter_refresh --to profile:x --auth\n'{a,b}'"),
    case("C4", "the same, an equals sign", "prints the token", "%twitter_refresh --to profile:x --auth=\n'{a,b}'"),
    case("C4", "the same, no outer quotes", "prints the token", "%twitter_refresh --to profile:x --auth\n{a,b}"),
    case("C4", "the same, double quotes around", "prints the token", '%twitter_refresh --to profile:x --auth\n"{a,b}"'),
    case("C5", "quotes around, a backslash inside", "refused", "%twitter_refresh --to profile:x --auth '{<A>, \\\n <B>}'"),
    case("C5", "the same, two of them", "refused", "%twitter_refresh --to profile:x --auth '{ \\\n <A>, \\\n <B>}'"),
    case("C5", "the same, double quotes around", "refused", '%twitter_refresh --to profile:x --auth "{<A>, \\\n <B>}"'),
    case("C5", "the same, the store behind", "refused", "%twitter_refresh --auth '{<A>, \\\n <B>}' --to profile:x"),
]  # fmt: skip


@pytest.mark.parametrize("cell", INLINE)
def test_json_however_it_is_broken_over_lines(shell, sandbox, monkeypatch, after, cell):
    """It works, and what is printed holds nothing of it."""
    pair = sandbox.issue(is_public=True)
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{sandbox.url}/2/oauth2/token")
    one, two = f'"client_id": "{pair["client_id"]}"', f'"refresh_token": "{pair["refresh_token"]}"'
    cell = cell.replace("<A>", one).replace("<B>", two)
    cell = cell.replace("{a,b}", f"{{{one},{two}}}".replace('"', "'"))

    _, error, said = run(shell, cell)

    assert pair["refresh_token"] not in said
    if error is None:
        assert is_alive(sandbox, twitter.refresh("profile:x", if_expired=True)["access_token"])
    after("refreshed" if error is None else f"our own words: {str(error).splitlines()[0]}")
    assert error is None or "C3" in cell


def test_two_names_on_the_left(shell, sandbox, after):
    """`r, = …` takes a response apart, which is a mapping of names: its first ones; never the line."""
    pair = sandbox.issue()
    _, _, said = run(shell, "r, = %twitter_refresh --auth {\n" + json.dumps(pair)[1:] + " --to profile:x")

    assert pair["refresh_token"] not in said


EXPRESSIONS = [case("C6", text, "looked for a file of that name", text) for text in (
    "{folder}/auth.json", "$folder/auth.json", 'cfg["twitter"]', '{cfg["twitter"]}', "{folder + '/auth.json'}", "load()", "cfg['a']['b']")]  # fmt: skip


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_is_named_and_the_two_line_way_shown(shell, after, text):
    shell.user_ns |= {"folder": "/tmp", "cfg": {"twitter": {}, "a": {"b": {}}}, "load": dict}

    _, error, _ = run(shell, f"%twitter_refresh --auth {text}")

    assert isinstance(error, AuthNotFound)
    assert "Expressions are not evaluated in a magic's line. Nothing was sent." in str(error)
    assert "%twitter_refresh --auth auth" in str(error)
    after("not evaluated; the two-line way")


FUNCTIONS = [
    case("C7", "a loop in a function, {path}", "looked for a variable",
         "def go(paths):\n    for path in paths:\n        %twitter_refresh --auth {path}\ngo(['auth.json'])"),
    case("C7", "a bare name, with local data", "looked for a variable",
         "import json\nfrom pathlib import Path\ndef go():\n    mine = json.loads(Path('auth.json').read_text())\n    %twitter_refresh --auth mine --to auth.json\ngo()"),
    case("C7", "$name, in a method", "looked for a variable",
         "class A:\n    def go(self, path):\n        r = %twitter_refresh --auth $path\nA().go('auth.json')"),
    case("C7", "%twitter_status, in a function", "looked for a variable",
         "def go(path):\n    %twitter_status --auth path\n    %twitter_refresh {path}\ngo('auth.json')"),
]  # fmt: skip


@pytest.mark.parametrize("cell", FUNCTIONS)
def test_a_functions_own_variables_are_found(shell, sandbox, auth_file, after, cell):
    before = json.loads(Path(auth_file()).read_text())

    _, error, _ = run(shell, cell)

    assert error is None
    assert json.loads(Path("auth.json").read_text())["refresh_token"] != before["refresh_token"]
    after("refreshed")


LINES = [case("C8", line, "There is a word too many", line) for line in (
    "%twitter_refresh --auth auth.json  # main account", "%twitter_refresh \u2014auth auth.json", "%twitter_refresh auth.json",
    "%twitter_refresh -auth auth.json", "%twitter_refresh --auth auth.json;", "%twitter_refresh auth.json; # quiet",
    "%twitter_refresh \u2013\u2013auth=auth.json \u2014if-expired")]  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_a_line_as_people_type_it(shell, sandbox, auth_file, after, line):
    auth_file()

    _, error, _ = run(shell, line)

    assert error is None
    after("works")


@pytest.mark.parametrize("use", [
    case("C9", "%twitter_refresh --if-expired", "still good", lambda name: twitter.refresh(name, if_expired=True)["access_token"]),
    case("C9", "a session", "still good", lambda name: twitter.session(name).get(f"{twitter.session(name).api}/2/users/me") and saved(name)),
    case("C9", "%twitter_status of the account", "still good", lambda name: twitter.status(name) and saved(name)),
    case("C9", "%twitter_me", "still good", lambda name: twitter.me(name) and saved(name)),
])  # fmt: skip
@pytest.mark.parametrize("form", ["auth.json", ".env"])
def test_what_a_killed_run_left_is_finished_first(sandbox, after, use, form):
    """The record's answer counts, though the old token is fresh."""
    import subprocess
    import sys

    pair = sandbox.issue()
    lines = "".join(f"X_{key.upper()}={value}\n" for key, value in pair.items() if key != "scope")
    Path(form).write_text(lines if form == ".env" else json.dumps(pair))
    code = ("import os, sys\nfrom oint_magics import twitter\nfrom oint_magics.stores.file import FileStore\n"
            "FileStore.save = lambda *_: os._exit(1)\ntwitter.refresh(sys.argv[1])")  # fmt: skip
    assert subprocess.run([sys.executable, "-c", code, form]).returncode == 1

    assert is_alive(sandbox, use(form))
    assert pair["refresh_token"] not in Path(form).read_text()
    after("finished first")


def saved(name):
    """Return the access token that stands in a file now."""
    return twitter.refresh(name, if_expired=True)["access_token"]


MISTYPED = [
    case("C8", "profil:work", "looked for a file", "profil:work", "profile:work", "its prefix is none of"),
    case("C8", "env:TWITTER", "nothing is found", "env:TWITTER", "TWITTER_", ""),
    case("C8", "nofile.json", "looked for a file", "nofile.json", "auth.json", "%twitter_sandbox start"),
    case("C8", "aut.json", "looked for a file", "aut.json", "auth.json", ""),
    case("C8", "C:\\Users\\me\\auth.json", "looked for a file", "C:\\Users\\me\\auth.json", "auth.json", "a file of that name"),
    case("C8", "the variable's name mistyped", "looked for a variable", "tokns", "tokens", ""),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "there", "words"), MISTYPED)
def test_what_is_there_is_named(shell, auth_file, after, typed, there, words):
    auth_file()
    shutil.copy("auth.json", "other.json")
    twitter.keep("auth.json", "profile:work")
    shell.user_ns["tokens"] = json.loads(Path("other.json").read_text())

    _, error, _ = run(shell, f"%twitter_refresh --auth {typed}")

    assert isinstance(error, AuthNotFound)
    assert there in str(error)
    assert words in str(error)
    assert "prefix" not in str(error) or ":" in typed
    assert "C:" not in str(error)
    assert "Nothing was sent" in error.what
    after(error.next_step)
