"""Saving a granted pair: into its store, else into another place, and never nowhere in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oint_magics import settings, stores
from oint_magics.auth.structure import Auth, auth_of
from oint_magics.display.text import quoted
from oint_magics.errors import AuthError, NotSaved, OintError, StoreTaken
from oint_magics.process import state
from oint_magics.secret import shown
from oint_magics.tokens.destination import address
from oint_magics.tokens.response import TokenResponse, auth_of_response, from_grant

if TYPE_CHECKING:
    from pathlib import Path

    from oint_magics.oauth.token_endpoint import Grant
    from oint_magics.stores import Store
    from oint_magics.stores.write_ahead import ExchangeRecord

    Notes = tuple[tuple[str, str], ...]

_STAYS = "The recovery file stays: it tells that older copies of these tokens are spent."


def save(store: Store, grant: Grant, auth: Auth, record: ExchangeRecord) -> Notes:
    """Save the pair, note it in the refresh log, and commit the record.

    Args:
        store: the pair's store.
        grant: what the server granted.
        auth: what was sent.
        record: stays where the store does not take the pair, or the log does not note it: the answer is in it.

    Returns:
        What the user should know about it.

    Raises:
        NotSaved: the store does not take it; says where it is instead.
    """
    problem = None
    try:
        store.save(grant, auth)
    except OintError as error:
        problem = error
    if problem is not None:
        record.close()
        raise _not_saved(store, grant, auth, record, problem)
    notes, is_noted = _noted(grant, auth, store)
    if is_noted:
        record.commit()
    else:
        record.close()  # It says what the log does not: that this token is spent.
    return notes


def _noted(grant: Grant, auth: Auth, store: Store) -> tuple[Notes, bool]:
    """Note a pair in the refresh log; return what the user should know about that, and whether it stands there."""
    try:
        folder = _note(grant, auth, store)
    except OintError as error:
        return (("refresh log", f"not written: {error.what.removesuffix(' Nothing was sent.')} {_STAYS}"),), False
    if folder is None:
        return (("refresh log", f"{settings.data_folder()} cannot be written. {_STAYS}"),), False
    if folder != settings.data_folder():
        where = "beside the file, in .oint/: there is no data folder, and none can be made (OINT_HOME names one)"
        return (("refresh log", where),), True
    return (), True


class Overtaken(Exception):
    """What stands in a store is not what was seen there when it was chosen."""


def save_login(  # noqa: PLR0913 - what a save needs to know
    store: Store, grant: Grant, auth: Auth, record: ExchangeRecord, *, seen: Auth | None, is_same: bool
) -> None:
    """Save the pair that a login brought, note where it lives, and commit its record.

    Args:
        store: the pair's store.
        grant: what the server granted.
        auth: the app's auth structure, without a pair.
        record: stays where the store does not take the pair: the answer is in it.
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
            # A login without a word of scopes tells that those from before are not known to be right any more.
            told = grant._replace(granted=grant.granted or "")
            _noted(told, seen if is_same and seen else auth, store)
    except OintError as error:
        problem = error
    if problem is None:
        record.commit()
        return
    raise _login_not_saved(store, grant, auth, record, problem)


def _put(store: Store, grant: Grant, auth: Auth, seen: Auth | None) -> None:
    there = store.read() if store.exists() else None
    if (there is None) != (seen is None) or (there and seen and not there.document.matches(seen.document)):
        raise Overtaken
    if there and there.client_id == auth.client_id:
        store.save(grant, there)
    else:
        new = auth_of_response(from_grant(grant, auth, None, ())) | ({"scope": grant.scope} if grant.scope else {})
        store.create(auth_of(new))


def _login_not_saved(store: Store, grant: Grant, auth: Auth, record: ExchangeRecord, problem: OintError) -> NotSaved:
    reason = problem.cause or problem.what
    if record.is_kept:
        error = NotSaved(
            f"The login succeeded, but {store.label} could not be written. {_kept_in(record)}",
            cause=reason,
            next_step="fix the cause, then run %twitter_login, which saves them without asking X again",
        )
        error.response = from_grant(grant, auth, None, ())
        return error
    response = _rescued(grant, auth, record)
    error = _elsewhere(store.label, response.saved_to, reason)
    error.response = response
    return error


def _note(grant: Grant, auth: Auth, store: Store) -> Path | None:
    """Note in the refresh log that a token is spent, and where its successor lives; of a first pair where it lives."""
    spent, newest = auth.refresh_token, grant.refresh_token
    scope = grant.granted
    if newest is None or newest.matches(spent):
        return settings.data_folder()
    if spent is None:
        return store.journal.keep(newest.fingerprint(), store.place, scope)
    return store.journal.record(spent.fingerprint(), newest.fingerprint(), store.place, scope)


def _not_saved(store: Store, grant: Grant, auth: Auth, record: ExchangeRecord, problem: OintError) -> NotSaved:
    """Return the error that says where the pair is: in its record, in a profile of its own, or in this process alone.

    A record is void as soon as its store holds another pair; what is in it must move then.
    """
    is_void = isinstance(problem, StoreTaken | AuthError)
    label, reason = store.label, problem.cause or problem.what
    if not is_void and record.is_kept:
        response = from_grant(grant, auth, None, ())
        error = NotSaved(
            f"The refresh succeeded, but {label} could not be written. {_kept_in(record)}",
            cause=reason,
            next_step=f"fix the cause, then: %twitter_refresh --auth {quoted(label)}, which saves them; "
            f"or save them elsewhere: %twitter_refresh --auth {quoted(label)} --to NAME.json",
        )
    else:
        response = _rescued(grant, auth, record)
        error = _elsewhere(label, response.saved_to, reason)
    error.response = response
    return error


def _kept_in(record: ExchangeRecord) -> str:
    if record.is_in_memory:
        return (
            f"Its folder could not be written either: the tokens are in {record.file}, in this machine's memory. "
            "A restart, or your last logout, deletes them."
        )
    return "The tokens are in a recovery file."


def _rescued(grant: Grant, auth: Auth, record: ExchangeRecord) -> TokenResponse:
    """Return a pair that was kept in a profile of its own, or at least in this process."""
    response = from_grant(grant, auth, None, ())
    profile = stores.profile(f"rescued-{shown(grant.access_token.fingerprint())}")
    try:
        profile.create(auth_of(auth_of_response(response)))
    except OintError:
        state.unsaved.append(response)
        return response
    if _noted(grant, auth, profile)[1]:
        record.discard()
    return from_grant(grant, auth, address(profile), ())


def _elsewhere(label: str, rescued: str | None, reason: str) -> NotSaved:
    if rescued:
        return NotSaved(
            f"The server gave new tokens, but {label} could not be written. They are in {rescued}.",
            cause=reason,
            next_step=f"use it from there: %twitter_refresh --auth {rescued}",
        )
    return NotSaved(
        f"The server gave new tokens, but neither {label} nor a profile could be written: only this process has them.",
        cause=reason,
        next_step="fix the cause before this process ends, then type exactly this, colons included: "
        "%twitter_keep unsaved: profile:rescued",
    )
