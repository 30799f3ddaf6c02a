"""Every answer a token endpoint can give: what the caller gets, and what is in the file then.

`pytest tests/paths/test_outcomes.py -rP` prints the table.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from raw_server import answer, drip

from oint_magics import errors, twitter

OLD = {
    "client_id": "an-id",
    "client_secret": "a-secret",
    "access_token": "old-access",
    "refresh_token": "old-token",
    "mine": 1,
}
PAIR = {
    "token_type": "bearer",
    "expires_in": 7200,
    "access_token": "new-access",
    "scope": "a b",
    "refresh_token": "new-token",
}
TIMEOUT = 2


def ok(**changes):
    return answer("200 OK", json.dumps(PAIR | changes).encode())


def without(key):
    return answer("200 OK", json.dumps({k: v for k, v in PAIR.items() if k != key}).encode())


def flood(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 400000000\r\n\r\n")
    for _ in range(400):
        connection.sendall(b"x" * 1_000_000)


OK_HEAD = b"HTTP/1.1 200 OK\r\n"
DEAD = json.dumps({"error": "invalid_request", "error_description": "Value passed for the token was invalid."}).encode()
HOSTILE = {
    "scope": "<img src=x onerror=alert(1)> \x1b[31mred\u202e",
    "token_type": "<script>alert(1)</script>",
    "<b>": "|\n|",
}
NEW, KEPT, ANY = "new pair", "old pair", None
CASES = {
    "200": (ok(), None, NEW),
    "307": (answer("307 Temporary Redirect", b"", "Location: http://127.0.0.1:1/"), errors.NotTokenEndpoint, KEPT),
    "302": (answer("302 Found", b"", "Location: http://127.0.0.1:1/"), errors.NotTokenEndpoint, KEPT),
    "404": (answer("404 Not Found", b"nothing here"), errors.NotTokenEndpoint, KEPT),
    "403 JSON": (answer("403 Forbidden", b'{"errors": [{"code": 99}]}'), errors.NotTokenEndpoint, KEPT),
    "400 dead token": (answer("400 Bad Request", DEAD), errors.InvalidGrant, KEPT),
    "200 with error": (answer("200 OK", DEAD), errors.InvalidGrant, KEPT),
    "dripped status line": (drip(b"", b"HTTP/1.1 200 OK\r\n" * 9), errors.InDoubt, KEPT),
    "dripped headers": (drip(OK_HEAD, b"X-Slow: yes\r\n" * 99), errors.InDoubt, KEPT),
    "dripped body": (drip(OK_HEAD + b"Content-Length: 900\r\n\r\n", b"x" * 900), errors.InDoubt, KEPT),
    "400 MB": (flood, errors.InDoubt, KEPT),
    "cut body": (answer("200 OK", json.dumps(PAIR).encode()[:60], length=200), errors.InDoubt, KEPT),
    "cut behind the pair": (lambda c: c.sendall(OK_HEAD + b"\r\n" + json.dumps(PAIR).encode()[:-1]), None, NEW),
    "cut body, no length": (
        lambda c: c.sendall(OK_HEAD + b"\r\n" + json.dumps(PAIR).encode()[:90]),
        errors.AnswerUnreadable,
        KEPT,
    ),
    "HTML 403": (answer("403 Forbidden", b"<html>Attention Required! | Cloudflare"), errors.TryLater, KEPT),
    "HTML 503": (answer("503 Service Unavailable", b"<html>"), errors.TryLater, KEPT),
    "429 with reset": (answer("429 Too Many Requests", b"{}", "x-rate-limit-reset: 1795435260"), errors.TryLater, KEPT),
    "empty 500": (answer("500 Internal Server Error"), errors.InDoubt, KEPT),
    "502": (answer("502 Bad Gateway", b"<html>"), errors.InDoubt, KEPT),
    "504": (answer("504 Gateway Timeout"), errors.InDoubt, KEPT),
    "522": (answer("522 Timed Out"), errors.InDoubt, KEPT),
    "200 with no JSON": (answer("200 OK", b"<html>welcome to this hotel"), errors.InDoubt, KEPT),
    "missing access_token": (without("access_token"), errors.AnswerUnreadable, KEPT),
    "missing refresh_token": (without("refresh_token"), None, "new access token, old refresh token"),
    "same refresh_token": (ok(refresh_token="old-token"), None, "new access token, old refresh token"),
    "markup, control characters": (ok(**HOSTILE), None, NEW),
    "control characters in token": (ok(access_token="a\r\nX: y"), errors.AnswerUnreadable, KEPT),
    "dropped after send": (lambda c: None, errors.InDoubt, KEPT),
    "refused connection": (None, errors.NotSent, KEPT),
}


def state(document):
    """Say in words what pair a file holds."""
    known = {
        ("new-access", "new-token"): NEW,
        ("old-access", "old-token"): KEPT,
        ("new-access", "old-token"): "new access token, old refresh token",
    }
    return known[document["access_token"], document["refresh_token"]]


@pytest.mark.parametrize("name", CASES)
def test_outcome(name, raw, monkeypatch):
    """The type tells what became of the token; the file holds one whole pair; the deadline holds."""
    behaviour, kind, expected = CASES[name]
    server = raw(behaviour) if behaviour else None
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t" if server else "http://127.0.0.1:1/t")
    monkeypatch.setenv("OINT_TWITTER_TIMEOUT", str(TIMEOUT))
    Path("auth.json").write_text(json.dumps(OLD, indent=1))
    before = Path("auth.json").read_bytes()

    start = time.monotonic()
    try:
        response, problem = twitter.refresh("auth.json"), None
    except errors.ExchangeError as error:
        response, problem = None, error
    took = time.monotonic() - start

    document = json.loads(Path("auth.json").read_text())
    print(f"{name:28} → {type(problem).__name__ if problem else 'the table':18} → {state(document)} ({took:.1f} s)")
    assert type(problem) is (kind or type(None))
    assert state(document) == expected
    assert problem is None or Path("auth.json").read_bytes() == before
    assert document["mine"] == 1
    assert took < TIMEOUT + 60
    assert not server or len(server.requests) == 1
    left = set(os.listdir(".oint")) - {".gitignore", "auth.json.lock", "auth.json.holder"}
    assert {name[:9] for name in left} == ({"exchange-"} if kind and issubclass(kind, errors.InDoubt) else set())
    if response is not None:
        for kind, face in response._repr_mimebundle_().items():
            assert kind == "text/plain" or "<script" not in face
            assert kind == "text/plain" or "<img" not in face
            assert "\x1b" not in face
            assert "\u202e" not in face


MEMORY = r"""
import re
from pathlib import Path
from oint_magics import errors, twitter
from oint_magics.tokens import refresh
from oint_magics.http import token_post
from oint_magics.twitter import calls

def most():
    # Not `ru_maxrss`: that one is inherited from the process that started this one.
    return int(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[1])

before = most()
try:
    twitter.refresh("auth.json")
except errors.InDoubt:
    print(most() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
@pytest.mark.parametrize("name", ["400 MB", "dripped body", "cut body"])
def test_no_answer_takes_more_than_16_mebibytes(name, raw, monkeypatch):
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{raw(CASES[name][0]).url}/t")
    monkeypatch.setenv("OINT_TWITTER_TIMEOUT", str(TIMEOUT))
    Path("auth.json").write_text(json.dumps(OLD))

    found = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)

    print(f"{name:28} → {int(found.stdout)} KiB more")
    assert int(found.stdout) < 16 * 1024
