import pytest

from oint_magics import errors
from oint_magics.oauth import scopes


@pytest.mark.parametrize(
    ("given", "stored", "wanted"),
    [
        (None, None, scopes.LEAST),
        (None, "tweet.read", "tweet.read"),
        ("users.read tweet.read", "like.read", "users.read tweet.read"),
        (["users.read", "tweet.read"], None, "users.read tweet.read"),
        ("users.read,tweet.read, users.read", None, "users.read tweet.read"),
        ("opi", "tweet.read", scopes.OPI),
        ("OPI", None, scopes.OPI),
        ("", "like.read", "like.read"),
    ],
)
def test_what_is_asked_for(given, stored, wanted):
    assert scopes.wanted(given, stored) == wanted


def test_the_sets_are_the_contracts():
    assert scopes.LEAST.split() == ["tweet.read", "tweet.write", "users.read", "media.write", "offline.access"]
    assert len(scopes.OPI.split()) == len(set(scopes.OPI.split())) == 18
    assert "media.write" not in scopes.OPI


@pytest.mark.parametrize("given", ["tweet.read\x00", "tweet.réad", 'a"b', "x" * 101, " , "])
def test_what_is_no_scope_is_not_repeated(given):
    with pytest.raises(errors.UsageError) as caught:
        scopes.wanted(given, None)

    assert given.strip() not in str(caught.value) or not given.strip(" ,")


@pytest.mark.parametrize(
    ("scope", "lacking"),
    [
        (scopes.LEAST, []),
        (scopes.OPI, ["media.write"]),
        ("tweet.read", ["offline.access", "media.write"]),
        ("offline.access.not media.write", ["offline.access"]),
    ],
)
def test_what_it_costs_not_to_ask(scope, lacking):
    assert [name for name, _ in scopes.costs(scope)] == lacking
