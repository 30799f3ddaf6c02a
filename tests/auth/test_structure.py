from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oint_magics.auth.secret_file import is_there
from oint_magics.auth.structure import KEYS, SECRET_KEYS, auth_of, is_token, require_refresh_token
from oint_magics.errors import AuthError, AuthFieldError
from oint_magics.sandbox.accounts import _token
from oint_magics.secret import Secret

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOOD = {"client_id": "an-id", "refresh_token": "a-token"}


def test_reads_the_ten_keys():
    """Secrets are sealed, the rest is text."""
    auth = auth_of(dict.fromkeys(KEYS, "value") | {"client_id": "an-id", "scope": "a b", "oauth_consumer_key": "k",
                                                   "oauth_consumer_secret": "s"})  # fmt: skip

    assert auth.client_id == "an-id"
    assert auth.scope == "a b"
    assert auth.client_secret.reveal() == auth.access_token.reveal() == auth.refresh_token.reveal() == "value"


def test_absent_null_and_blank_optional_keys_are_none():
    auth = auth_of(GOOD | {"client_secret": None, "access_token": "", "scope": None})

    assert (auth.client_secret, auth.access_token, auth.scope, auth.expires_at) == (None, None, None, None)


def test_a_scope_list_is_joined():
    assert auth_of(GOOD | {"scope": ["tweet.read", "users.read"]}).scope == "tweet.read users.read"


def test_a_mapping_may_hold_secrets_already():
    assert auth_of(GOOD | {"refresh_token": Secret("sealed")}).refresh_token.reveal() == "sealed"


MARK = "MARKER5ecret"
REFUSED = [
    ({}, "client_id is missing"),
    ({"client_id": None}, "client_id is missing"),
    (GOOD | {"client_id": " "}, "client_id is blank"),
    (GOOD | {"client_id": ""}, "client_id is missing"),
    (GOOD | {"client_id": " "}, "client_id is blank"),
    (GOOD | {"refresh_token": " "}, "refresh_token is blank"),
    (GOOD | {"refresh_token": 5}, "refresh_token holds a number where text is wanted"),
    (GOOD | {"client_secret": 1.5}, "client_secret holds a number"),
    (GOOD | {"client_id": True}, "client_id holds true or false"),
    (GOOD | {"access_token": {"a": MARK}}, "access_token holds an object"),
    (GOOD | {"access_token": [MARK]}, "access_token holds a list"),
    (GOOD | {"oauth_token": 7}, "oauth_token holds a number"),
    (GOOD | {"redirect_uri": 7}, "redirect_uri holds a number"),
    (GOOD | {"scope": ["a", 7]}, "scope holds a list"),
    (GOOD | {"scope": object()}, "scope holds something else"),
    (GOOD | {"refresh_token": f"{MARK}\n"}, f"refresh_token holds a line break or control character, at character {len(MARK) + 1}"),
    (GOOD | {"client_secret": f"a\u2028{MARK}"}, "client_secret holds a line break or control character, at character 2"),
    (GOOD | {"client_id": f"\ufeff{MARK}"}, "client_id holds a line break or control character, at character 1"),
    (GOOD | {"refresh_token": f" {MARK}"}, "refresh_token has spaces or quotes around it"),
    (GOOD | {"client_id": f"'{MARK}'"}, "client_id has spaces or quotes around it"),
    (GOOD | {"client_secret": f"“{MARK}”"}, "client_secret has spaces or quotes around it"),
    (GOOD | {"refresh_token": f"{MARK}é"}, f"refresh_token holds a character that no token has, at character {len(MARK) + 1}"),
    (GOOD | {"client_id": "***"}, "client_id still holds the placeholder"),
    (GOOD | {"refresh_token": "…………"}, "refresh_token still holds the placeholder"),
    (GOOD | {"client_secret": "xxx"}, "client_secret still holds the placeholder"),
    (GOOD | {"client_id": _token("rt", 1e9)}, "client_id holds a refresh token"),
    (GOOD | {"client_id": MARK, "oauth_consumer_key": MARK}, "client_id and oauth_consumer_key hold the same value"),
    (GOOD | {"client_secret": MARK, "oauth_consumer_secret": MARK}, "client_secret and oauth_consumer_secret hold the same"),
    (GOOD | {"refresh_token": "YOUR_REFRESH_TOKEN"}, "refresh_token still holds the placeholder"),
    (GOOD | {"client_id": "<client id>"}, "client_id still holds the placeholder"),
    (GOOD | {"sandbox": "http://127.0.0.1:1"}, "client_id is not the sandbox's"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "words"), REFUSED, ids=range(len(REFUSED)))
def test_refuses_with_the_key_and_no_value(values, words):
    """Each message names key and position, and never the value."""
    with pytest.raises(AuthFieldError) as caught:
        auth_of(values)

    assert words in str(caught.value)
    assert caught.value.cause
    assert caught.value.next_step
    assert caught.value.__context__ is None
    for value in values.values():
        assert not isinstance(value, str) or len(value) < 6 or value.strip() not in str(caught.value)


@pytest.mark.parametrize("kinds", [("at", "at"), ("rt", "at"), ("rt", "rt"), ("ac", "ac")])
def test_what_a_token_says_of_itself_is_no_reason_to_fail(kinds):
    """A server may grant it so, and then it must be read again."""
    access, refresh = (_token(kind, 1e9) for kind in kinds)

    assert auth_of(GOOD | {"access_token": access, "refresh_token": refresh}).refresh_token.reveal() == refresh


@given(st.dictionaries(st.sampled_from(KEYS), st.text() | st.integers() | st.none() | st.lists(st.text())))
def test_any_mapping_is_an_auth_structure_or_our_error(values):
    marked = {key: f"{value}MARK5" if isinstance(value, str) else value for key, value in values.items()}
    try:
        auth_of(marked)
    except AuthError as error:
        assert "MARK5" not in str(error)


def test_the_document_holds_the_ten_keys_and_shows_nothing():
    """What else its file holds stays there; showing it shows no secret."""
    auth = auth_of(GOOD | {"note": "mine", "refresh_token": MARK})

    assert auth_of(__import__("json").loads(auth.document.reveal())) is not None
    assert "note" not in auth.document.reveal()
    assert MARK not in repr(auth)


def test_a_bracket_at_one_end_is_no_placeholder():
    for value in ("<abc", "abc>", "your", "xx", "x1x"):
        assert auth_of(GOOD | {"client_secret": value}).client_secret.reveal() == value


def test_a_quote_at_one_end_belongs_to_the_value():
    assert auth_of(GOOD | {"client_secret": "it's'"}).client_secret.reveal() == "it's'"


def test_client_secrets_may_hold_any_printable_character():
    assert auth_of(GOOD | {"client_secret": "s ec:r%t+/=&-~!é"}).client_secret.reveal() == "s ec:r%t+/=&-~!é"


EXPIRIES = [
    (1_795_435_200, datetime(2026, 11, 23, 12, tzinfo=UTC)),
    ("1795435200", datetime(2026, 11, 23, 12, tzinfo=UTC)),
    (1_795_435_200.5, datetime(2026, 11, 23, 12, 0, 0, 500_000, tzinfo=UTC)),
    ("2026-11-23T12:00:00Z", datetime(2026, 11, 23, 12, tzinfo=UTC)),
    ("2026-11-23T15:00:00+03:00", datetime(2026, 11, 23, 12, tzinfo=UTC)),
    ("2026-11-23T12:00:00", None),
    ("soon", None),
    (True, None),
    (1e300, None),
    ([1], None),
    (None, None),
    (1_795_435_200_500, datetime(2026, 11, 23, 12, 0, 0, 500_000, tzinfo=UTC)),
    ("1795435200500", datetime(2026, 11, 23, 12, 0, 0, 500_000, tzinfo=UTC)),
    ("1795435200.5", datetime(2026, 11, 23, 12, 0, 0, 500_000, tzinfo=UTC)),
    ("2026-11-23T12:00:00.459619Z", datetime(2026, 11, 23, 12, 0, 0, 459_619, tzinfo=UTC)),
    ("9999-12-31T23:59:59Z", None),
    ("0001-01-01T00:00:00+14:00", None),
]


@pytest.mark.parametrize(("value", "moment"), EXPIRIES)
def test_reads_expires_at_in_the_spellings_that_exist(value, moment):
    """Unix time in any unit, or ISO 8601 with its zone; anything else is unknown, and no reason to fail."""
    found = auth_of(GOOD | {"expires_at": value}).expires_at

    assert found == moment
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(
    ("left", "fresh"),
    [(timedelta(hours=1), True), (timedelta(seconds=61), True), (timedelta(seconds=60), False), (timedelta(0), False)],
)
def test_is_fresh_with_more_than_a_minute_left(left, fresh):
    auth = auth_of(GOOD | {"access_token": "x", "expires_at": (NOW + left).timestamp()})

    assert auth.is_fresh(NOW) is fresh


def test_a_short_token_is_fresh_until_a_tenth_is_left():
    """A token of 5 seconds is not refreshed all the time: its stamp tells how long it lives."""
    token = _token("at", NOW.timestamp())
    auth = auth_of(GOOD | {"access_token": token, "expires_at": NOW.timestamp() + 5})

    assert auth.is_fresh(NOW + timedelta(seconds=4.49))
    assert not auth.is_fresh(NOW + timedelta(seconds=4.51))


def test_the_stamp_tells_the_end_where_nothing_else_does():
    """Unknown expiry: the token's own stamp and two hours, else expired."""
    stamped = auth_of(GOOD | {"access_token": _token("at", NOW.timestamp())})

    assert stamped.ends_at == NOW + timedelta(hours=2)
    assert stamped.is_fresh(NOW + timedelta(minutes=118))
    assert not stamped.is_fresh(NOW + timedelta(minutes=119, seconds=1))
    assert not auth_of(GOOD | {"access_token": "no-stamp"}).is_fresh(NOW)
    assert auth_of(GOOD | {"access_token": "no-stamp"}).ends_at is None
    assert not auth_of(GOOD).is_fresh(NOW)


def test_a_stamp_after_the_expiry_is_not_believed():
    token = _token("at", NOW.timestamp() + 9999)
    auth = auth_of(GOOD | {"access_token": token, "expires_at": NOW.timestamp() + 120})

    assert not auth.is_fresh(NOW)  # Issued in the future: the clock is wrong.
    assert auth.ends_at == NOW + timedelta(seconds=120)


def test_a_missing_refresh_token_names_the_scope():
    with pytest.raises(AuthFieldError, match="offline.access"):
        require_refresh_token(auth_of({"client_id": "x"}))
    assert require_refresh_token(auth_of(GOOD)).reveal() == "a-token"


def test_the_sandboxs_mark():
    """The sandbox's address counts only beside the mark."""
    assert auth_of(GOOD | {"client_id": "sandbox-1", "sandbox": "http://127.0.0.1:1"}).sandbox == "http://127.0.0.1:1"
    assert auth_of(GOOD | {"client_id": "sandbox-1", "sandbox": 5}).sandbox is None
    assert auth_of(GOOD | {"client_id": "sandbox-1"}).is_sandbox
    assert not auth_of(GOOD).is_sandbox


def test_seven_of_the_ten_keys_are_secrets():
    assert len(SECRET_KEYS) == 7


@settings(max_examples=300)
@given(st.text(max_size=50) | st.text("\"'`*x.<>… \n", max_size=8))
def test_what_can_be_granted_can_be_read_again(text):
    """A token that the reader refuses must not be taken from a server: the account would be stuck in its own store.

    hypothesis takes words from our own code; the path of a file on the machine that runs this is one of them.
    """
    if is_token(text) and not is_there(text):
        auth = auth_of({"client_id": "an-id", "access_token": text, "refresh_token": text})
        assert auth.refresh_token.reveal() == text
