"""A lock between processes for what is done again and again: its file stays open between."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from typing import TYPE_CHECKING

from oint_magics.errors import StoreBusy
from oint_magics.stores import locks

if TYPE_CHECKING:
    from oint_magics.stores.private_folder import Folder


class KeptLock:
    """A lock of a folder; threads of one process need another one beside it.

    It is not a context manager: an interrupt inside contextlib's code would leave it locked. The caller releases it in
    a `finally`, and drops it after any exception.

    Args:
        name: the name of its file, without an ending.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._file: locks.LockFile | None = None
        self._others = contextlib.ExitStack()

    def take(self, folder: Folder, seconds: float) -> None:
        """Take it, where the disk has locks.

        Args:
            folder: its folder.
            seconds: how long to wait.

        Raises:
            StoreBusy: another process held it all the time.
        """
        if not locks.BY_FLOCK:
            self._others.enter_context(locks.file_lock(folder, self._name, seconds))
            return
        end = time.monotonic() + seconds
        while not self._is_taken(folder):
            if time.monotonic() > end:
                raise StoreBusy(
                    "Another process holds a file of ours. Nothing was sent.",
                    cause=f"the lock is {self._name}.lock in the data folder.",
                    next_step="end that process, then run it again",
                )
            locks.wait_a_moment(0.01)

    def _is_taken(self, folder: Folder) -> bool:
        """Take it, and tell whether that was done, or cannot be done on this disk."""
        import fcntl

        if self._file is None:
            self._file = locks.LockFile(folder.open(f"{self._name}.lock", os.O_RDWR | os.O_CREAT))
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno == errno.EBADF:  # Somebody has closed the file.
                with contextlib.suppress(OSError):
                    self._file.close()
            if error.errno in (None, errno.EBADF):  # None is that of a handler of the user's.
                raise
            return True
        there = folder.stat(f"{self._name}.lock")
        if there and os.path.samestat(os.fstat(self._file.fileno()), there):
            return True
        self._file = None  # Somebody has deleted the folder meanwhile; a lock on a file that is gone locks nothing.
        return False

    def release(self) -> None:
        """Give it back."""
        self._others.close()
        if self._file is not None:
            import fcntl

            try:
                fcntl.flock(self._file, fcntl.LOCK_UN)
            except OSError as error:
                self._file = None
                if error.errno is None:
                    raise

    def drop(self) -> None:
        """Release it and close its file, which always ends the lock."""
        self._file = None
        self._others.close()
