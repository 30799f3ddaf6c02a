"""Whose token it is: X's answer as a mapping that shows itself as a table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from oint_magics import process
from oint_magics.api.call import answer
from oint_magics.api.meter import api as metered
from oint_magics.display.table import Row, Table
from oint_magics.errors import CallError
from oint_magics.http.token_provider import OneToken

if TYPE_CHECKING:
    from oint_magics.auth.structure import Auth
    from oint_magics.http.api import Api
    from oint_magics.http.token_provider import TokenProvider
    from oint_magics.secret import Secret


class User(dict[str, Any]):
    """An account of X, as `GET /2/users/me` answers; shown as a table."""

    __slots__ = ("is_sandbox",)

    def __init__(self, data: dict[str, Any], *, is_sandbox: bool) -> None:
        super().__init__(data)
        self.is_sandbox = is_sandbox

    def table(self) -> Table:
        """Return the table: X's keys in X's order."""
        values = {key: value if isinstance(value, str) else json.dumps(value) for key, value in self.items()}
        caption = "SANDBOX account: an exercise, nobody at X" if self.is_sandbox else "Account at X"
        return Table(caption, tuple(Row(key, value) for key, value in values.items()))

    def __repr__(self) -> str:
        return self.table().text()

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return self.table().mimebundle()


def me(provider: TokenProvider) -> User:
    """Return whose token it is (`GET /2/users/me`).

    Args:
        provider: gives the token.

    Raises:
        CallError: X refused.
        OintError: as for a refresh, where one was due and failed.
    """
    with metered(provider) as api:
        return _asked(api)


def account(provider: TokenProvider) -> User:
    """Return whose token it is, and ask X once for each access token: X bills the look.

    Args:
        provider: gives the token.

    Raises:
        OintError: as for `me`.
    """
    with metered(provider) as api:
        return account_of(api)


def account_of(api: Api) -> User:
    """Return the account of the token that the next request carries; see `account`."""
    token = api.next_token
    known = process.state.users.get(token.fingerprint()) if token else None
    return known if isinstance(known, User) else _asked(api)


def _asked(api: Api) -> User:
    """Ask X, and remember the answer for the token that was sent: its store may hold another one by now."""
    data = answer(api, "users/me").get("data")
    if not isinstance(data, dict):
        raise CallError("X's answer contains no user.", next_step="run it again")
    found = User(data, is_sandbox=api.is_sandbox)
    if api.last_token:
        process.state.users[api.last_token.fingerprint()] = found
    return found


def owner(auth: Auth, access_token: Secret) -> dict[str, Any]:
    """Return whose an access token is; it is asked with this very token, and nothing is refreshed.

    Args:
        auth: names the app.
        access_token: the token.

    Raises:
        CallError: X refused; status 401 for a token that opens nothing.
    """
    return me(OneToken(auth._replace(access_token=access_token), "a login"))
