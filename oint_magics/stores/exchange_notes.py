"""Notes in the data folder of tokens that are being sent: they lead a copy to the record beside another store."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from oint_magics import settings
from oint_magics.stores import formats
from oint_magics.stores.private_folder import Folder, data_folder, private_folder, reason_of

if TYPE_CHECKING:
    from pathlib import Path

    from oint_magics.secret import Secret

FORMAT = 1
_LARGEST = 16 * 1024


def place_of_record(token: Secret) -> str | None:
    """Return the store, as it can be opened, from which this machine last sent a token and did not come to an end.

    Copies of one file, and a text and its profile, have records in different folders.

    Raises:
        StoreError: the note of it is of an unknown format.
    """
    noted = read(token.fingerprint())
    try:
        known = json.loads(noted) if noted else {}
    except (ValueError, RecursionError):
        return None
    if not isinstance(known, dict):
        return None
    if known.get("format", FORMAT) != FORMAT:
        raise formats.newer("The note of a recovery file", _folder() / token.fingerprint())
    place = known.get("place")
    return place if isinstance(place, str) else None


def read(name: str) -> bytes | None:
    """Return the note of a fingerprint as it lies there, or `None`."""
    try:
        with Folder(_folder()) as folder:
            return folder.read(name, _LARGEST)
    except OSError as error:
        reason_of(error)
        return None


def write(name: str, place: str) -> None:
    """Note where a token is sent from; without a data folder, copies are not known to be copies."""
    restore(name, json.dumps({"format": FORMAT, "place": place}).encode())


def restore(name: str, content: bytes | None) -> None:
    """Put a note there as it was, or none."""
    if content is None and not _folder().is_dir():
        return
    with contextlib.suppress(OSError):
        data_folder(settings.data_folder())
        private_folder(_folder())
        with Folder(_folder()) as folder:
            folder.write(name, content) if content is not None else folder.remove(name)


def _folder() -> Path:
    return settings.data_folder() / "exchanges"
