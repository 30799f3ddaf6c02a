"""Which files hold results of `--out`: notes in the data folder, each with a hash of what was written.

A file that is not exactly that is something else: auth data, an app's `.env`, a log, a result that was edited.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from oint_magics.stores.notes import Notes

if TYPE_CHECKING:
    from pathlib import Path

_NOTES = Notes("results", "The note of a result")


def is_result(path: Path) -> bool:
    """Tell whether a file holds exactly what `--out` has written there.

    Raises:
        StoreError: the note of it has a format that is not known.
    """
    known = _digest_noted(path)
    if known is None or not path.is_file():  # To open a pipe would wait for its other end.
        return False
    try:
        with path.open("rb") as file:
            return known == hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return False


def _digest_noted(path: Path) -> object:
    """Return the hash of what was written into a file; `None` where that is not known."""
    return _NOTES.read(_name_of(path)).get("digest")


def note(path: Path, content: bytes) -> None:
    """Note what is written into a file; without a data folder it is not known later, and then not overwritten."""
    _NOTES.write(_name_of(path), {"digest": hashlib.sha256(content).hexdigest()})


def _name_of(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:32]
