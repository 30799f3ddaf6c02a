"""B18, B28: a Python without a database, and a refresh log that another program has cut."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from field.rows import case

from oint_magics import errors, twitter

WITHOUT = """
import sys
sys.modules["_sqlite3"] = sys.modules["sqlite3"] = None
from oint_magics import twitter
{line}
"""


@pytest.mark.parametrize("line", [
    case("B18", "no sqlite3, a refresh", "refreshed and saved, then InternalError", "twitter.refresh('auth.json')"),
    case("B18", "no sqlite3, a spent copy", "InternalError", "twitter.refresh('copy.json')"),
    case("B18", "no sqlite3, the status", "InternalError", "twitter.status()"),
])  # fmt: skip
def test_a_python_without_a_database(strict, auth_file, after, line):
    auth_file()
    shutil.copy("auth.json", "copy.json")
    twitter.refresh("auth.json")

    done = subprocess.run([sys.executable, "-c", WITHOUT.format(line=line)], capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert twitter.refresh("auth.json")["access_token"]
    assert strict.accounts.counts.reuses == 0
    after("works by the text alone")


DEAD = "the spent copy is sent: dead"


def cut(count):
    return lambda text: text[:-count]


@pytest.mark.parametrize("change", [
    case("B28", "journal.log, cut within a line", DEAD, cut(30)),
    case("B28", "journal.log, cut to nothing", DEAD, lambda _: b""),
    case("B28", "journal.log, cut to its first line", DEAD, lambda text: text.splitlines(keepends=True)[0]),
    case("B28", "journal.log, an older copy of it", DEAD, None),
])  # fmt: skip
def test_a_log_that_another_program_has_cut(strict, auth_file, home, after, change):
    auth_file()
    shutil.copy("auth.json", "copy.json")
    twitter.refresh("auth.json")
    log = home / "oint" / "journal.log"
    older = log.read_bytes()
    twitter.refresh("auth.json")
    whole = log.read_bytes()
    Path("copy.json").write_text(Path("copy.json").read_text())
    log.write_bytes(older if change is None else change(whole))

    with pytest.raises(errors.StoreError, match="Nothing was sent") as caught:
        twitter.refresh("copy.json")
    assert strict.accounts.counts.refreshes == 2
    log.write_bytes(whole)
    assert twitter.refresh("copy.json")["access_token"]
    assert strict.accounts.counts.reuses == 0
    after(caught.value.what)
