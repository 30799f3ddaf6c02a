"""From an authorization code to the saved pair: prove the save, send the code once, find the pair's home, save it.

A code lives for thirty seconds, so it is sent before anything else is asked. Whose pair it brought, and whether a
pair that stands in the store still works, is asked afterwards; the answer waits in its flight meanwhile.
"""

from __future__ import annotations

import contextlib
import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from oint_magics import api, endpoints, oauth, scopes, settings, stores
from oint_magics.auth import Auth, auth_of
from oint_magics.current import Current
from oint_magics.errors import AuthFieldError, CallError, InDoubt, InvalidGrant, OintError, StoreBusy, TokenSpent
from oint_magics.homes import address, at, home_of_login, is_same_app
from oint_magics.refresh import refresh
from oint_magics.response import granted
from oint_magics.saving import Overtaken, save_login
from oint_magics.secret import Secret, fingerprint
from oint_magics.stores import journal
from oint_magics.stores.lock import login_lock
from oint_magics.worker import finish

if TYPE_CHECKING:
    from collections.abc import Callable

    from oint_magics.authorization import AuthorizationRequest
    from oint_magics.oauth import Grant
    from oint_magics.response import TokenResponse
    from oint_magics.sources import Source
    from oint_magics.stores import Store
    from oint_magics.stores.flight import Flight

    Notes = tuple[tuple[str, str], ...]

_AGAIN = "begin again: %twitter_login"
_UNKNOWN = ""
_SOON = 5.0
_MOST_CHANGES = 4
T = TypeVar("T")


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


class _Home(NamedTuple):
    """Where a new pair is saved.

    Attributes:
        store: the store.
        seen: what stood in it when it was chosen; `None` for nothing.
        notes: what the user should know about the choice.
        is_same: whether what stood there is the same account's, and this pair takes its place.
        spares: the place of a pair that is known to be another account's; blank for none.
    """

    store: Store
    seen: Auth | None = None
    notes: Notes = ()
    is_same: bool = False
    spares: str = ""


def plan(source: Source, to: str | None, request: AuthorizationRequest, *, is_watched: bool) -> Plan:
    """Return a login's plan; nothing is sent.

    Args:
        source: names the app.
        to: the store for the pair; `None` for the source itself, or a profile of its own.
        request: what the login asks for.
        is_watched: whether somebody sees where a text's pair goes; if not, `to` or `OINT_HOME` must say it.

    Raises:
        StoreError: there is no such place.
    """
    auth = _without_pair(source.read())
    store = home_of_login(source, to, auth, is_watched=is_watched)
    if not store.exists():  # Its folder may not be there; nobody should approve before that is known.
        with store.lock(_SOON, lambda: None):
            pass
    return Plan(auth, store, request)


def redeem(plan: Plan, code: Secret) -> TokenResponse:
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
            flight = plan.store.flight(f"{_start(plan)}{code.fingerprint()}")
            return _settled(plan, _exchanged(plan, code, flight), flight)

    return finish(work)


def left_behind(plan: Plan) -> TokenResponse | None:
    """Save the pair that an earlier login brought and did not save; return it, or `None` where there is none.

    It may be old, so it takes the place of no working pair of its account. One of a process that is still at work is
    left to it.
    """
    try:
        with login_lock(_app(plan), 0.0):
            for name in plan.store.flight("").siblings(_start(plan)):
                found = _finished(plan, plan.store.flight(name))
                if found:
                    return found
    except StoreBusy:
        pass
    return None


def _finished(plan: Plan, flight: Flight) -> TokenResponse | None:
    found = flight.found()
    grant = found.grant(plan.auth, (plan.request.verifier,)) if found else None
    if found is None or grant is None:
        flight.drop()  # It brought nothing, and its code is old by now.
        return None
    note = ("repaired", f"this answer came to {found.by} at {found.since}, which did not save it")
    if _home(plan, grant, is_alone=False).is_same:
        flight.drop()
        return None
    return finish(lambda: _settled(plan, grant, flight, note))


def _app(plan: Plan) -> str:
    return fingerprint(plan.auth.client_id)


def _start(plan: Plan) -> str:
    """Return how the names of this app's login flights begin."""
    return f"login-{_app(plan)}-"


def _exchanged(plan: Plan, code: Secret, flight: Flight) -> Grant:
    """Send the code once, the store held and proved; its answer stays in the flight."""
    store, auth = plan.store, plan.auth
    with store.lock(settings.timeout() + 15, lambda: None):
        is_new = not store.exists()
        if is_new:
            store.create(auth)
        try:
            store.prove()
            flight.open(1)
            return _sent(plan, code, flight)
        except OintError:
            if is_new:
                store.withdraw(auth)
            raise


def _sent(plan: Plan, code: Secret, flight: Flight) -> Grant:
    from oint_magics import transport

    verifier = plan.request.verifier
    request = oauth.code_request(plan.auth, code, verifier, plan.request.redirect_uri)
    try:
        answer, host = transport.send(endpoints.TOKEN, plan.auth, request, flight)
        grant = oauth.read_grant(answer, plan.auth, host, datetime.now(UTC), (code, verifier))
    except OintError as error:
        flight.cancel()  # Without a pair there is nothing to keep: a code can be had again.
        if isinstance(error, InDoubt):
            error.what, error.next_step = "The code was sent, and no pair came back.", _AGAIN
        raise
    flight.close()
    return grant


def _settled(plan: Plan, grant: Grant, flight: Flight, *notes: tuple[str, str]) -> TokenResponse:
    """Save the pair in its home, and say what became of others."""
    home = _saved(plan, grant, flight)
    ended = _outlived(plan.auth.client_id, grant, spared={home.store.place, home.spares})
    lacking = tuple(("careful", f"{name} was {cost}") for name, cost in scopes.costs(plan.request.scope))
    sent = plan.auth._replace(scope=plan.request.scope)
    return granted(grant, sent, address(home.store), (*notes, *home.notes, *ended, *lacking), event="login")


def _saved(plan: Plan, grant: Grant, flight: Flight) -> _Home:
    """Save the pair, and return where; where another one was put there meanwhile, a home is looked for again."""
    for tried in range(_MOST_CHANGES):
        home = _home(plan, grant, is_alone=tried > 1)
        with contextlib.suppress(Overtaken):
            save_login(home.store, grant, plan.auth, flight, seen=home.seen, is_same=home.is_same)
            return home
    raise StoreBusy(
        f"{plan.store.label} changes all the time, so the login's pair is kept on its way.", next_step=_AGAIN
    )


def _home(plan: Plan, grant: Grant, *, is_alone: bool) -> _Home:
    """Return where the pair is saved: the plan's store, or one of its own where another account lives there."""
    tenant, seen = _tenant(plan.store, plan.auth)
    if tenant is None and not is_alone:
        return _Home(plan.store, seen)
    nobody: dict[str, str] = {}
    who = _within(settings.timeout(), lambda: _user(plan.auth, grant), nobody)
    if tenant and who.get("id") == tenant and not is_alone:
        return _Home(plan.store, seen, _account(who), is_same=True)
    is_other = bool(tenant and who)
    whose = "another account's pair" if is_other else "a pair that may be another account's"
    note = ("of its own", f"{plan.store.label} holds {whose}, and keeps it")
    store, there = _own_store(plan, who, grant)
    return _Home(store, there, (*_account(who), note), spares=plan.store.place if is_other else "")


def _own_store(plan: Plan, who: dict[str, str], grant: Grant) -> tuple[Store, Auth | None]:
    """Return a store of the same kind that nobody else's pair stands in, and what does stand there."""
    kind = next((prefix for prefix in stores.PREFIXES if plan.store.place.startswith(prefix)), "profile:")
    name = who.get("username", "login")
    plain = stores.open_store(f"{kind}{name}")
    if who and not plain.exists():
        return plain, None
    if who and plain.read().client_id == plan.auth.client_id:
        tenant, seen = _tenant(plain, plan.auth)
        if tenant in (None, who["id"]):
            return plain, seen
    return stores.open_store(f"{kind}{name}-{grant.access_token.fingerprint()}"), None


def _account(who: dict[str, str]) -> Notes:
    return (("account", f"@{who['username']}"),) if who else ()


def _tenant(store: Store, app: Auth) -> tuple[str | None, Auth | None]:
    """Return whose pair a store holds, and what stands there.

    A user's id; blank where nothing tells; `None` where no working pair is there (an ended sandbox's is none). For
    that an access token at its end is refreshed, as for any other call.
    """
    there = store.read() if store.exists() else None
    if there is None or (there.refresh_token is None and not there.is_fresh(datetime.now(UTC))):
        return None, there
    end = journal.end_of(there.refresh_token.fingerprint()) if there.refresh_token else None
    if there.client_id != app.client_id:
        return (None if is_same_app(there, app) else _UNKNOWN), there
    if end and end.how == journal.REVOKED:
        return None, there
    unknown: tuple[str | None, Auth | None] = (_UNKNOWN, there)
    return _within(2 * settings.timeout(), lambda: _asked(store), unknown)


def _asked(store: Store) -> tuple[str | None, Auth | None]:
    """Ask X whose pair stands in a store; one access token that is refused, however young, is refreshed."""
    there = store.read()
    try:
        for is_last in (False, True):
            there = Current(at(store)).auth()
            try:
                return str(api.owner(there, there.access_token or Secret(""))["id"]), there
            except CallError as error:
                if error.status != 401 or is_last:
                    return _UNKNOWN, there
            refresh(at(store), None, if_expired=False, is_watched=True)
    except (InvalidGrant, TokenSpent, AuthFieldError):
        return None, there
    except (OintError, LookupError):
        pass
    return _UNKNOWN, there


def _within(seconds: float, work: Callable[[], T], otherwise: T) -> T:
    """Return what some work returns, or something else where it takes too long; it only asks, so it may go on."""
    found: list[T] = []

    def ask() -> None:
        with contextlib.suppress(Exception):
            found.append(work())

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else otherwise


def _user(auth: Auth, grant: Grant) -> dict[str, str]:
    """Return the id and name of a new pair's account, or nothing where X does not say."""
    try:
        found = api.owner(auth, grant.access_token)
        who = {key: str(found[key]) for key in ("id", "username")}
    except (OintError, LookupError):
        return {}
    return who if who["username"].isidentifier() and who["username"].isascii() else {}


def _without_pair(auth: Auth) -> Auth:
    values = json.loads(auth.document.reveal())
    return auth_of({k: v for k, v in values.items() if k not in ("access_token", "refresh_token", "expires_at")})


def _outlived(client_id: str, grant: Grant, spared: set[str]) -> Notes:
    """Mark the pairs that a login has probably ended: others of the same app, wherever this machine knows them.

    X ends an account's earlier grant to an app when the account logs in again, as X's own tool reports; whose
    accounts they are is not asked.
    """
    places = ({family.place for family in journal.families()} | set(stores.kept())) - spared
    mine = [place for place in sorted(places) if not place.startswith("shared:")]
    ended = [found for place in mine if (found := _outlived_in(place, client_id, grant))]
    for _, token in ended:
        journal.end(token, journal.OUTLIVED)
    labels = ", ".join(label for label, _ in ended)
    return (
        (("other stores", f"probably ended by this login, where they are of this account: {labels}"),) if ended else ()
    )


def _outlived_in(place: str, client_id: str, grant: Grant) -> tuple[str, str] | None:
    """Return a store's label and its refresh token's fingerprint, if that is of the app and not known to be dead."""
    try:
        store = stores.open_store(place)
        auth = store.read()
    except OintError:
        return None
    token = auth.refresh_token
    if auth.client_id != client_id or token is None or token.matches(grant.refresh_token):
        return None
    name = token.fingerprint()
    return None if journal.successor_of(name) or journal.end_of(name) else (store.label, name)
