"""Spent copies lead to the saved successor; old bytes over the file itself lose nothing."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from oint_magics import errors, twitter


@pytest.fixture(autouse=True)
def punishing(sandbox):
    """A server that ends the family on reuse: one wrong send and the account is gone."""
    sandbox.accounts.punishes_reuse = True
    yield
    assert sandbox.accounts.counts.reuses == 0


def stored(name="auth.json"):
    return json.loads(Path(name).read_text())


def test_a_spent_text_leads_to_its_newest_pair(sandbox):
    """Twenty generations on, also when the pair has moved to another store."""
    text = json.dumps(sandbox.issue())
    for _ in range(20):
        twitter.refresh(text)
    moved = twitter.refresh(text, to="profile:work")

    assert moved.saved_to == "profile:work"
    assert twitter.refresh(text).saved_to == "profile:work"
    assert sandbox.accounts.counts.refreshes == 22


def test_a_copy_of_a_file_leads_to_the_file(sandbox, auth_file):
    auth_file()
    shutil.copy("auth.json", "copy.json")
    first = twitter.refresh("auth.json")

    assert twitter.refresh("copy.json").saved_to == "auth.json"
    assert twitter.refresh("copy.json", if_expired=True)["access_token"] != first["access_token"]
    assert sandbox.accounts.counts.refreshes == 2


def test_old_bytes_put_back_over_the_file_are_repaired(sandbox, auth_file):
    """A checkout, a sync, an editor's undo: the newest pair is put back, and then refreshed."""
    auth_file()
    old = Path("auth.json").read_bytes()
    newest = twitter.refresh("auth.json")
    Path("auth.json").write_bytes(old)

    again = twitter.refresh("auth.json")

    assert again.saved_to == "auth.json"
    assert stored()["refresh_token"] == again["refresh_token"]
    assert again["access_token"] in (newest["access_token"], stored()["access_token"])
    twitter.refresh("auth.json")


def test_a_successor_that_is_gone_sends_nothing(sandbox, auth_file):
    auth_file()
    shutil.copy("auth.json", "copy.json")
    twitter.refresh("auth.json")
    Path("auth.json").unlink()

    with pytest.raises(errors.TokenSpent, match="its successor was saved in auth.json"):
        twitter.refresh("copy.json")
    assert sandbox.accounts.counts.refreshes == 1


def test_a_damaged_journal_costs_the_history_and_no_account(sandbox, auth_file, home):
    auth_file()
    twitter.refresh("auth.json")
    (home / "oint" / "journal.sqlite").write_bytes(b"this is no database, and long enough to be read as one" * 99)

    for _ in range(3):
        twitter.refresh("auth.json")
    assert sandbox.accounts.counts.refreshes == 4
    (home / "oint" / "journal.sqlite").unlink()
    twitter.refresh("auth.json")


def test_the_journal_holds_no_secret(sandbox, auth_file, home):
    auth_file()
    twitter.refresh("auth.json")
    last = twitter.refresh("auth.json")

    data = b"".join(path.read_bytes() for path in (home / "oint").glob("journal*"))
    for secret in (last["refresh_token"], last["access_token"], stored()["client_secret"]):
        assert secret.encode() not in data
    assert sqlite3.connect(home / "oint" / "journal.sqlite").execute("SELECT count(*) FROM family").fetchone() == (1,)
    assert (home / "oint" / "journal.sqlite").stat().st_mode & 0o077 == 0


def test_a_file_that_was_deleted_is_made_again_from_its_newest_pair(sandbox, auth_file):
    text = Path(auth_file()).read_text()
    twitter.refresh("auth.json")
    Path("auth.json").unlink()

    response = twitter.refresh(text, to="./auth.json")

    assert response.saved_to == "./auth.json"
    assert sandbox.accounts.counts.refreshes == 2
    assert sandbox.accounts.counts.refused == 0
