"""How many rows a page is asked for, and which parameter asks for the next page: X bills each row that it gives."""

from __future__ import annotations

import re

# The least and the most of `max_results`, and the calls that take it: all of X's OpenAPI description 2.167.
_SIZES = (
    (1, 100, """
        broadcasts  broadcasts/scheduled  chat/conversations  chat/conversations/*/events  connections
        dm_conversations/*/dm_events  dm_conversations/with/*/dm_events  dm_events
        lists/*/followers  lists/*/members  lists/*/tweets
        news/search  notes/search/notes_written  notes/search/posts_eligible_for_notes
        spaces/search  spaces/*/buyers  spaces/*/tweets  tweets/*/liking_users  tweets/*/retweeted_by  tweets/*/retweets
        users/reposts_of_me  users/*/bookmarks  users/*/bookmarks/folders  users/*/bookmarks/folders/*
        users/*/followed_lists  users/*/list_memberships  users/*/owned_lists  users/*/timelines/reverse_chronological
    """),
    (1, 200, "broadcasts/*/chat"),
    (1, 1000, """
        activity/subscriptions  tweets/search/stream/rules  users/search
        users/*/affiliates  users/*/blocking  users/*/followers  users/*/following  users/*/muting
    """),
    (5, 100, "users/*/liked_tweets  users/*/mentions  users/*/tweets"),
    (10, 100, "communities/search  tweets/search/recent  tweets/*/quote_tweets"),
    (10, 500, "tweets/search/all"),
)  # fmt: skip
_PATTERNS = tuple(
    (least, most, "|".join(re.escape(path).replace(r"\*", "[^/]+") for path in paths.split()))
    for least, most, paths in _SIZES
)
# The parameters that ask for a page; nearly every call takes the first.
PAGE_TOKENS = ("pagination_token", "next_token")
_BY_NEXT_TOKEN = ("/2/users/search",)


def limits(path: str) -> tuple[int, int] | None:
    """Return the least and the most rows of a call's page; `None` if they are not known.

    Args:
        path: the call's path, from `/2/` on.
    """
    found = (row for row in _PATTERNS if re.fullmatch(f"/2/(?:{row[2]})/?", path))
    return next(((least, most) for least, most, _ in found), None)


def page_token(path: str) -> str:
    """Return the name of the parameter that asks a call for its next page."""
    return PAGE_TOKENS[path.rstrip("/") in _BY_NEXT_TOKEN]


def size(path: str, asked: str | None, wanted: int | None) -> str | None:
    """Return what to ask a page for, so that all pages together bill the fewest rows; `None` if no size is known.

    Args:
        path: the call's path, from `/2/` on.
        asked: the caller's own `max_results`, or `None`: the most of a page. X refuses one out of its limits, in words.
        wanted: how many rows are still needed; `None` for all.
    """
    known = limits(path)
    least, most = known or (1, None)
    if asked is not None:
        if not (asked.isascii() and asked.isdecimal()) or not least <= int(asked) <= (most or int(asked)):
            return asked
        most = int(asked)
    if most is None:
        return None
    if wanted is None:
        return str(most)
    # The fewest pages, the first as large as it can be, if none after it has to be below X's least.
    after = -(-wanted // most) - 1
    return str(max(least, min(most, wanted - after * least)))
