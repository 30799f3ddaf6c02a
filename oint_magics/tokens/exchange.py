"""One use of a refresh token that is held, as is its store: prove the save, open the flight, send once, save, land."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from oint_magics import stores
from oint_magics.auth.structure import Auth, needs_refresh_token
from oint_magics.display.text import typed
from oint_magics.errors import InDoubt, InvalidGrant, NotSent, OintError, TokenRefused
from oint_magics.http import endpoints
from oint_magics.oauth import token_endpoint
from oint_magics.stores import journal
from oint_magics.stores.write_ahead import aloft
from oint_magics.tokens.save import save

if TYPE_CHECKING:
    from oint_magics.oauth.token_endpoint import Grant
    from oint_magics.stores import Store
    from oint_magics.stores.write_ahead import Flight, Found

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
    fingerprint = needs_refresh_token(auth).fingerprint()
    flight, copy = store.flight(fingerprint), _copys_flight(store, fingerprint)
    before = _newer(flight.found(), copy.found() if copy else None)
    grant = before.grant(auth) if before else None
    notes: Notes = ()
    if grant is None:
        _check_doubt(before, store.label, try_old=try_old)
        store.prove()
        flight.open(before.tries + 1 if before else 1)
        grant = _exchange_or_undo(auth, flight, before, store.label)
    elif before:
        notes = (("repaired", f"this answer came to {before.by} at {before.since}, which did not save it"),)
    save(store, grant, auth, flight)
    if copy:
        copy.drop()
    return grant, notes


def _copys_flight(store: Store, fingerprint: str) -> Flight | None:
    """Return the flight of a copy of this pair on this machine: its answer, or its doubt, is this pair's too."""
    place = aloft(fingerprint)
    return stores.open_store(place).flight(fingerprint) if place and place != store.place else None


def _newer(here: Found | None, there: Found | None) -> Found | None:
    """Return the one of two flights of a token that tells more."""
    found = [each for each in (here, there) if each]
    return max(found, key=lambda each: (each.answer is not None, each.tries), default=None)


def _check_doubt(before: Found | None, label: str, *, try_old: bool) -> None:
    """Refuse to send a token whose answer may lie on another machine, or was lost twice."""
    if before is None or try_old:
        return
    if before.is_elsewhere:
        raise InDoubt(
            "It is in doubt whether this refresh token was used, so nothing was sent.",
            cause=f"{before.by} sent it at {before.since}, and its answer may lie there.",
            next_step="run it again on that machine, which saves what has come; or send it once more from here: "
            f"%twitter_refresh --auth {typed(label)} --try-old",
        )
    if before.tries > 1:
        raise InDoubt(
            "It is in doubt whether this refresh token was used, twice by now, so nothing was sent.",
            cause=f"it was sent at {before.since} by {before.by}, and no answer came.",
            next_step=_after_two(label),
        )


def _after_two(label: str) -> str:
    return f"log in again: %twitter_login; or send it once more: %twitter_refresh --auth {typed(label)} --try-old"


def _exchange_or_undo(auth: Auth, flight: Flight, before: Found | None, label: str) -> Grant:
    """Exchange the pair; where nothing is left to wait for, the flight goes again."""
    try:
        return _exchange(auth, flight)
    except InDoubt as error:
        flight.close()
        if before:
            error.what += " It was so before."
            error.next_step = _after_two(label)
        raise
    except OintError as error:
        if isinstance(error, TokenRefused):
            flight.land()
            if isinstance(error, InvalidGrant):
                journal.end(needs_refresh_token(auth).fingerprint(), journal.REFUSED)
        else:
            flight.cancel()
        if auth.is_sandbox and isinstance(error, InvalidGrant | NotSent):
            error.next_step = _fresh_exercise(label)
        if before and isinstance(error, InvalidGrant):
            error.cause = (
                f"it was used at {before.since} by {before.by}, and the answer with the new pair was lost on the "
                "way, or lies there. This try was the only chance left."
            )
        raise


def _fresh_exercise(label: str) -> str:
    keep = f", then: %twitter_keep sandbox-auth.json {typed(label)} --replace"
    start = "if it stays so: %twitter_sandbox start  (writes a fresh pair; a pair ends with its sandbox)"
    return start + ("" if label == "sandbox-auth.json" else keep)


def _exchange(auth: Auth, flight: Flight) -> Grant:
    from oint_magics.http import token_post

    request = token_endpoint.refresh_request(auth, needs_refresh_token(auth))
    answer, host = token_post.send(endpoints.TOKEN, auth, request, flight)
    return token_endpoint.read_grant(answer, auth, host, datetime.now(UTC))
