"""Which files hold results of `--out`: notes in the data folder, each with a hash of what was written.

A file that is not exactly that is something else: auth data, an app's `.env`, a log, a result that was edited.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from typing import TYPE_CHECKING

from oint_magics import settings
from oint_magics.stores.formats import newer
from oint_magics.stores.private_folder import Folder, data_folder, private_folder

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
_LARGEST = 4096


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
    name = _name_of(path)
    found: object = None
    with contextlib.suppress(OSError, ValueError, RecursionError), Folder(_folder()) as folder:
        found = json.loads(folder.read(name, _LARGEST) or b"{}")
    if not isinstance(found, dict):
        return None
    if found.get("format", FORMAT) != FORMAT:
        raise newer("The note of a result", _folder() / name)
    return found.get("digest")


def note(path: Path, content: bytes) -> None:
    """Note what is written into a file; without a data folder it is not known later, and then not overwritten."""
    known = {"format": FORMAT, "digest": hashlib.sha256(content).hexdigest()}
    with contextlib.suppress(OSError):
        data_folder(settings.data_folder())
        with Folder(private_folder(_folder())) as folder:
            folder.write(_name_of(path), json.dumps(known).encode())


def _folder() -> Path:
    return settings.data_folder() / "results"


def _name_of(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:32]
