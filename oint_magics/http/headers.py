"""What an answer's headers tell."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """Return the moment in UTC that an answer's `Date` names, or `None`.

    Args:
        headers: the answer's, their names in lower case or in a mapping without case.
    """
    return _date(headers.get("date", ""))


@lru_cache(maxsize=8)
def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if 1990 < moment.year < 2200 else None  # Beyond that, a day before or after may be none.
