"""`make demo` and what it stands on: an install that is never silent, a refresh in the terminal, a way to go on."""

import os
import subprocess
import sys
import time
import webbrowser
from pathlib import Path

import demo
import install
import pytest
import tree

ROOT = Path(__file__).parent.parent
TESTS = str(ROOT / "tests")
INDEX = "https://user:password@index.example"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Collecting jupyterlab>=4.4 (from oint_magics==0.1.0)", "collecting jupyterlab"),
        ("Collecting requests[socks]!=2", "collecting requests"),
        (f"  Downloading {INDEX}/p/argon2_cffi-25.1-py3-none-any.whl.metadata (3 kB)", "downloading argon2_cffi"),
        ("  Building wheel for oint_magics (pyproject.toml): started", "building wheel for oint_magics"),
        ("Installing collected packages: webencodings, h11, pip", "unpacking 3 package(s)"),
        (f"Looking in indexes: {INDEX}/simple", None),
        ("WARNING: Location 'file:///a/folder' is ignored", None),
        ("", None),
    ],
)
def test_a_line_of_pip_in_a_few_words(line, said):
    assert install.short(line) == said


def test_an_install_says_what_it_is_at_while_it_goes_on(tmp_path):
    """The command ends when what it said has been passed on, so a silent install would never end."""
    heard = tmp_path / "heard"
    command = f"""
import pathlib, time
print("Collecting numpy>=2")
while not pathlib.Path({str(heard)!r}).exists():
    time.sleep(0.01)
"""
    code = f"import install, sys; install.PAUSE = 0.02; install.run('first', [sys.executable, '-c', {command!r}], 0)"
    with subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": TESTS}, text=True,
                          stdout=subprocess.PIPE) as process:  # fmt: skip
        lines = iter(process.stdout.readline, "")
        assert "first" in next(lines)
        assert any("collecting numpy" in line for line in lines)
        heard.touch()
        process.stdout.read()
    assert process.returncode == 0


def test_an_install_that_fails_shows_the_last_lines(capsys):
    code = "print('\\n'.join(map(str, range(100))) + '\\nERROR: no such package'); raise SystemExit(3)"

    with pytest.raises(SystemExit) as caught:
        install.run("collecting packages", [sys.executable, "-c", code], time.monotonic())

    said = str(caught.value).splitlines()
    assert said[-2:] == ["ERROR: no such package", "This failed: collecting packages."]
    assert len(said) <= 40


def run(*words, **env):
    """Run the demo as `make` does; the home, the working folder and the settings are the test's."""
    return subprocess.run([sys.executable, ROOT / "tests" / "demo.py", *words], env=os.environ | env, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip


def test_without_a_browser_the_table_and_how_to_go_on(home):
    """What the user has set names an account of theirs: it is not touched, nor are their folders."""
    before = tree.names()

    done = run(BROWSER="w3m %s", OINT_TWITTER_AUTH="mine.json", https_proxy="http://127.0.0.1:9", OINT_HOME="")

    assert done.returncode == 0, done.stdout
    for words in (*demo.LINES, "access_token", "saved to       sandbox-auth.json", "LAB_ARGS", ".venv/bin/ipython"):
        assert words in done.stdout
    assert "JupyterLab with the tutorials" not in done.stdout
    assert tree.names() == before
    assert not [path for path in (*home.rglob("*"), *Path().rglob("*")) if path.is_file()]


def test_with_words_jupyterlab_gets_them():
    done = run("--version", BROWSER="w3m %s")

    assert done.returncode == 0, done.stdout
    assert "SANDBOX tokens" in done.stdout
    assert done.stdout.splitlines()[-1][0].isdigit()


def test_a_line_that_fails_ends_it():
    done = run("--version", OINT_TWITTER_TIMEOUT="soon")

    assert done.returncode == 1
    assert "OINT_TWITTER_TIMEOUT" in done.stdout
    assert "JupyterLab" not in done.stdout


@pytest.mark.parametrize(
    ("name", "is_one"), [("firefox", True), ("/usr/bin/w3m", False), ("www-browser", False), (None, False)]
)
def test_which_browser_is_one(monkeypatch, name, is_one):
    def get():
        if name is None:
            raise webbrowser.Error
        return webbrowser.GenericBrowser(name)

    monkeypatch.setattr(webbrowser, "get", get)

    assert demo.has_browser() is is_one


def test_the_first_notebook_is_there():
    assert (ROOT / demo.FIRST).exists()
