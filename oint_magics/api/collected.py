"""The rows of a call so far, the line that tells how many they are, and what is said about them."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from oint_magics.api import missing, price, progress
from oint_magics.api.facts import Facts
from oint_magics.api.repeats import MOST_PAGES
from oint_magics.api.rows import Rows, align
from oint_magics.display.text import escaped
from oint_magics.display.times import after
from oint_magics.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oint_magics.api.facts import Position
    from oint_magics.api.meter import Meter
    from oint_magics.api.missing import Missing
    from oint_magics.api.request import Request
    from oint_magics.auth.structure import Auth

_WINDOW = timedelta(minutes=15)


class Call(Protocol):
    """A call, as far as its rows are concerned.

    Attributes:
        request: what X is asked for.
        meter: what it costs.
        least: the fewest rows of a page; `None` if X takes no size.
        position: where it goes on.
    """

    request: Request
    meter: Meter
    least: int | None

    @property
    def position(self) -> Position: ...


class Collected:
    """The rows so far.

    Args:
        call: the call, which knows where it is and what it costs.
        earlier: the error or the rows of the call before, or `None`.
        auth: whose tokens ask.

    Attributes:
        found: flat rows; those of one page have the same keys.
        is_endless: whether X only repeats itself.
        is_more: whether X has more than was asked for.
        left: what the budget had left where it ended the call, in thousandths of a US dollar; `None` where it did not.
    """

    def __init__(self, call: Call, earlier: CallError | Rows | None, auth: Auth) -> None:
        rows = earlier.rows if isinstance(earlier, CallError) else earlier
        before = rows if isinstance(rows, Rows) else Rows(rows or ())
        self.found: list[dict[str, Any]] = [dict(row) for row in before]
        # The columns of each page, whose rows all have them.
        self._kinds = set(map(tuple, self.found[:1]))
        self._missing = {_key(each): each for each in before.missing}
        self._repeats, self._pages, self._cost = before.repeats, before.pages, before.facts.cost
        self._pages_before = before.pages
        self.is_endless = self.is_more = False
        self.left: int | None = None
        self._call, self._auth = call, auth
        self._path, self._line = escaped(call.request.shown, 80), progress.line()
        self._waits, self._waited_at = 0, -1

    def taken(self, rows: list[dict[str, Any]], page: Mapping[str, Any], repeats: int) -> Callable[[], None]:
        """Return what takes a page; to call it twice changes nothing.

        Args:
            rows: its rows, as far as they are new.
            page: X's answer.
            repeats: how many others it had.
        """
        start, pages, before = len(self.found), self._pages + 1, self._repeats + repeats
        left_out = missing.missing_of(page) if "errors" in page else ()

        def take() -> None:
            self.found[start:] = rows
            self._kinds.update(map(tuple, rows[:1]))
            self._pages, self._repeats = pages, before
            self._missing.update((_key(each), each) for each in left_out)

        return take

    def tell(self) -> None:
        """Show how far it is."""
        self._line(f"{self._path}: {self.count()}…")

    def wait(self, until: datetime | None) -> None:
        """Wait until X takes calls again, and tell so; the stop button ends it."""
        now = datetime.now(UTC)
        self._waits = self._waits + 1 if self._pages == self._waited_at else 0
        self._waited_at = self._pages
        # If X refuses again at once, its time was not the right one.
        until = max(until or now + _WINDOW, now + timedelta(seconds=min(2**self._waits - 1, 900)))
        while (left := (until - datetime.now(UTC)).total_seconds()) > 0:
            self._line(f"{self._path}: {self.count()}; X takes more calls {after(until, now)}")
            time.sleep(min(left, 10))
        time.sleep(1)  # X tells whole seconds.

    def end(self, most: int | None, *, is_stopped: bool = False) -> Rows:
        """Show how many rows there are, say what has to be known about them, and return them.

        Args:
            most: how many were asked for.
            is_stopped: whether the stop button ended it.
        """
        is_cut = is_stopped or self.is_more or self.left is not None
        rows = self.rows(most, self._call.position if is_cut else None)
        with contextlib.suppress(KeyboardInterrupt):  # Nothing is left to stop, and the rows were paid.
            if is_stopped or self._pages > 1:
                self._line(f"{self._path}: {'stopped; ' if is_stopped else ''}{self.count()}")
            for note in rows.notes:
                progress.say(f"{self._path}: {note}.")
        return rows

    def rows(self, most: int | None, position: Position | None = None) -> Rows:
        """Return the rows, also if stop is pressed meanwhile: they were paid."""
        while True:
            try:
                left_out = list(self._missing.values())
                notes = missing.in_words(left_out, self._call.request.params, len(self.found))
                notes += [*self._too_many(most), *self._repeated(), *self._cut(most)]
                request, meter = self._call.request, self._call.meter
                owned = meter.mills - meter.saved if meter.saved else None
                facts = Facts(left_out, self._repeats, notes, self._pages, self._cost + meter.mills, owned,
                              self._auth.is_sandbox, self._auth.is_app, request, position)  # fmt: skip
                if len(self._kinds) > 1:
                    align(self.found)
                return Rows(self.found, facts)
            except KeyboardInterrupt:
                continue

    def _cut(self, most: int | None) -> list[str]:
        if self.left is not None:
            return [f"stopped: the budget of today has {price.shown(self.left)} left, and the next page costs more"]
        if self.is_more and most is not None and self._pages > self._pages_before:
            return [f"{len(self.found)} of more: --max-rows all (max_rows=None) reads them all"]
        return []

    def count(self) -> str:
        """Return how many rows and pages there are, in words."""
        pages = {0: "", 1: " in 1 page"}.get(self._pages, f" in {self._pages} pages")
        return f"{_rows(len(self.found))}{pages}"

    def _too_many(self, most: int | None) -> list[str]:
        number, least = len(self.found), self._call.least
        if most is None or number <= most or self._pages == self._pages_before:
            return []
        if least is None:
            why = "X takes no page size for this call"
        elif number - most < least:
            why = f"X's smallest page here is {least}, and each row is billed"
        else:
            why = "X gave more than it was asked for"
        return [f"{number} rows for max_rows={most}: {why}"]

    def _repeated(self) -> list[str]:
        dropped = [f"dropped {_rows(self._repeats)} that X gave again"] * bool(self._repeats)
        if not self.is_endless:
            return dropped
        return [f"reading ended after {MOST_PAGES} pages in a row without a new row", *dropped]


def _rows(number: int) -> str:
    return f"{number} row{'' if number == 1 else 's'}"


def _key(entry: Missing) -> tuple[str | None, ...]:
    return tuple(entry[key] for key in ("value", "parameter", "field", "type"))
