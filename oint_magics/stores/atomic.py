"""Replacing a file whole or not at all, and leaving it as it was found otherwise."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

from oint_magics.stores.private_folder import StateFolder, write_all

if TYPE_CHECKING:
    from pathlib import Path

    from oint_magics.stores.private_folder import Folder


def replace(path: Path, data: bytes, reserve: int = 0) -> None:
    """Put new bytes in a file's place, synced to the disk, in one step.

    The file keeps its mode, owner and extended attributes; a new one is readable by its owner alone.
    A symbolic link is followed and stays. The temporary file lies in `.oint/` beside the real file.

    Args:
        path: the file.
        data: its new bytes.
        reserve: how many bytes more must find room on the disk beside them, for a later and longer version.

    Raises:
        OSError: it could not be done; the file is as it was, or new and not sure to outlast a power failure.
    """
    target = path.resolve()
    with StateFolder(target) as folder:
        temporary = f"{target.name}.{os.getpid()}.new"
        try:
            _write(folder, temporary, data, reserve)
            folder.rename(temporary, folder.beside, target.name)
        except BaseException:
            folder.remove(temporary)
            raise
        folder.beside.sync()


def _write(folder: StateFolder, temporary: str, data: bytes, reserve: int) -> None:
    descriptor = folder.create(temporary)
    try:
        write_all(descriptor, data + bytes(reserve))
        if reserve:
            os.fsync(descriptor)
            os.ftruncate(descriptor, len(data))
        _copy_metadata(descriptor, folder.beside, temporary.rsplit(".", 2)[0])
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy_metadata(descriptor: int, folder: Folder, name: str) -> None:
    """Give the new file the old one's owner, attributes and mode, in this order: a change of owner drops bits."""
    old = folder.stat(name)
    if os.name != "posix" or old is None:
        return
    new = os.fstat(descriptor)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        os.fchown(descriptor, old.st_uid, old.st_gid)
    if sys.platform == "linux":
        path = folder.path / name
        for attribute in os.listxattr(path, follow_symlinks=False):
            os.setxattr(descriptor, attribute, os.getxattr(path, attribute, follow_symlinks=False))
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
