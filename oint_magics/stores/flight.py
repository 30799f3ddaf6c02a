"""A flight: one use of one refresh token, from before it is sent until its successor is saved.

Its file lies in `.oint/` beside the store, named by the token's fingerprint. The raw answer is appended
to it as it comes off the socket, so that a process that dies in the next moment leaves it behind.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import socket
import time
from typing import TYPE_CHECKING, NamedTuple, cast

from oint_magics.errors import StoreNotWritable
from oint_magics.oauth import Answer
from oint_magics.stores import atomic

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST = 2 * 1024 * 1024


class Found(NamedTuple):
    """A flight that did not land.

    Attributes:
        pid: the process that flew it.
        host: the machine it ran on.
        since: when it began, in words (UTC).
        tries: how often the token was sent by then.
        answer: what came back as far as it came, or `None` where no status came.
    """

    pid: int
    host: str
    since: str
    tries: int
    answer: Answer | None


class Flight:
    """A flight in the air, or one that was left behind.

    Args:
        folder: the folder of the store's file.
        fingerprint: the refresh token's.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._folder = folder
        self._name = f"flight-{fingerprint}"
        self._descriptor = -1
        self._before: bytes | None = None

    @property
    def _path(self) -> Path:
        return self._folder / atomic.WORKSHOP / self._name

    def open(self, tries: int) -> None:
        """Write who flies and when, synced, before anything is sent.

        Args:
            tries: how often the token is sent, with this flight.

        Raises:
            StoreNotWritable: it cannot be written.
        """
        reason = None
        try:
            self._begin(tries)
        except OSError as error:
            reason = error.strerror or type(error).__name__
        if reason:
            raise StoreNotWritable(
                "The answer could not be kept on its way, so nothing was sent.",
                cause=f"{reason} (it is written to {atomic.WORKSHOP}/ beside the file as it comes).",
                next_step="make room or make the folder writable, then run it again",
            )

    def _begin(self, tries: int) -> None:
        path = atomic.workshop(self._folder) / self._name
        self._before = path.read_bytes() if path.exists() else None
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path, flags, 0o600)
        head = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time(), "tries": tries}
        os.write(self._descriptor, json.dumps(head).encode() + b"\n")
        os.fsync(self._descriptor)
        atomic.sync_folder(path.parent)

    def append(self, data: bytes) -> None:
        """Append raw bytes of the answer; a full disk must not keep the answer from being read."""
        with contextlib.suppress(OSError):
            os.write(self._descriptor, data)

    def close(self) -> None:
        """Close the file and leave it: its answer is not saved, or there is none."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def land(self) -> None:
        """Remove the file: the pair is saved, or nothing was spent."""
        self.close()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def cancel(self) -> None:
        """Undo `open` where nothing was sent or spent: what an earlier flight left in doubt stays as it was."""
        if self._before is None:
            self.land()
            return
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, self._before)
            os.fsync(self._descriptor)
        self.close()

    def found(self) -> Found | None:
        """Return what an earlier flight of this token left behind, or `None`."""
        try:
            with self._path.open("rb") as file:
                data = file.read(_LARGEST)
        except OSError:
            return None
        head, _, raw = data.partition(b"\n")
        try:
            known = json.loads(head)
            since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(known["since"]))
            return Found(int(known["pid"]), str(known["host"]), since, int(known["tries"]), _answer(raw))
        except (ValueError, TypeError, LookupError, OverflowError, OSError):
            return Found(0, "an unknown host", "an unknown time", 1, _answer(raw))


class _Replay:
    """Enough of a socket for `http.client` to read recorded bytes."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._raw)


def _answer(raw: bytes) -> Answer | None:
    response = http.client.HTTPResponse(cast("socket.socket", _Replay(raw)), method="POST")
    broken = None
    try:
        response.begin()
    except (http.client.HTTPException, ValueError, OSError):
        return None
    try:
        body = response.read()
    except http.client.IncompleteRead as error:
        body, broken = error.partial, "its answer was cut off"
    except (http.client.HTTPException, ValueError, OSError):
        body, broken = b"", "its answer was cut off"
    return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, body, broken)
