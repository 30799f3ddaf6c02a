"""One call of X's API: its path, its answer, and every refusal in our own words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote, urlsplit

from oint_magics.api.missing import is_refusal
from oint_magics.errors import CallError, RateLimited, UsageError
from oint_magics.http import endpoints
from oint_magics.oauth import problems, scopes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oint_magics.http.session import Reply, Session

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
        "the token lacks a scope that this call needs, or the app is not enrolled for it.",
        f'%twitter_status shows the scopes; a login can ask for more: %twitter_login --scope "{scopes.LEAST}"',
    ),
    413: ("what was sent is too large.", "make it smaller"),
    404: ("there is nothing at that path.", 'a path is like "users/me" or "users/2244994945/tweets"'),
    503: ("an outage, or an app that X does not serve now; the token is good.", "run it again in some minutes"),
}
# The same by what X says, where that tells more than the status (public reports of X's texts).
_BY_WORDS = (
    ("duplicate content", "a post of this account has the same text.", "change the text, or delete the earlier post"),
    ("mentioned or quoted you", "a self-serve app may reply only to posts that mention or quote its account.",
     "post it without --reply-to"),
    ("quoting", "quotes are no longer part of the self-serve plans.", "put the post's link into the text"),
    ("could not find", "it is not there: it was deleted, or has another id.", "look at the id"),
    ("attached to a project", "the app is in no package.", "in X's developer console, move the app to Pay-per-use"),
)  # fmt: skip
_UNKNOWN = ("X says no more than that.", "run it again; if it stays so, look at https://docs.x.com/status")


def answer(
    session: Session, path: str, params: Mapping[str, str] | None = None, *, method: str = "GET", **body: Any
) -> dict[str, Any]:
    """Send one request and return its answer's JSON.

    Args:
        session: carries the token.
        path: the call's path, below `/2/`.
        params: its parameters; `None` for none.
        method: GET, POST or DELETE.
        body: the body, as requests takes it: `json`, or `data` and `files`; and `exchange`, as `Session.ask` takes it.

    Raises:
        CallError: X refused, or the answer cannot be read.
        UsageError: it is not a path of the API.
        OintError: as for a refresh, where one was due and failed.
    """
    reply = session.ask(path_of(path), params or {}, method=method, **body)
    host, document = urlsplit(session.api).netloc, reply.document
    if reply.status >= 300 or is_refusal(document, params or {}):
        _refused(reply, host)
    if document is None:
        problem = CallError(f"{host} answered, and the answer cannot be read.", next_step="run it again")
        problem.status = reply.status
        raise problem
    return document


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


def _refused(reply: Reply, host: str) -> NoReturn:
    words = problems.words(reply.document or {}, reply.held)
    said = f": {words.rstrip('.')}." if words else "."
    if reply.status == 429:
        _limited(reply.headers, f"{host} accepts no more of these calls now (status 429){said}")
    by_words = (row[1:] for row in _BY_WORDS if row[0] in words.lower())
    cause, next_step = next(by_words, _MEANINGS.get(reply.status, _UNKNOWN))
    did = "refused" if reply.status < 500 else "answered"
    problem = CallError(f"{host} {did} with status {reply.status}{said}", cause=cause, next_step=next_step)
    problem.status = reply.status
    raise problem


def _limited(headers: Mapping[str, str], what: str) -> NoReturn:
    reset, limit = (headers.get(f"x-rate-limit-{name}", "") for name in ("reset", "limit"))
    retry_at = datetime.fromtimestamp(int(reset), UTC) if reset.isdecimal() and len(reset) < 12 else None
    when = f"after {retry_at:%H:%M:%S} UTC" if retry_at else "in fifteen minutes"
    calls = f" of {limit} call{'' if limit == '1' else 's'}" if limit.isdecimal() and len(limit) < 9 else ""
    problem = RateLimited(
        what,
        cause=f"this window{calls} is used up; the call is not repeated automatically.",
        next_step=f"run it again {when}",
    )
    problem.status, problem.retry_at = 429, retry_at
    raise problem
