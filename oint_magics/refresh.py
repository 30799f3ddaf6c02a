"""A refresh from its source to the saved pair: the order of effects, one named step a line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from oint_magics import endpoints, oauth, settings, stores
from oint_magics.auth import Auth, auth_of, needs_refresh_token
from oint_magics.errors import ExchangeError, InDoubt, NotSaved, OintError, StoreError, StoreTaken
from oint_magics.response import Home, TokenResponse, auth_behind, granted, unsaved, unspent

if TYPE_CHECKING:
    from oint_magics.oauth import Grant
    from oint_magics.sources import Source
    from oint_magics.stores import Store


def refresh(source: Source, to: str | None, *, if_expired: bool, is_watched: bool) -> TokenResponse:
    """Refresh a pair and save it.

    Args:
        source: where the auth structure comes from.
        to: the store for the new pair; `None` for where the old one came from, or a profile of its own.
        if_expired: send nothing while the access token is fresh.
        is_watched: whether somebody sees where a text's pair goes; if not, `to` or `OINT_HOME` must say it.

    Raises:
        OintError: one of `oint_magics.errors`; all but `InDoubt` and `NotSaved` leave the old pair good
            or say that it is dead.
    """
    store = _home(source, to, is_watched=is_watched)
    auth = store.read() if store.exists() else source.read()
    if if_expired and auth.is_fresh(datetime.now(UTC)):
        return unspent(auth, datetime.now(UTC), _address(store if store.exists() else source.store))
    is_new = not store.exists()
    if is_new:
        store.create(auth)
    grant = _exchange_or_undo(store, auth, is_new=is_new)
    _save(store, grant, auth)
    return granted(grant, auth, _address(store), _notes(source, store, auth))


def _address(store: Store | None) -> Home | None:
    return Home(store.label, store.place) if store else None


def _home(source: Source, to: str | None, *, is_watched: bool) -> Store:
    """Return the store to save to, there already or not."""
    named = stores.open_store(to) if to else None
    if source.store and (named is None or named.place == source.store.place):
        return source.store
    auth = source.read()
    store = named or _own_profile(auth, is_watched=is_watched)
    if named and store.exists() and not _holds(store, auth):
        _taken(store.label)
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


def _taken(label: str) -> NoReturn:
    raise StoreTaken(
        f"{label} holds another pair, so nothing was sent.",
        cause="it may be the newer pair of this very account, or another account's.",
        next_step=f"to refresh that one: %twitter_refresh --auth {label}; to give it up: %twitter_keep SOURCE {label} "
        "--replace; to keep both, name another store",
    )


def _exchange_or_undo(store: Store, auth: Auth, *, is_new: bool) -> Grant:
    """Exchange the pair; where nothing was spent, a store that was made for it goes again."""
    try:
        return _exchange(store, auth)
    except OintError as error:
        if is_new and not isinstance(error, InDoubt):
            store.remove()
        if auth.is_sandbox and isinstance(error, ExchangeError):
            error.next_step = "%twitter_sandbox start  (writes a fresh pair; a pair ends with its sandbox)"
        raise


def _exchange(store: Store, auth: Auth) -> Grant:
    from oint_magics import transport

    refresh_token = needs_refresh_token(auth)
    url = endpoints.token_url(auth)
    host = urlsplit(url).netloc
    request = oauth.refresh_request(auth, refresh_token)
    store.prove()
    answer = transport.post(url, host, request, settings.timeout())
    return oauth.read_grant(answer, auth, host, datetime.now(UTC))


def _save(store: Store, grant: Grant, auth: Auth) -> None:
    """Save the pair; where its store does not take it, bring it to another place and say so."""
    reason = None
    try:
        store.save(grant, auth)
    except OintError as error:
        reason = error.cause or error.what
    if reason:
        response = _rescued(grant, auth)
        problem = _not_saved(store.label, response.saved_to, reason)
        problem.response = response
        raise problem


def _rescued(grant: Grant, auth: Auth) -> TokenResponse:
    """Return a pair that its store did not take, kept in a profile of its own or at least in this process."""
    response = granted(grant, auth, None, ())
    profile = stores.profile(f"rescued-{grant.access_token.fingerprint()}")
    try:
        profile.create(auth_of(auth_behind(response)))
        return granted(grant, auth, _address(profile), ())
    except OintError:
        unsaved.append(response)
        return response


def _not_saved(label: str, rescued: str | None, reason: str) -> NotSaved:
    if rescued:
        return NotSaved(
            f"The server answered with a new pair, and {label} does not take it: it is kept in {rescued}.",
            cause=reason,
            next_step=f"use it from there: %twitter_refresh --auth {rescued}",
        )
    return NotSaved(
        f"The server answered with a new pair, and neither {label} nor a profile takes it: only this process has it.",
        cause=reason,
        next_step="make room before this process ends, then: %twitter_keep unsaved: profile:rescued "
        '(in Python: twitter.keep("unsaved:", "profile:rescued"))',
    )


def _notes(source: Source, store: Store, auth: Auth) -> tuple[tuple[str, str], ...]:
    """Return what the user should know about this refresh, beside the answer."""
    label, notes = store.label, list[tuple[str, str]]()
    if source.store and source.store.place != store.place:
        notes.append(("spent", f"the pair in {source.label}: from now on, --auth {label}"))
    elif not source.store:
        notes.append(("next time", f"%twitter_refresh --auth {label}"))
    if source.is_inline:
        notes.append(("in this cell", _INLINE))
    if '"expires_at"' not in auth.document.reveal():
        notes.append(("other copies", "of this pair (1C constants, another script) are spent from now on"))
    warning = store.warning()
    return (*notes, ("careful", warning)) if warning else tuple(notes)


_INLINE = (
    "and in the history stand these secrets now. Use the store from now on, delete the cell, "
    "and renew the client secret if the notebook was shared"
)
