"""One token request: its deadline, whether it may have been sent, and its answer as it arrives.

The answer's bytes go to the recorder as they come off the socket, and are read by `oint_magics.oauth.raw_answer`, as
they are when they are found again later.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from oint_magics.http.deadline import Deadline
from oint_magics.oauth import raw_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from oint_magics.oauth.raw_answer import Answer

_CHUNK = 16 * 1024
# A body of the largest size, and as many headers as anybody sends.
_MOST = raw_answer.LARGEST + 256 * 1024
# How long an answer is waited for in total, and how often a late wait is checked; in seconds.
_LONGEST = 180.0
_LOOKS_APART = 0.5
# The name of the threads that wait for an answer.
WORKER = "oint_magics worker"


class Recorder(Protocol):
    """Who is asked before the request is sent, and shown the answer before anybody reads it."""

    def check(self) -> None:
        """Raise an `OintError` where the request must not be sent any more; the connection stands by then."""

    def append(self, data: bytes) -> None:
        """Take the answer's raw bytes as they come off the socket; none where the other side ended it."""

    def listening(self) -> None:
        """Called twice a second while a late answer is waited for."""


class Watch(Deadline):
    """A request's time, how far it got, and what came back.

    Args:
        deadline: until when (`time.monotonic`).
        recorder: allows the sending, and gets the answer.
        tell: called at the deadline if the request was sent. It tells the caller that no answer came, and returns
            whether to keep waiting.

    Attributes:
        connected: whether the connection stood, TLS included, so that the request may have gone out.
    """

    def __init__(self, deadline: float, recorder: Recorder, tell: Callable[[], bool] = lambda: False) -> None:
        super().__init__(deadline)
        self._recorder = recorder
        self._tell = tell
        self._last = time.monotonic() + _LONGEST
        self._is_taking = self._is_late = False
        self._came = bytearray()
        self._fault: str | None = None
        self.connected = False

    def answer(self) -> Answer | None:
        """Return the answer as far as it came; `None` where not even its headers did."""
        ended = f"its answer was cut off ({self._fault})" if self._fault else None
        return raw_answer.read(self._came, "its answer did not end in time" if self.is_over else ended)

    def allow(self) -> None:
        """Ask in the last moment whether the request may be sent."""
        self._recorder.check()
        if self.is_over:  # The process may have stood still; until here nothing was sent.
            raise TimeoutError
        self.connected = True

    def take(self, sock: Any) -> None:
        """Take the whole answer off the socket; each piece goes to the recorder first."""
        self._is_taking = True
        while len(self._came) <= _MOST and not raw_answer.is_whole(self._came) and self._goes_on():
            try:
                sock.settimeout(min(self.wait, _LOOKS_APART) if self._is_late else self.wait)
                chunk = sock.recv(_CHUNK)
            except TimeoutError:
                continue
            except OSError as error:
                self._fault = type(error).__name__
                return
            self._recorder.append(chunk)
            if not chunk:
                return
            self._came += chunk

    def _goes_on(self) -> bool:
        """Return whether to keep reading. At the deadline the caller is told, and a late answer is then waited for.

        The wait ends with the last thread of the program, so it can exit, and a kernel can be restarted, at once.
        """
        if self.is_over and not self._is_late and self._last > time.monotonic() and not _is_ending() and self._tell():
            self._is_late, self._end = True, self._last
        if self._is_late:
            self._recorder.listening()
        if self.is_over or (self._is_late and _is_ending()):
            self._fault = TimeoutError.__name__
            return False
        return True

    def end(self) -> None:
        """Shut the connection at the deadline. While the answer is being read, `take` checks the time instead."""
        if not self._is_taking:
            self.cut()


def _is_ending() -> bool:
    """Return whether the process waits only for our own threads: the main thread and all others have ended."""
    main = threading.main_thread()
    others = [each for each in threading.enumerate() if not each.daemon and each.name != WORKER and each is not main]
    return not main.is_alive() and not others
