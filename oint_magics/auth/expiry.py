"""When an access token ends, in the forms in which programs keep it, read and written back alike."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

# What a number of this size counts, per second: seconds, milliseconds, microseconds, nanoseconds.
_UNITS = ((1e11, 1), (1e14, 10**3), (1e17, 10**6), (1e21, 10**9))
_NUMBER = re.compile(r"\d{1,21}(?P<fraction>\.\d{1,9})?")
# Texts: few files need them, and to compile them takes a cold process time.
_MAIL_DATE = r"[A-Z][a-z]{2}, \d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:GMT|[+-]\d{4})"
_ISO = r"\d{4}-\d\d-\d\d(?P<between>[T ])\d\d:\d\d:\d\d(?P<fraction>[.,]\d{1,9})?\s?(?P<zone>Z|z|[+-]\d\d:?(?:\d\d)?)?"


def read(value: object) -> datetime | None:
    """Return when a token ends (aware, UTC), or `None` where the value does not say.

    Args:
        value: Unix time in seconds, milliseconds, microseconds or nanoseconds, as a number or as text; or an ISO 8601
            time. One without a zone says nothing: some programs mean UTC, and some the machine's.
    """
    try:
        if isinstance(value, bool):
            return None
        if isinstance(value, int | float):
            return _showable(datetime.fromtimestamp(value / _unit(value), UTC))
        if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
            return read(float(value) if "." in value else int(value))
        if isinstance(value, str) and re.fullmatch(_MAIL_DATE, value.strip()):
            return _showable(_email().parsedate_to_datetime(value.strip()))
        return _showable(datetime.fromisoformat(value.strip())) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None


def _email() -> Any:
    """Return the module for the dates of mails, which few files have and which is slow to import."""
    import email.utils

    return email.utils


def written_like(old: object, end: int, *, near: datetime | None = None) -> object:
    """Return an end in the form in which another one was kept: its unit, its type, its zone, its digits.

    Args:
        old: what stands there; of an unknown form, or `None`, for Unix seconds.
        end: the new end, in Unix seconds.
        near: when the old token ended by its own stamp; tells which zone a time without one is in. `None` where
            nothing tells, and then it is the machine's.
    """
    if isinstance(old, bool) or old != old:  # noqa: PLR0124 - not a number
        return end
    if isinstance(old, int):
        return end * _unit(old)
    if isinstance(old, float):
        return float(end * _unit(old))
    if not isinstance(old, str):
        return end
    try:
        return _text_like(old.strip(), end, near)
    except (ValueError, OverflowError, OSError):  # It looks like a time, and is none.
        return str(end)


def _text_like(text: str, end: int, near: datetime | None) -> str:
    number = _NUMBER.fullmatch(text)
    if number:
        zeros = "." + "0" * (len(number["fraction"]) - 1) if number["fraction"] else ""
        return f"{end * _unit(float(text))}{zeros}"
    if re.fullmatch(_MAIL_DATE, text):
        return str(_email().format_datetime(datetime.fromtimestamp(end, UTC), usegmt=text.endswith("GMT")))
    return _iso_like(text, end, near) or str(end)


def _unit(number: float) -> int:
    return next((unit for most, unit in _UNITS if abs(number) < most), 1)


def _iso_like(text: str, end: int, near: datetime | None) -> str | None:
    found = re.fullmatch(_ISO, text)
    if not found:
        return None
    moment = datetime.fromtimestamp(end, UTC)
    zone = found["zone"]
    if not zone:
        if not _is_utc(text, near):
            moment = moment.astimezone()
    elif zone not in "Zz":
        moment = moment.astimezone(datetime.fromisoformat(f"2026-01-01T00:00:00{_colon(zone)}").tzinfo)
    fraction = re.sub(r"\d", "0", found["fraction"] or "")
    return f"{moment:%Y-%m-%d}{found['between']}{moment:%H:%M:%S}{fraction}{zone or ''}"


def _colon(zone: str) -> str:
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return f"{zone[0]}{digits[:2]}:{digits[2:]}"


def _is_utc(text: str, near: datetime | None) -> bool:
    """Tell whether a time without a zone is UTC: the old token's own end is nearer to it that way."""
    if near is None:
        return False
    moment = datetime.fromisoformat(text.replace(",", "."))
    return abs(moment.replace(tzinfo=UTC) - near) <= min(abs(moment.astimezone(UTC) - near), timedelta(hours=12))


def _showable(moment: datetime) -> datetime | None:
    """Return a time that can be shown in every zone: one that names its own, and a year that clocks reach."""
    return moment.astimezone(UTC) if moment.tzinfo and moment.year < 9000 else None
