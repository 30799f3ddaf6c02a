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
    assert states(given) == {"client_id": "ok", "client_secret": "ok", "refresh_token": "missing", "redirect_uri": "ok"}
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
    assert (given.action, given.items(), given.name) == ("", [], "")
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
