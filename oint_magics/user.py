"""Whose token it is: X's answer as a mapping that shows itself as a table."""

from __future__ import annotations

import json
from typing import Any

from oint_magics.table import Row, Table


class User(dict[str, Any]):
    """An account of X, as `GET /2/users/me` answers; shown as a table."""

    __slots__ = ("is_sandbox",)

    def __init__(self, data: dict[str, Any], *, is_sandbox: bool) -> None:
        super().__init__(data)
        self.is_sandbox = is_sandbox

    def table(self) -> Table:
        """Return the table: X's keys in X's order."""
        values = {key: value if isinstance(value, str) else json.dumps(value) for key, value in self.items()}
        caption = "SANDBOX account: an exercise, nobody at X" if self.is_sandbox else "Account at X"
        return Table(caption, tuple(Row(key, value) for key, value in values.items()))

    def __repr__(self) -> str:
        return self.table().text()

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return self.table().mimebundle()
