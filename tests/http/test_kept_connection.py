"""A connection of our own to the API: what servers send, in which pieces, and when another request may follow."""

import contextlib
import gzip
import itertools
import socket
import ssl
import struct
import threading
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from patience import LONG
from tls import certificate

from oint_magics.http.deadline import Exchange
from oint_magics.http.kept_connection import Answer, DecodeError, KeptConnection

BODY = b'{"data": [1, 2]}'


class Server:
    """Answers each request with the next of its answers: an answer's pieces, then whether it ends the connection."""

    def __init__(self, files=None):
        self.answers, self.connections, self.requests = [], 0, []
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if files else None
        if files:
            self._tls.load_cert_chain(*files)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http{'s' if files else ''}://127.0.0.1:{self._socket.getsockname()[1]}"
        self.ended = threading.Semaphore(0)
        threading.Thread(target=self._run, daemon=True).start()

    def before_end(self, connection):
        """Do nothing more."""

    def will(self, *pieces, ends=False):
        self.answers.append((pieces, ends))

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._socket.accept()[0],), daemon=True).start()

    def _serve(self, connection):
        self.connections += 1
        with contextlib.suppress(OSError):
            connection = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            came = b""
            while part := connection.recv(65536):
                came += part
                if b"\r\n\r\n" not in came:
                    continue
                self.requests.append(came)
                came = b""
                pieces, ends = self.answers.pop(0)
                for each in pieces:
                    connection.sendall(each)
                if ends:
                    self.before_end(connection)
                    break
        connection.close()
        self.ended.release()

    def stop(self):
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def server():
    found = Server()
    yield found
    found.stop()


def ask(connection, method="GET", body=None, seconds=LONG):
    exchange = Exchange(seconds)
    with exchange.running():
        exchange.begin()
        return connection.ask(method, f"{connection._url.geturl()}/2/a?b=c", {"A": "b"}, body, exchange)


def answer(body=BODY, *headers, status="200 OK"):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunks(*parts, trailer=b""):
    return CHUNKED + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n" + trailer + b"\r\n"


@pytest.mark.parametrize(("sent", "body"), [
    (answer(), BODY),
    (answer(b""), b""),
    (answer(BODY, status="201 Created"), BODY),
    (chunks(b'{"data":', b" [1, 2]}"), BODY),
    (chunks(BODY, trailer=b"A: b\r\nC: d\r\n"), BODY),
    (CHUNKED + b"10 ; name=value\r\n" + BODY + b"\r\n0\r\n\r\n", BODY),
    (answer(gzip.compress(BODY, mtime=0), "Content-Encoding: gzip"), BODY),
    (answer(zlib.compress(BODY), "Content-Encoding: deflate"), BODY),
    (answer(zlib.compress(BODY)[2:-4], "Content-Encoding: deflate"), BODY),
    (answer(zlib.compress(gzip.compress(BODY, mtime=0)), "Content-Encoding: gzip, deflate"), BODY),
    (answer(BODY, "Content-Encoding: identity"), BODY),
    (answer(b"", "Content-Encoding: gzip"), b""),
    (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer(), BODY),
    (b"\r\n" + answer(), BODY),
    (b"HTTP/1.1 200\r\nA: b\r\n c\r\nContent-Length:  16 \r\n\r\n" + BODY, BODY),
    (answer(gzip.compress(BODY[:5], mtime=0) + gzip.compress(BODY[5:], mtime=0), "Content-Encoding: gzip"), BODY),
    (b"HTTP/1.1 200 OK\nContent-Length: 16\n\n" + BODY, BODY),
], ids=map(str, itertools.count()))  # fmt: skip
def test_answers_and_another_request_on_the_same_connection(server, sent, body):
    connection = KeptConnection(server.url)
    for pieces in ([sent], [sent[n : n + 1] for n in range(len(sent))]):
        server.will(*pieces)
        assert ask(connection).body == body

    assert server.connections == 1
    assert server.requests[0].startswith(b"GET /2/a?b=c HTTP/1.1\r\nHost: 127.0.0.1:")
    connection.close()


@pytest.mark.parametrize("sent", [
    answer(BODY, "Connection: close"),
    answer().replace(b"HTTP/1.1", b"HTTP/1.0"),
    answer(BODY) + b"more",
    answer(BODY) + answer(b"of another request"),
], ids=map(str, itertools.count()))  # fmt: skip
def test_answers_after_which_the_connection_is_not_used_again(server, sent):
    connection = KeptConnection(server.url)
    for number in (1, 2):
        server.will(sent)
        assert ask(connection).body == BODY
        assert server.connections == number
    connection.close()


def test_a_body_that_ends_with_its_connection(server):
    connection = KeptConnection(server.url)
    for _ in range(2):
        server.will(b"HTTP/1.1 200 OK\r\n\r\n", BODY, ends=True)
        assert ask(connection).body == BODY
    assert server.connections == 2


def test_a_connection_that_the_server_has_ended_is_made_anew(server):
    connection = KeptConnection(server.url)
    for _ in range(3):
        server.will(answer(), ends=True)
        assert ask(connection).status == 200
        server.ended.acquire(timeout=LONG)
    assert (server.connections, len(server.requests)) == (3, 3)


@pytest.mark.parametrize("end", [b"", b"A: b\r\n"])
def test_chunks_without_their_last_line_break(server, end):
    connection = KeptConnection(server.url)
    for number in (1, 2):
        server.will(chunks(BODY)[:-2] + end, ends=True)
        assert ask(connection).body == BODY
        assert server.connections == number


def test_a_body_without_a_length_that_is_cut(server):
    def cut(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    server.before_end = cut
    server.will(b"HTTP/1.1 200 OK\r\n\r\n" + BODY[:5], ends=True)
    with pytest.raises(ConnectionResetError):
        ask(KeptConnection(server.url))


def test_the_address_of_another_server_gets_nothing(server):
    other = Server()
    connection, exchange = KeptConnection(server.url), Exchange(LONG)
    with exchange.running(), pytest.raises(ValueError, match="another server"):
        connection.ask("GET", f"{other.url}/2/a", {}, None, exchange)
    assert (exchange.is_sent, server.connections, other.connections) == (False, 0, 0)
    other.stop()


def test_an_address_with_other_letters_is_escaped(server):
    connection, exchange = KeptConnection(server.url), Exchange(LONG)
    server.will(answer())
    with exchange.running():
        connection.ask("GET", f"{server.url}/ü b/2/a?c=%2C", {}, None, exchange)
    assert server.requests[0].startswith(b"GET /%C3%BC%20b/2/a?c=%2C HTTP/1.1\r\n")


def test_what_cannot_be_sent_has_not_left(server):
    connection, exchange = KeptConnection(server.url), Exchange(LONG)
    with exchange.running(), pytest.raises(ValueError):
        connection.ask("GET", f"{server.url}/2/a", {"A": "\u20ac"}, None, exchange)
    assert not exchange.is_sent


@pytest.mark.parametrize(("sent", "kind"), [
    (b"", ConnectionResetError),
    (b"HTTP/1.1 200 OK\r\nContent-Le", ConnectionResetError),
    (b"HTTP/1.1 103 Early Hints\r\n\r\n", ConnectionResetError),
    (answer()[:-1], ConnectionResetError),
    (chunks(BODY)[:-6], ConnectionResetError),
    (b"SSH-2.0-server\r\n\r\n", ValueError),
    (b"HTTP/2 200\r\n\r\n", ValueError),
    (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", ValueError),
    (b"HTTP/1.1 000 OK\r\nContent-Length: 2\r\n\r\n{}", ValueError),
    (CHUNKED + b"-1\r\n", ValueError),
    (CHUNKED + b"x\r\n", ValueError),
    (CHUNKED + b"2\r\nabc\r\n", ValueError),
    (answer(b"no gzip", "Content-Encoding: gzip"), DecodeError),
], ids=map(str, itertools.count()))  # fmt: skip
def test_what_is_no_whole_answer(server, sent, kind):
    connection = KeptConnection(server.url)
    server.will(sent, ends=True)
    with pytest.raises(kind):
        ask(connection)
    server.will(answer())
    assert ask(connection).body == BODY  # On another connection.
    assert server.connections == 2


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.lists(st.integers(0, 400), max_size=5), st.booleans())
def test_any_body_in_any_pieces(body, cuts, is_chunked):
    found = Server()
    sent = chunks(*[body[n : n + 7] for n in range(0, len(body), 7)]) if is_chunked else answer(body)
    places = sorted({0, len(sent), *(cut for cut in cuts if cut < len(sent))})
    found.will(*[sent[a:b] for a, b in itertools.pairwise(places)])
    connection = KeptConnection(found.url)
    assert ask(connection).body == body
    connection.close()
    found.stop()


def test_what_is_sent_with_a_body_and_without_one(server):
    connection = KeptConnection(server.url)
    for method, body in (("POST", b"{}"), ("POST", None), ("DELETE", None), ("GET", None)):
        server.will(answer())
        ask(connection, method, body)
    heads = [each.partition(b"\r\n\r\n") for each in server.requests]
    lengths = [head.partition(b"Content-Length: ")[2] for head, _, _ in heads]
    assert lengths == [b"2", b"0", b"", b""]
    assert heads[0][2] == b"{}"


def test_who_refuses_a_large_body_is_heard(server):
    """It answers at once, and reads no more."""
    connection = KeptConnection(server.url)
    server.will(answer(b"too large", status="413 Content Too Large"))
    assert ask(connection, "POST", b"x" * 2_000_000).status == 413


def test_a_deadline_ends_an_answer_that_drips(server):
    connection = KeptConnection(server.url)
    server.will(*[b"H" for _ in range(1)])
    with pytest.raises(OSError):
        ask(connection, seconds=0.2)


def test_tls_keeps_its_connection_too(monkeypatch):
    found = Server(certificate("127.0.0.1"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "cert.pem")
    connection = KeptConnection(found.url)
    for _ in range(3):
        found.will(answer())
        assert ask(connection).body == BODY
    assert found.connections <= 2  # A ticket that comes late looks like an answer that nobody asked for.
    connection.close()
    found.stop()


def test_an_answer_shows_nothing_of_its_body():
    assert repr(Answer(200, {}, b"secret")) == "Answer(200, 6 bytes)"
