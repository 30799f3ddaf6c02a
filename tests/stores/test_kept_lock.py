"""A lock whose file stays open: held by one process at a time, whatever becomes of its folder or its holder."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys

import no_locks
import pytest
from patience import LONG

from oint_magics import errors
from oint_magics.stores import locks
from oint_magics.stores.kept_lock import KeptLock
from oint_magics.stores.private_folder import Folder

COUNT = """
import sys
from pathlib import Path
from oint_magics.stores.kept_lock import KeptLock
from oint_magics.stores.private_folder import Folder
lock = KeptLock("a")
with Folder(Path(sys.argv[1])) as folder:
    for _ in range(300):
        lock.take(folder, 300.0)
        try:
            Path("count").write_text(str(int(Path("count").read_text()) + 1))
        finally:
            lock.release()
"""


@pytest.fixture
def folder(tmp_path):
    with Folder(tmp_path) as found:
        yield found


@contextlib.contextmanager
def held(lock, folder, seconds=LONG):
    try:
        lock.take(folder, seconds)
        yield
        lock.release()
    except BaseException:
        lock.drop()
        raise


def is_free(folder, lock=None):
    try:
        with held(lock or KeptLock("a"), folder, 0.05):
            return True
    except errors.StoreBusy:
        return False


def test_processes_hold_it_one_after_the_other(folder):
    (folder.path / "count").write_text("0")
    started = [subprocess.Popen([sys.executable, "-c", COUNT, folder.path], cwd=folder.path) for _ in range(3)]
    assert [each.wait(LONG) for each in started] == [0, 0, 0]
    assert (folder.path / "count").read_text() == "900"


@pytest.mark.parametrize("is_posix", [True, False])
def test_it_is_held_and_given_back_again_and_again(folder, monkeypatch, is_posix):
    monkeypatch.setattr(locks, "BY_FLOCK", is_posix)
    lock = KeptLock("a")
    for _ in range(3):
        with held(lock, folder):
            assert not is_free(folder)
        assert is_free(folder)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, ValueError])
def test_what_ends_its_body_gives_it_back(folder, kind):
    lock = KeptLock("a")
    with pytest.raises(kind), held(lock, folder):
        raise kind
    assert is_free(folder)
    assert is_free(folder, lock)


def test_an_interrupt_before_it_is_given_back(folder, monkeypatch):
    lock = KeptLock("a")

    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(lock, "release", interrupted)
    with pytest.raises(KeyboardInterrupt), held(lock, folder):
        pass
    assert is_free(folder)


def test_a_handler_that_raises_while_it_is_given_back(folder, monkeypatch):
    """The `TimeoutError` of an alarm's handler is an `OSError` too."""
    lock = KeptLock("a")
    lock.take(folder, LONG)

    def interrupted(*_):
        raise TimeoutError("a user's own")

    with monkeypatch.context() as change, pytest.raises(TimeoutError):
        change.setattr(fcntl, "flock", interrupted)
        lock.release()
    assert is_free(folder)


def test_a_file_that_somebody_has_closed(folder):
    lock = KeptLock("a")
    with held(lock, folder):
        pass
    os.close(lock._file.fileno())
    with pytest.raises(OSError), held(lock, folder):
        pass
    with held(lock, folder):
        assert not is_free(folder)


def test_a_folder_that_was_deleted_and_made_again(tmp_path):
    lock = KeptLock("a")
    for _ in range(2):
        (tmp_path / "b").mkdir()
        with Folder(tmp_path / "b") as folder, held(lock, folder):
            assert not is_free(folder)
        shutil.rmtree(tmp_path / "b")


def test_a_disk_without_locks_holds_nothing(folder, monkeypatch):
    no_locks.take_away(monkeypatch, everywhere=True)
    lock = KeptLock("a")
    for _ in range(2):
        with held(lock, folder):
            assert is_free(folder)


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_child_process_does_not_hold_what_its_parent_holds(folder):
    lock = KeptLock("a")
    with held(lock, folder):
        child = os.fork()
        if child == 0:
            os._exit(3 if is_free(folder) else 0)
        assert os.waitpid(child, 0)[1] == 0
    assert is_free(folder)
