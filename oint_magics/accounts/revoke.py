"""The end of a pair, asked for by its owner (RFC 7009): both of its tokens, whatever store its newest one lives in."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from oint_magics.display.table import Row, Table
from oint_magics.errors import AuthFieldError, InvalidGrant, OintError, TokenSpent
from oint_magics.http import endpoints
from oint_magics.oauth import token_endpoint
from oint_magics.stores import journal, kept_answers, newest
from oint_magics.tokens.exchange import unfinished
from oint_magics.tokens.hold import held
from oint_magics.tokens.shield import shielded

if TYPE_CHECKING:
    from oint_magics.auth.structure import Auth
    from oint_magics.oauth.token_endpoint import Grant
    from oint_magics.secret import Secret
    from oint_magics.stores import Store
    from oint_magics.tokens.source import Source

_STOPPED = "the revocation had been sent. Both tokens are ended."
_REVOKED, _WAS_DEAD = "revoked", "was dead already"


def revoke(source: Source) -> Table:
    """Revoke a pair's refresh token, then its access token; the store keeps both, and they open nothing any more.

    Args:
        source: where the pair comes from. One that is spent stands for its newest pair.

    Returns:
        What became of each token.

    Raises:
        AuthFieldError: it holds no token.
        TokenSpent: it is spent, and its newest pair is not where it was saved.
        ExchangeError: the server did not end one of them; says which.
    """
    auth = source.read()
    ended = endpoints.ended_sandbox(auth)
    if ended:
        raise ended
    try:
        with held(source, finishes=False) as home:
            return shielded(lambda: _revoked(home, home.read()), stopped=_STOPPED)
    except TokenSpent as error:
        error.what = "This refresh token was used before. To revoke it would end nothing, so nothing was sent."
        error.next_step = "name the file or store that holds the newest tokens: %twitter_revoke --auth SOURCE"
        raise


def _unsaved_grant(store: Store, auth: Auth) -> Grant | None:
    """Return a pair that came for this one's refresh token and was not saved: it is to be ended too."""
    found = unfinished(store, auth)
    return found.grant(auth) if found else None


def _revoked(source: Source, auth: Auth) -> Table:
    if auth.refresh_token is None and auth.access_token is None:
        raise AuthFieldError(
            "The source holds no token, so there is nothing to revoke.", next_step="%twitter_status lists the accounts"
        )
    later = _unsaved_grant(source.store, auth) if source.store else None
    rows = [Row("tokens in", source.label), *_ended(auth, source.store)]
    if later is not None:
        rows += _ended(auth._replace(access_token=later.access_token, refresh_token=later.refresh_token), source.store)
    caption = "SANDBOX tokens revoked: an exercise" if auth.is_sandbox else "Pair of X revoked (OAuth 2.0)"
    rows.append(Row("next", "%twitter_login gives new tokens; %twitter_refresh has nothing to refresh here now"))
    return Table(caption, tuple(rows))


def _ended(auth: Auth, store: Store | None) -> list[Row]:
    """End a pair's tokens, the refresh token first; return what became of each."""
    rows = []
    if auth.refresh_token is not None:
        rows.append(Row("refresh token", f"{auth.refresh_token.masked()} {_end(auth, auth.refresh_token)}"))
        log = store.journal if store else journal.here()
        with contextlib.suppress(OintError):  # It is revoked, whether this machine can note it or not.
            log.end(auth.refresh_token.fingerprint(), journal.REVOKED)
        newest.remove(auth.refresh_token)
        if store:
            kept_answers.discard(store.records)
    if auth.access_token is not None:
        rows.append(Row("access token", f"{auth.access_token.masked()} {_last(auth, auth.access_token)}"))
    return rows


def _last(auth: Auth, access_token: Secret) -> str:
    """End the access token; an error tells that the refresh token is ended by then."""
    try:
        return _end(auth, access_token)
    except OintError as error:
        if auth.refresh_token is not None:
            error.what = f"The refresh token is revoked, and the access token perhaps not. {error.what}"
        raise


def _end(auth: Auth, token: Secret) -> str:
    """End one token; return what became of it."""
    from oint_magics.http import token_post

    try:
        answer, host = token_post.send(
            endpoints.REVOKE, auth, token_endpoint.revocation_request(auth, token), token_post.Unrecorded()
        )
        token_endpoint.read_revocation(answer, auth, host, datetime.now(UTC))
    except InvalidGrant:
        return _WAS_DEAD
    except OintError as error:
        error.next_step = f"{error.next_step or 'run it again'}; revoking twice harms nothing"
        raise
    return _REVOKED
