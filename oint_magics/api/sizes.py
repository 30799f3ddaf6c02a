"""How many rows a page is asked for: X bills each row that it gives."""

from __future__ import annotations

# The parameters that ask for a page.
PAGE_TOKENS = ("pagination_token", "next_token")


def size(limits: tuple[int, int] | None, asked: str | None, wanted: int | None) -> str | None:
    """Return what to ask a page for, so that all pages together bill the fewest rows; `None` if no size is known.

    Args:
        limits: the least and the most rows of a page; `None` if they are not known.
        asked: the caller's own `max_results`, or `None`: the most of a page.
        wanted: how many rows are still needed; `None` for all.
    """
    least, most = limits or (1, None)
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
