"""What X answers, in X's shapes: each text stands in public reports, none in X's documents."""

from __future__ import annotations

import json
import time
from typing import NamedTuple


class Reply(NamedTuple):
    """An answer to send."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


def granted(access_token: str, refresh_token: str, scope: str, expires_in: int) -> Reply:
    """A pair, its keys in X's order."""
    return _json(
        200,
        {
            "token_type": "bearer",
            "expires_in": expires_in,
            "access_token": access_token,
            "scope": scope,
            "refresh_token": refresh_token,
        },
    )


def user(number: str, username: str, name: str) -> Reply:
    """`GET /2/users/me`."""
    return _json(200, {"data": {"id": number, "name": name, "username": username}})


def invalid_token() -> Reply:
    """The refresh token is spent, expired, revoked, or of another app."""
    return _refusal(400, "invalid_request", "Value passed for the token was invalid.")


def invalid_client_id() -> Reply:
    """The client id is unknown."""
    return _refusal(400, "invalid_client", "Value passed for the client id was invalid.")


def missing_header() -> Reply:
    """A confidential client without its Basic header, or with a wrong secret."""
    return _refusal(401, "unauthorized_client", "Missing valid authorization header")


def missing_parameter(name: str) -> Reply:
    """A parameter is not in the form."""
    return _refusal(400, "invalid_request", f"Missing required parameter [{name}].")


def unsupported_grant_type() -> Reply:
    """Another grant than the refresh (RFC 6749 §5.2; X's own text is not known)."""
    return _refusal(400, "unsupported_grant_type", "The grant type is not supported.")


def unauthorized() -> Reply:
    """An access token that is expired, revoked or unknown."""
    return _problem(401, "Unauthorized", "Unauthorized")


def not_found() -> Reply:
    """A path that X does not have."""
    return _problem(404, "Not Found", "Not Found")


def too_many_requests(seconds: int) -> Reply:
    """A rate limit that ends in some seconds."""
    headers = (
        ("x-rate-limit-limit", "1"),
        ("x-rate-limit-remaining", "0"),
        ("x-rate-limit-reset", str(int(time.time()) + seconds)),
    )
    return _problem(429, "Too Many Requests", "Too Many Requests")._replace(headers=headers)


def edge_page() -> Reply:
    """The page of X's edge network, which knows no JSON."""
    page = (
        "<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head>"
        "<body><h1>Sorry, you have been blocked</h1></body></html>"
    )
    return Reply(403, page.encode(), "text/html; charset=UTF-8")


def _refusal(status: int, error: str, description: str) -> Reply:
    return _json(status, {"error": error, "error_description": description})


def _problem(status: int, title: str, detail: str) -> Reply:
    body = {"title": title, "detail": detail, "type": "about:blank", "status": status}
    return _json(status, body)._replace(content_type="application/problem+json")


def _json(status: int, document: dict[str, object]) -> Reply:
    return Reply(status, json.dumps(document).encode())
