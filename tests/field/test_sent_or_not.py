"""U5, U21, B15, B21, B29: sent or not is decided at the socket, and why not is said."""

import socket
import threading
import time

import pytest
from cut_server import CutServer
from field.rows import case, row
from patience import LONG
from posts.test_attacks import write
from posts_material import png
from raw_server import answer, drip

from oint_magics import errors, twitter
from oint_magics.stores.locks import post_lock

MODES = {
    "fin": "closed while TLS was set up",
    "rst": "closed while TLS was set up",
    "silent": "nothing answered there in time",
    "plain": "does not use TLS",
    "certificate": "certificate was not accepted",
}
ACTS = {
    "a post": (lambda: twitter.post("Hello", auth="x.json"), "POST /2/tweets", "Nothing was posted"),
    "a deletion": (lambda: twitter.delete("123", auth="x.json"), "DELETE /2/tweets", "Nothing was sent"),
    "an upload": (lambda: twitter.upload(png(), auth="x.json"), "initialize", "Nothing was"),
}
CASES = [
    case("U5", f"{act}: {mode} after the ClientHello, {way}", "said to be sent, blocked for a day" if act == "a post" else "a wrong cause", act, mode, way)
    for act in ACTS
    for mode in MODES
    for way in ("direct", "by a proxy")
]  # fmt: skip


@pytest.fixture
def x(request, monkeypatch):
    """An X that is reached directly, or by a proxy."""
    is_proxy = "by a proxy" in request.node.name
    server = CutServer("api.x.com" if is_proxy else "127.0.0.1", is_proxy=is_proxy)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", server.bundle)
    if is_proxy:
        monkeypatch.setenv("HTTPS_PROXY", server.url)
    else:
        monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
    write("x.json")
    yield server
    server.stop()


@pytest.mark.parametrize(("act", "mode", "way"), CASES)
def test_what_has_not_left_is_not_sent(x, monkeypatch, after, act, mode, way):
    do, line, words = ACTS[act]
    twitter.post("Hello", auth="x.json", preview=True)  # Whose account it is, is known from now on.
    monkeypatch.setattr("oint_magics.posts.upload.PAUSES", ())
    monkeypatch.setenv("OINT_TWITTER_TIMEOUT", "1" if mode == "silent" else "30")
    x.mode = mode

    with pytest.raises(errors.CallError) as caught:
        do()

    assert not isinstance(caught.value, errors.PostInDoubt)
    assert not caught.value.is_sent
    assert words in caught.value.what
    assert MODES[mode] in caught.value.cause
    assert ("REQUESTS_CA_BUNDLE" in str(caught.value)) == (mode == "certificate" and way == "by a proxy")
    after(f"{words}: {caught.value.cause}")
    x.mode = "good"
    monkeypatch.setenv("OINT_TWITTER_TIMEOUT", "30")
    do()
    assert x.made(line) == 1


@pytest.mark.parametrize("way", ["direct", "by a proxy"])
def test_what_has_left_is_in_doubt(x, way):
    twitter.post("Hello", auth="x.json", preview=True)
    x.mode = "lost"
    for _ in range(2):
        with pytest.raises(errors.PostInDoubt):
            twitter.post("Hello", auth="x.json")
    assert x.made("POST /2/tweets") == 1


@row("U5", "a deletion is lost after it has left", "not a word that it may have been made")
def test_a_deletion_that_has_left_is_said(x, after):
    twitter.post("Hello", auth="x.json", preview=True)
    x.mode = "lost"

    with pytest.raises(errors.CallError, match="The deletion was sent, and it is not known") as caught:
        twitter.delete("123", auth="x.json")

    assert caught.value.is_sent
    after(caught.value.what)


@row("U9", "a deletion of a post that is not there, 404", "nothing at that path")
def test_a_post_that_is_not_there(raw, monkeypatch, after):
    who = answer("200 OK", b'{"data": {"id": "7", "name": "N", "username": "real"}}')
    gone = answer("404 Not Found", b'{"title": "Not Found Error", "detail": "nothing here"}')
    server = raw(lambda connection: (who if b"users/me" in server.requests[-1] else gone)(connection))
    monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
    write("x.json")

    with pytest.raises(errors.CallError) as caught:
        twitter.delete("123", auth="x.json")

    assert caught.value.cause == "there is no post with that id."
    after(caught.value.cause)


@pytest.mark.parametrize(("act", "mode"), [
    case("U21", f"{act}: {mode} after the ClientHello", "a certificate is blamed", act, mode) for act in ("a refresh", "a read") for mode in MODES
])  # fmt: skip
def test_the_cause_is_the_one_that_was_seen(x, monkeypatch, after, act, mode):
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{x.url}/2/oauth2/token")
    monkeypatch.setenv("OINT_TWITTER_TIMEOUT", "1" if mode == "silent" else "30")
    monkeypatch.setattr("oint_magics.http.token_post._PAUSE", 0)
    x.mode = mode

    with pytest.raises((errors.CallError, errors.NotSent)) as caught:
        twitter.refresh("x.json") if act == "a refresh" else twitter.me("x.json")

    assert MODES[mode] in caught.value.cause
    assert mode == "certificate" or "REQUESTS_CA_BUNDLE" not in str(caught.value)
    assert "othing was sent" in caught.value.what
    after(caught.value.cause)


@pytest.mark.parametrize(
    "act",
    [case("B15", f"the name service is slow: {act}", "sent after all, twice", act) for act in ("a post", "a deletion")],
)
def test_what_is_late_never_leaves(x, monkeypatch, after, act):
    """What was given up does not go out when the name service answers at last."""
    do, line, _ = ACTS[act]
    twitter.post("Hello", auth="x.json", preview=True)
    known, slow, looked = threading.Event(), socket.getaddrinfo, []
    monkeypatch.setenv("OINT_TWITTER_TIMEOUT", "1")

    def getaddrinfo(*args, **kwargs):
        looked.append(threading.current_thread())
        known.wait(LONG if act == "a post" else 2)
        return slow(*args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(errors.CallError) as caught:
        do()
    assert not caught.value.is_sent
    assert not isinstance(caught.value, errors.PostInDoubt)
    known.set()
    looked[0].join(LONG)
    assert x.made(line) == 0

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    monkeypatch.setenv("OINT_TWITTER_TIMEOUT", "30")
    do()
    assert x.made(line) == 1
    after(f"not sent, and not sent later: {caught.value.what}")


@pytest.mark.parametrize(
    "posts", [case("B21", f"one post hangs, {n} others of other accounts", "some wait for it", n) for n in (64, 200)]
)
def test_a_slow_post_keeps_no_other_waiting(home, after, posts):
    with post_lock("claim-slow", 0):
        for number in range(posts):
            with post_lock(f"claim-{number:032x}", 0):
                pass
        with pytest.raises(errors.StoreBusy), post_lock("claim-slow", 0):
            pass
    assert not list((home / "oint" / "locks").glob("post-*"))
    after("none waits, no lock file is left")


def test_those_who_wait_for_a_post_s_lock_get_it_one_by_one():
    """The file of the lock goes with its holder, and whoever waits finds that."""
    inside, most = [], []

    def hold():
        for _ in range(20):
            with post_lock("claim-one", LONG):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.001)
                inside.pop()

    threads = [threading.Thread(target=hold) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert len(most) == 120
    assert max(most) == 1


DRIPS = {
    "me": lambda: twitter.me("x.json"),
    "get": lambda: twitter.get("users/7/tweets", auth="x.json"),
    "delete": lambda: twitter.delete("123", auth="x.json"),
    "post": lambda: twitter.post("Hello", auth="x.json"),
}


@pytest.mark.parametrize(
    "act", [case("B29", f"{act}: the header comes byte by byte", "much longer than its timeout", act) for act in DRIPS]
)
def test_one_deadline_over_all_of_it(raw, monkeypatch, after, act):
    slow = drip(b"HTTP/1.1 200 OK\r\n", b"X-Slow: " + b"x" * 100_000)
    good = answer("200 OK", b'{"data": {"id": "7", "name": "N", "username": "real"}}')
    is_first = []
    server = raw(lambda connection: (slow if is_first else good)(connection))
    monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
    write("x.json")
    twitter.post("Hello", auth="x.json", preview=True)
    is_first.append(False)
    monkeypatch.setenv("OINT_TWITTER_TIMEOUT", "1")
    begun = time.monotonic()

    with pytest.raises(errors.CallError, match="no whole answer came within 1 seconds"):
        DRIPS[act]()

    assert time.monotonic() - begun < LONG / 3
    after("ends in time")
