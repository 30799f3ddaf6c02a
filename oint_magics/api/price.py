"""What a read costs at X's list price, before it is made and after: in thousandths of a US dollar.

X bills each object that it gives, and those that expansions bring beside them:
https://docs.x.com/x-api/getting-started/pricing
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from oint_magics.api import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oint_magics.api.catalogue import Read
    from oint_magics.api.request import Request

# What an expansion brings at most beside one object, by kind; what is not here brings nothing that X bills.
_BESIDE = {
    "author_id": ("user", 1),
    "in_reply_to_user_id": ("user", 1),
    "owner_id": ("user", 1),
    "creator_id": ("user", 1),
    "affiliation": ("user", 1),
    "pinned_tweet_id": ("post", 1),
    "most_recent_tweet_id": ("post", 1),
    # One that it answers, and one that it quotes or repeats.
    "referenced_tweets.id": ("post", 2),
    "referenced_tweets.id.author_id": ("user", 2),
    # X lets a post be edited five times.
    "edit_history_tweet_ids": ("post", 6),
}
# These bring as many as there are.
_OPEN = {"entities.mentions.username", "entities.note.mentions.username", "attachments.media_source_tweet",
         "host_ids", "invited_user_ids", "speaker_ids"}  # fmt: skip
_KINDS = {"users": "user", "tweets": "post", "posts": "post"}
# The kinds that are one account's for another thing: the same account elsewhere is billed again.
_RELATIONS = {"like", "follow", "mute", "block"}


class Estimate(NamedTuple):
    """What a call costs at most.

    Attributes:
        most: the price at most; at least, where `is_open`.
        owned: the same for who owns the app and reads what is theirs; `None` where that costs the same.
        is_open: whether an expansion brings more than is known before.
        is_listed: whether X lists a price.
        kinds: the kinds among which X leaves it open, where there are several.
    """

    most: int
    owned: int | None
    is_open: bool
    is_listed: bool
    kinds: tuple[str, ...] = ()


class Resources(NamedTuple):
    """Things of one kind, each of which X bills once a day.

    Attributes:
        kind: what they are.
        mills: the price of each.
        names: the kind and id of each; blank for a request, which is billed each time.
    """

    kind: str
    mills: int
    names: list[str]


def mills(usd: float) -> int:
    """Return a price of the list in thousandths."""
    return round(usd * 1000)


def of_page(request: Request, rows: int) -> Estimate:
    """Return what a page of so many rows costs at most.

    Args:
        request: the read.
        rows: how many objects X may give.
    """
    read = request.read
    if read is None or not read.price.kind:
        return Estimate(0, None, is_open=False, is_listed=False)
    if read.price.is_per_request:
        return Estimate(mills(read.price.usd), None, is_open=False, is_listed=True)
    expansions = [name for name in request.params.get("expansions", "").split(",") if name]
    beside = sum(_usd(kind) * count for kind, count in (_BESIDE[name] for name in expansions if name in _BESIDE))
    own = mills(read.price.usd)
    owned = None if read.price.owned_usd is None else (mills(read.price.owned_usd) + beside) * rows
    kinds = read.price.kinds if len(read.price.kinds) > 1 else ()
    return Estimate((own + beside) * rows, owned, is_open(request), is_listed=True, kinds=kinds)


def is_open(request: Request) -> bool:
    """Tell whether an expansion brings more than is known before."""
    return not _OPEN.isdisjoint(request.params.get("expansions", "").split(","))


def of_answer(read: Read | None, path: str, page: dict[str, Any]) -> Iterator[Resources]:
    """Yield what X bills for an answer.

    Args:
        read: the catalogue's entry; `None` where it is not known: what stands beside is billed even so.
        path: the call's path below `/2/`.
        page: the answer.
    """
    kind = read.price.kind if read else ""
    if read and read.price.is_per_request:
        yield Resources(kind, mills(read.price.usd), [""])
    elif read and kind:
        of = f"{path.split('/')[1]} " if kind in _RELATIONS else ""
        data = page.get("data", [])
        yield Resources(kind, mills(read.price.usd), _names(f"{kind} {of}", data if isinstance(data, list) else [data]))
    includes = page.get("includes")
    if not isinstance(includes, dict):
        return
    for name, beside in _KINDS.items():
        yield Resources(beside, _usd(beside), _names(f"{beside} ", includes.get(name)))


def _names(start: str, things: Any) -> list[str]:
    if not isinstance(things, list):
        return []
    return [
        f"{start}{name}" for each in things if isinstance(each, dict) and type(name := each.get("id")) in (str, int)
    ]


def shown(thousandths: int) -> str:
    """Return a price as text: $0.50, $0.005."""
    text = f"{thousandths / 1000:.3f}"
    return f"${text.removesuffix('0')}"


def _usd(kind: str) -> int:
    return mills(catalogue.prices()["usd"][kind])
