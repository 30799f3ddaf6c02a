"""What stands behind OPI's options, read as OPI reads it: lists, files of any ending, bare values, escapes.

Two things are not as there: what is broken is an error and not empty, and auth data never comes from the web.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from pathlib import Path
from typing import Any

from oint_magics.auth.text_file import decoded
from oint_magics.errors import OintError, UsageError

_PLACEHOLDER = re.compile(r"%\w+%|\$\w+|\$\{\w+\}|\$env:\w+|<[\w -]+>|\*{3,}", re.IGNORECASE)
_ESCAPE = re.compile(r"\\\\([nrfv])|\\([nrfv])")
_CONTROLS = {"n": "\n", "r": "\r", "f": "\f", "v": "\v"}
_LARGEST = 1024 * 1024
_ADDRESS = ("http://", "https://")


def text(value: str) -> str:
    r"""Return a text: `\n`, `\r`, `\f`, `\v` become what they stand for; a doubled backslash keeps them."""
    if value[:1] in ("{", "[") or _is_file(value):
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
    return Path(value) if _is_file(value) else value


def content(value: str) -> str:
    """Return the text of the file that a value names, or the value itself; blank for a file that is not text."""
    return _read(Path(value)) if _is_file(value) else value


def items(value: str) -> list[str]:
    """Return a list of texts: JSON, a JSON file, or one value alone."""
    return [str(each) for each in _list(content(value))] or [value]


def files(value: str) -> list[object]:
    """Return a list of media: paths, addresses, or bytes as base64.

    Raises:
        UsageError: one is none of these.
    """
    return [_medium(str(each)) for each in _list(content(value)) or [value]]


def _medium(value: str) -> object:
    if _is_file(value):
        return Path(value)
    if value.lower().startswith(_ADDRESS):
        return value
    try:
        found = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    # Short words are valid base64 too, and names of files that are not there.
    return found if len(found) > 60 else Path(value)


def _list(source: str) -> list[Any]:
    """Return a JSON list, in either kind of quotes; nothing for what is none."""
    inner = source.strip()
    if not inner.startswith("["):
        return []
    for attempt in (inner, re.sub(r"'((?:\\.|[^'\\])*)'", lambda found: json.dumps(found[1]), inner)):
        try:
            found = json.loads(attempt, parse_int=str, parse_float=str)
        except ValueError:
            continue
        return found if isinstance(found, list) else []
    raise UsageError(
        "A list cannot be read. Nothing was sent.",
        cause="a quote, a comma or the closing bracket may be missing.",
        next_step="write it like this: \"['one','two']\"",
    )


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return decoded(file.read(_LARGEST), path.name).text
    except (OSError, OintError):
        return ""  # A picture: no text, and so no list.


def _is_file(value: str) -> bool:
    try:
        return Path(value).is_file()
    except (ValueError, OSError):  # No file can have that name.
        return False
