import contextlib
import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oint_magics.stores import journal


@pytest.fixture
def database(home):
    return home / "oint" / "journal.sqlite"


def count(database, table):
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_knows_nothing_at_first():
    assert journal.successor_of("abc") is None


def test_a_chain_leads_to_its_newest():
    for n in range(50):
        journal.record(f"t{n}", f"t{n + 1}", f"/place{n}")

    for n in range(50):
        assert journal.successor_of(f"t{n}") == ("t50", "/place49")
    assert journal.successor_of("t50") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=25))
def test_families_do_not_mix(home, steps):
    """Whatever the order in which some accounts are refreshed, each leads to its own newest."""
    (home / "oint" / "journal.sqlite").unlink(missing_ok=True)
    (home / "oint" / "journal.log").unlink(missing_ok=True)
    newest = {}
    for account in steps:
        spent = newest.get(account, 0)
        journal.record(f"{account}-{spent}", f"{account}-{spent + 1}", f"/{account}")
        newest[account] = spent + 1

    for account, number in newest.items():
        assert journal.successor_of(f"{account}-{number}") is None
        for n in range(number):
            assert journal.successor_of(f"{account}-{n}") == (f"{account}-{number}", f"/{account}")


def test_is_bounded_for_each_account(monkeypatch, database):
    monkeypatch.setattr(journal, "_MOST", 5)
    for n in range(40):
        journal.record(f"t{n}", f"t{n + 1}", "/p")
    journal.record("other", "newer", "/q")

    assert count(database, "token") <= 12
    assert journal.successor_of("t39") is not None
    assert journal.successor_of("t0") is None
    assert journal.successor_of("other") is not None


@pytest.mark.parametrize("content", [b"x", b"no database" * 999, b"SQLite format 3\0" + b"\xff" * 5000, b"", None])
def test_a_damaged_or_deleted_one_is_made_again(content, database):
    """From the log, which is as much of the history as was noted."""
    journal.record("a", "b", "/p")
    journal.record("b", "c", "/p")
    journal.record("x", "y", "/q")
    journal.forget("/q")
    if content is None:
        database.unlink()
    else:
        database.write_bytes(content)

    assert journal.successor_of("a") == ("c", "/p")
    assert journal.successor_of("x") == ("y", "")
    journal.record("c", "d", "/p")
    assert journal.successor_of("a") == ("d", "/p")


def test_a_page_that_is_damaged_in_the_middle(database):
    for n in range(200):
        journal.record(f"token-{n}", f"token-{n + 1}", "/p")
    data = bytearray(database.read_bytes())
    data[4096 : len(data)] = b"\xaa" * (len(data) - 4096)
    database.write_bytes(data)

    assert journal.successor_of("token-7") == ("token-200", "/p")


def test_the_log_is_read_past_what_is_damaged_in_it_and_bounded(database, monkeypatch):
    journal.record("a", "b", "/p")
    log = database.with_suffix(".log")
    log.write_bytes(b"\xff\n[]\n[1]\n{}\n" + log.read_bytes() + b'["cut')
    database.unlink()
    assert journal.successor_of("a") == ("b", "/p")

    monkeypatch.setattr(journal, "_LARGEST_LOG", 2000)
    for n in range(100):
        journal.record(f"t{n}", f"t{n + 1}", "/q")
    assert log.stat().st_size + log.with_suffix(".log.old").stat().st_size < 5000
    database.unlink()
    assert journal.successor_of("t99") == ("t100", "/q")


def test_history_that_is_deleted_on_purpose_is_gone(database):
    journal.record("a", "b", "/p")
    database.unlink()
    database.with_suffix(".log").unlink()

    assert journal.successor_of("a") is None


def test_one_that_cannot_be_opened_is_the_same_as_none(database, monkeypatch):
    database.mkdir(parents=True)

    journal.record("a", "b", "/p")
    assert journal.successor_of("a") is None


def test_what_is_forgotten_stays_known_as_spent():
    journal.record("a", "b", "/p")
    journal.record("b", "c", "/p")
    journal.record("x", "y", "/q")

    journal.forget("/p")

    assert journal.successor_of("a") == journal.successor_of("b") == ("c", "")
    assert [family.place for family in journal.families()] == ["/q"]


def test_ends_are_known_and_bounded(monkeypatch, database):
    monkeypatch.setattr(journal, "_MOST", 5)
    assert journal.end_of("t0") is None
    for n in range(20):
        journal.end(f"t{n}", journal.REFUSED)
    journal.end("t19", journal.REVOKED)

    assert (journal.end_of("t18").how, journal.end_of("t19").how) == (journal.REFUSED, journal.REVOKED)
    assert journal.end_of("t19").at > 0
    assert journal.end_of("t0") is None
    assert count(database, "ended") == 5


def test_the_stamp_changes_with_every_record():
    stamps = [journal.stamp()]
    for n in range(5):
        journal.record(f"t{n}", f"t{n + 1}", "/p")
        stamps.append(journal.stamp())

    assert stamps[0] is None
    assert len(set(stamps)) == 6


def test_one_of_another_version_is_put_aside_and_made_again(database):
    journal.record("a", "b", "/p")
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA user_version = 99")

    assert journal.successor_of("a") == ("b", "/p")
    assert database.with_suffix(".damaged").exists()
