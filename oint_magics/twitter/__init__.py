"""The public functions: what the magics do, for scripts and cells.

Nothing heavy is imported before a call needs it.
"""

from __future__ import annotations

from oint_magics.edge import clean

TYPE_CHECKING = False  # not imported: `typing` alone costs more than all the rest here
if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from oint_magics.response import TokenResponse
    from oint_magics.status import Accounts

__all__ = ["forget", "keep", "refresh", "status"]


@clean
def refresh(
    auth: str | PathLike[str] | Mapping[str, object] | None = None,
    *,
    to: str | None = None,
    if_expired: bool = False,
    try_old: bool = False,
) -> TokenResponse:
    """Refresh a token pair, save the new one, and return X's answer (RFC 6749 §6).

    Args:
        auth: the source: a path, JSON text, a mapping with OPI's ten keys, `"env:"`, `"profile:NAME"`;
            `None` for what this process used last, then `OINT_TWITTER_AUTH`, then `profile:default`.
        to: the store for the new pair; `None` for where the old one came from. A source that cannot be
            written needs it, unless `OINT_HOME` names the data folder.
        if_expired: send nothing while the access token is fresh.
        try_old: send a token again of which it is twice in doubt whether it was used.

    Returns:
        X's answer; `r["access_token"]` is the plain token, everything shown is masked.

    Raises:
        OintError: see `oint_magics.errors`; the type tells what became of the old pair.
    """
    from oint_magics.twitter import calls

    return calls.refresh(auth, to=to, if_expired=if_expired, try_old=try_old)


@clean
def keep(auth: str | PathLike[str] | Mapping[str, object], to: str, *, replace: bool = False) -> str:
    """Copy an auth structure into a store and make that its home.

    Args:
        auth: the source, as for `refresh`; also the response on a `NotSaved` error.
        to: the store: `"profile:NAME"`, `"keyring:NAME"`, `"shared:NAME"` or a file's path.
        replace: write over another pair that the store holds; that pair is lost.

    Returns:
        The store's name.

    Raises:
        AuthError: the source is no auth structure.
        StoreTaken: the store holds another pair.
        StoreNotWritable: the store cannot be written.
    """
    from oint_magics.twitter import calls

    return calls.keep(auth, to, replace=replace)


@clean
def forget(store: str) -> None:
    """Forget an account: delete the profile, or the team's row, and what is known of it.

    A user's own file stays; what we keep of it goes: the newest pair's copy, and which tokens are spent.
    A pair that is forgotten is not revoked at X.

    Args:
        store: `"profile:NAME"`, `"keyring:NAME"`, `"shared:NAME"` or a file's path.

    Raises:
        StoreError: it is no store, or cannot be deleted.
    """
    from oint_magics.twitter import calls

    calls.forget(store)


@clean
def status(auth: str | PathLike[str] | Mapping[str, object] | None = None) -> Accounts:
    """Return how accounts stand, from what this machine has; X is not asked.

    Args:
        auth: one source, as for `refresh`, of which all is told; `None` for every account that is known.

    Returns:
        The accounts, shown as a table: state, end, scopes, last refresh, in doubt or not.

    Raises:
        AuthError: the source cannot be read.
    """
    from oint_magics.twitter import calls

    return calls.status(auth)
