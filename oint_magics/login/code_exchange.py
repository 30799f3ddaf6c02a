"""From an authorization code to the saved pair: prove the save, send the code once, find the pair's home, save it.

A code lives for thirty seconds, so it is sent before anything else is asked. Whose pair it brought, and whether a
pair that stands in the store still works, is asked afterwards; the answer waits in its record meanwhile.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, NamedTuple

from oint_magics import settings
from oint_magics.auth.structure import Auth, auth_of
from oint_magics.errors import AnswerUnreadable, InDoubt, OintError, StoreBusy, StoreNotWritable
from oint_magics.login.ownership import choose, superseded
from oint_magics.oauth import scopes, token_endpoint
from oint_magics.secret import Secret, fingerprint
from oint_magics.stores.locks import login_lock
from oint_magics.tokens.destination import address, ends_with_machine, for_login
from oint_magics.tokens.exchange import exchange
from oint_magics.tokens.response import from_grant
from oint_magics.tokens.save import Overtaken, save_login
from oint_magics.tokens.shield import shielded

if TYPE_CHECKING:
    from oint_magics.login.ownership import Destination
    from oint_magics.oauth.authorization import AuthorizationRequest
    from oint_magics.oauth.token_endpoint import Grant
    from oint_magics.stores import Store
    from oint_magics.stores.write_ahead import ExchangeRecord
    from oint_magics.tokens.response import TokenResponse
    from oint_magics.tokens.source import Source

    Notes = tuple[tuple[str, str], ...]

_AGAIN = "start again: %twitter_login"
_DONE = "It is complete, and its tokens are saved."
_SOON = 5.0
_MOST_CHANGES = 4


class Plan(NamedTuple):
    """A login's app, what it asks for, and where its pair goes if no other lives there.

    Attributes:
        auth: the auth structure without a pair.
        store: where the pair is to be saved.
        request: what the login asks for.
    """

    auth: Auth
    store: Store
    request: AuthorizationRequest


def plan(source: Source, to: str | None, request: AuthorizationRequest, *, interactive: bool) -> Plan:
    """Return a login's plan; nothing is sent.

    Args:
        source: names the app.
        to: the store for the pair; `None` for the source itself, or a profile of its own.
        request: what the login asks for.
        interactive: whether somebody sees where a text's pair goes; if not, `to` or `OINT_HOME` must say it.

    Raises:
        StoreError: there is no such place.
    """
    auth = _without_pair(source.read())
    store = for_login(source, to, auth, interactive=interactive)
    if not store.exists():  # Its folder may not be there; nobody should approve before that is known.
        with store.lock(_SOON, lambda: None):
            pass
    return Plan(auth, store, request)


def exchange_code(plan: Plan, code: Secret) -> TokenResponse:
    """Exchange a code and save its pair; the stop button does not reach it.

    Args:
        plan: the login's.
        code: what the authorize page gave.

    Raises:
        OintError: one of `oint_magics.errors`; a pair from before is as it was.
        NotSaved: the pair came, and its store does not take it; the next login saves it.
        Stopped: the stop button was pressed too late; the pair is saved.
    """

    def work() -> TokenResponse:
        with login_lock(_app(plan), settings.timeout()):
            record = plan.store.login_records.of_login(f"{_start(plan)}{code.fingerprint()}")
            return _finished_login(plan, _exchanged(plan, code, record), record)

    return shielded(work, stopped=f"X already had the login. {_DONE}")


def recover_unfinished(plan: Plan) -> TokenResponse | None:
    """Save the pair that an earlier login brought and did not save; return it, or `None` where there is none.

    It may be old, so it takes the place of no working pair of its account. One of a process that is still at work is
    left to it.
    """
    try:
        with login_lock(_app(plan), 0.0):
            records = plan.store.login_records
            for name in records.unfinished(_start(plan)):
                found = _recovered(plan, records.of_login(name))
                if found:
                    return found
    except StoreBusy:
        pass
    return None


def _recovered(plan: Plan, record: ExchangeRecord) -> TokenResponse | None:
    found = record.found()
    grant = found.grant(plan.auth, (plan.request.verifier,)) if found else None
    if found is None or grant is None:
        record.discard()  # It brought nothing, and its code is old by now.
        return None
    note = ("repaired", f"this answer came to {found.by} at {found.since}, which did not save it")
    if choose(plan.store, plan.auth, grant, avoid_planned=False).is_same:
        record.discard()
        return None
    return shielded(
        lambda: _finished_login(plan, grant, record, note), stopped=f"an earlier login was being finished. {_DONE}"
    )


def _app(plan: Plan) -> str:
    return fingerprint(plan.auth.client_id)


def _start(plan: Plan) -> str:
    """Return how the names of this app's login records begin."""
    return f"login-{_app(plan)}-"


def _exchanged(plan: Plan, code: Secret, record: ExchangeRecord) -> Grant:
    """Send the code once, the store held and proved; its answer stays in the record."""
    store, auth = plan.store, plan.auth
    with store.lock(settings.timeout() + 15, lambda: None):
        is_new = not store.exists()
        if is_new:
            store.create(auth)
        try:
            store.prove()
            _begin(record)
            return _sent(plan, code, record)
        except OintError:
            if is_new:
                store.delete_if_unchanged(auth)
            raise


def _begin(record: ExchangeRecord) -> None:
    """Begin a login's record; without a data folder there is none, and a lost login is repeated."""
    with contextlib.suppress(StoreNotWritable):
        record.begin(1)


def _sent(plan: Plan, code: Secret, record: ExchangeRecord) -> Grant:
    verifier = plan.request.verifier
    request = token_endpoint.code_request(plan.auth, code, verifier, plan.request.redirect_uri)
    try:
        grant = exchange(plan.auth, request, record, code, verifier)
    except AnswerUnreadable as error:
        record.close()
        error.what = "The code was sent, and the tokens in the answer cannot be read. The answer is kept."
        error.cause, error.next_step = f"{error.cause} It lies in {record.file}.", _AGAIN
        raise
    except OintError as error:
        record.rollback()  # Without a pair there is nothing to keep: a code can be had again.
        if isinstance(error, InDoubt):
            error.what, error.next_step = "The code was sent, and no tokens came back.", _AGAIN
        raise
    record.close()
    return grant


def _finished_login(plan: Plan, grant: Grant, record: ExchangeRecord, *notes: tuple[str, str]) -> TokenResponse:
    """Save the pair in its home, and say what became of others."""
    home = _saved(plan, grant, record)
    ended = superseded(plan.auth.client_id, grant, spared={home.store.place, home.other_owner})
    warnings = (home.store.warning(), None if plan.auth.is_sandbox else ends_with_machine(home.store))
    lacking = [("careful", f"{name} was {cost}") for name, cost in scopes.costs(plan.request.scope)]
    lacking += [("careful", warning) for warning in warnings if warning]
    sent = plan.auth._replace(scope=plan.request.scope)
    return from_grant(grant, sent, address(home.store), (*notes, *home.notes, *ended, *lacking), event="login")


def _saved(plan: Plan, grant: Grant, record: ExchangeRecord) -> Destination:
    """Save the pair, and return where; where another one was put there meanwhile, a home is looked for again."""
    for tried in range(_MOST_CHANGES):
        home = choose(plan.store, plan.auth, grant, avoid_planned=tried > 1)
        with contextlib.suppress(Overtaken):
            save_login(home.store, grant, plan.auth, record, seen=home.seen, is_same=home.is_same)
            return home
    raise StoreBusy(
        f"{plan.store.label} is changed again and again. The login's tokens are in a recovery file.",
        next_step=_AGAIN,
    )


def _without_pair(auth: Auth) -> Auth:
    values = json.loads(auth.document.reveal())
    return auth_of({k: v for k, v in values.items() if k not in ("access_token", "refresh_token", "expires_at")})
