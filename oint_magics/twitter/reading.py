"""Reading: whose token asks, what is asked for, and what it costs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from oint_magics.errors import AuthNotFound, UsageError
from oint_magics.tokens import app_token
from oint_magics.twitter import calls

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from oint_magics.api.request import Request
    from oint_magics.api.rows import Rows
    from oint_magics.display.grid import Grid
    from oint_magics.display.table import Table
    from oint_magics.errors import CallError
    from oint_magics.http.token_provider import TokenProvider


def get(  # noqa: PLR0913 - what a user may say
    path: str,
    auth: object,
    params: Mapping[str, object],
    *,
    fields: Iterable[str] | str | None,
    max_rows: int | None,
    resume: CallError | Rows | None,
    wait: bool,
    unchecked: bool,
    keep: object = None,
    variables: Mapping[str, object] | None = None,
) -> Rows:
    """Return what a read answers; see `oint_magics.twitter.get`."""
    from oint_magics.api import pages

    asked = _asked(path, params, fields, unchecked=unchecked)
    return pages.get(_provider(asked, auth, variables), asked, max_rows, resume=resume, wait=wait, keep=keep)


def rows(path: object) -> Rows:
    """Return the rows of a data set; see `oint_magics.twitter.rows`."""
    from oint_magics.api import kept_rows

    return kept_rows.rows(path)


def preview(
    path: str,
    params: Mapping[str, object],
    fields: Iterable[str] | str | None,
    *,
    max_rows: int | None,
    unchecked: bool,
) -> Table:
    """Return what a read would ask, and what it costs at most; nothing is sent."""
    from oint_magics.api.preview import preview as shown

    return shown(_asked(path, params, fields, unchecked=unchecked), max_rows)


def usage(auth: object, *, variables: Mapping[str, object] | None = None) -> Grid:
    """Return what was read and posted today and this month, and X's own balance where it tells.

    Args:
        auth: whose app is asked for its balance; `None` for the default source, or for none if there is none.
        variables: where names are looked up, or `None`.
    """
    from oint_magics.api.usage import usage as shown

    if auth is None and calls.default_source() is None:
        return shown(app_token.found_in(os.environ))
    app = app_token.found_in(calls.default_source() if auth is None else auth, variables)
    return shown(app if app and app.is_alone else calls.current(auth, variables))


def _asked(path: str, params: Mapping[str, object], fields: Iterable[str] | str | None, *, unchecked: bool) -> Request:
    from oint_magics.api import request

    wanted = fields.replace(",", " ").split() if isinstance(fields, str) else fields
    return request.of(path, params, wanted, is_checked=not unchecked)


def _provider(request: Request, auth: object, variables: Mapping[str, object] | None) -> TokenProvider:
    """Return whose token a read takes: a user's, or an app's own where it needs that or there is no other.

    Raises:
        UsageError: the source has not the kind that the read takes; nothing was sent.
        AuthError: the source cannot be read.
    """
    given = calls.default_source() if auth is None else auth
    app = None if given is None else app_token.found_in(given, variables)
    read = request.read
    needs_app = read is not None and read.scopes is None
    if app is None and auth is None and (needs_app or given is None):
        app = app_token.found_in(os.environ)
    if needs_app:
        return app or _no_app(request)
    if app is None or not (app.is_alone or given is None):
        return calls.current(auth, variables)
    if (read and not read.takes_app) or request.account == "me":
        raise UsageError(
            f"{request.shown} takes a user's tokens, and this is an app's own bearer token. Nothing was sent.",
            next_step="name the tokens of a user: --auth auth.json; or log in: %twitter_login",
        )
    return app


def _no_app(request: Request) -> TokenProvider:
    raise AuthNotFound(
        f"{request.shown} takes an app's own bearer token alone, and none is there. Nothing was sent.",
        cause="X's developer console shows it as Bearer Token; a user's tokens do not do.",
        next_step="%env X_BEARER_TOKEN from your secret manager, or a file with bearer_token: --auth app.json",
    )
