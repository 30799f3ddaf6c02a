"""The rows of a call so far, the line that tells how many they are, and what is said about them."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from oint_magics.api import missing, progress
from oint_magics.api.repeats import MOST_PAGES
from oint_magics.api.rows import Rows, rows_of
from oint_magics.display.times import after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oint_magics.api.missing import Missing
    from oint_magics.errors import CallError

_WINDOW = timedelta(minutes=15)


class Collected:
    """The rows so far.

    Args:
        path: what messages call the call.
        asked: its parameters.
        earlier: the error that ended the call before, or `None`.

    Attributes:
        found: X's objects, or rows that were made of them.
        is_endless: whether X only repeats itself.
    """

    def __init__(self, path: str, asked: Mapping[str, str], earlier: CallError | None) -> None:
        rows = earlier.rows if earlier else ()
        before = rows if isinstance(rows, Rows) else Rows(rows)
        self.found: list[dict[str, Any]] = list(before)
        self._missing = {_key(each): each for each in before.missing}
        self._repeats = before.repeats
        self.is_endless = False
        self._path, self._asked, self._pages, self._line = path, asked, 0, progress.line()
        self._waits, self._waited_at = 0, -1

    def add(self, objects: list[dict[str, Any]], page: Mapping[str, Any], repeats: int) -> None:
        """Take a page's objects.

        Args:
            objects: those that are new.
            page: X's answer.
            repeats: how many others it had.
        """
        self.found += objects
        self._pages += 1
        self._repeats += repeats
        if "errors" in page:
            self._missing.update((_key(each), each) for each in missing.missing_of(page))

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

    def end(self, most: int | None, least: int | None, *, is_stopped: bool = False) -> Rows:
        """Show how many rows there are, say what has to be known about them, and return them.

        Args:
            most: how many were asked for.
            least: X's smallest page; `None` if the call has no sizes.
            is_stopped: whether the stop button ended it.
        """
        rows = self.rows(most, least)
        with contextlib.suppress(KeyboardInterrupt):  # Nothing is left to stop, and the rows were paid.
            if is_stopped or self._pages > 1:
                self._line(f"{self._path}: {'stopped; ' if is_stopped else ''}{self.count()}")
            for note in rows.notes:
                progress.say(f"{self._path}: {note}.")
        return rows

    def rows(self, most: int | None, least: int | None) -> Rows:
        """Return the rows, also if stop is pressed meanwhile: they were paid."""
        while True:
            try:
                left_out = list(self._missing.values())
                notes = missing.in_words(left_out, self._asked, len(self.found))
                notes += [*self._too_many(most, least), *self._repeated()]
                return Rows(rows_of(self.found), missing=left_out, repeats=self._repeats, notes=notes)
            except KeyboardInterrupt:
                continue

    def count(self) -> str:
        """Return how many rows and pages there are, in words."""
        pages = {0: "", 1: " in 1 page"}.get(self._pages, f" in {self._pages} pages")
        return f"{_rows(len(self.found))}{pages}"

    def _too_many(self, most: int | None, least: int | None) -> list[str]:
        number = len(self.found)
        if most is None or number <= most or not self._pages:
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
