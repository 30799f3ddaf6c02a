"""Every known account and how it stands, from what this machine has: nothing is asked over the network."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from oint_magics import stores
from oint_magics.errors import OintError
from oint_magics.flying import landed
from oint_magics.homes import at
from oint_magics.moments import duration, moment
from oint_magics.stores import journal
from oint_magics.table import Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oint_magics.auth import Auth
    from oint_magics.sources import Source
    from oint_magics.stores import Store
    from oint_magics.stores.journal import Family

_MOST_SHOWN = 50
_TEAM = "shared:"


class Account(NamedTuple):
    """How one account stands.

    Attributes:
        store: where its pair lives, as `--auth` takes it.
        state: whether its access token is good, in words.
        expires_at: when the access token ends (aware, UTC); `None` where nothing tells.
        scopes: what it may do, as far as its store says.
        refreshed_at: when this machine refreshed it last (aware, UTC), or `None`.
        doubt: why it is in doubt whether its refresh token was used, or `None`.
        waiting: which answer came and is not saved yet, or `None`.
        is_sandbox: whether it is an exercise, worth nothing at X.
    """

    store: str
    state: str
    expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()
    refreshed_at: datetime | None = None
    doubt: str | None = None
    waiting: str | None = None
    is_sandbox: bool = False

    def rows(self) -> list[Row]:
        """Return what is known, one line each."""
        return [
            Row("access token", self.state),
            Row("scopes", " ".join(self.scopes) or "its store does not say"),
            Row("last refresh", moment(self.refreshed_at) if self.refreshed_at else "none by this machine"),
            Row("in doubt", f"yes: {self.doubt}" if self.doubt else "no"),
            *([Row("waiting", self.waiting)] if self.waiting else []),
            *([Row("SANDBOX", "an exercise, worth nothing at X")] if self.is_sandbox else []),
        ]

    def line(self) -> str:
        """Return what is known, in one line."""
        refreshed = f"refreshed {moment(self.refreshed_at)}" if self.refreshed_at else None
        doubt = f"in doubt: {self.doubt}" if self.doubt else None
        sandbox = "SANDBOX" if self.is_sandbox else None
        parts = (doubt, self.waiting, sandbox, self.state, refreshed, " ".join(self.scopes))
        return "; ".join(part for part in parts if part)


class Accounts(tuple[Account, ...]):
    """Accounts, shown as a table."""

    __slots__ = ()

    def table(self) -> Table:
        """Return the table: all that is known of one account, or one line for each of several."""
        if len(self) == 1:
            return Table(f"Account in {self[0].store}", tuple(self[0].rows()))
        rows = [Row(account.store, account.line()) for account in self[:_MOST_SHOWN]]
        if len(self) > _MOST_SHOWN:
            rows.append(Row("…", f"{len(self) - _MOST_SHOWN} more: twitter.status() returns them all"))
        return Table("Known accounts", tuple(rows) or (Row("none", "next: %twitter_auth"),))

    def __repr__(self) -> str:
        return self.table().text()

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return self.table().mimebundle()


def known(also: Iterable[Source] = ()) -> Accounts:
    """Return every account that this machine knows, what wants attention first, then the last refreshed.

    Args:
        also: more sources, such as the default one.
    """
    families = {family.place: family for family in journal.families()}
    homes = [stores.open_store(name) for name in stores.kept()] + [source.store for source in also if source.store]
    labels = {place: family.label for place, family in families.items()}
    labels |= {home.place: home.label for home in homes} | {place: place for place in stores.in_flight()}
    found = [_known(place, label, families.get(place)) for place, label in labels.items()]
    return Accounts(sorted(found, key=_urgency, reverse=True))


def of(source: Source) -> Accounts:
    """Return how one account stands; of a team's, its database is asked."""
    place = source.store.place if source.store else ""
    family = next((family for family in journal.families() if family.place == place), None)
    return Accounts([_looked_at(source, family)])


def _urgency(account: Account) -> tuple[bool, datetime]:
    wants_attention = account.doubt is not None or account.waiting is not None
    return wants_attention, account.refreshed_at or datetime.min.replace(tzinfo=UTC)


def _known(place: str, label: str, family: Family | None) -> Account:
    """Return how an account stands, without asking a team's database."""
    if not place.startswith(_TEAM):
        return _looked_at(at(stores.open_store(place, label)), family)
    is_open = place in stores.in_flight()
    doubt = "a refresh by this machine did not come to its end; running it again finishes or explains it"
    return Account(
        place,
        f"the team's database knows: %twitter_status --auth {place}",
        refreshed_at=_refreshed_at(family),
        doubt=doubt if is_open else None,
    )


def _looked_at(source: Source, family: Family | None) -> Account:
    try:
        if source.store and not source.store.exists():
            return Account(source.label, f'not there any more; to forget it: twitter.forget("{source.label}")')
        auth = source.read()
        doubt, waiting = _flight(source.store, auth)
    except OintError as error:
        return Account(source.label, error.what)
    scopes = tuple((auth.scope or "").split())
    known = _state(auth), auth.ends_at, scopes, _refreshed_at(family), doubt, waiting, auth.is_sandbox
    return Account(source.label, *known)


def _refreshed_at(family: Family | None) -> datetime | None:
    return datetime.fromtimestamp(family.at, UTC) if family else None


def _state(auth: Auth) -> str:
    newest = journal.successor_of(auth.refresh_token.fingerprint()) if auth.refresh_token else None
    if newest:
        return f"spent: its successor was saved in {newest.label}"
    if auth.access_token is None:
        return "none yet"
    if auth.ends_at is None:
        return "there, and nothing tells when it ends"
    left = auth.ends_at - datetime.now(UTC)
    if left.total_seconds() > 0:
        return f"good until {moment(auth.ends_at)}, {duration(left)} after this look"
    return f"ended {moment(auth.ends_at)}" + ("" if auth.refresh_token else ", and there is no refresh token")


def _flight(store: Store | None, auth: Auth) -> tuple[str | None, str | None]:
    """Return what is in doubt about the refresh token, and which answer waits."""
    found = store.flight(auth.refresh_token.fingerprint()).found() if store and auth.refresh_token else None
    if found is None:
        return None, None
    if landed(found, auth):
        return None, f"an answer came to {found.by} at {found.since}: the next refresh saves it"
    return f"the refresh token was sent at {found.since} by {found.by}, and no answer came", None
