"""Small private JSON files of one kind, in a folder of their own in the data folder: one class for all of them.

A note with an unknown format number was written by another version: it is not read, overwritten or deleted.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from oint_magics import settings
from oint_magics.errors import StoreError
from oint_magics.stores import formats
from oint_magics.stores.private_folder import Folder, data_folder, private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FORMAT = 1


class Note(NamedTuple):
    """A note.

    Attributes:
        name: its file's name.
        says: what it says.
        seen: when its file was last changed, in Unix seconds.
    """

    name: str
    says: dict[str, Any]
    seen: float


class Notes:
    """The notes of one kind.

    Args:
        folder: the name of their folder.
        what: what messages call one of them.
        largest: how long one may be, in bytes.
    """

    def __init__(self, folder: str, what: str, largest: int = 16 * 1024) -> None:
        self._folder = folder
        self._what = what
        self._largest = largest

    @property
    def path(self) -> Path:
        """Their folder."""
        return settings.data_folder() / self._folder

    def read(self, name: str) -> dict[str, Any]:
        """Return what a note says; nothing where there is none, or it is damaged.

        Raises:
            StoreError: it is of an unknown format.
        """
        content = None
        with contextlib.suppress(OSError), Folder(self.path) as folder:
            content = folder.read(name, self._largest)
        return self.says(name, content)

    def says(self, name: str, content: bytes | None) -> dict[str, Any]:
        """Return what a note's content says, as `read` does."""
        known: Any = None
        with contextlib.suppress(ValueError, RecursionError):
            known = json.loads(content or b"null")
        if not isinstance(known, dict):
            return {}
        if known.get("format", FORMAT) != FORMAT:
            raise formats.newer(self._what, self.path / name)
        return known

    def write(self, name: str, says: Mapping[str, Any], *, is_synced: bool = True) -> None:
        """Write a note, over an earlier one; do nothing if there is no data folder and none can be created.

        Raises:
            StoreError: the earlier one has an unknown format.
        """
        self.restore(name, json.dumps({"format": FORMAT, **says}).encode(), is_synced=is_synced)

    def content(self, name: str) -> bytes | None:
        """Return the bytes of a note; `None` if there is none."""
        with contextlib.suppress(OSError), Folder(self.path) as folder:
            return folder.read(name, self._largest)
        return None

    def restore(self, name: str, content: bytes | None, *, is_synced: bool = True) -> None:
        """Write the bytes of an earlier note back, or remove the note; raises as `write` does."""
        if content is None:
            self.remove(name)
            return
        self.read(name)
        with contextlib.suppress(OSError):
            data_folder(settings.data_folder())
            with Folder(private_folder(self.path)) as folder:
                folder.write(name, content, is_synced=is_synced)

    def remove(self, name: str) -> None:
        """Delete a note, unless another version has written it."""
        with contextlib.suppress(OSError, StoreError):
            self.read(name)
            with Folder(self.path) as folder:
                folder.remove(name)

    def every(self) -> Iterator[Note]:
        """Yield all notes of the known format that can be read."""
        with contextlib.suppress(OSError), Folder(self.path) as folder:
            for name in folder.names(""):
                with contextlib.suppress(OSError, StoreError):
                    found, says = folder.stat(name), self.says(name, folder.read(name, self._largest))
                    if found and says and not name.endswith(".new"):
                        yield Note(name, says, found.st_mtime)

    def remove_torn(self, age: float) -> None:
        """Delete temporary files that a process left when it died, if they are older than `age` seconds."""
        import time

        with contextlib.suppress(OSError), Folder(self.path) as folder:
            for name in folder.names(""):
                found = folder.stat(name) if name.endswith(".new") else None
                if found and time.time() - found.st_mtime > age:
                    folder.remove(name)
