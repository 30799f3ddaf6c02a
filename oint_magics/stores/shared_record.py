"""The exchange record of a team's row: on this machine, with a mark in the row that the other machines see."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from oint_magics import settings
from oint_magics.errors import OintError, StoreError
from oint_magics.stores.lease import Lease, Mark, late
from oint_magics.stores.unfinished import Unfinished
from oint_magics.stores.write_ahead import ExchangeRecord, RecordFolder

if TYPE_CHECKING:
    from pathlib import Path

    from oint_magics.secret import Secret
    from oint_magics.stores.seal import Seal

# What must be left of a lease when the exchange has taken all its time, in seconds: enough to save.
_SAVING = 2.0


class SharedRecordFolder(RecordFolder):
    """Where the records of a row lie, which the other machines can see."""

    def __init__(self, target: Path, place: str, seal: Seal, lease: Lease) -> None:
        super().__init__(target, place, seal)
        self._lease = lease

    def of(self, token: Secret) -> ExchangeRecord:
        return _SharedRecord(self, token, self._lease)


class _SharedRecord(ExchangeRecord):
    """A record that the other machines can see."""

    def __init__(self, folder: RecordFolder, token: Secret, lease: Lease) -> None:
        super().__init__(folder, token.fingerprint(), token, lease.name)
        self._lease_held = lease
        self._marked_before: Mark | None = None
        self._begun_at = 0.0

    def begin(self, tries: int) -> None:
        """Write who sends the token, on this machine and then in the row, before anything is sent.

        Raises:
            StoreNotWritable: it cannot be written.
            StoreBusy: the lease is another's by now.
        """
        super().begin(tries)
        try:
            self._marked_before = self._lease_held.mark(self._fingerprint, tries)
        except OintError:
            super().close()  # The mark may be in the row nevertheless; this file shows that it is ours.
            raise
        self._begun_at = time.monotonic()

    def check(self) -> None:
        """Make sure that the lease outlives the exchange, also where the machine slept in between.

        Raises:
            StoreBusy: it does not.
        """
        exchange = settings.timeout() - (time.monotonic() - self._begun_at)
        if self._lease_held.left() < max(0.0, exchange) + _SAVING:
            raise late()
        super().check()

    def listening(self) -> None:
        """Keep the lease while a late answer is waited for."""
        with contextlib.suppress(StoreError):
            self._lease_held.renew()

    def commit(self) -> None:
        """Remove mark and file: the pair is saved, or nothing is left to wait for."""
        with contextlib.suppress(StoreError):
            self._lease_held.unmark(self._fingerprint, None)
        super().commit()

    def rollback(self) -> None:
        """Undo `begin`; an earlier exchange whose outcome is unknown keeps its mark and its record."""
        try:
            self._lease_held.unmark(self._fingerprint, self._marked_before)
        except StoreError:
            super().close()  # As above.
            return
        super().rollback()

    def looked_up(self) -> tuple[Unfinished | None, str]:
        """Return what an earlier exchange of this token left behind, here or on another machine; as the base does."""
        here, ignored = super().looked_up()
        if here and here.answer and here.answer.status < 300:
            return here, ignored
        mark = self._lease_held.marked(self._fingerprint)
        if mark is None:
            return None, ignored  # The mark comes before the sending: without one, nothing was sent.
        if here and mark.lease in here.leases:
            return here._replace(tries=mark.tries), ignored
        return Unfinished(mark.by, mark.at, mark.tries, None, is_elsewhere=True), ignored
