"""Saving a granted pair: into its store, else into another place, and never nowhere in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oint_magics import stores
from oint_magics.auth import Auth, auth_of, needs_refresh_token
from oint_magics.errors import NotSaved, OintError
from oint_magics.homes import address
from oint_magics.response import TokenResponse, auth_behind, granted, unsaved
from oint_magics.stores import journal

if TYPE_CHECKING:
    from oint_magics.oauth import Grant
    from oint_magics.stores import Store
    from oint_magics.stores.flight import Flight


def save(store: Store, grant: Grant, auth: Auth, flight: Flight) -> None:
    """Save the pair, note it in the journal, and land the flight.

    Args:
        store: the pair's store.
        grant: what the server granted.
        auth: what was sent.
        flight: stays where the store does not take the pair: the answer is in it.

    Raises:
        NotSaved: the store does not take it; says to which other place it was brought.
    """
    reason = None
    try:
        store.save(grant, auth)
    except OintError as error:
        reason = error.cause or error.what
    if reason is None:
        _note(grant, auth, store)
        flight.land()
        return
    response = _rescued(grant, auth)
    if response.saved_to:
        flight.drop()
    else:
        flight.close()
    problem = _not_saved(store.label, response.saved_to, reason)
    problem.response = response
    raise problem


def _note(grant: Grant, auth: Auth, store: Store) -> None:
    """Note in the journal that a token is spent, and where its successor lives."""
    spent, newest = needs_refresh_token(auth), grant.refresh_token
    if newest is not None and not newest.matches(spent):
        journal.record(spent.fingerprint(), newest.fingerprint(), store.label, store.place)


def _rescued(grant: Grant, auth: Auth) -> TokenResponse:
    """Return a pair that its store did not take, kept in a profile of its own or at least in this process."""
    response = granted(grant, auth, None, ())
    profile = stores.profile(f"rescued-{grant.access_token.fingerprint()}")
    try:
        profile.create(auth_of(auth_behind(response)))
        _note(grant, auth, profile)
        return granted(grant, auth, address(profile), ())
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
