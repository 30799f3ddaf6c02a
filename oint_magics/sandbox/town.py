"""The town that the sandbox's posts come from: its people, whom they follow, and how they write.

All of it is made up: no account, brand or place exists.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from oint_magics.sandbox.accounts import PEOPLE

# How likely an account of each kind writes in each hour of a day in UTC, and how much more at the weekend.
_OFFICE = (0, 0, 0, 0, 0, 0, 1, 4, 8, 9, 8, 7, 6, 7, 7, 6, 4, 2, 1, 1, 0, 0, 0, 0)
_PERSON = (1, 0, 0, 0, 0, 1, 4, 8, 5, 3, 3, 4, 7, 4, 3, 3, 4, 7, 9, 10, 10, 8, 5, 2)
_RUSH = (0, 0, 0, 0, 0, 2, 8, 12, 9, 3, 2, 2, 3, 3, 3, 6, 10, 12, 8, 3, 2, 1, 1, 0)
_EVENING = (2, 1, 0, 0, 0, 0, 0, 1, 2, 2, 3, 3, 4, 4, 4, 5, 6, 8, 10, 12, 12, 10, 7, 4)
HOURS = {
    "newspaper": (0, 0, 0, 0, 0, 1, 7, 9, 6, 4, 4, 4, 6, 4, 4, 4, 6, 8, 6, 4, 2, 1, 0, 0),
    "council": _OFFICE, "museum": _OFFICE, "library": _OFFICE, "bus": _RUSH, "commuter": _RUSH,
    "club": _EVENING, "fan": _EVENING, "festival": _EVENING, "musician": _EVENING, "student": _EVENING,
}  # fmt: skip
WEEKEND = {"council": 0.05, "museum": 1.3, "library": 0.4, "bus": 0.5, "commuter": 0.3, "club": 2.2, "fan": 2.4,
           "cafe": 1.6, "festival": 1.3}  # fmt: skip
# The bot writes at the same hours each day.
BOT_HOURS = (0, 6, 12, 18)
_PICTURES = {"photographer": 0.65, "museum": 0.4, "cafe": 0.35, "club": 0.25, "newspaper": 0.2, "bot": 0.0}


@dataclass(frozen=True)
class Account:
    """An account of the town.

    Attributes:
        number: its id.
        username: its name with `@`, without it.
        name: the name that it shows.
        kind: what it is: a newspaper, a fan, a bot.
        about: what it says of itself.
        lang: the language that it writes in most.
        fame: how many people see it, from 0 on.
        rate: how many posts a day it writes, about.
        topics: what it writes about.
        created_at: since when it is there, in Unix seconds.
    """

    number: str
    username: str
    name: str
    kind: str = "person"
    about: str = ""
    lang: str = "en"
    fame: int = 1
    rate: float = 0.0
    topics: tuple[str, ...] = ()
    created_at: int = 1_386_995_755
    follows: set[str] = field(default_factory=set, compare=False)

    @property
    def pictures(self) -> float:
        """How likely a post of it has a photo."""
        return _PICTURES.get(self.kind, 0.1)

    @property
    def is_organization(self) -> bool:
        """Whether it is no person."""
        return self.kind in ("newspaper", "council", "museum", "club", "bus", "bot", "festival", "library", "cafe")

    def hours(self) -> tuple[int, ...]:
        """How likely it writes in each hour."""
        return HOURS.get(self.kind, _PERSON)


@cache
def words() -> dict[str, Any]:
    """Return what the town is made of."""
    text = files("oint_magics.sandbox").joinpath("town.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def accounts(seed: int) -> tuple[Account, ...]:
    """Return everybody, who follows whom included; the sandbox's own people come first.

    Args:
        seed: the same town for the same number.
    """
    luck = Random(f"{seed} accounts")  # noqa: S311 - no secret
    own = tuple(
        Account(person.number, person.username, person.name, about=about, rate=rate, topics=("town", "bus"))
        for person, about, rate in zip(PEOPLE, ("You, in the sandbox.", "Somebody else."), (0.9, 0.6), strict=True)
    )
    others = tuple(
        Account(
            number=str(10**17 + luck.randrange(10**17) * 8),
            username=each["username"],
            name=each["name"],
            kind=each["kind"],
            about=each["about"],
            lang=each.get("lang", "en"),
            fame=each["fame"],
            rate=each["rate"],
            topics=tuple(each["topics"]),
            created_at=1_300_000_000 + luck.randrange(400_000_000),
        )
        for each in words()["accounts"]
    )
    found = own + others
    for one in found:
        for other in found:
            if one is not other and luck.random() < _interest(one, other):
                one.follows.add(other.number)
    return found


def _interest(one: Account, other: Account) -> float:
    """Return how likely one account follows another: by what both write about, and by fame."""
    if one.kind == "bot":
        return 0.0
    shared = len(set(one.topics) & set(other.topics))
    rivals = {one.username, other.username} & {"oldfordunited", "quentinmarl"} and "#rovers" in one.about + other.about
    likely = 0.04 + 0.06 * other.fame + 0.22 * shared - (0.4 if rivals else 0.0)
    return min(0.95, likely * (0.35 if one.is_organization else 1.0))
