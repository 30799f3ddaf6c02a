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

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
# Forks a process for each text, imports done and the account looked up, so that a kill costs no start.
NURSERY = """
import os, signal, sys
import requests, twitter_text
from oint_magics import twitter
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


def said_by_second_run(text):
    """Post it again, and return what is said; checks that it is true."""
    try:
        found = twitter.post(text, auth="sandbox-auth.json")
    except errors.PostInDoubt:
        return "not known, and not sent again"
    assert sandbox.posts.made[found["id"]]["said"] == text
    return "already posted" if found.already_posted else "posted now: the first run had not sent it"


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    os.environ["OINT_HOME"] = f"{folder}/home"
    sandbox = Watched()
    sandbox.limits.of.clear()
    sandbox.write_auth(Path.cwd())
    nursery = subprocess.Popen(
        [sys.executable, "-c", NURSERY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    said, when, twice = collections.Counter(), collections.Counter(), 0
    for n in range(KILLS):
        text = f"post {n}"
        sandbox.arrived.clear()
        nursery.stdin.write(text + "\n")
        nursery.stdin.flush()
        pid = int(nursery.stdout.readline())
        if n % 2:  # One half after the request has arrived.
            sandbox.arrived.wait(60)
        time.sleep(random.uniform(0, 0.045))
        was_sent = sandbox.asked[text] > 0
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        nursery.stdout.readline()
        when["request had arrived" if was_sent else "before"] += 1
        said[said_by_second_run(text)] += 1
        time.sleep(0.05)  # The server goes on with a request whose sender is gone.
        twice += sandbox.asked[text] > 1
    nursery.stdin.close()
    nursery.wait()
    show(
        f"{KILLS} processes killed while they post",
        ("what", "how often"),
        [*when.items(), *said.items(), ("SENT TWICE", twice)],
    )
    sandbox.stop()
    os.chdir("/")
