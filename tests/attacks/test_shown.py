"""Points 5 to 9: what has shown a token. Each attack lets everything speak that could, and searches what was said."""

import contextlib
import http.client
import io
import json
import os
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
import reporters
import requests
from attacks.rows import row

from oint_magics import twitter
from oint_magics.http import bearer
from oint_magics.secret import Secret


def secrets_in(auth):
    return [auth[key] for key in ("client_secret", "access_token", "refresh_token") if key in auth]


def assert_clean(said, *auths):
    for auth in auths:
        for secret in secrets_in(dict(auth)):
            assert secret not in said
            assert secret[8:30] not in said


@pytest.fixture
def pair(auth_file):
    """What the file held, before and after a refresh, and the response."""
    auth_file()
    before = json.loads(Path("auth.json").read_text())
    response = twitter.refresh("auth.json")
    return before, response


CELLS = {
    "1/0 in another line": "1/0\n%twitter_refresh --auth {auth}",
    "C1, a backslash before the brace": "%twitter_refresh --auth \\\n{auth}\n1/0",
    "C2, a backslash behind it": "%twitter_refresh --auth {{ \\\n{inside}}}\n1/0",
    "C3, an assignment to an item": 'acc = {{}}\nacc["a"] = %twitter_refresh --auth {pretty}\n1/0',
    "C4, the value on the next line": "%twitter_refresh --auth\n'{auth}'\n1/0",
    "C5, a backslash in it": "%twitter_refresh --auth '{wrapped}'\n1/0",
    "never closed": '%twitter_refresh --auth {{"client_id": "x", {inside}\n1/0',
    "%time before it": "%time %twitter_refresh --auth {auth}\nundefined",
}


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=row("5", name, "the token in a SyntaxError or in the lines around the error")) for name in CELLS
])  # fmt: skip
def test_cells(sandbox, name, after):
    auth = sandbox.issue()
    text = json.dumps(auth)
    cell = CELLS[name].format(
        auth=text, inside=text[1:-1], pretty=json.dumps(auth, indent=1), wrapped=text.replace(", ", ", \\\n")
    )
    code = (
        "import sys\nfrom IPython.core.interactiveshell import InteractiveShell\nfrom traitlets.config import Config\n"
        "config = Config(); config.HistoryManager.enabled = False\nshell = InteractiveShell.instance(config=config)\n"
        "shell.run_line_magic('load_ext', 'oint_magics')\ncell = sys.stdin.read()\n"
        "for mode in ('Plain', 'Context', 'Verbose'):\n"
        "    shell.run_line_magic('xmode', mode); shell.run_cell(cell, store_history=True); shell.run_cell('%tb'); shell.run_cell('%tb Verbose')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=cell,
        capture_output=True,
        text=True,
        env=os.environ | {"IPYTHONDIR": os.getcwd()},
    )
    said = done.stdout + done.stderr

    assert "Error" in said
    assert_clean(said, auth)
    after("a handle")


BEFORE = {"sentry": "both tokens in the event", "rollbar": "the refresh token in the report", "devtools": "both tokens"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("show", [
    pytest.param(show, marks=row("6", f"{show.__name__}, a response in a variable of a function that fails", BEFORE.get(show.__name__, "-")))
    for show in reporters.ALL
])  # fmt: skip
def test_reporters(pair, show, after):
    before, response = pair
    said = show(response)

    assert said
    stored = json.loads(Path("auth.json").read_text())
    assert_clean(said, before, response, stored)
    after("masked")


@row("6", "pytest's assertion compares a response with a dict", "all of it in the diff")
def test_pytest_s_assertion(pair, after):
    Path("test_it.py").write_text(
        "from oint_magics import twitter\ndef test():\n    r = twitter.refresh('auth.json', if_expired=True)\n    assert r == {'a': 1}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-vv", "-p", "no:cacheprovider", "test_it.py"], capture_output=True, text=True
    )

    assert "assert <TokenResponse" in done.stdout
    assert_clean(done.stdout + done.stderr, pair[0], pair[1])
    after("masked")


@pytest.fixture
def debugging(monkeypatch):
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)


def printed(call):
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        call()
    return said.getvalue()


def _asked(client):
    return client.get(client.api + "/2/users/me")


CALLS = {
    "refresh": lambda: twitter.refresh("auth.json"),
    "me": lambda: twitter.me("auth.json"),
    "session": lambda: _asked(twitter.session("auth.json")),
    "check": lambda: twitter.status("auth.json", check=True),
    "revoke": lambda: twitter.revoke("auth.json"),
}


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=row("7", f"http.client's debuglevel, {name}", "tokens, Basic and bearer printed")) for name in CALLS
])  # fmt: skip
@pytest.mark.usefixtures("debugging")
def test_debuglevel(pair, name, after):
    said = printed(CALLS[name])

    assert "send:" not in said
    assert_clean(said, pair[0], pair[1], json.loads(Path("auth.json").read_text()))
    after("nothing is printed")


TOKEN = "an-access-token-of-forty-characters-00000"
TRICKS = {
    "join": ", ".join,
    "json.dumps": lambda each: json.dumps(dict(each[0:] and {"h": each[0]})),
    "text + header": lambda each: "Authorization: " + each[0],
    "format and slices": lambda each: f"{each[0]} {each[0][7:50]}",
}  # fmt: skip


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=row("8", f"the bearer's header in a foreign session: {name}", "the live token")) for name in TRICKS
])  # fmt: skip
def test_header_tricks(name, after):
    assert TOKEN not in TRICKS[name]([bearer.MaskedHeader(Secret(TOKEN))])
    after("masked")


@row(
    "8",
    "an error of a foreign session with our bearer, its request's headers",
    "the live token by json.dumps(dict(headers))",
)
def test_an_error_s_request(sandbox, auth_file, after):
    auth = json.loads(Path(auth_file()).read_text())
    client = requests.Session()
    client.auth = twitter.bearer("auth.json")
    sandbox.stop()
    with pytest.raises(requests.ConnectionError) as caught:
        client.get(f"{sandbox.url}/2/users/me")
    sandbox.stop = lambda: None

    said = json.dumps(dict(caught.value.request.headers)) + repr(caught.value.request.headers.items())
    assert "Bearer" in said
    assert_clean(said, auth)
    after("masked")


@row(
    "8",
    "tweepy and xdk with client.session = twitter.session(), the server gone, all locals shown",
    "the live token in http.client's frames",
)
def test_client_libraries(sandbox, auth_file, after):
    auth_file()
    sandbox.stop()
    said = _failed_call()
    sandbox.stop = lambda: None

    assert_clean(said, json.loads(Path("auth.json").read_text()))
    after("nothing of the request")


def _failed_call():
    """Return all that hangs on the error of a call in a client library."""
    import tweepy

    client = tweepy.Client(bearer_token="placeholder")
    client.session = twitter.session("auth.json")
    try:
        client.get_me(user_auth=False)
    except requests.RequestException as error:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    return ""


CACHED = """
import warnings; warnings.simplefilter("ignore")
{before}
import requests_cache
requests_cache.install_cache("http_cache", allowable_methods=("GET", "POST", "HEAD"),
                            allowable_codes=(200, 400, 401, 404), backend="sqlite")
from oint_magics import twitter
{call}
import json, requests
requests.get(json.load(open("auth.json"))["sandbox"] + "/nothing-of-ours")
"""
CACHES = {
    "before the first refresh": ("", "twitter.refresh('auth.json')"),
    "after our modules were loaded": (
        "from oint_magics import twitter; twitter.session('auth.json')",
        "twitter.refresh('auth.json')",
    ),
    "a session and a revocation": (
        "",
        "s = twitter.session('auth.json'); s.get(s.api + '/2/users/me'); twitter.revoke('auth.json')",
    ),
}


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=row("9", f"requests_cache with POST, {name}", "old and new tokens in http_cache.sqlite")) for name in CACHES
])  # fmt: skip
def test_a_cache_with_post(sandbox, auth_file, name, after):
    before = json.loads(Path(auth_file()).read_text())
    code = CACHED.format(before=CACHES[name][0], call=CACHES[name][1])
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    kept = Path("http_cache.sqlite").read_bytes().decode("latin-1")
    assert "nothing-of-ours" in kept  # The cache works.
    assert_clean(kept, before, json.loads(Path("auth.json").read_text()))
    after("none of it")
