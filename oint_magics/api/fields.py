"""One list of fields for a read: of what it gives, and of what stands beside it, by a name with a dot."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from oint_magics.api import catalogue
from oint_magics.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oint_magics.api.catalogue import Read


class Beside(NamedTuple):
    """What stands beside an object.

    Attributes:
        expansion: the expansion that brings it.
        fields: the parameter that names its fields.
    """

    expansion: str
    fields: str


# The parameter for the fields of what a read gives, by X's name of it.
OF = {
    "Post": "tweet.fields", "User": "user.fields", "List": "list.fields", "Space": "space.fields",
    "Community": "community.fields", "Note": "note.fields", "News": "news.fields", "Media": "media.fields",
    "Trend": "trend.fields", "PersonalizedTrend": "personalized_trend.fields", "Usage": "usage.fields",
    "Analytics": "analytics.fields", "MediaAnalytics": "media_analytics.fields",
}  # fmt: skip
BESIDE = {
    "author": Beside("author_id", "user.fields"),
    "in_reply_to_user": Beside("in_reply_to_user_id", "user.fields"),
    "retweeted": Beside("referenced_tweets.id", "tweet.fields"),
    "quoted": Beside("referenced_tweets.id", "tweet.fields"),
    "replied_to": Beside("referenced_tweets.id", "tweet.fields"),
    "media": Beside("attachments.media_keys", "media.fields"),
    "poll": Beside("attachments.poll_ids", "poll.fields"),
    "place": Beside("geo.place_id", "place.fields"),
    "pinned_tweet": Beside("pinned_tweet_id", "tweet.fields"),
    "most_recent_tweet": Beside("most_recent_tweet_id", "tweet.fields"),
    "owner": Beside("owner_id", "user.fields"),
    "creator": Beside("creator_id", "user.fields"),
}
# What is asked for where nothing is said: useful, and billed no more.
DEFAULTS = {
    "Post": "created_at author_id text lang public_metrics conversation_id referenced_tweets",
    "User": "created_at description public_metrics verified",
    "List": "created_at description member_count follower_count",
    "Space": "created_at title state participant_count started_at",
}  # fmt: skip
# What people type for a field that is inside of another one.
_COUNTS = (
    "like",
    "retweet",
    "repost",
    "reply",
    "quote",
    "bookmark",
    "impression",
    "follower",
    "following",
    "tweet",
    "post",
    "view",
)
_MEANT = {f"{each}{end}": "public_metrics" for each in _COUNTS for end in ("s", "_count", "s_count")}
_MEANT |= {"replies": "public_metrics", "metrics": "public_metrics", "following": "public_metrics"}
_MEANT |= {"user": "author.username", "username": "author.username", "author": "author.username"}
_MEANT |= {"date": "created_at", "time": "created_at", "when": "created_at", "language": "lang"}
# The newer vocabulary's names, and the ones that rows have.
TWEET_WORDS = {
    "referenced_posts": "referenced_tweets",
    "note_post": "note_tweet",
    "edit_history_post_ids": "edit_history_tweet_ids",
    "most_recent_post_id": "most_recent_tweet_id",
    "pinned_post_id": "pinned_tweet_id",
}


def names(read: Read) -> list[str]:
    """Return all names that a list of fields for a read may have."""
    found = list(_words(read, OF.get(read.gives, "")))
    expansions = _words(read, "expansions")
    for name, beside in BESIDE.items():
        if beside.expansion in expansions:
            found += [f"{name}.{field}" for field in _words(read, beside.fields)]
    return found


def asked(read: Read, wanted: Iterable[str]) -> dict[str, str]:
    """Return the parameters for a list of fields.

    Args:
        read: the read.
        wanted: the names; `author.username` for what stands beside.

    Raises:
        UsageError: a name is none of this read's.
    """
    found: dict[str, dict[str, None]] = {}
    known = names(read)
    for given in wanted:
        name = TWEET_WORDS.get(given, given)
        head, dot, field = name.partition(".")
        if name not in known:
            meant = _MEANT.get(name.rpartition(".")[2], "")
            meant = f"{head}.{meant}" if dot else meant
            near = meant if meant in known else catalogue.nearest(name, known)
            raise UsageError(
                f"{read.path} has no field of that name. Nothing was sent.",
                cause=None if near is None else f"did you mean {near}?",
                next_step=f"the fields: {', '.join(known[:12])}, …" if known else None,
            )
        beside = BESIDE[head] if dot else None
        if beside:
            found.setdefault("expansions", {})[beside.expansion] = None
        found.setdefault(beside.fields if beside else OF[read.gives], {})[field if dot else name] = None
    return {parameter: ",".join(words) for parameter, words in found.items()}


def default(read: Read) -> dict[str, str]:
    """Return the parameters for the fields that are asked for where nothing is said."""
    words = _words(read, OF.get(read.gives, ""))
    found = [name for name in DEFAULTS.get(read.gives, "").split() if name in words]
    return {OF[read.gives]: ",".join(found)} if found else {}


def _words(read: Read, parameter: str) -> tuple[str, ...]:
    found = read.parameters.get(parameter)
    return found.words if found else ()
