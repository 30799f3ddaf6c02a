"""Rows as a pandas frame with real types: one typed array for each column, so that a missing value changes no other."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

# The last word of a column that holds a time, for the columns whose values are text.
_TIMES = {"created_at", "start", "end", "ended_at", "started_at", "scheduled_start", "updated_at", "editable_until",
          "end_datetime", "trending_since"}  # fmt: skip
_ARRAYS = {"int": "Int64", "bool": "boolean", "float": "Float64", "str": "str"}


def frame_of(rows: Sequence[dict[str, Any]], columns: Iterable[str]) -> pd.DataFrame:
    """Return rows as a frame: times in UTC, counts as Int64, flags as boolean, ids and texts as text, lists as lists.

    Args:
        rows: the rows, all with the same keys.
        columns: the columns of a frame without rows.

    Raises:
        ImportError: pandas is not installed.
    """
    import pandas as pd

    names = list(rows[0]) if rows else list(columns)
    made = {name: _column(pd, name, list(map(itemgetter(name), rows))) for name in names}
    return pd.DataFrame(made, columns=names, copy=False)


def _column(pd: Any, name: str, values: list[Any]) -> Any:
    kinds = {kind.__name__ for kind in set(map(type, values))} - {"NoneType"}
    if kinds <= {"str"} and name.rpartition(".")[2] in _TIMES:
        # The format, because some have milliseconds and some do not; the unit, because an empty column takes seconds.
        return _times(pd, values)
    if kinds == {"int", "float"}:
        kinds = {"float"}
    if len(kinds) == 1 and (dtype := _ARRAYS.get(next(iter(kinds)))):
        return pd.array(values, dtype=dtype)
    if not kinds:
        return pd.array(values, dtype="str")
    return pd.Series(values, dtype=object)


def _times(pd: Any, values: list[Any]) -> Any:
    try:
        found = pd.to_datetime(pd.array(values, dtype="str"), format="ISO8601", utc=True)
    except ValueError:  # Words, as "Trending since yesterday".
        return pd.array(values, dtype="str")
    return found.astype("datetime64[us, UTC]")
