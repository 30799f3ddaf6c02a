"""Lists of accounts, and who follows and pins them."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from oint_magics.sandbox import town

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oint_magics.sandbox.town import Account


@dataclass
class List:
    """A list of accounts.

    Attributes:
        number: its id.
        name: its name.
        owner: the id of whose it is.
        about: what it says of itself.
        is_private: whether its owner alone sees it.
        created_at: since when it is there, in Unix seconds.
        members: the ids of who is in it, the newest last.
        followers: the ids of who follows it.
        pinned: the ids of who has pinned it.
    """

    number: str
    name: str
    owner: str
    about: str = ""
    is_private: bool = False
    created_at: float = 1_700_000_000
    members: list[str] = field(default_factory=list)
    followers: list[str] = field(default_factory=list)
    pinned: list[str] = field(default_factory=list)


def of_town(seed: int, accounts: Iterable[Account]) -> dict[str, List]:
    """Return the town's lists, by id."""
    luck = Random(f"{seed} lists")  # noqa: S311 - no secret
    numbers = {each.username: each.number for each in accounts}
    found = {}
    for each in town.words()["lists"]:
        number = str(15 * 10**17 + luck.randrange(10**17) * 8)
        private = each.get("private", False)
        followers = (
            [] if private else [n for n in numbers.values() if n != numbers[each["owner"]] and luck.random() < 0.2]
        )
        found[number] = List(
            number,
            each["name"],
            numbers[each["owner"]],
            each["about"],
            private,
            members=[numbers[name] for name in each["members"]],
            followers=followers,
            pinned=[numbers[each["owner"]]] if luck.random() < 0.6 else [],
        )
    return found
