"""Spent copies lead to the saved successor; old bytes over the file itself lose nothing."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from oint_magics import errors, twitter
from oint_magics.stores import journal
from oint_magics.stores.file import FileStore


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
    assert again["access_token"] == stored()["access_token"]
    assert again["refresh_token"] not in (newest["refresh_token"], json.loads(old)["refresh_token"])
    twitter.refresh("auth.json")
    assert (sandbox.accounts.counts.refreshes, sandbox.accounts.counts.refused) == (3, 0)


def test_a_successor_that_is_gone_sends_nothing(sandbox, auth_file, home):
    auth_file()
    shutil.copy("auth.json", "copy.json")
    twitter.refresh("auth.json")
    Path("auth.json").unlink()
    shutil.rmtree(home / "oint" / "newest")

    with pytest.raises(errors.TokenSpent, match="the newer token was saved in auth.json"):
        twitter.refresh("copy.json")
    assert sandbox.accounts.counts.refreshes == 1


def test_a_damaged_journal_sends_nothing_and_costs_no_account(sandbox, auth_file, home):
    auth_file()
    twitter.refresh("auth.json")
    log = home / "oint" / "journal.log"
    before = log.read_bytes()
    log.write_bytes(before[:-20])

    for _ in range(3):
        with pytest.raises(errors.StoreError, match="Nothing was sent"):
            twitter.refresh("auth.json")
    assert sandbox.accounts.counts.refreshes == 1
    log.write_bytes(before)
    twitter.refresh("auth.json")


def test_the_journal_holds_no_secret(sandbox, auth_file, home):
    auth_file()
    twitter.refresh("auth.json")
    last = twitter.refresh("auth.json")

    data = b"".join(path.read_bytes() for path in (home / "oint").glob("journal*"))
    for secret in (last["refresh_token"], last["access_token"], stored()["client_secret"]):
        assert secret.encode() not in data
    assert len(journal.here().families()) == 1
    assert all(path.stat().st_mode & 0o077 == 0 for path in (home / "oint").glob("journal*"))


def test_a_file_that_was_deleted_is_made_again_from_its_newest_pair(sandbox, auth_file):
    text = Path(auth_file()).read_text()
    twitter.refresh("auth.json")
    Path("auth.json").unlink()

    response = twitter.refresh(text, to="./auth.json")

    assert response.saved_to == "./auth.json"
    assert sandbox.accounts.counts.refreshes == 2
    assert sandbox.accounts.counts.refused == 0


def died_before_the_journal():
    """Refresh in a process that ends between the save and the journal."""
    code = (
        "import os; from oint_magics import twitter; from oint_magics.tokens import save\n"
        "save._note = lambda *_: os._exit(9)\ntwitter.refresh('auth.json')"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 9


def test_what_a_record_knows_and_the_journal_does_not_is_noted_when_it_is_swept(sandbox, auth_file):
    """Killed between the save and the journal, then the next refresh of the file: a copy is still known as spent."""
    shutil.copy(auth_file(), "copy.json")
    died_before_the_journal()

    twitter.refresh("auth.json")

    assert not list(Path(".oint").glob("exchange-*"))
    assert twitter.refresh("copy.json").saved_to == "auth.json"
    assert sandbox.accounts.counts.refreshes == 3


def test_an_answer_that_a_copy_needs_outlives_its_own_store(sandbox, auth_file, monkeypatch):
    """Two profiles of one pair; the first one's answer is on its way, and the first one is forgotten."""
    pair = sandbox.issue()
    for name in "ab":
        twitter.keep(pair, f"profile:{name}")
    with monkeypatch.context() as patch, pytest.raises(errors.NotSaved):
        patch.setattr(FileStore, "save", lambda *_: (_ for _ in ()).throw(errors.StoreNotWritable("It cannot.")))
        twitter.refresh("profile:a")

    twitter.forget("profile:a")

    assert "repaired" in str(twitter.refresh("profile:b"))
    assert sandbox.accounts.counts.refreshes == 1
