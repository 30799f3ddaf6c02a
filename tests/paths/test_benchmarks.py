"""The large trials at a tenth of their size: their counts, not their times."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from patience import LONG

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="they count on Linux's processes")


def run(name, *sizes):
    """Return what a benchmark's `main` returns."""
    code = (
        f"import sys, json; sys.argv = ['']; import {name}; found = {name}.main(*{sizes!r}); print(json.dumps(found))"
    )
    environment = os.environ | {"PYTHONPATH": str(BENCHMARKS)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=4 * LONG
    )
    print(done.stdout)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_races():
    """One request and one token, whatever holds the pair."""
    rows = [row for row in run("races", 8) if not row[0].startswith("control")]

    assert [row[1:6] for row in rows] == [[row[1], 1, 1, 0, 0] for row in rows]
    assert [row[1] for row in rows] == [1, 8, 8, 8, 8, 1, 8]


def test_answers():
    """Live and from the recovery file, an answer says the same."""
    assert run("answers", 400) == 0


def test_kills():
    """No account is lost in silence."""
    rows = run("kills", 120)

    assert sum(sum(row[2:]) for row in rows) == 120
    assert sum(row[5] for row in rows) == 0
    assert sum(row[3] for row in rows) > 15


def test_posts():
    """No post is sent twice, whenever its process is killed."""
    assert run("posts", 20) == 0


def test_bills():
    """The ledger is never below the sandbox's book, and equal where no answer was lost; a budget is kept."""
    below, above, is_kept, rows = run("bills", 12)

    assert (below, above, is_kept) == (0, 0, True)
    assert sum(rows) > 100


def test_kept():
    """Whatever ends a run, the next whole one has each post of the list once."""
    assert run("kept", 8, 2) == [0] * 4


def test_failover():
    """A standby that is promoted without the last writes costs no account."""
    assert [row[3:5] for row in run("failover", 4)] == [[0, 0]] * 4


def test_log():
    """No entry that was told is lost, with joining and with kills, on disks with and without locks."""
    assert [row[2] for row in run("log", 80)] == [0] * 4


def test_stops():
    """No account is lost, and what is said is true."""
    rows, refused, reused = run("stops", 28)

    assert refused == reused == 0
    assert [row[5:] for row in rows] == [[0, 0]] * len(rows)
    assert sum(row[2] for row in rows) >= 8
    assert sum(row[3] for row in rows) >= 20


def test_lineage():
    """Each spent text is a new pair at the server."""
    for row in run("lineage", 10):
        assert row[1:7] == [10, 10, 10, 0, 0, 0]


def test_lifetime():
    """Nobody sees an expired token; a pair that ends in the middle is one refused request."""
    live, ended = run("lifetime", 30)

    calls, good, refreshes, most, refused, reused, other = live[1:]
    assert (calls, good, refused, reused, other) == (2000, 2000, 0, 0, "")
    assert refreshes <= most
    assert ended[5:7] == [1, 0]
    assert set(re.findall(r"[A-Za-z]\w+|401", ended[7])) <= {"401", "InvalidGrant"}


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    """The folder into which a provider comes that others wrote, once."""
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("the provider comes from npm")
    return str(tmp_path_factory.mktemp("provider"))


def test_a_provider_that_others_wrote(provider):
    """Login, session, refreshes, check and revocation at a certified OpenID provider."""
    rows = run("provider", provider)

    for client, secret in (("confidential", "right"), ("public", "none is needed: a public client")):
        found = {step: result for name, step, result in rows if name == client}
        assert found["login (code + PKCE)"] == "pair saved"
        assert found["session"] == "somebody"
        assert found["5 refreshes"] == "6 refresh tokens"
        assert found["check"] == f"id right, secret {secret}"
        assert found["revoke"] == "both"
        assert found["session after it"].startswith("refused, explained")
        assert found["refresh after it"].startswith("refused, explained")


def test_exceptions_and_ends_at_a_provider_that_others_wrote(provider):
    """Whatever is raised, and whenever the program ends: no token is sent twice, no pair is lost."""
    rows, counts = run("interrupts", provider, 20)

    assert counts == {"refused": 0, "ended": 0}
    assert [row[-1] for row in rows if not row[0].startswith("waiting")] == [0] * 5
    assert [row[5] for row in rows if row[0].startswith("waiting")] == ["0", "0"]


def test_forks():
    """No child hangs, or reads what is not its own."""
    assert run("forks", 2) == [[2, 8, 0, 0, 0]]


def test_cells():
    """No piece of a secret is shown, whatever goes wrong in its cell."""
    rows, hits = run("cells", 240)

    assert hits == []
    assert sum(row[2] for row in rows) == 240
    assert sum(row[3] + row[4] for row in rows) > 60
