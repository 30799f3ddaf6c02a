"""The folder `.oint/` beside a file: its locks, its recovery files, and its next version."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from typing import TYPE_CHECKING

from oint_magics import settings
from oint_magics.stores.private_folder import Folder, data_folder, is_mine, may_write, private_folder, shared_group

if TYPE_CHECKING:
    from pathlib import Path

STATE_FOLDER = ".oint"
_LARGEST_MOVED = 8 * 1024 * 1024


def state_path(target: Path) -> Path:
    """Return the folder for the state of a file: `.oint/` beside it, or one in the data folder if that cannot be made.

    Args:
        target: the file, wherever its links lead.
    """
    beside = target.parent / STATE_FOLDER
    if os.path.lexists(beside) or may_write(target.parent) or not _is_mine_alone(target):
        return beside
    return _elsewhere(target)


def _elsewhere(target: Path) -> Path:
    return settings.data_folder() / "beside" / hashlib.sha256(os.fsencode(target)).hexdigest()[:16]


def _is_mine_alone(target: Path) -> bool:
    """Tell whether nobody else may write a file: with another user, who has another data folder, nothing is shared."""
    try:
        found = target.stat()
    except OSError:
        return False
    return is_mine(found) and not stat.S_IMODE(found.st_mode) & 0o022


class StateFolder(Folder):
    """The folder `.oint/` beside a file, or what stands for it: its locks, its recovery files, and its next version.

    Args:
        target: the file, wherever its links lead; it need not be there.

    Attributes:
        beside: the folder that the file lies in.
        owner: the file's owner; `None` where there is no file.
        is_beside: whether it is the one beside the file.

    Raises:
        OSError: it cannot be made, or somebody else made it.
    """

    def __init__(self, target: Path) -> None:
        self.beside = Folder(target.parent)
        try:
            found = self.beside.stat(target.name)
            self.owner = found.st_uid if found else None
            path = state_path(target)
            self.is_beside = path.parent == target.parent
            if self.is_beside:
                group = shared_group(target.parent.stat(), found)
                inner = self.beside.inner(STATE_FOLDER, self.owner, group)
                _move_in(_elsewhere(target), inner)
            else:
                data_folder(settings.data_folder())
                with Folder(private_folder(path.parent)) as above:
                    inner = above.inner(path.name)
            super().__init__(inner.path, inner._descriptor)  # noqa: SLF001 - of the same class
            self.group = inner.group
            self.ignore()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close both descriptors."""
        self.beside.close()
        if getattr(self, "_descriptor", None) is not None:
            super().close()


def _move_in(elsewhere: Path, folder: Folder) -> None:
    """Move into a state folder what lay in the data folder while nothing could be made beside the file."""
    if not elsewhere.is_dir():
        return
    with Folder(elsewhere) as old:
        for name in old.names(""):
            data = None if name.endswith((".lock", ".holder", ".gitignore")) else old.read(name, _LARGEST_MOVED)
            if data is not None and folder.stat(name) is None:
                folder.write(name, data)
                folder.sync()
            old.remove(name)
    with contextlib.suppress(OSError):
        elsewhere.rmdir()


def owner_of_state(target: Path) -> str | None:
    """Return the owner of the folder beside a file, by name or number; `None` if it is this user's, or not there."""
    try:
        found = (target.parent / STATE_FOLDER).lstat()
    except OSError:
        return None
    if is_mine(found):
        return None
    import pwd

    try:
        return pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        return f"user {found.st_uid}"
