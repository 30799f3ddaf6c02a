"""A day of a ledger, as far as its file was read: what was reserved, settled and seen before."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable


class Line(NamedTuple):
    """What one account has read or posted of one kind.

    Attributes:
        account: the source of its tokens, as tables call it.
        kind: the kind, as the list of prices has it.
        read: how many X gave.
        new: how many of these X bills, as it bills a thing once a day.
        mills: their price, in thousandths of a US dollar.
    """

    account: str
    kind: str
    read: int
    new: int
    mills: int


class Spent(NamedTuple):
    """What an app has spent.

    Attributes:
        app: its client id; blank if it is not known.
        mills: settled and reserved together, in thousandths of a US dollar.
        reserved: of these, what is reserved for answers that did not come.
        lines: by account and kind.
    """

    app: str
    mills: int
    reserved: int
    lines: tuple[Line, ...]


class Day:
    """A day's file, as far as it was read."""

    def __init__(self) -> None:
        self.at = self.settled = 0
        self.app = ""
        self.reserved: dict[str, int] = {}
        # Below 50,000 keys it takes about the memory of a set or down to a third of it, above up to a quarter more.
        self.known: dict[bytes, None] = {}
        self.lines: tuple[Line, ...] = ()

    def take(self, text: str) -> None:
        """Take the lines that came since; a torn last one is left for the next time.

        Raises:
            ValueError: a line is none of ours.
        """
        end = text.rfind("\n") + 1
        for line in text[:end].splitlines():
            word, name, *more = line.split(" ")
            if word == "app":
                self.app = unquote(name)
            elif word == "reserve":
                self.reserved[name] = int(more[0])
            elif word == "settle":
                mills, account, counts, *hashes = more
                parts = [each.split("=") for each in counts.split(",") if each]
                lines = [Line(unquote(account), kind, *map(int, numbers)) for kind, *numbers in parts]
                self.settle(name, int(mills), lines, map(bytes.fromhex, hashes))
            else:
                raise ValueError("an unknown word")
        self.at += len(text[:end].encode())

    def settle(self, ticket: str, mills: int, lines: Iterable[Line], hashes: Iterable[bytes]) -> None:
        """Take what an answer has brought, in the place of its reservation."""
        self.reserved.pop(ticket, None)
        self.settled += mills
        self.lines = together([*self.lines, *lines])
        self.known.update(dict.fromkeys(hashes))

    @property
    def spent(self) -> Spent:
        reserved = sum(self.reserved.values())
        return Spent(self.app, self.settled + reserved, reserved, self.lines)


def together(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Return lines with those of one account and kind in one."""
    found: dict[tuple[str, str], Line] = {}
    for who, kind, read, new, mills in lines:
        _, _, *before = found.get((who, kind)) or Line(who, kind, 0, 0, 0)
        found[who, kind] = Line(who, kind, before[0] + read, before[1] + new, before[2] + mills)
    return tuple(found.values())
