import logging
import socket
import subprocess
import sys
import threading
import time

import pytest
from patience import LONG
from raw_server import answer, drip

from oint_magics.errors import InDoubt, NotSent, StoreBusy
from oint_magics.http import token_post
from oint_magics.oauth.token_endpoint import TokenRequest
from oint_magics.secret import Secret

REQUEST = TokenRequest(Secret("grant_type=refresh_token&refresh_token=MARKtoken"), Secret("Basic TUFSSzpNQVJL"))
PUBLIC = TokenRequest(Secret("a=b"), None)


class Recorder:
    def __init__(self, tap=lambda _: None, check=lambda: None):
        self.append = tap
        self.check = check


def post(server, request=REQUEST, timeout=5.0, tap=lambda _: None):
    return token_post.post(f"{server.url}/2/oauth2/token", "host", request, timeout, Recorder(tap))


def test_sends_the_form_once(raw):
    """One POST, Basic, no cookies, nothing compressed."""
    server = raw(answer("200 OK", b'{"a": 1}', "X-Rate-Limit-Reset: 5"))

    found = post(server)

    assert (found.status, found.body, found.broken) == (200, b'{"a": 1}', None)
    assert found.headers["x-rate-limit-reset"] == "5"
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert len(server.requests) == 1
    assert head.startswith(b"POST /2/oauth2/token HTTP/1.1")
    assert b"Authorization: Basic TUFSSzpNQVJL" in head
    assert b"Content-Type: application/x-www-form-urlencoded" in head
    assert b"Accept-Encoding: identity" in head
    assert b"Cookie" not in head
    assert body == b"grant_type=refresh_token&refresh_token=MARKtoken"


@pytest.mark.parametrize("request_", [REQUEST, PUBLIC])
def test_a_netrc_neither_replaces_nor_adds_credentials(raw, home, request_):
    """requests lets `.netrc` win over a header that was set by hand."""
    (home / ".netrc").write_text("machine 127.0.0.1 login eve password evil\ndefault login eve password evil\n")
    (home / ".netrc").chmod(0o600)
    server = raw(answer("200 OK", b"{}"))

    post(server, request_)

    assert (b"Authorization" in server.requests[0]) is (request_ is REQUEST)
    assert b"ZXZl" not in server.requests[0]


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_follows_no_redirect(raw, status):
    """A 307 would send the refresh token to whoever it names."""
    elsewhere = raw(answer("200 OK", b"{}"))
    server = raw(answer(status, b"", f"Location: {elsewhere.url}/"))

    assert post(server).status == int(status[:3])
    assert elsewhere.requests == []


def test_a_proxy_of_the_environment_is_used(raw, monkeypatch):
    proxy = raw(answer("200 OK", b'{"via": "proxy"}'))
    monkeypatch.setenv("HTTP_PROXY", proxy.url)

    found = token_post.post("http://token.invalid/2/oauth2/token", "host", REQUEST, 5, Recorder())

    assert found.body == b'{"via": "proxy"}'
    assert proxy.requests[0].startswith(b"POST http://token.invalid/")


def test_a_proxy_that_refuses_the_tunnel_means_not_sent(raw, monkeypatch):
    """What comes before the TLS handshake ends has sent nothing of the request."""
    proxy = raw(answer("407 Proxy Authentication Required"))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)

    with pytest.raises(NotSent, match="proxy"):
        token_post.post("https://token.invalid/2/oauth2/token", "host", REQUEST, 5, Recorder())
    assert all(request.startswith(b"CONNECT") for request in proxy.requests)


def test_tls_is_verified(raw):
    """A server without a certificate gets nothing."""
    server = raw(lambda connection: connection.sendall(b"no TLS here"))

    with pytest.raises(NotSent, match="nothing is spent"):
        token_post.post(server.url.replace("http:", "https:") + "/t", "host", REQUEST, 1, Recorder())
    assert not any(b"MARK" in request for request in server.requests)


def test_no_proxy_sees_what_goes_to_this_machine(raw, monkeypatch):
    """The refresh token would travel to the proxy in the clear."""
    proxy, server = raw(answer("200 OK", b"{}")), raw(answer("200 OK", b'{"a": 1}'))
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("ALL_PROXY", proxy.url)

    assert post(server).body == b'{"a": 1}'
    assert proxy.requests == []


def test_a_redirects_body_is_bounded_like_any_other(raw):
    """requests reads it whole, only to offer a next request."""

    def flood(connection):
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://[bad\r\nContent-Length: 400000000\r\n\r\n")
        for _ in range(400):
            connection.sendall(b"x" * 1_000_000)

    found = post(raw(flood))

    assert found.status == 302
    assert len(found.body) == 2**20


def test_a_name_service_that_takes_longer_than_the_deadline(raw, monkeypatch):
    """The connection comes too late: nothing is sent on it."""
    server = raw(drip(b"", b"HTTP/1.1 200 OK\r\n" * 9))
    look_up = socket.getaddrinfo

    def slow(*args, **kwargs):
        time.sleep(1.2)
        return look_up(*args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    start = time.monotonic()

    with pytest.raises(NotSent):
        post(server, timeout=1)
    assert time.monotonic() - start < 60
    assert server.requests == []


def test_a_false_header_is_not_logged(raw, caplog):
    """urllib3 logs lines that are no header; a hostile one may echo what was sent."""
    caplog.set_level(logging.DEBUG)
    echo = b"HTTP/1.1 200 OK\r\nbroken MARKtoken line\r\nContent-Length: 2\r\n\r\n{}"

    post(raw(lambda connection: connection.sendall(echo)))
    assert "MARKtoken" not in caplog.text
    logging.getLogger("urllib3.connection").warning("others may speak")
    assert "others may speak" in caplog.text


DRIPS = {
    "status line": drip(b"", b"HTTP/1.1 200 OK\r\n\r\n" * 900),
    "headers": drip(b"HTTP/1.1 200 OK\r\n", b"X-Slow: yes\r\n" * 999),
    "body": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", b"x" * 9000),
    "chunks": drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 999),
    "silence": lambda connection: time.sleep(300),
    "endless headers": lambda connection: [connection.sendall(b"HTTP/1.1 200 OK\r\n"), time.sleep(300)],
}


@pytest.mark.parametrize("name", DRIPS)
def test_one_deadline_ends_every_drip(raw, name):
    """requests bounds each wait; the deadline bounds them all."""
    server = raw(DRIPS[name])
    start = time.monotonic()

    try:
        found = post(server, timeout=1)
    except InDoubt as error:
        assert "within 1 seconds" in str(error)
    else:
        assert found.broken == "its answer did not end in time"
    assert 0.9 < time.monotonic() - start < 60


def test_a_server_that_does_not_finish_the_handshake_ends_with_the_deadline():
    """TCP stands, TLS never comes: nothing was sent."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        with pytest.raises(NotSent):
            token_post.post(f"https://127.0.0.1:{silent.getsockname()[1]}/", "host", REQUEST, 1, Recorder())
        assert time.monotonic() - start < 60


def test_an_answer_is_cut_off_at_a_mebibyte(raw):
    """400 MB are not read, and not kept."""
    sent = []

    def flood(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 400000000\r\n\r\n")
        for _ in range(400):
            connection.sendall(b"x" * 1_000_000)
            sent.append(1)

    found = post(raw(flood))

    assert len(found.body) == 2**20
    assert "larger than 1 MiB" in found.broken
    assert len(sent) < 40


def test_an_answer_of_exactly_a_mebibyte_is_whole(raw):
    found = post(raw(answer("200 OK", b"x" * 2**20)))

    assert (len(found.body), found.broken) == (2**20, None)


@pytest.mark.parametrize(
    "behaviour",
    [answer("200 OK", b'{"a": 1', length=90), lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")],
)  # fmt: skip
def test_a_cut_body_is_kept_as_far_as_it_came(raw, behaviour):
    found = post(raw(behaviour))

    assert found.body in (b'{"a": 1', b"ab")
    assert found.broken == "its answer was cut off (ProtocolError)" or "cut off" in found.broken


@pytest.mark.parametrize(
    "behaviour", [lambda c: None, lambda c: c.sendall(b"garbage\r\n\r\n"), lambda c: c.sendall(b"HTT")]
)
def test_no_status_after_sending_is_in_doubt_and_not_repeated(raw, behaviour):
    server = raw(behaviour)

    with pytest.raises(InDoubt, match="no answer came"):
        post(server)
    assert len(server.requests) == 1


def test_a_connection_that_cannot_be_made_is_tried_three_times(monkeypatch):
    """Nothing left this machine, so trying again is safe; the pause grows."""
    pauses = []
    monkeypatch.setattr(token_post.time, "sleep", pauses.append)

    with pytest.raises(NotSent, match="tried 3 times"):
        token_post.post("http://127.0.0.1:1/", "host", REQUEST, 5, Recorder())
    assert pauses == pytest.approx([0.3, 0.9])


def test_no_try_begins_after_the_deadline():
    start = time.monotonic()

    with pytest.raises(NotSent, match="tried 2 times"):
        token_post.post("http://127.0.0.1:1/", "host", REQUEST, 1, Recorder())
    assert time.monotonic() - start < 60


def test_the_second_try_is_the_one_that_counts(raw, monkeypatch):
    """A server that comes up between two tries gets the request once."""
    port = socket.create_server(("127.0.0.1", 0))
    number = port.getsockname()[1]
    port.close()
    got = []

    def come_up(_):
        server = socket.create_server(("127.0.0.1", number))

        def serve():
            with server, server.accept()[0] as connection:
                got.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        threading.Thread(target=serve, daemon=True).start()

    monkeypatch.setattr(token_post.time, "sleep", come_up)

    assert token_post.post(f"http://127.0.0.1:{number}/", "host", REQUEST, 5, Recorder()).status == 200
    assert len(got) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://nothing.invalid/"])
def test_errors_and_logs_hold_nothing_of_the_request(url, caplog):
    """Neither our error nor any library's log record at DEBUG has the token or the header."""
    caplog.set_level(logging.DEBUG)

    with pytest.raises(NotSent) as caught:
        token_post.post(url, "host", REQUEST, 1, Recorder())

    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    for text in (str(caught.value), caplog.text):
        assert "MARK" not in text
        assert "TUFSS" not in text


# A process of its own: threads and sockets of other tests come and go in this one.
FIVE_EXCHANGES = """
import os, sys, threading
from types import SimpleNamespace
from oint_magics.http import token_post
from oint_magics.oauth.token_endpoint import TokenRequest
from oint_magics.secret import Secret

url, patience = sys.argv[1], float(sys.argv[2])
recorder = SimpleNamespace(append=lambda _: None, check=lambda: None)

def post():
    token_post.post(url, "host", TokenRequest(Secret("a=b"), None), 10 * patience, recorder)

post()
threads, sockets = set(threading.enumerate()), len(os.listdir("/dev/fd"))
for _ in range(5):
    post()
later = set(threading.enumerate()) - threads
for thread in later:
    thread.join(patience)
print(sum(thread.is_alive() for thread in later), len(os.listdir("/dev/fd")) - sockets)
"""


def test_no_thread_and_no_socket_stays(raw):
    """The watch over the deadline ends with the exchange."""
    server = raw(answer("200 OK", b"{}"))
    words = [sys.executable, "-c", FIVE_EXCHANGES, f"{server.url}/2/oauth2/token", str(LONG)]

    assert subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout == "0 0\n"
    assert len(server.requests) == 6


def test_a_process_that_stood_still_between_connection_and_sending_has_sent_nothing(raw):
    """The deadline is over when it goes on: nothing is in doubt then."""
    server = raw(answer("200 OK", b"{}"))

    with pytest.raises(NotSent, match="nothing is spent"):
        token_post.post(f"{server.url}/t", "host", REQUEST, 0.2, Recorder(check=lambda: time.sleep(0.3)))
    assert server.requests == []


def test_what_the_check_raises_is_raised_and_nothing_is_sent(raw):
    server = raw(answer("200 OK", b"{}"))

    def check():
        raise StoreBusy("too late")

    with pytest.raises(StoreBusy, match="too late"):
        token_post.post(f"{server.url}/t", "host", REQUEST, 5, Recorder(check=check))
    assert server.requests == []


def test_the_end_of_an_answer_without_a_length_is_told(raw):
    """What keeps the answer may wait for it, so it is told that nothing more comes."""
    came = []
    post(raw(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n{}")), tap=came.append)

    assert came[-1] == b""
    assert b"".join(came).endswith(b"{}")
