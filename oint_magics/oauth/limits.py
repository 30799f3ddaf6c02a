"""What a 429's headers say: which limit is used up, and until when.

X documents its windows of fifteen minutes (https://docs.x.com/x-api/fundamentals/rate-limits). Its limits of 24 hours,
of a user and of an app, are known from public reports.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from oint_magics.display.times import after

if TYPE_CHECKING:
    from collections.abc import Mapping

_WINDOW, _DAY = timedelta(minutes=15), timedelta(hours=24)
_LENGTHS = {_WINDOW: "in fifteen minutes", _DAY: "in 24 hours at most"}
# By the beginning of its headers: what messages call it, and how long it is.
_LIMITS = (
    ("x-app-limit-24hour", "the app's limit{calls} in 24 hours, for all its accounts together,", _DAY),
    ("x-user-limit-24hour", "this account's limit{calls} in 24 hours", _DAY),
    ("x-rate-limit", "this window{calls}", _WINDOW),
)


class Limit(NamedTuple):
    """Why X accepts no more calls.

    Attributes:
        cause: the reason, a sentence.
        until: when it accepts calls again (aware, UTC), or `None` if X does not say.
        when: the same in words, for a next step.
        is_cap: whether waiting for a window does not help: a cap of the app is reached.
    """

    cause: str
    until: datetime | None
    when: str
    is_cap: bool = False


def limit_of(headers: Mapping[str, str], now: datetime) -> Limit:
    """Return the limit that a refusal's headers name: one with nothing left, else `retry-after`, else the window's end.

    Args:
        headers: the answer's, their names in lower case or in a mapping without case.
        now: when it came (aware, UTC).
    """
    used = [each for each in _LIMITS if _number(headers, f"{each[0]}-remaining") == 0]
    if used:  # Of several, the one that ends last.
        return _used(headers, *max(used, key=lambda each: _end(headers, each[0]) or now + each[2]), now)
    until = _retry_after(headers, now)
    if until:
        return Limit("X asks to wait that long, and does not say why.", until, after(until, now))
    left = _number(headers, "x-rate-limit-remaining")
    if left:
        total = _number(headers, "x-rate-limit-limit")
        of = f" of {total}" if total else ""
        cause = f"the app's cap for this month is probably reached: {left}{of} calls of this window are still left."
        return Limit(cause, None, "later: X does not say when", is_cap=True)
    if _end(headers, "x-rate-limit"):
        return _used(headers, *_LIMITS[-1], now)
    cause = "X does not say which limit is used up; its windows take fifteen minutes."
    return Limit(cause, None, _LENGTHS[_WINDOW])


def _used(headers: Mapping[str, str], start: str, what: str, length: timedelta, now: datetime) -> Limit:
    total, until = _number(headers, f"{start}-limit"), _end(headers, start)
    calls = "" if total is None else f" of {total} call{'' if total == 1 else 's'}"
    cause = f"{what.format(calls=calls)} is used up; the call is not repeated automatically."
    return Limit(cause, until, after(until, now) if until else _LENGTHS[length])


def _end(headers: Mapping[str, str], start: str) -> datetime | None:
    return _at(_number(headers, f"{start}-reset"))


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else None


def _at(seconds: int | None) -> datetime | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Return the time in `Retry-After`: seconds, or a date (RFC 9110 §10.2.3)."""
    seconds = _number(headers, "retry-after")
    if seconds is not None:
        return _at(int(now.timestamp()) + seconds) and now + timedelta(seconds=seconds)
    text = headers.get("retry-after", "")
    if not text:
        return None
    from email.utils import parsedate_to_datetime

    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
