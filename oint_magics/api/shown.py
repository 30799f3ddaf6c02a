"""Rows as a person looks at them first: ten lines, the columns that matter, what it cost, and how to read on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from oint_magics.api import price
from oint_magics.display.grid import Grid, Linked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oint_magics.api.facts import Facts

    _Row = dict[str, Any]

LINES = 10
_LONGEST = 90
# The columns of each kind, by X's name of what a read gives: what it is called here, and its key.
_COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "Post": (
        ("when", "created_at"), ("by", "author.username"), ("text", "text"), ("likes", "public_metrics.like_count"),
        ("replies", "public_metrics.reply_count"), ("reposts", "public_metrics.retweet_count"),
        ("views", "public_metrics.impression_count"), ("lang", "lang"),
    ),
    "User": (
        ("account", "username"), ("name", "name"), ("followers", "public_metrics.followers_count"),
        ("following", "public_metrics.following_count"), ("posts", "public_metrics.tweet_count"),
        ("about", "description"),
    ),
    "List": (("name", "name"), ("members", "member_count"), ("followers", "follower_count"), ("about", "description")),
    "Space": (("title", "title"), ("state", "state"), ("participants", "participant_count"), ("began", "started_at")),
    "Trend": (("trend", "trend_name"), ("posts", "tweet_count")),
    "PersonalizedTrend": (("trend", "trend_name"), ("posts", "post_count"), ("category", "category")),
}  # fmt: skip
_COUNTS = (("from", "start"), ("to", "end"), ("posts", "tweet_count"))
_KINDS = {"Post": "post", "User": "account", "List": "list", "Space": "space", "Trend": "trend"}


def grid(rows: Sequence[_Row], facts: Facts) -> Grid:
    """Return the table of rows.

    Args:
        rows: the rows.
        facts: what is known of them.
    """
    columns = _columns_of(rows, facts)
    lines = tuple(tuple(_cell(facts, name, row.get(key), row) for name, key in columns) for row in rows[:LINES])
    numbers = tuple(name for name, key in columns if any(type(row.get(key)) is int for row in rows[:LINES]))
    return Grid(_title(rows, facts), tuple(name for name, _ in columns), lines, _note(rows, facts), numbers)


def _title(rows: Sequence[_Row], facts: Facts) -> str:
    """Return what the rows are, in words: "100 posts · users/@museum/tweets"."""
    read = facts.request.read if facts.request else None
    name = _KINDS.get(read.gives if read else "", "row")
    number = f"{len(rows):,} {name}{'' if len(rows) == 1 else 's'}"
    where = ""
    if facts.request and read:
        who = facts.request.shown.split("/")[1] if facts.request.account else ""
        where = f" of {who}" if who and read.path == "users/{id}/tweets" else f" · {facts.request.shown}"
    return f"{'SANDBOX: ' if facts.is_sandbox else ''}{number}{where}"


def _columns_of(rows: Sequence[_Row], facts: Facts) -> tuple[tuple[str, str], ...]:
    there = rows[0] if rows else {}
    read = facts.request.read if facts.request else None
    wanted = _COLUMNS.get(read.gives if read else "", ())
    if read and "counts" in read.path:
        wanted = _COUNTS
    found = tuple((name, key) for name, key in wanted if key in there)
    return found or tuple((key, key) for key in list(there)[:6]) or (("rows", "rows"),)


def _cell(facts: Facts, name: str, value: Any, row: dict[str, Any]) -> str:
    if value is None:
        return "–"
    if type(value) is int:
        return f"{value:,}"
    text = (
        _time(value)
        if name in ("when", "from", "to", "began") and isinstance(value, str)
        else " ".join(str(value).split())
    )
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST - 1]}…"
    if name in ("account", "by"):
        text = f"@{text}"
    address = None if facts.is_sandbox else _address(name, row)
    return Linked(text, address) if address else text


def _address(name: str, row: dict[str, Any]) -> str | None:
    """Return where X shows what a cell names; its ids are digits, its handles letters, digits and _."""
    number, handle = str(row.get("id", "")), str(row.get("username", ""))
    if name == "when" and number.isdecimal():
        return f"https://x.com/i/status/{number}"
    if name == "account" and handle.replace("_", "a").isalnum() and handle.isascii():
        return f"https://x.com/{handle}"
    return None


def _time(text: str) -> str:
    """Return a moment by the clock of this place, with its day."""
    try:
        here = datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError, OSError):
        return text
    return f"{here:%d %b %H:%M}" if here.year == datetime.now(here.tzinfo).year else f"{here:%d %b %Y %H:%M}"


def _note(rows: Sequence[_Row], facts: Facts) -> str:
    parts = [f"{LINES} of {len(rows):,} rows shown"] * (len(rows) > LINES)
    parts += [f"{facts.pages} page{'' if facts.pages == 1 else 's'}"] * bool(facts.pages)
    parts += [text] if (text := _cost(facts)) else []
    parts += ["asked for by the app's own bearer token"] * facts.is_app
    parts += ["more at X: --max-rows all"] * (facts.position is not None)
    return " · ".join(parts)


def _cost(facts: Facts) -> str:
    """Return what rows cost, in words; blank where nothing is known of that."""
    if facts.request is None:
        return ""
    if facts.request.read is None:
        return "sent without a check, as --unchecked says"
    if not facts.request.read.price.kind:
        return "X lists no price for it"
    text = f"{price.shown(facts.cost)} at X's list price"
    text += f", or {price.shown(facts.owned)} if you own the app" if facts.owned is not None else ""
    return f"{text} (the sandbox bills nothing)" if facts.is_sandbox else text
