"""Exchange records in memory, used when the disk turns read-only after the token was sent.

Files and names are the same as those beside the store. A restart of the machine deletes them.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from oint_magics.stores.private_folder import Folder
from oint_magics.stores.unfinished import LARGEST

if TYPE_CHECKING:
    from collections.abc import Iterator


# systemd's folder for a user who is logged in; the memory of all users.
_USUAL = ("/run/user/{}", "/dev/shm")  # noqa: S108 - a private folder in it


def write(name: str, data: bytes) -> Path | None:
    """Write a record; return its file, or `None` if no folder in memory can be used."""
    for folder in _folders(is_made=True):
        with contextlib.suppress(OSError), folder:
            folder.write(name, data, is_synced=False)
            return folder.path / name
    return None


def read(name: str) -> tuple[Path, bytes] | None:
    """Return a record's file and its content, or `None` where there is none of mine."""
    for folder in _folders():
        with contextlib.suppress(OSError), folder:
            found, data = folder.stat(name), folder.read(name, LARGEST)
            if found and data and folder.is_private(found):
                return folder.path / name, data
    return None


def remove(name: str) -> None:
    """Remove a record."""
    for folder in _folders():
        with contextlib.suppress(OSError), folder:
            folder.remove(name)


def _folders(*, is_made: bool = False) -> Iterator[Folder]:
    """Yield the private folders in memory: in `XDG_RUNTIME_DIR`, then in `/dev/shm`."""
    user = os.getuid() if hasattr(os, "getuid") else None
    name = "" if user is None else f"oint_magics-{user}"
    # Another run of the same user may have the variable or not.
    for above in dict.fromkeys((os.environ.get("XDG_RUNTIME_DIR"), *(each.format(user) for each in _USUAL))):
        if above and name and (is_made or os.path.lexists(os.path.join(above, name))):  # noqa: PTH118 - of a cold refresh
            with contextlib.suppress(OSError), Folder(Path(above)) as memory:
                yield memory.inner(name)
