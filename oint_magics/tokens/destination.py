"""Where a pair lives, and where its successor will: found before anything is locked or sent."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn

from oint_magics import settings, stores
from oint_magics.auth.structure import Auth, require_refresh_token
from oint_magics.display.text import quoted
from oint_magics.errors import StoreError, StoreTaken
from oint_magics.http import endpoints
from oint_magics.process import state
from oint_magics.secret import Secret, shown
from oint_magics.stores import machine
from oint_magics.tokens.lineage import Lineage
from oint_magics.tokens.response import SavedTo
from oint_magics.tokens.source import Source

if TYPE_CHECKING:
    from oint_magics.stores import Store


def newest_of(source: Source, lineage: Lineage) -> Source:
    """Return the source itself, or the store where the newest pair of its family lives.

    Args:
        source: where a pair comes from.
        lineage: that pair's.
    """
    if not lineage.leads_away_from(source.store) or (source.store and source.store.place == lineage.place):
        return source
    home = lineage.store()
    return at(home) if home else source


def at(store: Store) -> Source:
    """Return a store as a source."""
    return Source(store.label, store=store)


def address(store: Store | None) -> SavedTo | None:
    """Return a store's name and place, for a response to remember; `None` for no store."""
    return SavedTo(store.label, store.place) if store else None


def for_refresh(source: Source, to: str | None, *, interactive: bool) -> Store:
    """Return the store to save to, there already or not.

    Args:
        source: where the pair comes from.
        to: the store that was named, or `None`.
        interactive: whether somebody sees where the pair of a text goes.

    Raises:
        StoreError: nobody would see it, and no store was named.
        StoreTaken: the named store holds another pair.
    """
    named = stores.open_store(to) if to else None
    if source.store and (named is None or named.place == source.store.place):
        return source.store
    auth = source.read()
    store = named or _own_profile(auth, interactive=interactive)
    if named and store.exists():
        there = store.read()
        if not require_refresh_token(auth).matches(there.refresh_token) and not takes_pair(store, there, auth):
            taken(store.label)
    return store


def for_login(source: Source, to: str | None, auth: Auth, *, interactive: bool) -> Store:
    """Return the store for a login's pair, there already or not.

    Args:
        source: names the app.
        to: the store that was named, or `None`.
        auth: what the source holds.
        interactive: whether somebody sees where the pair of a text goes.

    Raises:
        StoreError: nobody would see it, and no store was named.
        StoreTaken: the named store holds another app's pair.
    """
    store = stores.open_store(to) if to else source.store
    if store is None:
        _check_watched(interactive=interactive)
        store = stores.profile(f"login-{shown(Secret(auth.client_id).fingerprint())}")
        check_lasting(store, source, auth, is_named=False, magic="login")
        return store
    check_lasting(store, source, auth, is_named=to is not None, magic="login")
    if store.exists() and not is_same_app(store.read(), auth):
        raise StoreTaken(
            f"{store.label} holds another app's tokens, so nothing was sent.",
            cause="its client_id differs from the source's.",
            next_step=f'name another store: --to profile:NAME; or delete those tokens: twitter.forget("{store.label}")',
        )
    return store


def check_lasting(store: Store, source: Source, auth: Auth, *, is_named: bool, magic: str = "refresh") -> None:
    """Refuse to save tokens on a machine that is thrown away, where nobody has said so.

    Once a store was named, it counts as said for the process.

    Args:
        store: where they are to be saved.
        source: where the auth data comes from.
        auth: the auth data.
        is_named: whether the call names the store.
        magic: which magic does it, for the message.

    Raises:
        StoreError: they would be lost with the machine, and with them the account.
    """
    found = None if settings.has_home() or auth.is_sandbox else machine.thrown_away()
    is_own = not store.place.startswith(stores.PREFIXES)
    if found is None or machine.lasts(store.place, found) or (found.takes_files and is_own):
        return
    if is_named or store.place in state.named:
        state.named.add(store.place)
        return
    line = f"%twitter_{magic} --auth {quoted(source.typed)} --to"
    folder = machine.lasting_folder(found)
    free = next((name for name in ("auth.json", "tokens.json") if not os.path.lexists(f"{folder}/{name}")), "NAME.json")
    last = f"{line} {folder}/{free}" if folder else f"set OINT_HOME to a folder that lasts, or {line} shared:NAME"
    here = f"or to keep it here and download it: {line} {quoted(store.label if is_own else 'auth.json')}"
    raise StoreError(
        f"The new tokens would be lost with this machine ({found.name}). Nothing was sent.",
        cause=f"a refresh ends the tokens that you have, and the new ones would lie on a disk that is thrown away. "
        f"{found.advice[0].upper()}{found.advice[1:]}",
        next_step=f"{last}; {here}",
    )


def ends_with_machine(store: Store) -> str | None:
    """Return what to say of a store that ends with this machine, or `None`."""
    found = machine.thrown_away()
    if found is None or machine.lasts(store.place, found):
        return None
    return f"{store.label} ends with this machine ({found.name}): download it"


def is_same_app(there: Auth, auth: Auth) -> bool:
    """Tell whether a store is the app's, or an ended sandbox's, whose pair is worth nothing to anybody."""
    is_older = there.is_sandbox and auth.is_sandbox and there.sandbox != auth.sandbox
    return there.client_id == auth.client_id or is_older or is_worthless(there)


def takes_pair(store: Store, there: Auth, auth: Auth) -> bool:
    """Tell whether a pair may take the place of what stands in a store.

    That is so for the app without tokens, for older tokens of the same family, and for an ended sandbox's.

    Args:
        store: the store.
        there: what stands in it.
        auth: the pair.
    """
    if is_worthless(there):
        return True
    if there.client_id != auth.client_id or auth.refresh_token is None:
        return False
    newest = Lineage.of(there.refresh_token, store).newest if there.refresh_token else None
    return there.refresh_token is None or newest == auth.refresh_token.fingerprint()


def is_worthless(there: Auth) -> bool:
    """Tell whether a pair belongs to a sandbox that has ended: it is replaced without asking."""
    return endpoints.ended_sandbox(there) is not None


def _own_profile(auth: Auth, *, interactive: bool) -> Store:
    """Return the profile of a text, found again by its refresh token when the cell is run a second time."""
    _check_watched(interactive=interactive)
    return stores.profile(f"saved-{shown(require_refresh_token(auth).fingerprint())}")


def _check_watched(*, interactive: bool) -> None:
    if not interactive and not settings.has_home():
        raise StoreError(
            "There is no place to save the new tokens. Nothing was sent.",
            cause="they cannot be written back to where they came from, and a program must say where instead.",
            next_step="name a file in a folder that lasts: --to NAME.json; or set OINT_HOME to such a folder",
        )


def taken(label: str) -> NoReturn:
    """Raise the error for a store that holds another pair."""
    raise StoreTaken(
        f"{label} holds different tokens from the ones given, so nothing was sent.",
        cause="they may belong to another account, or come from a newer login of this account.",
        next_step=f"to refresh the tokens there: %twitter_refresh --auth {quoted(label)}; "
        f"to overwrite them: %twitter_keep SOURCE {quoted(label)} --replace; to keep both, name another store",
    )
