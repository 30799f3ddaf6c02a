"""Every known account and how it stands, from what this machine has; X is asked only for a check."""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from oint_magics import settings, stores
from oint_magics.display.grid import Grid
from oint_magics.display.table import Row, Table
from oint_magics.display.text import escaped, quoted
from oint_magics.display.times import duration, moment
from oint_magics.errors import AuthNotFound, OintError
from oint_magics.http import endpoints
from oint_magics.stores import journal, kept_answers
from oint_magics.tokens import origin
from oint_magics.tokens.destination import at
from oint_magics.tokens.exchange import unfinished
from oint_magics.tokens.lineage import Lineage
from oint_magics.tokens.refresh import has_answer, refresh

if TYPE_CHECKING:
    from oint_magics.auth.structure import Auth
    from oint_magics.stores import Store
    from oint_magics.stores.log_lines import Family
    from oint_magics.stores.unfinished import Unfinished
    from oint_magics.tokens.source import Source

_MOST_SHOWN = 50
_TEAM = "shared:"
_PROFILE = "profile:"
_COLUMNS = ("account", "state", "expires", "scopes", "last refresh", "next")


class Account(NamedTuple):
    """How one account stands.

    Attributes:
        store: where its pair lives, as `--auth` takes it.
        state: whether its access token is good, or why nothing is known, in words.
        expires_at: when the access token ends (aware, UTC); `None` where nothing tells.
        scopes: what it may do, as X last said, else as its store says.
        refreshed_at: when this machine refreshed it last (aware, UTC), or `None`.
        doubt: why it is in doubt whether its refresh token was used, or `None`.
        next_step: what to do or to type next; `None` where there is nothing to do.
        is_read: whether its store was read; if not, of the rest only `refreshed_at` counts.
        is_sandbox: whether it is an exercise, worth nothing at X.
        is_used: whether a call that names no source takes it.
        checks: what X said about id, secret and token, where it was asked.
    """

    store: str
    state: str
    expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()
    refreshed_at: datetime | None = None
    doubt: str | None = None
    next_step: str | None = None
    is_read: bool = True
    is_sandbox: bool = False
    is_used: bool = False
    checks: tuple[Row, ...] = ()

    def rows(self) -> list[Row]:
        """Return what is known, one line each."""
        refreshed = moment(self.refreshed_at) if self.refreshed_at else "none by this machine"
        rows = [Row("access token" if self.is_read else "state", self.state)]
        rows += [Row("expires", self._expiry())] if self.expires_at else []
        if self.is_read:
            rows.append(Row("scopes", " ".join(self.scopes) or "its store does not say"))
        rows.append(Row("last refresh", f"{refreshed}, by this machine" if self.refreshed_at else refreshed))
        if self.is_read:
            rows.append(Row("in doubt", f"yes: {self.doubt}" if self.doubt else "no"))
        rows += [Row(f"checked: {row.name}", row.value) for row in self.checks]
        rows += [Row("next", self.next_step)] if self.next_step else []
        rows += [Row("lies in", _profiles())] if self.store.startswith(_PROFILE) else []
        return rows + ([Row("SANDBOX", "an exercise, worth nothing at X")] if self.is_sandbox else [])

    def line(self) -> tuple[str, ...]:
        """Return what is known, a text for each of the columns."""
        marks = ", ".join(["in use"] * self.is_used + ["SANDBOX"] * self.is_sandbox)
        return (
            f"{self.store} ({marks})" if marks else self.store,
            f"in doubt: {self.doubt}; access token: {self.state}" if self.doubt else self.state,
            moment(self.expires_at) if self.expires_at else "",
            " ".join(self.scopes),
            moment(self.refreshed_at) if self.refreshed_at else "",
            self.next_step or "",
        )

    def _expiry(self) -> str:
        left = self.expires_at - datetime.now(UTC) if self.expires_at else timedelta()
        later = f", {duration(left)} after this look" if left > timedelta() else ""
        return f"{moment(self.expires_at)}{later}" if self.expires_at else ""


class Accounts(tuple[Account, ...]):
    """Accounts, shown as a table."""

    __slots__ = ()

    def table(self) -> Table | Grid:
        """Return the table: all that is known of one account, or a line for each of several."""
        if len(self) == 1:
            return Table(f"Account in {self[0].store}", tuple(self[0].rows()))
        if not self:
            step = "%twitter_auth, with tokens or a new app; or %twitter_sandbox start, without an account"
            return Table("Known accounts", (Row("none", f"next: {step}"),))
        notes = []
        if len(self) > _MOST_SHOWN:
            notes.append(f"{len(self) - _MOST_SHOWN} more: twitter.status() returns them all.")
        if any(account.store.startswith(_PROFILE) for account in self):
            notes.append(f"Profiles lie in {_profiles()}.")
        lines = tuple(account.line() for account in self[:_MOST_SHOWN])
        return Grid("Known accounts", _COLUMNS, lines, " ".join(notes))

    def __repr__(self) -> str:
        return self.table().text()

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return self.table().mimebundle()


def known(used: Source | None = None) -> Accounts:
    """Return every account that this machine knows, what wants attention first, then the last refreshed.

    Args:
        used: the source of a call that names none, or `None`.
    """
    # The last refreshed come first, and of a store's families the last one counts.
    families = {family.place: family for family in reversed(journal.here().families())}
    homes = [stores.open_store(name) for name in stores.kept()]
    # A team's database is not asked where its row lies: its label names it.
    mine = used.store if used and used.store and not used.label.startswith(_TEAM) else None
    homes += [mine] if mine else []
    places = dict.fromkeys([*families, *(home.place for home in homes), *stores.unfinished_teams()])
    found = []
    for place in places:
        account = _known(place, families.get(place))
        is_used = place == mine.place if mine else used is not None and account.store == used.label
        found.append(account._replace(is_used=is_used))
    return Accounts(sorted(found, key=_urgency, reverse=True))


def of(source: Source) -> Accounts:
    """Return how one account stands; of a team's, its database is asked.

    An answer that an earlier run left is saved first.

    Raises:
        AuthNotFound: there is no such account, and there never was one here.
    """
    _finish(source)
    place = source.store.place if source.store else ""
    family = next((family for family in journal.here().families() if family.place == place), None)
    if source.store and family is None:
        try:
            source.read()
        except AuthNotFound:
            raise
        except OintError:  # It is there, and what is wrong with it is told in its row.
            pass
    return Accounts([_looked_at(source, family)])


def _finish(source: Source) -> None:
    """Save what a run that was killed left; what is wrong with that is told in the row."""
    with contextlib.suppress(OintError):
        if source.store and source.store.exists() and has_answer(source.store, source.read()):
            refresh(source, None, if_expired=True, interactive=True)


def checked(source: Source) -> Accounts:
    """Return how one account stands, and what X says about its id, secret and token; see `oint_magics.accounts.check`.

    Raises:
        AuthError: the source cannot be read.
    """
    from oint_magics.accounts.check import check

    return Accounts([of(source)[0]._replace(checks=check(source.read()))])


def _urgency(account: Account) -> tuple[bool, bool, datetime]:
    return (
        account.doubt is not None,
        account.next_step is not None,
        account.refreshed_at or datetime.min.replace(tzinfo=UTC),
    )


def _known(place: str, family: Family | None) -> Account:
    """Return how an account stands, without asking a team's database."""
    if not place.startswith(_TEAM):
        return _looked_at(at(stores.open_store(place)), family)
    is_open = place in stores.unfinished_teams()
    label = stores.label_of(place)
    return Account(
        label,
        f"its database knows: %twitter_status --auth {label}",
        refreshed_at=_refreshed_at(family),
        doubt="a refresh by this machine did not come to its end" if is_open else None,
        next_step=f"%twitter_refresh --auth {label}" if is_open else None,
        is_read=False,
    )


def _looked_at(source: Source, family: Family | None) -> Account:
    try:
        if source.store and not source.store.exists():
            forget = f"to take it off this list: %twitter_forget {quoted(source.label)}"
            return Account(
                source.label, "not there any more", None, (), _refreshed_at(family), None, forget, is_read=False
            )
        auth = source.read()
        state, doubt, step = _state(source, auth)
    except OintError as error:
        what = error.what.replace(", so nothing was sent", "")
        cause = f" Cause: {error.cause}" if error.cause else ""
        return Account(
            source.label, what + cause, None, (), _refreshed_at(family), None, error.next_step, is_read=False
        )
    ended = endpoints.ended_sandbox(auth)
    if ended:
        state, doubt, step = "its sandbox has ended", None, ended.next_step
    is_here = source.store is not None and not source.store.place.startswith(_TEAM)
    kept = kept_answers.of(source.store.records) if source.store and is_here else []
    if kept:
        state += f"; an earlier answer that cannot be read is kept: {escaped(str(kept[-1]), 300)}"
        step = step or f"look into that file; %twitter_forget {quoted(source.label)} deletes it"
    granted = Lineage.of(auth.refresh_token, source.store).known.scope
    known = state, auth.ends_at, tuple((granted or auth.scope or "").split()), _refreshed_at(family), doubt, step
    return Account(source.label, *known, is_sandbox=auth.is_sandbox)


def _refreshed_at(family: Family | None) -> datetime | None:
    return datetime.fromtimestamp(family.at, UTC) if family else None


def _state(source: Source, auth: Auth) -> tuple[str, str | None, str | None]:
    """Return the state of a pair, what is in doubt about it, and what to type next."""
    token, label = auth.refresh_token, quoted(source.label)
    if token is None:
        return _end(auth), None, None
    lineage = Lineage.of(token, source.store)
    if lineage.is_spent and source.store and lineage.place == source.store.place:
        return "older than the newest tokens of this store", None, f"%twitter_refresh --auth {label} puts that back"
    if lineage.is_spent:
        home = stores.label_of(lineage.place)
        return f"spent: the newer token was saved in {home or 'a store that is forgotten'}", None, None
    found = unfinished(source.store, auth) if source.store else None
    if source.store and found and not lineage.is_revoked:
        return _unfinished(source.store, auth, found)
    newer = origin.newer(source.store, auth) if source.store else None
    if newer and (lineage.known.end == journal.REFUSED or (newer.has_replaced and lineage.known.end is None)):
        return f"{_ended(auth, lineage, label)[0]}; {newer.file} holds newer tokens", None, newer.line
    return _ended(auth, lineage, label)


def _ended(auth: Auth, lineage: Lineage, label: str) -> tuple[str, None, str | None]:
    """Return the same of a pair of which perhaps more is known than its expiry."""
    if lineage.known.end is None:
        return _end(auth), None, None
    when = moment(lineage.ended_at)
    if lineage.is_revoked:
        return f"revoked {when}", None, "log in again: %twitter_login"
    if lineage.known.end == journal.SUPERSEDED:
        state = f"{_end(auth)}; probably ended by a later login of the same app, {when}"
        return state, None, f"ask X: %twitter_status --check --auth {label}"
    return f"{_end(auth)}; the refresh token was refused {when}", None, "log in again: %twitter_login"


def _unfinished(store: Store, auth: Auth, found: Unfinished) -> tuple[str, str | None, str | None]:
    """Return the same of a pair whose exchange did not come to its end yet."""
    again, holder = f"%twitter_refresh --auth {quoted(store.label)}", store.holder()
    if holder:
        return f"being refreshed now by {holder}", None, None
    if found.grant(auth):
        return f"an answer with new tokens came to {found.by} at {found.since}", None, f"{again} saves it"
    if found.may_hold_pair:
        return _end(auth), f"an answer came at {found.since}, and cannot be read: {found.file}", "look into that file"
    doubt = f"the refresh token was sent at {found.since} by {found.by}, and no answer came"
    return _end(auth), doubt, f"{again} tries it once more, or says why not"


def _end(auth: Auth) -> str:
    """Return whether the access token is good."""
    if auth.access_token is None:
        return "none yet"
    if auth.ends_at is None:
        return "there, and nothing tells when it ends"
    if auth.ends_at > datetime.now(UTC):
        return "good"
    return "ended" + ("" if auth.refresh_token else ", and there is no refresh token")


def _profiles() -> str:
    """Return where profiles lie, without the name of the user's own folder: a table travels with its notebook."""
    folder = settings.data_folder() / "profiles"
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - where there is no home, this does not raise
    return f"~/{folder.relative_to(home).as_posix()}" if folder.is_relative_to(home) else str(folder)
