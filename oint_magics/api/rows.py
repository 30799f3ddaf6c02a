"""X's nested objects as flat rows, which any table library takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from oint_magics.api.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from oint_magics.api.facts import Position
    from oint_magics.api.missing import Missing
    from oint_magics.api.request import Request

    # The dotted name of each key, below each prefix.
    Names = dict[str, dict[str, str]]


class Rows(list[dict[str, Any]]):
    """A list of flat rows that shows itself as a table, and knows what X did not give; a slice of it knows the same.

    Args:
        rows: the rows.
        facts: what is known of them.

    Attributes:
        missing: what X left out, each with its `value`, the `reason`, and `parameter`, `resource_type`, `field`,
            `title`, `detail` and `type` as X has them, or `None`.
        repeats: how many rows X gave again; they were left out.
        notes: what was said about the rows, as sentences: what is missing, more rows than asked for, a list that
            repeats.
        pages: how many pages they came in.
        more: whether X has more: `twitter.get(…, resume=rows)` goes on; for a data set, the same line.
        cost: what they cost at X's list price, in US dollars; what was billed before today counts 0.
        request: what X was asked for.
    """

    def __init__(self, rows: Iterable[dict[str, Any]] = (), facts: Facts | None = None) -> None:
        super().__init__(rows)
        self._facts = facts or Facts()

    @property
    def facts(self) -> Facts:
        return self._facts

    @property
    def missing(self) -> list[Missing]:
        return list(self._facts.missing)

    @property
    def repeats(self) -> int:
        return self._facts.repeats

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._facts.notes)

    @property
    def pages(self) -> int:
        return self._facts.pages

    @property
    def more(self) -> bool:
        return self._facts.position is not None or self._facts.has_more

    @property
    def cost(self) -> float:
        return self._facts.cost / 1000

    @property
    def is_sandbox(self) -> bool:
        return self._facts.is_sandbox

    @property
    def is_app(self) -> bool:
        return self._facts.is_app

    @property
    def request(self) -> Request | None:
        return self._facts.request

    @property
    def position(self) -> Position | None:
        return self._facts.position

    def frame(self) -> pd.DataFrame:
        """Return them as a pandas frame with real types: times in UTC, counts, flags, ids as text.

        Raises:
            PackageMissing: pandas is not installed.
        """
        from oint_magics.api.frame import frame_of

        return frame_of(self, self.request.columns() if self.request else ())

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        from oint_magics.api.shown import grid

        return grid(self, self._facts).mimebundle()

    @overload
    def __getitem__(self, at: SupportsIndex) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, at: slice) -> Rows: ...
    def __getitem__(self, at: SupportsIndex | slice) -> dict[str, Any] | Rows:
        found = super().__getitem__(at)
        return found if isinstance(found, dict) else Rows(found, self._facts)


def rows_of(documents: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return objects as flat rows that all have the same keys, in the order in which those came.

    What is nested gets a dotted name. Ids are text. A list of texts stays one, any other becomes JSON text. What X left
    out is `None`.

    Args:
        documents: X's objects, or rows that were made of them.
    """
    rows = flat(documents, {})
    align(rows)
    return rows


def flat(documents: Iterable[dict[str, Any]], names: Names) -> list[dict[str, Any]]:
    """Return objects as flat rows, each with the keys that it has itself.

    Args:
        documents: X's objects.
        names: the dotted names that were made so far; more are added.
    """
    rows: list[dict[str, Any]] = []
    for document in documents:
        row: dict[str, Any] = {}
        _flatten(document, "", row, names)
        rows.append(row)
    return rows


def align(rows: list[dict[str, Any]]) -> None:
    """Give all rows the same keys, in the order in which those came: `None` for what one has not."""
    # There are few kinds of rows, and many rows of each.
    kinds = {tuple(row): None for row in rows}
    if len(kinds) > 1:
        columns = dict.fromkeys(key for kind in kinds for key in kind)
        for at, row in enumerate(rows):  # One after the other: two of each would be twice the memory.
            rows[at] = {**columns, **row}


def _flatten(document: dict[str, Any], prefix: str, row: dict[str, Any], names: Names) -> None:
    """Put an object's values into a row; each dotted name is made once for all rows."""
    known = names.get(prefix)
    if known is None:
        known = names[prefix] = {}
    for key, value in document.items():
        name = known.get(key)
        if name is None:
            name = known[key] = prefix + key
        kind = type(value)
        if kind is str:
            row[name] = value
        elif kind is dict and value:
            _flatten(value, f"{name}.", row, names)
        elif kind is dict or kind is list:
            row[name] = value if _is_plain(value) else json.dumps(value, ensure_ascii=False)
        else:
            row[name] = str(value) if kind is int and key.endswith("id") else value


def _is_plain(value: object) -> bool:
    """Tell whether something is a list of texts."""
    return isinstance(value, list) and all(type(each) is str for each in value)
