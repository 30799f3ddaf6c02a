"""Where a pair lives, and where its successor will: found before anything is locked or sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from oint_magics import settings, stores
from oint_magics.auth import Auth, needs_refresh_token
from oint_magics.errors import StoreError, StoreTaken, TokenSpent
from oint_magics.response import Home
from oint_magics.sources import Source
from oint_magics.stores import journal
from oint_magics.visible import typed

if TYPE_CHECKING:
    from oint_magics.stores import Store
    from oint_magics.stores.journal import Successor


def newest_of(source: Source, successor: Successor | None) -> Source:
    """Return the source itself, or the store where the successor of its pair lives.

    Args:
        source: where a pair comes from.
        successor: its successor as the journal knows it; `None` for a pair that is not known to be spent.
    """
    if successor is None or (source.store is not None and source.store.place == successor.place):
        return source
    home = home_of(successor)
    return at(home) if home else source


def home_of(successor: Successor) -> Store | None:
    """Return the store where a family lives, or `None` where that holds another account's pair by now, or none."""
    if not successor.place:
        return None
    home = stores.open_store(successor.place)
    token = home.read().refresh_token if home.exists() else None
    if token is None:
        return None
    newest = journal.successor_of(token.fingerprint())
    known = newest.fingerprint if newest else token.fingerprint()
    return home if known == successor.fingerprint or home.follows(successor.fingerprint) else None


def spent(newest: Successor) -> TokenSpent:
    """Return the error for a spent token whose successor cannot be followed."""
    label = stores.label_of(newest.place)
    if not label:
        return TokenSpent(
            "This refresh token was used before, so nothing was sent.",
            cause="its successor's store was forgotten (twitter.forget).",
            next_step="log in again: %twitter_login",
        )
    return TokenSpent(
        "This refresh token was used before, so nothing was sent.",
        cause=f"its successor was saved in {label}, which holds another pair by now, or none.",
        next_step=f"look there: %twitter_status --auth {typed(label)}; or log in again: %twitter_login",
    )


def at(store: Store) -> Source:
    """Return a store as a source."""
    return Source(store.label, store=store)


def address(store: Store | None) -> Home | None:
    """Return a store's name and place, for a response to remember; `None` for no store."""
    return Home(store.label, store.place) if store else None


def home_for(source: Source, to: str | None, *, is_watched: bool) -> Store:
    """Return the store to save to, there already or not.

    Args:
        source: where the pair comes from.
        to: the store that was named, or `None`.
        is_watched: whether somebody sees where the pair of a text goes.

    Raises:
        StoreError: nobody would see it, and no store was named.
        StoreTaken: the named store holds another pair.
    """
    named = stores.open_store(to) if to else None
    if source.store and (named is None or named.place == source.store.place):
        return source.store
    auth = source.read()
    store = named or _own_profile(auth, is_watched=is_watched)
    if named and store.exists() and not _holds(store, auth):
        taken(store.label)
    return store


def _own_profile(auth: Auth, *, is_watched: bool) -> Store:
    """Return the profile of a text, found again by its refresh token when the cell is run a second time."""
    if not is_watched and not settings.has_home():
        raise StoreError(
            "Nobody would see where the new pair goes, so nothing was sent.",
            cause="the source is no place that can be written, and this is a script or runs without a user.",
            next_step='name a store: --to profile:NAME (in Python: to="profile:NAME"), or set OINT_HOME',
        )
    return stores.profile(f"saved-{needs_refresh_token(auth).fingerprint()}")


def _holds(store: Store, auth: Auth) -> bool:
    return needs_refresh_token(auth).matches(store.read().refresh_token)


def taken(label: str) -> NoReturn:
    """Raise the error for a store that holds another pair."""
    raise StoreTaken(
        f"{label} holds another pair, so nothing was sent.",
        cause="it may be another account's, or a newer login of this one.",
        next_step=f"to refresh that one: %twitter_refresh --auth {typed(label)}; to give it up: %twitter_keep SOURCE "
        f"{typed(label)} --replace; to keep both, name another store",
    )
