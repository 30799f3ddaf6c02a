"""Both tokens of a pair, ended at the server; and what a refresh says then."""

import json
from pathlib import Path

import pytest
from raw_server import answer

from oint_magics import errors, twitter


def test_both_tokens_are_ended_and_a_refresh_says_so(sandbox, auth_file):
    name = auth_file()
    pair = json.loads(Path(name).read_text())
    before = Path(name).read_bytes()

    table = str(twitter.revoke(name))

    assert table.count(" revoked\n") == 2
    assert pair["access_token"] not in table
    assert pair["refresh_token"] not in table
    assert sandbox.accounts.bearer(pair["access_token"]) is None
    assert Path(name).read_bytes() == before
    refused = sandbox.accounts.counts.refused
    for call in (twitter.refresh, lambda source: twitter.refresh(source, if_expired=True)):
        with pytest.raises(errors.TokenSpent, match="were revoked on") as caught:
            call(name)
        assert "twitter.login()" in caught.value.next_step
    assert sandbox.accounts.counts.refused == refused
    assert "revoked" in twitter.status(name)[0].state


def test_a_spent_copy_stands_for_its_newest_pair(sandbox, auth_file):
    name = auth_file()
    Path("copy.json").write_text(Path(name).read_text())
    twitter.refresh(name)
    newest = json.loads(Path(name).read_text())

    table = twitter.revoke("copy.json")

    assert "tokens in      auth.json" in str(table)
    assert sandbox.accounts.bearer(newest["access_token"]) is None


def test_a_text_and_a_pair_without_a_refresh_token(sandbox):
    pair = sandbox.issue(is_public=True)

    assert "revoked" in str(twitter.revoke(json.dumps(pair)))
    alone = sandbox.issue() | {"refresh_token": None}
    assert "refresh token" not in str(twitter.revoke(alone))
    assert sandbox.accounts.bearer(alone["access_token"]) is None
    with pytest.raises(errors.AuthFieldError, match="nothing to revoke"):
        twitter.revoke(sandbox.app())
    with pytest.raises(errors.UsageError, match="revoke does not take these arguments"):
        twitter.revoke()


def revoked(raw, auth, monkeypatch, *answers):
    left = list(answers)
    server = raw(lambda connection: left.pop(0)(connection))
    monkeypatch.setenv("OINT_TWITTER_REVOKE_URL", f"{server.url}/r")
    Path("auth.json").write_text(json.dumps(auth))
    return server


def test_the_request(raw, auth, monkeypatch):
    server = revoked(raw, auth, monkeypatch, *[answer("200 OK", b'{"revoked": true}')] * 2)

    twitter.revoke("auth.json")

    bodies = [request.split(b"\r\n\r\n")[1].decode() for request in server.requests]
    assert bodies == [
        f"token={auth['refresh_token']}&client_id=a-client-id",
        f"token={auth['access_token']}&client_id=a-client-id",
    ]
    assert all(b"Authorization: Basic " in request for request in server.requests)


def test_a_token_that_was_dead_already(raw, auth, monkeypatch):
    dead = answer(
        "400 Bad", b'{"error": "invalid_request", "error_description": "Value passed for the token was invalid."}'
    )
    revoked(raw, auth, monkeypatch, dead, answer("200 OK", b"{}"))

    assert "was dead already" in str(twitter.revoke("auth.json"))


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (answer("500 Oh", b""), errors.InDoubt),
        (answer("200 OK", b'{"revoked": false}'), errors.InDoubt),
        (lambda connection: connection.close(), errors.InDoubt),
        (answer("429 No", b"{}"), errors.TryLater),
        (answer("404 No", b""), errors.NotTokenEndpoint),
        (answer("401 No", b'{"error": "unauthorized_client", "error_description": "Missing valid authorization header"}'),
         errors.UnauthorizedClient),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_said_and_can_be_repeated(raw, auth, monkeypatch, reply, kind):
    revoked(raw, auth, monkeypatch, reply, reply)

    with pytest.raises(kind) as caught:
        twitter.revoke("auth.json")

    assert "revoking twice harms nothing" in caught.value.next_step
    assert auth["refresh_token"] not in str(caught.value)


def test_the_second_one_fails(raw, auth, monkeypatch):
    revoked(raw, auth, monkeypatch, answer("200 OK", b'{"revoked": true}'), answer("500 Oh", b""))

    with pytest.raises(errors.InDoubt, match="The refresh token is revoked, and the access token perhaps not"):
        twitter.revoke("auth.json")
    with pytest.raises(errors.TokenSpent, match="revoked"):
        twitter.refresh("auth.json")


@pytest.mark.parametrize("store", ["keyring:work", "shared:work"])
def test_other_stores(sandbox, auth_file, ring, team, store):
    twitter.keep(auth_file(), store)

    assert f"tokens in      {store}" in str(twitter.revoke(store))
    with pytest.raises(errors.TokenSpent):
        twitter.refresh(store)


def test_a_pair_that_was_not_saved_yet_is_ended_too(sandbox, auth_file, monkeypatch):
    """It came for the stored refresh token, and lies in its record."""
    name = auth_file()
    with monkeypatch.context() as change:
        change.setattr("oint_magics.stores.file.FileStore.save", fail)
        with pytest.raises(errors.NotSaved) as caught:
            twitter.refresh(name)
    newest = caught.value.response

    table = str(twitter.revoke(name))

    assert table.count(" revoked\n") == 4
    assert sandbox.accounts.bearer(newest["access_token"]) is None
    assert all(family.refresh_token is None for family in sandbox.accounts._families)


def fail(*_):
    raise errors.StoreNotWritable("No.", cause="the disk is full.")


def test_a_mark_that_is_wrong_is_passed_by_try_old(sandbox, auth_file):
    """Revoked with the id of another app, which a server answers with 200 (RFC 7009 §2.2)."""
    name = auth_file()
    right = Path(name).read_text()
    tokens = {key: json.loads(right)[key] for key in ("access_token", "refresh_token")}
    Path(name).write_text(json.dumps(sandbox.app() | tokens))
    twitter.revoke(name)
    Path(name).write_text(right)
    with pytest.raises(errors.TokenSpent):
        twitter.refresh(name)

    assert twitter.refresh(name, try_old=True)["access_token"]
