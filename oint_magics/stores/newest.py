"""Copies of the newest pair of each store, used when older bytes replace it.

A copy is named by its refresh token's fingerprint, which the refresh log knows as the newest of a family. So it is
found wherever the older bytes are. It holds the pair and its expiry, no other secret, and is sealed if the
store is. It is deleted with a newer pair, with revoke and forget, or 30 days after its store was last seen.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from oint_magics.auth import expiry
from oint_magics.auth.structure import auth_of
from oint_magics.errors import StoreError
from oint_magics.secret import Secret
from oint_magics.stores import ages
from oint_magics.stores.notes import Note, Notes
from oint_magics.stores.private_folder import Folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from oint_magics.auth.structure import Auth
    from oint_magics.stores.seal import Seal

_NOTES = Notes("newest", "The copy of the newest tokens", 64 * 1024)
_A_DAY = 24 * 3600.0
_UNSEEN = 30 * _A_DAY
_ENDING = ".json"
_OVERTAKEN = "overtaken"
# Its time tells when the copies were swept last.
_SWEPT = "swept"


class Pair(NamedTuple):
    """The two tokens of a store, and when the access token ends (aware, UTC); each `None` where there is none."""

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


def keep(place: str, file: Path | None, pair: Pair, seal: Seal | None, before: Secret | None) -> None:
    """Keep a store's pair; where that cannot be, older bytes cannot be repaired, and nothing else is wrong.

    Args:
        place: the store.
        file: its file, which shows whether it is there still; `None` for a row of a database.
        pair: what is in it.
        seal: encrypts the copy; `None` where the store is plain.
        before: the refresh token that this pair has followed, whose copy goes; `None` for none.
    """
    token = pair.refresh_token
    with contextlib.suppress(StoreError):
        if token is not None:
            says = {"place": place, "file": str(file) if file else None} | ages.stamp()
            _NOTES.write(f"{token.fingerprint()}{_ENDING}", says | _content(pair, token, seal))
        if before is not None and not before.matches(token):
            forget(place, before)
        _sweep()


def _content(pair: Pair, token: Secret, seal: Seal | None) -> dict[str, Any]:
    texts = {
        "access_token": pair.access_token and pair.access_token.reveal(),
        "refresh_token": token.reveal(),
        "expires_at": pair.expires_at and int(pair.expires_at.timestamp()),
    }
    if seal is None:
        return texts
    return {"sealed": seal.sealed(_purpose(token.fingerprint()), json.dumps(texts).encode()).decode()}


def reseal(place: str, file: Path | None, pair: Pair, seal: Seal) -> None:
    """Replace a plain copy of a pair by a sealed one: the pair has moved into a sealed store; as `keep` otherwise."""
    if pair.refresh_token is not None and _NOTES.content(f"{pair.refresh_token.fingerprint()}{_ENDING}") is not None:
        keep(place, file, pair, seal, None)


def kept(fingerprint: str, seal: Seal | None, *, takes_overtaken: bool = True) -> Pair | None:
    """Return the pair that was kept of a refresh token, or `None`.

    Args:
        fingerprint: the refresh token's.
        seal: opens a copy that is encrypted; `None` opens plain ones alone.
        takes_overtaken: whether to return one that another program may have refreshed since.

    Raises:
        StoreError: it is of an unknown format, or no key opens it.
    """
    known = _NOTES.read(f"{fingerprint}{_ENDING}")
    if known.get(_OVERTAKEN) and not takes_overtaken:
        return None
    sealed = known.get("sealed")
    if isinstance(sealed, str):
        if seal is None:
            return None
        known = json.loads(seal.opened(_purpose(fingerprint), sealed.encode()))
    texts = [known.get(key) for key in ("access_token", "refresh_token")]
    access, refresh = (Secret(text) if isinstance(text, str) and text else None for text in texts)
    pair = Pair(access, refresh, expiry.read(known.get("expires_at")))
    return pair if refresh is not None and refresh.has_fingerprint(fingerprint) else None


def is_kept(fingerprint: str) -> bool:
    """Return whether there is a copy of the pair of a refresh token, sealed or not."""
    with contextlib.suppress(StoreError):
        return bool(_NOTES.read(f"{fingerprint}{_ENDING}"))
    return False


def check_known(token: Secret) -> None:
    """Raise a `StoreError` if another version has written the copy of a token."""
    _NOTES.read(f"{token.fingerprint()}{_ENDING}")


def remove(token: Secret) -> None:
    """Delete the copy of the pair of a refresh token."""
    _NOTES.remove(f"{token.fingerprint()}{_ENDING}")


def forget(place: str, token: Secret | None = None) -> None:
    """Delete copies of the pairs of a store.

    Args:
        place: the store.
        token: delete only the copy of this refresh token, unless another store that is there has it too; `None` for
            all copies of the store.
    """
    for name, says, _ in [_noted(token)] if token else _NOTES.every():
        if says.get("place") == place or (token and not _is_there(says)):
            _NOTES.remove(name)


def _noted(token: Secret) -> Note:
    name = f"{token.fingerprint()}{_ENDING}"
    with contextlib.suppress(StoreError):
        return Note(name, _NOTES.read(name), 0.0)
    return Note(name, {"place": None, "file": os.curdir}, 0.0)  # Another version's: it stays.


def overtake(place: str, token: Secret) -> None:
    """Note that a store holds a token that is not known here: another program may have refreshed the pairs before it.

    Their copies are not put back without `--try-old`: their refresh tokens may be used.
    """
    for note in _NOTES.every():
        is_other = note.name != f"{token.fingerprint()}{_ENDING}"
        if note.says.get("place") == place and is_other and not note.says.get(_OVERTAKEN):
            with contextlib.suppress(StoreError):
                _NOTES.write(note.name, note.says | {_OVERTAKEN: True})


def _is_there(says: Mapping[str, Any]) -> bool:
    """Return whether the file of a copy's store is there."""
    path = says.get("file") or says.get("place")
    try:
        return os.path.lexists(path) if isinstance(path, str) else False
    except ValueError:
        return False


def _sweep() -> None:
    """Delete, once a day, the copies whose store was not seen for 30 days, and what was written and not renamed.

    A store holds one pair: of several copies of one store, it is the last that is seen with it. A place that is not
    there may be a disk that is not mounted now.
    """
    with contextlib.suppress(OSError), Folder(_NOTES.path) as folder:
        last_time = folder.stat(_SWEPT)
        if last_time and 0 <= time.time() - last_time.st_mtime < _A_DAY:
            return
        folder.note(_SWEPT, b"")
    notes = sorted(_NOTES.every(), key=lambda note: note.seen)
    last = {str(note.says.get("place")): note.name for note in notes}
    for name, says, seen in notes:
        if last[str(says.get("place"))] == name and _is_there(says):
            if time.time() - seen > _A_DAY:
                with contextlib.suppress(OSError):
                    os.utime(_NOTES.path / name)
        elif min(ages.age(says, seen), time.time() - seen) > _UNSEEN:
            _NOTES.remove(name)
    _NOTES.remove_torn(_A_DAY)


def _purpose(fingerprint: str) -> str:
    return f"newest {fingerprint}"
