"""Copying auth data into a store, which becomes the home of its tokens; and giving a store up."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from oint_magics import settings
from oint_magics.errors import AuthError, AuthNotFound, InDoubt, StoreTaken, TokenRefused, TokenSpent
from oint_magics.process import state
from oint_magics.secret import Secret
from oint_magics.stores.seal import Unopened
from oint_magics.tokens import origin
from oint_magics.tokens.destination import at, takes_pair
from oint_magics.tokens.hold import held

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oint_magics.auth.structure import Auth
    from oint_magics.stores import Store
    from oint_magics.tokens.source import Source

_TEAM = "shared:"


def keep(source: Source, store: Store, *, replace: bool) -> None:
    """Copy an auth structure into a store.

    Args:
        source: where it comes from. A copy that is spent stands for its newest pair.
        store: where it goes; only the ten keys, the expiry and the sandbox's mark do.
        replace: write over another pair.

    Raises:
        TokenSpent: the source is spent, and its successor is not where it was saved.
        StoreTaken: the store holds another pair.
        StoreNotWritable: the store cannot be written.
    """
    with held(source, store) as home:
        if home.store and home.store.place == store.place:
            return
        _check_one_row(home.store, store)
        found = home.read()
        there = store.read() if store.exists() and not replace else None
        if there and not there.document.matches(found.document) and not takes_pair(store, there, found):
            raise StoreTaken(
                f"{store.label} holds other auth data already.",
                cause="overwritten tokens are lost, and they may be the newest ones.",
                next_step="choose another name; or overwrite those tokens: --replace",
            )
        store.create(found)
    origin.note(home, store, found.refresh_token)
    _note_team(home.store, store, found)
    left = state.unsaved
    left[:] = [each for each in left if not Secret(each["access_token"]).matches(found.access_token)]


def forget(store: Store) -> None:
    """Delete a profile or a team's row, and what is known of it; a user's own file stays.

    Raises:
        AuthNotFound: it does not exist, and the refresh log does not know it.
        StoreError: it cannot be deleted.
    """
    if not store.exists() and all(family.place != store.place for family in store.journal.families()):
        raise AuthNotFound(
            f"{store.label} does not exist, and the refresh log does not know it.", next_step="%twitter_status"
        )
    with _to_be_deleted(store):
        store.forget()
        store.journal.forget(store.place)
    origin.forget(store)


@contextlib.contextmanager
def _to_be_deleted(store: Store) -> Iterator[None]:
    """Hold a store and, where one is there, its token; an answer that a copy needs outlives the store."""
    with contextlib.ExitStack() as locks:
        try:
            locks.enter_context(held(at(store), store, finishes=False))
        except (AuthError, TokenSpent, TokenRefused, InDoubt, Unopened):  # Nothing is there that others could use.
            locks.enter_context(store.lock(settings.timeout() + 15, lambda: None))
        yield


def _note_team(source: Store | None, store: Store, auth: Auth) -> None:
    """Note where a team's pair lives: a private copy of it must never be sent, the others would send it too."""
    team = next((each for each in (source, store) if each and each.place.startswith(_TEAM)), None)
    if team and auth.refresh_token:
        team.journal.keep(auth.refresh_token.fingerprint(), team.place)


def _check_one_row(source: Store | None, store: Store) -> None:
    if source and source.place.startswith(_TEAM) and store.place.startswith(_TEAM):
        raise StoreTaken(
            f"These tokens are already stored in {source.label}, so a second copy was not made.",
            cause="two copies would refresh the same token, and it works only once.",
            next_step=f"use it from there: %twitter_refresh --auth {source.label}",
        )
