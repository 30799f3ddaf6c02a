"""The file that an option's value may name, as OPI takes one of any ending."""

from __future__ import annotations

from pathlib import Path

from oint_magics.auth.text_file import decoded
from oint_magics.errors import OintError, UsageError

_LARGEST = 1024 * 1024


def is_file(value: str) -> bool:
    """Tell whether a value is the path of a file."""
    try:
        return Path(value).is_file()
    except (ValueError, OSError):  # No file can have that name.
        return False


def text_in(value: str) -> str:
    """Return the text of the file that a value names, or the value itself.

    Raises:
        UsageError: the file cannot be read.
        AuthSyntaxError: it is not text.
    """
    if not is_file(value):
        return value
    path = Path(value)
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST)
    except OSError as error:
        reason = error.strerror
    else:
        return decoded(data, path.name).text
    raise UsageError(f"{path.name} cannot be read. Nothing was sent.", cause=f"{reason}.")


def content(value: str) -> str:
    """Return the same; blank for a file that is not text, as a picture is none."""
    try:
        return text_in(value)
    except OintError:
        return ""
