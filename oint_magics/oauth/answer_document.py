"""The JSON object in an answer: read strictly where that will do, else leniently where a whole pair stands in it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from oint_magics.auth.json_text import read_object
from oint_magics.errors import AuthSyntaxError

if TYPE_CHECKING:
    from collections.abc import Callable

_PAIR = ("access_token", "refresh_token")


def document_in(body: bytes) -> dict[str, object]:
    """Return the JSON object that a body is, or an empty one.

    What only looks strange (a byte order mark, UTF-16, `NaN`, an endless number, a byte that is no character) is read
    all the same.
    """
    return _object(body, _whole_object)


def pair_in(body: bytes) -> dict[str, object]:
    """Return the object with a whole pair that stands somewhere in a body, or an empty one.

    Something may stand before or behind it, around it, or be wrong beside it. Two pairs are none.
    """
    if any(len(values) > 1 for values in _object(body, _quoted).values()):
        return {}
    for read in (_first_object, _lenient_object, _quoted_pair):
        found = _object(body, read)
        if all(isinstance(found.get(key), str) for key in _PAIR):
            return found
    return {}


def _object(body: bytes, read: Callable[[str], object]) -> dict[str, Any]:
    try:
        text = body.decode(json.detect_encoding(body), "replace")
        found = read(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError, LookupError, AuthSyntaxError):
        return {}
    return found if isinstance(found, dict) else {}


def _nothing(_: str) -> None:
    """Read `NaN` and `Infinity`, which JSON does not have, as nothing."""


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) < 100 else digits


_DECODER = json.JSONDecoder(parse_constant=_nothing, parse_int=_number, strict=False)


def _whole_object(text: str) -> object:
    return _DECODER.decode(text)


def _first_object(text: str) -> object:
    return _DECODER.raw_decode(text, text.index("{"))[0]


def _lenient_object(text: str) -> object:
    return read_object(text, text.index("{"), whole=False).values()


def _quoted(text: str) -> dict[str, set[str]]:
    """Return all that stands in quotes behind the name of each token."""
    return {key: set(re.findall(rf'"{key}"\s*:\s*("(?:[^"\\]|\\.)*")', text)) for key in _PAIR}


def _quoted_pair(text: str) -> object:
    found: dict[str, object] = {key: _DECODER.decode(values.pop()) for key, values in _quoted(text).items() if values}
    life = re.findall(r'"expires_in"\s*:\s*(\d{1,9})', text)
    return found | ({"expires_in": int(life[0])} if len(life) == 1 else {})
