"""Which of client id, secret and access token is wrong: X is asked, and no token is used up for it.

A refresh with a token that never was is refused, and how tells about id and secret: the server looks at them first.
X documents none of these texts; two public tools rely on them.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from oint_magics.api.me import owner
from oint_magics.display.table import Row
from oint_magics.display.times import moment
from oint_magics.errors import CallError, InvalidClient, InvalidGrant, OintError, TokenRefused, UnauthorizedClient
from oint_magics.http import endpoints
from oint_magics.oauth import token_endpoint
from oint_magics.secret import Secret
from oint_magics.stores import journal
from oint_magics.tokens.lineage import Lineage

if TYPE_CHECKING:
    from oint_magics.auth.structure import Auth

_SURE = (
    "access token: by X's own answer, where one is told; client id and secret: inferred from X's undocumented error "
    "texts; refresh token: from this machine's log, since testing it would use it up"
)


def check(auth: Auth) -> tuple[Row, ...]:
    """Ask X about a pair, and return what is known of each part, one row each; two requests at most.

    Args:
        auth: the pair. Its refresh token is not sent.
    """
    return (*_client(auth), _access_token(auth), _refresh_token(auth), Row("how sure", _SURE))


def _client(auth: Auth) -> tuple[Row, ...]:
    """Tell about client id and secret by the way in which a refresh with a made-up token is refused."""
    try:
        _ask_with_nothing(auth)
    except InvalidGrant:
        secret = "right" if auth.client_secret else "none is needed: a public client"
        return Row("client id", "right"), Row("client secret", secret)
    except UnauthorizedClient:
        wrong = "wrong; or the app has none (a public client)" if auth.client_secret else "missing: the app has one"
        return Row("client id", "X knows it"), Row("client secret", wrong)
    except InvalidClient as error:
        return Row("client id", "wrong, or its app was deleted"), Row("client secret", f"not told. {error.what}")
    except TokenRefused as error:
        return (Row("client", f"X's answer does not tell: {error.what}"),)
    except OintError as error:
        return (Row("client", f"not told. {error.what}"),)
    return (Row("client", "not told: this server takes tokens that never were"),)


def _ask_with_nothing(auth: Auth) -> None:
    from oint_magics.http import token_post

    request = token_endpoint.refresh_request(auth, Secret(f"check-{secrets.token_urlsafe(24)}"))
    answer, host = token_post.send(endpoints.TOKEN, auth, request, token_post.Unrecorded())
    token_endpoint.read_grant(answer, auth, host, datetime.now(UTC))


def _access_token(auth: Auth) -> Row:
    if auth.access_token is None:
        return Row("access token", "there is none")
    try:
        who = owner(auth, auth.access_token)
    except CallError as error:
        if error.status == 401:
            return Row("access token", f"opens nothing: {_end(auth)}")
        kind = "works, and X refuses the call" if error.status in (402, 403, 429) else "not told"
        return Row("access token", f"{kind}. {error.what}")
    except OintError as error:
        return Row("access token", f"not told. {error.what}")
    return Row("access token", f"works, for @{who.get('username', '?')}")


def _end(auth: Auth) -> str:
    if auth.ends_at and auth.ends_at < datetime.now(UTC):
        return f"it ended {moment(auth.ends_at)}"
    return "expired, revoked, or ended by a later login; by its clock it would be good. A refresh tells more"


def _refresh_token(auth: Auth) -> Row:
    """Tell what this machine knows: to ask X about a refresh token is to use it up."""
    if auth.refresh_token is None:
        return Row("refresh token", "there is none: no login has brought one, or it did not ask for offline.access")
    lineage = Lineage.of(auth.refresh_token)
    if lineage.is_spent:
        return Row("refresh token", "spent: its successor came to this machine")
    if lineage.known.end is None:
        return Row("refresh token", "nothing is known against it; to ask X is to use it up")
    words = {journal.REFUSED: "X refused it", journal.REVOKED: "revoked from here"}
    word = words.get(lineage.known.end, "probably ended by a later login of the same app")
    return Row("refresh token", f"{word}, {moment(lineage.ended_at)}")
