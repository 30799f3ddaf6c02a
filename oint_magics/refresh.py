"""A refresh from its source to the saved pair: the order of effects, one named step a line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, NoReturn
from urllib.parse import urlsplit

from oint_magics import endpoints, oauth, settings, stores
from oint_magics.auth import Auth, needs_refresh_token
from oint_magics.errors import InDoubt, NotSaved, NotSent, OintError, StoreError, StoreTaken
from oint_magics.response import TokenResponse, granted, unspent

if TYPE_CHECKING:
    from oint_magics.oauth import Grant
    from oint_magics.sources import Source
    from oint_magics.stores import Store


class _Home(NamedTuple):
    """Where the new pair will live, and whether that place was made for it just now."""

    store: Store
    is_new: bool


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
    home = _home(source, to, is_watched=is_watched)
    auth = home.store.read()
    if if_expired and auth.is_fresh(datetime.now(UTC)):
        return unspent(auth, datetime.now(UTC), home.store.label)
    grant = _exchange_and_undo(home, auth)
    _save(home.store, grant, auth)
    return granted(grant, auth, home.store.label, _notes(source, home, auth))


def _home(source: Source, to: str | None, *, is_watched: bool) -> _Home:
    """Return the store to save to; a place that is not there yet is made with the pair as it is."""
    named = stores.open_store(to) if to else None
    if source.store and (named is None or named.place == source.store.place):
        return _Home(source.store, is_new=False)
    auth = source.read()
    store = named or _own_profile(auth, is_watched=is_watched)
    if store.exists():
        if named and not _holds(store, auth):
            _taken(store.label)
        return _Home(store, is_new=False)
    store.create(auth)
    return _Home(store, is_new=True)


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
        next_step=f"to refresh that one: %twitter_refresh --auth {label}; to keep this one too, name another store",
    )


def _exchange_and_undo(home: _Home, auth: Auth) -> Grant:
    """Exchange the pair; where nothing was spent, a store that was made for it goes again."""
    try:
        return _exchange(home.store, auth)
    except InDoubt:
        raise
    except OintError as error:
        if home.is_new:
            home.store.remove()
        if auth.is_sandbox and isinstance(error, NotSent):
            error.next_step = "%twitter_sandbox start  (it ended with the kernel that started it)"
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
    reason = None
    try:
        store.save(grant)
    except OintError as error:
        reason = error.cause or error.what
    if reason is None:
        return
    problem = NotSaved(
        f"The server answered with a new pair, and {store.label} does not take it.",
        cause=reason,
        next_step="import sys; from oint_magics import twitter; "
        'twitter.keep(sys.last_value.response, "profile:rescued")  (before this kernel ends)',
    )
    problem.response = granted(grant, auth, None, ())
    raise problem


def _notes(source: Source, home: _Home, auth: Auth) -> tuple[tuple[str, str], ...]:
    """Return what the user should know about this refresh, beside the answer."""
    label, notes = home.store.label, list[tuple[str, str]]()
    if source.store and source.store.place != home.store.place:
        notes.append(("spent", f"the pair in {source.label}: from now on, --auth {label}"))
    elif not source.store:
        notes.append(("next time", f"%twitter_refresh --auth {label}"))
    if source.is_inline:
        notes.append(("in this cell", _INLINE))
    if '"expires_at"' not in auth.document.reveal():
        notes.append(("other copies", "of this pair (1C constants, another script) are spent from now on"))
    warning = home.store.warning()
    return (*notes, ("careful", warning)) if warning else tuple(notes)


_INLINE = (
    "and in the history stand these secrets now. Use the store from now on, delete the cell, "
    "and renew the client secret if the notebook was shared"
)
