"""The refresh log as text: a line an entry, from which its database is made again."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from typing import TYPE_CHECKING, Any, NoReturn

from oint_magics.errors import StoreError
from oint_magics.stores.private_folder import hand_over, write_all

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
NAMES = ("journal.log.old", "journal.log")
_LARGEST = 16 * 1024 * 1024
# What an entry of each kind says, as text.
_KINDS = (("token", "end"), ("forgotten",), ("spent", "newest", "place"))


def append(folder: Path, entry: dict[str, Any]) -> bool:
    """Add a line to the text; tell whether that is there now."""
    path = folder / NAMES[1]
    try:
        is_new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0), 0o600)
        try:
            if is_new:
                hand_over(path)
            size = os.fstat(descriptor).st_size
            # A line that was cut off, on a full disk, must not spoil this one.
            is_cut = size > 0 and os.name == "posix" and os.pread(descriptor, 1, size - 1) != b"\n"
            write_all(descriptor, b"\n" * is_cut + json.dumps(entry).encode() + b"\n")
            if size > _LARGEST:
                path.replace(folder / NAMES[0])
        finally:
            os.close(descriptor)
    except OSError as error:
        not_of_the_system(error)
        return False
    return True


def entries_in(folder: Path) -> list[dict[str, Any]]:
    """Return the text's entries, the oldest first, without lines that were cut off.

    Raises:
        StoreError: it cannot be read, or is damaged, or of another format.
    """
    entries = []
    for path in (folder / name for name in NAMES):
        for line in _lines(path):
            text = line.strip(b"\0 \r")
            if text.endswith((b"]", b"}")):
                entries.append(_entry(text, path))
    return entries


def is_there(path: Path) -> bool:
    """Tell whether something stands at a path.

    Raises:
        StoreError: its folder may not be entered, so that nobody knows.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        not_of_the_system(error)
        reason = error.strerror or type(error).__name__
        unreadable(path, reason)
    return True


def _lines(path: Path) -> list[bytes]:
    if not is_there(path):
        return []
    try:
        if is_other_than_a_file(path):
            raise OSError(errno.EINVAL, "it is not a file")  # noqa: TRY301 - as any other reason
        return path.read_bytes().split(b"\n")
    except OSError as error:
        not_of_the_system(error)
        reason = error.strerror or type(error).__name__
    return unreadable(path, reason)


def _entry(line: bytes, path: Path) -> dict[str, Any]:
    known: Any = None
    with contextlib.suppress(ValueError, RecursionError):
        known = json.loads(line)
    if isinstance(known, list):  # The format before.
        return _old_entry(known, path)
    if isinstance(known, dict) and known.get("format", FORMAT) != FORMAT:
        raise newer("The refresh log", path)
    is_known = isinstance(known, dict) and any(
        all(isinstance(known.get(name), str) for name in names) for names in _KINDS
    )
    at = known.get("at") if is_known else None
    if not isinstance(at, int | float) or at != at:  # noqa: PLR0124 - NaN
        unreadable(path, "a line of it is damaged")
    return dict(known)


def _old_entry(known: list[Any], path: Path) -> dict[str, Any]:
    try:
        spent, newest, place, at = known
        entry = {"at": float(at), "place": str(place), "spent": str(spent), "newest": str(newest)}
    except (ValueError, TypeError):
        return unreadable(path, "a line of it is damaged")
    return entry if spent and newest else {"at": entry["at"], "forgotten": entry["place"]}


def is_other_than_a_file(path: Path) -> bool:
    """Tell whether a folder, a pipe or a link that leads nowhere stands there."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return os.path.lexists(path)


def not_of_the_system(error: OSError) -> None:
    """Raise an error again that is none of the system's."""
    if error.errno is None:
        raise error  # Of an alarm's handler: to know nothing of spent tokens then would send one again.


def newer(what: str, path: Path) -> StoreError:
    """Return the error for something of ours that is of another format."""
    return StoreError(
        f"{what} has a format that this version of oint_magics does not know. Nothing was sent.",
        cause=f"{path.name} was written by another version.",
        next_step="%pip install --upgrade oint_magics",
    )


def unreadable(path: Path, reason: str) -> NoReturn:
    """Raise the error for a log that is there and cannot be read."""
    raise StoreError(
        "The refresh log cannot be read, so it is not known which tokens are spent. Nothing was sent.",
        cause=f"{path}: {reason}.",
        next_step="make the log readable, or restore it; or set OINT_HOME to another data folder",
    )
