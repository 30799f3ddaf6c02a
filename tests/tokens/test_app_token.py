"""An app's own bearer token: for reads alone, never refreshed, never the account that was used last."""

import json
from pathlib import Path

import pytest
import requests

from oint_magics import errors, twitter
from oint_magics.process import state
from oint_magics.tokens import app_token
from oint_magics.twitter import calls

ALL = "tweets/search/all"


@pytest.fixture
def app(sandbox):
    """What a file of an app has; the sandbox gives the same token each time."""
    sandbox.limits.of_apps.clear()  # One of these searches a second.
    auth = sandbox.issue()
    keys = sandbox.keys(auth["client_id"])
    reply = requests.post(f"{sandbox.url}/oauth2/token", auth=(keys["api_key"], keys["api_key_secret"]),
                          data={"grant_type": "client_credentials"}, timeout=30)  # fmt: skip
    return {"bearer_token": reply.json()["access_token"], "sandbox": sandbox.url}


@pytest.fixture
def file(app):
    Path("app.json").write_text(json.dumps(app))
    Path("app.json").chmod(0o600)
    return "app.json"


def test_a_file(file):
    rows = twitter.get(ALL, file, query="the", max_rows=20)

    assert len(rows) == 20
    assert rows.is_app
    assert "the app's own bearer token" in str(rows._repr_mimebundle_())
    assert state.last_used is None


def test_a_plain_read_takes_it_too_and_me_does_not(file):
    assert len(twitter.get("users/@tidemerelantern/tweets", file, max_rows=5)) == 5
    for path in ("users/me", "users/me/tweets", "users/12/bookmarks"):
        with pytest.raises(errors.UsageError, match=r"takes a user's tokens.*Nothing was sent"):
            twitter.get(path, file)


@pytest.mark.parametrize("name", ["X_BEARER_TOKEN", "TWITTER_BEARER_TOKEN"])
def test_the_environment(app, sandbox, monkeypatch, auth_file, name):
    monkeypatch.setenv(name, app["bearer_token"])
    monkeypatch.setattr(state, "sandbox", sandbox.url)

    assert len(twitter.get(ALL, query="the", max_rows=10)) == 10
    assert len(twitter.get(ALL, "env:", query="the", max_rows=10)) == 10
    calls.use(auth_file())
    rows = twitter.get("tweets/search/recent", query="the", max_rows=10)
    assert not rows.is_app
    assert twitter.get(ALL, query="the", max_rows=10).is_app
    assert state.last_used.endswith("auth.json")


def test_a_profile_and_a_dotenv_file(file, app):
    assert twitter.keep(file, "profile:app") == "profile:app"
    assert state.last_used is None
    assert len(twitter.get(ALL, "profile:app", query="the", max_rows=10)) == 10
    with pytest.raises(errors.StoreTaken):
        twitter.keep(file, "profile:app")

    Path(".env").write_text(f"X_BEARER_TOKEN={app['bearer_token']}\nSANDBOX={app['sandbox']}\n")
    assert len(twitter.get(ALL, ".env", query="the", max_rows=10)) == 10


def test_a_pair_beside_it_is_used_where_it_can_be(sandbox, app):
    pair = sandbox.issue()
    Path("both.json").write_text(json.dumps(pair | app))
    Path("both.json").chmod(0o600)

    assert not twitter.get("users/me", "both.json").is_app
    assert twitter.get(ALL, "both.json", query="the", max_rows=10).is_app
    assert twitter.refresh("both.json")["access_token"]
    assert json.loads(Path("both.json").read_text())["bearer_token"] == app["bearer_token"]


@pytest.mark.parametrize("verb", [
    lambda name: twitter.refresh(name), lambda name: twitter.revoke(name), lambda name: twitter.me(name), lambda name: twitter.session(name),
    lambda name: twitter.bearer(name), lambda name: twitter.post("Hello", auth=name), lambda name: twitter.delete("5", auth=name),
    lambda name: twitter.login(name), lambda name: twitter.refresh(name, to="profile:x"), lambda name: twitter.status(name, check=True),
])  # fmt: skip
def test_any_other_verb_refuses_it_and_changes_nothing(file, sandbox, verb):
    before = Path(file).read_bytes()

    with pytest.raises(errors.AuthError, match="app-only bearer token. Nothing was sent") as caught:
        verb(file)

    assert "%twitter_get" in caught.value.next_step
    assert Path(file).read_bytes() == before
    assert state.last_used is None
    assert json.loads(before)["bearer_token"] not in str(caught.value)


def test_the_mark_keeps_it_where_it_belongs(monkeypatch, sandbox, app):
    """X's token never goes to a sandbox, a sandbox's never to X."""
    monkeypatch.setattr(state, "sandbox", sandbox.url)
    real = app_token.found_in({"bearer_token": "AAAAAAAAAAAAAAAAAAAAA-real", "sandbox": sandbox.url})
    ours = app_token.found_in({"bearer_token": app["bearer_token"]})

    assert not real.auth().is_sandbox
    assert real.auth().sandbox is None
    assert ours.auth().is_sandbox


@pytest.mark.parametrize("value", ["two words", "é", "a\nb", "x" * 5000])
def test_what_is_no_token_is_refused(value):
    with pytest.raises(errors.AuthFieldError, match="Nothing was sent") as caught:
        app_token.found_in({"bearer_token": value})
    assert value[:20] not in str(caught.value)


def test_two_are_one_too_many():
    with pytest.raises(errors.AuthFieldError, match="Two bearer tokens"):
        app_token.found_in({"X_BEARER_TOKEN": "one", "TWITTER_BEARER_TOKEN": "other"})


def test_nothing_shows_it(file, app):
    token = app_token.found_in(file)

    assert app["bearer_token"] not in f"{token!r}{vars(token)}{token.auth()!r}"


def test_without_one_the_error_says_where_it_comes_from(auth_file):
    with pytest.raises(errors.AuthError, match="none is there. Nothing was sent"):
        twitter.get(ALL, auth_file(), query="the")


def test_a_prefix_of_the_environment(app, sandbox, monkeypatch):
    monkeypatch.setenv("Q_BEARER_TOKEN", app["bearer_token"])
    monkeypatch.setattr(state, "sandbox", sandbox.url)

    kept = twitter.get("users/@tidemerelantern/tweets", "env:Q_", keep="set.jsonl", max_rows=5)

    assert len(kept) == len(twitter.rows("set.jsonl")) == 5
    assert app["bearer_token"] not in Path("set.jsonl").read_text()
