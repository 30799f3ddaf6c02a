"""`POST /2/oauth2/token`, `/2/oauth2/revoke` and `/oauth2/token`, judged as X judges them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from oint_magics.sandbox import answers
from oint_magics.sandbox.answers import Reply
from oint_magics.sandbox.clients import basic, client_of

if TYPE_CHECKING:
    from oint_magics.sandbox.accounts import Accounts, Client
    from oint_magics.sandbox.faults import Faults
    from oint_magics.sandbox.forms import Form
    from oint_magics.sandbox.logins import Logins


def exchange(accounts: Accounts, logins: Logins, faults: Faults, form: Form) -> Reply | None:
    """Answer a token request; `None` means that the connection is dropped without an answer.

    Args:
        accounts: the server's memory.
        logins: the codes that were given.
        faults: what goes wrong on demand.
        form: what was sent.
    """
    fault = faults.take()
    if fault and fault.name == "html":
        return answers.edge_page()
    if fault and fault.name == "429":
        return answers.too_many_requests(int(fault.seconds))
    if fault and fault.name == "refuse":
        accounts.counts.refused += 1
        return answers.invalid_token()
    if fault and fault.name == "strict" and (form.is_json or "client_id" not in form.fields):
        return answers.missing_parameter("client_id")
    reply = _grant(accounts, logins, form.authorization, form.fields)
    if fault and fault.name == "slow":
        time.sleep(fault.seconds)
    return None if fault and fault.name == "drop" else reply


def revoke(accounts: Accounts, form: Form) -> Reply:
    """Answer a revocation (RFC 7009): each call ends one token, and no other."""
    client = client_of(accounts, form.authorization, form.fields)
    if isinstance(client, Reply):
        return client
    if "token" not in form.fields:
        return answers.missing_parameter("token")
    accounts.revoke(client, form.fields["token"])
    return answers.revoked()


def app_only(accounts: Accounts, form: Form) -> Reply:
    """Answer a request for an app-only access token (RFC 6749 §4.4), by API key and API key secret.

    https://docs.x.com/fundamentals/authentication/oauth-2-0/application-only
    """
    token = accounts.app_token(*basic(form.authorization))
    if token is None:
        return answers.not_verified()
    if form.fields.get("grant_type") != "client_credentials":
        return answers.missing_grant_type()
    return answers.app_granted(token)


def _grant(accounts: Accounts, logins: Logins, authorization: str | None, form: dict[str, str]) -> Reply:
    client = client_of(accounts, authorization, form)
    if isinstance(client, Reply):
        return client
    if "grant_type" not in form:
        return answers.missing_parameter("grant_type")
    if form["grant_type"] == "authorization_code":
        return _logged_in(accounts, logins, client, form)
    if form["grant_type"] != "refresh_token":
        return answers.unsupported_grant_type()
    if "refresh_token" not in form:
        return answers.missing_parameter("refresh_token")
    pair = accounts.refresh(client, form["refresh_token"])
    return answers.granted(pair, accounts.expires_in) if pair else answers.invalid_token()


def _logged_in(accounts: Accounts, logins: Logins, client: Client, form: dict[str, str]) -> Reply:
    for name in ("code", "redirect_uri", "code_verifier"):
        if name not in form:
            return answers.missing_parameter(name)
    code = logins.redeem(form["code"])
    if code is None or code.request.client_id != client.client_id:
        return answers.invalid_code()
    if code.request.redirect_uri != form["redirect_uri"]:
        return answers.other_redirect_uri()
    if not code.is_proved_by(form["code_verifier"]):
        return answers.other_verifier()
    # In an order of its own, as X does.
    scope = " ".join(sorted(set(code.request.scope.split())))
    return answers.granted(accounts.log_in(client, code.person, scope), accounts.expires_in)
