"""The public functions that get, keep, show and end tokens."""

from __future__ import annotations

from oint_magics.twitter.boundary import call

TYPE_CHECKING = False  # not imported: `typing` alone costs more than all the rest here
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike

    from oint_magics.accounts.status import Accounts
    from oint_magics.display.table import Table
    from oint_magics.tokens.response import TokenResponse


@call
def refresh(
    auth: str | PathLike[str] | Mapping[str, object] | None = None,
    *,
    to: str | None = None,
    if_expired: bool = False,
    try_old: bool = False,
) -> TokenResponse:
    """Refresh tokens, save the new ones, and return X's answer (RFC 6749 §6).

    Args:
        auth: the source: a path, JSON text, a mapping with OPI's ten keys, `"env:"`, `"profile:NAME"`;
            `None` for what this process used last, then `OINT_TWITTER_AUTH`, then `profile:default`.
        to: the store for the new tokens; `None` for where the old ones came from. A source that cannot be
            written needs it, unless `OINT_HOME` names the data folder.
        if_expired: send nothing while the access token is fresh.
        try_old: retry a refresh token even after two attempts whose outcome is unknown.

    Returns:
        X's answer; `r["access_token"]` is the plain token, everything shown is masked.

    Raises:
        OintError: see `oint_magics.errors`; the type tells what became of the old refresh token.
    """
    from oint_magics.twitter import calls

    return calls.refresh(auth, to=to, if_expired=if_expired, try_old=try_old)


@call
def keep(auth: str | PathLike[str] | Mapping[str, object], to: str, *, replace: bool = False) -> str:
    """Copy auth data into a store and make that its home.

    Args:
        auth: the source, as for `refresh`; also the response on a `NotSaved` error, and xurl's store (`"~/.xurl"`), of
            which from then on only one of the two programs may go on using the tokens.
        to: the store: `"profile:NAME"`, `"keyring:NAME"`, `"shared:NAME"` or a file's path.
        replace: write over other tokens that the store holds; those are lost.

    Returns:
        The store's name.

    Raises:
        AuthError: the source cannot be read as auth data.
        StoreTaken: the store holds other tokens.
        StoreNotWritable: the store cannot be written.
    """
    from oint_magics.twitter import calls

    return calls.keep(auth, to, replace=replace)[0]


@call
def forget(store: str) -> None:
    """Forget an account: delete the profile, or the team's row, and what is known of it.

    A user's own file stays; what we keep of it goes: the copy of its newest tokens, and which are spent.
    Tokens that are forgotten are not revoked at X.

    Args:
        store: `"profile:NAME"`, `"keyring:NAME"`, `"shared:NAME"` or a file's path.

    Raises:
        StoreError: it is no store, or cannot be deleted.
    """
    from oint_magics.twitter import calls

    calls.forget(store)


@call
def authorization_link(
    auth: str | PathLike[str] | Mapping[str, object], *, scope: str | Sequence[str] | None = None
) -> str:
    """Return the link on which a person lets the app in (RFC 6749 §4.1.1, with PKCE's S256); nothing is sent.

    Its state and verifier stay in this process; `get_token` takes what comes back.

    Args:
        auth: the source, as for `refresh`; it needs `client_id` and `redirect_uri` alone.
        scope: what to ask for, text or a list; "opi" for OPI's eighteen; `None` for what the source says, else
            tweet.read tweet.write users.read media.write offline.access.

    Raises:
        AuthError: the source cannot be read, or has no `redirect_uri`.
        UsageError: that is not a list of scopes.
    """
    from oint_magics.twitter import logins

    return logins.authorization_link(auth, scope=scope)


@call
def get_token(
    code_or_url: str, auth: str | PathLike[str] | Mapping[str, object], *, to: str | None = None
) -> TokenResponse:
    """Exchange what came back from the authorize page for tokens, and save them.

    Args:
        code_or_url: the whole address that X sent the browser back to (its state is checked), or the code alone; it
            lives for 30 seconds.
        auth: the source that the link was made for.
        to: the store for the tokens; `None` for the source itself. A text, a mapping or the environment wants one here,
            unless `OINT_HOME` is set. Where another account's tokens live there, these get a profile of their own.

    Returns:
        X's answer.

    Raises:
        LoginMismatch: it is not such an address, or belongs to another login.
        LoginDenied: the person, or X, said no.
        InvalidGrant: the code is too old, or was used before.
        OintError: one of `oint_magics.errors`; tokens from before are as they were.
    """
    from oint_magics.twitter import logins

    return logins.get_token(code_or_url, auth, to=to)


@call
def login(
    auth: str | PathLike[str] | Mapping[str, object] | None = None,
    *,
    to: str | None = None,
    scope: str | Sequence[str] | None = None,
    timeout: float = 600,
) -> TokenResponse:
    """Log in: write the link to the standard error, and wait until the browser has come back to this machine.

    Args:
        auth: the source, as for `refresh`; its `redirect_uri` is on this machine (`http://127.0.0.1:8080/callback`).
        to: the store for the tokens, as for `get_token`.
        scope: what to ask for, as for `authorization_link`.
        timeout: how long to wait, in seconds.

    Returns:
        X's answer.

    Raises:
        LoginDenied: the person, or X, said no.
        LoginTimedOut: nobody answered in time.
        LoginMismatch: no browser can come back to that address, or its port is taken.
        OintError: as for `get_token`.
    """
    from oint_magics.twitter import logins

    return logins.login(auth, to=to, scope=scope, timeout=timeout)


@call
def revoke(auth: str | PathLike[str] | Mapping[str, object]) -> Table:
    """Revoke both tokens at X (RFC 7009); the store keeps them, and they open nothing any more.

    Args:
        auth: the source, as for `refresh`; it has to be named. A spent one stands for its newest tokens.

    Returns:
        What became of each token.

    Raises:
        AuthError: the source cannot be read, or holds no token.
        ExchangeError: the server did not end one of them; says which.
    """
    from oint_magics.twitter import calls

    return calls.revoke(auth)


@call
def status(auth: str | PathLike[str] | Mapping[str, object] | None = None, *, check: bool = False) -> Accounts:
    """Return every known account, its expiry, scopes and last refresh, and whether it is in doubt.

    A team's account in the list is not looked up in its database; named as `auth`, it is.

    Args:
        auth: one source, as for `refresh`; `None` for all that this machine knows.
        check: ask X which of client id, secret and access token is wrong, of one account. No token is used up; X bills
            the look at the access token's account like any other.

    Returns:
        The accounts: what wants attention first, then the last refreshed; a tuple that shows itself as a table.

    Raises:
        AuthNotFound: the source is not there, and never was.
        AuthError: the source that was named means nothing.
    """
    from oint_magics.twitter import calls

    return calls.status(auth, check=check)
