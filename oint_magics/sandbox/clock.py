"""The sandbox's clock: this machine's, unless somebody has set or moved it."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

_MOVE = re.compile(r"([+-]?\d{1,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_FIRST, _LAST = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (2011, 2100))


class Clock:
    """What time it is here; it goes on from where it was set."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Return the time, in Unix seconds."""
        return time.time() + self._ahead

    def set(self, text: str) -> bool:
        """Set the clock, or move it; tell whether it was set.

        Args:
            text: a time in UTC as `2026-11-01T09:00Z`, `now`, or how far to move, as `+1d`, `+90m`, `-2h`.

        Raises:
            ValueError: it is neither, or no year that X's ids are made for.
        """
        found = _MOVE.fullmatch(text)
        if found and text[0] in "+-":
            self._go(self._ahead + int(found[1]) * _SECONDS[found[2]])
            return False
        if text == "now":
            self._ahead = 0.0
            return True
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        self._go(moment.timestamp() - time.time())
        return True

    def _go(self, ahead: float) -> None:
        if not _FIRST <= time.time() + ahead < _LAST:
            raise ValueError("a time from 2011 to 2099")
        self._ahead = ahead
