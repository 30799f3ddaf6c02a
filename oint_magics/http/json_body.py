"""The JSON object of an answer's body."""

from __future__ import annotations

import json
import re
from typing import Any

# Half a character, as an escape or as bytes: with the other half it is one, and alone it cannot be encoded.
_HALF = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")


def object_of(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object of a body, or `None` where it is none.

    Half a character, as of an emoji that was cut, becomes U+FFFD: pandas, pyarrow and polars refuse it.
    """
    try:
        document = json.loads(body)
        if _may_hold_half(body) and _HALF.search(body):
            document = _whole(document)
    except (ValueError, RecursionError):  # No JSON, or a number of endless digits.
        return None
    return document if isinstance(document, dict) else None


def _may_hold_half(body: bytes) -> bool:
    """Tell whether the pattern can match: it is slow, and a search for single bytes is fast."""
    return (b"\\" in body and b"\\u" in body) or b"\xed" in body


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(each) for each in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(each) for key, each in value.items()}
    return value
