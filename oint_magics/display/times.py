"""Times and durations in words that are still true when a notebook is opened again."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


def moment(at: datetime) -> str:
    """Return a time in UTC and, where that differs, by the clock of this place."""
    there = at.astimezone(UTC)
    try:
        here = at.astimezone()
    except (ValueError, OverflowError, OSError):  # A TZ that no clock has.
        here = there
    local = f" ({here:%H:%M} {here:%z}" if here.utcoffset() else ""
    local = f"{local[:-2]}:{local[-2:]})" if local else ""
    return f"{there:%Y-%m-%d %H:%M} UTC{local}"


def after(at: datetime, now: datetime) -> str:
    """Return "after" and a time in UTC to the second, with its date if that is not today's.

    Args:
        at: the time (aware).
        now: the present (aware).
    """
    there = at.astimezone(UTC)
    day = "" if there.date() == now.astimezone(UTC).date() else f" on {there:%Y-%m-%d}"
    return f"after {there:%H:%M:%S} UTC{day}"


def duration(length: timedelta) -> str:
    """Return a length of time to the minute, or to the second where it is shorter than ten minutes."""
    whole = round(length.total_seconds())
    minutes, seconds = divmod(whole + 30 if whole >= 600 else whole, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours} h"] * (hours > 0) + [f"{minutes} min"] * (minutes > 0)
    return " ".join(parts) or f"{seconds} s"


def clock() -> float:
    """Return seconds on a monotonic clock that goes on while the machine sleeps.

    `time.monotonic` stands still then on Linux; elsewhere there is nothing better.
    """
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)
