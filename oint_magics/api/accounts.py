"""The id of an account: one's own by the token, another one's by its handle.

A handle is looked up once, and remembered for a day, because handles are given to others.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from oint_magics import process
from oint_magics.api import me
from oint_magics.api.call import answer
from oint_magics.errors import CallError

if TYPE_CHECKING:
    from oint_magics.http.api import Api

_DAY = 86_400.0


def number_of(api: Api, account: str) -> str:
    """Return an account's id; the look is counted as any other read.

    Args:
        api: carries the token.
        account: its handle, or "me".

    Raises:
        CallError: X has no such account, or refused.
        OverBudget: the look costs more than the budget has left.
    """
    if account == "me":
        return _number(me.account_of(api))
    name = (api.url, api.app, account.lower())
    known = process.state.handles.get(name)
    if known and time.monotonic() - known[1] < _DAY:
        return known[0]
    number = _number(answer(api, f"users/by/username/{account}").get("data"))
    process.state.handles[name] = number, time.monotonic()
    return number


def _number(data: object) -> str:
    number = data.get("id") if isinstance(data, dict) else None
    if not isinstance(number, str):
        raise CallError("X's answer contains no account.", next_step="run it again")
    return number
