"""Posts in their order, within the bounds that a call sets, and pages of whatever a call lists."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, NamedTuple

from oint_magics.sandbox import checks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oint_magics.sandbox.views import View
    from oint_magics.sandbox.world import Post

# X's page where neither the call nor its description says how large.
_SIZE, _SIZE_OF_ACCOUNTS = 10, 100
_WEEK = 7 * 86_400


class WrongValue(ValueError):
    """A parameter that X does not take, for what else is in the call or for the time.

    Args:
        name: the parameter's name.
        message: what is wrong.
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class Page(NamedTuple):
    """A page, and the token of the next one, or `None`."""

    items: list[Any]
    next_token: str | None


def within(view: View, posts: list[Post]) -> list[Post]:
    """Return those posts that lie within a call's bounds, the newest first.

    Raises:
        WrongValue: the bounds contradict each other.
    """
    first, last = (view.query.get(name) for name in ("start_time", "end_time"))
    start = checks.moment(first) if first else None
    end = checks.moment(last) if last else None
    if start is not None and end is not None and start >= end:
        raise WrongValue("start_time", "'start_time' must be before 'end_time'")
    since, until = (view.query.get(name) for name in ("since_id", "until_id"))
    excluded = view.fields("exclude")
    found = [
        post
        for post in posts
        if (start is None or post.at >= start)
        and (end is None or post.at < end)
        and (since is None or int(post.number) > int(since))
        and (until is None or int(post.number) < int(until))
        and not ("replies" in excluded and post.replied)
        and not ("retweets" in excluded and post.reposted)
    ]
    return sorted(found, key=lambda post: int(post.number), reverse=True)


def recent(view: View) -> None:
    """Check that a search of the last seven days asks for no others.

    Raises:
        WrongValue: it does.
    """
    earliest = view.now - _WEEK
    for name in ("start_time", "end_time"):
        text = view.query.get(name)
        if text and checks.moment(text) < earliest:
            raise WrongValue(name, f"'{name}' must be on or after a moment seven days ago")
    end = view.query.get("end_time")
    if end and checks.moment(end) > view.now - 10:
        raise WrongValue("end_time", "'end_time' must be a minimum of 10 seconds prior to the request time")


def week(view: View, posts: list[Post]) -> list[Post]:
    """Return the posts of the last seven days."""
    return [post for post in posts if post.at >= view.now - _WEEK]


def page(view: View, items: Sequence[Any]) -> Page:
    """Return the page of a list that a call asks for.

    A token names the post after which a page begins, so that new posts move nothing; elsewhere it counts.

    Raises:
        WrongValue: the token was never given.
    """
    is_posts = view.entry.gives == "Post"
    size = view.number("max_results") or (
        _SIZE if is_posts and not view.entry.path.endswith("chronological") else _SIZE_OF_ACCOUNTS
    )
    name = "next_token" if "next_token" in view.query else "pagination_token"
    at = 0
    if name in view.query:
        place = _place_of(view.query[name])
        if place is None:
            raise WrongValue(name, f"The `{name}` query parameter value is not valid")
        is_ranked = view.query.get("sort_order") == "relevancy"
        at = (
            place
            if not is_posts or is_ranked
            else next((n for n, post in enumerate(items) if int(post.number) < place), len(items))
        )
    found = list(items[at : at + size])
    if at + size >= len(items) or not found:
        return Page(found, None)
    is_counted = not is_posts or view.query.get("sort_order") == "relevancy"
    return Page(found, _token(at + size if is_counted else int(found[-1].number)))


def _token(place: int) -> str:
    return base64.b32encode(f"page:{place:020}".encode()).decode().lower().rstrip("=")


def _place_of(token: str) -> int | None:
    try:
        text = base64.b32decode(token.upper() + "=" * (-len(token) % 8)).decode()
    except ValueError:
        return None
    number = text.removeprefix("page:")
    return int(number) if number != text and number.isascii() and number.isdecimal() else None


def pages_back(view: View, rows: list[Any], size: int) -> Page:
    """Return the page of rows that a call asks for: the last ones first, each page in its own order.

    Raises:
        WrongValue: the token was never given.
    """
    name = "next_token" if "next_token" in view.query else "pagination_token"
    end = len(rows)
    if name in view.query:
        place = _place_of(view.query[name])
        if place is None or place > len(rows):
            raise WrongValue(name, f"The `{name}` query parameter value is not valid")
        end = place
    start = max(0, end - size)
    return Page(rows[start:end], _token(start) if start else None)
