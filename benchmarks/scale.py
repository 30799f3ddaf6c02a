"""What many accounts cost: a cold process that looks up the oldest token of a full journal, or one row of many.

`python benchmarks/scale.py`: nothing is exchanged, the pair being fresh; all of the time is ours.
"""

import contextlib
import json
import os
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from cryptography.fernet import Fernet
from measure import quartiles, show

from oint_magics import twitter
from oint_magics.sandbox import Sandbox
from oint_magics.secret import fingerprint

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from postgres import Postgres

ENTRIES, FAMILY, ACCOUNTS = 100_000, 10_000, 10_000
SPENT = """
import os
os.environ["OINT_HOME"] = "{home}"
from pathlib import Path
from oint_magics import twitter
print(twitter.refresh(Path("spent.json").read_text(), if_expired=True).saved_to)
"""
SHARED = """
from oint_magics import twitter
twitter.refresh("shared:work", if_expired=True)
"""


def fill_journal(home, oldest, place):
    """Make families of ten thousand tokens each; the oldest of the first is the one that will be asked for."""
    with contextlib.closing(sqlite3.connect(Path(home) / "journal.sqlite")) as database, database:
        newest = database.execute("SELECT newest FROM family WHERE place = ?", (place,)).fetchone()[0]
        family = database.execute("SELECT id FROM family WHERE place = ?", (place,)).fetchone()[0]
        database.execute("DELETE FROM token WHERE family = ?", (family,))
        tokens = [oldest, *(fingerprint(f"0 {n}") for n in range(FAMILY - 2)), newest]
        database.executemany(
            "INSERT OR REPLACE INTO token VALUES (?, ?, ?)", ((token, family, n) for n, token in enumerate(tokens))
        )
        for number in range(1, ENTRIES // FAMILY):
            home_of = (fingerprint(f"{number} {FAMILY}"), f"/nowhere/f{number}.json", time.time())
            row = database.execute("INSERT INTO family (newest, place, at) VALUES (?, ?, ?)", home_of)
            database.executemany(
                "INSERT INTO token VALUES (?, ?, ?)",
                ((fingerprint(f"{number} {n}"), row.lastrowid, n) for n in range(FAMILY)),
            )
        return database.execute("SELECT count(*) FROM token").fetchone()[0]


def journals(sandbox):
    """Return the time with one entry and with many."""
    pair = sandbox.issue()
    Path("spent.json").write_text(json.dumps(pair))
    Path("auth.json").write_text(json.dumps(pair))
    for home in ("many", "one"):
        os.environ["OINT_HOME"] = f"{Path.cwd()}/{home}"
        if home == "many":
            twitter.refresh("auth.json")
        else:
            Path("one").mkdir()
            Path("one/journal.sqlite").write_bytes(Path("many/journal.sqlite").read_bytes())
    count = fill_journal("many", fingerprint(pair["refresh_token"]), str(Path("auth.json").resolve()))
    commands = {name: SPENT.format(home=f"{Path.cwd()}/{name}") for name in ("one", "many")}
    return count, quartiles(commands, 41)


def rows(sandbox, postgres):
    """Return the time with one row and with many, in two databases of one server."""
    postgres.run("CREATE DATABASE alone")
    alone = postgres.address.replace("/postgres?", "/alone?")
    os.environ["OINT_SHARED_KEY"] = Fernet.generate_key().decode()
    os.environ["OINT_HOME"] = f"{Path.cwd()}/one"
    for address in (alone, postgres.address):
        os.environ["OINT_SHARED_STORE"] = address
        twitter.keep(sandbox.issue(), "shared:work")
    postgres.run(
        "INSERT INTO oint_pair (name, generation, content) SELECT 'account' || n, 1, content "
        f"FROM oint_pair, generate_series(1, {ACCOUNTS - 1}) n WHERE name = 'work'"
    )
    count = postgres.run("SELECT count(*) FROM oint_pair")[0][0]
    commands = {"one": f"import os\nos.environ['OINT_SHARED_STORE'] = {alone!r}\n{SHARED}", "many": SHARED}
    return count, quartiles(commands, 41)


def line(what, count, found):
    one, many = found["one"], found["many"]
    return what, f"{count:,}", f"{one:.1f}", f"{many:.1f}", f"{many / one:.2f}", "1.20"


if __name__ == "__main__":
    server, database = Sandbox(), Postgres()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        found = [
            line("journal, the oldest token of a family", *journals(server)),
            line("rows of a team", *rows(server, database)),
        ]
        os.chdir("/")
    show(
        "a cold process, nothing exchanged (lower quartiles of 41, in turns)",
        ("what", "entries", "with one, ms", "with all, ms", "ratio", "wanted at most"),
        found,
    )
    database.stop()
    server.stop()
