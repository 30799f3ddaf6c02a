"""The access token as it is now: for many threads, one refresh; after a refusal, one more; and no storm."""

import json
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from raw_server import answer

from oint_magics import errors, twitter
from oint_magics.display.times import clock
from oint_magics.tokens.current import CurrentToken
from oint_magics.tokens.source import source_of


@pytest.fixture
def current(auth_file):
    return CurrentToken(source_of(auth_file()))


def change(**values):
    path = Path("auth.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def stored():
    return json.loads(Path("auth.json").read_text())


def expire():
    change(expires_at=int(time.time()) - 1)


def test_a_fresh_token_is_neither_sent_nor_read_again(current, sandbox, monkeypatch):
    assert current.auth().access_token.reveal() == stored()["access_token"]
    reads = []
    real = type(current._source.store).read
    monkeypatch.setattr(type(current._source.store), "read", lambda store: reads.append(1) or real(store))

    for _ in range(100):
        current.auth()

    assert reads == []
    assert sandbox.accounts.counts.refreshes == 0


def test_what_another_process_has_saved_is_used(current):
    current.auth()
    change(access_token="another-token", expires_at=int(time.time()) + 3600)

    assert current.auth().access_token.reveal() == "another-token"


@pytest.mark.parametrize("threads", [1, 8])
def test_an_expired_token_is_refreshed_once_for_all(current, sandbox, threads):
    expire()
    sandbox.faults.add("slow", 0.3)
    found = []
    all_threads = [
        threading.Thread(target=lambda: found.append(current.auth().access_token.reveal())) for _ in range(threads)
    ]
    for thread in all_threads:
        thread.start()
    for thread in all_threads:
        thread.join()

    assert set(found) == {stored()["access_token"]}
    assert len(found) == threads
    assert (sandbox.accounts.counts.refreshes, sandbox.accounts.counts.reuses) == (1, 0)


def test_a_token_is_refreshed_before_its_end(current, sandbox):
    change(access_token="no-stamp", expires_at=int((datetime.now(UTC) + timedelta(seconds=59)).timestamp()))

    current.auth()

    assert sandbox.accounts.counts.refreshes == 1


def test_after_a_refusal_the_store_is_read_first(current, sandbox):
    refused = current.auth().access_token
    change(access_token="another-token", expires_at=int(time.time()) + 3600)

    assert current.after_401(refused).access_token.reveal() == "another-token"
    assert sandbox.accounts.counts.refreshes == 0


@pytest.fixture
def old(current):
    """The same with a token that says nothing of its age, and an hour to live."""
    change(access_token="a-token-without-a-stamp", expires_at=int(time.time()) + 3600)
    return current


def test_after_a_refusal_one_refresh_for_each_token(old, sandbox):
    refused = old.auth().access_token

    renewed = old.after_401(refused)

    assert renewed.access_token.reveal() == stored()["access_token"] != refused.reveal()
    assert sandbox.accounts.counts.refreshes == 1
    assert old.after_401(renewed.access_token) is None  # younger than a minute
    change(access_token=refused.reveal())
    assert old.after_401(refused) is None  # once is enough
    assert sandbox.accounts.counts.refreshes == 1


def test_eight_threads_that_are_refused_together_are_one_refresh(old, sandbox):
    refused, found = old.auth().access_token, []
    threads = [threading.Thread(target=lambda: found.append(old.after_401(refused))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {each.access_token.reveal() for each in found} == {stored()["access_token"]}
    assert sandbox.accounts.counts.refreshes == 1


def test_a_token_younger_than_a_minute_is_not_refreshed(current, sandbox):
    """Something else is wrong there."""
    assert current.after_401(current.auth().access_token) is None
    assert sandbox.accounts.counts.refreshes == 0


def test_a_young_token_that_has_come_to_its_end_is_refreshed(old, sandbox):
    """Its request was on the way when it ended."""
    refused = old.after_401(old.auth().access_token).access_token
    change(expires_at=int(time.time()) - 1)

    assert not old.after_401(refused).access_token.matches(refused)
    assert sandbox.accounts.counts.refreshes == 2


ANSWERS = {
    "refused": (answer("400 Bad", b'{"error": "invalid_grant"}'), errors.InvalidGrant, 1),
    "in doubt": (lambda connection: connection.close(), errors.InDoubt, 1),
    "later": (answer("429 No", b"{}", "Retry-After: 60"), errors.TryLater, 1),
    "later, no telling when": (answer("503 No", b"{}"), errors.TryLater, 1),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_one_error_is_told_to_all_and_nothing_is_sent_again(raw, auth, monkeypatch, name):
    behaviour, kind, requests = ANSWERS[name]
    server = raw(behaviour)
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    Path("auth.json").write_text(json.dumps(auth | {"expires_at": 1}))
    current, found = CurrentToken(source_of("auth.json")), []

    def ask():
        try:
            current.auth()
        except errors.OintError as error:
            found.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ask()

    assert [type(error) for error in found] == [kind] * 9
    assert len({id(error) for error in found}) == 9
    assert len(server.requests) == requests


def test_a_new_pair_in_the_store_ends_the_error(raw, auth, monkeypatch):
    server = raw(answer("400 Bad", b'{"error": "invalid_grant"}'))
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    Path("auth.json").write_text(json.dumps(auth | {"expires_at": 1}))
    current = CurrentToken(source_of("auth.json"))
    with pytest.raises(errors.InvalidGrant):
        current.auth()

    Path("auth.json").write_text(json.dumps(auth | {"refresh_token": "another", "expires_at": int(time.time()) + 999}))

    assert current.auth().refresh_token.reveal() == "another"


def test_no_connection_is_tried_again_after_a_while(auth, monkeypatch):
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", "http://127.0.0.1:1/t")
    Path("auth.json").write_text(json.dumps(auth | {"expires_at": 1}))
    current = CurrentToken(source_of("auth.json"))
    tried = []
    monkeypatch.setattr("oint_magics.tokens.current.refresh", lambda *_, **__: tried.append(1) or fail())

    def fail():
        raise errors.NotSent("No connection.")

    for _ in range(3):
        with pytest.raises(errors.NotSent):
            current.auth()
    assert tried == [1]
    real = time.monotonic
    monkeypatch.setattr("oint_magics.tokens.current.time.monotonic", lambda: real() + 6)
    with pytest.raises(errors.NotSent):
        current.auth()
    assert tried == [1, 1]


def test_a_text_moves_to_a_profile_at_its_first_refresh(sandbox):
    pair = sandbox.issue() | {"expires_at": 1}
    current = CurrentToken(source_of(pair))

    first = current.auth().access_token.reveal()

    profiles = list((Path(os.environ["OINT_HOME"]) / "profiles").glob("saved-*.json"))
    assert json.loads(profiles[0].read_text())["access_token"] == first
    assert current.auth().access_token.reveal() == first
    assert sandbox.accounts.counts.refreshes == 1


def test_a_text_s_pair_goes_nowhere_unseen(sandbox, monkeypatch):
    """In a script somebody has to say where, as for a refresh."""
    monkeypatch.delenv("OINT_HOME")

    with pytest.raises(errors.StoreError, match="There is no place to save"):
        CurrentToken(source_of(sandbox.issue() | {"expires_at": 1})).auth()
    assert sandbox.accounts.counts.refreshes == 0


def test_the_end_is_known_to_the_moment(sandbox, auth_file):
    """A store keeps whole seconds of a clock that may be wrong; what was granted here is measured by another clock."""
    sandbox.accounts.expires_in = 5
    current = CurrentToken(source_of(auth_file()))
    expire()

    found = current.auth()

    assert 0 < current._look.good_until - clock() <= 4.5
    assert int(found.expires_at.timestamp()) == stored()["expires_at"]
    assert current.auth() is found
    change(access_token="another-token", expires_at=int(time.time()) + 3600)
    assert current.auth().expires_at.microsecond == 0


def test_a_spent_copy_is_led_to_its_successor(sandbox, auth_file):
    Path("copy.json").write_text(Path(auth_file()).read_text())
    twitter.refresh("auth.json")
    values = json.loads(Path("copy.json").read_text()) | {"expires_at": 1}
    Path("copy.json").write_text(json.dumps(values))

    assert CurrentToken(source_of("copy.json")).auth().access_token.reveal() == stored()["access_token"]
    assert sandbox.accounts.counts.refreshes == 1


def test_a_pair_without_an_access_token_is_refreshed(sandbox, auth_file):
    name = auth_file()
    change(access_token=None)

    assert CurrentToken(source_of(name)).auth().access_token
    assert sandbox.accounts.counts.refreshes == 1


def test_no_storm_by_many_calls_of_one_token_each(raw, auth, monkeypatch):
    """Each call looks afresh; what this machine granted within a minute is not refreshed."""

    def behave(connection):
        if server.requests[-1].startswith(b"POST"):
            count = sum(request.startswith(b"POST") for request in server.requests)
            pair = {"access_token": f"a{count}", "refresh_token": f"r{count}", "expires_in": 7200}
            answer("200 OK", json.dumps(pair).encode())(connection)
        else:
            answer("401 No", b"{}")(connection)

    server = raw(behave)
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
    Path("auth.json").write_text(json.dumps(auth | {"expires_at": int(time.time()) + 999}))

    for _ in range(6):
        with pytest.raises(errors.CallError):
            twitter.me("auth.json")
    assert sum(request.startswith(b"POST") for request in server.requests) == 1


@pytest.mark.parametrize(
    ("error", "longest"),
    [(errors.InDoubt("x"), 60), (errors.TryLater("x"), 60), (errors.NotSent("x"), 5), (errors.InvalidGrant("x"), 1e99)],
)
def test_how_long_an_error_holds(error, longest):
    from oint_magics.tokens import current

    error.retry_at = None
    assert 0 < current._pause(error) <= longest or longest == 1e99
    if isinstance(error, errors.TryLater):
        error.retry_at = datetime.now(UTC) + timedelta(days=9999)
        assert current._pause(error) == 900
