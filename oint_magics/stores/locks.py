"""Locks between processes: one holder a store, one a token."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import random
import socket
import stat
import time
from typing import TYPE_CHECKING, NamedTuple, NoReturn, TypeVar

from oint_magics import process, settings
from oint_magics.display.text import visible
from oint_magics.errors import StoreBusy, StoreNotWritable
from oint_magics.stores import atomic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

T = TypeVar("T")
_STRIPES = 2
_PAIR = "Another process holds this pair and does not come to its end"
_LOGIN = "Another login of this app does not come to its end"


@contextlib.contextmanager
def store_lock(path: Path, seconds: float, meanwhile: Callable[[], T | None]) -> Iterator[T | None]:
    """Hold a file store; the body runs with the lock, or with what made it needless.

    Args:
        path: the store's real file.
        seconds: how long to wait.
        meanwhile: asked while somebody else holds the lock; what it returns ends the waiting.

    Raises:
        StoreBusy: it was held all the time; names the holder.
        StoreNotWritable: there is no place for the lock beside the file.
    """
    place = _workshop(path)
    note = place / f"{path.name}.holder"
    with contextlib.ExitStack() as stack:
        found = _acquire(stack, place / f"{path.name}.lock", _Wait(note, _PAIR, seconds), meanwhile)
        if found is None:
            _sign(note)
        yield found


def holder_of(path: Path) -> str | None:
    """Return who holds a store's real file now, in words, or `None`."""
    place = path.parent / atomic.WORKSHOP
    try:
        release = _try(place / f"{path.name}.lock")
    except (OSError, NotImplementedError):
        return None
    if release:
        release()
        return None
    return _named(place / f"{path.name}.holder")


def has_locks(path: Path) -> bool:
    """Tell whether the file system of a store's real file has locks."""
    try:
        release = _try(_workshop(path) / f"{path.name}.lock")
    except (OSError, NotImplementedError, StoreNotWritable):
        return False
    if release:
        release()
    return True


def token_lock(
    fingerprint: str, seconds: float, meanwhile: Callable[[], T | None]
) -> contextlib.AbstractContextManager[T | None]:
    """Hold a token, wherever its copies lie on this machine; as `store_lock` otherwise.

    The locks are few and shared by tokens of like fingerprints, so that they do not pile up.
    """
    return _machine_lock(fingerprint[:_STRIPES], _PAIR, seconds, meanwhile)


def login_lock(app: str, seconds: float) -> contextlib.AbstractContextManager[None]:
    """Hold an app's logins on this machine: from the sending of a code to the save of its pair.

    Args:
        app: what names the app in a file's name.
        seconds: how long to wait.

    Raises:
        StoreBusy: another process held them all the time.
    """
    return _machine_lock(f"login-{app}", _LOGIN, seconds, lambda: None)


@contextlib.contextmanager
def _machine_lock(name: str, busy: str, seconds: float, meanwhile: Callable[[], T | None]) -> Iterator[T | None]:
    """Hold a lock of the data folder; without such a folder nothing is known to be a copy, and nothing is held."""
    place = settings.data_folder() / "locks"
    try:
        atomic.private_folder(place)
    except OSError:
        yield None
        return
    note = place / f"{name}.holder"
    with contextlib.ExitStack() as stack:
        found = _acquire(stack, place / f"{name}.lock", _Wait(note, busy, seconds), meanwhile)
        if found is None:
            _sign(note)
        yield found


def _workshop(path: Path) -> Path:
    reason = None
    try:
        return atomic.workshop(path.parent)
    except OSError as error:
        reason = atomic.reason_of(error)
    if not path.parent.exists():
        raise StoreNotWritable("The file's folder does not exist, so nothing was sent.", next_step="make the folder")
    raise StoreNotWritable(
        "The file's folder cannot be written, so nothing was sent.",
        cause=f"{reason} ({atomic.WORKSHOP}/ is made in it, for locks and for the answer on its way).",
        next_step="make the folder writable, or keep the pair elsewhere: profile:NAME",
    )


class _Wait(NamedTuple):
    """How long to wait for a lock, where its holder signs, and what is said when it was held all the time."""

    note: Path
    busy: str
    seconds: float


def _acquire(stack: contextlib.ExitStack, path: Path, wait: _Wait, meanwhile: Callable[[], T | None]) -> T | None:
    """Take a lock, or return what was found meanwhile."""
    end = time.monotonic() + wait.seconds
    while True:
        try:
            release = _try(path)
        except (OSError, NotImplementedError) as error:
            if isinstance(error, OSError) and error.errno is None:
                raise  # Not the file system's: a `TimeoutError` of an alarm's handler is an `OSError` too.
            # A file system without locks: one in the data folder protects this machine at least.
            path = _fallback(path)
            continue
        if release is not None:
            stack.callback(release)
            return None
        found = meanwhile()
        if found is not None:
            return found
        if time.monotonic() > end:
            _busy(wait)
        wait_a_moment(0.06)


def _try(path: Path) -> Callable[[], None] | None:
    """Take a file's lock and return what releases it, or `None` where another process holds it.

    POSIX has the lock as one call, and it ends with its holder. filelock makes the same call, and importing
    it costs a cold process a seventh of its whole time; it serves where there is no such call.

    Raises:
        OSError: the file system has no locks.
    """
    if os.name != "posix":
        return _try_filelock(path)
    import fcntl

    file = _opened(path)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Somebody may have deleted the folder meanwhile; a lock on a file that is gone locks nothing.
        if os.path.samestat(os.fstat(file.fileno()), path.lstat()):
            return file.release
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        file.close()
        raise
    file.close()
    return None


class _LockFile(io.FileIO):
    """A file that closes itself without a word when an interrupt falls before anybody holds it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "r+")
        process.watch(self)

    def release(self) -> None:
        """Give the lock back, also where a child process has inherited the file; to close it would leave it held."""
        import fcntl

        with contextlib.suppress(OSError, ValueError):
            fcntl.flock(self, fcntl.LOCK_UN)
        self.close()

    def after_fork(self) -> None:
        """Close the parent's file here, so that its lock ends with the parent."""
        self.close()

    def __del__(self) -> None:
        self.close()


def _opened(path: Path) -> _LockFile:
    """Open a lock's file, made where it is not there; a link in its place is refused."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    if stat.S_ISLNK(path.lstat().st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return _LockFile(path)


def _try_filelock(path: Path) -> Callable[[], None] | None:
    from filelock import FileLock, Timeout

    # Given back by the thread that does the work, which is not the one that takes it.
    lock = FileLock(path, mode=0o600, fallback_to_soft=False, preserve_lock_file=True, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    return lock.release


def _fallback(path: Path) -> Path:
    place = settings.data_folder() / "locks"
    if path.parent == place:
        raise StoreNotWritable("No file system here has locks, so nothing was sent.")
    atomic.private_folder(place)
    return place / f"{hashlib.sha256(str(path).encode()).hexdigest()[:16]}.lock"


def wait_a_moment(longest: float) -> None:
    """Wait a while before looking again, in seconds; each waiter another one."""
    time.sleep(random.uniform(longest / 4, longest))  # noqa: S311 - only to keep waiters apart


def holder() -> str:
    """Return what others call this process."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def _sign(note: Path) -> None:
    """Leave a note for those who wait; they read it only to name the holder."""
    with contextlib.suppress(OSError):
        atomic.note(note, f"{holder()}, since {time.strftime('%H:%M:%S UTC', time.gmtime())}")


def _named(note: Path) -> str:
    who = ""
    with contextlib.suppress(OSError, ValueError):
        who = note.read_text(encoding="utf-8")
    return visible(who, 200) or "another process"


def _busy(wait: _Wait) -> NoReturn:
    raise StoreBusy(
        f"{wait.busy}, so nothing was sent.",
        cause=f"it is held by {_named(wait.note)}.",
        next_step="wait for that process or end it, then run it again",
    )
