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
from pathlib import Path

from measure import show

from oint_magics.stores import journal, log_file

# Tells how far it came, each hundredth entry and at its end; begins after those that an earlier process has told.
WRITER = """
import errno, sys
from oint_magics.stores import journal, locks, log_lines
name, start, count, has_locks, most = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "True", int(sys.argv[5])
log_lines._MOST_LOOSE = most
def refuse(*_): raise OSError(errno.ENOLCK, "no locks")
if not has_locks:
    locks._try_flock = refuse
log = journal.here()
for n in range(start, count):
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
    show("", ("disk", "told", "lost", "kills", "lines left", "seconds"), rows)
    return rows


def _trial(entries, *, has_locks, kills):
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OINT_HOME"] = folder
        start = time.monotonic()
        # The third adds a tenth of the others' entries, and joins all lines with each of its own, every hundredth.
        counts = {"a": entries, "b": entries, "c": entries // 10}
        told, killed = _written(counts, has_locks=has_locks, kills=kills)
        log_file.forget()
        log = journal.here()
        lost = sum(
            log.known(f"{name}{n:031x}").newest in (None, f"{name}{n:031x}")
            for name, last in told.items()
            for n in range(last + 1)
        )
        lines = sum(path.read_bytes().count(b"\n") for path in Path(folder).glob("journal*.log"))
        return [sum(last + 1 for last in told.values()), lost, killed, lines, round(time.monotonic() - start)]


def _written(counts, *, has_locks, kills):
    told, killed = dict.fromkeys(counts, -1), 0
    luck = random.Random(7)
    running = {}
    while running or any(told[name] < counts[name] - 1 for name in counts):
        for name, count in counts.items():
            if name not in running and told[name] < count - 1:
                most = "100" if name == "c" else "100000"
                words = [sys.executable, "-c", WRITER, name, str(told[name] + 1), str(count), str(has_locks), most]
                running[name] = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        if kills:
            time.sleep(luck.uniform(0.2, 1.5))
            for process in running.values():
                if luck.random() < 0.5:
                    process.kill()
        for name, process in list(running.items()):
            if not kills or process.poll() is not None:
                said = process.communicate()[0].split()
                told[name] = max(told[name], *(int(each) for each in said)) if said else told[name]
                killed += process.returncode != 0
                del running[name]
    return told, killed


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
