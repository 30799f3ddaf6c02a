"""How many posts a query finds in each minute, hour or day."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from oint_magics.sandbox import checks, documents, timelines

if TYPE_CHECKING:
    from oint_magics.sandbox.views import View
    from oint_magics.sandbox.world import Post

_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
# How far back a count goes where nothing is said, in days, and how many of its rows are one page.
_DAYS = {"recent": 7, "all": 30}
_ROWS = 31 * 24


def answer(view: View, posts: list[Post]) -> dict[str, Any]:
    """Return the counts of posts, the oldest first, cut at the clock's minutes, hours or days.

    Args:
        view: the call's.
        posts: the posts that were found.

    Raises:
        WrongValue: the token was never given.
    """
    kind = view.entry.path.rpartition("/")[2]
    size = _SECONDS[view.query.get("granularity") or "hour"]
    end = checks.moment(view.query["end_time"]) if "end_time" in view.query else view.now
    start = checks.moment(view.query["start_time"]) if "start_time" in view.query else end - _DAYS[kind] * 86_400
    found = Counter(math.floor(post.at / size) for post in posts if start <= post.at < end)
    page = timelines.pages_back(view, range(math.floor(start / size), math.ceil(end / size)), _ROWS)
    rows = [
        {"start": documents.time(max(start, n * size)), "end": documents.time(min(end, (n + 1) * size))}
        | _both("{}_count", found[n])
        for n in page.items
    ]
    meta: dict[str, Any] = _both("total_{}_count", sum(found[n] for n in page.items))
    return {"data": rows, "meta": meta | ({"next_token": page.next_token} if page.next_token else {})}


def _both(name: str, count: int) -> dict[str, int]:
    """Return a count by the names of both vocabularies: nothing in the call says which is meant."""
    return {name.format(word): count for word in ("tweet", "post")}
