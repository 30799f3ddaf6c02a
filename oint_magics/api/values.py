"""Values as notebooks have them, as X takes them: times in UTC, whole numbers, lists of whatever can be iterated."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from oint_magics.errors import UsageError

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE)


def text_of(name: str, value: object, kind: str = "text") -> str:
    """Return a parameter's value as X takes it.

    Args:
        name: the parameter's name, for messages.
        value: a text, number, flag or time; or anything that gives several of them, but text.
        kind: what the parameter takes: "text", "number", "flag", "time" or "list".

    Raises:
        UsageError: it is none of these, or a time that does not say its zone, or a number with a fraction.
    """
    if kind == "time":
        return _time(name, value)
    if isinstance(value, str):
        return value
    if isinstance(value, Iterable) and not isinstance(value, bytes | Mapping):
        return ",".join(_one(name, each) for each in value)
    return _one(name, value)


def _one(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):  # numpy's is no bool.
        return str(bool(value)).lower()
    if isinstance(value, datetime | date) or type(value).__name__ in ("datetime64", "Timestamp"):
        return _time(name, value)
    try:
        return str(operator.index(value))  # type: ignore[arg-type]  # it tells
    except TypeError:
        pass
    if isinstance(value, float) or type(value).__name__.startswith("float"):
        raise _fraction(name, float(value))  # type: ignore[arg-type]  # numpy's are floats too
    raise UsageError(
        f"{name} takes text, numbers or times. Nothing was sent.",
        cause=f"it was given an object of the type {type(value).__name__[:40]}.",
    )


def _fraction(name: str, value: float) -> UsageError:
    if math.isnan(value):
        return UsageError(f"A value of {name} is missing (NaN). Nothing was sent.", next_step="df[column].dropna()")
    return UsageError(
        f"{name} was given a number with a decimal point. Nothing was sent.",
        cause="an id that became a float has lost its last digits, so another post or account would be read."
        if abs(value) > 2**53
        else "X takes whole numbers here.",
        next_step='read the ids as text: pd.read_csv(…, dtype={"id": "str"})',
    )


def _time(name: str, value: Any) -> str:
    """Return a moment in RFC 3339, in UTC."""
    if isinstance(value, str):
        return _of_text(name, value.strip())
    if type(value).__name__ == "datetime64":  # numpy's have no zone: they are UTC by its own rule.
        value = value.astype("datetime64[ms]").item().replace(tzinfo=UTC)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise UsageError(
                f"{name} was given a time that does not say its zone. Nothing was sent.",
                cause="X takes times in UTC, and this one may be local.",
                next_step="datetime(…, tzinfo=timezone.utc), or local time: moment.astimezone()",
            )
        return _shown(value)
    if isinstance(value, date):
        return _shown(datetime.combine(value, time(), UTC))
    raise UsageError(
        f"{name} takes a time. Nothing was sent.", next_step=f"{name}=2026-11-01 or {name}=2026-11-01T09:00Z, in UTC"
    )


def _of_text(name: str, text: str) -> str:
    found = _TIME.fullmatch(text)
    try:
        if _DATE.fullmatch(text):
            return _shown(datetime.fromisoformat(f"{text}T00:00:00+00:00"))
        if found:
            zone = (found[5] or "Z").upper().replace("Z", "+00:00")
            return _shown(
                datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3] or ':00'}{(found[4] or '')[:4]}{zone}")
            )
    except ValueError:
        pass
    raise UsageError(
        f"{name} is no time that X takes. Nothing was sent.",
        cause="a time is a date, or a date and a time of day, in UTC or with its zone.",
        next_step=f"{name}=2026-11-01 or {name}=2026-11-01T09:00Z",
    )


def _shown(moment: datetime) -> str:
    there = moment.astimezone(UTC)
    whole = there.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{there.microsecond // 1000:03}Z" if there.microsecond >= 1000 else f"{whole}Z"
