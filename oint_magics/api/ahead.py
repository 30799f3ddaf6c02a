"""A small sum that is reserved ahead, for the next requests of a loop.

To note each request in the ledger takes a tenth of the time of a small request. So a loop of them without a budget
reserves a quarter of a dollar at once; its answers are noted together, when that is used up, or when the loop has been
still for a moment.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from oint_magics import process
from oint_magics.api import price
from oint_magics.api.ledger import Ledger, Unreadable
from oint_magics.http.headers import date_of
from oint_magics.http.json_body import object_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oint_magics.api.price import Resources
    from oint_magics.api.request import Request

# How much is reserved at once, in thousandths of a US dollar. A request that costs more than a fifth of it gets a
# reservation of its own.
_SUM = 250
# Requests that follow each other within so many seconds are a loop; after so many without one, it has ended.
_SOON = 0.25
# The sessions that hold a sum now.
_holders: set[Ahead] = set()
# The ids of processes that note their answers when they end.
_workers: set[int] = set()


class Share(NamedTuple):
    """A request that is paid from the sum.

    Attributes:
        asked: the read.
        most: its price at most.
    """

    asked: Request
    most: int


class Ahead:
    """What one session has reserved ahead.

    Args:
        ledger: its app's.
        account: whose tokens ask.
    """

    def __init__(self, ledger: Ledger, account: str) -> None:
        self._ledger, self._account = ledger, account
        self._last = -_SOON
        self.after_fork()
        process.watch(self)

    def after_fork(self) -> None:
        """Forget in a child process what is the parent's to note."""
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._end()

    def _end(self) -> None:
        """Hold nothing."""
        _holders.discard(self)
        self._name = self._day = ""
        self._until = 0.0
        self._left = self._lost = 0
        self._out: list[Share] = []
        self._answers: list[tuple[Share, bytes, Mapping[str, str]]] = []

    def take(self, asked: Request, most: int) -> Share | None:
        """Take a request's price out of the sum; `None` if it needs a reservation of its own.

        Args:
            asked: the read.
            most: its price at most, in thousandths of a US dollar.

        Raises:
            Unreadable: the ledger cannot be used.
        """
        with self._lock:
            now = time.monotonic()
            before, self._last = self._last, now
            if most > _SUM // 5 or now - before > _SOON:
                return None
            if self._left < most or time.time() > self._until:
                if self._out:
                    return None
                self._settle()
                if not self._begin():
                    return None
            self._left -= most
            share = Share(asked, most)
            self._out.append(share)
            return share

    def answered(self, share: Share, body: bytes, headers: Mapping[str, str]) -> None:
        """Keep an answer until it is noted."""
        with self._lock:
            if share in self._out:
                self._out.remove(share)
                self._answers.append((share, body, headers))
                self._last = time.monotonic()

    def released(self, share: Share) -> None:
        """Note that a request was refused, or was not sent."""
        with self._lock:
            if share in self._out:
                self._out.remove(share)

    def lost(self, share: Share) -> None:
        """Note that no answer came to a request that may have been billed: its price stays reserved."""
        with self._lock:
            if share in self._out:
                self._out.remove(share)
                self._lost += share.most

    def settle(self) -> None:
        """Note what was answered, and give back what no request needs."""
        with self._lock:
            self._settle()

    def close(self) -> None:
        """Do the same as the process ends; answers that are still awaited may have been billed."""
        with self._lock:
            self._lost += sum(share.most for share in self._out)
            self._out = []
            self._settle()

    def _begin(self) -> bool:
        """Reserve a sum; return whether there is somebody who ends it."""
        if self._thread is None:
            thread = threading.Thread(target=self._wait, name="oint_magics ledger", daemon=True)
            with contextlib.suppress(RuntimeError):  # The process ends.
                thread.start()
                self._thread = thread
        if self._thread is None:
            return False
        _end_with_a_worker()
        now = self._ledger.now()
        self._day, self._left = now.date().isoformat(), _SUM
        self._name = self._ledger.reserve(self._day, _SUM, None) or ""
        midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
        self._until = time.time() + (midnight - now).total_seconds()
        _holders.add(self)
        return True

    def _wait(self) -> None:
        """End the sum when the loop has ended."""
        is_over = False
        while not is_over:
            time.sleep(_SOON)
            with self._lock:
                if time.monotonic() - self._last >= _SOON:
                    self._settle()
                if not self._name:
                    self._thread, is_over = None, True

    def _settle(self) -> None:
        """End the sum; what is still awaited is reserved under another name before."""
        if not self._name or (self._out and not self._left and not self._answers):
            return
        out, day, name = self._out, self._day, ""
        with contextlib.suppress(Unreadable):
            days: dict[str, list[Resources]] = {self._day: []}
            for share, body, headers in self._answers:
                document, moment = object_of(body), date_of(headers)
                if document is None:
                    self._lost += share.most
                    continue
                its = moment.date().isoformat() if moment else self._day
                days.setdefault(its, []).extend(price.of_answer(share.asked.read, share.asked.path, document))
            if moment_of_last := date_of(self._answers[-1][2]) if self._answers else None:
                self._ledger.note_clock(moment_of_last)
            if out:
                name = self._ledger.reserve(self._day, sum(share.most for share in out), None) or ""
            if self._lost:
                self._ledger.reserve(self._day, self._lost, None)
            # The sum's own day comes last: what ends the process in between leaves too much, and not too little.
            for each in sorted(days, key=lambda each: each == self._day):
                ticket = self._name if each == self._day else secrets.token_hex(8)
                self._ledger.settle(ticket, each, each, self._account, days[each])
        self._end()
        if name:
            self._name, self._day, self._out = name, day, out
            _holders.add(self)


def settle() -> None:
    """Note in the ledgers what this process has reserved ahead."""
    for each in list(_holders):
        each.settle()


def _end_with_a_worker() -> None:
    """Let a multiprocessing worker note its answers when it ends: a forked one does not run `atexit` handlers."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None and os.getpid() not in _workers:
        _workers.add(os.getpid())
        util.Finalize(None, _close, exitpriority=10)


@atexit.register
def _close() -> None:
    for each in list(_holders):
        each.close()
