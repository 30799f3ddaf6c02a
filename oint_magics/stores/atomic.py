"""Replacing a file whole or not at all, and leaving it as it was found otherwise."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

WORKSHOP = ".oint"


def replace(path: Path, data: bytes, spare: int = 0) -> None:
    """Put new bytes in a file's place, synced to the disk, in one step.

    The file keeps its mode, owner and extended attributes; a new one is readable by its owner alone.
    A symbolic link is followed and stays. The temporary file lies in `.oint/` beside the real file.

    Args:
        path: the file.
        data: its new bytes.
        spare: how many bytes more must find room on the disk beside them, for a later and longer version.

    Raises:
        OSError: it could not be done; the file is as it was, or new and not sure to outlast a power failure.
    """
    target = path.resolve()
    temporary = workshop(target.parent) / f"{target.name}.{os.getpid()}.new"
    try:
        _write(temporary, data, target, spare)
        _rename(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def reason_of(error: OSError) -> str:
    """Return why the system did not do what was asked, in its words.

    Raises:
        OSError: it is none of the system's: the `TimeoutError` that an alarm's handler raises is an `OSError` too.
    """
    if error.errno is None:
        raise error
    return error.strerror or type(error).__name__


def private_folder(path: Path) -> Path:
    """Make a folder, and those above it that are not there, so that nobody else can look into them; return it.

    Raises:
        OSError: it cannot be made.
    """
    if not path.is_dir():
        private_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
    return path


def workshop(folder: Path) -> Path:
    """Return the folder's `.oint/`, made when it is not there; nobody else can look into it.

    Raises:
        OSError: it cannot be made, or somebody else made it.
    """
    place = folder / WORKSHOP
    with contextlib.suppress(FileExistsError):
        place.mkdir(mode=0o700)
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
        raise PermissionError(errno.EPERM, f"{WORKSHOP} is not a folder of yours")
    if stat.S_IMODE(found.st_mode) & 0o077 and os.name == "posix":
        place.chmod(0o700)
    ignore = place / ".gitignore"
    if not ignore.exists():
        note(ignore, "*\n")
    return place


def note(path: Path, text: str) -> None:
    """Write a small file that costs nothing when it is damaged; its owner alone can read it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        write_all(descriptor, text.encode())
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of the data: the system may take less at once than it is given."""
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _write(temporary: Path, data: bytes, target: Path, spare: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, flags, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data + bytes(spare))
        file.flush()
        if spare:
            os.fsync(descriptor)
            os.ftruncate(descriptor, len(data))
        if target.exists():
            _dress(descriptor, target)
        os.fsync(descriptor)


def _dress(descriptor: int, target: Path) -> None:
    """Give the new file the old one's owner, attributes and mode, in this order: a change of owner drops bits."""
    if os.name != "posix":
        return
    old, new = target.stat(), os.fstat(descriptor)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        os.fchown(descriptor, old.st_uid, old.st_gid)
    if sys.platform == "linux":
        for name in os.listxattr(target):
            os.setxattr(descriptor, name, os.getxattr(target, name))
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode))


def _rename(temporary: Path, target: Path) -> None:
    """Rename over the target; on Windows a virus scanner or editor may hold it for a moment."""
    for pause in (0.05, 0.2, 0.5, 1.0):
        try:
            temporary.replace(target)
        except PermissionError:
            if os.name == "posix":
                raise
            time.sleep(pause)
        else:
            return
    temporary.replace(target)


def sync_folder(folder: Path) -> None:
    """Sync a folder, so that the names in it are on the disk."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
