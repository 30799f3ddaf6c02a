"""Whose pair stands in a store, and so where a login's new pair may live; and which others it has probably ended.

X is asked, with a limit to the whole of it; a pair that perhaps works is nobody's to write over.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from oint_magics import settings, stores
from oint_magics.api.me import owner
from oint_magics.errors import AuthFieldError, CallError, InvalidGrant, OintError, TokenSpent
from oint_magics.login import aside
from oint_magics.secret import Secret, shown
from oint_magics.stores import journal, machine
from oint_magics.tokens.current import CurrentToken
from oint_magics.tokens.destination import at, is_same_app
from oint_magics.tokens.lineage import Lineage
from oint_magics.tokens.refresh import refresh
from oint_magics.tokens.shield import within

if TYPE_CHECKING:
    from oint_magics.auth.structure import Auth
    from oint_magics.oauth.token_endpoint import Grant
    from oint_magics.stores import Store

    Notes = tuple[tuple[str, str], ...]

T = TypeVar("T")
_UNKNOWN = ""


class Destination(NamedTuple):
    """Where a new pair is saved.

    Attributes:
        store: the store.
        seen: what stood in it when it was chosen; `None` for nothing.
        notes: what the user should know about the choice.
        is_same: whether what stood there is the same account's, and this pair takes its place.
        other_owner: the place of a pair that is known to be another account's; blank for none.
    """

    store: Store
    seen: Auth | None = None
    notes: Notes = ()
    is_same: bool = False
    other_owner: str = ""


def choose(store: Store, app: Auth, grant: Grant, *, avoid_planned: bool) -> Destination:
    """Return where a login's pair is saved: the store that was planned, or one of its own where another account lives.

    Args:
        store: the store that was planned.
        app: the app's auth structure, without a pair.
        grant: what the server granted.
        avoid_planned: whether the planned store is out of the question.
    """
    owner_id, seen = _owner_of(store, app)
    if owner_id is None and not avoid_planned:
        return Destination(store, seen)
    unknown: tuple[dict[str, str], bool] = ({}, False)
    who, is_refused = within(settings.timeout(), lambda: _user(app, grant), unknown)
    if is_refused and owner_id == _UNKNOWN and seen and seen.client_id == app.client_id and not avoid_planned:
        return Destination(store, seen, (_kept_aside(store, seen),))
    if owner_id and who.get("id") == owner_id and not avoid_planned:
        return Destination(store, seen, _account(who), is_same=True)
    is_other = bool(owner_id and who)
    whose = "another account's tokens" if is_other else "tokens that may be another account's"
    note = ("of its own", f"{store.label} holds {whose}, and keeps them")
    own, there = _own_store(store, app, who, grant)
    return Destination(own, there, (*_account(who), note), other_owner=store.place if is_other else "")


def _own_store(store: Store, app: Auth, who: dict[str, str], grant: Grant) -> tuple[Store, Auth | None]:
    """Return a store of the same kind without another account's tokens, and what it contains.

    Beside a file that is a profile; a file of its own where the machine, and so a profile, is thrown away.
    """
    kind = next((prefix for prefix in stores.PREFIXES if store.place.startswith(prefix)), "")
    is_file = not kind and machine.thrown_away() is not None
    start, end = (f"{Path(store.place).parent}/", ".json") if is_file else (kind or "profile:", "")
    name = who.get("username", "login")
    plain = stores.open_store(f"{start}{name}{end}")
    if who and not plain.exists():
        return plain, None
    if who and plain.read().client_id == app.client_id:
        owner_id, seen = _owner_of(plain, app)
        if owner_id in (None, who["id"]):
            return plain, seen
    return stores.open_store(f"{start}{name}-{shown(grant.access_token.fingerprint())}{end}"), None


def _account(who: dict[str, str]) -> Notes:
    return (("account", f"@{who['username']}"),) if who else ()


def _owner_of(store: Store, app: Auth) -> tuple[str | None, Auth | None]:
    """Return whose pair a store holds, and what stands there.

    A user's id; blank where nothing tells; `None` where no working pair is there (an ended sandbox's is none). For
    that an access token at its end is refreshed, as for any other call.
    """
    there = store.read() if store.exists() else None
    if there is None or (there.refresh_token is None and not there.is_fresh(datetime.now(UTC))):
        return None, there
    lineage = Lineage.of(there.refresh_token, store)
    if there.client_id != app.client_id:
        return (None if is_same_app(there, app) else _UNKNOWN), there
    if lineage.is_revoked:
        return None, there
    unknown: tuple[str | None, Auth | None] = (_UNKNOWN, there)
    return within(2 * settings.timeout(), lambda: _asked(store), unknown)


def _asked(store: Store) -> tuple[str | None, Auth | None]:
    """Ask X whose pair stands in a store; one access token that is refused, however young, is refreshed."""
    there = store.read()
    try:
        for is_last in (False, True):
            there = CurrentToken(at(store)).auth()
            try:
                return str(owner(there, there.access_token or Secret(""))["id"]), there
            except CallError as error:
                if error.status != 401 or is_last:
                    return _UNKNOWN, there
            refresh(at(store), None, if_expired=False, interactive=True)
    except (InvalidGrant, TokenSpent, AuthFieldError):
        return None, there
    except (OintError, LookupError):
        pass
    return _UNKNOWN, there


def _user(auth: Auth, grant: Grant) -> tuple[dict[str, str], bool]:
    """Return the id and name of a new pair's account, or nothing where X does not say; and whether X refuses to say."""
    try:
        found = owner(auth, grant.access_token)
        who = {key: str(found[key]) for key in ("id", "username")}
    except (OintError, LookupError) as error:
        return {}, getattr(error, "status", None) in (402, 403)
    return (who if who["username"].isidentifier() and who["username"].isascii() else {}), False


def _kept_aside(store: Store, seen: Auth) -> tuple[str, str]:
    """Keep the pair that stood in a store for a week, where X does not say whose the new one is; return the note.

    X ends an account's earlier grant to an app when the account logs in again; so it is probably dead.
    """
    aside.sweep()
    why = "X does not say which account the new tokens belong to"
    kept = aside.keep(seen)
    if kept is not None:
        return "from before", f"{why}: the earlier tokens of {store.label} are kept in {kept.label} for a week"
    return "from before", f"the earlier tokens of {store.label} were replaced, and could not be kept"


def superseded(client_id: str, grant: Grant, spared: set[str]) -> Notes:
    """Mark the pairs that a login has probably ended: others of the same app, wherever this machine knows them.

    X ends an account's earlier grant to an app when the account logs in again, as X's own tool reports; whose
    accounts they are is not asked.
    """
    places = ({family.place for family in journal.here().families()} | set(stores.kept())) - spared
    mine = [place for place in sorted(places) if not place.startswith("shared:")]
    ended = [found for place in mine if (found := _superseded_in(place, client_id, grant))]
    for _, token in ended:
        journal.here().end(token, journal.SUPERSEDED)
    labels = ", ".join(label for label, _ in ended)
    return (
        (("other stores", f"probably ended by this login, where they are of this account: {labels}"),) if ended else ()
    )


def _superseded_in(place: str, client_id: str, grant: Grant) -> tuple[str, str] | None:
    """Return a store's label and its refresh token's fingerprint, if that is of the app and not known to be dead."""
    try:
        store = stores.open_store(place)
        auth = store.read()
    except OintError:
        return None
    token = auth.refresh_token
    if auth.client_id != client_id or token is None or token.matches(grant.refresh_token):
        return None
    lineage = Lineage.of(token, store)
    return None if lineage.is_spent or lineage.known.end else (store.label, token.fingerprint())
