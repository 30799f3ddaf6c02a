"""`POST /2/oauth2/token`, judged as X judges it."""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote_plus

from oint_magics.sandbox import answers
from oint_magics.sandbox.accounts import SCOPE

if TYPE_CHECKING:
    from oint_magics.sandbox.accounts import Accounts, Client
    from oint_magics.sandbox.answers import Reply
    from oint_magics.sandbox.faults import Faults


def exchange(accounts: Accounts, faults: Faults, authorization: str | None, body: str) -> Reply | None:
    """Answer a token request; `None` means that the connection is dropped without an answer.

    Args:
        accounts: the server's memory.
        faults: what goes wrong on demand.
        authorization: the `Authorization` header, or `None`.
        body: the form.
    """
    fault = faults.take()
    if fault and fault.name == "html":
        return answers.edge_page()
    if fault and fault.name == "429":
        return answers.too_many_requests(int(fault.seconds))
    if fault and fault.name == "refuse":
        return answers.invalid_token()
    reply = _grant(accounts, authorization, {key: values[-1] for key, values in parse_qs(body).items()})
    if fault and fault.name == "slow":
        time.sleep(fault.seconds)
    return None if fault and fault.name == "drop" else reply


def _grant(accounts: Accounts, authorization: str | None, form: dict[str, str]) -> Reply:
    for name in ("client_id", "grant_type"):
        if name not in form:
            return answers.missing_parameter(name)
    client = accounts.client(form["client_id"])
    if client is None:
        return answers.invalid_client_id()
    if client.secret is not None and not _proves(authorization, client):
        return answers.missing_header()
    if form["grant_type"] != "refresh_token":
        return answers.unsupported_grant_type()
    if "refresh_token" not in form:
        return answers.missing_parameter("refresh_token")
    pair = accounts.refresh(client, form["refresh_token"])
    return answers.granted(*pair, SCOPE, accounts.expires_in) if pair else answers.invalid_token()


def _proves(authorization: str | None, client: Client) -> bool:
    """Tell whether a Basic header names the client and its secret (RFC 6749 §2.3.1)."""
    scheme, _, packed = (authorization or "").partition(" ")
    try:
        client_id, _, secret = base64.b64decode(packed, validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        return False
    is_right = hmac.compare_digest(unquote_plus(secret).encode(), (client.secret or "").encode())
    return scheme.lower() == "basic" and unquote_plus(client_id) == client.client_id and is_right
