"""One use of a refresh token that is held, as is its store: prove the save, open the flight, send once, save, land."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from oint_magics import endpoints, oauth, settings
from oint_magics.auth import Auth, needs_refresh_token
from oint_magics.errors import ExchangeError, InDoubt, InvalidGrant, OintError, TokenRefused
from oint_magics.saving import save

if TYPE_CHECKING:
    from oint_magics.oauth import Grant
    from oint_magics.stores import Store
    from oint_magics.stores.flight import Flight, Found

    Notes = tuple[tuple[str, str], ...]


def fly(store: Store, auth: Auth, *, try_old: bool) -> tuple[Grant, Notes]:
    """Send a token once and save the answer; what an earlier flight has brought needs no sending.

    Args:
        store: the pair's store, held by the caller.
        auth: what is in it; the token is held too.
        try_old: send a token of which it is in doubt whether it was used.

    Returns:
        The saved pair, and what the user should know about the way it came.

    Raises:
        OintError: one of `oint_magics.errors`; the type tells what became of the token.
    """
    flight = store.flight(needs_refresh_token(auth).fingerprint())
    before = flight.found()
    grant = landed(before, auth)
    notes: Notes = ()
    if grant is None:
        _check_doubt(before, try_old=try_old)
        store.prove()
        flight.open(before.tries + 1 if before else 1)
        grant = _exchange_or_undo(auth, flight, before)
    elif before:
        notes = (("repaired", f"this answer came to {before.by} at {before.since}, which did not save it"),)
    save(store, grant, auth, flight)
    return grant, notes


def landed(before: Found | None, auth: Auth) -> Grant | None:
    """Return the pair that an earlier flight has brought, or `None`."""
    if before is None or before.answer is None:
        return None
    try:
        return oauth.read_grant(before.answer, auth, "the token endpoint", datetime.now(UTC))
    except OintError:
        return None


def _check_doubt(before: Found | None, *, try_old: bool) -> None:
    """Refuse to send a token whose answer may lie on another machine, or was lost twice."""
    if before is None or try_old:
        return
    if before.is_elsewhere:
        raise InDoubt(
            "It is in doubt whether this refresh token was used, so nothing was sent.",
            cause=f"{before.by} sent it at {before.since}, and its answer may lie there.",
            next_step="run it again on that machine, which saves what has come; or send it once more from here: "
            "%twitter_refresh --try-old",
        )
    if before.tries > 1:
        raise InDoubt(
            "It is in doubt whether this refresh token was used, twice by now, so nothing was sent.",
            cause=f"it was sent at {before.since} by {before.by}, and no answer came.",
            next_step="log in again: %twitter_login; or send it once more: %twitter_refresh --try-old",
        )


def _exchange_or_undo(auth: Auth, flight: Flight, before: Found | None) -> Grant:
    """Exchange the pair; where nothing is left to wait for, the flight goes again."""
    try:
        return _exchange(auth, flight)
    except InDoubt:
        flight.close()
        raise
    except OintError as error:
        if isinstance(error, TokenRefused):
            flight.land()
        else:
            flight.cancel()
        if auth.is_sandbox and isinstance(error, ExchangeError):
            error.next_step = "%twitter_sandbox start  (writes a fresh pair; a pair ends with its sandbox)"
        if before and isinstance(error, InvalidGrant):
            error.cause = (
                f"it was used at {before.since} by {before.by}, and the answer with the new pair was lost on the "
                "way, or lies there. This try was the only chance left."
            )
        raise


def _exchange(auth: Auth, flight: Flight) -> Grant:
    from oint_magics import transport

    url = endpoints.token_url(auth)
    host = urlsplit(url).netloc
    request = oauth.refresh_request(auth, needs_refresh_token(auth))
    answer = transport.post(url, host, request, settings.timeout(), flight)
    return oauth.read_grant(answer, auth, host, datetime.now(UTC))
