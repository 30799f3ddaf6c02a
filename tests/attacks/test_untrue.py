"""Points 10 to 12: what was said and was not so."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from attacks.rows import row
from patience import LONG, TELLS_OF_STOP, wait_for
from raw_server import answer

from oint_magics import errors, twitter
from oint_magics.secret import Secret
from oint_magics.stores import journal, locks, open_store
from oint_magics.tokens.source import source_of


def pair(name="auth.json"):
    return json.loads(Path(name).read_text())


@pytest.fixture
def copy(auth_file):
    """A copy of a file whose pair was refreshed since."""
    auth_file()
    shutil.copy("auth.json", "copy.json")
    twitter.refresh("auth.json")
    return "copy.json"


def is_alive(sandbox, name):
    return sandbox.accounts.bearer(pair(name)["access_token"]) is not None


def move():
    Path("secrets").mkdir()
    return shutil.move("auth.json", "secrets/auth.json")


def forget():
    twitter.forget(str(Path("auth.json").absolute()))
    return "auth.json"


def overwrite():
    shutil.move("auth.json", "other.json")
    Path("auth.json").write_text(
        json.dumps(pair("other.json") | {"refresh_token": "another", "access_token": "another"})
    )
    return "other.json"


@row("10", "revoke a spent copy after forget", "says revoked; the living pair goes on")
def test_a_spent_copy_is_not_revoked(sandbox, copy, after):
    alive = forget()
    with pytest.raises(errors.TokenSpent, match="To revoke it would end nothing, so nothing was sent"):
        twitter.revoke(copy)

    assert is_alive(sandbox, alive)
    after("says that it is spent, and that nothing was sent")


@pytest.mark.parametrize("away", [
    pytest.param(move, marks=row("10", "revoke a spent copy, the file moved meanwhile", "says revoked; the living pair goes on")),
    pytest.param(overwrite, marks=row("10", "the same, another pair in the file by now", "says revoked; the living pair goes on")),
])  # fmt: skip
def test_a_spent_copy_stands_for_the_newest_pair(sandbox, copy, away, after):
    alive = away()
    twitter.revoke(copy)

    assert not is_alive(sandbox, alive)
    after("the newest pair of its family is ended")


@row("10", "revoke a file into which older bytes were put back", "says revoked; the newest pair goes on")
def test_older_bytes(sandbox, copy, after):
    newest = pair()
    shutil.copy(copy, "auth.json")
    twitter.revoke("auth.json")

    assert not sandbox.accounts.bearer(newest["access_token"])
    after("the newest pair is put back, and revoked")


def stopped(code, server, heard):
    """Press stop while the server answers, and return what is said."""
    lines = f"from oint_magics import twitter\ntry:\n    {code}\nexcept KeyboardInterrupt as stop:\n    print(stop)"
    process = subprocess.Popen([sys.executable, "-c", TELLS_OF_STOP + lines], stdout=subprocess.PIPE, text=True)
    wait_for(lambda: server.requests, "nothing was sent")
    process.send_signal(signal.SIGINT)
    process.stdout.readline()
    heard.set()
    return process.communicate(timeout=LONG)[0]


def after_stop(body):
    """Return a behaviour that answers when stop has been heard, and the event that says so."""
    heard = threading.Event()

    def behaviour(connection):
        heard.wait(LONG)
        answer("200 OK", body)(connection)

    return behaviour, heard


@row("10", "stop while a pair is revoked", "it is refreshed, and the new pair is saved")
def test_stop_of_a_revocation(raw, auth, monkeypatch, after):
    behaviour, heard = after_stop(b'{"revoked": true}')
    server = raw(behaviour)
    monkeypatch.setenv("OINT_TWITTER_REVOKE_URL", f"{server.url}/r")
    Path("auth.json").write_text(json.dumps(auth))

    said = stopped("twitter.revoke('auth.json')", server, heard)

    assert said == "the stop came too late: the revocation had been sent. Both tokens are ended.\n"
    assert len(server.requests) == 2
    after("the revocation had been sent. Both tokens are ended.")


@row("10", "stop while a code is exchanged", "it is refreshed, and the new pair is saved")
def test_stop_of_a_code(raw, auth, monkeypatch, after):
    behaviour, heard = after_stop(b'{"access_token": "a", "refresh_token": "r"}')
    server = raw(behaviour)
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    Path("app.json").write_text(json.dumps({"client_id": auth["client_id"], "redirect_uri": "http://127.0.0.1/cb"}))

    said = stopped("twitter.authorization_link('app.json'); twitter.get_token('code', 'app.json')", server, heard)

    assert said == "the stop came too late: X already had the login. It is complete, and its tokens are saved.\n"
    assert pair("app.json")["refresh_token"] == "r"
    after("the login is done, and its pair is saved")


@row("10", "another process holds the lock of an app's logins", "another refresh of this pair does not come to its end")
def test_a_held_login_lock(after):
    with (
        locks.login_lock("app", 1),
        pytest.raises(errors.StoreBusy, match="Another login of this app") as caught,
        locks.login_lock("app", 0.1),
    ):
        pass
    assert f"process {os.getpid()}" in str(caught.value)
    after("another login of this app does not come to its end")


@pytest.mark.parametrize("stores", [
    pytest.param(("profile:a",), marks=row("11", "status of a store with two families, the later one refreshed today", "the oldest refresh")),
    pytest.param(("profile:a", "profile:b"), marks=row("11", "the same store, and another that was refreshed in between", "sorted by the oldest refresh")),
    pytest.param(("auth.json", "profile:b"), marks=row("11", "a file instead of a profile", "sorted by the oldest refresh")),
])  # fmt: skip
def test_the_list_shows_the_last_refresh(sandbox, stores, after):
    import time_machine

    for day, store in ((1, stores[0]), (5, stores[-1]), (9, stores[0])):
        with time_machine.travel(f"2026-11-0{day}T12:00:00Z", tick=False):
            twitter.keep(sandbox.issue(), f"./{store}" if store.endswith("json") else store, replace=True)
            auth = source_of(store).read()
            journal.here().record(f"spent{day}", auth.refresh_token.fingerprint(), open_store(store).place)

    found = twitter.status()
    assert found[0].store == stores[0]
    assert {account.store: account.refreshed_at.day for account in found}[stores[0]] == 9
    after("the last refresh, and first in the list")


@row("12", "keep a spent copy in the store that holds its successor", "StoreTaken: the store holds another pair")
def test_keep_of_a_spent_copy_at_its_successor_s(copy, after):
    assert twitter.keep(copy, "auth.json") == "auth.json"
    assert pair()["refresh_token"] != pair(copy)["refresh_token"]
    after("it is there already")


@row("12", "keep a spent copy in another store", "TokenSpent, though its successor is at hand")
def test_keep_of_a_spent_copy_elsewhere(sandbox, copy, after):
    twitter.keep(copy, "profile:new")

    assert Secret(pair()["refresh_token"]).matches(source_of("profile:new").read().refresh_token)
    assert twitter.refresh("profile:new")["token_type"] == "bearer"
    after("the successor is kept there")


@row("12", "keep a file into which older bytes were put back", "the spent pair is copied")
def test_keep_of_older_bytes(sandbox, copy, after):
    newest = pair()
    shutil.copy(copy, "auth.json")
    twitter.keep("auth.json", "profile:new")

    assert Secret(newest["refresh_token"]).matches(source_of("profile:new").read().refresh_token)
    after("the newest pair is put back, and kept")


@row("12", "keep a spent copy whose successor is gone", "TokenSpent")
def test_keep_of_a_spent_copy_without_successor(copy, home, after):
    Path("auth.json").unlink()
    shutil.rmtree(home / "oint" / "newest")
    with pytest.raises(errors.TokenSpent, match="Nothing was sent"):
        twitter.keep(copy, "profile:new")
    after("TokenSpent, as it is")
