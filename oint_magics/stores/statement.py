"""One statement of the team's database, with a deadline of our own.

It runs in a separate thread, which is abandoned if no answer comes. So neither a server that is down behind a pooler
nor a commit that waits for a standby blocks the caller, and the stop button works.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import queue
import socket
from typing import TYPE_CHECKING, Any, NamedTuple

from oint_magics.stores import database_faults

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from oint_magics.stores.database_faults import Fault

    Connection = psycopg.Connection[Any]
# How long the server has to answer to a cancellation, in seconds.
_GRACE = 2.0


class Outcome(NamedTuple):
    """What came of a statement.

    Attributes:
        rows: its rows.
        fault: what went wrong; `None` for nothing.
        connection: for the next statement; `None` if it is closed.
        is_cancelled: whether it was cancelled first. A write may then be on the primary only.
    """

    rows: list[tuple[Any, ...]]
    fault: Fault | None = None
    connection: Connection | None = None
    is_cancelled: bool = False


class Statement:
    """A statement that runs once.

    Args:
        execute: runs it over a connection and returns its rows; raises `psycopg.Error`.
        connect: returns a connection.
        connection: an open connection; `None` to make one.
    """

    def __init__(
        self,
        execute: Callable[[Connection], list[tuple[Any, ...]]],
        connect: Callable[[], Connection],
        connection: Connection | None,
    ) -> None:
        self._execute = execute
        self._connect = connect
        self._connection = connection
        self._is_left = False
        self._outcomes: queue.SimpleQueue[Outcome | BaseException] = queue.SimpleQueue()

    def run(self, seconds: float) -> Outcome:
        """Run it and return what came of it; after the deadline it is cancelled, then left.

        Args:
            seconds: how long the server has to answer; a cancellation gets two more.
        """
        try:
            _thread.start_new_thread(self._run, ())
        except RuntimeError:  # No thread can be started: better without a deadline than not at all.
            self._run()
        is_late = False
        try:
            outcome = self._outcome(seconds)
            if outcome is None:
                is_late = True
                _thread.start_new_thread(self._cancel, ())
                outcome = self._outcome(_GRACE)
        except BaseException:
            self._leave()
            with contextlib.suppress(RuntimeError):
                _thread.start_new_thread(self._cancel_and_end, ())
            raise
        if outcome is None:
            self._leave()
            self._end()
            return Outcome([], database_faults.LATE)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome._replace(is_cancelled=is_late)

    def _outcome(self, seconds: float) -> Outcome | BaseException | None:
        with contextlib.suppress(queue.Empty):
            return self._outcomes.get(timeout=seconds)
        return None

    def _run(self) -> None:
        try:
            outcome: Outcome | BaseException = self._executed()
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            outcome = error
        self._outcomes.put(outcome)
        if self._is_left:
            self._close()

    def _executed(self) -> Outcome:
        import psycopg

        try:
            if self._connection is None:
                self._connection = self._connect()
            rows = self._execute(self._connection)
        except psycopg.Error as error:
            fault = database_faults.of(error)
        except UnicodeError:
            fault = database_faults.NO_UNICODE
        else:
            return Outcome(rows, connection=self._connection)
        self._close()
        return Outcome([], fault)

    def _leave(self) -> None:
        """Make the thread close its connection when it has finished."""
        self._is_left = True
        if not self._outcomes.empty():
            self._close()

    def _cancel(self) -> None:
        with contextlib.suppress(Exception):
            if self._connection is not None:
                self._connection.cancel()

    def _cancel_and_end(self) -> None:
        self._cancel()
        self._end()

    def _end(self) -> None:
        """Shut the connection's socket down, so that the thread that waits for it continues."""
        with contextlib.suppress(Exception):
            if self._connection is not None:
                with socket.socket(fileno=os.dup(self._connection.fileno())) as end:
                    end.shutdown(socket.SHUT_RDWR)

    def _close(self) -> None:
        with contextlib.suppress(Exception):
            if self._connection is not None:
                self._connection.close()
