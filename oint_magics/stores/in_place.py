"""Writing a file in place, where nothing can be renamed over it: its whole new text is kept first, in `.oint/`.

A kill in the middle leaves old and new bytes mixed in the file, and both whole in the copy; whoever holds the file next
writes the new ones again, and who only reads takes them from the copy.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from typing import TYPE_CHECKING, NamedTuple

from oint_magics.stores import formats
from oint_magics.stores.private_folder import synced, write_all
from oint_magics.stores.state_folder import StateFolder, state_path

if TYPE_CHECKING:
    from pathlib import Path

    from oint_magics.stores.private_folder import Folder

FORMAT = 1
_END = ".whole"
_LARGEST = 8 * 1024 * 1024
# What a killed proof leaves behind the text.
_BLANKS = b"\x00\n\r "


class _Copy(NamedTuple):
    old: bytes
    new: bytes


def write(folder: StateFolder, name: str, data: bytes, reserve: bytes) -> None:
    """Write new bytes over a file's old ones, in one write, and sync them.

    Args:
        folder: the state folder of the file.
        name: the file's.
        data: its new bytes.
        reserve: blanks that must find room on the disk behind them.

    Raises:
        OSError: it could not be done; the file is as it was, or the next holder completes it.
    """
    old = folder.beside.read(name, _LARGEST) or b""
    folder.write(name + _END, _packed(old, data))
    folder.sync()
    try:
        _overwrite(folder.beside, name, data, reserve)
    except OSError:
        with contextlib.suppress(OSError):
            _overwrite(folder.beside, name, old, b"")
            folder.remove(name + _END)
        raise
    folder.remove(name + _END)
    folder.sync()


def complete(target: Path) -> None:
    """Complete what a killed process began to write, where there is such a thing.

    Args:
        target: the real file; the caller holds it.
    """
    if not os.path.lexists(state_path(target) / (target.name + _END)):
        return
    with contextlib.suppress(OSError), StateFolder(target) as folder:
        copy = _copy_in(folder, target.name)
        if copy is not None and _is_mixed(folder.beside.read(target.name, _LARGEST), copy):
            _overwrite(folder.beside, target.name, copy.new, b"")
        for name in folder.names(target.name + _END):  # Also what was left of one that was just being made.
            folder.remove(name)


def read(target: Path) -> bytes | None:
    """Return a file's new bytes where they are just being written in place, or were when a process was killed."""
    if not os.path.lexists(state_path(target) / (target.name + _END)):
        return None
    with contextlib.suppress(OSError), StateFolder(target) as folder:
        copy = _copy_in(folder, target.name)
        if copy is not None and _is_mixed(folder.beside.read(target.name, _LARGEST), copy):
            return copy.new
    return None


def is_apart(target: Path) -> bool:
    """Tell whether a file lies on another disk than its state folder, as one that is mounted into a container does."""
    try:
        return target.stat().st_dev != state_path(target).stat().st_dev
    except OSError:
        return False


def _overwrite(folder: Folder, name: str, data: bytes, reserve: bytes) -> None:
    descriptor = folder.open(name, os.O_WRONLY)
    try:
        write_all(descriptor, data + reserve)
        if reserve:
            synced(descriptor)
        os.ftruncate(descriptor, len(data))
        synced(descriptor)
    finally:
        os.close(descriptor)


def _packed(old: bytes, new: bytes) -> bytes:
    head = {"format": FORMAT, "old": len(old), "new": len(new), "sum": hashlib.sha256(old + new).hexdigest()}
    return json.dumps(head).encode() + b"\n" + old + new


def _copy_in(folder: StateFolder, name: str) -> _Copy | None:
    """Return the saved copy, or `None` if it is incomplete or others could have changed it.

    Raises:
        StoreError: it is of an unknown format.
    """
    found = folder.stat(name + _END)
    if found is None or not folder.is_private(found, folder.owner):
        return None
    start, _, texts = (folder.read(name + _END, 2 * _LARGEST) or b"").partition(b"\n")
    try:
        head = json.loads(start)
        if head["format"] != FORMAT and isinstance(head["format"], int):
            raise formats.newer("The copy of a file's new text", folder.path / (name + _END))
        old, new = texts[: head["old"]], texts[head["old"] :]
        is_whole = len(new) == head["new"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return _Copy(old, new) if is_whole and hashlib.sha256(texts).hexdigest() == head["sum"] else None


def _is_mixed(there: bytes | None, copy: _Copy) -> bool:
    """Tell whether a file holds what a write that was cut off leaves; else somebody has written it since.

    That is a beginning of the new bytes, and behind it the rest of the old ones, or the blanks of a proof.
    """
    if there is None:
        return False
    same = next((at for at, (a, b) in enumerate(zip(there, copy.new, strict=False)) if a != b), None)
    same = min(len(there), len(copy.new)) if same is None else same
    if there[same:] == copy.old[same:] and len(there) >= len(copy.old):
        return True
    if same == len(copy.new):
        rest = there[same:]
        return not rest.strip(_BLANKS) or rest == copy.old[same:]
    return same == len(there) > len(copy.old)
