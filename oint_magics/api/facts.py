"""What is known of rows beside themselves: what they cost, what X left out, where their call goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oint_magics.api.missing import Missing
    from oint_magics.api.repeats import Repeats
    from oint_magics.api.request import Request


class Position(NamedTuple):
    """Where a call continues.

    Attributes:
        request: what X was asked for.
        part: which of its calls, where it takes several.
        token: the token of the page; `None` for the first one.
        repeats: what came before.
    """

    request: Request
    part: int
    token: str | None
    repeats: Repeats


class Facts(NamedTuple):
    """What is known of rows beside themselves.

    Attributes:
        missing: what X left out.
        repeats: how many rows X gave again.
        notes: what was said.
        pages: how many pages they came in.
        cost: what they cost at X's list price, in thousandths of a US dollar; what was billed before today counts 0.
        owned: the same for who owns the app and reads what is theirs; `None` where that costs the same.
        is_sandbox: whether they are of the sandbox.
        is_app: whether an app's own bearer token asked for them.
        request: what X was asked for; `None` if that is not known.
        position: where the call continues; `None` at its end.
        has_more: whether a data set lacks rows that X has, which its next run reads.
    """

    missing: Sequence[Missing] = ()
    repeats: int = 0
    notes: Sequence[str] = ()
    pages: int = 0
    cost: int = 0
    owned: int | None = None
    is_sandbox: bool = False
    is_app: bool = False
    request: Request | None = None
    position: Position | None = None
    has_more: bool = False
