"""Calls of X's API: one answer or all its pages, and every refusal in our own words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote, urlsplit

from oint_magics import endpoints, progress, scopes
from oint_magics.auth import auth_of
from oint_magics.current import Current
from oint_magics.errors import CallError, OintError, RateLimited, UsageError
from oint_magics.rows import rows_of
from oint_magics.secret import redacted
from oint_magics.session import Session
from oint_magics.sources import Source
from oint_magics.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from oint_magics.auth import Auth
    from oint_magics.secret import Secret
    from oint_magics.session import Reply

# What to do about a refusal, by its status (https://docs.x.com/x-api/fundamentals/response-codes-and-errors and
# public reports).
_MEANINGS = {
    400: ("a parameter is not one that this call takes.", "compare it with the call's page at docs.x.com"),
    401: (
        "the access token is expired, revoked, or not a user's.",
        "get another: %twitter_refresh; where that is refused, log in again: %twitter_login",
    ),
    402: ("the app's credits are used up; the token is good.", "buy credits in X's developer console"),
    403: (
        "the token lacks a scope that this call wants, or the app is not enrolled for it.",
        f'%twitter_status shows the scopes; a login can ask for more: %twitter_login --scope "{scopes.LEAST}"',
    ),
    404: ("there is nothing at that path.", 'a path is like "users/me" or "users/2244994945/tweets"'),
    503: ("an outage, or an app that X does not serve now; the token is good.", "run it again in some minutes"),
}
_MOST_EMPTY = 50
_UNKNOWN = ("X says no more than that.", "run it again; if it stays so, look at https://docs.x.com/status")


def me(source: Source) -> dict[str, Any]:
    """Return whose token it is (`GET /2/users/me`).

    Args:
        source: where the pair lives.

    Raises:
        CallError: X refused.
        OintError: as for a refresh, where one was due and failed.
    """
    with Session(Current(source)) as session:
        data = _page(session, "users/me", {}).get("data")
    if not isinstance(data, dict):
        _unreadable()
    return data


def owner(auth: Auth, access_token: Secret) -> dict[str, Any]:
    """Return whose an access token is; it is asked with this very token, and nothing is refreshed.

    Args:
        auth: names the app.
        access_token: the token.

    Raises:
        CallError: X refused; status 401 for a token that opens nothing.
    """
    values = json.loads(auth.document.reveal()) | {"access_token": access_token, "refresh_token": None}
    # Whatever its end is: the answer tells.
    values["expires_at"] = int(datetime.now(UTC).timestamp()) + 3600
    return me(Source("the access token", auth=auth_of(values)))


def get(source: Source, path: str, params: Mapping[str, object], max_rows: int | None) -> list[dict[str, Any]]:
    """Return what a call answers as flat rows, all its pages.

    The stop button ends it and returns the rows so far.

    Args:
        source: where the pair lives.
        path: the call's path below `/2/`.
        params: its parameters; `tweet_fields` stands for `tweet.fields`, a list for its words with commas.
        max_rows: ask for no further page from this number of rows on; `None` for all.

    Raises:
        CallError: X refused; `.rows` has what came before.
        OintError: as for a refresh, where one was due and failed.
    """
    _check_number(max_rows)
    asked = {_name(key): _value(value) for key, value in params.items() if value is not None}
    harvest = _Harvest(visible(_checked(path).removeprefix("/2/"), 80))
    problem: OintError | None = None
    try:
        with Session(Current(source)) as session:
            for page in _pages(session, path, asked):
                if harvest.has_enough(page, max_rows):
                    break
        harvest.end("")
    except KeyboardInterrupt:
        harvest.end("stopped; ", is_told=True)
    except OintError as error:
        problem = harvest.cut(error)
    if problem is not None:
        raise problem
    return rows_of(harvest.found[:max_rows])


class _Harvest:
    """The rows so far, and the line that tells how many they are.

    Args:
        path: what messages call the call.
    """

    def __init__(self, path: str) -> None:
        self.found: list[dict[str, Any]] = []
        self._path, self._pages, self._line = path, 0, progress.line()

    def has_enough(self, page: dict[str, Any], most: int | None) -> bool:
        """Take a page, and tell whether no further one is wanted."""
        self.found += _data(page)
        self._pages += 1
        is_enough = most is not None and len(self.found) >= most
        if not is_enough and _next(page):
            self._line(f"{self._path}: {self._count()}…")
        return is_enough

    def end(self, how: str, *, is_told: bool = False) -> None:
        if is_told or self._pages > 1:
            self._line(f"{self._path}: {how}{self._count()}")

    def cut(self, error: OintError) -> OintError:
        """Return the error that ended it, with the rows before it."""
        if not self.found:
            return error
        problem = error if isinstance(error, CallError) else _not_renewed(error)
        problem.rows = rows_of(self.found)
        problem.what += f" After {self._count()}, which are in this error's .rows (in a cell: sys.last_value.rows)."
        return problem

    def _count(self) -> str:
        pages = "1 page" if self._pages == 1 else f"{self._pages} pages"
        return f"{len(self.found)} rows in {pages}"


def _not_renewed(error: OintError) -> CallError:
    return CallError("The token could not be refreshed on the way.", cause=error.what, next_step=error.next_step)


def _pages(session: Session, path: str, asked: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Yield a call's answers, each with the token that the one before gave."""
    seen: set[str] = set()
    empty = 0
    while True:
        page = _page(session, path, asked)
        yield page
        empty = 0 if _data(page) else empty + 1
        if empty == _MOST_EMPTY:
            raise CallError(f"X gave {empty} empty pages one after another.", next_step="run it again, or ask for less")
        token = _next(page)
        if token is None:
            return
        if token in seen:
            raise CallError("X gave the same page twice, and it would never end.", next_step="run it again")
        seen.add(token)
        asked["pagination_token"] = token


def _check_number(rows: object) -> None:
    if rows is not None and (not isinstance(rows, int) or isinstance(rows, bool) or rows < 1):
        raise UsageError("max_rows is no number of rows.", next_step="max_rows=100, or leave it out for all")


def _name(key: str) -> str:
    """Return X's name of a parameter: `tweet.fields` for `tweet_fields`, which Python can spell."""
    return f"{key.removesuffix('_fields')}.fields" if key.endswith("_fields") else key


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list | tuple | set) else str(value)


def _page(session: Session, path: str, params: Mapping[str, str]) -> dict[str, Any]:
    """Return one answer's JSON."""
    reply, host = session.ask(_checked(path), params), urlsplit(session.api).netloc
    document = reply.document
    if reply.status != 200 or (document and "data" not in document and "errors" in document):
        _refused(reply, host)
    if document is None:
        raise CallError(f"{host} answered with something that cannot be read.", next_step="run it again")
    return document


def _checked(path: object) -> str:
    text = path.strip().removeprefix(endpoints.API.url) if isinstance(path, str) else ""
    below = text.lstrip("/").removeprefix("2/")
    if not below or "://" in unquote(below) or ".." in unquote(below):
        raise UsageError(
            "That is no path of the API.",
            cause="it stands below https://api.x.com/2/ and has no host.",
            next_step='twitter.get("users/me")',
        )
    return f"/2/{below}"


def _data(page: dict[str, Any]) -> list[dict[str, Any]]:
    data = page.get("data", [])
    objects = data if isinstance(data, list) else [data]
    return [each for each in objects if isinstance(each, dict)]


def _next(page: dict[str, Any]) -> str | None:
    meta = page.get("meta")
    token = meta.get("next_token") if isinstance(meta, dict) else None
    return token if isinstance(token, str) and token else None


def _refused(reply: Reply, host: str) -> NoReturn:
    words = _words(reply.document or {})
    said = f": {words.rstrip('.')}." if words else "."
    if reply.status == 429:
        _limited(reply.headers, f"{host} takes no more of these calls for now (status 429){said}")
    cause, next_step = _MEANINGS.get(reply.status, _UNKNOWN)
    problem = CallError(f"{host} refused with status {reply.status}{said}", cause=cause, next_step=next_step)
    problem.status = reply.status
    raise problem


def _limited(headers: Mapping[str, str], what: str) -> NoReturn:
    reset, limit = (headers.get(f"x-rate-limit-{name}", "") for name in ("reset", "limit"))
    retry_at = datetime.fromtimestamp(int(reset), UTC) if reset.isdecimal() and len(reset) < 12 else None
    when = f"after {retry_at:%H:%M:%S} UTC" if retry_at else "in fifteen minutes"
    calls = f" of {limit} call{'' if limit == '1' else 's'}" if limit.isdecimal() and len(limit) < 9 else ""
    problem = RateLimited(
        what,
        cause=f"this window{calls} is used up; nothing is repeated by itself.",
        next_step=f"run it again {when}",
    )
    problem.status, problem.retry_at = 429, retry_at
    raise problem


def _words(document: dict[str, Any]) -> str:
    """Return what X says about a refusal, without anything that could be a secret."""
    errors = document.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    said = [document.get("detail") or document.get("title"), first.get("message") or first.get("detail")]
    text = " — ".join(dict.fromkeys(each for each in said if isinstance(each, str)))
    return visible(redacted(text, ()), 300)


def _unreadable() -> NoReturn:
    raise CallError("X's answer holds no user.", next_step="run it again")
