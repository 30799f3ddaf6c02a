"""Copies of the newest pair of each file of a user's, for the day when older bytes are put back over it.

A copy holds the pair and its end, no other secret of the file, and goes together with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from oint_magics import settings
from oint_magics.auth import expiry
from oint_magics.auth.structure import auth_of
from oint_magics.errors import StoreError
from oint_magics.secret import Secret
from oint_magics.stores import formats
from oint_magics.stores.private_folder import Folder, data_folder, private_folder

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from oint_magics.auth.structure import Auth

FORMAT = 1
_LARGEST = 64 * 1024


class Pair(NamedTuple):
    """The two tokens of a file, and when the access token ends (aware, UTC); each `None` where there is none."""

    access_token: Secret | None
    refresh_token: Secret | None
    expires_at: datetime | None

    def with_app(self, app: Auth) -> Auth:
        """Return the pair with the ten keys of its app."""
        values: dict[str, object] = json.loads(app.document.reveal())
        end = self.expires_at and int(self.expires_at.timestamp())
        pair = {"access_token": self.access_token, "refresh_token": self.refresh_token, "expires_at": end}
        return auth_of(values | pair)


def name_of(place: str) -> str:
    """Return a file's name that stands for a store's place."""
    return hashlib.sha256(os.fsencode(place)).hexdigest()[:16]


def keep(place: str, pair: Pair) -> None:
    """Keep a file's pair; where that cannot be, older bytes cannot be repaired, and nothing else is wrong.

    Copies of files that are gone are deleted.

    Args:
        place: the file's path.
        pair: what is in it.
    """
    text = {
        "format": FORMAT,
        "place": place,
        "access_token": pair.access_token and pair.access_token.reveal(),
        "refresh_token": pair.refresh_token and pair.refresh_token.reveal(),
        "expires_at": pair.expires_at and int(pair.expires_at.timestamp()),
    }
    with contextlib.suppress(OSError, StoreError):
        kept(place)  # One of an unknown format stays.
        data_folder(settings.data_folder())
        private_folder(_folder())
        with Folder(_folder()) as folder:
            folder.write(f"{name_of(place)}.json", json.dumps(text).encode())
            _sweep(folder)


def kept(place: str) -> Pair | None:
    """Return the pair that was kept of a file, or `None`.

    Raises:
        StoreError: it is of an unknown format.
    """
    known: Any = None
    with contextlib.suppress(OSError, ValueError), Folder(_folder()) as folder:
        known = json.loads(folder.read(f"{name_of(place)}.json", _LARGEST) or b"null")
    if not isinstance(known, dict):
        return None
    if known.get("format") != FORMAT:
        raise formats.newer("The copy of the newest tokens", _folder() / f"{name_of(place)}.json")
    texts = [known.get(key) for key in ("access_token", "refresh_token")]
    access, refresh = (Secret(text) if isinstance(text, str) and text else None for text in texts)
    return Pair(access, refresh, expiry.read(known.get("expires_at")))


def remove(place: str) -> None:
    """Delete the copy of a file's pair."""
    with contextlib.suppress(OSError), Folder(_folder()) as folder:
        folder.remove(f"{name_of(place)}.json")


def _sweep(folder: Folder) -> None:
    for name in folder.names(""):
        with contextlib.suppress(OSError, ValueError, TypeError, LookupError):
            known = json.loads(folder.read(name, _LARGEST) or b"")
            if known["format"] == FORMAT and not os.path.lexists(known["place"]):
                folder.remove(name)


def _folder() -> Path:
    return settings.data_folder() / "newest"
