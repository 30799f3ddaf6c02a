"""X's nested objects as flat rows, which any table library takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    # The dotted name of each key, below each prefix.
    _Names = dict[str, dict[str, str]]


def rows_of(documents: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return objects as flat rows that all have the same keys, in the order in which those came.

    What is nested gets a dotted name. Ids are text. A list of texts stays one, any other becomes JSON text. What X left
    out is `None`.

    Args:
        documents: X's objects, or rows that were made of them.
    """
    names: _Names = {}
    rows: list[dict[str, Any]] = []
    for document in documents:
        row: dict[str, Any] = {}
        _flatten(document, "", row, names)
        rows.append(row)
    # There are few kinds of rows, and many rows of each.
    kinds = {tuple(row): None for row in rows}
    if len(kinds) > 1:
        columns = dict.fromkeys(key for kind in kinds for key in kind)
        for at, row in enumerate(rows):  # One after the other: two of each would be twice the memory.
            rows[at] = {**columns, **row}
    return rows


def _flatten(document: dict[str, Any], prefix: str, row: dict[str, Any], names: _Names) -> None:
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
