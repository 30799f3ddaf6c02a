"""An HTTP answer out of its raw bytes, in one way, whether it has just come or lies in a recovery file (RFC 9112).

Servers and what stands before them are taken as they are: early hints, many and long headers, encodings that nobody
asked for, lengths that are wrong. A pair may stand in such an answer, and there is no second one.
"""

from __future__ import annotations

import contextlib
import re
import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST = 1024 * 1024
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})(?!\d)")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9a-fA-F]{1,8})[ \t]*(?:;[^\n]*?)?\r?\n")
# Most answers, at once: what comes while one is looked at is not yet recorded, and lost where the process is killed.
_PLAIN = re.compile(
    rb"HTTP/1\.[01] [245]\d\d[^\r\n]*\r\n"
    rb"(?:[^\r\n]+\r\n)*?content-length:[ \t]*(\d{1,12})[ \t]*\r\n"
    rb"(?:[^\r\n]+\r\n)*\r\n",
    re.IGNORECASE,
)
# A longer head is read another way: this one takes a time that grows with its square.
_LONGEST_PLAIN = 8 * 1024
_NO_BODY = (204, 304)
_CUT = "its answer was cut off"
_TOO_LARGE = "its answer is larger than 1 MiB and was cut off"


class Answer(NamedTuple):
    """What came back from the token endpoint.

    Attributes:
        status: the HTTP status.
        headers: the header fields, names in lower case.
        body: the body, as far as it came, without chunks and encodings.
        broken: why the body ended early, or `None` for a whole one.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    broken: str | None

    def __repr__(self) -> str:
        return f"Answer({self.status}, {len(self.body)} bytes)"


class _Head(NamedTuple):
    status: int
    headers: dict[str, str]
    end: int

    @property
    def is_chunked(self) -> bool:
        return "chunked" in self.headers.get("transfer-encoding", "").lower()

    @property
    def length(self) -> int | None:
        found = self.headers.get("content-length", "").strip()
        return int(found) if found.isdecimal() and len(found) < 13 else None


def is_whole(data: bytes | bytearray) -> bool:
    """Tell whether an answer's last byte has come; one that ends with its connection is never known to be whole.

    Args:
        data: what came so far, status line and headers first.
    """
    end = data.find(b"\r\n\r\n", 0, _LONGEST_PLAIN)
    plain = _PLAIN.match(data) if end >= 0 else None
    if plain and b"transfer-encoding" not in plain[0].lower():
        return len(data) - plain.end() >= int(plain[1])
    head = _head(data)
    if head is None:
        return False
    if head.is_chunked:
        return _unchunked(data, head.end)[1]
    if head.length is None or head.status == 304:
        return head.status in _NO_BODY
    return len(data) - head.end >= head.length


def read(data: bytes | bytearray, ended: str | None = None) -> Answer | None:
    """Return the answer in raw bytes, or `None` where not even its headers are whole.

    Args:
        data: what came; interim answers (1xx) before it are skipped (RFC 9110 §15.2).
        ended: why no more came, in words; `None` where nothing tells.
    """
    head = _head(data)
    if head is None:
        return None
    if head.is_chunked:
        body, is_ended = _unchunked(data, head.end)
    else:
        # All of it: a length may be told too short. What is not told ends with the connection.
        body = bytes(data[head.end :])
        is_ended = len(body) >= head.length if head.length is not None else ended is None
    body, broken = _decoded(body, head.headers.get("content-encoding", "")), None if is_ended else ended or _CUT
    if len(body) > LARGEST:
        body, broken = body[:LARGEST], _TOO_LARGE
    return Answer(head.status, head.headers, body, broken)


def _head(data: bytes | bytearray) -> _Head | None:
    """Return the final answer's status and headers; `None` where they are not whole, or it is no answer."""
    at = 0
    while True:
        while data[at : at + 1] in (b"\r", b"\n"):
            at += 1
        end = _HEAD_END.search(data, at)
        status = _STATUS.match(data, at)
        if end is None or status is None:
            return None
        if not 100 <= int(status[1]) < 200:
            return _Head(int(status[1]), _headers(bytes(data[at : end.start()])), end.end())
        at = end.end()


def _headers(head: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in re.sub(rb"\r?\n[ \t]+", b" ", head).splitlines()[1:]:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            found.setdefault(name.strip().lower(), value.strip())
    return found


def _unchunked(data: bytes | bytearray, at: int) -> tuple[bytes, bool]:
    """Return what chunks hold, and whether the last one came; what is in no chunk as it is."""
    body, start = bytearray(), at
    while size := _CHUNK_SIZE.match(data, at):
        at, length = size.end(), int(size[1], 16)
        if length == 0:
            trailer = bytes(data[at:])
            return bytes(body), trailer.startswith((b"\r\n", b"\n")) or _HEAD_END.search(trailer) is not None
        body += data[at : at + length]
        if len(data) < at + length or len(body) > LARGEST:
            return bytes(body), False
        at += length
        at += len(re.compile(rb"\r?\n?").match(data, at)[0])  # type: ignore[index]  # it matches nothing too
    return bytes(body) if at > start else bytes(data[at:]), False


def _decoded(body: bytes, encodings: str) -> bytes:
    """Undo what a server did to a body; one that is not what it is said to be stays as it is."""
    known = [word.strip().lower() for word in encodings.split(",") if word.strip()]
    if not known and body.startswith(b"\x1f\x8b"):
        known = ["gzip"]
    for encoding in reversed(known):
        if encoding in ("gzip", "x-gzip", "deflate"):
            body = _inflated(body)
    return body


def _inflated(body: bytes) -> bytes:
    for bits in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):  # gzip or zlib by their heads; deflate without one
        with contextlib.suppress(zlib.error):
            return zlib.decompressobj(bits).decompress(body, LARGEST + 1)
    return body
