"""How many rows a page is asked for: X bills each one that it gives."""

from __future__ import annotations

import re

# The least and the most of `max_results`, by the call (https://docs.x.com/x-api, each call's page).
_SIZES = (
    (r"users/[^/]+/(?:tweets|mentions|liked_tweets)", 5, 100),
    (r"users/[^/]+/timelines/reverse_chronological", 1, 100),
    (r"users/[^/]+/(?:followers|following|muting|blocking)", 1, 1000),
    (r"users/[^/]+/(?:bookmarks|owned_lists|followed_lists|list_memberships)", 1, 100),
    (r"tweets/search/recent", 10, 100),
    (r"tweets/[^/]+/(?:quote_tweets|liking_users|retweeted_by)", 10, 100),
    (r"lists/[^/]+/(?:tweets|members|followers)", 1, 100),
)


def size(path: str, asked: str | None, wanted: int | None) -> str | None:
    """Return what to ask a page for; `None` for a call whose sizes are not known.

    Args:
        path: the call's path, from `/2/` on.
        asked: the caller's own `max_results`, or `None`.
        wanted: how many rows are still wanted; `None` for all.
    """
    least, most = next(
        ((least, most) for pattern, least, most in _SIZES if re.fullmatch(f"/2/{pattern}/?", path)), (1, None)
    )
    if asked is not None and asked.isdecimal():
        most = int(asked)
    if most is None:
        return asked
    if wanted is None:
        return str(most)
    if wanted <= most:
        return str(max(wanted, least))
    # So that the last page is not smaller than X's least, and gives no row too many.
    rest = wanted - most
    return str(most if rest >= least else max(least, wanted - least))
