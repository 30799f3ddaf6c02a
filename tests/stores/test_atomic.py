import os
import stat
import threading
from pathlib import Path

import pytest

from oint_magics.stores import atomic
from oint_magics.stores.state_folder import StateFolder


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_replaces_the_whole_file():
    Path("a").write_bytes(b"old and longer")

    atomic.replace(Path("a"), b"new")

    assert Path("a").read_bytes() == b"new"
    assert sorted(os.listdir(".oint")) == [".gitignore"]


def test_a_new_file_is_its_owners_alone():
    old = os.umask(0)
    try:
        atomic.replace(Path("a"), b"new")
    finally:
        os.umask(old)

    assert mode("a") == 0o600


@pytest.mark.parametrize("bits", [0o600, 0o640, 0o644, 0o400, 0o666])
def test_keeps_the_mode(bits):
    Path("a").write_bytes(b"old")
    Path("a").chmod(bits)

    atomic.replace(Path("a"), b"new")

    assert mode("a") == bits


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may give files away")
def test_keeps_the_owner():
    Path("a").write_bytes(b"old")
    os.chown("a", 1234, 4321)

    atomic.replace(Path("a"), b"new")

    assert (os.stat("a").st_uid, os.stat("a").st_gid) == (1234, 4321)


def test_keeps_extended_attributes():
    Path("a").write_bytes(b"old")
    try:
        os.setxattr("a", "user.mine", b"yes")
    except OSError:
        pytest.skip("this file system has no extended attributes")

    atomic.replace(Path("a"), b"new")

    assert os.getxattr("a", "user.mine") == b"yes"


def test_follows_a_symbolic_link_and_leaves_it():
    """The link stays, the file behind it changes, and the state folder lies beside that file."""
    Path("real").mkdir()
    Path("real/a").write_bytes(b"old")
    Path("b").symlink_to("real/a")
    Path("c").symlink_to("b")

    atomic.replace(Path("c"), b"new")

    assert Path("real/a").read_bytes() == b"new"
    assert os.readlink("c") == "b"
    assert os.readlink("b") == "real/a"
    assert Path("real/.oint").is_dir()
    assert not Path(".oint").exists()


def test_the_state_folder_is_closed_and_ignored_by_git():
    old = os.umask(0)
    try:
        StateFolder(Path("a")).close()
    finally:
        os.umask(old)

    place = Path(".oint")
    assert mode(place) == 0o700
    assert (place / ".gitignore").read_text() == "*\n"
    place.chmod(0o755)
    StateFolder(Path("a")).close()
    assert mode(place) == 0o700


def test_a_state_folder_that_is_none_of_ours_is_refused():
    """A link or a file planted there must not get the new pair."""
    Path("elsewhere").mkdir()
    Path(".oint").symlink_to("elsewhere")
    with pytest.raises(OSError, match="not a folder of yours"):
        atomic.replace(Path("a"), b"new")
    Path(".oint").unlink()
    Path(".oint").write_text("")
    with pytest.raises(OSError, match="not a folder of yours"):
        atomic.replace(Path("a"), b"new")
    assert os.listdir("elsewhere") == []


def test_a_planted_link_in_the_state_folder_is_not_written_through():
    Path("victim").write_bytes(b"mine")
    Path(".oint").mkdir(mode=0o700)
    Path(f".oint/a.{os.getpid()}.new").symlink_to(Path("victim").resolve())

    atomic.replace(Path("a"), b"new")

    assert Path("victim").read_bytes() == b"mine"
    assert not Path("a").is_symlink()
    assert Path("a").read_bytes() == b"new"


@pytest.mark.parametrize("call", ["fsync", "replace", "fchmod"])
def test_a_failure_leaves_the_old_file_and_nothing_else(call, monkeypatch):
    Path("a").write_bytes(b"old")

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, fail)

    with pytest.raises(OSError, match="No space"):
        atomic.replace(Path("a"), b"new")
    assert Path("a").read_bytes() == b"old"
    assert sorted(os.listdir(".oint")) == [".gitignore"]


def test_syncs_the_file_before_the_rename_and_the_folder_after(monkeypatch):
    """What is renamed is on the disk, and so is the rename."""
    calls = []
    sync, rename = os.fsync, os.replace

    def note(call):
        calls.append((threading.get_ident(), call))

    monkeypatch.setattr(
        os, "fsync", lambda fd: note("folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file") or sync(fd)
    )
    monkeypatch.setattr(os, "replace", lambda *words, **at: note("rename") or rename(*words, **at))

    atomic.replace(Path("a"), b"new")

    assert [call for thread, call in calls if thread == threading.get_ident()] == ["file", "rename", "folder"]
