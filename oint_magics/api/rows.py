"""X's nested objects as flat rows, which any table library takes."""

from __future__ import annotations

import contextlib
import json
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from oint_magics.api.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from oint_magics.api.facts import Position
    from oint_magics.api.missing import Missing
    from oint_magics.api.request import Request

# How many objects become rows at once, where there are more than a page of them.
_PAGE = 1000


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


def rows_of(documents: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return objects as flat rows that all have the same keys, in the order in which those came.

    What is nested gets a dotted name. Ids are text. A list of texts stays one, any other becomes JSON text. What X left
    out is `None`.

    Args:
        documents: X's objects, or rows that were made of them.
    """
    rows = [row for start in range(0, len(documents), _PAGE) for row in flat(documents[start : start + _PAGE])]
    align(rows)
    return rows


def flat(documents: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a page's objects as flat rows that all have the same keys.

    It goes by column, as the objects of a page are alike: that takes a third of the time. So the order of columns may
    differ with the size of a page, and not their names.

    Args:
        documents: X's objects.
    """
    columns: dict[str, Sequence[Any]] = {}
    _add_objects(columns, "", documents)
    blank: dict[str, Any] = dict.fromkeys(columns)
    rows = [blank.copy() for _ in documents]  # Filled one by one, each would grow three times.
    for name, values in columns.items():
        for row, value in zip(rows, values, strict=True):
            row[name] = value
    return rows


def align(rows: list[dict[str, Any]]) -> None:
    """Give all rows the same keys, in the order in which those came: `None` for what one has not."""
    # There are few kinds of rows, and many rows of each.
    kinds = dict.fromkeys(map(tuple, rows))
    if len(kinds) > 1:
        columns = dict.fromkeys(chain.from_iterable(kinds))
        for at, row in enumerate(rows):  # One after the other: two of each would be twice the memory.
            rows[at] = {**columns, **row}


def _add_objects(columns: dict[str, Sequence[Any]], prefix: str, documents: Sequence[dict[str, Any]]) -> None:
    """Add a column for each value of some objects, below a prefix."""
    for key, values in _by_key(documents):
        types = set(map(type, values))
        if dict not in types:
            _add(columns, prefix + key, _told(key, values, types))
            continue
        if len(types) > 1 or not all(values):
            own = [None if type(each) is dict and each else each for each in values]
            if any(each is not None for each in own):
                _add(columns, prefix + key, _told(key, own, types))
        _add_objects(columns, f"{prefix}{key}.", _objects(values, types))


def _objects(values: Sequence[Any], types: set[type]) -> Sequence[dict[str, Any]]:
    """Return the objects of a column, and an empty one in the place of each other value."""
    return values if len(types) == 1 else [each if type(each) is dict else {} for each in values]


def _by_key(documents: Sequence[dict[str, Any]]) -> list[tuple[str, Sequence[Any]]]:
    """Return the keys of objects, each with their values; `None` for one that has it not."""
    first = list(documents[0]) if documents else []
    if len(first) > 1 and set(map(len, documents)) == {len(first)}:
        with contextlib.suppress(KeyError):  # Most often all have the same keys.
            return list(zip(first, zip(*map(itemgetter(*first), documents), strict=True), strict=True))
    keys = dict.fromkeys(chain.from_iterable(documents))
    return [(key, [each.get(key) for each in documents]) for key in keys]


def _told(key: str, values: Sequence[Any], types: set[type]) -> Sequence[Any]:
    """Return a column's values as rows have them: ids as text, lists of texts, and JSON text of what is nested."""
    is_id = int in types and key.endswith("id")
    if list not in types and dict not in types and not is_id:
        return _shared(values)
    if types <= {list, type(None)} and set(map(type, chain.from_iterable(filter(None, values)))) <= {str}:
        return values
    return [_told_one(each, is_id=is_id) for each in values]


def _shared(values: Sequence[Any]) -> Sequence[Any]:
    """Return a column with one object for a text that many rows have, as their language or their author."""
    first = values[0]
    if type(first) is not str or first != values[-1]:
        return values
    return [first if each == first else each for each in values]


def _told_one(value: Any, *, is_id: bool) -> Any:
    kind = type(value)
    if kind is int:
        return str(value) if is_id else value
    if kind is dict or (kind is list and not all(type(each) is str for each in value)):
        return json.dumps(value, ensure_ascii=False)
    return value


def _add(columns: dict[str, Sequence[Any]], name: str, values: Sequence[Any]) -> None:
    """Add a column; a dotted name of X's own may be there already."""
    before = columns.get(name)
    if before is not None:
        values = [old if new is None else new for old, new in zip(before, values, strict=True)]
    columns[name] = values
