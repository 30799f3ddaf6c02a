"""Spent texts given again, each in a fresh process: is each followed to its family's newest pair, and none sent twice.

`python benchmarks/lineage.py [PROCESSES]`, 100 unless told, over 20 generations; then as many again after ten
thousand more tokens came into the log, and it has joined its lines. The server ends the family on reuse.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import dotenv, show

from oint_magics import twitter
from oint_magics.sandbox import Sandbox
from oint_magics.secret import fingerprint
from oint_magics.stores import journal
from oint_magics.stores.log_lines import line_of

GENERATIONS, OLDER = 20, 10_000
FILE = "auth.json"
CODE = """
import sys
from pathlib import Path
from oint_magics import twitter
source = sys.argv[1] if sys.argv[1].endswith(".env") else Path(sys.argv[1]).read_text()
print(twitter.refresh(source)["refresh_token"])
"""


def generations():
    """Refresh a file again and again; keep the text of each generation."""
    for number in range(GENERATIONS):
        Path(f"spent{number}{Path(FILE).suffix or FILE}").write_text(Path(FILE).read_text())
        twitter.refresh(FILE)


def compact():
    """Fill the family with older tokens, and let the log join its lines."""
    path = Path("home/journal.log")
    lines = path.read_bytes()
    newest = next(iter(journal.here().families()))
    older = [fingerprint(f"older {n}") for n in range(OLDER)] + [newest.newest]
    with path.open("ab") as file:
        for spent in older[:-1]:
            entry = {"format": 1, "at": newest.at, "spent": spent, "newest": newest.newest, "place": newest.place}
            file.write(line_of(entry))
    journal.here().keep(newest.newest, newest.place)
    assert path.stat().st_size < len(lines) + 40 * OLDER
    return _count()


def _count():
    return sum(len(line.split()) for line in Path("home/journal.log").read_text().splitlines() if '"family"' in line)


def again(what, sandbox, processes):
    """Give spent texts to fresh processes; count new pairs, refusals and reuses."""
    counts = sandbox.accounts.counts
    before, pairs, failed = counts.refreshes, set(), 0
    for number in range(processes):
        words = [sys.executable, "-c", CODE, f"spent{number % GENERATIONS}{Path(FILE).suffix or FILE}"]
        done = subprocess.run(words, check=False, capture_output=True, text=True)
        failed += done.returncode != 0
        pairs.add(done.stdout.strip())
    return what, processes, len(pairs), counts.refreshes - before, failed, counts.refused, counts.reuses, _count()


def main(processes):
    """Print and return a line for each half."""
    sandbox = Sandbox()
    sandbox.accounts.punishes_reuse = True
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["OINT_HOME"] = f"{folder}/home"
        pair = json.dumps(sandbox.issue())
        Path(FILE).write_text(dotenv(pair) if FILE == ".env" else pair)
        generations()
        rows = [again("20 generations", sandbox, processes)]
        compact()
        rows.append(again("after compaction", sandbox, processes))
        os.chdir("/")
    sandbox.stop()
    header = ("what", "processes", "new pairs", "at the server", "failed", "refused", "reused", "words of joined lines")
    show("spent texts given again", header, rows)
    return rows


if __name__ == "__main__":
    FILE = sys.argv[2] if len(sys.argv) > 2 else FILE
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
