"""The pair inside an auth structure's text: what a save changes there, and what it leaves alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from oint_magics.auth import foreign
from oint_magics.auth.document import edited
from oint_magics.auth.json_text import read_object
from oint_magics.auth.structure import Auth, unwritable
from oint_magics.errors import AuthSyntaxError, StoreTaken

if TYPE_CHECKING:
    from oint_magics.auth.document import AuthDocument, Changes
    from oint_magics.oauth.token_endpoint import Grant
    from oint_magics.secret import Secret
    from oint_magics.stores.newest import Pair

_TOKENS = ("access_token", "refresh_token")
_SOME_TIME = 2_000_000_000


def pretty(document: str) -> str:
    """Return a document as a store holds it, sure to be readable again: not too deep, no endless number.

    Raises:
        AuthFieldError: it cannot be read again.
    """
    text = json.dumps(json.loads(document), indent=4) + "\n"
    try:
        read_object(text)
        return text
    except AuthSyntaxError:
        pass
    return unwritable()


def with_grant(document: AuthDocument, grant: Grant) -> str:
    """Return a document's text with a granted pair and its end in it, and what a login was granted.

    Raises:
        StoreNotWritable: the text has a form that our editing does not understand.
    """
    changes: Changes = {"access_token": _told(grant.access_token)}
    if grant.refresh_token is not None:
        changes["refresh_token"] = grant.refresh_token.reveal()
    elif document.values().get("refresh_token"):
        changes["refresh_token"] = None  # A login without offline.access; what stood there was another grant's.
    if grant.expires_at is not None:
        changes["expires_at"] = int(grant.expires_at.timestamp())
    elif document.values().get("expires_at") is not None:
        changes["expires_at"] = None  # What stood there was the old token's end.
    return edited(document, changes | ({"scope": grant.scope} if grant.scope else {}))


def _told(access_token: Secret) -> str | None:
    """Return an access token as it can be read again; one that looks like OAuth 1.0a's stays out, and is renewed."""
    token = access_token.reveal()
    return None if foreign.is_other("access_token", token) else token


def with_pair_of(document: AuthDocument, auth: Pair) -> str:
    """Return a document's text with another pair in it; raises as `with_grant` does."""
    changes: Changes = {
        key: _told(secret) if key == "access_token" else secret.reveal()
        for key, secret in zip(_TOKENS, (auth.access_token, auth.refresh_token), strict=True)
        if secret
    }
    return edited(document, changes | ({"expires_at": int(auth.expires_at.timestamp())} if auth.expires_at else {}))


def try_editing(document: AuthDocument) -> None:
    """Show that a granted pair can be written into a document; raises as `with_grant` does."""
    edited(document, dict.fromkeys((*_TOKENS, "scope"), "trial") | {"expires_at": _SOME_TIME})


def check_unchanged(there: Auth, sent: Auth, label: str) -> None:
    """Refuse to save over another pair than the one that was sent.

    Raises:
        StoreTaken: another one stands there by now.
    """
    is_same = sent.refresh_token.matches(there.refresh_token) if sent.refresh_token else there.refresh_token is None
    if there.client_id != sent.client_id or not is_same:
        raise StoreTaken(f"{label} was changed while the server answered.", cause="it contains other tokens now.")
