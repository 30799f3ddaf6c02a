"""IPython in a real terminal."""

import json
import os
import sys
import time

import pexpect
import pytest
from patience import LONG, end
from ports import free_port

PROMPT = r"In \[\d+\]: "


@pytest.fixture
def ipython(home):
    child = pexpect.spawn(
        sys.executable,
        ["-m", "IPython", "--no-banner", "--simple-prompt", "--colors=NoColor", "--HistoryManager.enabled=True"],
        env=os.environ | {"IPYTHONDIR": str(home / "ipython"), "TERM": "dumb"},
        encoding="utf-8",
        timeout=LONG,
        dimensions=(50, 160),
    )
    child.expect(PROMPT)
    yield child
    end(child)


def run(child, line):
    child.sendline(line)
    child.expect(PROMPT)
    return child.before


def test_the_table_in_a_terminal(ipython, auth_file):
    auth_file()
    run(ipython, "%load_ext oint_magics")

    said = run(ipython, "%twitter_refresh --auth auth.json")

    assert "SANDBOX tokens" in said
    assert "saved to       auth.json" in said
    assert "<table" not in said


def test_a_terminal_is_asked_with_hidden_input(ipython, sandbox, home):
    """No form there: getpass, and neither the screen nor the history has what was typed."""
    auth = sandbox.issue()
    run(ipython, f"%env OINT_TWITTER_TOKEN_URL={sandbox.url}/2/oauth2/token")
    run(ipython, "%load_ext oint_magics")
    seen = ""

    ipython.sendline("%twitter_refresh")
    for question, answer in (("client_id, or", auth["client_id"]), ("client_secret", auth["client_secret"]),
                             ("refresh_token", auth["refresh_token"]), ("keep it in", "")):  # fmt: skip
        ipython.expect(rf"{question}.*: ")
        seen += ipython.before
        ipython.sendline(answer)
    ipython.expect(PROMPT)
    seen += ipython.before

    assert "saved to       profile:default" in seen
    run(ipython, "pass")
    ipython.sendline("exit")
    ipython.expect(pexpect.EOF)
    history = b"".join(path.read_bytes() for path in (home / "ipython").rglob("*") if path.is_file())
    for key in ("client_secret", "refresh_token"):
        assert auth[key] not in seen + ipython.before
        assert auth[key].encode() not in history


def test_a_terminal_takes_the_whole_json_too(ipython, sandbox):
    run(ipython, "%load_ext oint_magics")
    ipython.sendline("%twitter_auth")
    ipython.expect("client_id, or.*: ")
    ipython.sendline(json.dumps(sandbox.issue()))
    ipython.expect("keep it in.*: ")
    ipython.sendline("profile:mine")
    ipython.expect(PROMPT)

    assert "saved to       profile:mine" in ipython.before


def test_a_question_that_is_not_answered_sends_nothing(ipython, sandbox):
    run(ipython, "%load_ext oint_magics")
    for key in ("\x04", "\x03"):
        ipython.sendline("%twitter_auth --prompt")
        ipython.expect("client_id, or.*: ")
        ipython.send(key)
        ipython.expect(PROMPT)
        assert "NotInteractive: The prompt was closed without an answer, so nothing was sent." in ipython.before
        assert "Traceback" not in ipython.before


def test_our_lines_and_no_traceback(ipython):
    run(ipython, "%load_ext oint_magics")

    said = run(ipython, "%twitter_refresh --auth MARKER5ecret --nothing")

    assert "UsageError" in said
    assert "Traceback" not in said
    assert "MARKER5ecret" not in said.split("\n", 1)[1]


@pytest.mark.parametrize("pause", [0, 0.2])
def test_json_of_many_lines_ends_nowhere(ipython, sandbox, home, pause):
    """A prompt takes one line; the lines after it must reach neither the screen nor IPython's own prompt."""
    auth = sandbox.issue()
    run(ipython, "%load_ext oint_magics")
    ipython.sendline("%twitter_auth")
    ipython.expect("client_id, or.*: ")
    for line in json.dumps(auth, indent=2).splitlines():
        ipython.send(line + "\n")
        time.sleep(pause)
    ipython.expect("empty line.*: ")
    seen = ipython.before
    ipython.sendline("")
    ipython.expect(PROMPT)
    seen += ipython.before

    assert "AuthSyntaxError" in seen
    assert "one line" in seen
    ipython.sendline("exit")
    ipython.expect(pexpect.EOF)
    history = b"".join(path.read_bytes() for path in (home / "ipython").rglob("*") if path.is_file())
    for key in ("client_secret", "refresh_token", "access_token"):
        assert auth[key] not in seen + ipython.before
        assert auth[key].encode() not in history


def begin_login(child, sandbox, port):
    auth = sandbox.app(callback=f"http://127.0.0.1:{port}/callback")
    with open("app.json", "w") as file:
        json.dump(auth, file)
    os.chmod("app.json", 0o600)
    run(child, "%load_ext oint_magics")
    child.sendline("%twitter_login --auth app.json")
    child.expect(r"(?s)approve there:\s+(http\S+(?:\r\n\S+)*)\s.*\(hidden\): $")
    return "".join(child.match[1].split())


def test_a_login_in_a_terminal_by_the_browser(ipython, sandbox):
    """The answer comes by itself, and Enter shows it."""
    import requests

    link = begin_login(ipython, sandbox, free_port())

    assert requests.get(sandbox.approve(link), timeout=LONG).status_code == 200
    ipython.expect("answer is there: press Enter")
    said = run(ipython, "")
    assert "after this login" in said
    assert "saved to       app.json" in said
    assert "username  sandbox" in run(ipython, "%twitter_me")


@pytest.mark.parametrize("is_json", [True, False])
def test_a_new_app_comes_to_its_first_tokens(ipython, sandbox, is_json):
    """What `%twitter_auth` asks leads to the login where there is no refresh token."""
    import requests

    app = sandbox.app()
    run(ipython, f"%env OINT_TWITTER_AUTHORIZE_URL={sandbox.url}/i/oauth2/authorize")
    run(ipython, f"%env OINT_TWITTER_TOKEN_URL={sandbox.url}/2/oauth2/token")
    run(ipython, f"%env OINT_TWITTER_API_URL={sandbox.url}")
    run(ipython, "%load_ext oint_magics")
    ipython.sendline("%twitter_auth")
    answers = [("client_id, or", app["client_id"]), ("client_secret", app["client_secret"]), ("refresh_token.*log in at X", ""),
               ("callback URL", app["redirect_uri"])]  # fmt: skip
    for question, answer in [("client_id, or", json.dumps(app))] if is_json else answers:
        ipython.expect(rf"{question}.*: ")
        ipython.sendline(answer)
    ipython.expect("keep it in.*: ")
    ipython.sendline("profile:first")
    ipython.expect(r"(?s)approve there:\s+(http\S+(?:\r\n\S+)*)\s.*\(hidden\): $")
    link = "".join(ipython.match[1].split())
    assert app["client_secret"] not in ipython.before

    requests.get(sandbox.approve(link), timeout=LONG)
    ipython.expect("answer is there: press Enter")
    assert "saved to       profile:first" in run(ipython, "")


def test_enter_before_and_while_the_answer_is_on_its_way(ipython, sandbox):
    import requests

    link = begin_login(ipython, sandbox, free_port())
    ipython.sendline("")
    ipython.expect(r"(?s)Nothing has come yet.*\(hidden\): $")
    sandbox.faults.add("slow", 2.0)
    requests.get(sandbox.approve(link), timeout=LONG)

    said = run(ipython, "")

    assert "after this login" in said
    assert "Nothing has come" not in said


def test_a_login_in_a_terminal_by_hand(ipython, sandbox):
    """The port is taken; a wrong address first; what is pasted is not on the screen."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        link = begin_login(ipython, sandbox, taken.getsockname()[1])
        assert "has its port" in ipython.before + str(ipython.match[0])
        ipython.sendline("https://x.com/home")
        ipython.expect(r"(?s)not the address.*\(hidden\): $")
        address = sandbox.approve(link)
        said = run(ipython, address)

    assert "after this login" in said
    assert address.split("code=")[1] not in said


def test_a_login_that_is_interrupted_frees_its_port(ipython, sandbox):
    import socket

    port = free_port()
    begin_login(ipython, sandbox, port)

    ipython.sendintr()
    ipython.expect(PROMPT)

    assert "Traceback" not in ipython.before
    socket.create_server(("127.0.0.1", port)).close()


def begin(child):
    """Run cells until one is answered.

    A console hears no answer before its kernel knows of its subscription, waits for it for ever, and goes on after
    Ctrl-C; nothing that it shows tells when that is over.
    """
    for _ in range(60):
        child.sendline("6 * 7")
        if child.expect([r"Out\[\d+\]: 42", pexpect.TIMEOUT], timeout=5) == 0:
            child.expect(PROMPT)
            return
        child.sendintr()
        child.expect(PROMPT)
    raise TimeoutError(child.before)


def test_jupyter_console_asks_with_hidden_input(sandbox, home):
    """A kernel with a terminal before it: no form is drawn, and `--prompt` asks."""
    auth = sandbox.issue()
    places = {
        name: str(home / name)
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    }
    child = pexpect.spawn(
        sys.executable, ["-m", "jupyter", "console", "--simple-prompt"], encoding="utf-8", timeout=LONG, dimensions=(50, 160),
        env=os.environ | places | {"TERM": "dumb", "OINT_TWITTER_TOKEN_URL": f"{sandbox.url}/2/oauth2/token"},
    )  # fmt: skip
    try:
        child.expect(PROMPT)
        begin(child)
        run(child, "%load_ext oint_magics")
        assert "%twitter_auth --prompt" in run(child, "%twitter_auth")
        child.sendline("%twitter_auth --prompt")
        seen = ""
        for question, answer in (("client_id, or", auth["client_id"]), ("client_secret", auth["client_secret"]),
                                 ("refresh_token", auth["refresh_token"]), ("keep it in", "profile:con")):  # fmt: skip
            child.expect(rf"{question}.*: ")
            seen += child.before
            child.sendline(answer)
        child.expect(PROMPT)
        seen += child.before
    finally:
        end(child)

    assert "saved to       profile:con" in seen
    assert auth["refresh_token"] not in seen
    assert auth["client_secret"] not in seen
