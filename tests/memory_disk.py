"""Where tests put their files: on a disk in memory, where there is one with room.

Most of them sync what they write, and a real disk lets those of all processes wait for each other. Nothing that is
tested needs to outlive the machine.
"""

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

DISK = Path("/dev/shm")
# Short, because sockets lie below it.
_START = "oint-"
# What a run takes at most is half a gigabyte.
_FREE, _MEMORY = 2 * 1024**3, 4 * 1024**3


def take():
    """Make a folder for the temporary files of this process and of those that it starts; return it, or `None`."""
    if sys.platform != "linux" or "TMPDIR" in os.environ or not _has_room():
        return None
    for left in DISK.glob(f"{_START}*"):  # Of a run that was killed, or of one that failed.
        if not Path("/proc", left.name.removeprefix(_START)).exists():
            shutil.rmtree(left, ignore_errors=True)
    folder = DISK / f"{_START}{os.getpid()}"
    try:
        folder.mkdir(0o711)  # PostgreSQL runs as another user where the tests run as root.
    except OSError:
        return None
    os.environ["TMPDIR"], tempfile.tempdir = str(folder), None
    return folder


def _has_room():
    with contextlib.suppress(OSError, ValueError):
        found = os.statvfs(DISK)
        words = next(each for each in Path("/proc/meminfo").read_text().splitlines() if each.startswith("MemAvailable"))
        # Docker's own is mounted so that nothing on it can be run, nor a library be loaded from it.
        is_runnable = not found.f_flag & os.ST_NOEXEC
        return is_runnable and found.f_bavail * found.f_frsize >= _FREE and int(words.split()[1]) * 1024 >= _MEMORY
    return False
