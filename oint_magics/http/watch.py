"""One token request: its deadline, whether it may have been sent, and its answer as it arrives.

The answer's bytes go to the recorder as they come off the socket, and are read by `oint_magics.oauth.raw_answer`, as
they are when they are found again later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from oint_magics.http.deadline import Deadline
from oint_magics.oauth import raw_answer

if TYPE_CHECKING:
    from oint_magics.oauth.raw_answer import Answer

_CHUNK = 16 * 1024
_SHORTEST = 0.01
# A body of the largest size, and as many headers as anybody sends.
_MOST = raw_answer.LARGEST + 256 * 1024


class Recorder(Protocol):
    """Who is asked before the request is sent, and shown the answer before anybody reads it."""

    def check(self) -> None:
        """Raise an `OintError` where the request must not be sent any more; the connection stands by then."""

    def append(self, data: bytes) -> None:
        """Take the answer's raw bytes as they come off the socket; none where the other side ended it."""


class Watch(Deadline):
    """A request's time, how far it got, and what came back.

    Args:
        deadline: until when (`time.monotonic`).
        recorder: allows the sending, and gets the answer.

    Attributes:
        connected: whether the connection stood, TLS included, so that the request may have gone out.
    """

    def __init__(self, deadline: float, recorder: Recorder) -> None:
        super().__init__(deadline)
        self._recorder = recorder
        self._came = bytearray()
        self._fault: str | None = None
        self.connected = False

    @property
    def wait(self) -> float:
        """How long the connection may wait for one thing, in seconds; never nothing, which would be for ever."""
        return max(_SHORTEST, self.left)

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
        while len(self._came) <= _MOST and not raw_answer.is_whole(self._came):
            try:
                sock.settimeout(self.wait)
                chunk = sock.recv(_CHUNK)
            except OSError as error:
                self._fault = type(error).__name__
                return
            self._recorder.append(chunk)
            if not chunk:
                return
            self._came += chunk
