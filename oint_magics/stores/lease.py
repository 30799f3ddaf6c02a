"""The lease on a team's row, on the database's clock, and the mark that its holder leaves before it sends."""

from __future__ import annotations

import contextlib
import socket
import time
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from oint_magics import settings
from oint_magics.display.text import escaped
from oint_magics.display.times import clock
from oint_magics.errors import StoreBusy, StoreError
from oint_magics.stores.locks import holder, wait_a_moment
from oint_magics.stores.private_folder import Folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from oint_magics.stores.postgres import Database

T = TypeVar("T")
# What a lease lasts longer than an exchange, in seconds: less than a waiter waits, more than a save takes.
_MARGIN = 10.0
_LOOKS_APART = 0.1


class Mark(NamedTuple):
    """Who sent a row's token last, for everybody to see.

    Attributes:
        fingerprint: the token's.
        lease: the lease under which it was sent.
        by: the process and its machine, in words.
        at: when, in words (UTC, the database's clock).
        tries: how often it was sent by then.
    """

    fingerprint: str
    lease: str
    by: str
    at: str
    tries: int


class Lease:
    """A row's lease, free at first.

    Args:
        database: the team's.
        row: the row's name.
        folder: where this machine notes its leases, so that one left by a dead process is known as its own.
    """

    def __init__(self, database: Database, row: str, folder: Path) -> None:
        self._database = database
        self._row = row
        # A home that two machines share must not make them take each other's lease.
        self._note = folder / f".{row}.{socket.gethostname()}.leases"
        self._ends = 0.0
        self.name = ""

    def take(self, end: float, meanwhile: Callable[[], T | None]) -> T | None:
        """Wait for the lease and take it; or return what was found meanwhile, and take none.

        The caller holds this machine's lock, so no process here uses an earlier lease of this machine.

        Args:
            end: until when to wait (`time.monotonic`).
            meanwhile: asked while somebody else has it.

        Raises:
            StoreBusy: somebody else had it all the time.
            StoreError: the database cannot be used.
        """
        name = uuid.uuid4().hex
        mine = self._noted(name)
        while not self._try(name, mine):
            found = meanwhile()
            if found is not None:
                return found
            if time.monotonic() > end:
                self._busy()
            wait_a_moment(_LOOKS_APART)
        return None

    def _try(self, name: str, mine: list[str]) -> bool:
        seconds = settings.timeout() + _MARGIN
        ends = clock() + seconds
        rows = self._run(
            "INSERT INTO oint_pair AS pair (name, lease, holder, until) "
            "VALUES (%(row)s, %(lease)s, %(holder)s, now() + %(seconds)s * interval '1 second') "
            "ON CONFLICT (name) DO UPDATE SET lease = EXCLUDED.lease, holder = EXCLUDED.holder, until = EXCLUDED.until "
            "WHERE pair.lease IS NULL OR pair.until < now() OR pair.lease = ANY(%(mine)s) RETURNING 1",
            lease=name,
            holder=holder(),
            seconds=seconds,
            mine=mine,
        )
        if rows:
            self.name, self._ends = name, ends
        return bool(rows)

    def _noted(self, name: str) -> list[str]:
        """Note a lease before it is asked for; return all that this machine did not give back."""
        names = [name]
        with contextlib.suppress(OSError, UnicodeError):
            names += self._note.read_bytes().decode().split()
        with contextlib.suppress(OSError), Folder(self._note.parent) as folder:
            folder.note(self._note.name, "\n".join(names).encode())
        return names

    def _busy(self) -> None:
        rows = self._run("SELECT holder FROM oint_pair WHERE name = %(row)s")
        raise StoreBusy(
            "Another machine is refreshing these tokens and has not finished, so nothing was sent.",
            cause=f"it is held by {escaped(rows[0][0], 200) if rows and rows[0][0] else 'another process'}.",
            next_step="run it again when that process has finished; if it is ended now, new tokens may be lost",
        )

    def release(self) -> None:
        """Give the lease back, if there is one; where that fails, it ends by itself."""
        if not self.name:
            return
        with contextlib.suppress(StoreError, OSError):
            self._run(
                "UPDATE oint_pair SET lease = NULL, holder = NULL, until = NULL "
                "WHERE name = %(row)s AND lease = %(lease)s",
                needs_standby=False,
                lease=self.name,
            )
            delete = "DELETE FROM oint_pair WHERE name = %(row)s AND content IS NULL AND lease IS NULL"
            self._run(delete, needs_standby=False)
            self._note.unlink()
        self.name = ""

    def renew(self) -> None:
        """Extend the lease if half of it is over; nothing happens if another machine has taken it.

        Raises:
            StoreError: the database cannot be used.
        """
        seconds = settings.timeout() + _MARGIN
        if not self.name or self.left() > seconds / 2:
            return
        ends = clock() + seconds
        rows = self._run(
            "UPDATE oint_pair SET until = now() + %(seconds)s * interval '1 second' "
            "WHERE name = %(row)s AND lease = %(lease)s RETURNING 1",
            needs_standby=False,
            seconds=seconds,
            lease=self.name,
        )
        self._ends = ends if rows else self._ends

    def left(self) -> float:
        """Return how long the lease lasts still, in seconds."""
        return self._ends - clock()

    def mark(self, fingerprint: str, tries: int) -> Mark | None:
        """Note in the row that a token is being sent; return the mark that was there, of this token or of another.

        Raises:
            StoreBusy: the lease is another's by now.
        """
        before = self._mark()
        rows = self._run(
            "UPDATE oint_pair SET exchange = %(exchange)s, sent_by = %(holder)s, sent_at = now(), tries = %(tries)s "
            "WHERE name = %(row)s AND lease = %(lease)s AND until > now() RETURNING 1",
            exchange=f"{fingerprint} {self.name}",
            holder=holder(),
            tries=tries,
            lease=self.name,
        )
        if not rows:
            raise late()
        return before

    def marked(self, fingerprint: str) -> Mark | None:
        """Return the mark of a token, or `None` where it was not sent, or came back."""
        found = self._mark()
        return found if found and found.fingerprint == fingerprint else None

    def _mark(self) -> Mark | None:
        """Return the row's mark, whichever token it is of."""
        rows = self._run(
            "SELECT exchange, sent_by, to_char(sent_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC', tries "
            "FROM oint_pair WHERE name = %(row)s AND exchange IS NOT NULL",
        )
        if not rows:
            return None
        exchange, by, at, tries = rows[0]
        fingerprint, _, lease = exchange.partition(" ")
        return Mark(fingerprint, lease, escaped(by or "another process", 200), at, tries)

    def unmark(self, fingerprint: str, before: Mark | None) -> None:
        """Put an earlier mark, or none, in the place of the one that this lease left."""
        self._run(
            "UPDATE oint_pair SET exchange = %(exchange)s, sent_by = %(by)s, sent_at = %(at)s::timestamptz, "
            "tries = %(tries)s WHERE name = %(row)s AND exchange = %(mine)s",
            needs_standby=False,
            mine=f"{fingerprint} {self.name}",
            exchange=f"{before.fingerprint} {before.lease}" if before else None,
            by=before.by if before else None,
            at=before.at if before else None,
            tries=before.tries if before else 0,
        )

    def _run(self, statement: str, *, needs_standby: bool = True, **values: object) -> list[tuple[Any, ...]]:
        return self._database.run(statement, needs_standby=needs_standby, row=self._row, **values)


def late() -> StoreBusy:
    """Return the error for a lease that does not last."""
    return StoreBusy(
        "The database lock on these tokens expired before the request, so nothing was sent.",
        cause="this machine was asleep or stopped, or the database is slow.",
        next_step="run it again",
    )
