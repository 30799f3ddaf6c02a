"""Which part of a pair is wrong, told without using anything up."""

import json
import time
from pathlib import Path

import pytest
from raw_server import answer

from oint_magics import errors, twitter


def checks(source):
    return {row.name: row.value for row in twitter.status(source, check=True)[0].checks}


def test_all_is_right(sandbox, auth_file):
    name = auth_file()
    before, refreshes = Path(name).read_bytes(), sandbox.accounts.counts.refreshes

    found = checks(name)

    assert found["client id"] == found["client secret"] == "right"
    assert found["access token"] == "works, for @sandbox"
    assert "nothing is known against it" in found["refresh token"]
    assert "undocumented" in found["how sure"]
    assert Path(name).read_bytes() == before
    assert sandbox.accounts.counts.refreshes == refreshes
    assert sandbox.accounts.counts.reuses == 0
    assert twitter.refresh(name)  # nothing was used up


def test_a_public_client(auth_file):
    assert checks(auth_file(is_public=True))["client secret"] == "none is needed: a public client"


def changed(name, **changes):
    values = json.loads(Path(name).read_text()) | changes
    Path(name).write_text(json.dumps({key: value for key, value in values.items() if value is not None}))
    return name


def test_a_wrong_and_a_missing_secret(auth_file):
    name = auth_file()

    found = checks(changed(name, client_secret="wrong"))
    assert found["client id"] == "X knows it"
    assert found["client secret"].startswith("wrong")
    assert "works" in found["access token"]
    assert checks(changed(name, client_secret=None))["client secret"] == "missing: the app has one"


def test_a_wrong_id(auth_file):
    found = checks(changed(auth_file(), client_id="sandbox-other"))

    assert "wrong, or its app was deleted" in found["client id"]


def test_a_dead_access_token(sandbox, auth_file):
    name = auth_file()
    sandbox.accounts.expire_access_tokens()

    found = checks(name)
    assert found["access token"].startswith("opens nothing: expired, revoked, or ended")
    assert found["client secret"] == "right"
    assert "it ended 1970" in checks(changed(name, expires_at=1))["access token"]
    assert checks(changed(name, access_token=None))["access token"] == "there is none"
    assert "there is none" in checks(changed(name, refresh_token=None))["refresh token"]


def test_what_this_machine_knows_of_the_refresh_token(sandbox, auth_file):
    name = auth_file()
    copy = Path("copy.json")
    copy.write_text(Path(name).read_text())
    twitter.refresh(name)
    assert "spent" in checks("copy.json")["refresh token"]
    twitter.revoke(name)
    assert "revoked from here" in checks(name)["refresh token"]
    other = auth_file("other.json")
    sandbox.accounts.end_all()
    with pytest.raises(errors.InvalidGrant):
        twitter.refresh(other)
    assert "X refused it" in checks(other)["refresh token"]


@pytest.mark.parametrize(
    ("status", "body", "client", "token"),
    [
        ("500 Oh", b"", "not told", "not told"),
        ("429 No", b"{}", "not told", "works, and X refuses the call"),
        ("402 No", b'{"title": "CreditsDepleted"}', "does not tell", "works, and X refuses the call"),
        ("200 OK", b'{"access_token": "x", "refresh_token": "y"}', "takes tokens that never were", "not told"),
        ("400 No", b'{"error": "what", "error_description": "MARKED-secret"}', "does not tell", "not told"),
    ],
)
def test_answers_that_tell_nothing(raw, auth, monkeypatch, status, body, client, token):
    server = raw(answer(status, body))
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
    Path("auth.json").write_text(json.dumps(auth | {"client_secret": "MARKED-secret"}))

    found = checks("auth.json")

    assert client in found["client"]
    assert token in found["access token"]
    assert "MARKED" not in str(found)
    sent = server.requests[0].decode()
    assert auth["refresh_token"] not in sent
    assert auth["access_token"] not in sent


def test_nobody_answers_at_all(auth, monkeypatch):
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", "http://127.0.0.1:1/t")
    monkeypatch.setenv("OINT_TWITTER_API_URL", "http://127.0.0.1:1")
    Path("auth.json").write_text(json.dumps(auth))

    found = checks("auth.json")

    assert "No connection" in found["client"]
    assert "No connection" in found["access token"]


def test_without_a_source_the_one_used_last(auth_file):
    twitter.refresh(auth_file())

    accounts = twitter.status(check=True)
    assert [account.store for account in accounts] == ["auth.json"]
    assert "checked: access token" in str(accounts)
    assert twitter.status()[0].checks == ()


@pytest.mark.parametrize("has_refresh_token", [True, False])
def test_a_dead_access_token_that_does_not_tell_its_age(auth_file, has_refresh_token):
    """Nothing is refreshed for the answer."""
    more = {} if has_refresh_token else {"refresh_token": None}
    name = changed(auth_file(), access_token="no-stamp", expires_at=int(time.time()) + 999, **more)
    before = Path(name).read_bytes()

    assert checks(name)["access token"].startswith("opens nothing")
    assert Path(name).read_bytes() == before
    if not has_refresh_token:
        with pytest.raises(errors.CallError) as caught:
            twitter.me(name)
        assert caught.value.status == 401
