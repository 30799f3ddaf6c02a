"""From an authorization code to the saved pair: prove the save, send the code once, find the pair's home, save it.

A code lives for thirty seconds, so it is sent before anything else is asked. Whose pair it brought, and whether a
pair that stands in the store still works, is asked afterwards; the answer waits in its flight meanwhile.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from oint_magics import api, endpoints, oauth, scopes, settings, stores
from oint_magics.auth import Auth, auth_of
from oint_magics.errors import AuthFieldError, CallError, InDoubt, InvalidGrant, OintError, TokenSpent
from oint_magics.homes import address, at, home_of_login, is_same_app
from oint_magics.refresh import refresh
from oint_magics.response import granted
from oint_magics.saving import save_login
from oint_magics.stores import journal
from oint_magics.worker import finish

if TYPE_CHECKING:
    from oint_magics.authorization import AuthorizationRequest
    from oint_magics.oauth import Grant
    from oint_magics.response import TokenResponse
    from oint_magics.secret import Secret
    from oint_magics.sources import Source
    from oint_magics.stores import Store
    from oint_magics.stores.flight import Flight

    Notes = tuple[tuple[str, str], ...]

_AGAIN = "begin again: %twitter_login"
_UNKNOWN = ""
_SOON = 5.0


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
        notes: what the user should know about the choice.
        ends: the pair that this one takes the place of, being the same account's; `None` for none.
        spares: the place of a pair that is known to be another account's; blank for none.
    """

    store: Store
    notes: Notes = ()
    ends: Auth | None = None
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
        grant = _exchanged(plan, code)
        return _settled(plan, grant, _home(plan, grant))

    return finish(work)


def left_behind(plan: Plan) -> TokenResponse | None:
    """Save the pair that an earlier login brought and did not save; return it, or `None` where there is none.

    It may be old, so it takes the place of no working pair of its account.
    """
    flight = _flight(plan)
    found = flight.found()
    grant = found.grant(plan.auth, (plan.request.verifier,)) if found else None
    if found is None or grant is None:
        return None
    home = _home(plan, grant)
    if home.ends is not None:
        flight.drop()
        return None
    note = ("repaired", f"this answer came to {found.by} at {found.since}, which did not save it")
    return finish(lambda: _settled(plan, grant, home._replace(notes=(note, *home.notes))))


def _exchanged(plan: Plan, code: Secret) -> Grant:
    """Send the code once, the store held and proved; its answer stays in the flight."""
    store, auth, flight = plan.store, plan.auth, _flight(plan)
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


def _settled(plan: Plan, grant: Grant, home: _Home) -> TokenResponse:
    """Save the pair in its home, and say what became of others."""
    flight = _flight(plan)
    save_login(home.store, grant, plan.auth, flight, ends=home.ends)
    ended = _outlived(plan.auth.client_id, grant, spared={home.store.place, home.spares})
    lacking = tuple(("careful", f"{name} was {cost}") for name, cost in scopes.costs(plan.request.scope))
    sent = plan.auth._replace(scope=plan.request.scope)
    return granted(grant, sent, address(home.store), (*home.notes, *ended, *lacking), event="login")


def _flight(plan: Plan) -> Flight:
    """Return the flight of this app's login into this store: one at a time."""
    from oint_magics.secret import fingerprint

    return plan.store.flight(f"login-{fingerprint(plan.auth.client_id)}")


def _home(plan: Plan, grant: Grant) -> _Home:
    """Return where the pair is saved: the plan's store, or one of its own where another account lives there."""
    tenant = _tenant(plan.store, plan.auth)
    if tenant is None:
        return _Home(plan.store)
    who = _user(plan.auth, grant)
    if tenant != _UNKNOWN and who.get("id") == tenant:
        return _Home(plan.store, _account(who), ends=plan.store.read())
    is_other = tenant != _UNKNOWN and bool(who)
    whose = "another account's pair" if is_other else "a pair that may be another account's"
    note = ("of its own", f"{plan.store.label} holds {whose}, and keeps it")
    return _Home(_own_store(who, plan.auth, grant), (*_account(who), note), spares=plan.store.place if is_other else "")


def _own_store(who: dict[str, str], app: Auth, grant: Grant) -> Store:
    name = who.get("username", "login")
    plain = stores.profile(name)
    if who and (not plain.exists() or _tenant(plain, app) in (None, who["id"])):
        return plain
    return stores.profile(f"{name}-{grant.access_token.fingerprint()}")


def _account(who: dict[str, str]) -> Notes:
    return (("account", f"@{who['username']}"),) if who else ()


def _tenant(store: Store, app: Auth) -> str | None:
    """Return whose pair a store holds: a user's id; blank where nothing tells; `None` where no working pair is there.

    An ended sandbox's is none.
    An access token at its end is refreshed for that, as for any other call.
    """
    auth = store.read() if store.exists() else None
    if auth is None or (auth.refresh_token is None and not auth.is_fresh(datetime.now(UTC))):
        return None
    if auth.client_id != app.client_id and is_same_app(auth, app):
        return None
    end = journal.end_of(auth.refresh_token.fingerprint()) if auth.refresh_token else None
    if end and end.how != journal.OUTLIVED:
        return None
    try:
        return _owner_id(store)
    except (InvalidGrant, TokenSpent, AuthFieldError):
        return None
    except (OintError, LookupError):
        return _UNKNOWN


def _owner_id(store: Store) -> str:
    """Return the user id of a store's pair; an access token that is refused, however young, is refreshed once."""
    try:
        return str(api.me(at(store))["id"])
    except CallError as error:
        if error.status != 401:
            raise
    refresh(at(store), None, if_expired=False, is_watched=True)
    return str(api.me(at(store))["id"])


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
    homes = [stores.open_store(place) for place in sorted(places) if not place.startswith("shared:")]
    ended = [(home.label, token) for home in homes if (token := _outlived_in(home, client_id, grant))]
    for _, token in ended:
        journal.end(token, journal.OUTLIVED)
    labels = ", ".join(label for label, _ in ended)
    return (
        (("other stores", f"probably ended by this login, where they are of this account: {labels}"),) if ended else ()
    )


def _outlived_in(store: Store, client_id: str, grant: Grant) -> str | None:
    """Return the fingerprint of a store's refresh token, if it is of the app and not known to be dead."""
    try:
        auth = store.read()
    except OintError:
        return None
    token = auth.refresh_token
    if auth.client_id != client_id or token is None or token.matches(grant.refresh_token):
        return None
    fingerprint = token.fingerprint()
    return None if journal.successor_of(fingerprint) or journal.end_of(fingerprint) else fingerprint
