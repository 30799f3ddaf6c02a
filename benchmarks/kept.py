"""A data set that grows, ended again and again: by kills, by full disks, by two kernels at once, by a stop.

`python benchmarks/kept.py [KILLS] [DISKS]`, 200 and 20 unless told. After each, one whole run; then the file is
compared with the server's own list, read by twarc, and read once more: nothing may be billed twice.
"""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import show

from oint_magics import twitter
from oint_magics.sandbox import Sandbox

CODE = """
import resource, signal, sys
from oint_magics import twitter
limit = int(sys.argv[1])
if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
print("ready", flush=True)
sys.stdin.readline()
most = int(sys.argv[2])
rows = twitter.get("users/@tidemerelantern/tweets", "auth.json", keep="set.jsonl", max_rows=most or None,
                   max_results=20, fields="created_at,text,author.username,quoted.text")
print(len(rows), flush=True)
"""
FILE = Path("set.jsonl")


def begun(limit=0, most=0):
    """Return a process that is ready to read into the file."""
    pipe = subprocess.PIPE
    words = [sys.executable, "-c", CODE, str(limit), str(most)]
    process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=subprocess.PIPE, text=True)
    process.stdout.readline()
    process.stdin.write("go\n")
    process.stdin.flush()
    return process


def ended(process):
    """Wait for a process; return its exit status and what it said."""
    said, problem = process.communicate()
    return process.returncode, said + problem


def there(sandbox):
    """Return the ids of the list on the server, the newest first."""
    author = sandbox.posts.town.people.named("tidemerelantern").number
    return [each.number for each in sandbox.posts.by(author, sandbox.clock.now())]


def kept():
    """Return the ids in the file, as they come, and how many pages it has."""
    pages = [json.loads(line) for line in FILE.read_text("ascii").splitlines()] if FILE.exists() else []
    return [post["id"] for page in pages for post in page["data"]], len(pages)


def check(sandbox, faults):
    """Let a whole run follow, and compare."""
    status, said = ended(begun())
    ids, _ = kept()
    if status:
        faults.append(said[-400:])
    if sorted(ids, key=int) != sorted(set(ids), key=int):
        faults.append("a post twice")
    if set(ids) != set(there(sandbox)):
        faults.append(f"{len(set(there(sandbox)) - set(ids))} posts are missing")
    before = sum(sandbox.posts.read.values())
    ended(begun())
    if sum(sandbox.posts.read.values()) != before:
        faults.append("the next run read something again")
    from twarc.expansions import ensure_flattened

    if not ids:
        return
    flat = [post for line in FILE.read_text("ascii").splitlines() for post in ensure_flattened(json.loads(line))]
    if len(flat) != len(ids) or not all("author" in post for post in flat):
        faults.append("twarc reads something else")
    if len(twitter.rows(FILE)) != len(ids):
        faults.append("twitter.rows reads something else")


def new_set(sandbox):
    FILE.unlink(missing_ok=True)
    sandbox.limits.of.clear()


def main(kills=200, disks=20, seed=2):
    """Run the trials; return how many of each went wrong."""
    luck, rows = random.Random(seed), []
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["OINT_HOME"] = f"{folder}/oint"
        sandbox = Sandbox()
        Path("auth.json").touch(0o600)
        trials = {
            "kills": kills,
            "full disks": disks,
            "two kernels at once": max(2, disks // 4),
            "caps": max(2, disks // 4),
        }
        for name, count in trials.items():
            faults, hits = [], 0
            for _ in range(count):
                if luck.random() < 0.3 or not FILE.exists():
                    new_set(sandbox)
                else:
                    sandbox.clock.set("+8h")
                # New tokens each time, so that no run refreshes: what a kill in a refresh costs is the trial of kills.py.
                Path("auth.json").write_text(json.dumps(sandbox.issue() | {"expires_at": int(time.time()) + 7200}))
                hits += _disturbed(name, luck)
                check(sandbox, faults)
            rows.append((name, count, hits, len(faults), "; ".join(sorted(set(faults)))[:200]))
        sandbox.stop()
        os.chdir("/")
    show("a data set, ended again and again", ("trial", "times", "ended in the middle", "faults", "which"), rows)
    return [row[3] for row in rows]


def _disturbed(name, luck):
    """Disturb a run; return whether it ended in the middle."""
    if name == "kills":
        process = begun()
        time.sleep(luck.random() * 0.35)
        process.kill()
        return ended(process)[0] != 0
    if name == "full disks":
        size = FILE.stat().st_size if FILE.exists() else 0
        return ended(begun(limit=size + luck.randrange(200, 60_000)))[0] != 0
    if name == "caps":
        return ended(begun(most=luck.randrange(5, 60)))[0] != 0
    both = [begun(), begun()]
    return sum(ended(each)[0] != 0 for each in both) > 1


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(*map(int, sys.argv[1:]))
