"""The token endpoint's refusals: what each of X's answers means, and what to do about it.

X documents none of these texts. They were collected from public reports; a text that is not here
falls back to its `error` code, and that to a plain refusal.
"""

from __future__ import annotations

from typing import NamedTuple

from oint_magics.errors import InvalidClient, InvalidGrant, InvalidRequest, TokenRefused, UnauthorizedClient


class Refusal(NamedTuple):
    """What a refusal means.

    Attributes:
        kind: the error to raise.
        cause: why the server refuses.
        next_step: what the user does about it.
    """

    kind: type[TokenRefused]
    cause: str
    next_step: str


_DEAD_TOKEN = Refusal(
    InvalidGrant,
    "the refresh token was used before (each works once), has expired, was revoked, or is another app's. "
    "Another program that holds a copy of these tokens may have refreshed them.",
    "look for newer tokens where that program keeps them; else log in again: %twitter_login",
)
_SECRET = Refusal(
    UnauthorizedClient,
    "the app is confidential, and its client secret is missing or wrong.",
    "check client_secret: the OAuth 2.0 Client Secret of the app's page at X, not the API key secret",
)
_CLIENT_ID = Refusal(
    InvalidClient,
    "the client id is wrong, or its app was deleted.",
    "copy the OAuth 2.0 Client ID of the app's page at X into client_id",
)
_START_AGAIN = "start the login again: %twitter_login"
_CODE = Refusal(
    InvalidGrant, "the code is older than 30 seconds, was used before, or was not copied whole.", _START_AGAIN
)

# By the server's description, in lower case and without the full stop.
_BY_TEXT = {
    "value passed for the token was invalid": _DEAD_TOKEN,
    "missing valid authorization header": _SECRET,
    "value passed for the client id was invalid": _CLIENT_ID,
    "missing required parameter [client_id]": Refusal(
        InvalidRequest,
        "the client id did not reach the server.",
        "check OINT_TWITTER_TOKEN_URL: something between here and X drops a part of the request",
    ),
    "missing required parameter [code_verifier]": Refusal(
        InvalidRequest, "the verifier of this login is no longer there.", _START_AGAIN
    ),
    "value passed for the authorization code was invalid": _CODE,
    "value passed for the code verifier did not match the code challenge": Refusal(
        InvalidGrant, "the code belongs to another attempt at the login.", _START_AGAIN
    ),
    "value passed for the redirect uri did not match the uri of the authorization code": Refusal(
        InvalidGrant,
        "redirect_uri is not the one that the login began with.",
        "use the callback URL of the app's page at X, without any change",
    ),
}

# By the server's error code (RFC 6749 §5.2), where the description says nothing that we know.
_BY_CODE = {
    "invalid_grant": _DEAD_TOKEN,
    "invalid_client": Refusal(
        InvalidClient,
        "the server does not know this client id and secret.",
        "copy the OAuth 2.0 Client ID and Client Secret of the app's page at X",
    ),
    "unauthorized_client": _SECRET,
    "invalid_request": Refusal(
        InvalidRequest, "the server found the request wrong.", "compare the auth data with the app's page at X"
    ),
}
_UNKNOWN = Refusal(
    TokenRefused, "the server gives no cause that is known here.", "compare the auth data with the app's page at X"
)


def refusal(error: str, description: str | None, *, is_login: bool = False) -> Refusal:
    """Return what a refusal means.

    Args:
        error: the server's `error` code.
        description: the server's `error_description`, or `None`.
        is_login: whether a code was exchanged, and no refresh token.
    """
    text = (description or "").strip().rstrip(".").lower()
    if is_login and error == "invalid_grant" and text not in _BY_TEXT:
        return _CODE
    return _BY_TEXT.get(text) or _BY_CODE.get(error, _UNKNOWN)


def known() -> dict[str, Refusal]:
    """Return every refusal that is known, by X's own words, else by the error code."""
    return _BY_TEXT | {f"{code} (other words)": found for code, found in _BY_CODE.items()}
