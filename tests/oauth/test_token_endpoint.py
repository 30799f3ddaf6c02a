import base64
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oint_magics import errors
from oint_magics.auth.structure import auth_of
from oint_magics.oauth import token_endpoint
from oint_magics.oauth.raw_answer import Answer
from oint_magics.secret import Secret

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PUBLIC = auth_of({"client_id": "an-id", "refresh_token": "old-token", "access_token": "old-access"})
CONFIDENTIAL = auth_of({"client_id": "an id+/é", "client_secret": "s ec:r%t+/=&-~!", "refresh_token": "old-token"})
PAIR = {
    "token_type": "bearer",
    "expires_in": 7200,
    "access_token": "new-access",
    "scope": "a b",
    "refresh_token": "new-token",
}


def read(status, body, sent=PUBLIC, broken=None, **headers):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return token_endpoint.read_grant(
        Answer(status, {k.replace("_", "-"): v for k, v in headers.items()}, data, broken), sent, "host", NOW
    )


def test_a_public_clients_request():
    """The client id in the body, and no header (RFC 6749 §6, §3.2.1)."""
    request = token_endpoint.refresh_request(PUBLIC, PUBLIC.refresh_token)

    assert request.authorization is None
    assert parse_qs(request.body.reveal()) == {
        "grant_type": ["refresh_token"], "refresh_token": ["old-token"], "client_id": ["an-id"],
    }  # fmt: skip


def test_a_confidential_clients_request():
    """Basic with form-encoded parts, the client id in the body too, the secret never in the body."""
    request = token_endpoint.refresh_request(CONFIDENTIAL, CONFIDENTIAL.refresh_token)
    scheme, _, packed = request.authorization.reveal().partition(" ")
    client_id, _, secret = base64.b64decode(packed).decode().partition(":")

    assert scheme == "Basic"
    assert (unquote_plus(client_id), unquote_plus(secret)) == ("an id+/é", "s ec:r%t+/=&-~!")
    assert secret == "s+ec%3Ar%25t%2B%2F%3D%26-~%21"
    assert parse_qs(request.body.reveal())["client_id"] == ["an id+/é"]
    assert "client_secret" not in request.body.reveal()
    assert "s+ec" not in request.body.reveal()


def test_for_xs_alphabet_basic_is_what_everybody_sends():
    basic = token_endpoint.basic_credentials("abc-DEF_123", Secret("xyz-UVW_456"))

    assert basic.reveal() == "Basic " + base64.b64encode(b"abc-DEF_123:xyz-UVW_456").decode()


def test_a_granted_pair():
    grant = read(200, PAIR)

    assert grant.access_token.reveal() == "new-access"
    assert grant.refresh_token.reveal() == "new-token"
    assert grant.granted_at == NOW
    assert grant.expires_at == NOW + timedelta(hours=2)
    assert json.loads(grant.answer.reveal()) == PAIR


def test_an_answer_without_refresh_token_keeps_the_old_one():
    """RFC 6749 §6: the server may issue no new one."""
    for more in ({}, {"refresh_token": None}, {"refresh_token": ""}):
        answer = {"access_token": "new"} | more
        assert read(200, answer).refresh_token.reveal() == "old-token"


def test_a_broken_connection_after_the_whole_pair_loses_nothing():
    """A JSON object that is complete was not cut."""
    assert read(200, PAIR, broken="its answer was cut off").access_token.reveal() == "new-access"


@pytest.mark.parametrize(
    "text",
    ["\ufeff%s", '{"n": NaN, "access_token": "new-access"}', '{"n": %s, "access_token": "new-access"}' % ("9" * 5000)],
)
def test_a_pair_in_strange_company_is_a_pair(text):
    """A byte order mark, `NaN`, an endless number: no reason to lose what stands beside them."""
    text = text.replace("%s", json.dumps(PAIR))

    assert read(200, text.encode()).access_token.reveal() == "new-access"


def test_another_2xx_with_a_pair_is_a_pair():
    assert read(201, PAIR).access_token.reveal() == "new-access"


def test_an_error_beside_a_pair_does_not_lose_the_pair():
    assert read(200, PAIR | {"error": "x"}).access_token.reveal() == "new-access"
    assert read(200, PAIR | {"error": None}).access_token.reveal() == "new-access"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(7200, 7200), ("7200", 7200), (7199.9, 7199), (0, None), (-5, None), ("soon", None), (None, None), ([1], None),
     (1e300, None), ("1e400", None), (10**10, None), ("nan", None)],
)  # fmt: skip
def test_expires_in(value, seconds):
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)

    assert read(200, PAIR | {"expires_in": value}).expires_at == expected


IN_DOUBT = [
    (200, b""),
    (200, b"  \n"),
    (200, b"<html>"),
    (200, b"<!DOCTYPE html><title>Sign in</title>"),
    (200, {}),
    (200, {"ok": True}),
    (200, {"error": {"code": 5}}),
    (204, b""),
    (100, b""),
    (408, b""),
    (500, b""),
    (500, {"error": "server_error"}),
    (500, PAIR),
    (502, b"<html>"),
    (504, b""),
    (520, b""),
    (599, b""),
]


@pytest.mark.parametrize(("status", "body"), IN_DOUBT, ids=range(len(IN_DOUBT)))
def test_in_doubt(status, body):
    """Where the answer does not tell, we do not guess."""
    with pytest.raises(errors.InDoubt, match="The request was sent to host, and its outcome is unknown") as caught:
        read(status, body)
    assert not isinstance(caught.value, errors.AnswerUnreadable)
    assert caught.value.cause.endswith(".")
    assert len(caught.value.cause) > 20
    assert "tried once more" in str(caught.value)


UNREADABLE = [
    b'{"access_token": "new-ac',
    b'\xff{"access_token": "x"}',
    b'{"access_token": NaN}',
    b"[" * 100_000,
    ["access_token"],
    "text",
    {"refresh_token": "new"},
    {"access_token": ""},
    {"access_token": 5},
    {"access_token": "a\nb"},
    {"access_token": "é"},
    {"access_token": "new", "refresh_token": "a\r\nb"},
    {"access_token": "new", "refresh_token": "é"},
    json.dumps([PAIR, PAIR | {"refresh_token": "another"}]).encode(),
]


@pytest.mark.parametrize("body", UNREADABLE, ids=range(len(UNREADABLE)))
def test_a_whole_answer_that_may_hold_a_pair_is_not_called_in_doubt(body):
    """It is worth more than another try: nobody gets a second one."""
    with pytest.raises(errors.AnswerUnreadable, match="host answered, and the answer cannot be read"):
        read(200, body)


def test_in_doubt_says_why_the_body_ended():
    with pytest.raises(errors.InDoubt, match="its answer was cut off"):
        read(200, b'{"access_tok', broken="its answer was cut off")


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 404, 405, 410, 415, 421])
def test_not_the_token_endpoint(status):
    with pytest.raises(errors.NotTokenEndpoint, match=rf"server at host is not .* \(status {status}\)") as caught:
        read(status, b"", location="https://evil.example/?MARK")
    assert "OINT_TWITTER_TOKEN_URL" in caught.value.next_step
    assert caught.value.cause
    with pytest.raises(errors.NotTokenEndpoint):
        read(status, {"error": "invalid_request"})
    with pytest.raises(errors.NotTokenEndpoint, match="were not used"):
        read(403, {"errors": [{"code": 99, "label": "authenticity_token_error"}]})
    with pytest.raises(errors.NotTokenEndpoint):
        read(400, {"title": "Invalid Request"})
    with pytest.raises(errors.NotTokenEndpoint):
        read(401, b"<html>")
    with pytest.raises(errors.NotTokenEndpoint):
        read(404, {"error": "invalid_request"})


@pytest.mark.parametrize(
    ("status", "body", "headers", "retry_at"),
    [
        (429, b"", {}, None),
        (429, {"title": "Too Many Requests"}, {"retry_after": "60"}, NOW + timedelta(seconds=60)),
        (429, b"", {"x_rate_limit_reset": "1795435260"}, datetime.fromtimestamp(1795435260, UTC)),
        (429, b"", {"retry_after": "soon", "x_rate_limit_reset": "soon"}, None),
        (429, b"", {"retry_after": "9" * 30}, None),
        (429, b"", {"x_rate_limit_reset": "9" * 30}, None),
        (429, {"error": "slow_down"}, {}, None),
        (503, b"<html>", {}, None),
        (503, {"title": "Service Unavailable"}, {}, None),
        (403, b"<html>Attention Required! | Cloudflare", {}, None),
        (403, b"", {}, None),
    ],
)
def test_try_later(status, body, headers, retry_at):
    """Says when, spends nothing."""
    with pytest.raises(errors.TryLater, match="tokens are (?:probably )?unchanged") as caught:
        read(status, body, **headers)
    assert caught.value.retry_at == retry_at
    assert {429: "asks you to wait", 503: "accepts no requests", 403: "is behind a filter"}[status] in str(caught.value)
    assert str(caught.value).startswith("host ")
    assert caught.value.cause
    if retry_at:
        assert f"{retry_at:%H:%M:%S} UTC" in str(caught.value)


X_SAYS = [
    (400, "invalid_request", "Value passed for the token was invalid.", errors.InvalidGrant, "used before"),
    (400, "invalid_grant", "whatever", errors.InvalidGrant, "used before"),
    (401, "unauthorized_client", "Missing valid authorization header", errors.UnauthorizedClient, "client_secret"),
    (400, "invalid_client", "Value passed for the client id was invalid.", errors.InvalidClient, "Client ID"),
    (400, "invalid_request", "Missing required parameter [client_id].", errors.InvalidRequest, "did not reach"),
    (400, "invalid_request", "Missing required parameter [code_verifier].", errors.InvalidRequest, "start the login again"),
    (400, "invalid_request", "Value passed for the authorization code was invalid.", errors.InvalidGrant, "30 seconds"),
    (400, "invalid_request", "Value passed for the code verifier did not match the code challenge.", errors.InvalidGrant, "another attempt"),
    (400, "invalid_request", "Value passed for the redirect uri did not match the uri of the authorization code.", errors.InvalidGrant, "without any change"),
    (400, "invalid_request", "Something new.", errors.InvalidRequest, "compare the auth data"),
    (401, "invalid_client", None, errors.InvalidClient, "does not know"),
    (400, "unsupported_grant_type", None, errors.TokenRefused, "no cause that is known"),
    (200, "invalid_request", "Value passed for the token was invalid.", errors.InvalidGrant, "%twitter_login"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "error", "description", "kind", "words"), X_SAYS)
def test_refused_in_xs_own_words(status, error, description, kind, words):
    """Each row of X's texts has its type, its cause and its next step."""
    with pytest.raises(errors.TokenRefused) as caught:
        read(status, {"error": error, "error_description": description})

    problem = caught.value
    assert type(problem) is kind
    assert (problem.status, problem.error, problem.description) == (status, error, description)
    assert words in str(problem)
    assert str(problem).startswith(f"host refused with status {status}: {error}")
    assert problem.cause
    assert problem.next_step
    assert error in str(problem)
    assert (description or "") in str(problem)
    assert problem.__context__ is None


def test_a_refusal_with_strange_fields():
    with pytest.raises(errors.InvalidRequest) as caught:
        read(400, {"error": "invalid_request", "error_description": ["x"]})
    assert caught.value.description is None


MARK = "MARKER-token-of-forty-characters-0000000"


@pytest.mark.parametrize(
    "echo", [MARK, f"\x1b[31m{MARK}", "s ec:r%t+/=&-~!", "s+ec%3Ar%25t%2B%2F%3D%26-~%21", MARK[:33], "short-tok"]
)
def test_an_echoed_secret_is_cut_out(echo):
    """A hostile or careless server sends back what it was sent."""
    sent = auth_of(
        {"client_id": "x", "client_secret": "s ec:r%t+/=&-~!", "refresh_token": MARK, "access_token": "short-tok"}
    )
    for answer in ({"error": echo}, {"error": "invalid_request", "error_description": f"bad {echo} here"}):
        with pytest.raises(errors.TokenRefused) as caught:
            read(400, answer, sent)
        for said in (str(caught.value), caught.value.error, caught.value.description or "", repr(caught.value)):
            assert echo not in said
            assert "\x1b" not in said


def test_an_echoed_basic_header_is_cut_out():
    sent = auth_of({"client_id": "x", "client_secret": "yz", "refresh_token": "t" * 40})
    header = token_endpoint.basic_credentials("x", sent.client_secret).reveal().removeprefix("Basic ")

    with pytest.raises(errors.TokenRefused) as caught:
        read(400, {"error": "invalid_request", "error_description": f"no {header}"}, sent)
    assert len(header) < 30
    assert header not in str(caught.value)


def test_a_refusal_without_description_has_no_empty_words():
    with pytest.raises(errors.TokenRefused) as caught:
        read(400, {"error": "server_says_no"})
    assert "None" not in str(caught.value)
    assert str(caught.value).splitlines()[0] == "host refused with status 400: server_says_no"


def test_long_and_invisible_words_are_cut_and_shown():
    with pytest.raises(errors.TokenRefused) as caught:
        read(400, {"error": "x\u202ey", "error_description": "word " * 10_000})

    assert len(str(caught.value)) < 1000
    assert "x\\u{202e}y" in str(caught.value)


@given(
    st.integers(100, 599),
    st.binary(max_size=60)
    | st.dictionaries(st.sampled_from([*PAIR, "error", "errors"]), st.text() | st.integers() | st.none()).map(
        lambda d: json.dumps(d).encode()
    ),
)
def test_any_answer_is_a_grant_or_one_of_our_errors(status, body):
    """No answer breaks the reader, and no error of it carries a chain."""
    try:
        grant = read(status, body)
    except errors.ExchangeError as error:
        assert error.__context__ is None
        assert error.next_step
    else:
        assert grant.access_token
        assert 200 <= status < 300


def test_an_answers_repr_holds_no_body():
    assert "MARK" not in repr(Answer(200, {}, b"MARK", None))
