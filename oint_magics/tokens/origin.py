"""Which file the tokens of a store were copied from: another program may go on refreshing them there.

The note of it lies in the data folder and holds no secret: the file's path, and the fingerprint of the token then.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from oint_magics import stores
from oint_magics.display.text import quoted
from oint_magics.errors import OintError, StoreError, TokenSpent
from oint_magics.stores import newest
from oint_magics.stores.notes import Notes
from oint_magics.tokens.lineage import Lineage
from oint_magics.tokens.source import Source, source_to_copy

if TYPE_CHECKING:
    from oint_magics.auth.structure import Auth
    from oint_magics.secret import Secret
    from oint_magics.stores import Store

_NOTES = Notes("origins", "The note of a copy's file")


class Origin(NamedTuple):
    """Where tokens were copied from.

    Attributes:
        file: the file's path, or that of another program's folder.
        account: the account in it, if it holds several.
        token: the fingerprint of the refresh token that was there.
    """

    file: str
    account: str
    token: str


class Newer(NamedTuple):
    """A file that holds newer tokens than the store they were copied into.

    Attributes:
        file: the file, as it can be typed.
        line: the line to type, which copies them again.
        has_replaced: whether both are of one account, and the store still holds the tokens that were copied:
            a refresh by the other program has used these up, or a login there has replaced them.
    """

    file: str
    line: str
    has_replaced: bool


def note(source: Source, store: Store, token: Secret | None) -> None:
    """Note where a store's tokens come from; without a data folder that is not known later.

    Args:
        source: what was copied: a file, another program's account, or a store that has a note itself.
        store: where to.
        token: the refresh token that was copied.
    """
    origin = _of_copy(source, token)
    if origin is None:
        forget(store)
        return
    with contextlib.suppress(StoreError):
        _NOTES.write(_name(store), origin._asdict())


def forget(store: Store) -> None:
    """Delete the note of a store."""
    _NOTES.remove(_name(store))


def newer(store: Store, auth: Auth) -> Newer | None:
    """Return the file that a store's tokens were copied from, if it holds others by now that may work.

    Args:
        store: the store.
        auth: what is in it.
    """
    origin = _noted(store)
    if origin is None:
        return None
    try:
        source = source_to_copy(origin.file)
        there = source.read()
        token = there.refresh_token
        if token is None or token.has_fingerprint(origin.token) or token.matches(auth.refresh_token):
            return None
        lineage = Lineage.of(token, store)
    except OintError:  # It is gone, or holds something else.
        return None
    is_same = (there.client_id, source.account) == (auth.client_id, origin.account)
    if not is_same or lineage.is_spent or lineage.known.end:
        return None
    file = _typed(origin.file)
    line = f"%twitter_keep {file} {quoted(store.label)} --replace"
    is_copy = auth.refresh_token is not None and auth.refresh_token.has_fingerprint(origin.token)
    return Newer(file, line, has_replaced=is_copy and origin.account != "")


def check_not_replaced(store: Store, auth: Auth) -> None:
    """Refuse to send a token that another program has replaced: a token that is sent twice may end the newer ones too.

    Args:
        store: where the token is.
        auth: what is in it.

    Raises:
        TokenSpent: the program's own store holds newer tokens of the account.
    """
    found = newer(store, auth)
    if found and found.has_replaced:
        raise TokenSpent(
            f"{found.file} holds newer tokens of this account than {store.label}. Nothing was sent.",
            cause="xurl has refreshed them or logged in since they were copied, and each refresh token works once.",
            next_step=f"copy them again: {found.line}; or send the old token nevertheless: "
            f"%twitter_refresh --auth {quoted(store.label)} --try-old",
        )


def _of_copy(source: Source, token: Secret | None) -> Origin | None:
    store = source.store
    if token is None or (store and store.place.startswith(stores.PREFIXES)):
        return _noted(store) if store and token else None
    file = source.copied_from or (store.label if store else "")
    return Origin(str(Path(file).expanduser().absolute()), source.account, token.fingerprint()) if file else None


def _noted(store: Store) -> Origin | None:
    """Return the note of a store; one of an unknown format tells nothing."""
    known: dict[str, Any] = {}
    with contextlib.suppress(StoreError):
        known = _NOTES.read(_name(store))
    values = [value for value in map(known.get, Origin._fields) if isinstance(value, str)]
    return Origin(*values) if len(values) == len(Origin._fields) else None


def _typed(path: str) -> str:
    """Return a path as it can be typed, without the name of the user's own folder."""
    label, home = stores.label_of(path), os.path.expanduser("~")  # noqa: PTH111 - without a home, it does not raise
    is_inside = label.startswith(home + os.sep)
    return quoted(f"~{label.removeprefix(home)}" if is_inside else label)


def _name(store: Store) -> str:
    return f"{newest.name_of(store.place)}.json"
