"""X's nested objects as flat rows, which any table library takes as they are."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# polars decides a column's type by its first rows; one without a value in them would take none later.
_FIRST = 100


def rows_of(documents: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return objects as flat rows that all have the same keys, in the order in which those came.

    What is nested gets a dotted name. Ids are text. A list of plain values stays one, any other becomes JSON text.
    What X left out is an empty text, an empty list, or `None` for a number or a truth value.

    Args:
        documents: X's objects.
    """
    rows = [dict(_flat(document)) for document in documents]
    columns = dict.fromkeys(key for row in rows for key in row)
    blanks = {key: _blank([row.get(key) for row in rows]) for key in columns}
    mixed = {key for key in columns if len({_kind(row.get(key)) for row in rows} - {None}) > 1}
    return [{key: _cell(row.get(key), blanks[key], is_text=key in mixed) for key in columns} for row in rows]


def _flat(document: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        name = prefix + key
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{name}.")
        elif isinstance(value, dict | list) and not _is_plain(value):
            yield name, json.dumps(value, ensure_ascii=False)
        else:
            yield name, str(value) if key.endswith("id") and isinstance(value, int) else value


def _is_plain(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _kind(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "truth"
    return "number" if isinstance(value, int | float) else type(value).__name__


def _blank(values: list[Any]) -> Any:
    """Return what stands for a value that X left out of a column."""
    kinds = {_kind(value) for value in values} - {None}
    if kinds == {"number"}:
        return None if any(value is not None for value in values[:_FIRST]) else math.nan
    if kinds == {"truth"}:
        return None
    return [] if kinds == {"list"} else ""


def _cell(value: Any, blank: Any, *, is_text: bool) -> Any:
    if value is None:
        return blank
    return value if not is_text or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
