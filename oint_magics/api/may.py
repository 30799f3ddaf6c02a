"""Whether tokens may make a call, by its scopes: asked before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oint_magics.errors import UsageError
from oint_magics.oauth import scopes

if TYPE_CHECKING:
    from oint_magics.api.request import Request
    from oint_magics.auth.structure import Auth


def check(request: Request, auth: Auth) -> None:
    """Check that tokens may make a call.

    Args:
        request: the call.
        auth: the tokens.

    Raises:
        UsageError: they lack a scope, as X said last; nothing was sent. Of what a store says, X decides.
    """
    read = request.read
    if read is None or auth.is_app or read.scopes is None:
        return
    # The sandbox's own file says what it has granted; any other one what somebody once wrote there.
    granted = auth.scope if auth.granted is None and auth.is_sandbox else auth.granted
    missing = scopes.lacking(granted, read.scopes)
    if granted is not None and missing:
        raise UsageError(
            f"{read.path} needs the scope {' and '.join(missing)}, which these tokens lack. Nothing was sent.",
            cause="no refresh adds a scope.",
            next_step=scopes.login_for(granted, missing),
        )
