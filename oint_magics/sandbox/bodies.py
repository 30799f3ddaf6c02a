"""The body of a request, by its length or in chunks (RFC 9112 §6 and §7)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import Message
    from io import BufferedIOBase

_LONGEST_LINE = 4096
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\n]*)?\r\n")


class TooLarge(Exception):
    """A body that is too large; the rest of it was not read."""


def read(file: BufferedIOBase, headers: Message, longest: int) -> bytes:
    """Return a request's body.

    Args:
        file: what the connection brings, at the body's beginning.
        headers: the request's.
        longest: how many bytes there may be.

    Raises:
        TooLarge: there are more.
        ValueError: it does not say how long it is, or not in the form that RFC 9112 has.
    """
    coding, length = headers.get("Transfer-Encoding"), headers.get("Content-Length")
    if len(set(headers.get_all("Content-Length", []))) > 1:
        raise ValueError("two lengths")
    if coding is not None:
        if length is not None or coding.strip().lower() != "chunked":
            raise ValueError("a length beside chunks, or another coding")
        return _chunks(file, longest)
    if length is None:
        return b""
    if not (length.isascii() and length.isdecimal()):
        raise ValueError("not a length")
    if int(length) > longest:
        raise TooLarge
    body = file.read(int(length))
    if len(body) < int(length):
        raise ValueError("an incomplete body")
    return body


def _chunks(file: BufferedIOBase, longest: int) -> bytes:
    found = bytearray()
    while size := _size(file):
        if len(found) + size > longest:
            raise TooLarge
        found += file.read(size)
        # A piece that is cut short ends without its line, below.
        if file.read(2) != b"\r\n":
            raise ValueError("a chunk of another length")
    while file.readline(_LONGEST_LINE).strip():
        pass  # A trailer, which nothing here reads.
    return bytes(found)


def _size(file: BufferedIOBase) -> int:
    line = _SIZE.fullmatch(file.readline(_LONGEST_LINE))
    if line is None:
        raise ValueError("not a chunk's size")
    return int(line[1], 16)
