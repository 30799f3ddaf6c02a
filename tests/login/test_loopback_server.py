"""The listener takes one redirect at the registered address, judged by whoever made it, and is gone."""

import contextlib
import errno
import http.client
import socket
import threading

import pytest
from patience import LONG, wait_for
from ports import free_port

from oint_magics.login.loopback_server import LoopbackServer, Page, can_listen


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def listening():
    """Start a listener that notes what it is asked to handle; an address with `right` in it is the one."""
    with contextlib.ExitStack() as stack:

        def start(uri):
            seen, then = [], []

            def handle(query):
                seen.append(query)
                return Page("<Yes>", "close & go", lambda: then.append(query)) if "right" in query else Page("No", "x")

            listener = LoopbackServer(uri, handle)
            stack.callback(listener.close)
            listener.seen, listener.then = seen, then
            return listener

        yield start


def get(port, target, host=None, address="127.0.0.1"):
    connection = http.client.HTTPConnection(address, port, timeout=LONG)
    try:
        connection.request("GET", target, headers={"Host": host or f"127.0.0.1:{port}"})
        reply = connection.getresponse()
        return reply.status, reply.read().decode(), dict(reply.getheaders())
    finally:
        connection.close()


def brought(listener):
    """Return what was brought, which is done once the browser has its answer."""
    return wait_for(lambda: listener.then, "nothing was brought")


def is_open(port, address="127.0.0.1"):
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        return probe.connect_ex((address, port)) == 0


def test_one_right_address_is_taken_and_the_listener_is_gone(listening, port):
    listener = listening(f"http://127.0.0.1:{port}/call/back")

    assert get(port, "/call/back?wrong=1")[0] == 400
    status, body, headers = get(port, "/call/back?right=1&code=MARK")

    assert status == 200
    assert "&lt;Yes&gt;" in body
    assert "close &amp; go" in body
    assert "MARK" not in body
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "Python" not in headers["Server"]
    assert brought(listener) == ["right=1&code=MARK"]
    assert not is_open(port)
    assert listener.close() is False


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        ("/callback/?right", None, 404),
        ("/callbacks?right", None, 404),
        ("/?right", None, 404),
        ("/Callback?right", None, 404),
        ("/x/../callback?right", None, 404),
        ("/callback?right", "evil.example", 403),
        ("/callback?right", "evil.example:{port}", 403),
        ("/callback?right", "localhost:{port}", 403),
        ("/callback?right", "127.0.0.1", 403),
        ("/callback?right", "127.0.0.1:1", 403),
    ],
)
def test_another_path_or_host_is_not_even_judged(listening, port, target, host, status):
    listener = listening(f"http://127.0.0.1:{port}/callback")

    assert get(port, target, host and host.format(port=port))[0] == status
    assert listener.seen == []
    assert is_open(port)


def test_a_request_without_a_host_is_not_judged(listening, port):
    listener = listening(f"http://127.0.0.1:{port}/callback")
    with socket.create_connection(("127.0.0.1", port), timeout=LONG) as browser:
        browser.sendall(b"GET /callback?right HTTP/1.0\r\n\r\n")
        assert browser.recv(12) == b"HTTP/1.0 403"
    assert listener.seen == []


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "OPTIONS"])
def test_only_get_is_known(listening, port, method):
    listener = listening(f"http://127.0.0.1:{port}/callback")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
    connection.request(method, "/callback?right", headers={"Host": f"127.0.0.1:{port}"})

    assert connection.getresponse().status == 501
    connection.close()
    assert listener.seen == []


def test_localhost_means_both_addresses(listening, port):
    listener = listening(f"http://localhost:{port}/callback")

    assert get(port, "/callback?wrong", f"localhost:{port}")[0] == 400
    assert get(port, "/callback?right", f"LOCALHOST:{port}", "::1")[0] == 200
    assert brought(listener) == ["right"]
    assert not is_open(port)
    assert not is_open(port, "::1")


def test_ipv6_alone(listening, port):
    listening(f"http://[::1]:{port}/")

    assert get(port, "/?right", f"[::1]:{port}", "::1")[0] == 200
    assert not is_open(port)


@pytest.mark.parametrize("taken", ["127.0.0.1", "::1"])
def test_a_taken_port_is_no_port(listening, port, taken):
    """A browser asked for localhost may take either address, so one in other hands is too many."""
    family = socket.AF_INET6 if ":" in taken else socket.AF_INET
    with socket.create_server((taken, port), family=family):
        with pytest.raises(OSError) as caught:
            listening(f"http://localhost:{port}/callback")

        assert caught.value.errno == errno.EADDRINUSE
    assert not is_open(port)
    assert not is_open(port, "::1")
    listening(f"http://localhost:{port}/callback")


def test_a_machine_without_ipv6(listening, port, monkeypatch):
    real = socket.socket.bind

    def bind(self, address):
        if self.family == socket.AF_INET6:
            raise OSError(errno.EADDRNOTAVAIL, "no IPv6 here")
        real(self, address)

    monkeypatch.setattr(socket, "socket", type("Socket", (socket.socket,), {"bind": bind}))
    listener = listening(f"http://localhost:{port}/")
    monkeypatch.undo()

    assert get(port, "/?right", f"localhost:{port}")[0] == 200
    assert brought(listener) == ["right"]


def test_a_browser_that_is_gone_has_brought_its_address_all_the_same(listening, port):
    listener = listening(f"http://127.0.0.1:{port}/callback")
    with socket.create_connection(("127.0.0.1", port)) as browser:
        browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        browser.sendall(f"GET /callback?right HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())

    assert brought(listener) == ["right"]


def test_many_at_once_are_one(listening, port):
    listener = listening(f"http://127.0.0.1:{port}/callback")
    statuses = []

    def ask():
        with contextlib.suppress(OSError, http.client.HTTPException):
            statuses.append(get(port, "/callback?right")[0])

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert brought(listener) == ["right"]
    assert statuses.count(200) == 1


def test_a_slow_or_silent_browser_keeps_nobody_waiting(listening, port):
    listener = listening(f"http://127.0.0.1:{port}/callback")
    with socket.create_connection(("127.0.0.1", port)) as silent:
        silent.sendall(b"GET /call")

        assert get(port, "/callback?right")[0] == 200
    assert brought(listener) == ["right"]


@pytest.mark.parametrize(
    ("uri", "can"),
    [
        ("http://127.0.0.1:8080/callback", True),
        ("http://localhost/", True),
        ("http://LOCALHOST:80/x", True),
        ("http://[::1]:8080/", True),
        ("https://127.0.0.1:8080/callback", False),
        ("http://127.0.0.1.evil.example:8080/", False),
        ("http://127.0.0.2:8080/", False),
        ("http://0.0.0.0:8080/", False),
        ("https://hut.openintegrations.dev/m", False),
        ("http://127.0.0.1:0/", False),
        ("http://127.0.0.1:99999/", False),
        ("http://[::1", False),
        ("app:/callback", False),
    ],
)
def test_where_a_browser_can_come_back_to(uri, can):
    assert can_listen(uri) is can
