"""Faults on demand: what the next exchange at the token endpoint, or the next call of the API, suffers."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

# Of the token endpoint, then of the API's calls: any call, a post, a segment of an upload, the processing of a medium.
EXCHANGE = ("refuse", "slow", "drop", "429", "html", "strict")
CALL = ("402", "403", "404", "503", "duplicate", "413", "failed")
NAMES = EXCHANGE + CALL


class Fault(NamedTuple):
    """A fault and its number: seconds to wait, for `slow` and `429`."""

    name: str
    seconds: float


class Faults:
    """A queue of faults; each is used up by one exchange or one call."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, name: str, seconds: float = 3.0, times: int = 1) -> None:
        """Let the next exchanges or calls suffer a fault.

        Args:
            name: one of `NAMES`.
            seconds: how long to wait (`slow`), or until the limit ends (`429`).
            times: how many exchanges or calls.

        Raises:
            ValueError: there is no such fault.
        """
        if name not in NAMES:
            raise ValueError("no such fault")
        with self._lock:
            self._waiting += [Fault(name, seconds)] * times

    def take(self, names: Collection[str] = EXCHANGE) -> Fault | None:
        """Return the first fault that waits and has one of some names, or `None`."""
        with self._lock:
            found = next((fault for fault in self._waiting if fault.name in names), None)
            if found:
                self._waiting.remove(found)
            return found

    def clear(self) -> None:
        """Forget all that wait."""
        with self._lock:
            self._waiting.clear()

    def names(self) -> list[str]:
        """Return the names of those that wait, in their order."""
        with self._lock:
            return [fault.name for fault in self._waiting]
