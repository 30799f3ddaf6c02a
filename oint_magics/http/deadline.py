"""One deadline over a whole request, and whether it has left this machine: both are decided at the socket.

requests bounds each wait, not the whole: a server that sends its header byte by byte keeps it waiting for ever. Here
the connection is shut at the deadline, whatever it is doing.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

from oint_magics.http.alarm import Alarm

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHORTEST = 0.01
_here = threading.local()


class Deadline:
    """A time by which a connection is shut.

    Args:
        end: the time (`time.monotonic`).
    """

    def __init__(self, end: float) -> None:
        self._end = end
        self._handle: socket.socket | None = None
        self._lock = threading.Lock()

    @property
    def left(self) -> float:
        """How much time is left, in seconds."""
        return self._end - time.monotonic()

    @property
    def wait(self) -> float:
        """How long the connection may wait for one thing, in seconds; never nothing, which would be for ever."""
        return max(_SHORTEST, self.left)

    @property
    def is_over(self) -> bool:
        """Whether no time is left."""
        return self.left <= 0

    def guard(self, sock: socket.socket) -> None:
        """Remember a connection by a handle of its own, which outlives the wrapping for TLS.

        Raises:
            TimeoutError: it is too late; the connection is closed.
        """
        handle = socket.fromfd(sock.fileno(), sock.family, sock.type)
        with self._lock:
            before, self._handle = self._handle, handle
        if before is not None:
            before.close()
        if self.is_over:  # A name service may take longer than the whole deadline.
            sock.close()
            raise TimeoutError

    def cut(self) -> None:
        """Shut the connection, so that whatever waits for it ends now."""
        with self._lock:
            if self._handle is not None:
                with contextlib.suppress(OSError):  # The other side may have been faster.
                    self._handle.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Close the handle."""
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None


class Exchange(Deadline):
    """A request to the API, which may be repeated after an answer that refuses its token.

    Args:
        seconds: how long it may take, from when it is made until its whole answer is here.

    Attributes:
        is_sent: whether a byte of it may have left this machine since the last answer.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(time.monotonic() + seconds)
        self.seconds = seconds
        self.is_sent = False
        self._is_given_up = False
        self._alarm: Alarm | None = None

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Let the connections that are used in this thread meanwhile keep this deadline."""
        before, _here.exchange = current(), self
        try:
            yield
        finally:
            _here.exchange = before
            self._stop()
            self.release()

    def begin(self, seconds: float | None = None) -> None:
        """Begin: what was sent before is answered by now.

        Args:
            seconds: how long it may take from now on; `None` for as long as at first.
        """
        self._stop()
        self.is_sent = False
        self.extend(self.seconds if seconds is None else seconds)

    def extend(self, seconds: float) -> None:
        """Let what is on its way take so many seconds from now on."""
        self._stop()
        self._end = time.monotonic() + seconds
        self._alarm = Alarm(seconds, self.cut)

    def leave(self, sock: socket.socket) -> None:
        """Note that bytes of the request leave now.

        Raises:
            TimeoutError: it is too late, or the request was given up; nothing has left.
        """
        self.guard(sock)  # One that is used again was guarded for another request.
        with self._lock:
            if self.is_over or self._is_given_up:
                raise TimeoutError
            self.is_sent = True

    def give_up(self) -> bool:
        """Let no byte leave any more; tell whether none has left."""
        with self._lock:
            self._is_given_up = True
            return not self.is_sent

    def _stop(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None


def current() -> Exchange | None:
    """Return the exchange that runs in this thread, or `None`."""
    return getattr(_here, "exchange", None)
