"""The exchange record: what is written before a token is sent, until its successor is saved (write-ahead).

Its file lies in `.oint/` beside the store, named by the token's fingerprint; of a login, in the data folder. The raw
answer is appended to it as it comes off the socket, so that a process that dies in the next moment leaves it behind.

A record is believed only if its head carries an HMAC that is keyed by the token that is exchanged, and the file is its
owner's alone. No key is stored, so any process that has the token can tell.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, Any

from oint_magics import settings
from oint_magics.display.text import escaped
from oint_magics.errors import OintError, StoreError, StoreNotWritable
from oint_magics.oauth import raw_answer, token_endpoint
from oint_magics.secret import shown
from oint_magics.stores import journal, last_place, record_head
from oint_magics.stores.exchange_notes import NOTES
from oint_magics.stores.private_folder import (
    Folder,
    data_folder,
    private_folder,
    reason_of,
    write_all,
)
from oint_magics.stores.state_folder import STATE_FOLDER, StateFolder, state_path
from oint_magics.stores.unfinished import LARGEST, ROOM, START, Unfinished, content, head_of, leases_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from oint_magics.secret import Secret
    from oint_magics.stores.seal import Seal

KEPT = "kept-"


class RecordFolder:
    """Where the records of a store lie.

    Args:
        target: the store's file, or what stands for it; the records lie in `.oint/` beside it.
        place: the store, as it can be opened.
        seal: encrypts the answers; `None` where the store itself is plain.
        is_for_logins: whether they are records of logins, which lie in the data folder itself.
    """

    def __init__(self, target: Path, place: str, seal: Seal | None = None, *, is_for_logins: bool = False) -> None:
        self.target = target
        self.place = place
        self.seal = seal
        self._is_for_logins = is_for_logins

    def of(self, token: Secret) -> ExchangeRecord:
        """Return the record of a refresh token."""
        return ExchangeRecord(self, token.fingerprint(), token)

    def of_login(self, name: str) -> ExchangeRecord:
        """Return the record of a login; no token proves it, so only the data folder holds one."""
        return ExchangeRecord(self, name, None)

    @property
    def folder(self) -> Path:
        """The folder's path."""
        return self.target.parent if self._is_for_logins else state_path(self.target)

    def opened(self) -> Folder:
        """Open the folder, made where it is not there; raises `OSError`."""
        if not self._is_for_logins:
            return StateFolder(self.target)
        data_folder(settings.data_folder())
        private_folder(self.target.parent.parent)
        with Folder(self.target.parent.parent) as above:
            return above.inner(self.target.parent.name)

    def unfinished(self, start: str = "") -> list[str]:
        """Return the names, as `of_login` takes them, of the store's records that begin so."""
        if not self.folder.is_dir():
            return []
        with contextlib.suppress(OSError), self.opened() as folder:
            names = folder.names(START + start)
            mine = [name for name in names if head_of(content(folder, name))[0].get("store") == self.target.name]
            return [name.removeprefix(START) for name in mine if not name.endswith(".new")]
        return []

    def sweep(self, sent: Secret | None = None) -> None:
        """Remove the records of tokens that the store holds no longer, and that have nothing to tell to a copy.

        Args:
            sent: the token that was sent last. A record that has brought it, and that the refresh log does not know
                of, is noted there first: only who has the token can have written it.
        """
        log = journal.here(None if self._is_for_logins else self.folder)
        for name in self.unfinished():
            try:
                raw = self._raw_in(name)
            except (OSError, OintError):
                continue  # It cannot be read now, and may hold an answer; or another version has written it.
            if not raw and name.startswith("login-"):
                continue  # A login that is under way, perhaps.
            answer = raw_answer.read(raw)
            brought = token_endpoint.refresh_token_in(answer) if answer else None
            if sent and brought and sent.has_fingerprint(brought) and log.known(name).newest in (None, name):
                log.record(name, brought, self.place)
            if answer is None or log.known(name).newest not in (None, name):
                self.of_login(name).discard()

    def discard_all(self) -> None:
        """Remove all records of the store."""
        for name in self.unfinished():
            with contextlib.suppress(OSError, StoreError):  # One of another version stays.
                self._raw_in(name)
                self.of_login(name).discard()

    def _raw_in(self, name: str) -> bytes:
        """Return the bytes of an answer in a record; raises `OSError` or `StoreError` where they cannot be read."""
        with self.opened() as folder:
            head, raw = head_of(folder.read(START + name, LARGEST))
        record_head.check_format(head, self.folder / name)
        return self.seal.opened(START + name, raw) if self.seal and raw else raw


class ExchangeRecord:
    """The record of one exchange, that is begun here or was left behind.

    Args:
        folder: where it lies.
        name: the refresh token's fingerprint, or a login's name.
        token: proves it; `None` for a login.
        lease: the lease under which the token is sent, or blank.
    """

    def __init__(self, folder: RecordFolder, name: str, token: Secret | None, lease: str = "") -> None:
        self._folder = folder
        self._name, self._fingerprint = START + name, name
        self._token = token
        self._lease = lease
        self._descriptor = -1
        self._before: bytes | None = None
        self._noted_before: bytes | None = None
        self._head = b""
        self._written, self._came = bytearray(), bytearray()
        self._sealed: Callable[[bytes], bytes] | None = None
        self._last: Path | None = None
        self._is_kept = self._is_linked = True
        self.is_sent = False

    @property
    def file(self) -> str:
        """The record's file, as messages name it."""
        return escaped(str(self._last or self._folder.folder / self._name), 300)

    @property
    def is_in_memory(self) -> bool:
        """Whether the answer is in the machine's memory because the disk could not be written."""
        return self._last is not None

    def begin(self, tries: int) -> None:
        """Write who sends the token and when, synced, before anything is sent.

        Args:
            tries: how often the token is sent, with this time.

        Raises:
            StoreNotWritable: it cannot be written.
            StoreError: a record of an unknown format stands there.
        """
        reason = None
        seal = self._folder.seal
        self._sealed = seal.prepared(self._name) if seal else None
        try:
            self._begin(tries)
        except OSError as error:
            reason = reason_of(error)
        if reason:
            raise StoreNotWritable(
                "The recovery file cannot be written, so nothing was sent.",
                cause=f"{reason} (X's answer is written to {STATE_FOLDER}/ beside the file first).",
                next_step="free some disk space, or make the folder writable, then run it again",
            )

    def _begin(self, tries: int) -> None:
        with self._folder.opened() as folder:
            self._last = None
            last_place.remove(self._name)
            NOTES.read(self._fingerprint)  # One of another version is not written over.
            self._before, self._noted_before = content(folder, self._name), NOTES.content(self._fingerprint)
            head, raw = head_of(self._before)
            record_head.check_format(head, folder.path / self._name)
            if self._before and raw and _may_hold_pair(self._opened(raw)):
                folder.write(f"{KEPT}{self._name}-{os.urandom(4).hex()}", self._before)
            leases = [*leases_in(head), *([self._lease] if self._lease else [])]
            start = self._head = record_head.new(self._token, self._folder.target.name, tries, leases)
            folder.write(self._name, start + bytes(ROOM))
            try:
                folder.sync()
                self._descriptor = folder.open(self._name, os.O_RDWR)
            except OSError:
                self._put_back(folder)  # Nothing is sent, and the record must not say that it was.
                raise
            os.lseek(self._descriptor, len(start), os.SEEK_SET)
        NOTES.write(self._fingerprint, {"place": self._folder.place})

    def _put_back(self, folder: Folder) -> None:
        """Let the file be what it was before `begin`."""
        with contextlib.suppress(OSError):
            if self._before is None:
                folder.remove(self._name)
            else:
                folder.write(self._name, self._before)

    def check(self) -> None:
        """Make sure, in the last moment before it is sent, that the token may still be sent."""
        self.is_sent = True

    def listening(self) -> None:
        """Called while a late answer is waited for."""

    def append(self, data: bytes) -> None:
        """Append raw bytes of the answer; whatever goes wrong here must not keep the answer from being read.

        A sealed record takes the whole answer at once, as soon as it is there.

        Args:
            data: the bytes; none where the other side ended the connection.
        """
        if self._descriptor < 0:
            self._is_kept = False
            return
        if self._sealed is None:
            self._write(data)
            return
        self._came += data
        if self._came and (not data or raw_answer.is_whole(self._came)):
            self._write(self._sealed(bytes(self._came)))
            self._came.clear()

    def _write(self, data: bytes) -> None:
        self._written += data
        try:
            if self._last is None:
                write_all(self._descriptor, data)
                return
        except OSError:
            pass
        self._last = last_place.write(self._name, self._head + self._written)
        self._is_kept = self._last is not None

    @property
    def is_kept(self) -> bool:
        """Whether all that came is in the file, and the file is where the next run looks for it."""
        return self._is_kept and not self._came and self._is_linked

    def close(self) -> None:
        """Close the file and leave it: its answer is not saved, or there is none."""
        if self._descriptor < 0:
            return
        if self._sealed and self._came:
            self._write(self._sealed(bytes(self._came)))
            self._came.clear()
        self._is_linked = self.is_in_memory or self._is_still_there()
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, os.lseek(self._descriptor, 0, os.SEEK_CUR))
        os.close(self._descriptor)
        self._descriptor = -1

    def _is_still_there(self) -> bool:
        """Tell whether nobody removed or replaced file or folder meanwhile."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), (self._folder.folder / self._name).lstat())
        except OSError:
            return False

    def discard(self) -> None:
        """Remove the file: the pair is kept elsewhere."""
        self.close()
        self._remove(self._name)

    def _remove(self, name: str) -> None:
        if self._folder.folder.is_dir():
            with contextlib.suppress(OSError), self._folder.opened() as folder:
                folder.remove(name)
        last_place.remove(name)
        NOTES.remove(name.removeprefix(START))

    def commit(self) -> None:
        """Remove the file, the pair being saved or nothing left to wait for; and those of the store's earlier tokens.

        Whoever commits holds the store, so a record of a token that the store holds no longer is of no use, except to
        a copy, as long as the refresh log does not know what the record does.
        """
        self.discard()
        with contextlib.suppress(OintError):  # The pair is saved; a record too many harms nobody.
            self._folder.sweep(self._token)

    def rollback(self) -> None:
        """Undo `begin` where nothing was sent or spent: what an earlier exchange left in doubt stays as it was."""
        self._came.clear()
        if self._before is None:
            self.discard()
            NOTES.restore(self._fingerprint, self._noted_before)
            return
        with contextlib.suppress(OSError), self._folder.opened() as folder:
            self._put_back(folder)
        self.close()

    def found(self) -> Unfinished | None:
        """Return what an earlier exchange of this token left behind, or `None`.

        Raises:
            StoreError: it is of an unknown format; or its answer is sealed, and no key opens it.
        """
        return self.looked_up()[0]

    def looked_up(self) -> tuple[Unfinished | None, str]:
        """Return what an earlier exchange left behind, and how a record that is not believed is named, or nothing.

        Raises:
            StoreNotWritable: the folder is there and cannot be opened, so nobody knows.
            StoreError: as `found` does.
        """
        in_memory = self._in_memory()
        if in_memory or not os.path.lexists(self._folder.folder):
            return in_memory, ""
        reason = None
        try:
            with self._folder.opened() as folder:
                is_there, is_private = folder.stat(self._name) is not None, self._is_private(folder)
                data = folder.read(self._name, LARGEST) if is_private else None
        except OSError as error:
            reason = reason_of(error)
        if reason:
            raise StoreNotWritable(
                "A folder that may hold new tokens of an earlier run cannot be read, so nothing was sent.",
                cause=f"{reason} ({escaped(str(self._folder.folder), 300)}).",
                next_step="give yourself the right to read that folder, then run this again",
            )
        if not is_there:
            return None, ""
        head, raw = head_of(data)
        if data is None or not record_head.is_proved(self._token, head):
            return None, f"{STATE_FOLDER}/{START}{shown(self._fingerprint)}…"
        record_head.check_format(head, self._folder.folder / self._name)
        return self._unfinished(head, raw), ""

    def _in_memory(self) -> Unfinished | None:
        """Return a record that an earlier run kept in memory; it is checked as one on the disk is."""
        path, data = last_place.read(self._name) or (None, None)
        head, raw = head_of(data)
        if path is None or not record_head.is_proved(self._token, head):
            return None
        record_head.check_format(head, path)
        self._last = path
        return self._unfinished(head, raw)

    def _is_private(self, folder: Folder) -> bool:
        found = folder.stat(self._name)
        owner = folder.owner if isinstance(folder, StateFolder) else None
        return found is not None and folder.is_private(found, owner)

    def _unfinished(self, head: dict[str, Any], raw: bytes) -> Unfinished:
        answer = raw_answer.read(self._opened(raw))
        try:
            since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(head["since"]))
            who, began, tries = escaped(str(head["by"]), 200), float(head["since"]), int(head["tries"])
        except (ValueError, TypeError, LookupError, OverflowError, OSError):
            return Unfinished("an unknown process", "an unknown time", 1, answer, file=self.file)
        return Unfinished(who, since, tries, answer, leases=tuple(leases_in(head)), began=began, file=self.file)

    def _opened(self, raw: bytes) -> bytes:
        seal = self._folder.seal
        return seal.opened(self._name, raw) if seal and raw else raw


def login_records(store_name: str, place: str, seal: Seal | None = None) -> RecordFolder:
    """Return where the records of a store's logins lie: in the data folder, where nobody else can plant one."""
    return RecordFolder(settings.data_folder() / "logins" / store_name, place, seal, is_for_logins=True)


def _may_hold_pair(raw: bytes) -> bool:
    answer = raw_answer.read(raw)
    return answer is not None and token_endpoint.may_hold_pair(answer)
