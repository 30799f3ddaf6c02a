"""X's rate limits: so many calls in a window of fifteen minutes, for each person and endpoint."""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

WINDOW = 15 * 60
# A call's limit for each person, from X's table (https://docs.x.com/x-api/fundamentals/rate-limits).
LIMITS = {
    "/2/users/me": 75, "/2/users": 900, "/2/users/:id": 900, "/2/users/by/username/:username": 900,
    "/2/users/:id/tweets": 900, "/2/tweets": 5000, "/2/tweets/:id": 900, "/2/tweets/search/recent": 300,
    "POST /2/tweets": 100, "DELETE /2/tweets/:id": 50, "POST /2/media/upload": 500, "/2/media/upload": 1000,
    "POST /2/media/upload/initialize": 1875, "POST /2/media/upload/:id/append": 1875,
    "POST /2/media/upload/:id/finalize": 1875, "POST /2/media/metadata": 500,
}  # fmt: skip


class Left(NamedTuple):
    """How a window stands after a call.

    Attributes:
        limit: how many calls it takes.
        remaining: how many are left; below zero, this call was too many.
        reset: when the next window begins, in Unix seconds.
    """

    limit: int
    remaining: int
    reset: int

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The window as X's headers tell it."""
        return (
            ("x-rate-limit-limit", str(self.limit)),
            ("x-rate-limit-remaining", str(max(0, self.remaining))),
            ("x-rate-limit-reset", str(self.reset)),
        )


class Limits:
    """All windows.

    Attributes:
        of: each endpoint's limit; one that is not there has none.
        window: how long a window is, in seconds.
    """

    def __init__(self) -> None:
        self.of = dict(LIMITS)
        self.window = float(WINDOW)
        self._calls: dict[tuple[str, str], tuple[float, int]] = {}
        self._lock = threading.Lock()

    def restrict(self, calls: int | None) -> None:
        """Begin new windows that take so many calls each; X's own numbers for `None`."""
        with self._lock:
            self.of = dict(LIMITS) if calls is None else dict.fromkeys(LIMITS, calls)
            self._calls.clear()

    def take(self, person: str, endpoint: str) -> Left | None:
        """Count a call, and return how its window stands; `None` where there is no limit."""
        limit = self.of.get(endpoint)
        if limit is None:
            return None
        with self._lock:
            begun, calls = self._calls.get((person, endpoint), (0.0, 0))
            if time.time() - begun >= self.window:
                begun, calls = time.time(), 0
            self._calls[person, endpoint] = begun, calls + 1
            return Left(limit, limit - calls - 1, int(begun + self.window) + 1)
