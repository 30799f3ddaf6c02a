"""What is said of files of ours that cannot be used: of another format, or there and not to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from oint_magics.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path


def newer(what: str, path: Path) -> StoreError:
    """Return the error for something of ours that is of another format."""
    return StoreError(
        f"{what} has a format that this version of oint_magics does not know. Nothing was sent.",
        cause=f"{path.name} was written by another version.",
        next_step="%pip install --upgrade oint_magics",
    )


def unreadable(path: Path, reason: str, otherwise: str = "") -> NoReturn:
    """Raise the error for a log that is there and cannot be read.

    Args:
        path: its file.
        reason: why.
        otherwise: what else the user may do; blank for nothing.
    """
    steps = ["make the log readable, or restore it", *([otherwise] if otherwise else [])]
    raise StoreError(
        "The refresh log cannot be read, so it is not known which tokens are spent. Nothing was sent.",
        cause=f"{path}: {reason}.",
        next_step="; ".join([*steps, "or set OINT_HOME to another data folder"]),
    )
