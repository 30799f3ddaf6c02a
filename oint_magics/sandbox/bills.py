"""What the calls cost by X's list price, in the sandbox's own book: for each app and each day in UTC.

A resource is billed once a day: https://docs.x.com/x-api/getting-started/pricing
"""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# In US dollars; for one resource, then for one request.
PRICES = {key: Decimal(value) for key, value in {
    "post": "0.005", "user": "0.010", "follow": "0.010", "list": "0.005", "like": "0.001",
    "mute": "0.001", "block": "0.001",
    "request:counts_recent": "0.005", "request:counts_all": "0.010", "request:trends": "0.010",
    "create post": "0.015", "create post with a link": "0.200",
    "create post summoned": "0.010", "content_manage": "0.005", "list_create": "0.010",
    "list_manage": "0.005", "bookmark": "0.005", "media_metadata": "0.005", "user_interaction": "0.015",
    "interaction_delete": "0.010", "privacy_update": "0.010", "mute_delete": "0.005",
}.items()}  # fmt: skip
OWNED = Decimal("0.001")
# Post reads in a month.
CAP = 3_000_000


class Bills:
    """The book.

    Attributes:
        credit: how much can be spent, in US dollars; `None` for no limit.
    """

    def __init__(self) -> None:
        self.credit: Decimal | None = None
        self._billed: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)
        self._reads: dict[tuple[str, str], int] = defaultdict(int)
        self._numbers = itertools.count()
        self._lock = threading.RLock()

    @property
    def left(self) -> Decimal:
        """The credit that is left; without a limit, what is left of 1,000 dollars."""
        credit = Decimal(1000) if self.credit is None else self.credit
        return max(Decimal(0), credit - self.spent())

    def is_used_up(self) -> bool:
        """Tell whether the credit is spent."""
        return self.credit is not None and self.left <= 0

    def is_capped(self, app: str, now: float) -> bool:
        """Tell whether an app has read all the posts of its month."""
        month = day(now)[:7]
        with self._lock:
            return sum(count for (who, when), count in self._reads.items() if who == app and when[:7] == month) >= CAP

    def read(self, app: str, now: float, resources: Iterable[tuple[str, str]], *, is_owned: bool) -> Decimal:
        """Bill resources that were given out, and return what it cost.

        Args:
            app: the client id of the app.
            now: the moment, in Unix seconds.
            resources: each one's kind, as in `PRICES`, and its id; a request has a new id each time.
            is_owned: whether it is a read of the caller's own, whose app it is.
        """
        key, cost = (app, day(now)), Decimal(0)
        with self._lock:
            billed = self._billed[key]
            for kind, number in resources:
                name = f"{kind} {number}"
                if name in billed:
                    continue
                billed[name] = OWNED if is_owned and ":" not in kind else PRICES[kind]
                cost += billed[name]
                self._reads[key] += kind == "post"
        return cost

    def request(self, app: str, now: float, kind: str) -> Decimal:
        """Bill a request that is billed each time, and return what it cost; its kind is one of `PRICES`."""
        return self.read(app, now, [(kind, f"request {next(self._numbers)}")], is_owned=False)

    def spent(self, app: str | None = None, on: str | None = None) -> Decimal:
        """Return what was spent: by an app or all of them, on a day or on all days."""
        with self._lock:
            return sum(
                (
                    sum(billed.values(), Decimal(0))
                    for (who, when), billed in self._billed.items()
                    if app in (None, who) and on in (None, when)
                ),
                Decimal(0),
            )

    def reads(self, app: str, on: str) -> int:
        """Return how many posts an app has read on a day."""
        return self._reads.get((app, on), 0)


def day(now: float) -> str:
    """Return the day in UTC, as 2026-11-01."""
    return datetime.fromtimestamp(now, UTC).date().isoformat()
