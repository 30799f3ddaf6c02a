"""Many processes find one expired pair: how many requests, how many tokens, how long until the last has it.

`python benchmarks/races.py [PROCESSES]`, 64 unless told. The server answers in 300 ms and ends the family on reuse.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import show

from oint_magics.sandbox import Sandbox

CODE = """
import sys, sqlite3
from oint_magics import transport, twitter
from oint_magics.twitter import calls
print("ready", flush=True)
sys.stdin.readline()
print(twitter.refresh(sys.argv[1], if_expired=True)["access_token"], flush=True)
"""


def expired(sandbox):
    """Return a fresh pair whose text says nothing of its expiry."""
    return json.dumps(sandbox.issue() | {"access_token": "no-stamp"})


def rush(sources):
    """Release a process for each source at once; return the tokens, and the ms to the last one and to the last exit."""
    processes = [
        subprocess.Popen([sys.executable, "-c", CODE, source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for source in sources
    ]
    for process in processes:
        process.stdout.readline()
    start = time.perf_counter()
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    tokens = [process.stdout.readline().strip() for process in processes]
    last_token = time.perf_counter()
    for process in processes:
        process.wait()
    return tokens, round((last_token - start) * 1000), round((time.perf_counter() - start) * 1000)


def case(name, processes, prepare):
    """Run one case on a sandbox of its own; `prepare` returns the sources."""
    sandbox = Sandbox()
    sandbox.accounts.punishes_reuse = True
    sandbox.faults.add("slow", seconds=0.3, times=1000)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["OINT_HOME"] = f"{folder}/home"
        sources = prepare(expired(sandbox), processes)
        tokens, *times = rush(sources)
        os.chdir("/")
    counts = sandbox.accounts.counts
    sandbox.stop()
    return name, len(sources), counts.refreshes, len(set(tokens)), counts.refused, counts.reuses, *times


def one_file(pair, processes):
    Path("auth.json").write_text(pair)
    return ["auth.json"] * processes


def one_profile(pair, processes):
    Path("home/profiles").mkdir(parents=True)
    Path("home/profiles/work.json").write_text(pair)
    return ["profile:work"] * processes


def two_copies(pair, processes):
    Path("auth.json").write_text(pair)
    Path("other").mkdir()
    shutil.copy("auth.json", "other/copy.json")
    return ["auth.json", "other/copy.json"] * (processes // 2)


if __name__ == "__main__":
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 64
    cases = [
        case("one process", 1, one_file),
        case("one file", most, one_file),
        case("one profile", most, one_profile),
        case("two copies of one file", most, two_copies),
    ]
    token, end = cases[0][-2:]
    rows = [(*row, f"{row[-2] / token:.2f}", f"{row[-1] / end:.2f}") for row in cases]
    counted = ("what", "processes", "requests", "tokens", "refused", "reused")
    header = (*counted, "ms to last token", "ms to last exit", "× one, token", "× one, exit")
    show("from the barrier, if_expired=True", header, rows)
