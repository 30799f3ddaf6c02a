"""Calls that are made after a time, unless they are cancelled before: one thread for all of a process."""

from __future__ import annotations

import _thread
import contextlib
import threading
import time
from typing import TYPE_CHECKING

from oint_magics import process

if TYPE_CHECKING:
    from collections.abc import Callable

# Above so many alarms, those that were cancelled are dropped.
_MANY = 64
# How long a thread may take to begin, in seconds.
_BEGINS = 1.0
_PAUSE = 0.01


class Alarm:
    """A call that is made after a time, unless it is cancelled before.

    A thread for each would take a tenth of a small request's time. `threading.Timer` is not used, because its `start`
    can wait for ever: on Python 3.11 an exception that is set in the starting thread may hit the new thread instead,
    which then ends before it reports that it has started. If no thread can be started, as at the end of a process since
    Python 3.12, the socket's own timeouts still apply.

    Args:
        seconds: after how many seconds.
        call: what to call.
    """

    def __init__(self, seconds: float, call: Callable[[], object]) -> None:
        self.end = time.monotonic() + max(0.0, seconds)
        self._call: Callable[[], object] | None = call
        _clock.add(self)

    @property
    def is_set(self) -> bool:
        """Whether it was neither cancelled nor rung."""
        return self._call is not None

    def cancel(self) -> None:
        """Cancel the call."""
        self._call = None

    def ring(self) -> None:
        """Make the call; an exception in it is dropped."""
        call, self._call = self._call, None
        if call is not None:
            with contextlib.suppress(BaseException):
                call()


class _Clock:
    """The thread that waits for the next alarm; it ends when none is left."""

    def __init__(self) -> None:
        self.after_fork()
        process.watch(self)

    def after_fork(self) -> None:
        """Start empty: the parent's threads, and their alarms, do not exist in a child process."""
        self._lock = threading.Lock()
        self._sooner = threading.Lock()
        self._sooner.acquire()
        self._alarms: list[Alarm] = []
        self._until = 0.0
        self._started = -_BEGINS
        self._is_running = False

    def add(self, alarm: Alarm) -> None:
        with self._lock:
            if len(self._alarms) > _MANY:
                self._alarms = [each for each in self._alarms if each.is_set]
            self._alarms.append(alarm)
            # One that was started a moment ago may not have begun yet, or never will.
            now = time.monotonic()
            is_missing = not self._is_running and now - self._started > _BEGINS
            is_sooner = self._is_running and alarm.end < self._until
            if is_missing:
                self._started = now
        if is_missing:
            try:
                _thread.start_new_thread(self._run, ())
            except RuntimeError:
                self._started = -_BEGINS
            except BaseException:
                self._started = -_BEGINS
                raise
        elif is_sooner:
            with contextlib.suppress(RuntimeError):  # It was told before, and has not looked yet.
                self._sooner.release()

    def _run(self) -> None:
        with self._lock:
            if self._is_running:
                return
            self._is_running = True
        while True:
            try:
                if not self._look():
                    return
                self._sooner.acquire(timeout=min(max(0.0, self._until - time.monotonic()), threading.TIMEOUT_MAX))
            except BaseException:  # noqa: BLE001 - one that was set for another thread
                time.sleep(_PAUSE)

    def _look(self) -> bool:
        """Ring the alarms whose time has come; tell whether others are left."""
        now = time.monotonic()
        with self._lock:
            left = [each for each in self._alarms if each.is_set]
            due = [each for each in left if each.end <= now]
            self._alarms = [each for each in left if each.end > now]
            self._until = min((each.end for each in self._alarms), default=now)
            self._is_running = bool(self._alarms or due)
            if not self._is_running:
                self._started = -_BEGINS
        for each in due:
            each.ring()
        return self._is_running


_clock = _Clock()
