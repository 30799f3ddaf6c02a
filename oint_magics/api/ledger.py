"""What was read and posted, by X's list price: for each app and UTC day, for all kernels together.

It is never below what X can have billed. A page is reserved at its price at most before it is asked for, and settled
when its answer is there; if the answer is lost, the reservation stays. Ids are keyed hashes here, and are deleted after
the next day; the sums stay.

A day is a text file of lines: `app CLIENT_ID`, `reserve TICKET MILLS`, and
`settle TICKET MILLS ACCOUNT KIND=READ=NEW=MILLS,… HASHES`. It is appended to
under a lock and not synced: a page is worth less than a sync.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from oint_magics import process, settings
from oint_magics.api.ledger_day import Day, Line, Spent, together
from oint_magics.errors import StoreBusy, UsageError
from oint_magics.stores.kept_lock import KeptLock
from oint_magics.stores.private_folder import Folder, data_folder, private_folder, write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from oint_magics.api.price import Resources

T = TypeVar("T")
_FOLDER, _KEY, _SUMS, _CLOCK = "ledger", "key", "sums", "clock"
# How far two clocks are apart, in seconds, that do not count as the same.
_MUCH = 300.0
_DAY = re.compile(r"[0-9a-f]{16}-\d{4}-\d\d-\d\d")
_LARGEST = 512 * 1024 * 1024
_HASH = 8
_WAIT = 10.0


class Unreadable(UsageError):
    """The ledger cannot be read or written; with a budget, nothing is sent then."""


class Ledger:
    """An app's ledger.

    Args:
        app: its client id, or what names a bearer token.
    """

    def __init__(self, app: str) -> None:
        self._client_id, self._path = app, settings.data_folder() / _FOLDER
        self._app = hashlib.sha256(app.encode()).hexdigest()[:16]
        self._hash_key: bytes | None = None
        self._behind: float | None = None
        self.after_fork()
        process.watch(self)

    def after_fork(self) -> None:
        """Use a lock and a folder of one's own: another thread of the parent may hold the lock for ever.

        What that thread has not yet noted of the file is read again.
        """
        self._folder: Folder | None = None
        self._days: dict[str, Day] = {}
        self._lock, self._between = threading.Lock(), KeptLock("ledger")

    def now(self) -> datetime:
        """Return the time in UTC by X's clock, as far as its last answer tells."""
        if self._behind is None:
            self._behind = 0.0
            with contextlib.suppress(Unreadable):
                self._behind = self._held(lambda folder: float(folder.read(f"{self._app}.{_CLOCK}", 64) or 0))
        return datetime.now(UTC) + timedelta(seconds=self._behind)

    def today(self) -> str:
        """Return the day by that clock: `2026-11-01`."""
        return self.now().date().isoformat()

    def note_clock(self, moment: datetime) -> None:
        """Note the time by X's clock, from an answer; one that differs much is remembered by other processes too."""
        is_other = abs((moment - self.now()).total_seconds()) > _MUCH
        behind = (moment - datetime.now(UTC)).total_seconds()
        self._behind = behind
        if is_other:
            with contextlib.suppress(Unreadable):
                self._held(lambda folder: folder.note(f"{self._app}.{_CLOCK}", f"{behind:.0f}".encode()))

    def reserve(self, day: str, mills: int, budget: int | None) -> str | None:
        """Note what a request costs at most; return its ticket, or `None` where the budget has not so much left.

        Args:
            day: the day in UTC, as `2026-11-01`.
            mills: the price at most.
            budget: what may be spent on a day, in thousandths; `None` for no limit.

        Raises:
            Unreadable: the ledger cannot be used.
        """

        def work(folder: Folder) -> str | None:
            found = self._up_to_date(folder, day)
            if budget is not None and found.spent.mills + mills > budget:
                return None
            ticket = secrets.token_hex(_HASH)
            self._add(folder, day, found, f"reserve {ticket} {mills}\n")
            found.reserved[ticket] = mills
            return ticket

        return self._held(work)

    def settle(
        self, ticket: str, reserved_on: str, day: str, account: str, resources: Iterable[Resources]
    ) -> dict[str, Line]:
        """Note what an answer has brought, in the place of its reservation, and return that, by kind.

        Args:
            ticket: the request's.
            reserved_on: the day on which it was reserved.
            day: the day that X's answer names.
            account: whose tokens asked.
            resources: what X bills for it.

        Raises:
            Unreadable: the ledger cannot be used; the reservation stays.
        """
        who = quote(account, safe="")

        def work(folder: Folder) -> dict[str, Line]:
            found = self._up_to_date(folder, day, in_use=reserved_on)
            counts, hashes = self._counted(folder, found, account, resources)
            mills = sum(each.mills for each in counts.values())
            text = ",".join(f"{kind}={each.read}={each.new}={each.mills}" for kind, each in counts.items())
            names = f" {b''.join(hashes).hex(' ', _HASH)}" if hashes else ""
            self._add(folder, day, found, f"settle {ticket} {mills} {who} {text}{names}\n")
            found.settle(ticket, mills, counts.values(), hashes)
            if day != reserved_on:  # After the other: what ends it in between leaves too much, and not too little.
                before = self._up_to_date(folder, reserved_on)
                self._add(folder, reserved_on, before, f"settle {ticket} 0 {who} \n")
                before.settle(ticket, 0, (), ())
            return counts

        return self._held(work)

    def spent(self, day: str) -> Spent:
        """Return what was spent on a day; raises `Unreadable`."""
        return self._held(lambda folder: self._up_to_date(folder, day).spent)

    def month(self, day: str) -> Spent:
        """Return what was spent in a day's month before it; raises `Unreadable`."""

        def work(folder: Folder) -> tuple[dict[str, Any], list[Spent]]:
            days = {name: each for name, each in self._sums(folder).items() if name.startswith(day[:7]) and name < day}
            files = [name.removeprefix(f"{self._app}-") for name in folder.names(f"{self._app}-{day[:7]}")]
            return days, [self._up_to_date(folder, name).spent for name in files if name < day]

        days, left = self._held(work)
        spent = [*map(_of_sums, days.values()), *left]
        lines = together(line for each in spent for line in each.lines)
        mills, reserved = sum(each.mills for each in spent), sum(each.reserved for each in spent)
        return Spent(self._client_id, mills, reserved, lines)

    def apps(self) -> list[str]:
        """Return the client ids of all apps; raises `Unreadable`."""

        def work(folder: Folder) -> set[str]:
            found = set()
            for name in folder.names(""):
                if name.endswith(f".{_SUMS}"):
                    sums = json.loads(folder.read(name, _LARGEST) or b"{}")
                    found |= {str(each["app"]) for each in sums.values()}
                elif _DAY.fullmatch(name):
                    found.add(_day(folder, name).app)
            return found

        return sorted(each for each in self._held(work) if each)

    def _counted(
        self, folder: Folder, found: Day, account: str, resources: Iterable[Resources]
    ) -> tuple[dict[str, Line], dict[bytes, None]]:
        """Return what an answer brings, by kind, and the hashes of what is new today."""
        counts: dict[str, Line] = {}
        hashes: dict[bytes, None] = {}
        key, blake2b = self._key(folder), hashlib.blake2b
        for kind, mills, names in resources:
            named = [blake2b(name.encode(), key=key, digest_size=_HASH).digest() for name in names if name]
            new = dict.fromkeys(named)
            for known in (*filter(found.known.__contains__, new), *filter(hashes.__contains__, new)):
                new.pop(known, None)
            number = len(new) + len(names) - len(named)
            hashes |= new
            if names:
                before = counts.get(kind) or Line(account, kind, 0, 0, 0)
                counts[kind] = Line(
                    account, kind, before.read + len(names), before.new + number, before.mills + mills * number
                )
        return counts, hashes

    def _add(self, folder: Folder, day: str, found: Day, line: str) -> None:
        """Append a line to a day's file; the caller updates the day in memory."""
        if not found.at:
            line = f"app {quote(self._client_id, safe='')}\n{line}"
            found.app = self._client_id
        descriptor = folder.open(f"{self._app}-{day}", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            write_all(descriptor, line.encode())
        finally:
            os.close(descriptor)
        found.at += len(line)

    def _key(self, folder: Folder) -> bytes:
        if self._hash_key is None:
            known = folder.read(_KEY, 64)
            if not known:
                known = secrets.token_bytes(32)
                folder.write(_KEY, known, is_synced=False)
            self._hash_key = known
        return self._hash_key

    def _held(self, work: Callable[[Folder], T]) -> T:
        """Do something while the ledger's folder is held, and return what it returns."""
        reason = ""
        try:
            with self._lock:
                folder = self._opened()
                try:
                    try:
                        self._between.take(folder, _WAIT)
                        return work(folder)
                    finally:
                        self._between.release()
                except BaseException:
                    self._days.clear()  # It may have fallen between a line and what is remembered of it.
                    self._between.drop()
                    raise
        except StoreBusy:
            reason = "another process holds it"
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = getattr(error, "strerror", None) or "a line of it is damaged"
            self._folder = None
        raise Unreadable(
            "The ledger of what was read cannot be used.",
            cause=f"{reason}.",
            next_step="make the data folder writable; or delete its folder ledger, which holds counts alone; "
            "or take OINT_TWITTER_BUDGET away",
        )

    def _opened(self) -> Folder:
        """Return the folder, opened once: a process makes many requests."""
        if self._folder is None or not self._path.exists():
            data_folder(self._path.parent)
            self._folder = Folder(private_folder(self._path))
        return self._folder

    def _up_to_date(self, folder: Folder, day: str, in_use: str = "") -> Day:
        """Return a day, with what other processes have added; what one of them has torn is cut off."""
        name = f"{self._app}-{day}"
        if day not in self._days:
            self._end_earlier_days(folder, day, in_use)
        found = self._days.setdefault(day, Day())
        there = folder.stat(name)
        size = there.st_size if there else 0
        if size < found.at:
            found = self._days[day] = Day()
        if size > found.at:
            descriptor = folder.open(name, os.O_RDWR)
            with os.fdopen(descriptor, "rb") as file:
                file.seek(found.at)
                self._days.pop(day)  # If a line is damaged, it is read again, and named again.
                found.take(file.read(_LARGEST).decode("ascii"))
                self._days[day] = found
                if found.at < size:
                    os.ftruncate(descriptor, found.at)
        return found

    def _end_earlier_days(self, folder: Folder, day: str, in_use: str) -> None:
        """Add the sums of days before yesterday to those that stay, and delete their ids.

        An answer that was on its way at midnight still ends a reservation of yesterday.
        """
        now = datetime.now(UTC) + timedelta(seconds=self._behind or 0.0)
        last = (now - timedelta(days=1)).date().isoformat()
        for name in folder.names(f"{self._app}-"):
            before = name.removeprefix(f"{self._app}-")
            if before >= min(day, last) or before == in_use:
                continue
            ended = _day(folder, name)
            sums = self._sums(folder)
            total = [*([_of_sums(sums[before])] if before in sums else []), ended.spent]
            sums[before] = Spent(
                self._client_id,
                sum(each.mills for each in total),
                sum(each.reserved for each in total),
                together(line for each in total for line in each.lines),
            )._asdict()
            folder.write(f"{self._app}.{_SUMS}", json.dumps(sums).encode(), is_synced=False)
            folder.remove(name)
            self._days.pop(before, None)

    def _sums(self, folder: Folder) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(folder.read(f"{self._app}.{_SUMS}", _LARGEST) or b"{}")
        return found


def _day(folder: Folder, name: str) -> Day:
    found = Day()
    found.take((folder.read(name, _LARGEST) or b"").decode("ascii"))
    return found


def _of_sums(each: dict[str, Any]) -> Spent:
    return Spent(each["app"], each["mills"], each["reserved"], tuple(Line(*line) for line in each["lines"]))


def apps() -> list[str]:
    """Return the client ids of all apps that have a ledger here.

    Raises:
        Unreadable: the ledger cannot be used.
    """
    return Ledger("").apps()
