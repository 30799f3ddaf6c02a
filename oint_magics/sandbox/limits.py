"""X's rate limits: so many calls in a window of fifteen minutes, for each person and endpoint."""

from __future__ import annotations

import threading
import time
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from oint_magics.sandbox import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW = 15 * 60


class Left(NamedTuple):
    """How a window stands after a call.

    Attributes:
        limit: how many calls it takes.
        remaining: how many are left; below zero, this call was too many.
        reset: when the next window begins, in Unix seconds of this machine.
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
    """All windows, as the catalogue has them: of most calls fifteen minutes, of some a day or a second beside it.

    Args:
        now: what gives the time, in Unix seconds.

    Attributes:
        of: each call's limit for a person in fifteen minutes; one that is not there has none.
        of_apps: the same for an app's own token.
        window: how long fifteen minutes are, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.of, self.of_apps = _limits("user"), _limits("app")
        self.window = float(WINDOW)
        self._now = now
        self._calls: dict[tuple[str, str, float], tuple[float, int]] = {}
        self._lock = threading.Lock()

    def restrict(self, calls: int | None) -> None:
        """Begin new windows that take so many calls each; X's own numbers for `None`."""
        with self._lock:
            self.of, self.of_apps = (
                each if calls is None else dict.fromkeys(each, calls) for each in (_limits("user"), _limits("app"))
            )
            self._calls.clear()

    def take(self, caller: str, method: str, path: str, *, is_app: bool) -> Left | None:
        """Count a call, and return how its narrowest window stands; `None` where there is no limit.

        Args:
            caller: the number of a person, or the client id of an app.
            method: the call's method.
            path: its path in the catalogue.
            is_app: whether an app calls with its own token.
        """
        name = key(method, path)
        limits = self.of_apps if is_app else self.of
        windows = [(limits[name], self.window)] if name in limits else []
        if name in limits and limits[name] == _limits("app" if is_app else "user")[name]:
            windows += _others("app" if is_app else "user").get(name, [])
        with self._lock:
            found = [self._left(caller, name, *each) for each in windows]
        return min(found, key=lambda left: left.remaining, default=None)

    def _left(self, caller: str, name: str, limit: int, seconds: float) -> Left:
        begun, calls = self._calls.get((caller, name, seconds), (0.0, 0))
        if not 0 <= self._now() - begun < seconds:
            begun, calls = self._now(), 0
        self._calls[caller, name, seconds] = begun, calls + 1
        ahead = self._now() - time.time()
        return Left(limit, limit - calls - 1, int(begun + seconds - ahead) + 1)


def key(method: str, path: str) -> str:
    """Return a call's name among the limits: its path, with its method before it where that is not GET."""
    return path if method == "GET" else f"{method} {path}"


def _limits(who: str) -> dict[str, int]:
    """Return each call's limit in fifteen minutes; one that has only others has a window without an end."""
    return {
        key(entry.method, entry.path): min((n for n, seconds in entry.limits[who] if seconds == WINDOW), default=10**6)
        for entry in catalogue.entries()
        if who in entry.limits
    }


@cache
def _others(who: str) -> dict[str, list[tuple[int, float]]]:
    return {
        key(entry.method, entry.path): [
            (n, float(seconds)) for n, seconds in entry.limits.get(who, ()) if seconds != WINDOW
        ]
        for entry in catalogue.entries()
    }
