"""Saving a granted pair: into its store, else into another place, and never nowhere in silence."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from oint_magics import settings, stores
from oint_magics.auth.structure import Auth, auth_of
from oint_magics.display.text import typed
from oint_magics.errors import AuthError, NotSaved, OintError, StoreBusy, StoreTaken
from oint_magics.process import state
from oint_magics.stores import journal
from oint_magics.tokens.destination import address
from oint_magics.tokens.response import TokenResponse, auth_behind, granted

if TYPE_CHECKING:
    from oint_magics.oauth.token_endpoint import Grant
    from oint_magics.stores import Store
    from oint_magics.stores.write_ahead import Flight


def save(store: Store, grant: Grant, auth: Auth, flight: Flight) -> None:
    """Save the pair, note it in the journal, and land the flight.

    Args:
        store: the pair's store.
        grant: what the server granted.
        auth: what was sent.
        flight: stays where the store does not take the pair: the answer is in it.

    Raises:
        NotSaved: the store does not take it; says where it is instead.
    """
    problem = None
    try:
        store.save(grant, auth)
    except OintError as error:
        problem = error
    if problem is None:
        try:
            _note(grant, auth, store)
        except StoreBusy:
            flight.close()  # It says what the journal does not: that this token is spent.
        else:
            flight.land()
        return
    flight.close()
    raise _not_saved(store, grant, auth, flight, problem)


class Overtaken(Exception):
    """What stands in a store is not what was seen there when it was chosen."""


def save_login(  # noqa: PLR0913 - what a save needs to know
    store: Store, grant: Grant, auth: Auth, flight: Flight, *, seen: Auth | None, is_same: bool
) -> None:
    """Save the pair that a login brought, note where it lives, and land its flight.

    Args:
        store: the pair's store.
        grant: what the server granted.
        auth: the app's auth structure, without a pair.
        flight: stays where the store does not take the pair: the answer is in it.
        seen: what stood in the store when it was chosen, and may go; `None` for nothing.
        is_same: whether that is the same account's pair; copies of it are led to this one.

    Raises:
        Overtaken: something else stands there by now.
        NotSaved: the store does not take it; says where it is instead.
    """
    problem = None
    try:
        with store.lock(settings.timeout() + 15, lambda: None):
            _put(store, grant, auth, seen)
            with contextlib.suppress(StoreBusy):  # The pair is saved; that nobody is led to it is bearable.
                _note(grant, seen if is_same and seen else auth, store)
    except OintError as error:
        problem = error
    if problem is None:
        flight.land()
        return
    raise _login_not_saved(store, grant, auth, flight, problem)


def _put(store: Store, grant: Grant, auth: Auth, seen: Auth | None) -> None:
    there = store.read() if store.exists() else None
    if (there is None) != (seen is None) or (there and seen and not there.document.matches(seen.document)):
        raise Overtaken
    if there and there.client_id == auth.client_id:
        store.save(grant, there)
    else:
        new = auth_behind(granted(grant, auth, None, ())) | ({"scope": grant.scope} if grant.scope else {})
        store.create(auth_of(new))


def _login_not_saved(store: Store, grant: Grant, auth: Auth, flight: Flight, problem: OintError) -> NotSaved:
    reason = problem.cause or problem.what
    if flight.is_kept:
        error = NotSaved(
            f"The login brought a pair, and {store.label} does not take it: it is kept on its way.",
            cause=reason,
            next_step="mend that, then: %twitter_login, which saves it without asking X again",
        )
        error.response = granted(grant, auth, None, ())
        return error
    response = _rescued(grant, auth, flight)
    error = _elsewhere(store.label, response.saved_to, reason)
    error.response = response
    return error


def _note(grant: Grant, auth: Auth, store: Store) -> None:
    """Note in the journal that a token is spent, and where its successor lives; of a first pair where it lives."""
    spent, newest = auth.refresh_token, grant.refresh_token
    if newest is None or newest.matches(spent):
        return
    if spent is None:
        journal.keep(newest.fingerprint(), store.place)
    else:
        journal.record(spent.fingerprint(), newest.fingerprint(), store.place)


def _not_saved(store: Store, grant: Grant, auth: Auth, flight: Flight, problem: OintError) -> NotSaved:
    """Return the error that says where the pair is: in its flight, in a profile of its own, or in this process alone.

    A flight is void as soon as its store holds another pair; what is in it must move then.
    """
    is_void = isinstance(problem, StoreTaken | AuthError)
    label, reason = store.label, problem.cause or problem.what
    if not is_void and flight.is_kept:
        response = granted(grant, auth, None, ())
        error = NotSaved(
            f"The server answered with a new pair, and {label} does not take it: it is kept on its way.",
            cause=reason,
            next_step=f"mend that, and the next refresh saves it: %twitter_refresh --auth {typed(label)}; "
            f"or save it elsewhere: %twitter_refresh --auth {typed(label)} --to profile:NAME",
        )
    else:
        response = _rescued(grant, auth, flight)
        error = _elsewhere(label, response.saved_to, reason)
    error.response = response
    return error


def _rescued(grant: Grant, auth: Auth, flight: Flight) -> TokenResponse:
    """Return a pair that was kept in a profile of its own, or at least in this process."""
    response = granted(grant, auth, None, ())
    profile = stores.profile(f"rescued-{grant.access_token.fingerprint()}")
    try:
        profile.create(auth_of(auth_behind(response)))
    except OintError:
        state.unsaved.append(response)
        return response
    with contextlib.suppress(StoreBusy):
        _note(grant, auth, profile)
        flight.drop()
    return granted(grant, auth, address(profile), ())


def _elsewhere(label: str, rescued: str | None, reason: str) -> NotSaved:
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
