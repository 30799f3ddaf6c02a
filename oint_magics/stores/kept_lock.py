"""A lock between processes for what is done again and again: its file stays open between."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

from oint_magics.errors import StoreBusy
from oint_magics.stores import locks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oint_magics.stores.private_folder import Folder


class KeptLock:
    """A lock of a folder; threads of one process need another one beside it.

    Args:
        name: the name of its file, without an ending.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._file: locks.LockFile | None = None
        self._status: os.stat_result | None = None

    @contextlib.contextmanager
    def held(self, folder: Folder, seconds: float) -> Iterator[None]:
        """Hold it; as `locks.file_lock` otherwise.

        Args:
            folder: its folder.
            seconds: how long to wait.

        Raises:
            StoreBusy: another process held it all the time.
        """
        if not locks.BY_FLOCK:
            with locks.file_lock(folder, self._name, seconds):
                yield
            return
        try:
            self._take(folder, time.monotonic() + seconds)
            yield
            self._release()
        except BaseException:
            self._file = None  # Whatever has ended it, and wherever: a file that is closed is held by nobody.
            raise

    def _take(self, folder: Folder, end: float) -> None:
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
            self._status = os.fstat(self._file.fileno())
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno is None:
                raise
            return True
        there = folder.stat(f"{self._name}.lock")
        if there and self._status and os.path.samestat(self._status, there):
            return True
        self._file = None  # Somebody has deleted the folder meanwhile; a lock on a file that is gone locks nothing.
        return False

    def _release(self) -> None:
        import fcntl

        if self._file is not None:
            with contextlib.suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_UN)
