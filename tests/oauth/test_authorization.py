"""The link and the address that comes back: pure text."""

import base64
import hashlib
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oint_magics import errors
from oint_magics.auth.structure import auth_of
from oint_magics.oauth import authorization
from oint_magics.oauth.authorization import AuthorizationRequest, code_from, redirect_in, redirect_of, request_for
from oint_magics.secret import Secret

CALLBACK = "http://127.0.0.1:8080/callback"
APP = auth_of({"client_id": "an id", "redirect_uri": CALLBACK})


def asked(link):
    fields = parse_qs(urlsplit(link).query, keep_blank_values=True, strict_parsing=True)
    return {name: values[0] for name, values in fields.items()}


def test_the_link_says_what_rfc_7636_wants():
    # RFC 7636, appendix B.
    verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    request = AuthorizationRequest("an id", CALLBACK, "a b", verifier, Secret("s+t"))

    link = request.link("https://x.com/i/oauth2/authorize")

    assert link.startswith("https://x.com/i/oauth2/authorize?response_type=code&")
    assert asked(link) == {
        "response_type": "code",
        "client_id": "an id",
        "redirect_uri": CALLBACK,
        "scope": "a b",
        "state": "s+t",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    assert "scope=a%20b" in link
    assert request.link_without_state("https://e/?x=1").startswith("https://e/?x=1&response_type=code&")
    assert "state" not in asked(request.link_without_state("https://e/"))


def test_each_request_is_random_and_shows_nothing():
    requests = [request_for(APP, "a") for _ in range(50)]

    for name in ("verifier", "state"):
        values = {getattr(request, name).reveal() for request in requests}
        assert len(values) == 50
        # RFC 7636 §4.1: 43 to 128 characters of these.
        assert all(len(value) == 43 and set(value) <= authorized_characters() for value in values)
    shown = repr(requests[0])
    assert requests[0].verifier.reveal() not in shown
    assert requests[0].state.reveal() not in shown
    digest = hashlib.sha256(requests[0].verifier.reveal().encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert asked(requests[0].link("https://e/"))["code_challenge"] == challenge


def authorized_characters():
    import string

    return set(string.ascii_letters + string.digits + "-._~")


@pytest.mark.parametrize(
    "uri", ["http://localhost:8080/callback/", "https://hut.openintegrations.dev/m?a=b&c", "app:/x"]
)
def test_the_redirect_uri_is_never_rewritten(uri):
    request = request_for(auth_of({"client_id": "i", "redirect_uri": uri}), "a")

    assert request.redirect_uri == uri
    assert asked(request.link("https://e/"))["redirect_uri"] == uri


def test_a_missing_redirect_uri_is_said():
    with pytest.raises(errors.AuthFieldError, match="redirect_uri is missing"):
        request_for(auth_of({"client_id": "i"}), "a")


CODE = "a-code-0123456789"
ADDRESS = f"{CALLBACK}?state=a-state&code={CODE}"


@pytest.mark.parametrize(
    "text",
    [
        ADDRESS, f"  {ADDRESS}\n", f'"{ADDRESS}"', f"<{ADDRESS}>", f"state=a-state&code={CODE}", f"?state=a-state&code={CODE}",
        f"{CALLBACK}?mine=1&state=a-state&code={CODE}#_=_",
    ],
)  # fmt: skip
def test_a_pasted_address(text):
    found = redirect_in(text)

    assert (found.state.reveal(), found.code.reveal(), found.error) == ("a-state", CODE, None)


def test_a_code_alone():
    found = redirect_in(f" {CODE} ")

    assert (found.state, found.code.reveal()) == (None, CODE)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("https://x.com/i/oauth2/authorize?client_id=x&state=MARKed", "no code in it"),
        (f"{CALLBACK}?code=MARKed", "the state is missing"),
        (f"{CALLBACK}?error=access_denied", "the state is missing"),
        (f"{CALLBACK}?state=a&code=MARKed&code=b", "twice"),
        (f"{CALLBACK}?state=a&state=b&code=MARKed", "twice"),
        (CALLBACK, "no code in it"),
        ("MARKed with blanks", "one word"),
        ("", "one word"),
        (f"{CALLBACK}?state=a&code=MARKed%0d%0a", "one word"),
        (f"{CALLBACK}?state=a&code=%ff", "no code in it"),
        ("x" * 20_000, "far longer"),
        (f"{CALLBACK}?{'&'.join(f'a{n}=1' for n in range(60))}&state=a&code=b", "no code in it"),
    ],
)
def test_what_is_no_such_address_is_said_and_not_repeated(text, why):
    with pytest.raises(errors.LoginMismatch) as caught:
        redirect_in(text)

    assert why in str(caught.value)
    assert "MARK" not in str(caught.value)
    assert caught.value.__context__ is None


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    try:
        found = redirect_in(text)
    except errors.LoginMismatch:
        return
    assert found.code is not None or found.error is not None


VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=50)


@given(state=VALUES, code=VALUES)
def test_what_a_server_encodes_is_what_is_read(state, code):
    from oint_magics.auth.structure import is_token

    if not is_token(code):
        return
    for encoded in (
        urlencode({"state": state, "code": code}),
        f"code={quote(code, safe='')}&state={quote(state, safe='')}",
    ):
        found = redirect_of(encoded)
        assert (found.state.reveal(), found.code.reveal()) == (state, code)


def test_denied():
    with pytest.raises(errors.LoginDenied, match="was denied"):
        code_from(redirect_of("state=a&error=access_denied"))
    with pytest.raises(errors.LoginDenied):  # An error beside a code is an error.
        code_from(redirect_of("state=a&error=access_denied&code=x"))


@pytest.mark.parametrize("error", [*authorization._REFUSALS, "what_is_this"])
def test_other_errors_of_the_authorize_page(error):
    query = urlencode({"state": "a", "error": error, "error_description": "because \x1b[31m " + "t" * 40})
    with pytest.raises(errors.LoginError) as caught:
        code_from(redirect_of(query))

    text = str(caught.value)
    assert error in text
    assert "because" in text
    assert "\x1b" not in text
    assert "t" * 40 not in text  # as long as a token, so it may be one
    assert caught.value.next_step
    assert not isinstance(caught.value, errors.LoginDenied)
