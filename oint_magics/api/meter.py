"""What a session's requests cost: each is reserved before it leaves and settled by its answer, within the budget."""

from __future__ import annotations

import contextlib
import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from oint_magics import settings
from oint_magics.api import ahead, catalogue, ledger, price, sizes
from oint_magics.api.price import Resources
from oint_magics.api.request import Request
from oint_magics.errors import OverBudget
from oint_magics.http.api import Api
from oint_magics.http.headers import date_of
from oint_magics.http.json_body import object_of
from oint_magics.http.metered import Write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from oint_magics.http.session import Session
    from oint_magics.http.token_provider import TokenProvider

# How long to wait for answers to other requests that have reserved more than is left, in seconds.
_WAIT = 5.0
# One ledger for each app, which remembers what it has read of the files.
_ledgers: dict[tuple[Path, str], ledger.Ledger] = {}


class Ticket(NamedTuple):
    """A request that was reserved.

    Attributes:
        name: the reservation's; `None` if no ledger can be written.
        day: its day.
        asked: the read, or what is written.
    """

    name: str | None
    day: str
    asked: Request | Write


class Meter:
    """Counts the requests of one session.

    Args:
        provider: gives the tokens, which name the app.

    Attributes:
        mills: what the answers cost at X's list price, in thousandths of a US dollar; what was billed before today
            counts nothing.
        saved: how much less it is for who owns the app and reads what is theirs.
    """

    def __init__(self, provider: TokenProvider) -> None:
        self._account, self._ledger = provider.name, ledger_of(provider.auth().client_id)
        self._ahead = ahead.Ahead(self._ledger, self._account)
        self.mills = self.saved = 0

    def now(self) -> datetime:
        """Return the time by X's clock."""
        return self._ledger.now()

    def note_clock(self, moment: datetime) -> None:
        """Note the time by X's clock."""
        self._ledger.note_clock(moment)

    def reserve(self, path: str, params: Mapping[str, str], write: Write | None = None) -> Ticket | None:
        """Reserve what a request costs at most; `None` for one that X lists no price for.

        Args:
            path: its path, from `/2/` on.
            params: its parameters.
            write: what it writes, and the price of that; `None` for a read.

        Raises:
            OverBudget: it costs more than the budget has left; nothing was sent.
            Unreadable: a budget is set, and the ledger cannot be used; nothing was sent.
        """
        if write:
            return self._ticket(write, write.mills) if write.mills else None
        # All pages of a call cost the same.
        asked, most = _priced(path, tuple(each for each in params.items() if each[0] not in sizes.PAGE_TOKENS))
        return self._ticket(asked, most) if asked and most else None

    def reserve_url(self, url: str) -> Ticket | ahead.Share | None:
        """Reserve what a read of somebody else's costs at most, by its address; as `reserve` otherwise."""
        asked, most = _priced_url(url)
        if asked is None or not most:
            return None
        if settings.budget() is None and not price.is_open(asked):
            with contextlib.suppress(ledger.Unreadable):
                if share := self._ahead.take(asked, most):
                    return share
        return self._ticket(asked, most)

    def _ticket(self, asked: Request | Write, most: int) -> Ticket:
        budget, day = settings.budget(), self._ledger.today()
        if budget is not None:
            ahead.settle()
        try:
            name = self._reserved(day, most, budget)
        except ledger.Unreadable:
            if budget is not None:
                raise
            name = None
        return Ticket(name, day, asked)

    def _reserved(self, day: str, most: int, budget: int | None) -> str:
        """Reserve a price; wait for a moment where others may get less than they have reserved."""
        end = time.monotonic() + _WAIT
        while True:
            name = self._ledger.reserve(day, most, budget)
            if name is not None:
                return name
            spent = self._ledger.spent(day)
            left = (budget or 0) - spent.mills
            if most > left + spent.reserved:  # Also when the answers to all others are there.
                raise _over_budget(max(0, left + spent.reserved))
            if time.monotonic() > end:
                raise _over_budget(max(0, left))
            time.sleep(0.05)

    def settle(self, ticket: Ticket, document: dict[str, Any] | None, headers: Mapping[str, str]) -> None:
        """Note what an answer has brought, in the place of its reservation.

        Args:
            ticket: the request's.
            document: the answer; one that cannot be read leaves the reservation.
            headers: the answer's.
        """
        if document is None:
            return
        if isinstance(ticket.asked, Write):
            resources = [Resources(ticket.asked.kind, ticket.asked.mills, [""])]
        else:
            resources = list(price.of_answer(ticket.asked.read, ticket.asked.path, document))
        new: dict[str, tuple[int, int]] = {}  # As if nothing had been read before, where that is not known.
        for kind, mills, names in resources:
            before = new.get(kind, (0, 0))
            new[kind] = before[0] + len(names), before[1] + mills * len(names)
        if ticket.name is not None:
            with contextlib.suppress(ledger.Unreadable):
                day = self._day_of(ticket, headers)
                lines = self._ledger.settle(ticket.name, ticket.day, day, self._account, resources)
                new = {kind: (line.new, line.mills) for kind, line in lines.items()}
        self.mills += sum(mills for _, mills in new.values())
        read = None if isinstance(ticket.asked, Write) else ticket.asked.read
        if read and read.price.owned_usd is not None:
            less = price.mills(read.price.usd) - price.mills(read.price.owned_usd)
            self.saved += less * new.get(read.price.kind, (0, 0))[0]

    def _day_of(self, ticket: Ticket, headers: Mapping[str, str]) -> str:
        """Return the day that an answer names, and note X's clock."""
        moment = date_of(headers)
        if moment is None:
            return ticket.day
        self._ledger.note_clock(moment)
        return moment.date().isoformat()

    def settle_read(self, ticket: Ticket | ahead.Share, body: bytes, headers: Mapping[str, str]) -> None:
        """Note what the answer to a read of somebody else's has brought; as `settle` otherwise.

        Args:
            ticket: what `reserve_url` returned.
            body: the answer's.
            headers: the answer's.
        """
        if isinstance(ticket, ahead.Share):
            self._ahead.answered(ticket, body, headers)
        else:
            self.settle(ticket, object_of(body), headers)

    def lost(self, ticket: Ticket | ahead.Share) -> None:
        """Note that no answer came: the request may have been billed."""
        if isinstance(ticket, ahead.Share):
            self._ahead.lost(ticket)

    def release(self, ticket: Ticket | ahead.Share, headers: Mapping[str, str] | None = None) -> None:
        """Note that a request was refused, or was not sent: it is not billed.

        Args:
            ticket: the request's.
            headers: the answer's; `None` if there was none.
        """
        if isinstance(ticket, ahead.Share):
            self._ahead.released(ticket)
        elif ticket.name is not None:
            with contextlib.suppress(ledger.Unreadable):
                self._day_of(ticket, headers or {})
                self._ledger.settle(ticket.name, ticket.day, ticket.day, self._account, ())


def api(provider: TokenProvider) -> Api:
    """Return what carries our own calls, and counts them."""
    return Api(provider, Meter(provider))


def session(provider: TokenProvider) -> Session:
    """Return a session of requests whose reads are counted."""
    from oint_magics.http.session import Session

    return Session(provider, Meter(provider))


def ledger_of(app: str) -> ledger.Ledger:
    """Return the ledger of an app, by its client id, with all that this process has reserved ahead settled."""
    ahead.settle()
    return _ledgers.setdefault((settings.data_folder(), app), ledger.Ledger(app))


@lru_cache(maxsize=256)
def _priced(path: str, params: tuple[tuple[str, str], ...]) -> tuple[Request | None, int]:
    """Return the read of a path from `/2/` on, and its price at most; `None` where X's description has no such one."""
    below = re.sub("/+", "/", path).removeprefix("/2/").rstrip("/")  # X takes a slash too many.
    read = catalogue.at(below)
    if read is None:
        return None, 0
    asked = Request(read, below, dict(params))
    return asked, price.of_page(asked, asked.rows_at_most(asked.params.get("max_results"))).most


@lru_cache(maxsize=256)
def _priced_url(url: str) -> tuple[Request | None, int]:
    parts = urlsplit(url)
    return _priced(parts.path, tuple(parse_qsl(parts.query, keep_blank_values=True)))


def _over_budget(left: int) -> OverBudget:
    problem = OverBudget(
        "The budget of today has too little left for this call, so nothing was sent.",
        cause=f"{price.shown(left)} of OINT_TWITTER_BUDGET are left, and the call's next page may cost more.",
        next_step="ask for fewer rows, or set a larger budget; the day ends at midnight UTC",
    )
    problem.left = left
    return problem
