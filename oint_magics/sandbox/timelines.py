"""Posts in their order, within the bounds that a call sets, and pages of whatever a call lists."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from oint_magics.sandbox import checks
from oint_magics.sandbox.world import EPOCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oint_magics.sandbox.views import View
    from oint_magics.sandbox.world import Post

# X's page where neither the call nor its description says how large.
_SIZE, _SIZE_OF_ACCOUNTS = 10, 100
_WEEK = 7 * 86_400
_PLACE = re.compile(r"page:([0-9]{1,12}):([0-9]{1,19})")


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


def searched(view: View, *, is_recent: bool) -> None:
    """Check that a search asks for no posts that are still to come, or are older than it looks back.

    Raises:
        WrongValue: it does.
    """
    for name in ("start_time", "end_time"):
        text = view.query.get(name)
        if text and is_recent and checks.moment(text) < view.now - _WEEK:
            raise WrongValue(name, f"'{name}' must be on or after a moment seven days ago")
        if text and checks.moment(text) > view.now - 10:
            raise WrongValue(name, f"'{name}' must be a minimum of 10 seconds prior to the request time")

    since = view.query.get("since_id")
    if since and view.query.get("start_time"):
        raise WrongValue("since_id", "'since_id' cannot be used together with 'start_time'")
    if since and is_recent and ((int(since) >> 22) + EPOCH) / 1000 < view.now - _WEEK:
        raise WrongValue("since_id", "'since_id' must be a post id created within the last seven days")


def week(view: View, posts: list[Post]) -> list[Post]:
    """Return the posts of the last seven days."""
    return [post for post in posts if post.at >= view.now - _WEEK]


def page(view: View, items: Sequence[Any]) -> Page:
    """Return the page of a list that a call asks for.

    A token names the last item of the page before, so that what is added or taken away meanwhile moves nothing.

    Raises:
        WrongValue: the token was never given.
    """
    is_by_time = (
        view.entry.gives == "Post"
        and not view.entry.path.endswith("bookmarks")
        and view.query.get("sort_order") != "relevancy"
    )
    size = view.number("max_results") or (
        _SIZE if view.entry.gives == "Post" and not view.entry.path.endswith("chronological") else _SIZE_OF_ACCOUNTS
    )
    name = _token_name(view)
    at = 0
    if name in view.query:
        place = _place_of(view.query[name])
        if place is None:
            raise WrongValue(name, f"The `{name}` query parameter value is not valid")
        at = _begin(items, *place, is_by_time=is_by_time)
    found = list(items[at : at + size])
    if at + size >= len(items) or not found:
        return Page(found, None)
    return Page(found, _token(at + size, found[-1].number))


def _begin(items: Sequence[Any], count: int, last: str, *, is_by_time: bool) -> int:
    """Return where a page begins, after the one that had so many items before its end and this last one."""
    after = next((n for n, item in enumerate(items, 1) if item.number == last), None)
    if after is not None:
        return after
    if is_by_time:
        return next((n for n, item in enumerate(items) if int(item.number) < int(last)), len(items))
    return max(0, count - 1)  # The last one itself was taken away.


def _token_name(view: View) -> str:
    return "next_token" if "next_token" in view.query else "pagination_token"


def _token(count: int, last: str = "0") -> str:
    return base64.b32encode(f"page:{count}:{last}".encode()).decode().lower().rstrip("=")


def _place_of(token: str) -> tuple[int, str] | None:
    try:
        text = base64.b32decode(token.upper() + "=" * (-len(token) % 8)).decode()
    except ValueError:
        return None
    found = _PLACE.fullmatch(text)
    return (int(found[1]), found[2]) if found else None


def pages_back(view: View, rows: Sequence[Any], size: int) -> Page:
    """Return the page of rows that a call asks for: the last ones first, each page in its own order.

    Raises:
        WrongValue: the token was never given.
    """
    name, end = _token_name(view), len(rows)
    if name in view.query:
        place = _place_of(view.query[name])
        if place is None or place[0] > len(rows):
            raise WrongValue(name, f"The `{name}` query parameter value is not valid")
        end = place[0]
    start = max(0, end - size)
    return Page(list(rows[start:end]), _token(start) if start else None)
