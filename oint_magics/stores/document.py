"""The pair inside an auth structure's text: what a save changes there, and what it leaves alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from oint_magics.auth.json_text import read_object
from oint_magics.auth.structure import Auth, unwritable
from oint_magics.errors import AuthSyntaxError, StoreNotWritable, StoreTaken

if TYPE_CHECKING:
    from oint_magics.auth.json_text import JsonObject
    from oint_magics.oauth.token_endpoint import Grant
    from oint_magics.stores.newest import Pair

    Changes = dict[str, str | int | None]

_TOKENS = ("access_token", "refresh_token")


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


def with_grant(document: JsonObject, grant: Grant) -> str:
    """Return a document's text with a granted pair and its end (Unix seconds) in it, and what a login was granted.

    Raises:
        StoreNotWritable: the text has a form that our editing does not understand.
    """
    changes: Changes = {"access_token": grant.access_token.reveal()}
    if grant.refresh_token is not None:
        changes["refresh_token"] = grant.refresh_token.reveal()
    elif "refresh_token" in document.members:
        changes["refresh_token"] = None  # A login without offline.access; what stood there was another grant's.
    if grant.expires_at is not None:
        changes["expires_at"] = int(grant.expires_at.timestamp())
    elif "expires_at" in document.members:
        changes["expires_at"] = None  # What stood there was the old token's end.
    return _edited(document, changes | ({"scope": grant.scope} if grant.scope else {}))


def with_pair_of(document: JsonObject, auth: Pair) -> str:
    """Return a document's text with another pair in it; raises as `with_grant` does."""
    changes: Changes = {
        key: secret.reveal()
        for key, secret in zip(_TOKENS, (auth.access_token, auth.refresh_token), strict=True)
        if secret
    }
    return _edited(document, changes | ({"expires_at": int(auth.expires_at.timestamp())} if auth.expires_at else {}))


def try_editing(document: JsonObject) -> None:
    """Show that a granted pair can be written into a document; raises as `with_grant` does."""
    _edited(document, dict.fromkeys((*_TOKENS, "expires_at", "scope"), "trial"))


def check_unchanged(there: Auth, sent: Auth, label: str) -> None:
    """Refuse to save over another pair than the one that was sent.

    Raises:
        StoreTaken: another one stands there by now.
    """
    is_same = sent.refresh_token.matches(there.refresh_token) if sent.refresh_token else there.refresh_token is None
    if there.client_id != sent.client_id or not is_same:
        raise StoreTaken(f"{label} was changed while the server answered.", cause="it holds another pair by now.")


def _edited(document: JsonObject, changes: Changes) -> str:
    """Return the document's text with changes, read again to be sure that it says just that."""
    text = document.replaced(changes)
    try:
        if read_object(text).values() == document.values() | changes:
            return text
    except AuthSyntaxError:
        pass
    raise StoreNotWritable(
        "The file cannot be edited, so nothing was sent.",
        cause="its JSON has a form in which a value cannot be changed safely.",
        next_step="write it as plain JSON without comments, or keep the pair elsewhere: profile:NAME",
    )
