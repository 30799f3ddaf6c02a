import contextlib
import json
import os
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oint_magics.errors import StoreError
from oint_magics.stores import journal, journal_text


@pytest.fixture
def database(home):
    return home / "oint" / "journal.sqlite"


def successor_of(fingerprint):
    """Return the newest of a spent token's family and its place, or `None`."""
    known = journal.here().known(fingerprint)
    return None if known.newest in (None, fingerprint) else (known.newest, known.place)


def count(database, table):
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_knows_nothing_at_first():
    assert successor_of("abc") is None


def test_a_chain_leads_to_its_newest():
    for n in range(50):
        journal.here().record(f"t{n}", f"t{n + 1}", f"/place{n}")

    for n in range(50):
        assert successor_of(f"t{n}") == ("t50", "/place49")
    assert successor_of("t50") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=25))
def test_families_do_not_mix(home, steps):
    """Whatever the order in which some accounts are refreshed, each leads to its own newest."""
    (home / "oint" / "journal.sqlite").unlink(missing_ok=True)
    (home / "oint" / "journal.log").unlink(missing_ok=True)
    newest = {}
    for account in steps:
        spent = newest.get(account, 0)
        journal.here().record(f"{account}-{spent}", f"{account}-{spent + 1}", f"/{account}")
        newest[account] = spent + 1

    for account, number in newest.items():
        assert successor_of(f"{account}-{number}") is None
        for n in range(number):
            assert successor_of(f"{account}-{n}") == (f"{account}-{number}", f"/{account}")


def test_is_bounded_for_each_account(monkeypatch, database):
    monkeypatch.setattr(journal, "_MOST", 5)
    for n in range(40):
        journal.here().record(f"t{n}", f"t{n + 1}", "/p")
    journal.here().record("other", "newer", "/q")

    assert count(database, "token") <= 12
    assert successor_of("t39") is not None
    assert successor_of("t0") is None
    assert successor_of("other") is not None


@pytest.mark.parametrize("content", [b"x", b"no database" * 999, b"SQLite format 3\0" + b"\xff" * 5000, b"", None])
def test_a_damaged_or_deleted_one_is_made_again(content, database):
    """From the log, which is as much of the history as was noted."""
    journal.here().record("a", "b", "/p")
    journal.here().record("b", "c", "/p")
    journal.here().record("x", "y", "/q")
    journal.here().forget("/q")
    if content is None:
        database.unlink()
    else:
        database.write_bytes(content)

    assert successor_of("a") == ("c", "/p")
    assert successor_of("x") == ("y", "")
    journal.here().record("c", "d", "/p")
    assert successor_of("a") == ("d", "/p")


def test_a_page_that_is_damaged_in_the_middle(database):
    for n in range(200):
        journal.here().record(f"token-{n}", f"token-{n + 1}", "/p")
    data = bytearray(database.read_bytes())
    data[4096 : len(data)] = b"\xaa" * (len(data) - 4096)
    database.write_bytes(data)

    assert successor_of("token-7") == ("token-200", "/p")


def test_the_text_is_read_past_lines_that_were_cut_off(database):
    """A full disk cuts a line, a power failure leaves zeros."""
    journal.here().record("a", "b", "/p")
    log = database.with_suffix(".log")
    log.write_bytes(log.read_bytes() + b'{"format": 1, "sp')
    journal.here().record("b", "c", "/p")
    log.write_bytes(log.read_bytes() + bytes(50) + b'\n\n["cut')
    database.unlink()

    assert successor_of("a") == ("c", "/p")


def test_the_text_is_bounded(database, monkeypatch):
    monkeypatch.setattr(journal_text, "_LARGEST", 2000)
    for n in range(100):
        journal.here().record(f"t{n}", f"t{n + 1}", "/q")

    log = database.with_suffix(".log")
    assert log.stat().st_size + log.with_suffix(".log.old").stat().st_size < 6000
    database.unlink()
    assert successor_of("t99") == ("t100", "/q")


def test_history_that_is_deleted_on_purpose_is_gone(database):
    journal.here().record("a", "b", "/p")
    database.unlink()
    database.with_suffix(".log").unlink()

    assert successor_of("a") is None


NOT_THE_TEXT = {
    "bytes that are no text": b"\xff}\n",
    "an empty list": b"[]\n",
    "too short a list": b"[1]\n",
    "an empty object": b"{}\n",
    "NaN": b'{"format": 1, "at": NaN, "spent": "a", "newest": "b", "place": "/p"}\n',
    "a number for a text": b'{"format": 1, "at": 1, "spent": 5, "newest": "b", "place": "/p"}\n',
    "no time": b'{"format": 1, "spent": "a", "newest": "b", "place": "/p"}\n',
    "another format": b'{"format": 2, "what": "ever"}\n',
    "bits that flipped": b'{"format": 1, "at": 1, "spent": "a, "newest": "b", "place": "/p"}\n',
}


@pytest.mark.parametrize("name", NOT_THE_TEXT)
def test_a_text_that_is_damaged_is_not_the_same_as_none(name, database):
    journal.here().record("a", "b", "/p")
    log = database.with_suffix(".log")
    log.write_bytes(NOT_THE_TEXT[name] + log.read_bytes())
    assert successor_of("a") == ("b", "/p")  # The database is whole.

    database.unlink()
    with pytest.raises(StoreError, match="Nothing was sent"):
        successor_of("a")


def folder(database):
    database.unlink()
    database.mkdir()


def pipe(database):
    database.unlink()
    os.mkfifo(database)


def dangling(database):
    database.unlink()
    database.symlink_to("nowhere/at/all")


def without_tables(database):
    run(database, "DROP TABLE token")


def renamed_column(database):
    run(database, "ALTER TABLE family RENAME COLUMN newest TO latest")


def zeros(database):
    database.write_bytes(bytes(database.stat().st_size))


def run(database, statement):
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement)


DAMAGED = [folder, pipe, dangling, without_tables, renamed_column, zeros]


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_database_that_is_none_is_made_again_from_the_text(damage, database):
    journal.here().record("a", "b", "/p")
    damage(database)

    assert successor_of("a") == ("b", "/p")
    assert journal.here().record("b", "c", "/p")
    assert successor_of("a") == ("c", "/p")


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_database_that_is_none_and_has_no_text_is_not_the_same_as_none(damage, database):
    journal.here().record("a", "b", "/p")
    damage(database)
    database.with_suffix(".log").unlink()

    with pytest.raises(StoreError, match="it is not known which tokens are spent. Nothing was sent"):
        successor_of("a")


def test_a_file_s_name_that_is_no_text(database):
    """A folder whose name was written in Latin-1."""
    journal.here().record("a", "b", os.fsdecode(b"/caf\xe9/auth.json"))

    assert successor_of("a") == ("b", "/caf\udce9/auth.json")
    assert journal.here().families()[0].place == "/caf\udce9/auth.json"
    database.unlink()
    assert successor_of("a") == ("b", "/caf\udce9/auth.json")
    journal.here().forget("/caf\udce9/auth.json")
    assert journal.here().families() == []


def test_a_log_in_the_other_place_is_read_too(home, tmp_path):
    """Where a data folder could be made only later."""
    beside = tmp_path / "beside"
    nowhere = Path("/dev/null/oint")
    both = journal.Journal(nowhere, beside)
    assert both.record("a", "b", "/p") == beside

    assert journal.Journal(home / "oint", beside).known("a").newest == "b"
    assert journal.Journal(nowhere).record("a", "b", "/p") is None
    assert journal.Journal(nowhere).known("a") == journal.Known()


def test_what_is_forgotten_stays_known_as_spent():
    journal.here().record("a", "b", "/p")
    journal.here().record("b", "c", "/p")
    journal.here().record("x", "y", "/q")

    journal.here().forget("/p")

    assert successor_of("a") == successor_of("b") == ("c", "")
    assert [family.place for family in journal.here().families()] == ["/q"]


def test_ends_are_known_and_bounded(monkeypatch, database):
    monkeypatch.setattr(journal, "_MOST", 5)
    assert journal.here().known("t0").end is None
    for n in range(20):
        journal.here().end(f"t{n}", journal.REFUSED)
    journal.here().end("t19", journal.REVOKED)

    assert (journal.here().known("t18").end, journal.here().known("t19").end) == (journal.REFUSED, journal.REVOKED)
    assert journal.here().known("t19").ended_at > 0
    assert journal.here().known("t0").end is None
    assert count(database, "ended") == 5


def test_the_stamp_changes_with_every_record():
    stamps = [journal.here().stamp()]
    for n in range(5):
        journal.here().record(f"t{n}", f"t{n + 1}", "/p")
        stamps.append(journal.here().stamp())

    assert stamps[0] is None
    assert len(set(map(str, stamps))) == 6


def test_one_of_an_unknown_format_is_left_alone(database):
    journal.here().record("a", "b", "/p")
    run(database, "PRAGMA user_version = 99")

    for ask in (lambda: successor_of("a"), lambda: journal.here().record("b", "c", "/p")):
        with pytest.raises(
            StoreError, match="a format that this version of oint_magics does not know. Nothing was sent"
        ):
            ask()
    assert not database.with_suffix(".damaged").exists()


OLD = ("0123456789", "abcdef0123")


@pytest.mark.parametrize("is_database_there", [True, False])
def test_tokens_that_the_format_before_knew_as_spent_stay_known(database, is_database_there):
    """Its fingerprints had ten digits, its lines were lists, and ends stood in the database alone."""
    journal.here().keep("x", "/x")  # for the tables
    database.with_suffix(".log").write_text(
        json.dumps([*OLD, "/p", 1.0]) + "\n" + json.dumps([None, None, "/q", 2.0]) + "\n"
    )
    if is_database_there:
        run(database, f"INSERT INTO ended VALUES ('{OLD[1]}', 'revoked', 5.0)")
        run(database, f"INSERT INTO family VALUES (7, '{OLD[1]}', '/p', 1.0)")
        run(database, f"INSERT INTO token VALUES ('{OLD[0]}', 7, 1), ('{OLD[1]}', 7, 2)")
        run(database, "PRAGMA user_version = 3")
    else:
        database.unlink()
    spent, newest = (digits + "f" * 22 for digits in OLD)

    known = journal.here().known(spent)
    assert (known.newest, known.place) == (OLD[1], "/p")
    assert journal.here().known(newest).newest == newest
    assert journal.here().known(newest).end == ("revoked" if is_database_there else None)
    journal.here().record(newest, "e" * 32, "/p")
    assert journal.here().known(spent).newest == journal.here().known(newest).newest == "e" * 32
    database.unlink()
    assert journal.here().known(spent).newest == "e" * 32
    assert journal.here().known(newest).end == ("revoked" if is_database_there else None)
