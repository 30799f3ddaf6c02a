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

    Args:
        accounts: the server's memory.
        authorization: the `Authorization` header, or `None`.
        form: the form's fields.
    """
    if "client_id" not in form:
        return answers.missing_parameter("client_id")
    client = accounts.client(form["client_id"])
    if client is None:
        return answers.invalid_client_id()
    if client.secret is not None and not _proves(authorization, client):
        return answers.missing_header()
    return client


def _proves(authorization: str | None, client: Client) -> bool:
    """Tell whether a Basic header names the client and its secret."""
    scheme, _, packed = (authorization or "").partition(" ")
    try:
        client_id, _, secret = base64.b64decode(packed, validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        return False
    is_right = hmac.compare_digest(unquote_plus(secret).encode(), (client.secret or "").encode())
    return scheme.lower() == "basic" and unquote_plus(client_id) == client.client_id and is_right
