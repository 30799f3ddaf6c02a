"""A refresh from its source to the saved pair: find the newest pair of the family, hold it, and fly.

Lock the store and the token; follow a spent token to its successor; then `oint_magics.tokens.exchange`.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from oint_magics import settings
from oint_magics.auth.structure import Auth, needs_refresh_token
from oint_magics.display.text import typed
from oint_magics.errors import InDoubt, NotSaved, OintError, TokenSpent
from oint_magics.stores import journal
from oint_magics.stores.locks import token_lock
from oint_magics.tokens.destination import (
    address,
    at,
    check_not_revoked,
    home_for,
    home_of,
    newest_of,
    spent,
    successor_elsewhere,
    taken,
)
from oint_magics.tokens.exchange import fly
from oint_magics.tokens.response import TokenResponse, granted, unspent
from oint_magics.tokens.shield import finish

if TYPE_CHECKING:
    from collections.abc import Callable

    from oint_magics.stores import Store
    from oint_magics.stores.journal import Successor
    from oint_magics.tokens.source import Source
_MOST_MOVES = 8
_STOPPED = "the token was on its way. It is refreshed, and the new pair is saved."


def refresh(
    source: Source, to: str | None, *, if_expired: bool, is_watched: bool, try_old: bool = False
) -> TokenResponse:
    """Refresh a pair and save it.

    Args:
        source: where the auth structure comes from.
        to: the store for the new pair; `None` for where the old one came from, or a profile of its own.
        if_expired: send nothing while the access token is fresh.
        is_watched: whether somebody sees where a text's pair goes; if not, `to` or `OINT_HOME` must say it.
        try_old: send a token again of which it is twice in doubt whether it was used.

    Raises:
        OintError: one of `oint_magics.errors`; all but `InDoubt` and `NotSaved` leave the old pair good
            or say that it is dead.
        Stopped: the stop button was pressed too late; the pair is saved.
    """
    seen = source.read()
    successor = successor_elsewhere(seen, source.store)
    given, source = source, newest_of(source, successor)
    store = home_for(source, to, is_watched=is_watched)
    is_there = store is source.store or store.exists()
    auth = seen if store is given.store else store.read() if is_there else source.read()
    if not try_old:
        check_not_revoked(auth)
    if if_expired and auth.is_fresh(datetime.now(UTC)):
        return unspent(auth, datetime.now(UTC), address(store if is_there else source.store))
    wish = _Wish(given, source, auth, _known(seen, auth, successor), if_expired=if_expired, try_old=try_old)
    for _ in range(_MOST_MOVES):
        found = _visit(store, wish)
        if isinstance(found, TokenResponse):
            return found
        store, wish = found, wish._replace(source=at(found), seen=found.read())
    raise TokenSpent("The successors of this pair lead in a circle, so nothing was sent.", next_step="%twitter_login")


def _known(seen: Auth, auth: Auth, successor: Successor | None) -> frozenset[str]:
    """Return the fingerprints of the tokens that were known before any waiting."""
    tokens = (seen.refresh_token, auth.refresh_token)
    known = {token.fingerprint() for token in tokens if token}
    return frozenset(known | ({successor.fingerprint} if successor else set()))


class _Wish(NamedTuple):
    """What was asked for: the source given, the one that holds its newest pair, that pair, and its family's tokens.

    Pair and tokens as they were known before any waiting: another token was granted to somebody else meanwhile.
    """

    given: Source
    source: Source
    seen: Auth
    known: frozenset[str]
    if_expired: bool
    try_old: bool

    def is_met_by(self, auth: Auth) -> bool:
        """Tell whether a stored pair needs no exchange: somebody else has refreshed it meanwhile."""
        return (self.is_other(auth) or self.if_expired) and auth.is_fresh(datetime.now(UTC))

    def is_of_family(self, store: Store, auth: Auth) -> bool:
        """Tell whether what stands in a store is the pair asked for, or a later one; a source is what stands there."""
        if self.source.store is not None and self.source.store.place == store.place:
            return True
        token = auth.refresh_token
        if token is None or token.fingerprint() in self.known:
            return token is not None
        newest = [journal.successor_of(known) for known in self.known]
        return any(found and found.fingerprint == token.fingerprint() for found in newest) or any(
            store.follows(known) for known in self.known
        )

    def is_other(self, auth: Auth) -> bool:
        """Tell whether a stored pair came while this call waited."""
        return auth.refresh_token is not None and auth.refresh_token.fingerprint() not in self.known


def _visit(store: Store, wish: _Wish) -> TokenResponse | Store:
    """Refresh the pair in a store, under its lock; or return the store where the pair's successor lives."""
    patience = settings.timeout() + 15
    look = _watch(store, wish)
    with contextlib.ExitStack() as locks:
        found = locks.enter_context(store.lock(patience, look))
        if found is not None:
            return found
        is_new = not store.exists()
        auth = wish.seen if is_new else store.read()
        if not is_new and not wish.is_of_family(store, auth):
            taken(store.label)
        if not is_new and wish.is_met_by(auth):
            return _had(store, auth, wish)
        met = locks.enter_context(token_lock(needs_refresh_token(auth).fingerprint(), patience, look))
        if met is not None:
            return met
        successor = _successor(store, auth)
        return successor or finish(lambda: _flown(store, auth, wish, is_new=is_new), stopped=_STOPPED, locks=locks)


def _watch(store: Store, wish: _Wish) -> Callable[[], TokenResponse | None]:
    """Return a look at what others have saved meanwhile; it reads only when store or journal have changed."""
    last = [(store.stamp(), journal.stamp())]

    def look() -> TokenResponse | None:
        stamp = store.stamp(), journal.stamp()
        if stamp == last[0]:
            return None
        last[0] = stamp
        try:
            return _met(store, wish)
        except OintError:  # Whoever holds the lock finds out what is wrong there.
            return None

    return look


def _met(store: Store, wish: _Wish) -> TokenResponse | None:
    """Return the pair that somebody else has saved, there or where a copy's successor lives, if it will do."""
    auth = store.read()
    if not wish.is_of_family(store, auth):
        return None
    if not wish.is_met_by(auth):
        newest = newest_of(at(store), successor_elsewhere(auth, store))
        store, auth = newest.store or store, newest.read()
    return _had(store, auth, wish) if wish.is_met_by(auth) else None


def _had(store: Store, auth: Auth, wish: _Wish) -> TokenResponse:
    """Return a stored pair that needs no exchange."""
    return unspent(auth, datetime.now(UTC), address(store), by_another=wish.is_other(auth))


def _successor(store: Store, auth: Auth) -> Store | None:
    """Return the store where a spent token's newest successor lives, or `None` for a token that is not spent."""
    newest = successor_elsewhere(auth, store)
    if newest is None:
        return None
    if newest.place == store.place and store.put_back(newest.fingerprint):
        return store
    home = home_of(newest) if newest.place != store.place else None
    if home is None:
        raise spent(newest)
    return home


def _flown(store: Store, auth: Auth, wish: _Wish, *, is_new: bool) -> TokenResponse:
    """Fly; a store that was made for this goes again where nothing is in it to keep."""
    if is_new:
        store.create(auth)
    try:
        return _granted(store, auth, wish)
    except OintError as error:
        if is_new and not isinstance(error, InDoubt | NotSaved):
            store.withdraw(auth)
        raise


def _granted(store: Store, auth: Auth, wish: _Wish) -> TokenResponse:
    grant, notes = fly(store, auth, try_old=wish.try_old)
    return granted(grant, auth, address(store), (*notes, *_notes(wish, store, auth)))


_INLINE = (
    "and in the history stand these secrets now. Use the store from now on, delete the cell, "
    "and renew the client secret if the notebook was shared"
)


def _notes(wish: _Wish, store: Store, auth: Auth) -> tuple[tuple[str, str], ...]:
    """Return what the user should know about this refresh, beside the answer."""
    label, source, notes = typed(store.label), wish.source, list[tuple[str, str]]()
    if wish.given.store and source.store and wish.given.store.place == source.store.place != "":
        if wish.given is not source:
            notes.append(("put back", f"older bytes lay in {source.label}: its newest pair was put back first"))
    elif wish.given is not source:
        notes.append(("followed", f"the pair given is spent: its successor lived in {source.label}"))
    if source.store and source.store.place != store.place:
        notes.append(("spent", f"the pair in {source.label}: from now on, --auth {label}"))
    elif not source.store:
        notes.append(("next time", f"%twitter_refresh --auth {label}"))
    if wish.given.is_inline:
        notes.append(("in this cell", _INLINE))
    if '"expires_at"' not in auth.document.reveal():
        notes.append(("other copies", "of this pair (1C constants, another script) are spent from now on"))
    warning = store.warning()
    return (*notes, ("careful", warning)) if warning else tuple(notes)
