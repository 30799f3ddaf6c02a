"""U4: auth data in cells and lines that other magics run."""

import os
from pathlib import Path

import pytest
from field.rows import case
from field.test_lines import run

SECRET, TOKEN = "MARK1ER5ecretOfForty0Characters0000000001", "MARK2ER5ecretOfForty0Characters0000000002"
BLOCK = (
    "oint twitter RefreshToken \\\n"
    f"  --auth \"{{'client_id':'CI','client_secret':'{SECRET}','refresh_token':'{TOKEN}'}}\"\n"
)
HINT = "oint lines run here by themselves"
CELLS = [
    case("U4", "%%bash", "prints all secrets twice", f"%%bash\n{BLOCK}", HINT),
    case("U4", "%%sh", "prints all secrets twice", f"%%sh\n{BLOCK}", HINT),
    case("U4", "%%script bash -e", "prints all secrets twice", f"%%script bash -e\n{BLOCK}", HINT),
    case("U4", "%%perl", "prints all secrets twice", f"%%perl\n{BLOCK}", HINT),
    case("U4", "%%html", "shows the body", f"%%html\n<pre>{BLOCK}</pre>", "was not run"),
    case("U4", "%%markdown", "shows the body", f"%%markdown\n{BLOCK}", "was not run"),
    case("U4", "%%python", "prints all secrets twice", f"%%python\n{BLOCK}", HINT),
    case("U4", "%%time above %%bash", "prints all secrets twice", f"%%time\n%%bash\n{BLOCK}", HINT),
    case("U4", "an export that fails", "prints all secrets twice", f"%%bash\nexport X_REFRESH_TOKEN={TOKEN}\nexit 3\n", "failed with exit status 3"),
    case("U4", "curl with a bearer", "prints all secrets twice", f'%%bash\ncurl -H "Authorization: Bearer {TOKEN}" http://127.0.0.1:1/\n', "failed with exit status"),
    case("U4", "%%writefile into no folder", "prints all secrets", f"%%writefile nowhere/.env\nX_REFRESH_TOKEN={TOKEN}\n", "failed: FileNotFoundError"),
    case("U4", "an unknown cell magic", "nothing", f"%%bsah\n{BLOCK}", ""),
    case("U4", "the shell's sign, and another line fails", "prints all secrets", f"!oint twitter RefreshToken --auth \"{{'refresh_token':'{TOKEN}'}}\"\n1/0", HINT),
    case("U4", "a list from the shell", "prints all secrets", f"x = !oint vk CreatePost --token {TOKEN}\n1/0", HINT),
    case("U4", "%env", "prints the token", f"%env X_REFRESH_TOKEN={TOKEN}", "env: X_REFRESH_TOKEN="),
    case("U4", "%set_env, a blank", "prints the token", f"%set_env TWITTER_CLIENT_SECRET {SECRET}", "env: TWITTER_CLIENT_SECRET="),
    case("U4", "%env, and another line fails", "prints the token twice", f"%env X_REFRESH_TOKEN={TOKEN}\n1/0", "env: X_REFRESH_TOKEN="),
    case("U4", "env without its sign", "prints the token", f"env X_REFRESH_TOKEN={TOKEN}", "env: X_REFRESH_TOKEN="),
    case("U4", "! over two lines", "shows all secrets", f"!{BLOCK}1/0", HINT),
    case("U4", "a path before oint", "shows all secrets", f"!/usr/local/bin/oint twitter RefreshToken --auth \"{{'refresh_token':'{TOKEN}'}}\"\n1/0", HINT),
    case("U4", "two names for what ! gives", "shows all secrets", f"a, b = !oint twitter RefreshToken --auth \"{{'refresh_token':'{TOKEN}'}}\"", HINT),
    case("U4", "a bearer behind !", "shows all secrets", f'!echo "Authorization: Bearer {TOKEN}" > /dev/null\n1/0', "ZeroDivisionError"),
    case("U4", "xurl's own line", "shows all secrets", f"%%bash\nfalse apps add my-app --client-id CI --client-secret {SECRET}", "failed with exit status 1"),
    case("U4", "curl -u", "shows all secrets", f"%%bash\nset -e; curl -sf -u 'CI:{SECRET}' http://127.0.0.1:1/", "failed with exit status"),
    case("U4", "a variable of two letters", "shows all secrets", f"%%bash\nRT={TOKEN}\nexit 4", "failed with exit status 4"),
    case("U4", "a tuple in %%python", "shows all secrets", f"%%python\nauth = ('CI', '{SECRET}')\n1/0", "failed with exit status 1"),
    case("U4", "a comment above %%bash", "shows all secrets", f"# refresh\n%%bash\nexport X_REFRESH_TOKEN={TOKEN}", "must be the first line of its cell"),
    case("U4", "%time before %%bash", "shows all secrets", f"%time %%bash\nexport X_REFRESH_TOKEN={TOKEN}", "must be the first line of its cell"),
    case("U4", "export as Python", "shows the token", f"export X_REFRESH_TOKEN={TOKEN}", "%env NAME=VALUE"),
    case("U4", "PowerShell as Python", "shows the token", f'$env:X_REFRESH_TOKEN="{TOKEN}"', "%env NAME=VALUE"),
    case("U4", "an assignment of %env", "prints the token", f"x = %env X_REFRESH_TOKEN={TOKEN}", ""),
    case("U4", "%time before %env", "prints the token", f"%time %env X_REFRESH_TOKEN={TOKEN}\n1/0", "env: X_REFRESH_TOKEN="),
    case("U4", "%env of a name that says nothing", "prints the token", f"%env X_RT={TOKEN}", "env: X_RT="),
    case("U4", "%env over two lines", "prints the token", f"%env \\\n X_REFRESH_TOKEN={TOKEN}", "env: X_REFRESH_TOKEN="),
    case("U4", "%env of a variable that is not there", "nothing", "%env X_NO_SUCH_TOKEN", "no variable of that name"),
    case("U4", "%env with a blank in the value", "prints the token", f"%env X_REFRESH_TOKEN={TOKEN} {SECRET}", "env: X_REFRESH_TOKEN="),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "words"), CELLS)
@pytest.mark.parametrize("mode", ["Context", "Verbose"])
def test_nothing_of_it_is_shown(shell, monkeypatch, capfd, after, mode, cell, words):
    monkeypatch.setenv("X_REFRESH_TOKEN", "")
    monkeypatch.setenv("TWITTER_CLIENT_SECRET", "")
    monkeypatch.setenv("X_RT", "")
    shell.run_line_magic("xmode", mode)

    value, _, said = run(shell, cell)
    said += run(shell, "%tb")[2] + repr(value) + "".join(capfd.readouterr())

    assert not [piece for piece in (SECRET, TOKEN) for n in range(31) if piece[n : n + 10] in said], said
    assert words in said
    after("nothing of it" + (f": {next(line for line in said.splitlines() if words in line)[:90]}" if words else ""))


def test_the_variable_is_set(shell, monkeypatch):
    monkeypatch.setenv("X_REFRESH_TOKEN", "")

    run(shell, f"if True:\n    %env X_REFRESH_TOKEN={TOKEN}")

    assert os.environ["X_REFRESH_TOKEN"] == TOKEN
    _, _, said = run(shell, "%env X_REFRESH_TOKEN")
    assert said.startswith("env: X_REFRESH_TOKEN=")
    assert TOKEN[:10] not in said


def test_what_is_assigned_is_the_value(shell, monkeypatch):
    monkeypatch.setenv("X_REFRESH_TOKEN", TOKEN)

    run(shell, f"x = %env X_REFRESH_TOKEN\ny = !echo token={TOKEN}")

    assert shell.user_ns["x"] == TOKEN
    assert list(shell.user_ns["y"]) == [f"token={TOKEN}"]
    for line in (f"!!echo token={TOKEN}", f"%sx echo token={TOKEN}"):
        assert list(run(shell, line)[0]) == [f"token={TOKEN}"]


def test_a_file_is_written_and_a_script_is_run(shell, capfd):
    run(shell, f"%%writefile .env\nX_REFRESH_TOKEN={TOKEN}\n")
    _, error, said = run(shell, f"%%bash\nexport X_REFRESH_TOKEN={TOKEN}\necho ran\n")

    assert Path(".env").read_text() == f"X_REFRESH_TOKEN={TOKEN}\n"
    assert error is None
    assert "ran" in said + capfd.readouterr().out


@pytest.mark.parametrize("cell", [
    "%%bash\noint twitter RefreshToken --auth auth.json\n", "%%bash\necho $X_REFRESH_TOKEN\n", "%%html\n<b>access_token: YOUR_TOKEN_HERE</b>\n",
    "%env TZ=UTC\n", "%env\n", "env = {'token': 1}\n", "x = '''\n%env X_TOKEN=1\n'''\n", "# %env X_TOKEN=1\n", "!ls\n",
    "%%markdown\nThe refresh_token: it is used once.\n", "%%time\nx = 1\n", "x = env if token_of_forty_characters_0000000 else 1\n",
    "!ls -la\nfiles = !ls\n", "# %%bash\nx = 'MARK1ER5ecretOfForty0Characters0000000001'\n", "%env PATH=/usr/bin\n", "set(x)\n", "%%sql\nSELECT in_reply_to_user_id_string FROM posts\n",
])  # fmt: skip
def test_other_cells_are_left_as_they_are(cell):
    from oint_magics.notebook.foreign_cells import take_out

    assert "".join(take_out(cell.splitlines(keepends=True))) == cell


def test_what_hooks_are_told_holds_none_of_it(shell):
    seen = []
    shell.events.register("post_run_cell", lambda result: seen.append(result.info.raw_cell))

    run(shell, f"%%bash\n{BLOCK}")
    run(shell, f"%env X_REFRESH_TOKEN={TOKEN}")

    shell.events.callbacks["post_run_cell"].pop()
    assert len(seen) == 2
    assert not [each for each in seen if TOKEN in each or SECRET in each]
