"""How old a note is, even if the machine's clock was changed since."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oint_magics.display.times import clock

if TYPE_CHECKING:
    from collections.abc import Mapping

# From 2017 to 2286, in Unix seconds; what is outside was not written by us.
_EARLIEST, _LATEST = 1.5e9, 1e10
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def stamp() -> dict[str, Any]:
    """Return what a note says of the moment: `at`, in Unix seconds; the machine's start, and the seconds since it."""
    return {"at": time.time(), "boot": _boot(), "up": clock()}


def made_at(noted: Mapping[str, Any], otherwise: float) -> float:
    """Return when a note was made, in Unix seconds.

    Args:
        noted: the note.
        otherwise: what holds for one that does not say it.
    """
    at = noted.get("at")
    return at if isinstance(at, int | float) and _EARLIEST < at < _LATEST else otherwise


def age(noted: Mapping[str, Any], otherwise: float) -> float:
    """Return how old a note is, in seconds: the younger of its ages by the time of day and by the machine's start.

    After the clock is corrected, a note from a minute ago may look two days old. The age is negative if the clock was
    ahead when the note was made.

    Args:
        noted: the note.
        otherwise: when it was made, for one that does not say it; in Unix seconds.
    """
    ages = [time.time() - made_at(noted, otherwise)]
    up = noted.get("up")
    if isinstance(up, int | float) and noted.get("boot") == _boot() is not None and 0 <= up <= clock():
        ages.append(clock() - up)
    return min(ages)


def _boot() -> str | None:
    """Return what names this run of the machine; `None` where the system has no such name."""
    with contextlib.suppress(OSError):
        # As bytes: in a folder that is gone, Python 3.13.0 cannot look up an encoding that it has not met.
        return _BOOT.read_bytes().decode().strip()
    return None
