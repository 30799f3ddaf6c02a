"""Processes killed in the middle of a refresh: how many accounts are lost, and in which moment.

`python benchmarks/kills.py [KILLS]`, 200 unless told: one half at random over a whole refresh, one half spread
over the 3 ms after the server writes its answer. The server ends the family on reuse.
"""

import collections
import contextlib
import os
import queue
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from measure import show

from oint_magics import errors, twitter

# Forks a process for each line it reads, imports done, so that a kill costs no start of an interpreter.
NURSERY = """
import os, sys, sqlite3
from oint_magics import transport, twitter
from oint_magics.twitter import calls
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        try:
            twitter.refresh("auth.json")
        finally:
            os._exit(0)
    print(pid, flush=True)
    os.waitpid(pid, 0)
    print("ended", flush=True)
"""


# The server as a process of its own, so that nothing here keeps it from writing. It tells when the last byte
# of an answer has gone out, by the clock that all processes share.
SERVER = """
import json, sys, time
from oint_magics.sandbox import Sandbox
sandbox = Sandbox()
sandbox.accounts.punishes_reuse = True
handler = sandbox._server.RequestHandlerClass
send = handler._send

def watched(self, reply):
    self.wbufsize = 0
    send(self, reply)
    print(time.perf_counter(), flush=True)

handler._send = watched
for line in sys.stdin:
    print(json.dumps(sandbox.issue()), flush=True)
"""


def start(code):
    """Start a Python process that is talked to line by line."""
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)


class Server:
    """The other side: issues pairs, and tells when it answered."""

    def __init__(self):
        self.process = start(SERVER)
        self._lines = queue.Queue()
        self._pairs = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            (self._pairs if line.startswith("{") else self._lines).put(line)

    def issue(self):
        self.process.stdin.write("more\n")
        self.process.stdin.flush()
        return self._pairs.get(timeout=10)

    def answered_at(self, seconds):
        """Return when it answered next, or `None` if it does not in time."""
        try:
            return float(self._lines.get(timeout=seconds))
        except queue.Empty:
            return None


def kill_one(nursery, server, delay, *, after_answer):
    """Start a refresh, kill it; return when that was, in ms after the answer's last byte, or `None` for no answer."""
    nursery.stdin.write("go\n")
    nursery.stdin.flush()
    pid = int(nursery.stdout.readline())
    answered_at = server.answered_at(5) if after_answer else None
    end = (answered_at or time.perf_counter()) + delay
    while time.perf_counter() < end:
        pass
    killed_at = time.perf_counter()
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    nursery.stdout.readline()
    answered_at = answered_at or server.answered_at(0.02)
    return None if answered_at is None else (killed_at - answered_at) * 1000


def phase(moment):
    """Name the moment of a kill."""
    if moment is None or moment < 0:
        return "before the last byte"
    return "within 0.2 ms of it" if moment < 0.2 else "later than 0.2 ms"


def verdict():
    """Refresh again, as the next run does, and say what became of the account."""
    try:
        response = twitter.refresh("auth.json")
    except errors.InvalidGrant as error:
        return "lost, said" if "lost on the way" in str(error) else "lost, not said"
    return "repaired" if "repaired" in str(response) else "good"


def main(kills):
    """Kill, look, count."""
    server, counts = Server(), {}
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["OINT_HOME"] = f"{folder}/home"
        nursery = start(NURSERY)
        for number in range(kills):
            aimed = number % 2 == 1
            Path("auth.json").write_text(server.issue())
            delay = random.uniform(0, 0.003 if aimed else 0.03)
            moment = kill_one(nursery, server, delay, after_answer=aimed)
            counts.setdefault(("aimed" if aimed else "random", phase(moment)), collections.Counter())[verdict()] += 1
            while server.answered_at(0.005):
                pass  # The next run's own exchange.
        nursery.stdin.close()
        os.chdir("/")
    server.process.stdin.close()
    verdicts = ("good", "repaired", "lost, said", "lost, not said")
    rows = [(*key, *(found[name] for name in verdicts)) for key, found in sorted(counts.items())]
    show(f"{kills} kills", ("kills", "moment", *verdicts), rows)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
