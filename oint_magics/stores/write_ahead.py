"""A flight: one use of one refresh token, from before it is sent until its successor is saved.

Its file lies in `.oint/` beside the store, named by the token's fingerprint. The raw answer is appended
to it as it comes off the socket, so that a process that dies in the next moment leaves it behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from oint_magics import settings
from oint_magics.display.text import visible
from oint_magics.errors import OintError, StoreNotWritable
from oint_magics.oauth import raw_answer, token_endpoint
from oint_magics.secret import fingerprint as fingerprint_of
from oint_magics.stores import atomic, journal
from oint_magics.stores.locks import holder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from oint_magics.auth.structure import Auth
    from oint_magics.oauth.raw_answer import Answer
    from oint_magics.oauth.token_endpoint import Grant
    from oint_magics.secret import Secret
    from oint_magics.stores.seal import Seal

_LARGEST = 3 * 1024 * 1024
# Room for an answer that is set aside on the disk before anything is sent; a longer one grows the file.
_ROOM = 16 * 1024


class Found(NamedTuple):
    """A flight that did not land.

    Attributes:
        by: the process that flew it and its machine, in words.
        since: when it began, in words (UTC).
        tries: how often the token was sent by then.
        answer: what came back as far as it came, or `None` where no status came.
        is_elsewhere: whether its answer, if one came, lies on another machine.
        leases: the leases under which this machine sent the token.
        began: when it began, in Unix seconds; `None` where that cannot be read.
    """

    by: str
    since: str
    tries: int
    answer: Answer | None
    is_elsewhere: bool = False
    leases: tuple[str, ...] = ()
    began: float | None = None

    def grant(self, auth: Auth, login: tuple[Secret, ...] = ()) -> Grant | None:
        """Return the pair that it brought, or `None`.

        Args:
            auth: what was sent.
            login: what stands for the code of a login, as `oauth.read_grant` takes it; nothing for a refresh.
        """
        if self.answer is None:
            return None
        # Its token has lived since then, not since it was found.
        came = datetime.now(UTC) if self.began is None else datetime.fromtimestamp(self.began, UTC)
        try:
            return token_endpoint.read_grant(self.answer, auth, "the token endpoint", came, login)
        except OintError:
            return None


class Airfield(NamedTuple):
    """Where a store's flights start and land.

    Attributes:
        folder: the folder of the store's file.
        store: the name of the store's file.
        place: the store, as it can be opened.
        seal: encrypts the answers; `None` where the store itself is plain.
    """

    folder: Path
    store: str
    place: str
    seal: Seal | None = None


class Flight:
    """A flight in the air, or one that was left behind.

    Args:
        field: where it starts.
        fingerprint: the refresh token's.
        lease: the lease it flies under, or blank.
    """

    def __init__(self, field: Airfield, fingerprint: str, lease: str = "") -> None:
        self._field = field
        self._name = f"flight-{fingerprint}"
        self._seal = field.seal
        self._lease = lease
        self._descriptor = -1
        self._before: bytes | None = None
        self._noted_before: bytes | None = None
        self._came = bytearray()
        self._sealed: Callable[[bytes], bytes] | None = None
        self._is_kept = True

    @property
    def _path(self) -> Path:
        return self._field.folder / atomic.WORKSHOP / self._name

    def open(self, tries: int) -> None:
        """Write who flies and when, synced, before anything is sent.

        Args:
            tries: how often the token is sent, with this flight.

        Raises:
            StoreNotWritable: it cannot be written.
        """
        reason = None
        self._sealed = self._seal.prepared(self._name) if self._seal else None
        try:
            self._begin(tries)
        except OSError as error:
            reason = error.strerror or type(error).__name__
        if reason:
            raise StoreNotWritable(
                "The answer could not be kept on its way, so nothing was sent.",
                cause=f"{reason} (it is written to {atomic.WORKSHOP}/ beside the file as it comes).",
                next_step="make room or make the folder writable, then run it again",
            )

    def _begin(self, tries: int) -> None:
        path = atomic.workshop(self._field.folder) / self._name
        self._before, self._noted_before = _content(path), _content(_note(self._name))
        leases = [*_leases(_head(self._before)[0]), *([self._lease] if self._lease else [])]
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path, flags, 0o600)
        who = {"by": holder(), "since": time.time(), "tries": tries}
        head = who | {"store": self._field.store, "leases": leases}
        start = json.dumps(head).encode() + b"\n"
        atomic.write_all(self._descriptor, start + bytes(_ROOM))
        os.fsync(self._descriptor)
        os.lseek(self._descriptor, len(start), os.SEEK_SET)
        atomic.sync_folder(path.parent)
        _set_note(self._name, self._field.place.encode())

    def check(self) -> None:
        """Make sure, in the last moment before it is sent, that the token may still be sent."""

    def append(self, data: bytes) -> None:
        """Append raw bytes of the answer; whatever goes wrong here must not keep the answer from being read.

        A sealed flight writes the whole answer at once, as soon as it is there.

        Args:
            data: the bytes; none where the other side ended the connection.
        """
        if self._sealed is None:
            self._write(data)
            return
        self._came += data
        if self._came and (not data or raw_answer.is_whole(self._came)):
            self._write(self._sealed(bytes(self._came)))
            self._came.clear()

    def _write(self, data: bytes) -> None:
        try:
            atomic.write_all(self._descriptor, data)
        except OSError:
            self._is_kept = False

    @property
    def is_kept(self) -> bool:
        """Whether all that came is in the file."""
        return self._is_kept and not self._came

    def close(self) -> None:
        """Close the file and leave it: its answer is not saved, or there is none."""
        if self._descriptor >= 0:
            if self._sealed and self._came:
                self._write(self._sealed(bytes(self._came)))
                self._came.clear()
            os.close(self._descriptor)
            self._descriptor = -1

    def drop(self) -> None:
        """Remove the file: the pair is kept elsewhere."""
        self.close()
        _remove(self._path)

    def land(self) -> None:
        """Remove the file, the pair being saved or nothing left to wait for; and those of the store's earlier tokens.

        Whoever lands holds the store, so a flight of a token that the store holds no longer is void.
        """
        self.drop()
        for path in self._path.parent.glob("flight-*"):
            if _head(_content(path))[0].get("store") == self._field.store and self._is_void(path.name):
                _remove(path)

    def _is_void(self, name: str) -> bool:
        """Tell whether nobody needs a flight of another token; its pair, where it brought one, is known then.

        A process may have died between the save and the journal, and a copy may need what its store does not.
        """
        fingerprint = name.removeprefix("flight-")
        try:
            found = Flight(self._field, fingerprint).found()
        except OintError:
            return False
        newest = _refresh_token(found.answer.body) if found and found.answer else None
        if fingerprint.startswith("login-"):  # No token's: a login that did not come to its end.
            return newest is not None and journal.family_of(newest) is not None
        if newest is None or journal.successor_of(fingerprint):
            return True
        if not journal.family_of(newest):
            return False
        journal.record(fingerprint, newest, self._field.place)
        return True

    def cancel(self) -> None:
        """Undo `open` where nothing was sent or spent: what an earlier flight left in doubt stays as it was."""
        self._came.clear()
        if self._before is None:
            self.drop()
            _set_note(self._name, self._noted_before)
            return
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            atomic.write_all(self._descriptor, self._before)
            os.fsync(self._descriptor)
        self.close()

    def siblings(self, start: str) -> list[str]:
        """Return the fingerprints, or what stands for them, of all this store's flights that begin so."""
        found = sorted(self._path.parent.glob(f"flight-{start}*"))
        mine = [path for path in found if _head(_content(path))[0].get("store") == self._field.store]
        return [path.name.removeprefix("flight-") for path in mine]

    def found(self) -> Found | None:
        """Return what an earlier flight of this token left behind, or `None`.

        Raises:
            StoreError: the answer is sealed, and no key opens it.
        """
        data = _content(self._path)
        if data is None:
            return None
        head, raw = _head(data)
        answer = raw_answer.read(self._seal.opened(self._name, raw) if self._seal and raw else raw)
        try:
            since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(head["since"]))
            who, began = visible(str(head["by"]), 200), float(head["since"])
            return Found(who, since, int(head["tries"]), answer, leases=tuple(_leases(head)), began=began)
        except (ValueError, TypeError, LookupError, OverflowError, OSError):
            return Found("an unknown process", "an unknown time", 1, answer)


def _leases(head: dict[str, Any]) -> list[str]:
    leases = head.get("leases")
    return [str(lease) for lease in leases] if isinstance(leases, list) else []


def aloft(fingerprint: str) -> str | None:
    """Return the store, as it can be opened, from which this machine last sent a token whose flight did not land.

    Copies of one file, and a text and its profile, have flights in different folders.
    """
    place = _content(_note(f"flight-{fingerprint}"))
    return place.decode("utf-8", "replace") if place else None


def _note(name: str) -> Path:
    return settings.data_folder() / "flights" / name


def _set_note(name: str, place: bytes | None) -> None:
    """Note where a flight started; without a data folder, copies are not known to be copies."""
    path = _note(name)
    with contextlib.suppress(OSError):
        if place is None:
            path.unlink(missing_ok=True)
        else:
            atomic.private_folder(path.parent)
            atomic.note(path, place.decode("utf-8", "surrogateescape"))


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
    _set_note(path.name, None)


def left_in(folder: Path) -> dict[str, str]:
    """Return the stores beside which a flight was left, each with the fingerprint of its token.

    Args:
        folder: the folder of the stores' files.
    """
    found = sorted((folder / atomic.WORKSHOP).glob("flight-*"))
    return {str(_head(_content(path))[0].get("store")): path.name.removeprefix("flight-") for path in found}


def _content(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST)
    except OSError:
        return None


def _head(data: bytes | None) -> tuple[dict[str, Any], bytes]:
    """Return who flew and when, as far as it can be read, and the answer behind it."""
    head, _, raw = (data or b"").rstrip(b"\0").partition(b"\n")
    try:
        known = json.loads(head)
    except ValueError:
        known = None
    return known if isinstance(known, dict) else {}, raw


def _refresh_token(body: bytes) -> str | None:
    """Return the fingerprint of the refresh token in an answer, or `None`."""
    try:
        token = json.loads(body)["refresh_token"]
        return fingerprint_of(token) if isinstance(token, str) else None
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
