"""The public functions: what the magics do, for scripts and cells.

Nothing heavy is imported before a call needs it.
"""

from __future__ import annotations

from oint_magics.twitter.api import bearer, delete, get, me, post, rows, session, upload
from oint_magics.twitter.tokens import authorization_link, forget, get_token, keep, login, refresh, revoke, status

__all__ = [
    "authorization_link",
    "bearer",
    "delete",
    "forget",
    "get",
    "get_token",
    "keep",
    "login",
    "me",
    "post",
    "refresh",
    "revoke",
    "rows",
    "session",
    "status",
    "upload",
]


def __dir__() -> list[str]:
    """Return what Tab offers: the functions, without the modules behind them."""
    return __all__
