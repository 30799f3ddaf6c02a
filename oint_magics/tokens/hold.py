"""Locks an account before its tokens are copied, revoked or deleted: the store, then the token.

So no copy is being refreshed at that time, and an answer that an earlier run left is saved first.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from oint_magics import settings
from oint_magics.errors import StoreNotWritable, TokenSpent
from oint_magics.stores.locks import token_lock
from oint_magics.tokens.destination import newest_of
from oint_magics.tokens.exchange import exchange_once
from oint_magics.tokens.lineage import Lineage
from oint_magics.tokens.refresh import has_answer
from oint_magics.tokens.shield import shielded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oint_magics.stores import Store
    from oint_magics.tokens.source import Source

_MOST_MOVES = 8
_STOPPED = "the tokens of an earlier run are saved."


@contextlib.contextmanager
def held(source: Source, other: Store | None = None, *, finishes: bool = True) -> Iterator[Source]:
    """Hold where the newest tokens of a source live, and the newest token; yield that.

    Stores are held in the order of their places, then the token.

    Args:
        source: where a pair comes from. A spent pair means the newest pair of its family.
        other: a store to be held too; `None` for none.
        finishes: whether an answer that an earlier run has left is saved; else the caller deals with it.

    Raises:
        StoreBusy: another process held one of them for too long.
        TokenSpent: the token is spent, and its successor is not where it was saved.
    """
    for _ in range(_MOST_MOVES):
        with contextlib.ExitStack() as locks:
            home = newest_of(source, Lineage.of(source.read().refresh_token, source.store))
            _hold_stores(locks, home.store, other)
            if not _is_newest(home) or not _holds_token(locks, home):
                continue  # It was refreshed while this call waited.
            if finishes and home.store and has_answer(home.store, home.read()):
                _finish(home.store)
            yield home
            return
    raise TokenSpent(
        "These tokens are refreshed again and again by another process. Nothing was done.",
        next_step="end that process, then run it again",
    )


def _is_newest(home: Source) -> bool:
    """Tell whether the newest pair of its family lives there; older bytes that were put back over it are repaired.

    Raises:
        TokenSpent: it is spent, and its successor is not where it was saved.
    """
    auth, store = home.read(), home.store
    lineage = Lineage.of(auth.refresh_token, store)
    if not lineage.is_spent:
        return True
    if newest_of(home, lineage) is not home:
        return False
    if store and lineage.restored(store, auth):
        return True
    raise lineage.error()


def _holds_token(locks: contextlib.ExitStack, home: Source) -> bool:
    """Hold the token that lives there; tell whether it is still the newest: a copy of it may have been refreshed."""
    token = home.read().refresh_token
    if token is None:
        return True
    locks.enter_context(token_lock(token.fingerprint(), _patience(), lambda: None))
    return token.matches(home.read().refresh_token) and not Lineage.of(token, home.store).is_spent


def _hold_stores(locks: contextlib.ExitStack, home: Store | None, other: Store | None) -> None:
    stores = {store.place: store for store in (home, other) if store is not None}
    for _, store in sorted(stores.items()):
        try:
            locks.enter_context(store.lock(_patience(), lambda: None))
        except StoreNotWritable:
            if store is other:
                raise
            # A file that this user cannot write is not refreshed by this user either.


def _finish(store: Store) -> None:
    """Save the answer that an earlier run has left; nothing is sent."""
    shielded(lambda: exchange_once(store, store.read(), try_old=False), stopped=_STOPPED)


def _patience() -> float:
    return settings.timeout() + 15
