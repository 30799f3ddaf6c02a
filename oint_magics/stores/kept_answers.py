"""Answers in which no tokens were found, kept for a person who looks into them; `write_ahead` keeps them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from oint_magics.stores.unfinished import content, head_of
from oint_magics.stores.write_ahead import KEPT

if TYPE_CHECKING:
    from pathlib import Path

    from oint_magics.stores.write_ahead import RecordFolder


def of(records: RecordFolder) -> list[Path]:
    """Return a store's kept answers, the oldest first."""
    if not records.folder.is_dir():
        return []
    with contextlib.suppress(OSError), records.opened() as folder:
        paths = [folder.path / name for name in folder.names(KEPT) if _is_of(records, content(folder, name))]
        return sorted(paths, key=lambda path: path.stat().st_mtime)
    return []


def discard(records: RecordFolder) -> None:
    """Delete a store's kept answers: their tokens are ended, or the store is given up."""
    for path in of(records):
        with contextlib.suppress(OSError), records.opened() as folder:
            folder.remove(path.name)


def _is_of(records: RecordFolder, data: bytes | None) -> bool:
    return head_of(data)[0].get("store") == records.target.name
