"""Two processes add entries to one refresh log while a third joins its lines, on disks with and without locks, and with
kills: no fingerprint that was told is lost.

`python benchmarks/log.py [ENTRIES]`
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from measure import show

from oint_magics.stores import journal, log_file

# Tells each entry; begins after those that an earlier process has told. The third one adds few of its own until the others
# have ended, and joins all lines as soon as there are a hundred.
WRITER = """
import errno, os, sys, time
from oint_magics.stores import journal, locks, log_lines
name, start, count, has_locks = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "True"
log_lines._MOST_LOOSE = 100 if name == "c" else 100_000
def refuse(*_): raise OSError(errno.ENOLCK, "no locks")
if not has_locks:
    locks._try_flock = refuse
log = journal.here()
for n in range(start, count):
    if name == "c":
        time.sleep(0.02)
        if os.path.exists(os.path.join(os.environ["OINT_HOME"], "ended")):
            break
    assert log.record(f"{name}{n:031x}", f"{name}{n + 1:031x}", "/" + name)
    print(n, flush=True)
"""


def main(entries=10_000):
    """Print and return, for each kind of disk, how many entries were told and how many of them were lost."""
    rows = [
        [disk, *_trial(entries, has_locks=has_locks, kills=kills)]
        for disk, has_locks, kills in (
            ("with locks", True, False),
            ("without locks", False, False),
            ("with locks, and kills", True, True),
            ("without locks, and kills", False, True),
        )
    ]
    show("", ("disk", "told", "lost", "ended early", "lines left", "seconds"), rows)
    return rows


def _trial(entries, *, has_locks, kills):
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OINT_HOME"] = folder
        start = time.monotonic()
        told, early = _written(entries, has_locks=has_locks, kills=kills)
        log_file.forget()
        log = journal.here()
        lost = sum(
            log.known(f"{name}{n:031x}").newest in (None, f"{name}{n:031x}")
            for name, entries in told.items()
            for n in range(entries)
        )
        lines = sum(path.read_bytes().count(b"\n") for path in Path(folder).glob("journal*.log"))
        return [sum(told.values()), lost, early, lines, round(time.monotonic() - start)]


def _written(entries, *, has_locks, kills):
    """Let all processes write at once; return how many entries each has told, and how often one ended early."""
    with ThreadPoolExecutor() as pool:
        a, b, c = (pool.submit(_lives, name, entries, has_locks=has_locks, kills=kills) for name in "abc")
        ends = {"a": a.result(), "b": b.result()}
        Path(os.environ["OINT_HOME"], "ended").touch()
        ends["c"] = c.result()
    return {name: told for name, (told, _) in ends.items()}, sum(early for _, early in ends.values())


def _lives(name, entries, *, has_locks, kills):
    """Let a process write, and another one go on whenever it ended early; return how many were told, and how often."""
    told, early, luck = 0, 0, random.Random(name)
    while True:
        last = told + luck.randint(1, max(2, entries // 20)) if kills else None
        words = [sys.executable, "-c", WRITER, name, str(told), str(entries), str(has_locks)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                told = int(line) + 1
                if told == last:
                    time.sleep(luck.uniform(0, 0.03))
                    process.kill()
        if process.returncode == 0:
            return told, early
        early += 1


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
