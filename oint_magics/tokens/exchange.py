"""One use of one token that is held, as is its store: prove the save, begin the record, send once, save, commit."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from oint_magics import settings, stores
from oint_magics.auth import token_format
from oint_magics.auth.structure import Auth, require_refresh_token
from oint_magics.display.text import quoted
from oint_magics.errors import AnswerUnreadable, InDoubt, InvalidGrant, NotSent, OintError, TokenRefused
from oint_magics.http import endpoints
from oint_magics.oauth import token_endpoint
from oint_magics.stores import journal
from oint_magics.stores.exchange_notes import place_of_record
from oint_magics.tokens import origin
from oint_magics.tokens.save import save
from oint_magics.tokens.shield import tell

if TYPE_CHECKING:
    from oint_magics.oauth.token_endpoint import Grant, TokenRequest
    from oint_magics.secret import Secret
    from oint_magics.stores import Store
    from oint_magics.stores.unfinished import Unfinished
    from oint_magics.stores.write_ahead import ExchangeRecord

    Notes = tuple[tuple[str, str], ...]


def exchange_once(store: Store, auth: Auth, *, try_old: bool) -> tuple[Grant, Notes]:
    """Send a token once and save the answer; what an earlier exchange has brought needs no sending.

    Args:
        store: the pair's store, held by the caller.
        auth: what is in it; the token is held too.
        try_old: retry a refresh token even after two attempts whose outcome is unknown.

    Returns:
        The saved pair, and what the user should know about the way it came.

    Raises:
        OintError: one of `oint_magics.errors`; the type tells what became of the token.
    """
    token = require_refresh_token(auth)
    record, copy = store.records.of(token), _record_of_copy(store, token)
    here, ignored = record.looked_up()
    before = _newer(here, copy.found() if copy else None)
    grant = before.grant(auth) if before else None
    notes = _ignored(ignored)
    if grant is None:
        _check_doubt(before, store.label, try_old=try_old)
        if not try_old:
            origin.check_not_replaced(store, auth)
        store.prove()
        record.begin(before.tries + 1 if before else 1)
        grant = _granted_or_undone(auth, record, before, store)
    elif before:
        notes += (("repaired", f"this answer came to {before.by} at {before.since}, which did not save it"),)
    notes += save(store, grant, auth, record)
    if copy:
        copy.discard()
    return grant, notes


def exchange(auth: Auth, request: TokenRequest, record: ExchangeRecord, *login: Secret) -> Grant:
    """Send a request once, its record begun; where something goes wrong before the sending, that is undone.

    Args:
        auth: the auth structure of the request.
        request: what to send.
        record: gets the answer.
        login: the code and the verifier, where these are exchanged.
    """
    from oint_magics.http import token_post

    try:
        answer, host = token_post.send(endpoints.TOKEN, auth, request, record, _never if login else _told)
    except OintError:
        raise
    except BaseException:
        if not record.is_sent:
            record.rollback()
        raise
    return token_endpoint.read_grant(answer, auth, host, datetime.now(UTC), login)


def _never(_: str) -> bool:
    """Do not wait for a late answer: a login can be repeated."""
    return False


def _told(host: str) -> bool:
    """Tell the caller that no answer came in time; return whether this thread keeps waiting for it."""
    return tell(
        InDoubt(
            f"{host} has not answered within {settings.timeout():g} seconds, and may still. "
            "It is not known whether the token was used.",
            cause="this process waits for the answer for up to three minutes, and saves it when it comes.",
            next_step="keep this process running, and run it again: it waits for that answer and sends nothing before",
        )
    )


def unfinished(store: Store, auth: Auth) -> Unfinished | None:
    """Return what an earlier exchange of a pair's token left, from this store or from a copy's on this machine.

    Raises:
        StoreError: the record cannot be opened, or is of an unknown format.
    """
    if auth.refresh_token is None:
        return None
    copy = _record_of_copy(store, auth.refresh_token)
    return _newer(store.records.of(auth.refresh_token).found(), copy.found() if copy else None)


def _record_of_copy(store: Store, token: Secret) -> ExchangeRecord | None:
    """Return the record of a copy of this pair on this machine: its answer, or its doubt, is this pair's too."""
    place = place_of_record(token)
    return stores.open_store(place).records.of(token) if place and place != store.place else None


def _newer(here: Unfinished | None, there: Unfinished | None) -> Unfinished | None:
    """Return the one of two records of a token that tells more."""
    found = [each for each in (here, there) if each]
    return max(found, key=lambda each: (each.answer is not None, each.tries), default=None)


def _ignored(file: str) -> Notes:
    if not file:
        return ()
    return (("ignored", f"{file}: a recovery file that was not written for this token, or that others can change"),)


def _check_doubt(before: Unfinished | None, label: str, *, try_old: bool) -> None:
    """Refuse to send a token whose answer lies on another machine, cannot be read, or was lost twice."""
    if before is None or try_old:
        return
    retry = _retry(label)
    if before.is_elsewhere:
        raise InDoubt(
            "It is not known whether this refresh token was used. Nothing was sent.",
            cause=f"{before.by} sent this token at {before.since}. The answer may be on that machine.",
            next_step=f"run it again on that machine, which saves the answer; or retry from here: {retry}",
        )
    if before.may_hold_pair:
        raise AnswerUnreadable(
            "The answer to this refresh token is kept, and cannot be read. Nothing was sent.",
            cause=f"it came at {before.since} to {before.by}, and lies in {before.file}.",
            next_step=f"look into that file for the new tokens; if there are none: {retry}",
        )
    if before.tries > 1:
        raise InDoubt(
            "Two attempts with this refresh token had no known outcome. Nothing was sent.",
            cause=f"it was sent at {before.since} by {before.by}, and no answer came.",
            next_step=_after_two(label),
        )


def _retry(label: str) -> str:
    return f"%twitter_refresh --auth {quoted(label)} --try-old"


def _after_two(label: str) -> str:
    return f"log in again: %twitter_login; or retry once more: {_retry(label)}"


def _granted_or_undone(auth: Auth, record: ExchangeRecord, before: Unfinished | None, store: Store) -> Grant:
    """Exchange the pair; where nothing is left to wait for, the record goes again."""
    token, label = require_refresh_token(auth), store.label
    try:
        return exchange(auth, token_endpoint.refresh_request(auth, token), record)
    except AnswerUnreadable as error:
        record.close()
        error.what = "The server answered, and the new tokens in its answer cannot be read. The answer is kept."
        error.cause = f"{error.cause} It lies in {record.file}."
        error.next_step = f"look into that file for the new tokens; if there are none: {_retry(label)}"
        raise
    except InDoubt as error:
        record.close()
        if before:
            error.what += " It was so before."
            error.next_step = _after_two(label)
        raise
    except TokenRefused as error:
        record.commit()
        if isinstance(error, InvalidGrant):
            with contextlib.suppress(OintError):  # The refusal is what counts.
                store.journal.end(token.fingerprint(), journal.REFUSED)
            _explain(error, auth, before, store)
        raise
    except OintError as error:
        record.rollback()
        ended = endpoints.ended_sandbox(auth) if isinstance(error, NotSent) else None
        if ended is not None:
            error.what, error.cause, error.next_step = ended.what, ended.cause, _fresh_exercise(label)
        raise


def _explain(error: InvalidGrant, auth: Auth, before: Unfinished | None, store: Store) -> None:
    """Say what else is known of a dead token."""
    kind = token_format.kind_of(require_refresh_token(auth).reveal())
    if kind not in (None, "a refresh token"):
        error.cause = f"refresh_token holds {kind}: the values of two keys were exchanged."
        error.next_step = "put the refresh token there, then run it again"
    if auth.is_sandbox:
        error.next_step = _fresh_exercise(store.label)
    newer = origin.newer(store, auth)
    if newer:
        error.cause = f"they were copied from {newer.file}, which has changed since: it holds other tokens now."
        error.next_step = f"if those are this account's, copy them: {newer.line}; else log in again: %twitter_login"
    if before:
        error.cause = (
            f"it was used at {before.since} by {before.by}, and the answer with the new tokens was lost on "
            "the way. This try was the only chance left."
        )


def _fresh_exercise(label: str) -> str:
    keep = f", then: %twitter_keep sandbox-auth.json {quoted(label)} --replace"
    start = "if it stays so: %twitter_sandbox start  (writes fresh tokens; they end with their sandbox)"
    return start + ("" if label == "sandbox-auth.json" else keep)
