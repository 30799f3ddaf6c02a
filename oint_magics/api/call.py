"""One call of X's API: its path, its answer, and every refusal in our own words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from oint_magics.api.missing import is_refusal
from oint_magics.errors import CallError, RateLimited, UsageError
from oint_magics.http import endpoints
from oint_magics.oauth import causes, limits, problems, scopes
from oint_magics.oauth.cause import DELETE, POST, READ, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oint_magics.http.api import Api, Reply

# Half a character, as of an emoji that was cut.
_HALF = re.compile("[\ud800-\udfff]")


def answer(
    api: Api, path: str, params: Mapping[str, str] | None = None, *, method: str = "GET", **options: Any
) -> dict[str, Any]:
    """Send one request and return its answer's JSON.

    Args:
        api: carries the token.
        path: the call's path, below `/2/`.
        params: its parameters; `None` for none.
        method: GET, POST or DELETE.
        options: `body`, `exchange` and `write`, as `Api.ask` takes them.

    Raises:
        RateLimited: a limit is used up, and a later call may be accepted.
        CallError: X refused, or the answer cannot be read.
        UsageError: it is not a path of the API, or a parameter is no text.
        OintError: as for a refresh, where one was due and failed.
    """
    if _HALF.search("".join(chain.from_iterable((params or {}).items()))):
        raise UsageError("A parameter holds half a character, as of an emoji. Nothing was sent.")
    whole, host = path_of(path), urlsplit(api.url).netloc
    reply = api.ask(whole, params or {}, method=method, **options)
    if reply.status >= 300 or is_refusal(reply.document, params or {}):
        raise _refusal(reply, host, method, whole)
    if reply.document is None:
        problem = CallError(f"{host} answered, and the answer cannot be read.", next_step="run it again")
        problem.status = reply.status
        raise problem
    return reply.document


def path_of(path: object) -> str:
    """Return a call's path from `/2/` on; raises a `UsageError` for what is none."""
    text = path.strip().removeprefix(endpoints.API.url) if isinstance(path, str) else ""
    below = text.lstrip("/").removeprefix("2/")
    if not below or "://" in unquote(below) or ".." in unquote(below):
        raise UsageError(
            "That is not a path of the API.",
            cause="a path is what follows https://api.x.com/2/, without the host.",
            next_step='twitter.get("users/me")',
        )
    return f"/2/{below}"


def _refusal(reply: Reply, host: str, method: str, path: str) -> CallError:
    """Return the error for a refusal: X's words, what they mean, and the next step."""
    status, document = reply.status, reply.document or {}
    cause = causes.cause_of(_kind_of(method, path), status, document, is_page=reply.is_page)
    words = problems.words(document, reply.held)
    said = f": {words.rstrip('.')}." if words else "."
    if status == 429 and not cause.is_sure:
        return _limited(reply.headers, f"{host} accepts no more of these calls now (status 429){said}")
    did = f"{'refused' if status < 500 else 'answered'} with status {status}" if status >= 300 else "gave no data"
    problem = CallError(f"{host} {did}{said}", cause=cause.cause, next_step=cause.next_step)
    if status == 403 and not cause.is_sure and not reply.is_page:
        _look_at_scopes(problem, reply.granted, scopes.needed(method, path))
    problem.status = status
    return problem


def _look_at_scopes(problem: CallError, granted: str | None, needed: list[str]) -> None:
    """Say whether a scope is missing, if it is known what these tokens may do and what the call needs."""
    missing = scopes.lacking(granted, needed)
    if granted is not None and missing:
        problem.cause = f"these tokens lack the scope {' and '.join(missing)}, and no refresh adds one."
        problem.next_step = scopes.login_for(granted, missing)
    elif granted is not None and needed and problem.cause and "a missing scope" in problem.cause:
        problem.cause = "X does not say why: the app's permissions, or the account. The tokens' scopes are enough."
        problem.next_step = "see the app's permissions in X's developer console"


def _kind_of(method: str, path: str) -> str:
    if path.startswith("/2/media/"):
        return UPLOAD
    return {"GET": READ, "DELETE": DELETE}.get(method, POST)


def _limited(headers: Mapping[str, str], what: str) -> CallError:
    """Return the error for a 429: a `RateLimited` if waiting helps."""
    limit = limits.limit_of(headers, datetime.now(UTC))
    kind = CallError if limit.is_cap else RateLimited
    problem = kind(what, cause=limit.cause, next_step=f"run it again {limit.when}")
    problem.status = 429
    if isinstance(problem, RateLimited):
        problem.retry_at = limit.until
    return problem
