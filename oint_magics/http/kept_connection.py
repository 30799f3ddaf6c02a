"""A connection of our own to the API, kept between requests: HTTP/1.1 over a socket and ssl (RFC 9112).

A page of a hundred rows takes the libraries for HTTP a third of its time. As with token requests, tools that trace or
replace the connections of urllib3 or http.client do not see it.
"""

from __future__ import annotations

import contextlib
import re
import socket
import zlib
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from oint_magics.http import direct, endpoints, environment, recorders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oint_magics.http.deadline import Exchange

_CHUNK = 64 * 1024
_LONGEST_HEAD = 256 * 1024
_SMALL = 64 * 1024
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_FOLDED = re.compile(rb"\r?\n[ \t]+")
_STATUS = re.compile(rb"HTTP/1\.(\d)[ \t]+(\d{3})(?!\d)")
_SIZE = re.compile(rb"[ \t]*([0-9a-fA-F]{1,15})[ \t]*(?:;.*)?", re.DOTALL)
_GZIP = b"\x1f\x8b"
_NO_BODY = (204, 304)
# Another protocol, which was not asked for.
_NO_ANSWER = (101,)


class Answer(NamedTuple):
    """What a server answered.

    Attributes:
        status: the HTTP status.
        headers: the header fields, names in lower case.
        body: the whole body, without chunks and compression.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"Answer({self.status}, {len(self.body)} bytes)"


class _Ended(ConnectionResetError):
    """The server has ended the connection in its order."""


class DecodeError(ValueError):
    """The body is not compressed as its headers say."""


class KeptConnection:
    """A connection to one server, opened again if the server has closed it.

    Args:
        url: an address there.
    """

    def __init__(self, url: str) -> None:
        self._socket: socket.socket | None = None
        self._url, self._origin = urlsplit(url), endpoints.origin_of(url)
        self._bundle = environment.bundle(url) if self._url.scheme == "https" else None
        self._host = direct.ascii_host(self._url.hostname or "")

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Close it; the next request makes another one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, exchange: Exchange) -> Answer:
        """Send a request and return the whole answer.

        Args:
            method: GET, POST or DELETE.
            url: the address, at this very server.
            headers: the request's; those of the connection are added.
            body: the request's; `None` for none.
            exchange: its deadline, which is told when it leaves.

        Raises:
            OSError: no connection could be made, or it was lost.
            ValueError: the answer is none of HTTP; or the address is another server's, and nothing was sent.
            NotSent: another library answers for the connections of this process.
        """
        recorders.check_none()
        if endpoints.origin_of(url) != self._origin:
            raise ValueError("another server")
        head = self._head(method, url, headers, body)
        try:
            if self._socket is not None and _is_ended(self._socket):
                self.close()
            if self._socket is None:
                self._socket = self._connected(exchange)
            self._socket.settimeout(exchange.wait)
            exchange.leave(self._socket)
            _send(self._socket, head, body)
            answer, is_kept = _answer_on(self._socket, exchange)
        except BaseException:
            self.close()
            raise
        if not is_kept:
            self.close()
        return answer

    def _connected(self, exchange: Exchange) -> socket.socket:
        port = self._url.port or direct.PORTS[self._url.scheme]
        connection = direct.connected(self._host, port, exchange)
        try:
            exchange.guard(connection)
            return connection if self._bundle is None else direct.encrypted(connection, self._host, self._bundle)
        except BaseException:
            connection.close()
            raise

    def _head(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
        lines = {"Host": direct.authority(self._host, self._url.port, self._url.scheme), **headers}
        if body is not None or method == "POST":
            lines["Content-Length"] = str(len(body or b""))
        # A secret is masked in a text, and told as bytes alone.
        fields = [name.encode() + b": " + value.encode("latin-1") + b"\r\n" for name, value in lines.items()]
        return b"".join([f"{method} {direct.target(url)} HTTP/1.1\r\n".encode("ascii"), *fields, b"\r\n"])


def _send(connection: socket.socket, head: bytes, body: bytes | None) -> None:
    """Send a request; who refuses a large body answers before it is read, and reads no more."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        if body is None or len(body) <= _SMALL:
            connection.sendall(head + (body or b""))
        else:
            connection.sendall(head)
            connection.sendall(body)


def _is_ended(connection: socket.socket) -> bool:
    """Tell whether the server has closed a connection, or sent unexpected data on it."""
    connection.settimeout(0)
    try:
        socket.socket.recv(connection, 1, socket.MSG_PEEK)  # Below TLS.
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def _answer_on(connection: socket.socket, exchange: Exchange) -> tuple[Answer, bool]:
    """Return the answer that comes on a connection, and whether another request may follow on it."""
    coming = _Coming(connection, exchange)
    minor, status, headers = _fields(coming.head())
    while 100 <= status < 200:  # An interim answer (RFC 9110 §15.2).
        minor, status, headers = _fields(coming.head())
    length = headers.get("content-length", "")
    is_kept = minor != "0" and "close" not in headers.get("connection", "").lower()
    if status in _NO_BODY:
        body = b""
    elif "chunked" in headers.get("transfer-encoding", "").lower():
        body = coming.chunks()
    elif length.isdecimal() and len(length) < 16:
        body = coming.exactly(int(length))
    else:
        body, is_kept = coming.rest(), False
    return Answer(status, headers, _decoded(body, headers.get("content-encoding", ""))), is_kept and coming.is_over


class _Coming:
    """An answer's bytes, as they come off a connection."""

    def __init__(self, connection: socket.socket, exchange: Exchange) -> None:
        self._connection, self._exchange = connection, exchange
        self._came = bytearray()
        self._is_ended = False

    @property
    def is_over(self) -> bool:
        """Whether nothing is left, and more may come."""
        return not self._came and not self._is_ended

    def _take_more(self) -> None:
        if self._exchange.is_over:  # Where no thread could be started that shuts it.
            raise TimeoutError
        self._connection.settimeout(self._exchange.wait)
        chunk = self._connection.recv(_CHUNK)
        if not chunk:
            self._is_ended = True
            raise _Ended
        self._came += chunk

    def head(self) -> bytes:
        """Return an answer's head."""
        looked = 0
        while (end := _HEAD_END.search(self._came, max(0, looked - 3))) is None:
            looked = len(self._came)
            if looked > _LONGEST_HEAD:
                raise ValueError("a head without an end")
            self._take_more()
        return self._cut(end.start(), end.end())

    def exactly(self, length: int) -> bytes:
        """Return so many bytes."""
        while len(self._came) < length:
            self._take_more()
        return self._cut(length, length)

    def rest(self) -> bytes:
        """Return what comes until the server ends the connection."""
        with contextlib.suppress(_Ended):
            while True:
                self._take_more()
        return self._cut(len(self._came), len(self._came))

    def chunks(self) -> bytes:
        """Return what chunks hold (RFC 9112 §7.1)."""
        body = bytearray()
        while length := _size(self._line()):
            body += self.exactly(length)
            if self._line():
                raise ValueError("a chunk is longer than it says")
        with contextlib.suppress(_Ended):  # Some servers end it here, without the last line break.
            while self._line():  # Trailer fields.
                pass
        return bytes(body)

    def _line(self) -> bytes:
        looked = 0
        while (end := self._came.find(b"\n", looked)) < 0:
            looked = len(self._came)
            if looked > _LONGEST_HEAD:
                raise ValueError("a line without an end")
            self._take_more()
        return self._cut(end, end + 1).removesuffix(b"\r")

    def _cut(self, end: int, start: int) -> bytes:
        with memoryview(self._came) as came:
            found = bytes(came[:end])
        del self._came[:start]
        return found


def _fields(data: bytes) -> tuple[str, int, dict[str, str]]:
    """Return the minor version, the status and the header fields of a head."""
    lines = _FOLDED.sub(b" ", data.lstrip(b"\r\n")).splitlines()
    status = _STATUS.match(lines[0]) if lines else None
    if status is None or int(status[2]) in _NO_ANSWER or status[2] < b"100":
        raise ValueError("no answer of HTTP that anybody asked for")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    return status[1].decode(), int(status[2]), headers


def _size(line: bytes) -> int:
    found = _SIZE.fullmatch(line)
    if found is None:
        raise ValueError("no size of a chunk")
    return int(found[1], 16)


def _decoded(body: bytes, encodings: str) -> bytes:
    for encoding in reversed([word.strip().lower() for word in encodings.split(",")]):
        if body and encoding in ("gzip", "x-gzip", "deflate"):
            body = _inflated(body)
    return body


def _inflated(body: bytes) -> bytes:
    for bits in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):  # gzip or zlib by their heads; deflate without one
        found, left = b"", body
        with contextlib.suppress(zlib.error):
            while left and (not found or left.startswith(_GZIP)):  # gzip may have several members.
                member = zlib.decompressobj(bits)
                found += member.decompress(left)
                left = member.unused_data
            return found
    raise DecodeError
