"""The calls behind the public functions and the magics: find the source, run the flow, remember the home."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from oint_magics import settings, stores
from oint_magics.errors import AuthError, AuthNotFound, InDoubt, NotSaved, OintError, UsageError
from oint_magics.process import state
from oint_magics.tokens import refresh as flow
from oint_magics.tokens import source
from oint_magics.tokens.response import home_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oint_magics.accounts.status import Accounts
    from oint_magics.api.me import User
    from oint_magics.display.table import Table
    from oint_magics.http.bearer import Bearer
    from oint_magics.http.session import Session
    from oint_magics.tokens.current import CurrentToken
    from oint_magics.tokens.response import TokenResponse
    from oint_magics.tokens.source import Source

_DEFAULT_PROFILE = "profile:default"


def use(store: str) -> None:
    """Make a store the source of calls that name none, in this process."""
    state.last_used = _absolute(store)


def place_of(source: Source) -> str | None:
    """Return what `use` makes of a source's store, or `None` where it has none."""
    return _absolute(source.store.place) if source.store else None


def _absolute(store: str) -> str:
    is_named = store.startswith(stores.PREFIXES)
    return store if is_named else str(Path(store).expanduser().absolute())


def remember(response: TokenResponse) -> None:
    """Make the store of a response the source of calls that name none."""
    home = home_of(response)
    if home:
        use(home.place)


def default_source() -> str | None:
    """Return the source of a call that names none, or `None` where there is no such thing."""
    if state.last_used is None:
        return settings.auth() or (_DEFAULT_PROFILE if stores.open_store(_DEFAULT_PROFILE).exists() else None)
    # Shown as short as it can be: a table that names a user's folders travels with the notebook.
    return stores.label_of(state.last_used)


def text_argument(name: str, value: object) -> str:
    """Return an argument that is text; raises a `UsageError` that names one which is not."""
    if isinstance(value, str):
        return value
    raise UsageError(f"{name} must be text; it is of type {type(value).__name__}.", next_step="help(twitter)")


def source_of(auth: object, variables: Mapping[str, object] | None = None) -> Source:
    """Return the source that a call names, or the default one.

    Raises:
        AuthNotFound: the call names none, and there is no default.
        AuthError: what it names cannot be read.
    """
    if auth is not None:
        return source.source_of(auth, variables)
    given = default_source()
    if given is None:
        raise AuthNotFound(
            "No auth was given, and there is no default.",
            cause="nothing was used before, OINT_TWITTER_AUTH is not set, and there is no profile:default.",
            next_step="%twitter_auth opens the panel; or name a source: --auth auth.json; without an account: "
            "%twitter_sandbox start",
        )
    try:
        return source.source_of(given)
    except AuthNotFound as error:
        problem = error
    if given == settings.auth():
        problem.what = "OINT_TWITTER_AUTH names nothing that is there."
    raise problem


def refresh(  # noqa: PLR0913 - what a user may say, each by its name
    auth: object = None,
    *,
    to: str | None = None,
    if_expired: bool = False,
    try_old: bool = False,
    variables: Mapping[str, object] | None = None,
    interactive: bool = False,
) -> TokenResponse:
    """Refresh a pair; see `oint_magics.twitter.refresh`.

    Args:
        auth: the source, or `None` for the default.
        to: the store for the new pair, or `None`.
        if_expired: send nothing while the access token is fresh.
        try_old: retry a refresh token even after two attempts whose outcome is unknown.
        variables: where names are looked up, or `None`.
        interactive: whether somebody sees where the pair of a text goes.
    """
    source = source_of(auth, variables)
    to = to and text_argument("to", to)
    response = flow.refresh(source, to, if_expired=if_expired, interactive=interactive, try_old=try_old)
    remember(response)
    return response


def keep(
    auth: object, to: str, *, replace: bool = False, variables: Mapping[str, object] | None = None
) -> tuple[str, Source]:
    """Copy an auth structure into a store; return its name and the source. See `oint_magics.twitter.keep`."""
    from oint_magics.accounts.keep import keep
    from oint_magics.tokens import app_token

    store = stores.open_store(text_argument("to", to))
    app = app_token.found_in(auth, variables)
    if app and app.is_alone:  # It never becomes the account that was used last.
        app_token.keep(app, store, replace=replace)
        return store.label, source.Source(app.name, auth=app.auth())
    found = source.source_to_copy(auth, variables)
    keep(found, store, replace=replace)
    if not store.place.startswith(stores.PREFIXES):  # A profile's name does not say on which disk it is.
        state.named.add(store.place)
    use(store.label)
    return store.label, found


def replace(auth: object, place: str) -> TokenResponse:
    """Refresh a pair into a store of ours that holds another one, which is gone only when the new one is there.

    Args:
        auth: the source, as for `refresh`.
        place: the store.

    Raises:
        OintError: as for `refresh`; the store holds what it held, or the message says where that is.
        BaseException: whatever else was raised meanwhile: the new pair may be saved, and the old one is kept aside.
    """
    aside = f"profile:before-{re.sub(r'[^A-Za-z0-9]+', '-', place)[-40:]}"
    while aside in stores.kept():
        aside += "x"
    try:
        keep(place, aside)
    except AuthError:  # What stands there is no pair, or a dead one.
        aside = ""
    try:
        keep(auth, place, replace=True)
        response = refresh(place)
    except (InDoubt, NotSaved) as error:
        error.what += f" The tokens that were in {place} before are in {aside}." if aside else ""
        raise
    except OintError:
        if aside:
            keep(aside, place, replace=True)
            forget(aside)
        raise
    if aside:
        forget(aside)
    return response


def forget(store: str) -> str:
    """Forget an account, and return what messages call it; see `oint_magics.twitter.forget`."""
    from oint_magics.accounts.keep import forget

    found = stores.open_store(text_argument("store", store))
    forget(found)
    if state.last_used in (found.label, found.place):
        state.last_used = None
    return found.label


def status(auth: object = None, *, check: bool = False, variables: Mapping[str, object] | None = None) -> Accounts:
    """Return how accounts stand; see `oint_magics.twitter.status`."""
    from oint_magics.accounts import status

    if check:
        return status.checked(source_of(auth, variables))
    if auth is not None:
        return status.of(source.source_of(auth, variables))
    given = default_source()
    try:
        return status.known(source.source_of(given) if given else None)
    except AuthNotFound:  # The default names nothing that is there.
        return status.known()


def revoke(auth: object, *, variables: Mapping[str, object] | None = None) -> Table:
    """Revoke a pair; see `oint_magics.twitter.revoke`."""
    from oint_magics.accounts.revoke import revoke

    return revoke(source.source_of(auth, variables))


def bearer(auth: object = None) -> Bearer:
    """Return a bearer; see `oint_magics.twitter.bearer`."""
    provider = current(auth)
    if "httpx" in sys.modules:  # Whoever hands it to a client of httpx has imported that.
        from oint_magics.http.httpx_bearer import HttpxBearer

        return HttpxBearer(provider)
    from oint_magics.http.bearer import Bearer

    return Bearer(provider)


def session(auth: object = None) -> Session:
    """Return a session; see `oint_magics.twitter.session`."""
    from oint_magics.api.meter import session

    return session(current(auth))


def me(auth: object = None, *, variables: Mapping[str, object] | None = None) -> User:
    """Return whose token it is; see `oint_magics.twitter.me`."""
    from oint_magics.api.me import me

    return me(current(auth, variables))


def current(auth: object, variables: Mapping[str, object] | None = None) -> CurrentToken:
    """Return the token of a source; a store becomes the source of calls that name none."""
    from oint_magics.tokens.current import CurrentToken

    return CurrentToken(used(auth, variables))


def used(auth: object, variables: Mapping[str, object] | None = None) -> Source:
    """Return the source that a call names, or the default one; a store becomes the default."""
    source = source_of(auth, variables)
    if source.store:
        source.read()  # What is not there, or no auth structure, becomes nobody's default.
        use(source.store.place)
    return source
