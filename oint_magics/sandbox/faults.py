"""Faults on demand: what the next exchange at the token endpoint suffers."""

from __future__ import annotations

import threading
from typing import NamedTuple

NAMES = ("refuse", "slow", "drop", "429", "html")


class Fault(NamedTuple):
    """A fault and its number: seconds to wait, for `slow` and `429`."""

    name: str
    seconds: float


class Faults:
    """A queue of faults; each is used up by one exchange."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, name: str, seconds: float = 3.0, times: int = 1) -> None:
        """Let the next exchanges suffer a fault.

        Args:
            name: one of `NAMES`.
            seconds: how long to wait (`slow`), or until the limit ends (`429`).
            times: how many exchanges.

        Raises:
            ValueError: there is no such fault.
        """
        if name not in NAMES:
            raise ValueError("no such fault")
        with self._lock:
            self._waiting += [Fault(name, seconds)] * times

    def take(self) -> Fault | None:
        """Return the fault of this exchange, or `None`."""
        with self._lock:
            return self._waiting.pop(0) if self._waiting else None

    def clear(self) -> None:
        """Forget all that wait."""
        with self._lock:
            self._waiting.clear()

    def names(self) -> list[str]:
        """Return the names of those that wait, in their order."""
        with self._lock:
            return [fault.name for fault in self._waiting]
