"""A connection with one deadline over all of it, whose answer is recorded before anybody reads it.

requests bounds each wait, not the whole; a server that drips its status line, headers or body keeps it waiting for
ever. Here one deadline shuts the connection, whatever it is doing. The answer's bytes go to the recorder as they come
off the socket, and are read by `oint_magics.oauth.raw_answer`, as they are when they are found again later.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from oint_magics.oauth import raw_answer

if TYPE_CHECKING:
    import socket

    from oint_magics.oauth.raw_answer import Answer

_CHUNK = 16 * 1024
# A body of the largest size, and as many headers as anybody sends.
_MOST = raw_answer.LARGEST + 256 * 1024


class Recorder(Protocol):
    """Who is asked before the request is sent, and shown the answer before anybody reads it."""

    def check(self) -> None:
        """Raise an `OintError` where the request must not be sent any more; the connection stands by then."""

    def append(self, data: bytes) -> None:
        """Take the answer's raw bytes as they come off the socket; none where the other side ended it."""


class Taken(Exception):
    """The answer's bytes have been read; urllib3 must not read them again."""


class Watch:
    """A request's time, how far it got, and what came back.

    Args:
        deadline: until when (`time.monotonic`).
        recorder: allows the sending, and gets the answer.

    Attributes:
        connected: whether the connection stood, TLS included, so that the request may have gone out.
    """

    def __init__(self, deadline: float, recorder: Recorder) -> None:
        self._deadline = deadline
        self._recorder = recorder
        self._handle: socket.socket | None = None
        self._lock = threading.Lock()
        self._came = bytearray()
        self._fault: str | None = None
        self.connected = False

    @property
    def left(self) -> float:
        """How much time is left, in seconds."""
        return self._deadline - time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether no time is left."""
        return self.left <= 0

    def answer(self) -> Answer | None:
        """Return the answer as far as it came; `None` where not even its headers did."""
        ended = f"its answer was cut off ({self._fault})" if self._fault else None
        return raw_answer.read(self._came, "its answer did not end in time" if self.is_over else ended)

    def guard(self, sock: socket.socket) -> None:
        """Remember a connection by a handle of its own, which outlives the wrapping for TLS."""
        with self._lock:
            self._handle = sock.dup()
        if self.is_over:  # A name service may take longer than the whole deadline.
            sock.close()
            raise TimeoutError

    def allow(self) -> None:
        """Ask in the last moment whether the request may be sent."""
        self._recorder.check()
        if self.is_over:  # The process may have stood still; until here nothing was sent.
            raise TimeoutError
        self.connected = True

    def take(self, sock: Any) -> None:
        """Take the whole answer off the socket; each piece goes to the recorder first."""
        while len(self._came) <= _MOST and not raw_answer.is_whole(self._came):
            try:
                chunk = sock.recv(_CHUNK)
            except OSError as error:
                self._fault = type(error).__name__
                return
            self._recorder.append(chunk)
            if not chunk:
                return
            self._came += chunk

    def cut(self) -> None:
        """Shut the connection, so that whatever waits on it ends now."""
        with self._lock:
            if self._handle is not None:
                with contextlib.suppress(OSError):  # The other side may have been faster.
                    self._handle.shutdown(2)

    def release(self) -> None:
        """Close the handle."""
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None


def watched(watch: Watch) -> type:
    """Return a class that stands before urllib3's connections, direct or by a proxy, and lets them report."""

    class Watched:
        sock: Any

        def _new_conn(self) -> socket.socket:
            sock: socket.socket = super()._new_conn()  # type: ignore[misc]  # urllib3's, which the mixin stands before
            watch.guard(sock)
            return sock

        def connect(self) -> None:
            super().connect()  # type: ignore[misc]  # as above
            watch.allow()

        def getresponse(self) -> None:
            watch.take(self.sock)
            raise Taken

    return Watched
