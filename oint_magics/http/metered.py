"""What counts the cost of requests, as far as those who send them see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Write(NamedTuple):
    """What a request writes, and what X bills for it.

    Attributes:
        kind: what it is, as tables of what was spent call it.
        mills: its price, in thousandths of a US dollar.
    """

    kind: str
    mills: int


class Meter(Protocol):
    """Counts what requests cost."""

    def reserve(self, path: str, params: Mapping[str, str], write: Write | None = None) -> Any:
        """Return what `settle` or `release` takes, or `None`; raises an `OintError` where it must not be sent."""

    def reserve_url(self, url: str) -> Any:
        """Do the same for a read of somebody else's, by its address."""

    def note_clock(self, moment: datetime) -> None:
        """Note the time by X's clock."""

    def settle(self, ticket: Any, document: dict[str, Any] | None, headers: Mapping[str, str]) -> None:
        """Take the answer of a request."""

    def settle_read(self, ticket: Any, body: bytes, headers: Mapping[str, str]) -> None:
        """Take the answer of a read that `reserve_url` reserved."""

    def release(self, ticket: Any, headers: Mapping[str, str] | None = None) -> None:
        """Take that a request was refused, or was not sent."""

    def lost(self, ticket: Any) -> None:
        """Take that no answer came to a request that may have arrived."""
