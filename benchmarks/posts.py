"""Processes killed while they post: how often a post is made, and what the next run says of it.

`python benchmarks/posts.py [KILLS]`, 200 unless told: at random over the time from the claim to the answer, which the
server delays. Each text is posted again by a second run. Never two, and never an untrue word.
"""

import collections
import contextlib
import os
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
from oint_magics.sandbox import Sandbox

# Forks a process for each text, imports done and the account looked up, so that a kill costs no start.
NURSERY = """
import os, signal, sys
import requests
from oint_magics import twitter
from oint_magics.posts import length
twitter.me("sandbox-auth.json")
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        try:
            twitter.post(line.strip(), auth="sandbox-auth.json")
        finally:
            os._exit(0)
    print(pid, flush=True)
    os.waitpid(pid, 0)
    print("ended", flush=True)
"""


class Watched(Sandbox):
    """A sandbox that counts each request for a post by its text, and is slow to answer it."""

    def __init__(self):
        super().__init__()
        self.asked = collections.Counter()
        self.arrived = threading.Event()
        add = self.posts.add

        def counted(author, text, **more):
            self.asked[text] += 1
            self.arrived.set()
            time.sleep(random.uniform(0, 0.02))
            found = add(author, text, **more)
            time.sleep(random.uniform(0, 0.02))
            return found

        self.posts.add = counted


def said_by_second_run(sandbox, text):
    """Post it again, and return what is said; checks that it is true."""
    try:
        found = twitter.post(text, auth="sandbox-auth.json")
    except errors.PostInDoubt:
        return "not known, and not sent again"
    assert sandbox.posts.made[found["id"]]["said"] == text
    return "already posted" if found.already_posted else "posted now: the first run had not sent it"


def trial(sandbox, kills):
    """Return when the kills fell, what the second runs said, and how many posts were sent twice."""
    code = [sys.executable, "-c", NURSERY]
    said, when, twice = collections.Counter(), collections.Counter(), 0
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(code, text=True, **pipes) as nursery:
        for n in range(kills):
            text = f"post {n}"
            sandbox.arrived.clear()
            nursery.stdin.write(text + "\n")
            nursery.stdin.flush()
            pid = int(nursery.stdout.readline())
            if n % 2:  # One half after the request has arrived.
                sandbox.arrived.wait(60)
            time.sleep(random.uniform(0, 0.045))
            when["request had arrived" if sandbox.asked[text] else "before"] += 1
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            nursery.stdout.readline()
            said[said_by_second_run(sandbox, text)] += 1
            time.sleep(0.05)  # The server goes on with a request whose sender is gone.
            twice += sandbox.asked[text] > 1
    return when, said, twice


def main(kills):
    """Print the table, and return how many posts were sent twice."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["OINT_HOME"] = f"{folder}/home"
        sandbox = Watched()
        sandbox.limits.of.clear()
        sandbox.write_auth(Path.cwd())
        when, said, twice = trial(sandbox, kills)
        sandbox.stop()
        os.chdir(before)
    rows = [*when.items(), *said.items(), ("SENT TWICE", twice)]
    show(f"{kills} processes killed while they post", ("what", "how often"), rows)
    return twice


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
