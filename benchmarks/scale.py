"""What many accounts cost: a look-up in a full refresh log, and a cold process that reads one row of many.

`python benchmarks/scale.py`: nothing is exchanged, the pair being fresh; all of the time is ours.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from cryptography.fernet import Fernet
from measure import quartiles, show

from oint_magics import twitter
from oint_magics.sandbox import Sandbox
from oint_magics.secret import fingerprint
from oint_magics.stores import journal, log_file
from oint_magics.stores.log_lines import Lines, line_of

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from postgres import Postgres

SIZES, ACCOUNTS = (10_000, 50_000), 10_000
SHARED = """
from oint_magics import twitter
twitter.refresh("shared:work", if_expired=True)
"""


def entry(number, newest, place):
    return line_of(
        {"format": 1, "at": 1.5, "spent": fingerprint(number), "newest": fingerprint(newest), "place": place}
    )


def one_family(count):
    """Single lines, as a disk without locks has them."""
    return b"".join(entry(f"a{n}", f"a{n + 1}", "/p/auth.json") for n in range(count))


def many_families(count):
    return b"".join(entry(f"a{n}", f"b{n}", f"/p/{n}.json") for n in range(count))


LOGS = {
    "one account, joined": lambda count: Lines([one_family(count)]).joined(),
    "as many accounts, joined": lambda count: Lines([many_families(count)]).joined(),
    "one account, single lines, no locks": one_family,
}


def look_ups():
    """Yield how long it takes to read a log and find the oldest, a middle and the newest token in it."""
    for what, make in LOGS.items():
        for count in SIZES:
            home = Path(f"home{len(what)}-{count}")
            home.mkdir()
            os.environ["OINT_HOME"] = str(home.resolve())
            file = home / ("journal-there.log" if "no locks" in what else "journal.log")
            file.write_bytes(make(count))
            if "no locks" not in what:
                journal.here().end("x", journal.REFUSED)  # So that its size is known.
            times = [_milliseconds(fingerprint(f"a{n}")) for n in (0, count // 2, count - 1)]
            yield (
                what,
                f"{count:,}",
                f"{file.stat().st_size / 1024:,.0f}",
                *(f"{t:.1f}" for t in times),
            )


def _milliseconds(name):
    found = []
    for _ in range(21):
        log_file.forget()
        begun = time.perf_counter()
        assert journal.here().known(name).newest
        found.append((time.perf_counter() - begun) * 1000)
    return sorted(found)[5]


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
        logs = list(look_ups())
        found = line("rows of a team", *rows(server, database))
        os.chdir("/")
    show(
        "the refresh log: read and looked up (lower quartiles of 21; wanted at most 5 ms at 10,000)",
        ("what", "lines or tokens", "KiB", "oldest, ms", "middle, ms", "newest, ms"),
        logs,
    )
    show(
        "a cold process, nothing exchanged (lower quartiles of 41, in turns)",
        ("what", "entries", "with one, ms", "with all, ms", "ratio", "wanted at most"),
        [found],
    )
    database.stop()
    server.stop()
