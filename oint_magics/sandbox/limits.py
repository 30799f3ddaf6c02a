"""X's rate limits: so many calls in a window of fifteen minutes, for each person and endpoint."""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

WINDOW = 15 * 60
# A call's limit for each person, from X's table (https://docs.x.com/x-api/fundamentals/rate-limits), and for an app
# that calls with its own token.
LIMITS = {
    "/2/users/me": 75, "/2/users": 900, "/2/users/:id": 900, "/2/users/by/username/:username": 900,
    "/2/users/:id/tweets": 900, "/2/tweets": 5000, "/2/tweets/:id": 900, "/2/tweets/search/recent": 300,
    "POST /2/tweets": 100, "DELETE /2/tweets/:id": 50, "POST /2/media/upload": 500, "/2/media/upload": 1000,
    "POST /2/media/upload/initialize": 1875, "POST /2/media/upload/:id/append": 1875,
    "POST /2/media/upload/:id/finalize": 1875, "POST /2/media/metadata": 500,
}  # fmt: skip
APP_LIMITS = {
    "/2/users": 300, "/2/users/:id": 300, "/2/users/by/username/:username": 300, "/2/users/:id/tweets": 10_000,
    "/2/tweets": 3500, "/2/tweets/:id": 450, "/2/tweets/search/recent": 450,
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
        of: each endpoint's limit for a person; one that is not there has none.
        of_apps: the same for an app's own token.
        window: how long a window is, in seconds.
    """

    def __init__(self) -> None:
        self.of, self.of_apps = dict(LIMITS), dict(APP_LIMITS)
        self.window = float(WINDOW)
        self._calls: dict[tuple[str, str], tuple[float, int]] = {}
        self._lock = threading.Lock()

    def restrict(self, calls: int | None) -> None:
        """Begin new windows that take so many calls each; X's own numbers for `None`."""
        with self._lock:
            self.of, self.of_apps = (
                dict(each) if calls is None else dict.fromkeys(each, calls) for each in (LIMITS, APP_LIMITS)
            )
            self._calls.clear()

    def take(self, caller: str, endpoint: str, *, is_app: bool) -> Left | None:
        """Count a call, and return how its window stands; `None` where there is no limit.

        Args:
            caller: the number of a person, or the client id of an app.
            endpoint: what is called.
            is_app: whether an app calls with its own token.
        """
        limit = (self.of_apps if is_app else self.of).get(endpoint)
        if limit is None:
            return None
        with self._lock:
            begun, calls = self._calls.get((caller, endpoint), (0.0, 0))
            if time.time() - begun >= self.window:
                begun, calls = time.time(), 0
            self._calls[caller, endpoint] = begun, calls + 1
            return Left(limit, limit - calls - 1, int(begun + self.window) + 1)
