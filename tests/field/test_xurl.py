"""N9: the store of X's own command line tool."""

from pathlib import Path

import pytest
from field.rows import case, is_alive

from oint_magics import twitter
from oint_magics.errors import AuthError

APP = "  {name}:\n    client_id: {CI}\n    client_secret: {CS}\n    oauth2_tokens:\n{users}"
USER = "      {name}:\n        type: oauth2\n        oauth2:\n          access_token: {AT}\n          refresh_token: {RT}\n          expiration_time: 1764160000\n"


@pytest.fixture
def pair(sandbox, monkeypatch):
    """A pair of the sandbox; xurl's file has no place for the sandbox's address, so a setting names it."""
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{sandbox.url}/2/oauth2/token")
    found = sandbox.issue()
    return {
        "CI": found["client_id"],
        "CS": found["client_secret"],
        "AT": found["access_token"],
        "RT": found["refresh_token"],
    }


def xurl(*apps, more=""):
    Path("~/.xurl").expanduser().write_text("apps:\n" + "".join(apps) + more)


def app(pair, name="default", users=("bob",)):
    return APP.format(name=name, users="".join(USER.format(name=user, **pair) for user in users), **pair)


@pytest.mark.parametrize("more", [
    case("N9", "one app, one user, the default named", "cannot be read as auth JSON", "default_app: default\n"),
    case("N9", "without a default", "cannot be read as auth JSON", ""),
    case("N9", "with OAuth 1.0a and an app-only token", "cannot be read as auth JSON", "bearer_token: AAAA\n"),
])  # fmt: skip
def test_an_account_is_copied_out_and_works(sandbox, pair, after, more):
    xurl(app(pair), more=more)
    before = Path("~/.xurl").expanduser().read_bytes()

    twitter.keep("~/.xurl", "profile:bob")
    response = twitter.refresh("profile:bob")

    assert is_alive(sandbox, response["access_token"])
    assert Path("~/.xurl").expanduser().read_bytes() == before
    after("kept and refreshed; xurl's file is as it was")


@pytest.mark.parametrize("use", [twitter.refresh, twitter.session, twitter.me, twitter.status],
                         ids=["refresh", "session", "me", "status"])  # fmt: skip
def test_anything_else_says_that_its_copy_would_be_spent(pair, use):
    xurl(app(pair))

    if use is twitter.status:
        assert "%twitter_keep ~/.xurl" in str(use("~/.xurl")) or "twitter.keep" in str(use("~/.xurl"))
        return
    with pytest.raises(AuthError, match=r"belongs to xurl.*Nothing was sent") as caught:
        use("~/.xurl")
    assert "twitter.keep" in caught.value.next_step


@pytest.mark.parametrize(("apps", "words"), [
    case("N9", "two users, no default", "cannot be read as auth JSON", (("default", ("alice", "bob")),), "alice, bob"),
    case("N9", "two apps, no default", "cannot be read as auth JSON", (("one", ("a",)), ("two", ("b",))), "one, two"),
    case("N9", "no user", "cannot be read as auth JSON", (("default", ()),), "no users"),
])  # fmt: skip
def test_what_is_ambiguous_is_named(pair, after, apps, words):
    xurl(*(app(pair, name, users) for name, users in apps))

    with pytest.raises(AuthError) as caught:
        twitter.keep("~/.xurl", "profile:bob")

    assert words in str(caught.value)
    assert pair["RT"] not in str(caught.value)
    after(caught.value.what)


@pytest.mark.parametrize("text", ["apps: [oauth2_tokens\n MARKER", "apps: *x\noauth2_tokens: MARKER", "apps:\n" + "  a:\n" * 9 + "oauth2_tokens: MARKER",
                                  "oauth2_tokens: " + "[" * 100_000, "apps: {oauth2_tokens: MARKER}"])  # fmt: skip
def test_a_damaged_store_is_refused_in_our_words(text):
    Path("~/.xurl").expanduser().write_text(text)

    with pytest.raises(AuthError) as caught:
        twitter.keep("~/.xurl", "profile:bob")
    assert "MARKER" not in str(caught.value)
