"""What stands behind OPI's options, read as OPI reads it: lists, files of any ending, bare values, escapes.

Two things are not as there: what is broken is an error and not empty, and auth data never comes from the web.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from pathlib import Path

from oint_magics.errors import UsageError
from oint_magics.opi.named_files import content, is_file, text_in

_PLACEHOLDER = re.compile(r"%\w+%|\$\w+|\$\{\w+\}|\$env:\w+|<[\w -]+>|\*{3,}", re.IGNORECASE)
_ESCAPE = re.compile(r"\\\\([nrfv])|\\([nrfv])")
_CONTROLS = {"n": "\n", "r": "\r", "f": "\f", "v": "\v"}
_ADDRESS = ("http://", "https://")
_NESTED = "a list or an object is inside it, and only texts and numbers can be."


def text(value: str) -> str:
    r"""Return a text: `\n`, `\r`, `\f`, `\v` become what they stand for; a doubled backslash keeps them."""
    if value[:1] in ("{", "[") or is_file(value):
        return value
    return _ESCAPE.sub(lambda found: f"\\{found[1]}" if found[1] else _CONTROLS[found[2]], value)


def number(value: str, option: str) -> int:
    """Return a whole number, as text or not."""
    found = value.strip().strip("\"'")
    if not re.fullmatch(r"[0-9]{1,9}", found):
        raise UsageError(f"{option} takes a number of minutes. Nothing was sent.", next_step=f"{option} 60")
    return int(found)


def auth(value: str, option: str) -> object:
    """Return auth data: the path of a file of any ending, or the text itself.

    Raises:
        UsageError: an example's placeholder was not filled in.
    """
    if _PLACEHOLDER.fullmatch(value.strip()):
        raise UsageError(
            f"{option} still holds an example's placeholder, or a variable of a shell. Nothing was sent.",
            cause="a notebook does not replace it with a value, as a terminal does.",
            next_step=f"name a file: {option} auth.json; or a profile: {option} profile:NAME",
        )
    return Path(value) if is_file(value) else value


def items(value: str) -> list[str]:
    """Return a list of texts: JSON, a JSON file, or one value alone.

    Raises:
        UsageError: a list cannot be read, or holds something else than texts and numbers.
        AuthSyntaxError: it names a file that is not text.
    """
    return _list(text_in(value)) or [value]


def files(value: str) -> list[object]:
    """Return a list of media: paths, addresses, or bytes as base64.

    Raises:
        UsageError: one is none of these.
    """
    return [_medium(each) for each in _list(content(value)) or [value]]


def _medium(value: str) -> object:
    if is_file(value):
        return Path(value)
    if value.lower().startswith(_ADDRESS):
        return value
    try:
        found = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    # Short words are valid base64 too, and names of files that are not there.
    return found if len(found) > 60 else Path(value)


def _list(source: str) -> list[str]:
    """Return the texts of a JSON list, in either kind of quotes; nothing for what is none."""
    inner = source.strip()
    if not inner.startswith("["):
        return []
    cause = "a quote, a comma or the closing bracket may be missing."
    for attempt in (inner, re.sub(r"'((?:\\.|[^'\\])*)'", lambda found: json.dumps(found[1]), inner)):
        try:
            found = json.loads(attempt, parse_int=str, parse_float=str)
        except ValueError:
            continue
        except RecursionError:
            cause = _NESTED
            break
        if not any(isinstance(each, list | dict) for each in found):
            return [str(each) for each in found]
        cause = _NESTED
    raise UsageError(
        "A list cannot be read. Nothing was sent.",
        cause=cause,
        next_step="write it like this: \"['one','two']\"",
    )
