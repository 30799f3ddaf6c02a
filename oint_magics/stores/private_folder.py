"""Folders of our own: only their owner can look into them, and nothing that is put in their place gets what is written.

Every file in one is opened by the folder's descriptor and follows no link, where the system has that; so a folder that
somebody swaps between two calls stays the one that was checked.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any, Self

# File systems without it (FUSE, CIFS) say so in one of these ways; nothing more can be done there.
_NO_SYNC = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF, errno.EACCES, errno.EPERM)
# Whether the system opens, renames and removes by a folder's descriptor; a switch, so that the other way is tested too.
BY_DESCRIPTOR = {os.open, os.stat, os.unlink, os.rename, os.mkdir} <= os.supports_dir_fd
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_OPTIONS = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | _NOFOLLOW


class Folder:
    """A folder, as it was when it was opened.

    Args:
        path: the folder.
        descriptor: its descriptor, closed with this object; `None` where the system goes by paths alone.

    Attributes:
        heir: who gets what root makes in it: the folder's owner; `None` where that is root, or this is not root.
        group: the group that shares the files in it; `None` if it is private.

    Raises:
        OSError: it is not there.
    """

    def __init__(self, path: Path, descriptor: int | None = None) -> None:
        self.path = path
        self.group: int | None = None
        self._descriptor = descriptor
        if BY_DESCRIPTOR and descriptor is None:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self.heir = _heir(path if self._descriptor is None else self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the descriptor."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _at(self, name: str) -> tuple[str | Path, dict[str, Any]]:
        if self._descriptor is None:
            return self.path / name, {}
        return name, {"dir_fd": self._descriptor}

    def names(self, start: str) -> list[str]:
        """Return the names of the files that begin so, in their order."""
        found = os.listdir(self.path if self._descriptor is None else self._descriptor)
        return sorted(name for name in found if name.startswith(start))

    def stat(self, name: str) -> os.stat_result | None:
        """Return what is known of a file, and not of what a link leads to; `None` where there is none."""
        path, at = self._at(name)
        try:
            return os.stat(path, follow_symlinks=False, **at)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def read(self, name: str, most: int) -> bytes | None:
        """Return a file's content, as far as `most` bytes; `None` where there is no such regular file."""
        path, at = self._at(name)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | _OPTIONS if os.name == "posix" else _OPTIONS, **at)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:
                return None
            raise
        with os.fdopen(descriptor, "rb") as file:
            return file.read(most) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None

    def create(self, name: str) -> int:
        """Make a file that only its owner can read, in the place of whatever stands there; return its descriptor."""
        self.remove(name)
        return self.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL)

    def open(self, name: str, flags: int) -> int:
        """Open a file; one that is made can be read by its owner, or by the folder's group; a link is refused."""
        path, at = self._at(name)
        descriptor = os.open(path, flags | _OPTIONS, 0o600, **at)
        if self.group is not None and flags & os.O_CREAT and os.fstat(descriptor).st_uid == os.geteuid():
            os.fchmod(descriptor, 0o660)
        if self.heir is not None and flags & os.O_CREAT and os.fstat(descriptor).st_uid == 0:
            os.fchown(descriptor, self.heir, -1)
        return descriptor

    def write(self, name: str, data: bytes, *, is_synced: bool = True) -> None:
        """Write a small file whole or not at all.

        Args:
            name: its name.
            data: its content.
            is_synced: whether it has to survive that the power goes.
        """
        new = f"{name}.{os.getpid()}.new"
        descriptor = self.create(new)
        try:
            try:
                write_all(descriptor, data)
                if is_synced:
                    synced(descriptor)
            finally:
                os.close(descriptor)
            self.rename(new, self, name)
        except OSError:
            with contextlib.suppress(OSError):
                self.remove(new)
            raise

    def note(self, name: str, data: bytes) -> None:
        """Write a small file that costs nothing when it is damaged."""
        descriptor = self.create(name)
        try:
            write_all(descriptor, data)
        finally:
            os.close(descriptor)

    def ignore(self) -> None:
        """Let git pass over the folder; nothing happens where that was said before."""
        if self.stat(".gitignore") is None:
            with contextlib.suppress(FileExistsError):
                descriptor = self.open(".gitignore", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
                try:
                    write_all(descriptor, b"*\n")
                finally:
                    os.close(descriptor)

    def rename(self, name: str, folder: Folder, new: str) -> None:
        """Rename a file, over another one; on Windows a virus scanner or editor may hold that for a moment."""
        (source, at), (target, there) = self._at(name), folder._at(new)
        options = {"src_dir_fd": at.get("dir_fd"), "dst_dir_fd": there.get("dir_fd")} if at else {}
        for pause in (0.05, 0.2, 0.5, 1.0, None):
            try:
                os.replace(source, target, **options)
            except PermissionError:
                if os.name == "posix" or pause is None:
                    raise
                time.sleep(pause)
            else:
                return

    def has_modes(self) -> bool:
        """Tell whether the file system keeps a file's mode; a Windows disk under Linux (WSL) shows every file open."""
        name = f"mode.{os.getpid()}.new"
        descriptor = self.create(name)
        try:
            return is_closed(os.fstat(descriptor))
        finally:
            os.close(descriptor)
            self.remove(name)

    def remove(self, name: str) -> None:
        """Remove a file, and not what a link leads to; nothing happens where there is none."""
        path, at = self._at(name)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(path, **at)

    def sync(self) -> None:
        """Sync the folder, so that the names in it are on the disk."""
        if self._descriptor is not None:
            synced(self._descriptor)

    def is_private(self, found: os.stat_result, owner: int | None = None) -> bool:
        """Return whether a file in this folder was made, and can be changed, only by this user or the folder's group.

        Args:
            found: the file's status.
            owner: another user who may own it; `None` for none.
        """
        if found.st_nlink != 1:
            return False
        if self.group is not None and found.st_gid == self.group and not found.st_mode & 0o007:
            return True
        return is_mine(found, owner) and (is_closed(found) or not self.has_modes())

    def inner(self, name: str, owner: int | None = None, group: int | None = None) -> Folder:
        """Return a folder in this one, made where it is not there, that is mine and closed to others.

        Args:
            name: its name.
            owner: who else may own it; `None` for nobody.
            group: the group to share it with; `None` for a private folder.

        Raises:
            OSError: it cannot be made, or somebody else made it.
        """
        path, at = self._at(name)
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, 0o700, **at)
            heir = owner if owner and self._is_root() else self.heir
            if heir is not None:
                os.chown(path, heir, -1, follow_symlinks=False, **at)
        found = os.stat(path, follow_symlinks=False, **at)
        if not stat.S_ISDIR(found.st_mode):
            raise _not_mine(name)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _OPTIONS, **at) if at else None
        try:
            there = self.path / name if descriptor is None else descriptor
            is_shared = group is not None and _share(there, group)
            if not is_shared:
                _close_to_others(there, name, owner)
        except BaseException:
            if descriptor is not None:
                os.close(descriptor)
            raise
        folder = Folder(self.path / name, descriptor)
        folder.group = group if is_shared else None
        return folder

    @staticmethod
    def _is_root() -> bool:
        return hasattr(os, "geteuid") and os.geteuid() == 0


def _heir(folder: Path | int) -> int | None:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    return os.stat(folder).st_uid or None


def hand_over(path: Path) -> None:
    """Give a file or folder that root has just made in somebody's folder to that folder's owner."""
    heir = _heir(path.parent)
    if heir is not None:
        os.chown(path, heir, -1, follow_symlinks=False)


def synced(descriptor: int) -> None:
    """Sync a file or folder to the disk, as far as its file system can.

    Raises:
        OSError: it can, and did not.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def is_mine(found: os.stat_result, owner: int | None = None) -> bool:
    """Tell whether a file is this user's; for root also whether it is another owner's."""
    if not hasattr(os, "geteuid"):
        return True
    return found.st_uid == os.geteuid() or (os.geteuid() == 0 and found.st_uid == owner)


def is_closed(found: os.stat_result) -> bool:
    """Tell whether only its owner can get at a file."""
    return os.name != "posix" or not stat.S_IMODE(found.st_mode) & 0o077


def _close_to_others(folder: Path | int, name: str, owner: int | None) -> None:
    found = os.stat(folder)
    if not is_mine(found, owner):
        raise _not_mine(name)
    if not is_closed(found):
        os.chmod(folder, 0o700)


def _share(folder: Path | int, group: int) -> bool:
    """Open a folder to a group if this user owns it; return whether exactly that group has access."""
    if os.stat(folder).st_uid == os.geteuid():
        with contextlib.suppress(OSError):
            os.chown(folder, -1, group)
            os.chmod(folder, 0o2770)  # noqa: S103 - to the group that the file itself is shared with
    found = os.stat(folder)
    return found.st_gid == group and stat.S_IMODE(found.st_mode) & 0o077 == 0o070


def shared_group(folder: os.stat_result, file: os.stat_result | None) -> int | None:
    """Return the group that shares a folder and a file in it: the folder is setgid, and both are writable by the group.

    Args:
        folder: the folder's status.
        file: the file's status; `None` if there is no file.

    Returns:
        The group's id; `None` if they are not shared, others have access, or this user is not in the group.
    """
    if os.name != "posix" or file is None or file.st_gid != folder.st_gid:
        return None
    is_open = folder.st_mode & 0o2070 == 0o2070 and file.st_mode & 0o060 == 0o060
    is_known = file.st_gid == os.getegid() or file.st_gid in os.getgroups()
    return file.st_gid if is_open and is_known and not (folder.st_mode & 0o002 or file.st_mode & 0o007) else None


def _not_mine(name: str) -> PermissionError:
    return PermissionError(errno.EPERM, f"{name} is not a folder of yours")


def may_write(path: Path) -> bool:
    """Tell whether this user may write a file, or make one in a folder."""
    mode = os.W_OK | os.X_OK if path.is_dir() else os.W_OK
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def private_folder(path: Path) -> Path:
    """Make a folder, and those above it that are not there, so that nobody else can look into them; return it.

    Raises:
        OSError: it cannot be made.
    """
    if not path.is_dir():
        private_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        hand_over(path)
    return path


def data_folder(path: Path) -> Path:
    """Make a data folder where it is not there, closed to others and ignored by git; return it; raises `OSError`."""
    if not path.is_dir():
        private_folder(path)
        with Folder(path) as folder:
            folder.ignore()
    return path


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of the data: the system may take less at once than it is given."""
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def reason_of(error: OSError) -> str:
    """Return why the system did not do what was asked, in its words.

    Raises:
        OSError: it is none of the system's: the `TimeoutError` that an alarm's handler raises is an `OSError` too.
    """
    if error.errno is None:
        raise error
    return error.strerror or type(error).__name__
