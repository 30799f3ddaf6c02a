"""Exceptions and ends of the program at random moments of a refresh, at a certified provider that ends a reused family.

`python benchmarks/interrupts.py FOLDER [TIMES]`, 200 of each unless told; FOLDER has the provider (see provider.py).
Alarms, `sys.exit` by a signal and exceptions set from another thread fall into one process, while two other processes
wait for the same pair again and again. Then as many programs end while a daemon thread of theirs refreshes.
"""

import collections
import ctypes
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from measure import show
from provider import SECRET, client, logged_in, serving, version

from oint_magics import errors, twitter

LONGEST = 0.06
FILE = "confidential.json"
WAITING = f"""
import sys, threading
from oint_magics import errors, twitter
over, sent, refused = threading.Event(), 0, 0
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
while not over.is_set():
    try:
        twitter.refresh({FILE!r})
        sent += 1
    except errors.TokenRefused:
        refused += 1
print(sent, refused)
"""
ENDING = f"""
import threading, time
from oint_magics import twitter
threading.Thread(target=twitter.refresh, args=({FILE!r},), daemon=True).start()
time.sleep({{seconds}})
"""


class SoftTimeLimit(Exception):
    """An exception of a caller's own, as task queues have one."""


def by_alarm(kind):
    """Raise an exception in this thread by an alarm's handler."""

    def handler(*_):
        raise kind

    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, random.uniform(0.0002, LONGEST))


def from_a_thread(kind):
    """Set an exception in this thread from another one."""
    number = threading.get_ident()

    def later():
        time.sleep(random.uniform(0, LONGEST))
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(number), ctypes.py_object(kind))

    thread = threading.Thread(target=later)
    thread.start()
    return thread


WAYS = {
    "an alarm raises TimeoutError": lambda: by_alarm(TimeoutError("mine")),
    "an alarm raises the caller's own": lambda: by_alarm(SoftTimeLimit("mine")),
    "an alarm calls sys.exit": lambda: by_alarm(SystemExit(0)),
    "set from another thread": lambda: from_a_thread(KeyError),
}


def once(way):
    """Refresh once while an exception falls somewhere; return what came of it."""
    thread = None
    try:
        try:
            thread = WAYS[way]()
            twitter.refresh(FILE)
            found = "a table"
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            if thread:
                thread.join()
                time.sleep(0.001)  # It may fall here.
    except errors.TokenRefused:
        found = "refused"
    except errors.OintError:
        found = "an error of ours"
    except (TimeoutError, SoftTimeLimit, SystemExit, KeyError):
        found = "the caller's own"
    return found


def lost():
    """Tell whether the pair is lost."""
    try:
        twitter.refresh(FILE)
    except errors.TokenRefused:
        return True
    return False


def exceptions(times):
    """Let exceptions fall, two processes waiting; return the rows."""
    others = [
        subprocess.Popen([sys.executable, "-c", WAITING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    rows = []
    for way in WAYS:
        found = collections.Counter(once(way) for _ in range(times // len(WAYS)))
        names = ("a table", "the caller's own", "an error of ours", "refused")
        rows.append((way, times // len(WAYS), *(found[name] for name in names), int(lost())))
    for number, process in enumerate(others, 1):
        sent, refused = process.communicate()[0].split()
        rows.append((f"waiting process {number}", sent, sent, "-", "-", refused, "-"))
    return rows


def ends(times):
    """Let programs end; return the row."""
    changed = gone = 0
    for _ in range(times):
        before = Path(FILE).read_bytes()
        code = ENDING.format(seconds=random.uniform(0.0, 0.35))
        done = subprocess.run([sys.executable, "-c", code], check=False, stderr=subprocess.DEVNULL)
        changed += Path(FILE).read_bytes() != before and done.returncode == 0
        gone += lost()
    return ("the program ends", times, changed, "-", "-", gone, gone)


def main(folder, times=200):
    """Run both; return the rows and the provider's counts."""
    folder = Path(folder).absolute()
    with serving(folder, [client("confidential", SECRET)]) as (_, counts):
        logged_in("confidential")
        rows = [*exceptions(times), ends(times)]
    header = ("what falls", "times", "saved", "the caller's own", "an error of ours", "refused", "lost")
    title = f"exceptions and ends at oidc-provider {version(folder)}; it refused {counts['refused']}, ended for reuse {counts['ended']}"
    show(title, header, rows)
    return rows, counts


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ".venv/provider", int(sys.argv[2]) if len(sys.argv) > 2 else 200)
