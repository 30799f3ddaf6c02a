"""Which app sends a request, and whether it proves it (RFC 6749 §2.3.1)."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from oint_magics.sandbox import answers

if TYPE_CHECKING:
    from oint_magics.sandbox.accounts import Accounts, Client
    from oint_magics.sandbox.answers import Reply


def client_of(accounts: Accounts, authorization: str | None, form: dict[str, str]) -> Client | Reply:
    """Return the app that sends a form, or the refusal.

    An app with a secret is named by its Basic header alone, as X documents; an app without one by `client_id`:
    https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code

    Args:
        accounts: the server's memory.
        authorization: the `Authorization` header, or `None`.
        form: the form's fields.
    """
    named, secret = basic(authorization)
    client_id = form.get("client_id") or named
    if not client_id:
        return answers.missing_parameter("client_id")
    client = accounts.client(client_id)
    if client is None:
        return answers.invalid_client_id()
    # As RFC 6749 has it, form-encoded; and as many clients send it, as it is.
    given = [secret, *basic(authorization, is_encoded=False)[1:]]
    if client.secret is not None and not (named == client_id and any(is_same(each, client.secret) for each in given)):
        return answers.missing_header()
    return client


def basic(authorization: str | None, *, is_encoded: bool = True) -> tuple[str, str]:
    """Return the name and the secret in a Basic header; both are blank where it is none."""
    scheme, _, packed = (authorization or "").partition(" ")
    try:
        name, _, secret = base64.b64decode(packed, validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        return "", ""
    if scheme.lower() != "basic":
        return "", ""
    return (unquote_plus(name), unquote_plus(secret)) if is_encoded else (name, secret)


def is_same(given: str, secret: str) -> bool:
    """Tell whether a secret was given, in the same time whatever was."""
    return hmac.compare_digest(given.encode(), secret.encode())
