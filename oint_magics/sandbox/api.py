"""The API behind the tokens: who one is, and a timeline in pages, in X's shapes."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from oint_magics.sandbox import answers

if TYPE_CHECKING:
    from oint_magics.sandbox.accounts import Accounts
    from oint_magics.sandbox.answers import Reply
    from oint_magics.sandbox.limits import Limits

POSTS = 250
_FIRST_POST = 1_900_000_000_000_000_000
_SCOPES = {"tweet.read", "users.read"}


def get(accounts: Accounts, limits: Limits, authorization: str | None, address: str) -> Reply:
    """Answer `GET` of an address below `/2/`.

    Args:
        accounts: the server's memory.
        limits: the windows that calls are counted in.
        authorization: the `Authorization` header, or `None`.
        address: path and query.
    """
    path, _, query = address.partition("?")
    parts = path.split("/")
    endpoint = "/2/users/:id/tweets" if parts[:3] == ["", "2", "users"] and parts[4:] == ["tweets"] else path
    if endpoint not in ("/2/users/me", "/2/users/:id/tweets"):
        return answers.not_found()
    scheme, _, token = (authorization or "").partition(" ")
    found = accounts.bearer(token) if scheme.lower() == "bearer" else None
    if found is None:
        return answers.unauthorized()
    person, scopes = found
    left = limits.take(person.number, endpoint)
    if left and left.remaining < 0:
        return answers.too_many(left.headers)
    if not scopes >= _SCOPES:
        return answers.forbidden()
    asked = {key: values[-1] for key, values in parse_qs(query).items()}
    reply = answers.user(person, _fields(asked, "user.fields")) if endpoint == path else _timeline(parts[3], asked)
    return reply._replace(headers=left.headers if left else ())


def _timeline(number: str, asked: dict[str, str]) -> Reply:
    """Return a page of a person's posts, the newest first."""
    size = asked.get("max_results", "10")
    if not (size.isdecimal() and 5 <= int(size) <= 100):
        return answers.invalid_parameter("max_results", size, "must be between 5 and 100")
    start = _start(asked.get("pagination_token"))
    if start is None:
        return answers.invalid_parameter("pagination_token", "", "is not valid")
    numbers = range(POSTS - start, max(0, POSTS - start - int(size)), -1)
    end = start + len(numbers)
    fields = _fields(asked, "tweet.fields")
    return answers.page([_post(n, number, fields) for n in numbers], _token(end) if end < POSTS else None)


def _post(n: int, author: str, fields: set[str]) -> dict[str, object]:
    number = str(_FIRST_POST + n)
    more: dict[str, object] = {
        "author_id": author,
        "created_at": f"2026-{1 + n // 28:02}-{1 + n % 28:02}T12:00:00.000Z",
        "public_metrics": {"retweet_count": n % 7, "reply_count": n % 3, "like_count": n, "quote_count": 0},
        "lang": "en",
    }
    if n % 50 == 0:
        more["in_reply_to_user_id"] = "783214"
    post = {"id": number, "text": f"Sandbox post {n}", "edit_history_tweet_ids": [number]}
    return post | {key: value for key, value in more.items() if key in fields}


def _fields(asked: dict[str, str], name: str) -> set[str]:
    return set(asked.get(name, "").split(","))


def _token(start: int) -> str:
    return base64.b32encode(f"from{start}".encode()).decode().lower().rstrip("=")


def _start(token: str | None) -> int | None:
    """Return where a page begins, or `None` for a token that was never given."""
    return next((n for n in range(POSTS) if token is None or _token(n) == token), None)
