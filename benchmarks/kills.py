"""Processes killed in the middle of a refresh: how many accounts are lost, and in which moment.

`python benchmarks/kills.py [KILLS]`, 200 unless told: one half at random over a whole refresh, one half spread
over the 3 ms after the server has written its answer. The server ends the family on reuse. It kills by itself, on
one core, while the client has the other: what is measured is the client, not the queue for a core.
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

from measure import dotenv, show

from oint_magics import errors, twitter

FILE = "auth.json"
# Forks a process for each line it reads, imports done, so that a kill costs no start of an interpreter.
NURSERY = """
import os, signal, sys
from oint_magics.http import token_post
from oint_magics import twitter
from oint_magics.twitter import calls
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
        try:
            twitter.refresh(sys.argv[1])
        finally:
            os._exit(0)
    os.waitpid(pid, os.WUNTRACED)
    print(pid, flush=True)
    os.waitpid(pid, 0)
    print("ended", flush=True)
"""


# The server as a process of its own, so that nothing here keeps it from writing. By the clock that all processes
# share it tells when the last byte of an answer was handed over; on loopback it has arrived then. Told a process and
# a delay, it kills that process so long after its next answer.
SERVER = """
import json, os, signal, sys, time
from oint_magics.sandbox import Sandbox
sandbox = Sandbox()
sandbox.accounts.punishes_reuse = True
handler = sandbox._server.RequestHandlerClass
send, aims = handler._send, []

def watched(self, reply):
    self.wbufsize = 0
    send(self, reply)
    answered = time.perf_counter()
    if aims:
        pid, delay = aims.pop()
        while time.perf_counter() < answered + delay:
            pass
        killed = time.perf_counter()
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        print(answered, killed, flush=True)
    else:
        print(answered, 0, flush=True)

handler._send = watched
for line in sys.stdin:
    if line == "issue\\n":
        print(json.dumps(sandbox.issue()), flush=True)
    else:
        pid, delay = line.split()
        aims.append((int(pid), float(delay)))
        print("{}", flush=True)
"""


AIMED = 0.003  # seconds


def start(code, core, *arguments):
    """Start a Python process that is talked to line by line, on a core of its own where there are two."""
    pipe = subprocess.PIPE
    words = [sys.executable, "-c", code, *arguments]
    process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(process.pid, {cores[core % len(cores)]})
    with contextlib.suppress(PermissionError):  # Before all else that wants the core, where we may.
        os.sched_setscheduler(process.pid, os.SCHED_RR, os.sched_param(1))
    return process


@contextlib.contextmanager
def awake(core):
    """Keep a core from sleeping, at the lowest priority: a virtual one takes milliseconds to come back."""
    process = start("while True: pass", core)
    os.sched_setscheduler(process.pid, os.SCHED_IDLE, os.sched_param(0))
    try:
        yield
    finally:
        process.kill()


class Server:
    """The other side: issues pairs, tells when it answered, and kills."""

    def __init__(self):
        self.process = start(SERVER, 0)
        self._lines = queue.Queue()
        self._replies = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            (self._replies if line.startswith("{") else self._lines).put(line)

    def _ask(self, words):
        self.process.stdin.write(f"{words}\n")
        self.process.stdin.flush()
        return self._replies.get(timeout=10)

    def issue(self):
        return self._ask("issue")

    def aim(self, pid, delay):
        """Kill a process so many seconds after the next answer."""
        self._ask(f"{pid} {delay}")

    def answered(self, seconds):
        """Return when it answered and when it killed, or `None` if it does not answer in time."""
        try:
            return [float(word) for word in self._lines.get(timeout=seconds).split()]
        except queue.Empty:
            return None


def kill_one(nursery, server, delay, *, after_answer):
    """Start a refresh, kill it; return when that was, in ms after the answer's last byte, or `None` for no answer."""
    nursery.stdin.write("go\n")
    nursery.stdin.flush()
    pid = int(nursery.stdout.readline())
    if after_answer:
        server.aim(pid, delay)
        os.kill(pid, signal.SIGCONT)
        answered_at, killed_at = server.answered(5)
    else:
        os.kill(pid, signal.SIGCONT)
        time.sleep(delay)
        killed_at = time.perf_counter()
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        answered_at = (server.answered(0.02) or [None])[0]
    nursery.stdout.readline()
    return None if answered_at is None else (killed_at - answered_at) * 1000


def phase(moment):
    """Name the moment of a kill."""
    if moment is None or moment < 0:
        return "before the last byte"
    return "within 0.2 ms of it" if moment < 0.2 else "later than 0.2 ms"


def verdict():
    """Refresh again, as the next run does, and say what became of the account."""
    try:
        response = twitter.refresh(FILE)
    except errors.InvalidGrant as error:
        return "lost, said" if "lost on the way" in str(error) else "lost, not said"
    return "repaired" if "repaired" in str(response) else "good"


def main(kills):
    """Kill, look, count."""
    server, counts = Server(), {}
    with awake(1), tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["OINT_HOME"] = f"{folder}/home"
        nursery = start(NURSERY, 1, FILE)
        for number in range(kills):
            aimed = number % 2 == 1
            pair = server.issue()
            Path(FILE).write_text(dotenv(pair) if FILE == ".env" else pair)
            delay = random.uniform(0, AIMED if aimed else 0.03)
            moment = kill_one(nursery, server, delay, after_answer=aimed)
            counts.setdefault(("aimed" if aimed else "random", phase(moment)), collections.Counter())[verdict()] += 1
            while server.answered(0.005):
                pass  # The next run's own exchange.
        nursery.stdin.close()
        os.chdir("/")
    server.process.stdin.close()
    verdicts = ("good", "repaired", "lost, said", "lost, not said")
    rows = [(*key, *(found[name] for name in verdicts)) for key, found in sorted(counts.items())]
    show(f"{kills} kills", ("kills", "moment", *verdicts), rows)
    aimed = [found for (kind, _), found in counts.items() if kind == "aimed"]
    lost = sum(found["lost, said"] + found["lost, not said"] for found in aimed)
    total = sum(found.total() for found in aimed)
    print(f"  exposed after the last byte: {lost} of {total} over 3 ms, about {1000 * AIMED * lost / total:.3f} ms\n")
    return rows


if __name__ == "__main__":
    FILE = sys.argv[2] if len(sys.argv) > 2 else FILE
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
