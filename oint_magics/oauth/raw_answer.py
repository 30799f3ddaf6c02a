"""Just enough of HTTP to see where an answer ends (RFC 9112, section 6)."""

from __future__ import annotations

import re

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,12})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*chunked", re.IGNORECASE)
_NO_BODY = re.compile(rb"HTTP/1\.[01] (?:204|304)")


def is_whole(data: bytes | bytearray) -> bool:
    """Tell whether an answer's last byte has come; one that ends with its connection is never known to be whole.

    Args:
        data: what came so far, status line and headers first.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = bytes(data[: end + 2])
    if _NO_BODY.match(head):
        return True
    if _CHUNKED.search(head):
        return data.endswith(b"\r\n0\r\n\r\n")
    length = _LENGTH.search(head)
    return length is not None and len(data) - end - 4 >= int(length[1])
