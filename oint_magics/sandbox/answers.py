"""What X answers, in X's shapes: each text stands in public reports, none in X's documents."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oint_magics.sandbox.accounts import Pair
    from oint_magics.sandbox.checks import Fault


class Reply(NamedTuple):
    """An answer to send."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


def granted(pair: Pair, expires_in: int) -> Reply:
    """A pair, its keys in X's order."""
    document: dict[str, object] = {
        "token_type": "bearer",
        "expires_in": expires_in,
        "access_token": pair.access_token,
        "scope": pair.scope,
    }
    return _json(200, document | ({"refresh_token": pair.refresh_token} if pair.refresh_token else {}))


def app_granted(token: str) -> Reply:
    """An app-only access token."""
    return _json(200, {"token_type": "bearer", "access_token": token})


def not_verified() -> Reply:
    """A wrong API key or API key secret, or another credential in its place."""
    return _old_error(99, "authenticity_token_error", "Unable to verify your credentials")


def missing_grant_type() -> Reply:
    """A request for an app-only access token without its grant type."""
    return _old_error(170, "forbidden_missing_parameter", "Missing required parameter: grant_type")


def revoked() -> Reply:
    """A token is ended, or was never there."""
    return _json(200, {"revoked": True})


def document(status: int, content: dict[str, Any]) -> Reply:
    """What a call answers."""
    return _json(status, content)


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


def invalid_code() -> Reply:
    """An authorization code that is too old, was used, or was never given to this app."""
    return _refusal(400, "invalid_request", "Value passed for the authorization code was invalid.")


def other_redirect_uri() -> Reply:
    """A redirect_uri that is not the one of the login."""
    text = "Value passed for the redirect uri did not match the uri of the authorization code."
    return _refusal(400, "invalid_request", text)


def other_verifier() -> Reply:
    """A verifier that does not belong to the login's challenge."""
    return _refusal(400, "invalid_request", "Value passed for the code verifier did not match the code challenge.")


def unsupported_grant_type() -> Reply:
    """Another grant than the refresh (RFC 6749 §5.2; X's own text is not known)."""
    return _refusal(400, "unsupported_grant_type", "The grant type is not supported.")


def unauthorized() -> Reply:
    """An access token that is expired, revoked or unknown."""
    return _problem(401, "Unauthorized", "Unauthorized")


def app_only_refused() -> Reply:
    """An app-only access token, where a call takes a user's alone."""
    text = "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.  Supported authentication "
    text += "types are [OAuth 1.0a User Context, OAuth 2.0 User Context]."
    kind = "https://api.x.com/2/problems/unsupported-authentication"
    return _problem(403, "Unsupported Authentication", text, kind)


def bad_request() -> Reply:
    """A request whose body has no length that can be read."""
    return _problem(400, "Bad Request", "Bad Request")


def other_host() -> Reply:
    """A request to another name than this machine's own."""
    return _problem(403, "Forbidden", "The sandbox answers at 127.0.0.1 and localhost alone.")


def other_method(allowed: list[str]) -> Reply:
    """A path that has no such method."""
    return _problem(405, "Method Not Allowed", "Method Not Allowed")._replace(headers=(("Allow", ", ".join(allowed)),))


def no_such_method() -> Reply:
    """A method that nothing here has, or a request that is none."""
    return _problem(501, "Not Implemented", "Not Implemented")


def forbidden(detail: str = "Forbidden") -> Reply:
    """A token without the scope that a call wants; or something that X does not let anybody do, in words."""
    return _problem(403, "Forbidden", detail)


def duplicate() -> Reply:
    """A post whose text is there."""
    return forbidden("You are not allowed to create a Tweet with duplicate content.")


def no_credits() -> Reply:
    """An app whose credits are used up."""
    text = "Your enrolled account does not have any credits to fulfill this request."
    return _problem(402, "CreditsDepleted", text, "https://api.x.com/2/problems/credits")


def capped() -> Reply:
    """An app that has read all the posts of its month."""
    text = "Usage cap exceeded: Monthly product cap"
    return _problem(429, "UsageCapExceeded", text, "https://api.x.com/2/problems/usage-capped")


def not_in_plan() -> Reply:
    """What no self-serve plan has since April 2026."""
    text = "This call is not part of your access level: it is for Enterprise plans."
    return _problem(403, "Client Forbidden", text, "https://api.x.com/2/problems/client-forbidden")


def person_refused() -> Reply:
    """A user's access token, where a call takes app-only ones alone."""
    text = "Authenticating with OAuth 2.0 User Context is forbidden for this endpoint.  Supported authentication types "
    text += "are [OAuth 2.0 Application-Only]."
    kind = "https://api.x.com/2/problems/unsupported-authentication"
    return _problem(403, "Unsupported Authentication", text, kind)


def not_enrolled() -> Reply:
    """An app that is in no package."""
    text = "When authenticating requests to the Twitter API v2 endpoints, you must use keys and tokens from an App "
    text += "that is attached to a Project."
    return _problem(403, "Client Forbidden", text, "https://api.x.com/2/problems/client-forbidden")


def out_of_service() -> Reply:
    """An outage."""
    return _problem(503, "Service Unavailable", "Service Unavailable")


def too_large() -> Reply:
    """A segment that is too large; the text is not X's."""
    return _problem(413, "Payload Too Large", "Payload Too Large")


def no_resource(kind: str, parameter: str, value: str) -> dict[str, Any]:
    """Something that is not there, as one of a call's errors."""
    return {
        "value": value,
        "detail": f"Could not find {kind} with {parameter}: [{value[:100]}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": value,
        "type": "https://api.x.com/2/problems/resource-not-found",
    }


def no_such_resource(kind: str, parameter: str, value: str) -> Reply:
    """One post, user or medium that is not there: X answers 200 with an error in it."""
    return _json(200, {"errors": [no_resource(kind, parameter, value)]})


def invalid_body(why: str) -> Reply:
    """A body that a call does not take."""
    body: dict[str, object] = {
        "errors": [{"parameters": {}, "message": why}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": "https://api.x.com/2/problems/invalid-request",
    }
    return _json(400, body)._replace(content_type="application/problem+json")


def no_such_call() -> Reply:
    """A path that the sandbox does not have."""
    return _problem(404, "Not Found", "The sandbox does not have this call. X may: https://docs.x.com/x-api")


def invalid_parameters(faults: Sequence[Fault]) -> Reply:
    """Parameters of a call that X does not take."""
    body: dict[str, object] = {
        "errors": [{"parameters": {each.name: each.values}, "message": each.message} for each in faults],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": "https://api.x.com/2/problems/invalid-request",
    }
    return _json(400, body)._replace(content_type="application/problem+json")


def too_many_requests(seconds: int) -> Reply:
    """A rate limit that ends in some seconds."""
    reset = str(int(time.time()) + seconds)
    return too_many((("x-rate-limit-limit", "1"), ("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", reset)))


def too_many(headers: tuple[tuple[str, str], ...]) -> Reply:
    """A window that takes no more calls."""
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


def _old_error(code: int, label: str, message: str) -> Reply:
    return _json(403, {"errors": [{"code": code, "label": label, "message": message}]})


def _problem(status: int, title: str, detail: str, kind: str = "about:blank") -> Reply:
    body: dict[str, object] = {"title": title, "detail": detail, "type": kind, "status": status}
    return _json(status, body)._replace(content_type="application/problem+json")


def _json(status: int, document: dict[str, object]) -> Reply:
    return Reply(status, json.dumps(document).encode())
