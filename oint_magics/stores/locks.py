"""Locks between processes: one holder a store, one a token."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn, TypeVar

from oint_magics import process, settings
from oint_magics.display.text import escaped
from oint_magics.errors import StoreBusy, StoreNotWritable
from oint_magics.stores.private_folder import Folder, data_folder, private_folder, reason_of
from oint_magics.stores.state_folder import STATE_FOLDER, StateFolder, owner_of_state, state_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
_STRIPES = 2
# Whether the system has the lock as one call; a switch, so that the other way is tested too.
BY_FLOCK = os.name == "posix"
_PAIR = "Another process is refreshing these tokens, or others that share their lock, and has not finished"
_LOGIN = "Another login of this app has not finished"
_POST = "Another process is sending a post and has not finished"
_DATA = "Another process is reading into this file and has not finished"


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
    with contextlib.ExitStack() as stack:
        beside = _lock_of(path)
        yield _acquire(stack, [beside, _Lock(_machine_folder, _hashed(path), _PAIR)], seconds, meanwhile)


def holder_of(path: Path) -> str | None:
    """Return who holds a store's real file now, in words, or `None`."""
    if not state_path(path).is_dir():
        return None
    lock = _lock_of(path)
    try:
        release = lock.take()
    except (OSError, NotImplementedError, StoreNotWritable):
        return None
    if release:
        release()
        return None
    return lock.holder()


def has_locks(path: Path) -> bool:
    """Tell whether the file system of a store's real file has locks."""
    try:
        release = _lock_of(path).take()
    except (OSError, NotImplementedError, StoreNotWritable):
        return False
    if release:
        release()
    return True


def token_lock(
    fingerprint: str, seconds: float, meanwhile: Callable[[], T | None]
) -> contextlib.AbstractContextManager[T | None]:
    """Hold a token, wherever its copies lie on this machine; as `store_lock` otherwise.

    The locks are few and shared by tokens of like fingerprints, so that they do not pile up. Where the data folder has
    none, they lie in a folder of this user's among the temporary ones.

    Raises:
        StoreBusy: it was held all the time; names the holder.
        StoreNotWritable: neither has locks.
    """
    return _held_in((_machine_folder, _temporary_folder), fingerprint[:_STRIPES], seconds, meanwhile)


def login_lock(app: str, seconds: float) -> contextlib.AbstractContextManager[None]:
    """Hold an app's logins on this machine: from the sending of a code to the save of its pair.

    Args:
        app: what names the app in a file's name.
        seconds: how long to wait.

    Raises:
        StoreBusy: another process held them all the time.
    """
    return _machine_lock(f"login-{app}", _LOGIN, seconds, lambda: None)


def data_lock(path: Path, seconds: float) -> contextlib.AbstractContextManager[None]:
    """Hold a data set on this machine, as long as a run appends to it; as `login_lock` otherwise.

    Args:
        path: its file.
        seconds: how long to wait.
    """
    return _machine_lock(f"data-{_hashed(path)}", _DATA, seconds, lambda: None)


@contextlib.contextmanager
def post_lock(name: str, seconds: float) -> Iterator[None]:
    """Hold a post on this machine, from the look for an earlier one to X's answer; as `login_lock` otherwise.

    Each post has a lock of its own, since a slow one must not keep others waiting; its file goes with it.

    Args:
        name: the name of its claim.
        seconds: how long to wait.
    """
    lock = f"post-{name}"
    with _machine_lock(lock, _POST, seconds, lambda: None):
        try:
            yield
        finally:
            # Whoever waits for it finds that its file is gone, and makes another one.
            with contextlib.suppress(OSError, StoreNotWritable), _machine_folder() as folder:
                folder.remove(f"{lock}.holder")
                folder.remove(f"{lock}.lock")


@contextlib.contextmanager
def file_lock(folder: Folder, name: str, seconds: float) -> Iterator[bool]:
    """Hold a file of ours for a moment; yield whether it is held: `False` where the disk has no locks.

    Args:
        folder: the file's folder.
        name: the name of its lock, without an ending.
        seconds: how long to wait.

    Raises:
        StoreBusy: another process held it all the time.
    """
    take, end = _try_flock if BY_FLOCK else _try_filelock, time.monotonic() + seconds
    release = None
    with contextlib.ExitStack() as stack:
        while True:
            try:
                release = take(folder, f"{name}.lock")
            except (OSError, NotImplementedError) as error:
                if isinstance(error, OSError) and error.errno is None:
                    raise
                break
            if release is not None:
                stack.callback(release)
                break
            if time.monotonic() > end:
                raise StoreBusy(
                    "Another process holds the refresh log. Nothing was sent.",
                    cause=f"the lock is {name}.lock in the data folder.",
                    next_step="end that process, then run it again",
                )
            wait_a_moment(0.01)
        yield release is not None


@contextlib.contextmanager
def _machine_lock(name: str, busy: str, seconds: float, meanwhile: Callable[[], T | None]) -> Iterator[T | None]:
    """Hold a lock of the data folder; without such a folder nothing is known to be a copy, and nothing is held."""
    with contextlib.ExitStack() as stack:
        try:
            found = _acquire(stack, [_Lock(_machine_folder, name, busy)], seconds, meanwhile)
        except StoreNotWritable:
            found = None
        yield found


@contextlib.contextmanager
def _held_in(
    folders: tuple[Callable[[], Folder], ...], name: str, seconds: float, meanwhile: Callable[[], T | None]
) -> Iterator[T | None]:
    with contextlib.ExitStack() as stack:
        yield _acquire(stack, [_Lock(folder, name, _PAIR) for folder in folders], seconds, meanwhile)


def _lock_of(path: Path) -> _Lock:
    """Return the lock of a store's real file: a file of its own in `.oint/`.

    Where there is no such folder, it is the store's file itself, which is written in place there: the data folder of
    another process may be another one.
    """
    if BY_FLOCK and path.exists() and state_path(path).parent != path.parent:
        return _Lock(lambda: Folder(path.parent), path.name, _PAIR, "")
    return _Lock(lambda: _state_folder(path), path.name, _PAIR)


def _machine_folder() -> Folder:
    return Folder(private_folder(data_folder(settings.data_folder()) / "locks"))


def _temporary_folder() -> Folder:
    """Return a folder that all processes of this user's find without a data folder."""
    import tempfile

    user = os.getuid() if hasattr(os, "getuid") else "user"
    with Folder(Path(tempfile.gettempdir())) as above:
        return above.inner(f"oint_magics-{user}")


def _state_folder(path: Path) -> Folder:
    reason = None
    try:
        return StateFolder(path)
    except OSError as error:
        reason = reason_of(error)
    if path.is_relative_to(settings.data_folder()):
        raise StoreNotWritable(
            "There is no data folder, and none can be made here. Nothing was sent.",
            cause=f"{reason}. Profiles are kept in the data folder.",
            next_step="%env OINT_HOME=/a/folder/that/you/can/write",
        )
    if not path.parent.exists():
        raise StoreNotWritable("The file's folder does not exist, so nothing was sent.", next_step="make the folder")
    owner = owner_of_state(path)
    if owner:
        raise StoreNotWritable(
            f"{STATE_FOLDER}/ beside the file belongs to {owner}, so nothing was sent.",
            cause="it holds locks and recovery files, and both of you would use one refresh token, which works once.",
            next_step="a team's account lives in shared:NAME; or share the folder and the file by a group: "
            "chgrp GROUP FOLDER FILE; chmod 2770 FOLDER; chmod 660 FILE",
        )
    raise StoreNotWritable(
        "The file's folder cannot be written, so nothing was sent.",
        cause=f"{reason} ({STATE_FOLDER}/ is made in it, for locks and recovery files).",
        next_step="make the folder writable; or set OINT_HOME to a folder that you can write",
    )


def _hashed(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


class _Lock(NamedTuple):
    """A lock: the folder of its file, its name, and what is said when it was held all the time."""

    opened: Callable[[], Folder]
    name: str
    busy: str
    ending: str = ".lock"

    def take(self) -> Callable[[], None] | None:
        """Take it and return what releases it, or `None` where another process holds it.

        POSIX has the lock as one call, and it ends with its holder. filelock makes the same call, and importing
        it costs a cold process a seventh of its whole time; it serves where there is no such call.

        Raises:
            OSError: the folder cannot be opened, or the file system has no locks.
        """
        with self.opened() as folder:
            return (_try_flock if BY_FLOCK else _try_filelock)(folder, f"{self.name}{self.ending}")

    def sign(self) -> None:
        """Leave a note for those who wait; they read it only to name the holder."""
        since = time.strftime("%H:%M:%S UTC", time.gmtime())
        with contextlib.suppress(OSError), self.opened() as folder:
            folder.note(f"{self.name}.holder", f"{holder()}, since {since}".encode())

    def holder(self) -> str:
        """Return who holds it, in words."""
        who = b""
        with contextlib.suppress(OSError), self.opened() as folder:
            who = folder.read(f"{self.name}.holder", 1000) or b""
        try:
            return escaped(who.decode(), 200) or "another process"
        except UnicodeDecodeError:
            return "another process"


def _acquire(
    stack: contextlib.ExitStack, places: list[_Lock], seconds: float, meanwhile: Callable[[], T | None]
) -> T | None:
    """Take a lock, or return what was found meanwhile.

    Args:
        stack: gives the lock back.
        places: the lock, then those to take in its stead where a file system has none.
        seconds: how long to wait.
        meanwhile: asked while somebody else holds the lock.
    """
    end = time.monotonic() + seconds
    while places:
        try:
            release = places[0].take()
        except (OSError, NotImplementedError) as error:
            if isinstance(error, OSError) and error.errno is None:
                raise  # Not the file system's: a `TimeoutError` of an alarm's handler is an `OSError` too.
            places = places[1:]  # One in the data folder protects this machine at least.
            continue
        if release is not None:
            stack.callback(release)
            places[0].sign()
            return None
        found = meanwhile()
        if found is not None:
            return found
        if time.monotonic() > end:
            _busy(places[0])
        wait_a_moment(0.06)
    raise StoreNotWritable(
        "Files cannot be locked on this disk, so two programs could send the same token. Nothing was sent."
    )


def _try_flock(folder: Folder, name: str) -> Callable[[], None] | None:
    import fcntl

    file = LockFile(folder.open(name, os.O_RDWR | os.O_CREAT))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Somebody may have deleted the folder meanwhile; a lock on a file that is gone locks nothing.
        there = folder.stat(name)
        if there and os.path.samestat(os.fstat(file.fileno()), there):
            return file.release
    except BlockingIOError:
        pass
    except BaseException:
        file.close()
        raise
    file.close()
    return None


class LockFile(io.FileIO):
    """A file that closes itself without a word when an interrupt falls before anybody holds it."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "r+")
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


def _try_filelock(folder: Folder, name: str) -> Callable[[], None] | None:
    from filelock import FileLock, Timeout

    # Given back by the thread that does the work, which is not the one that takes it.
    lock = FileLock(folder.path / name, mode=0o600, fallback_to_soft=False, preserve_lock_file=True, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    return lock.release


def wait_a_moment(longest: float) -> None:
    """Wait a while before looking again, in seconds; each waiter another one."""
    import random

    time.sleep(random.uniform(longest / 4, longest))  # noqa: S311 - only to keep waiters apart


def holder() -> str:
    """Return what others call this process."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def _busy(lock: _Lock) -> NoReturn:
    if lock.holder().startswith(f"{holder()},"):
        raise StoreBusy(
            f"{lock.busy.replace('Another process', 'This process')}, so nothing was sent.",
            cause=f"it is held by {lock.holder()}: this process still waits for the answer to an earlier request, "
            "or another of its threads is working.",
            next_step="run it again in a moment; do not end this process",
        )
    raise StoreBusy(
        f"{lock.busy}, so nothing was sent.",
        cause=f"it is held by {lock.holder()}.",
        next_step="run it again when that process has finished; if it is ended now, new tokens may be lost",
    )
