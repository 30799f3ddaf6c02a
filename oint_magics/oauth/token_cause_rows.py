"""What the token endpoint's refusals mean: its descriptions, then its error codes (RFC 6749 §5.2)."""

from __future__ import annotations

from oint_magics.errors import (
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    NotTokenEndpoint,
    TokenRefused,
    UnauthorizedClient,
)
from oint_magics.oauth.cause import LOGIN, TOKEN, Cause

_COMPARE = "compare the auth data with the app's page at X"
_START_AGAIN = "start the login again: %twitter_login"
_DEAD_TOKEN = Cause(
    "Value passed for the token was invalid",
    "the refresh token was used before (each works once), has expired, was revoked, or is another app's. "
    "Another program that holds a copy of these tokens may have refreshed them.",
    "look for newer tokens where that program keeps them; else log in again: %twitter_login",
    TOKEN,
    InvalidGrant,
)
_SECRET = Cause(
    "Missing valid authorization header",
    "the app is confidential, and its client secret is missing or wrong.",
    "check client_secret: the OAuth 2.0 Client Secret of the app's page at X, not the API key secret",
    TOKEN,
    UnauthorizedClient,
)
_CODE = Cause(
    "Value passed for the authorization code was invalid",
    "the code is older than 30 seconds, was used before, or was not copied whole.",
    _START_AGAIN,
    TOKEN,
    InvalidGrant,
)
OF_TOKENS = (
    Cause(
        "authenticity_token_error (code 99)",
        "that is the address of X's other token endpoint, for app-only bearers.",
        "check OINT_TWITTER_TOKEN_URL: X's tokens come from https://api.x.com/2/oauth2/token",
        TOKEN,
        NotTokenEndpoint,
        pattern=r"authenticity_token_error|code 99\b",
    ),
    _DEAD_TOKEN,
    _SECRET,
    Cause(
        "Value passed for the client id was invalid",
        "the client id is wrong, or its app was deleted.",
        "copy the OAuth 2.0 Client ID of the app's page at X into client_id",
        TOKEN,
        InvalidClient,
    ),
    Cause(
        "Missing required parameter [client_id]",
        "the client id did not reach the server.",
        "check OINT_TWITTER_TOKEN_URL: something between here and X drops a part of the request",
        TOKEN,
        InvalidRequest,
    ),
    Cause(
        "Missing required parameter [code_verifier]",
        "the verifier of this login is no longer there.",
        _START_AGAIN,
        TOKEN,
        InvalidRequest,
    ),
    _CODE,
    Cause(
        "Value passed for the code verifier did not match the code challenge",
        "the code belongs to another attempt at the login.",
        _START_AGAIN,
        TOKEN,
        InvalidGrant,
    ),
    Cause(
        "Value passed for the redirect uri did not match the uri of the authorization code",
        "redirect_uri is not the one that the login began with.",
        "use the callback URL of the app's page at X, without any change",
        TOKEN,
        InvalidGrant,
    ),
    _CODE._replace(says="invalid_grant (other words)", calls=(LOGIN,), pattern=r"^status \d+ error invalid_grant\b"),
    _DEAD_TOKEN._replace(says="invalid_grant (other words)", pattern=r"^status \d+ error invalid_grant\b"),
    Cause(
        "invalid_client (other words)",
        "the server does not know this client id and secret.",
        "copy the OAuth 2.0 Client ID and Client Secret of the app's page at X",
        TOKEN,
        InvalidClient,
        pattern=r"^status \d+ error invalid_client\b",
    ),
    _SECRET._replace(says="unauthorized_client (other words)", pattern=r"^status \d+ error unauthorized_client\b"),
    Cause(
        "invalid_request (other words)",
        "the server found the request wrong.",
        _COMPARE,
        TOKEN,
        InvalidRequest,
        pattern=r"^status \d+ error invalid_request\b",
    ),
    Cause(
        "another error code",
        "the server gives no cause that is known here.",
        _COMPARE,
        TOKEN,
        TokenRefused,
        pattern=r"^status \d+ error ",
        is_sure=False,
    ),
)
