"""A refresh from its source to the saved pair: find the newest pair of the family, hold it, and fly.

Lock the store and the token; follow a spent token to its successor; then `oint_magics.tokens.exchange`.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from oint_magics import settings
from oint_magics.auth import token_format
from oint_magics.auth.structure import Auth, require_refresh_token
from oint_magics.display.text import quoted
from oint_magics.display.times import duration
from oint_magics.errors import InDoubt, NotSaved, OintError, StoreNotWritable, TokenSpent
from oint_magics.stores import newest
from oint_magics.stores.locks import token_lock
from oint_magics.tokens.destination import (
    address,
    at,
    check_lasting,
    ends_with_machine,
    for_refresh,
    newest_of,
    taken,
    takes_pair,
)
from oint_magics.tokens.exchange import exchange_once, unfinished
from oint_magics.tokens.lineage import Lineage
from oint_magics.tokens.response import TokenResponse, from_grant, from_store
from oint_magics.tokens.shield import shielded

if TYPE_CHECKING:
    from collections.abc import Callable

    from oint_magics.secret import Secret
    from oint_magics.stores import Store
    from oint_magics.tokens.source import Source
_MOST_MOVES = 8
_STOPPED = "the request had been sent. The tokens are refreshed and saved."


def refresh(
    source: Source, to: str | None, *, if_expired: bool, interactive: bool, try_old: bool = False
) -> TokenResponse:
    """Refresh a pair and save it.

    Args:
        source: where the auth structure comes from.
        to: the store for the new pair; `None` for where the old one came from, or a profile of its own.
        if_expired: send nothing while the access token is fresh.
        interactive: whether somebody sees where a text's pair goes; if not, `to` or `OINT_HOME` must say it.
        try_old: retry a refresh token even after two attempts whose outcome is unknown.

    Raises:
        OintError: one of `oint_magics.errors`; all but `InDoubt` and `NotSaved` leave the old pair good
            or say that it is dead.
        Stopped: the stop button was pressed too late; the pair is saved.
    """
    seen = source.read()
    lineage = Lineage.of(seen.refresh_token, source.store)
    given, source = source, newest_of(source, lineage)
    store = for_refresh(source, to, interactive=interactive)
    is_there = store is source.store or (store.exists() and not takes_pair(store, store.read(), source.read()))
    auth = seen if store is given.store else store.read() if is_there else source.read()
    if not try_old:
        (lineage if auth is seen else Lineage.of(auth.refresh_token, store)).check_not_revoked()
    known = _known(seen, auth, lineage)
    request = _Request(
        given, source, auth, known, lineage.known.scope, if_expired=if_expired, try_old=try_old, is_named=to is not None
    )
    if if_expired and auth.is_fresh(datetime.now(UTC)) and not (is_there and has_answer(store, auth)):
        auth = auth._replace(granted=lineage.known.scope)
        return from_store(auth, datetime.now(UTC), address(store if is_there else source.store))
    for _ in range(_MOST_MOVES):
        found = _try_store(store, request)
        if isinstance(found, TokenResponse):
            return found
        store, request = found, request._replace(source=at(found), seen=found.read())
    raise TokenSpent(
        "The refresh log contradicts itself, so the newest tokens cannot be found. Nothing was sent.",
        next_step="log in again: %twitter_login",
    )


def _known(seen: Auth, auth: Auth, lineage: Lineage) -> frozenset[str]:
    """Return the fingerprints of the tokens that were known before any waiting."""
    tokens = (seen.refresh_token, auth.refresh_token)
    known = {token.fingerprint() for token in tokens if token}
    return frozenset(known | ({lineage.newest} if lineage.newest else set()))


def has_answer(store: Store, auth: Auth) -> bool:
    """Tell whether an answer to a pair's token came and was not saved: the pair is spent then, however fresh."""
    try:
        found = unfinished(store, auth)
    except StoreNotWritable:  # A folder of another user's; who wants to send is told.
        return False
    return found is not None and found.grant(auth) is not None


class _Request(NamedTuple):
    """What was asked for: the source given, the one that holds its newest pair, that pair, its family's tokens.

    All as it was known before any waiting: another token was granted to somebody else meanwhile. `granted` is what X
    last said that these tokens may do.
    """

    given: Source
    source: Source
    seen: Auth
    known: frozenset[str]
    granted: str | None
    if_expired: bool
    try_old: bool
    is_named: bool

    def is_satisfied_by(self, auth: Auth) -> bool:
        """Tell whether a stored pair needs no exchange: somebody else has refreshed it meanwhile."""
        now = datetime.now(UTC)
        if self.is_other(auth):  # It came just now, whatever a clock that is behind makes of its stamp.
            return auth.fresh_until is not None and now < auth.fresh_until
        return self.if_expired and auth.is_fresh(now)

    def is_of_family(self, store: Store, auth: Auth) -> bool:
        """Tell whether what stands in a store is the pair asked for, or a later one; a source is what stands there."""
        if self.source.store is not None and self.source.store.place == store.place:
            return True
        token = auth.refresh_token
        if token is None or token.fingerprint() in self.known:
            return token is not None
        newest = {store.journal.known(known).newest for known in self.known}
        return token.fingerprint() in newest or any(store.descends_from(known) for known in self.known)

    def is_other(self, auth: Auth) -> bool:
        """Tell whether a stored pair came while this call waited."""
        return auth.refresh_token is not None and auth.refresh_token.fingerprint() not in self.known


def _try_store(store: Store, request: _Request) -> TokenResponse | Store:
    """Refresh the pair in a store, under its lock; or return the store where the pair's successor lives."""
    patience = settings.timeout() + 15
    poll = _poll(store, request)
    with contextlib.ExitStack() as locks:
        found = locks.enter_context(store.lock(patience, poll))
        if found is not None:
            return found
        is_there = store.exists()
        is_new = not is_there or _is_replaceable(store, request)
        auth = request.seen if is_new else store.read()
        if not is_new and not request.is_of_family(store, auth):
            taken(store.label)
        if not is_new and request.is_satisfied_by(auth) and not has_answer(store, auth):
            return _unchanged(store, auth, request)
        met = locks.enter_context(token_lock(require_refresh_token(auth).fingerprint(), patience, poll))
        if met is not None:
            return met
        if not is_new and not require_refresh_token(auth).matches(store.read().refresh_token):
            return store  # Written by its other name while this call waited.
        successor = _successor(store, auth, try_old=request.try_old)
        if successor is None and not has_answer(store, auth):
            check_lasting(store, request.source, auth, is_named=request.is_named)
        return successor or shielded(
            lambda: _created_and_exchanged(store, auth, request, is_new=is_new, is_there=is_there),
            stopped=_STOPPED,
            locks=locks,
        )


def _is_replaceable(store: Store, request: _Request) -> bool:
    """Tell whether the pair may take the place of what stands in a named store."""
    is_source = request.source.store is not None and store.place == request.source.store.place
    return not is_source and takes_pair(store, store.read(), request.seen)


def _poll(store: Store, request: _Request) -> Callable[[], TokenResponse | None]:
    """Return a look at what others have saved meanwhile; it reads only when store or journal have changed."""
    last = [(store.version(), store.journal.stamp())]

    def poll() -> TokenResponse | None:
        stamp = store.version(), store.journal.stamp()
        if stamp == last[0]:
            return None
        last[0] = stamp
        try:
            return _satisfied(store, request)
        except OintError:  # Whoever holds the lock finds out what is wrong there.
            return None

    return poll


def _satisfied(store: Store, request: _Request) -> TokenResponse | None:
    """Return the pair that somebody else has saved, there or where a copy's successor lives, if it will do."""
    auth = store.read()
    if not request.is_of_family(store, auth):
        return None
    if not request.is_satisfied_by(auth):
        newest = newest_of(at(store), Lineage.of(auth.refresh_token, store))
        store, auth = newest.store or store, newest.read()
    return _unchanged(store, auth, request) if request.is_satisfied_by(auth) else None


def _unchanged(store: Store, auth: Auth, request: _Request) -> TokenResponse:
    """Return a stored pair that needs no exchange."""
    auth = auth._replace(granted=request.granted)
    return from_store(auth, datetime.now(UTC), address(store), by_another=request.is_other(auth))


def _successor(store: Store, auth: Auth, *, try_old: bool) -> Store | None:
    """Return the store where a spent token's newest successor lives, or `None` for a token that is not spent."""
    lineage = Lineage.of(auth.refresh_token, store)
    if lineage.token and not lineage.newest:
        newest.overtake(store.place, lineage.token)
    if not lineage.is_spent:
        lineage = _told_by_record(store, auth, lineage)
    if not lineage.leads_away_from(store):
        return None
    home = lineage.store() if lineage.place != store.place else None
    if home is None and not lineage.restored(store, auth, try_old=try_old):
        raise lineage.error()
    return home or store


def _told_by_record(store: Store, auth: Auth, lineage: Lineage) -> Lineage:
    """Note what a record knows and the refresh log does not: a process died between the save and the log."""
    found = unfinished(store, auth)
    grant = found.grant(auth) if found else None
    later = Lineage.of(grant.refresh_token, store) if grant else None
    if later is None or not later.newest or lineage.token is None:
        return lineage
    store.journal.record(lineage.token.fingerprint(), later.newest, later.place)
    return Lineage.of(lineage.token, store)


def _created_and_exchanged(
    store: Store, auth: Auth, request: _Request, *, is_new: bool, is_there: bool
) -> TokenResponse:
    """Exchange the token; a store that was made for this goes again where nothing is in it to keep."""
    if is_new:
        store.create(auth)
    try:
        return _granted(store, auth, request)
    except OintError as error:
        if is_new and not is_there and not isinstance(error, InDoubt | NotSaved):
            store.delete_if_unchanged(auth)
        raise


def _granted(store: Store, auth: Auth, request: _Request) -> TokenResponse:
    grant, notes = exchange_once(store, auth, try_old=request.try_old)
    behind = _clock_behind(grant.access_token)
    notes += (("clock", f"this machine's is {behind} behind X's: set it, or each run refreshes"),) if behind else ()
    sent = auth._replace(granted=request.granted)
    return from_grant(grant, sent, address(store), (*notes, *_notes(request, store, auth)))


def _clock_behind(token: Secret) -> str | None:
    """Return by how much this machine's clock is behind the server's stamp in a new token, in words, or `None`."""
    stamp = token_format.issued_at(token.reveal())
    behind = stamp - datetime.now(UTC) if stamp else timedelta()
    return duration(behind) if behind > timedelta(minutes=2) else None


_INLINE = (
    "and in the history stand these secrets now. Use the store from now on, delete the cell, "
    "and renew the client secret if the notebook was shared"
)


def _notes(request: _Request, store: Store, auth: Auth) -> tuple[tuple[str, str], ...]:
    """Return what the user should know about this refresh, beside the answer."""
    label, source, notes = quoted(store.label), request.source, list[tuple[str, str]]()
    if request.given.store and source.store and request.given.store.place == source.store.place != "":
        if request.given is not source:
            notes.append(("put back", f"older bytes lay in {source.label}: its newest tokens were put back first"))
    elif request.given is not source:
        notes.append(("followed", f"the tokens given were spent: the newer ones were in {source.label}"))
    if source.store and source.store.place != store.place:
        notes.append(("spent", f"the tokens in {source.label}: from now on, --auth {label}"))
    elif not source.store:
        notes.append(("next time", f"%twitter_refresh --auth {label}"))
    if request.given.is_inline:
        notes.append(("in this cell", _INLINE))
    if '"expires_at"' not in auth.document.reveal() or (request.given.store is None and not request.given.is_inline):
        notes.append(("other copies", "of these tokens (another file, script or program) stop working now"))
    for warning in (store.warning(), None if auth.is_sandbox else ends_with_machine(store)):
        notes += [("careful", warning)] if warning else []
    return tuple(notes)
