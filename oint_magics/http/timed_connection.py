"""Connections to the API that keep the deadline of what runs in their thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oint_magics.http.deadline import current

if TYPE_CHECKING:
    import socket


class Timed:
    """What is put before urllib3's connection classes, so that they keep the deadline of what runs in their thread."""

    sock: Any
    auto_open: int
    _is_connecting = False

    def _new_conn(self) -> socket.socket:
        sock: socket.socket = super()._new_conn()  # type: ignore[misc]  # urllib3's, which this is put before
        exchange = current()
        if exchange is not None:
            exchange.guard(sock)
        return sock

    def connect(self) -> None:
        """Connect; what a proxy and TLS are told meanwhile is nothing of the request."""
        self._is_connecting = True
        try:
            super().connect()  # type: ignore[misc]  # as above
        finally:
            self._is_connecting = False

    def send(self, data: Any) -> None:
        """Send bytes of the request."""
        if self.sock is None and self.auto_open:
            self.connect()
        exchange = current()
        if exchange is not None and not self._is_connecting:
            exchange.leave(self.sock)
        super().send(data)  # type: ignore[misc]  # as above
