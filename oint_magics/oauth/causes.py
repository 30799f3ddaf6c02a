"""What a refusal means: the row of the table that fits all that X's answer tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from oint_magics.oauth import problems
from oint_magics.oauth.cause_rows import ROWS

if TYPE_CHECKING:
    from oint_magics.oauth.cause import Cause


def cause_of(call: str, status: int, document: dict[str, Any], *, is_page: bool = False) -> Cause:
    """Return what a refusal means.

    Args:
        call: the kind of call: one of `TOKEN` or `API`.
        status: the HTTP status.
        document: the answer's JSON object; empty if it has none.
        is_page: whether it is an HTML page instead.
    """
    text = problems.told(status, document, is_page=is_page)
    return next(each for each in ROWS if call in each.calls and re.search(each.pattern or _literal(each), text))


def _literal(row: Cause) -> str:
    return re.escape(row.says.lower())
