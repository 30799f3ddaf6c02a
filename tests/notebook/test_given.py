"""What the panel makes of what it was given: a checklist, one action, no value."""

import json

import pytest

from oint_magics import errors
from oint_magics.notebook.given import CALLBACK, Given

ID, SECRET, TOKEN = "an-app-of-mine", "s3cret-of-the-app-0123456789", "MARK-refresh-token-0123456789"
APP = {"client_id": ID, "client_secret": SECRET}
PAIR = APP | {"refresh_token": TOKEN}
OPI = str(PAIR)
DOTENV = f"# mine\nX_CLIENT_ID={ID}\nX_CLIENT_SECRET='{SECRET}'\nX_REFRESH_TOKEN={TOKEN}\n"


def states(given):
    return {item.key: item.state for item in given.items()}


@pytest.mark.parametrize(("text", "name"), [
    (json.dumps(PAIR), ""), (json.dumps(PAIR), "auth.json"), (OPI, ""), (f'"{OPI}"', ""), (DOTENV, ""), (DOTENV, ".env"),
    (json.dumps({"tokens": PAIR}), ""), ("\ufeff" + json.dumps(PAIR), "auth.json"), (DOTENV.replace("\n", "\r\n"), "prod.env"),
])  # fmt: skip
def test_one_reader_for_all_that_is_given(text, name):
    given = Given()
    given.take(text.encode(), name)
    assert {key: value for key, value in given.values().items() if key in PAIR} == PAIR
    assert given.action == "refresh"
    assert given.name == (name or "pasted text")
    assert states(given) == {"client_id": "ok", "client_secret": "ok", "refresh_token": "ok"}


def test_no_value_is_told_and_none_is_printed():
    given = Given()
    given.take(json.dumps(PAIR | {"access_token": "MARK-access", "expires_at": 4e9}).encode())
    told = f"{given.items()} {given!r} {vars(given)}"
    for value in (ID, SECRET, TOKEN, "MARK"):
        assert value not in told
    assert "2096-10-02" in told


def test_an_app_alone_leads_to_the_login_with_a_callback():
    given = Given()
    given.take(json.dumps(APP).encode())
    assert given.action == "login"
    assert states(given) == {"client_id": "ok", "client_secret": "ok", "refresh_token": "none", "redirect_uri": "ok"}
    assert given.values()["redirect_uri"] == CALLBACK
    given.type("redirect_uri", "https://example.org/back")
    assert given.values()["redirect_uri"] == "https://example.org/back"


def test_a_public_app_needs_no_secret():
    given = Given()
    given.type("client_id", f" {ID} ")
    assert states(given)["client_secret"] == "none"
    assert given.values()["client_id"] == ID


def test_nothing_given():
    given = Given()
    assert (given.action, given.items()) == ("", [])
    with pytest.raises(errors.AuthFieldError, match="Nothing is given"):
        given.values()
    given.type("client_secret", SECRET)
    assert given.action == ""
    assert states(given)["client_id"] == "missing"


def test_a_second_text_replaces_all_of_the_first():
    given = Given()
    given.take(json.dumps(PAIR).encode())
    given.type("client_secret", "typed-secret-0123456789")
    with pytest.raises(errors.AuthSyntaxError, match="line 1, column"):
        given.take(json.dumps(PAIR)[:40].encode())
    assert given.values() == PAIR | {"client_secret": "typed-secret-0123456789"}
    given.take(json.dumps(APP | {"client_id": "another"}).encode())
    assert given.values() == {"redirect_uri": CALLBACK, "client_id": "another", "client_secret": SECRET}


def test_what_is_typed_stands_over_the_text_and_blanks_change_nothing():
    given = Given()
    given.take(json.dumps(PAIR).encode())
    given.type("refresh_token", "typed-token")
    given.type("client_id", "   ")
    given.type("anything", "x")
    assert given.values() == PAIR | {"refresh_token": "typed-token"}


@pytest.mark.parametrize(("error", "key", "text"), [
    (errors.AuthFieldError("refresh_token holds a character that no token has."), "refresh_token", "cannot be right"),
    (errors.UnauthorizedClient("x refused"), "client_secret", "refused"), (errors.InvalidGrant("x refused"), "refresh_token", "refused"),
    (errors.NotSent("no network"), None, ""),
])  # fmt: skip
def test_a_refusal_points_at_the_line_and_keeps_the_rest(error, key, text):
    given = Given()
    given.take(json.dumps(PAIR).encode())
    assert given.refuse(error) == key
    wrong = [(item.key, item.text) for item in given.items() if item.state == "wrong"]
    assert wrong == ([(key, text)] if key else [])
    assert given.values() == PAIR
    if key:
        given.type(key, "corrected-value-0123456789")
        assert states(given)[key] == "ok"


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"", b"[]", b"hello", b"{" * 2000, b'{"a": 1}' + b" " * (1 << 20), json.dumps([PAIR]).encode(),
                                  json.dumps({"api_key": "k", "api_secret": "s"}).encode(), b"\0" * 100])  # fmt: skip
def test_whatever_else_is_given_is_an_error_of_ours_or_nothing(data):
    given = Given()
    try:
        given.take(data)
    except errors.OintError as error:
        assert "MARK" not in str(error)
    assert given.action == ""


@pytest.mark.parametrize(("text", "words"), [
    (json.dumps({"bearer_token": "A" * 40}), "app-only bearer"), ("X_BEARER_TOKEN=" + "A" * 40, "app-only bearer"),
    ("X_API_KEY=k\nX_API_SECRET=s\nX_ACCESS_TOKEN=1234-abcdefghijklmn\nX_ACCESS_TOKEN_SECRET=t\n", "OAuth 1.0a"), ("{}", "client_id is missing"),
    ("X_CLIENT_ID_1=a\nX_CLIENT_ID_2=b\n", "client_id is missing"), ("hello", "no auth data"), ("Client ID: abc", "no auth data"),
])  # fmt: skip
def test_what_is_of_another_kind_is_named_and_changes_nothing(text, words):
    given = Given()
    given.take(json.dumps(PAIR).encode())
    with pytest.raises(errors.AuthError, match=words):
        given.take(text.encode())
    assert given.values() == PAIR


def test_a_python_assignment_is_read_too():
    given = Given()
    given.take(f"auth = {OPI}".encode())
    assert given.values() == PAIR


@pytest.mark.parametrize(("key", "value"), [
    *((key, value) for key in ("client_id", "redirect_uri") for value in (json.dumps(PAIR), OPI, "two words")),
    ("redirect_uri", "http://127.0.0.1/callback?state=MARK&code=MARK"), ("redirect_uri", "javascript://x/alert(1)"),
])  # fmt: skip
def test_nothing_is_taken_for_what_may_be_shown_that_is_something_else(key, value):
    given = Given()
    with pytest.raises(errors.AuthFieldError, match=f"{key} cannot be right") as caught:
        given.type(key, value)
    assert "MARK" not in str(caught.value)
    assert given.items() == []


def test_a_callback_that_holds_more_is_not_shown():
    given = Given()
    given.take(json.dumps(APP | {"redirect_uri": f"http://127.0.0.1/?code={TOKEN}"}).encode())
    assert TOKEN not in str(given.items())
    assert states(given)["redirect_uri"] == "wrong"


def test_placeholders_are_no_values():
    given = Given()
    given.take(json.dumps(PAIR | {"client_secret": "REPLACE_ME", "refresh_token": "${TOKEN}"}).encode())
    assert states(given) == {"client_id": "ok", "client_secret": "wrong", "refresh_token": "wrong"}


def test_a_refused_token_leaves_the_login():
    given = Given()
    given.take(json.dumps(PAIR | {"access_token": "a-token"}).encode())
    given.refuse(errors.InvalidGrant("x refused"))
    given.leave_out_tokens()
    assert given.action == "login"
    assert given.values() == APP | {"redirect_uri": CALLBACK}
    given.type("refresh_token", "another-token")
    assert given.values()["refresh_token"] == "another-token"


def test_a_wrong_client_id_is_pointed_at_and_any_correction_ends_it():
    given = Given()
    given.take(json.dumps(PAIR).encode())
    assert given.refuse(errors.InvalidClient("x refused: Value passed for the client id was invalid")) == "client_id"
    given.type("client_secret", "another-secret-0123456789")
    assert set(states(given).values()) == {"ok"}


def test_values_are_counted_as_they_were_given():
    given = Given()
    given.type("client_id", ID)
    assert (given.count, given.typed) == (1, ["client_id"])
