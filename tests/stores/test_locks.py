import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import no_locks
import pytest

from oint_magics.errors import StoreBusy, StoreNotWritable
from oint_magics.stores import locks
from oint_magics.stores.state_folder import StateFolder

HOLD = """
import sys, time
from pathlib import Path
from oint_magics.stores.locks import store_lock
with store_lock(Path.cwd() / "auth.json", 5, lambda: None):
    print("held", flush=True)
    sys.stdin.read()
"""


def path():
    return Path.cwd() / "auth.json"


def test_one_holder_at_a_time():
    """Eight threads count without losing a step."""
    count = [0]

    def step():
        for _ in range(5):
            with locks.store_lock(path(), 10, lambda: None):
                seen = count[0]
                time.sleep(0.001)
                count[0] = seen + 1

    threads = [threading.Thread(target=step) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert count == [40]


def test_what_was_found_meanwhile_ends_the_waiting():
    with locks.store_lock(path(), 1, lambda: None) as mine, locks.store_lock(path(), 5, lambda: "found") as other:
        assert mine is None
        assert other == "found"


def test_waits_only_so_long_and_names_the_holder():
    with locks.store_lock(path(), 1, lambda: None):
        start = time.monotonic()
        with (
            pytest.raises(StoreBusy, match=f"process {os.getpid()} on .*, since"),
            locks.store_lock(path(), 0.3, lambda: None),
        ):
            pass
        assert 0.3 <= time.monotonic() - start < 60


@pytest.mark.parametrize(
    ("note", "words"), [(b"", "another process"), (b"\xff", "another process"), (b"a\x1b[2J\n", r"a\x1b[2J")]
)
def test_a_damaged_note_does_no_harm(note, words):
    with locks.store_lock(path(), 1, lambda: None):
        Path(".oint/auth.json.holder").write_bytes(note)
        with pytest.raises(StoreBusy) as caught, locks.store_lock(path(), 0, lambda: None):
            pass
    assert words in str(caught.value)


def test_a_killed_holder_holds_nothing():
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(StoreBusy, match=f"process {process.pid} "), locks.store_lock(path(), 0.1, lambda: None):
            pass
        process.kill()
        process.wait()
        with locks.store_lock(path(), 1, lambda: None) as found:
            assert found is None


def test_a_folder_without_place_for_the_lock_is_said(monkeypatch):
    Path(".oint").write_text("in the way")

    with pytest.raises(StoreNotWritable, match="nothing was sent"), locks.store_lock(path(), 1, lambda: None):
        pass


def test_a_file_system_without_locks_is_locked_in_the_data_folder(monkeypatch, home):
    """One machine at least is protected."""
    no_locks.take_away(monkeypatch)

    with locks.store_lock(path(), 1, lambda: None):
        assert len(list((home / "oint" / "locks").glob("*.lock"))) == 1
        with pytest.raises(StoreBusy), locks.store_lock(path(), 0.1, lambda: None):
            pass
    no_locks.take_away(monkeypatch, everywhere=True)
    with (
        pytest.raises(StoreNotWritable, match="Files cannot be locked"),
        locks.store_lock(path(), 1, lambda: None),
    ):
        pass


def test_a_lock_file_that_was_deleted_locks_nothing():
    """`rm -r .oint` under a waiting process: it must not hold a lock on a file that is gone."""
    with locks.store_lock(path(), 1, lambda: None):
        Path(".oint/auth.json.lock").unlink()
        with locks.store_lock(path(), 1, lambda: None) as found:
            assert found is None


def test_a_link_in_the_locks_place_is_not_followed():
    Path("victim").write_text("mine")
    Path(".oint").mkdir(mode=0o700)
    Path(".oint/auth.json.lock").symlink_to(Path("victim").resolve())

    with locks.store_lock(path(), 1, lambda: None):
        pass
    assert Path("victim").read_text() == "mine"


def test_filelock_does_the_same_where_posix_is_not(monkeypatch):
    monkeypatch.setattr(locks, "BY_FLOCK", False)

    with locks.store_lock(path(), 1, lambda: None):
        with pytest.raises(StoreBusy), locks.store_lock(path(), 0.1, lambda: None):
            pass
    with locks.store_lock(path(), 1, lambda: None) as found:
        assert found is None


def test_tokens_have_few_locks(home):
    """They do not pile up, whatever number of tokens there was."""
    for n in range(300):
        with locks.token_lock(f"{n * 7919:010x}"[::-1], 1, lambda: None):
            pass
    assert len(list((home / "oint" / "locks").iterdir())) <= 2 * 256


def test_a_token_lock_without_a_data_folder_is_none(monkeypatch):
    Path("file").write_text("")
    monkeypatch.setenv("OINT_HOME", str(Path("file").resolve()))

    with locks.token_lock("abcdef", 1, lambda: None) as found:
        assert found is None


def test_waiting_for_a_token_ends_with_what_was_found_meanwhile():
    with locks.token_lock("abcdef", 1, lambda: None), locks.token_lock("abcdef", 5, lambda: "found") as other:
        assert other == "found"


def test_a_held_token_names_its_holder():
    with (
        locks.token_lock("abcdef", 1, lambda: None),
        pytest.raises(StoreBusy, match=f"process {os.getpid()} on .*, since"),
        locks.token_lock("abcdef", 0.1, lambda: None),
    ):
        pass


def test_a_lock_that_nobody_holds_any_more_is_free(home):
    """An interrupt may fall between the taking of a lock and its being noted down."""
    with StateFolder(path()) as folder:
        locks._try_flock(folder, "auth.json.lock")

    with locks.store_lock(path(), 0.2, lambda: None) as found:
        assert found is None
