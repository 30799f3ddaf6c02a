"""What the next run finds after a process died in the middle."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from patience import LONG, TELLS_OF_STOP, wait_for
from raw_server import answer

from oint_magics import errors, twitter

PAIR = {"token_type": "bearer", "expires_in": 7200, "access_token": "new-access", "refresh_token": "new-token"}
REFRESH = "from oint_magics import twitter; twitter.refresh('auth.json')"


def stored(name="auth.json"):
    return json.loads(Path(name).read_text())


def killed(until):
    """Start a refresh in a process of its own, and kill it as soon as something is so."""
    with subprocess.Popen([sys.executable, "-c", REFRESH]) as process:
        wait_for(lambda: until() or process.poll() is not None, "it does not come so far", 0.001)
        assert process.poll() is None
        process.kill()


@pytest.fixture
def to(raw, auth, monkeypatch):
    """A server with a behaviour, and a file with a pair for it."""

    def start(behaviour):
        server = raw(behaviour)
        monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
        if not Path("auth.json").exists():
            Path("auth.json").write_text(json.dumps(auth))
        return server

    return start


def records():
    return [name for name in os.listdir(".oint") if name.startswith("exchange-") and not name.endswith(".new")]


def test_an_answer_that_arrived_is_repaired_without_sending(to):
    """Killed after the answer's last byte: the next run saves it from the record."""
    body = json.dumps(PAIR).encode()

    def behaviour(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(body) + 1) + body)
        time.sleep(LONG)  # One byte is missing: the process waits, and what arrived is on its disk.

    server = to(behaviour)
    killed(lambda: Path(".oint").exists() and any(body in (Path(".oint") / f).read_bytes() for f in records()))

    response = twitter.refresh("auth.json")

    assert len(server.requests) == 1
    assert stored()["refresh_token"] == "new-token"
    assert dict(response) == PAIR
    assert "repaired" in str(response)
    assert records() == []


def test_no_answer_and_the_server_had_not_acted(to):
    """In doubt, the old token is tried once more; here it still works."""
    first = to(lambda _: time.sleep(LONG))
    killed(lambda: first.requests)
    to(answer("200 OK", json.dumps(PAIR).encode()))

    assert twitter.refresh("auth.json")["access_token"] == "new-access"
    assert stored()["refresh_token"] == "new-token"
    assert records() == []


def test_no_answer_and_the_server_had_acted(to):
    """The one window that no client can close: the user is told exactly what happened."""
    first = to(lambda _: time.sleep(LONG))
    killed(lambda: first.requests)
    dead = {"error": "invalid_request", "error_description": "Value passed for the token was invalid."}
    to(answer("400 Bad Request", json.dumps(dead).encode()))

    with pytest.raises(errors.InvalidGrant, match="the answer with the new tokens was lost on the way") as caught:
        twitter.refresh("auth.json")
    assert "process " in str(caught.value)
    assert records() == []


def test_twice_in_doubt_is_not_sent_a_third_time_by_itself(to):
    server = to(lambda _: None)
    for _ in range(2):
        with pytest.raises(errors.InDoubt, match="no answer came"):
            twitter.refresh("auth.json")
    with pytest.raises(errors.InDoubt, match="Two attempts with this refresh token"):
        twitter.refresh("auth.json")
    assert len(server.requests) == 2

    to(answer("200 OK", json.dumps(PAIR).encode()))
    assert twitter.refresh("auth.json", try_old=True)["access_token"] == "new-access"
    assert records() == []


def test_a_try_that_was_not_sent_leaves_the_doubt_as_it_was(to, monkeypatch):
    """No connection, or a rate limit: the lost answer is not forgotten, and not counted twice."""
    to(lambda _: None)
    with pytest.raises(errors.InDoubt):
        twitter.refresh("auth.json")
    (record,) = records()
    before = (Path(".oint") / record).read_bytes()

    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", "http://127.0.0.1:1/t")
    with pytest.raises(errors.NotSent):
        twitter.refresh("auth.json")
    to(answer("429 Too Many Requests"))
    with pytest.raises(errors.TryLater):
        twitter.refresh("auth.json")

    assert (Path(".oint") / record).read_bytes() == before
    to(answer("400 Bad Request", json.dumps({"error": "invalid_grant"}).encode()))
    with pytest.raises(errors.InvalidGrant, match="was lost on the way"):
        twitter.refresh("auth.json")


def test_a_record_that_cannot_be_begun_sends_nothing(to, auth):
    """A folder stands in its place; the same error as for any place that takes nothing."""
    from oint_magics.secret import fingerprint

    server = to(answer("200 OK", json.dumps(PAIR).encode()))
    (Path(".oint") / f"exchange-{fingerprint(auth['refresh_token'])}").mkdir(parents=True)

    with pytest.raises(errors.StoreNotWritable, match="nothing was sent"):
        twitter.refresh("auth.json")
    assert server.requests == []


def test_a_record_of_another_token_is_void(to):
    """A new login put another pair into the file: the old record is no concern of it."""
    to(lambda _: None)
    with pytest.raises(errors.InDoubt):
        twitter.refresh("auth.json")
    Path("auth.json").write_text(json.dumps(stored() | {"refresh_token": "from-a-new-login"}))
    server = to(answer("200 OK", json.dumps(PAIR).encode()))

    assert "repaired" not in str(twitter.refresh("auth.json"))
    assert b"from-a-new-login" in server.requests[0]


def test_a_damaged_record_is_not_believed(to):
    to(lambda _: None)
    with pytest.raises(errors.InDoubt):
        twitter.refresh("auth.json")
    (record,) = records()
    for content in (
        b"",
        b"{}",
        b"\xff\n",
        b"[]\nHTTP/1.1 2",
        b'{"pid": 1}\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"acc',
    ):
        (Path(".oint") / record).write_bytes(content)
        to(answer("429 Too Many Requests"))
        with pytest.raises(errors.TryLater):
            twitter.refresh("auth.json")


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.25])
def test_the_stop_button_does_not_lose_the_answer(to, delay):
    """SIGINT while the token is on its way: the process finishes, saves, and says so."""
    body = json.dumps(PAIR).encode()
    heard = threading.Event()

    def behaviour(connection):
        heard.wait(LONG)
        answer("200 OK", body)(connection)

    server = to(behaviour)
    with subprocess.Popen(
        [sys.executable, "-c", TELLS_OF_STOP + REFRESH], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        wait_for(lambda: server.requests, "nothing was sent", 0.001)
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        process.stdout.readline()
        heard.set()
        said = process.stderr.read()

    assert "Stopped: the stop came too late" in said
    assert stored()["refresh_token"] == "new-token"
    assert records() == []


def test_a_process_killed_anywhere_loses_no_answer_that_arrived(sandbox, auth_file):
    """Twenty kills spread over the whole run, at a server that ends the family on reuse.

    What a kill may cost is an answer that was still between the two; how often one falls there is the machine's
    affair, and `benchmarks/kills.py` measures it.
    """
    sandbox.accounts.punishes_reuse = True
    auth_file()
    for n in range(20):
        with subprocess.Popen([sys.executable, "-c", REFRESH], stderr=subprocess.DEVNULL) as process:
            time.sleep(0.1 + n * 0.012)
            process.kill()
        assert stored()["refresh_token"]
        arrived = [file for file in Path().glob(".oint/exchange-*") if b'"refresh_token"' in file.read_bytes()]
        try:
            twitter.refresh("auth.json")
        except errors.TokenRefused:
            assert not arrived
            auth_file()
