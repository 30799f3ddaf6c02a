"""What a refusal of X's means: the kind of a table's row, and the kinds of call that a row may be about."""

from __future__ import annotations

from typing import NamedTuple

from oint_magics.errors import AppRefused, OintError

REFRESH, LOGIN, REVOKE, READ, POST, DELETE, UPLOAD = (
    "refresh", "login", "revocation", "read", "post", "deletion", "upload",
)  # fmt: skip
TOKEN, API = (REFRESH, LOGIN, REVOKE), (READ, POST, DELETE, UPLOAD)
ALL = TOKEN + API


class Cause(NamedTuple):
    """What a refusal means.

    Attributes:
        says: X's words, as the documentation names them.
        cause: why X refuses.
        next_step: what the user does about it.
        calls: the kinds of call that it is about.
        kind: the error that an exchange with the token endpoint raises.
        pattern: what to look for in all that an answer tells (`problems.told`); blank for `says` itself.
        is_sure: whether X's words tell the cause; otherwise it is only a usual one.
    """

    says: str
    cause: str
    next_step: str
    calls: tuple[str, ...] = ALL
    kind: type[OintError] = AppRefused
    pattern: str = ""
    is_sure: bool = True
