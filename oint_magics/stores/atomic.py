"""Replacing a file whole or not at all, and leaving it as it was found otherwise.

A new file takes the old one's place by a rename. Where that would part it from what it is (its other hard links, its
mount, an owner that cannot be given away), the old one is written in place; see `oint_magics.stores.in_place`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from typing import TYPE_CHECKING

from oint_magics.stores import in_place
from oint_magics.stores.private_folder import may_write, synced, write_all
from oint_magics.stores.state_folder import StateFolder, state_path

if TYPE_CHECKING:
    from pathlib import Path

    from oint_magics.stores.private_folder import Folder

# A single file that is mounted; another device; a folder in which only a file's owner may replace it.
_NO_RENAME = (errno.EBUSY, errno.EXDEV, errno.EPERM, errno.EACCES)
_NEW = ".new"
_ACL = "system.posix_acl_access"


class _Apart(Exception):
    """A new file could not be what the old one is."""


def replace(path: Path, data: bytes, reserve: bytes = b"") -> None:
    """Put new bytes in a file's place, synced to the disk, so that a reader finds the old ones or the new ones.

    The file keeps its mode, owner and extended attributes as far as this user can give them to a file, and is never
    more open than before; a new one is readable by its owner alone. A symbolic link is followed and stays.

    Args:
        path: the file.
        data: its new bytes.
        reserve: blanks that must find room on the disk behind them, for a later and longer version.

    Raises:
        OSError: it could not be done; the file is as it was, or new and not sure to outlast a power failure.
    """
    target = path.resolve()
    with StateFolder(target) as folder:
        old = folder.beside.stat(target.name)
        if old is not None and (old.st_nlink > 1 or not folder.is_beside):
            in_place.write(folder, target.name, data, reserve)
            return
        try:
            _renamed(folder, target.name, data, reserve)
        except _Apart:
            in_place.write(folder, target.name, data, reserve)
        except OSError as error:
            if old is None or error.errno not in _NO_RENAME:
                raise
            in_place.write(folder, target.name, data, reserve)


def clear(target: Path) -> None:
    """Remove what a process left that died between writing a file's next version and its renaming.

    Args:
        target: the real file; the caller holds it.
    """
    if not os.path.lexists(state_path(target)):
        return
    with contextlib.suppress(OSError), StateFolder(target) as folder:
        for name in folder.names(f"{target.name}."):
            if name.endswith(_NEW):
                folder.remove(name)


def _renamed(folder: StateFolder, name: str, data: bytes, reserve: bytes) -> None:
    temporary = f"{name}.{os.getpid()}{_NEW}"
    try:
        descriptor = folder.create(temporary)
        try:
            write_all(descriptor, data + reserve)
            if reserve:
                synced(descriptor)
                os.ftruncate(descriptor, len(data))
            _copy_metadata(descriptor, folder.beside, name)
            synced(descriptor)
        finally:
            os.close(descriptor)
        folder.rename(temporary, folder.beside, name)
    except BaseException:
        folder.remove(temporary)
        raise
    folder.beside.sync()


def _copy_metadata(descriptor: int, folder: Folder, name: str) -> None:
    """Give the new file the old one's owner, attributes and mode, in this order: a change of owner drops bits.

    Raises:
        _Apart: others could get at the file by what cannot be given, or could not any more, and it can be written.
    """
    old = folder.stat(name)
    if os.name != "posix" or old is None:
        return
    is_kept = _give(descriptor, old)
    if sys.platform == "linux":
        is_kept &= _copy_attributes(descriptor, folder.path / name)
    mode = stat.S_IMODE(old.st_mode)
    if not is_kept and (mode & 0o077 or old.st_uid != os.fstat(descriptor).st_uid):
        if may_write(folder.path / name):
            raise _Apart
        # The new group may do what everybody may, and no more.
        mode &= ~0o070 | (mode & 0o007) << 3
    try:
        os.fchmod(descriptor, mode)
    except OSError as error:  # A file system without modes; one with them lets a file's owner choose.
        if error.errno not in (errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP):
            raise


def _give(descriptor: int, old: os.stat_result) -> bool:
    """Give a new file the old one's owner and group; tell whether that could be done."""
    new = os.fstat(descriptor)
    if (old.st_uid, old.st_gid) == (new.st_uid, new.st_gid):
        return True
    try:
        os.fchown(descriptor, old.st_uid, old.st_gid)
    except OSError:
        return False
    return True


def _copy_attributes(descriptor: int, path: Path) -> bool:
    """Give a new file the old one's extended attributes, as far as that can be; tell whether its access list is there.

    Some are the system's own (`security.*`, WSL's), and some file systems have none.
    """
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError:
        return True
    is_kept = True
    for name in names:
        try:
            os.setxattr(descriptor, name, os.getxattr(path, name, follow_symlinks=False))
        except OSError:
            is_kept &= name != _ACL
    return is_kept
