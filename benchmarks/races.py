"""Many processes find one expired pair: how many requests, how many tokens, how long until the last has it.

`python benchmarks/races.py [PROCESSES]`, 64 unless told. The server answers in 300 ms and ends the family on reuse.
The processes leave without tearing their interpreter down: that of 64 of them takes longer than all the rest, as
the control shows, in which they do nothing else.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cryptography.fernet import Fernet
from measure import dotenv, show

from oint_magics import twitter
from oint_magics.sandbox import Sandbox

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from postgres import Postgres

CODE = """
import os, sys, psycopg, cryptography.fernet
from oint_magics.http import token_post
from oint_magics import twitter
from oint_magics.stores import shared
from oint_magics.twitter import calls
if len(sys.argv) > 2: os.environ["OINT_HOME"] = sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
print(twitter.refresh(sys.argv[1], if_expired=True)["access_token"], flush=True)
os._exit(0)
"""
CONTROL = CODE.split("print(twitter", maxsplit=1)[0] + 'print("", flush=True)'


def expired(sandbox):
    """Return a fresh pair whose text says nothing of its expiry."""
    return json.dumps(sandbox.issue() | {"access_token": "no-stamp"})


def rush(sources, code=CODE):
    """Release a process for each source at once; return the tokens, and the ms to the last one and to the last exit."""
    pipe = subprocess.PIPE
    processes = [
        subprocess.Popen([sys.executable, "-c", code, *source.split()], stdin=pipe, stdout=pipe, text=True)
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


def used(sandbox, *homes):
    """Refresh another pair in each data folder, so that none of them is new."""
    for home in homes:
        os.environ["OINT_HOME"] = home
        twitter.refresh(sandbox.issue())


def case(name, processes, prepare):
    """Run one case on a sandbox of its own; `prepare` returns the sources."""
    sandbox = Sandbox()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        used(sandbox, f"{folder}/there", f"{folder}/home")
        sandbox.accounts.counts.refreshes = 0
        sandbox.accounts.punishes_reuse = True
        sandbox.faults.add("slow", seconds=0.3, times=1000)
        sources = prepare(expired(sandbox), processes)
        tokens, *times = rush(sources)
        os.chdir("/")
    counts = sandbox.accounts.counts
    sandbox.stop()
    return name, len(sources), counts.refreshes, len(set(tokens)), counts.refused, counts.reuses, *times


def one_file(pair, processes):
    Path("auth.json").write_text(pair)
    return ["auth.json"] * processes


def one_dotenv(pair, processes):
    Path(".env").write_text(dotenv(pair))
    return [".env"] * processes


def one_profile(pair, processes):
    Path("home/profiles/work.json").write_text(pair)
    return ["profile:work"] * processes


def two_copies(pair, processes):
    Path("auth.json").write_text(pair)
    Path("other").mkdir()
    shutil.copy("auth.json", "other/copy.json")
    return ["auth.json", "other/copy.json"] * (processes // 2)


def one_row(pair, processes):
    """The team's PostgreSQL, from two machines."""
    twitter.keep(pair, "shared:work")
    homes = [f"{Path.cwd()}/{name}" for name in ("home", "there")]
    return [f"shared:work {homes[n % 2]}" for n in range(processes)]


def team(name, processes):
    """Run the case of a team on a database of its own."""
    postgres = Postgres()
    os.environ |= {"OINT_SHARED_STORE": postgres.address, "OINT_SHARED_KEY": Fernet.generate_key().decode()}
    try:
        return case(name, processes, one_row)
    finally:
        postgres.stop()


def main(most):
    """Run each case beside one process that does the same."""
    alone = case("one process, file", 1, one_file)
    cases = [
        (alone, alone),
        (case("one file", most, one_file), alone),
        (case("one .env file", most, one_dotenv), alone),
        (case("one profile", most, one_profile), alone),
        (case("two copies of one file", most, two_copies), alone),
    ]
    alone = team("one process, PostgreSQL", 1)
    cases += [(alone, alone), (team("PostgreSQL, two data folders", most), alone)]
    rows = [(*row, f"{row[-2] / one[-2]:.2f}", f"{row[-1] / one[-1]:.2f}") for row, one in cases]
    _, *idle = rush(["-"] * most, CONTROL)
    rows.append(("control: exit with teardown", most, *["-"] * 4, *idle, "-", "-"))
    counted = ("what", "processes", "requests", "tokens", "refused", "reused")
    header = (*counted, "ms to last token", "ms to last exit", "× one, token", "× one, exit")
    show("from the barrier, if_expired=True", header, rows)
    return rows


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 64)
