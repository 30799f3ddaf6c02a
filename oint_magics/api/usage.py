"""What was read and posted today and this month, at X's list price, by what this machine's ledger says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oint_magics import settings
from oint_magics.api import ledger, meter, price
from oint_magics.api.call import answer
from oint_magics.api.ledger_day import Line
from oint_magics.auth.structure import SANDBOX_MARK
from oint_magics.display.grid import Grid
from oint_magics.errors import CallError

if TYPE_CHECKING:
    from oint_magics.http.token_provider import TokenProvider

_NAMES = {
    "request:counts_recent": "counts", "request:counts_all": "counts of all", "request:trends": "trends",
    "made": "made posts", "made_with_link": "made posts with a link", "deleted": "deleted posts",
}  # fmt: skip
_COLUMNS = ("what", "account", "app", "read today", "billed", "price", "this month")
_NUMBERS = ("read today", "billed", "price", "this month")


def usage(provider: TokenProvider | None) -> Grid:
    """Return the table of all apps that were used here.

    Args:
        provider: whose app is asked for X's own balance; `None` for none.

    Raises:
        Unreadable: the ledger cannot be used.
    """
    notes = [_balance(provider)] if provider else []
    own = provider.auth().client_id if provider else ""
    # A sandbox is another app each time; one that has ended is of no interest.
    apps = [each for each in ledger.apps() if each == own or not own or not each.startswith(SANDBOX_MARK)]
    apps.sort(key=lambda each: each != own)
    lines = [line for app in apps for line in _of_app(app)]
    if (budget := settings.budget()) is not None:
        left = f"; {price.shown(max(0, budget - _spent(own)))} are left" if own else ""
        notes.append(f"The budget of a day is {price.shown(budget)} for each app{left}.")
    notes.append(
        "Reads of other machines, and of sessions that are not ours (twitter.bearer), are not counted. "
        "X's own limit is set in its console: that one holds."
    )
    day = meter.ledger_of(apps[0]).today() if lines else ""
    caption = f"Usage at X's list price · {day} (UTC)" if day else "Nothing was read or posted yet"
    return Grid(caption, _COLUMNS, tuple(lines), " ".join(each for each in notes if each), _NUMBERS)


def _of_app(app: str) -> list[tuple[str, ...]]:
    book = meter.ledger_of(app)
    day = book.today()
    today, month = book.spent(day), book.month(day)
    now, before = ({(each.account, each.kind): each for each in spent.lines} for spent in (today, month))
    name = _shown(app)
    lines: list[tuple[str, ...]] = []
    for who, kind in dict.fromkeys([*now, *before]):
        none = Line(who, kind, 0, 0, 0)
        one, other = now.get((who, kind), none), before.get((who, kind), none)
        lines.append((
            _NAMES.get(kind, f"{kind}s"), who, name, f"{one.read:,}", f"{one.new:,}", price.shown(one.mills),
            price.shown(one.mills + other.mills),
        ))  # fmt: skip
    if today.reserved or month.reserved:
        lines.append(("answers that did not come", "", name, "", "", price.shown(today.reserved),
                      price.shown(today.reserved + month.reserved)))  # fmt: skip
    lines.append(("together", "", name, "", "", f"about {price.shown(today.mills)}",
                  f"about {price.shown(today.mills + month.mills)}"))  # fmt: skip
    return lines


def _spent(app: str) -> int:
    book = meter.ledger_of(app)
    return book.spent(book.today()).mills


def _shown(app: str) -> str:
    return app if len(app) <= 12 else f"{app[:12]}…"


def _balance(provider: TokenProvider) -> str:
    """Return what X itself says that the app has left; blank where it does not."""
    try:
        with meter.api(provider) as api:
            data = answer(api, "usage/credits").get("data")
    except CallError:  # Some apps have none yet: an empty 404.
        return ""
    total = data.get("total_balance") if isinstance(data, dict) else None
    return f"X says that {total} US dollars are left." if isinstance(total, int | float | str) else ""
