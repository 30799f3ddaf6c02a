"""The posts of the town, day by day, from a seed: ninety days at first, and a new one for each day that begins."""

from __future__ import annotations

import math
import re
import string
import zlib
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from oint_magics.sandbox import town

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oint_magics.sandbox.town import Account

DAYS = 90
_DAY = 86_400
# X's ids hold the millisecond since this one: https://docs.x.com/fundamentals/x-ids
EPOCH = 1_288_834_974_657
# How long the pool is from which somebody picks what to answer, in posts.
_RECENT = 70
# A person writes something of its own, an answer, a quote or a repost, in this share; an organization this one.
LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_KINDS = {False: (0.46, 0.34, 0.07, 0.13), True: (0.84, 0.08, 0.02, 0.06)}


class Event(NamedTuple):
    """Something that the whole town writes about.

    Attributes:
        topic: its name in the town's phrases.
        first: the day on which it begins, counted from zero.
        strength: how many posts more each of its days brings, as a factor.
        hours: from which hour to which.
    """

    topic: str
    first: int
    strength: tuple[float, ...]
    hours: tuple[int, int]


@dataclass(slots=True)
class Post:
    """A post of the town.

    Attributes:
        number: its id.
        author: who wrote it.
        at: when, in Unix seconds.
        text: its text; a repost's begins with `RT @`.
        lang: its language.
        topic: what it is about.
        replied: the post that it answers, or `None`.
        quoted: the post that it quotes, or `None`.
        reposted: the post that it repeats, or `None`.
        likes: how many it has in the end.
        liked: whether somebody likes it, by id, where a call has said so.
        urls: the addresses in its text.
        media: the keys of its media.
        link: the page that it links to; blank for none.
        poll: the poll with it, or `None`.
        edits: the ids of what it was before, the oldest first.
        reply_settings: who may answer it.
        tokens: its words, with a blank before and behind each; made when it is searched for the first time.
        replies, quotes, reposts: those of the town, the oldest first.
    """

    number: str
    author: Account
    at: float
    text: str
    lang: str
    topic: str
    replied: Post | None = None
    quoted: Post | None = None
    reposted: Post | None = None
    likes: int = 0
    media: list[str] = field(default_factory=list)
    link: str = ""
    poll: dict[str, Any] | None = None
    edits: list[str] = field(default_factory=list)
    reply_settings: str = "everyone"
    tokens: str = ""
    liked: dict[str, bool] = field(default_factory=dict)
    urls: list[str] = field(default_factory=list)
    replies: list[Post] = field(default_factory=list)
    quotes: list[Post] = field(default_factory=list)
    reposts: list[Post] = field(default_factory=list)

    @property
    def links(self) -> list[tuple[str, str]]:
        """The short links in its text, as X makes them, with what each leads to: its page, its media."""
        media = f"https://x.com/{self.author.username}/status/{self.number}/photo/1" if self.media else ""
        there = (self.link, media, *self.urls)
        return [(_short(int(self.number) * 2 + n), each) for n, each in enumerate(there) if each]

    @property
    def shown(self) -> str:
        """Its text with its links: those in the text take the place of their addresses."""
        text, behind = self.text, []
        for short, address in self.links:
            if address in self.urls:
                text = text.replace(address, short, 1)
            else:
                behind.append(short)
        return " ".join(filter(None, (text, *behind)))

    def town_likes(self, now: float) -> int:
        """Return how many likes it has by now, without those that a call has given or taken."""
        return 0 if self.reposted else int(self.likes * self.share(now))

    @property
    def root(self) -> Post:
        """The post that its conversation began with."""
        post = self
        while post.replied:
            post = post.replied
        return post

    def share(self, now: float) -> float:
        """Return how much of its likes and views it has by now, from 0 to 1: half of them after six hours."""
        return 1 - 2 ** (-max(0.0, now - self.at) / 21_600)


class World:
    """All posts of the town.

    Args:
        seed: the same posts for the same number and day.
        last: the day that the first ninety end with.

    Attributes:
        accounts: everybody, by id.
        first, last: the first day, and the one that the first ninety end with.
        events: what the town writes about.
    """

    def __init__(self, seed: int, last: date) -> None:
        self.seed = seed
        self.accounts = {each.number: each for each in town.accounts(seed)}
        self.first, self.last = last - timedelta(DAYS - 1), last
        self.events = _events(self.first)
        self._posts: list[Post] = []
        self._times: list[float] = []
        self._by: dict[str, list[Post]] = {number: [] for number in self.accounts}
        self._numbers: dict[str, Post] = {}
        self._recent: deque[Post] = deque(maxlen=_RECENT)
        self._days = 0

    def until(self, now: float) -> list[Post]:
        """Return all posts until a moment, the oldest first; the days before it are made if they were not.

        Args:
            now: the moment, in Unix seconds.
        """
        today = datetime.fromtimestamp(now, UTC).date()
        while self._days <= (today - self.first).days:
            self._add_day(self._days)
            self._days += 1
        return self._posts[: bisect_right(self._times, now)]

    def by(self, author: str, now: float) -> list[Post]:
        """Return an account's posts until a moment, the oldest first."""
        self.until(now)
        return [post for post in self._by.get(author, []) if post.at <= now]

    def post(self, number: str, now: float) -> Post | None:
        """Return a post by its id, or `None`."""
        self.until(now)
        return self._numbers.get(number)

    def _add_day(self, day: int) -> None:
        luck = Random(f"{self.seed} day {day}")  # noqa: S311 - no secret
        begins = datetime.combine(self.first + timedelta(day), datetime.min.time(), UTC).timestamp()
        moments = sorted(
            (begins + second + luck.random(), each.number)
            for each in self.accounts.values()
            for second in self._moments(luck, each, day)
        )
        for at, number in moments:
            self._take(self._post(luck, self.accounts[number], at, day))
        for poll, at in zip(town.words()["polls"], (day == 12, day == 50), strict=True):
            if at:
                author = next(each for each in self.accounts.values() if each.username == poll["author"])
                post = self._new(luck, author, begins + 9 * 3600 + luck.randrange(3600), poll["text"], "en", "poll")
                post.poll = {"options": poll["options"], "votes": [luck.randrange(9, 90) for _ in poll["options"]]}
                self._take(post, in_order=False)

    def _take(self, post: Post, *, in_order: bool = True) -> None:
        at = len(self._posts) if in_order else bisect_right(self._times, post.at)
        self._posts.insert(at, post)
        self._times.insert(at, post.at)
        self._by[post.author.number].append(post)
        for number in (post.number, *post.edits):
            self._numbers[number] = post
        self._recent.append(post)

    def _moments(self, luck: Random, account: Account, day: int) -> Iterator[int]:
        """Yield the seconds of a day at which an account writes."""
        weekday = (self.first + timedelta(day)).weekday()
        if account.kind == "bot":
            for hour in town.BOT_HOURS:
                yield hour * 3600 + 300 + luck.randrange(5)
            return
        if account.kind == "museum" and weekday == 0:
            return
        factor = town.WEEKEND.get(account.kind, 0.9) if weekday > 4 else 1.0
        for _ in range(_poisson(luck, account.rate * 0.74 * factor)):
            hour = luck.choices(range(24), account.hours())[0]
            yield hour * 3600 + luck.randrange(3600)
        for event in self.events:
            if event.first <= day < event.first + len(event.strength):
                strength = event.strength[day - event.first] * (
                    1.6 if event.topic == "derby" and "football" in account.topics else 1.0
                )
                for _ in range(_poisson(luck, strength * (0.25 + account.rate * 0.4))):
                    # Marked by a second of its own: which posts are about the event is known by when they are.
                    first, last = event.hours
                    yield int(luck.triangular(first, last, (first + last) / 2) * 3600)

    def _event(self, luck: Random, day: int, hour: float) -> Event | None:
        for event in self.events:
            if event.first <= day < event.first + len(event.strength) and event.hours[0] <= hour < event.hours[1]:
                return event if luck.random() < min(0.9, event.strength[day - event.first] * 0.8) else None
        return None

    def _post(self, luck: Random, author: Account, at: float, day: int) -> Post:
        hour = (at % _DAY) / 3600
        event = None if author.kind == "bot" else self._event(luck, day, hour)
        own, reply, quote, _ = _KINDS[author.is_organization]
        dice = luck.random()
        if author.kind == "bot" or dice < own or not self._recent:
            return self._own(luck, author, at, event)
        target = self._target(luck, author, at)
        if target is None:
            return self._own(luck, author, at, event)
        lang = target.lang if author.lang == "de" else "en"
        if dice < own + reply:
            words = luck.choice(town.words()["replies"][lang])
            post = self._new(luck, author, at, f"@{target.author.username} {words}", lang, target.topic, 0.45)
            post.replied = target
            target.replies.append(post)
        elif dice < own + reply + quote:
            words = luck.choice(town.words()["quotes"][lang])
            post = self._new(luck, author, at, words, lang, target.topic, 0.8)
            post.quoted = target
            target.quotes.append(post)
        else:
            text = f"RT @{target.author.username}: {target.text}"
            post = self._new(
                luck, author, at, text if len(text) <= 140 else text[:139] + "…", target.lang, target.topic, 0
            )
            post.reposted = target
            target.reposts.append(post)
        return post

    def _own(self, luck: Random, author: Account, at: float, event: Event | None) -> Post:
        topic = event.topic if event else luck.choice(author.topics)
        phrases = town.words()["phrases"][topic]
        lang = "de" if author.lang == "de" and "de" in phrases and luck.random() < 0.75 else "en"
        text = " ".join(filter(None, (luck.choice(part) for part in phrases.get(lang) or phrases["en"])))
        has_photo = luck.random() < author.pictures * (1.5 if event else 1.0)
        factor = (1.9 if has_photo else 1.0) * (1.6 if event else 1.0)
        post = self._new(luck, author, at, text, lang, topic, factor)
        post.media = [f"3_{post.number}"] if has_photo else []
        if author.kind in ("newspaper", "reporter") and luck.random() < 0.5:
            post.link = f"https://lantern.example/{topic}/{post.number[-6:]}"
        if luck.random() < 0.012:
            post.edits = [str(int(post.number) - (luck.randrange(60_000, 900_000) << 22))]
        return post

    def _new(  # noqa: PLR0913, PLR0917 - what a post has
        self, luck: Random, author: Account, at: float, text: str, lang: str, topic: str, factor: float = 1.0
    ) -> Post:
        milliseconds = int(at * 1000)
        number = str((milliseconds - EPOCH << 22) + luck.randrange(1 << 22))
        likes = int(luck.lognormvariate(0.4 + 0.3 * author.fame, 0.95) * factor)
        return Post(number, author, milliseconds / 1000, text, lang, topic, likes=likes)

    def _target(self, luck: Random, author: Account, at: float) -> Post | None:
        """Return what somebody answers or repeats: rather of whom it follows, of its own topics, and new."""
        near = [
            post
            for post in self._recent
            if post.reposted is None and post.author is not author and at - post.at < 2 * _DAY
        ]
        if not near:
            return None
        weights = [
            (4 if post.author.number in author.follows else 1)
            * (3 if post.topic in author.topics else 1)
            * (1 + post.author.fame)
            / (2 + (at - post.at) / 3600)
            * (6 if author.kind == "bus" and "@tidemerebuses" in post.text else 1)
            for post in near
        ]
        return luck.choices(near, weights)[0]


def likes(account: Account, post: Post) -> bool:
    """Tell whether an account of the town likes a post: the same each time."""
    if account is post.author or post.reposted or account.kind == "bot":
        return False
    likely = 40 if post.author.number in account.follows else 6
    likely += 25 if post.topic in account.topics else 0
    return hash_of(account.number, post.number) % 1000 < likely


def hash_of(account: str, post: str) -> int:
    """Return a number for an account and a post, the same each time."""
    return zlib.crc32(f"{account} {post}".encode())


def _events(first: date) -> tuple[Event, ...]:
    """Return the three events: a storm that is worst on day 40, three nights of a festival, a derby on a Saturday."""
    friday = next(day for day in range(58, 65) if (first + timedelta(day)).weekday() == 4)
    saturday = next(day for day in range(78, 85) if (first + timedelta(day)).weekday() == 5)
    return (
        Event("storm", 38, (0.6, 2.4, 0.9), (6, 24)),
        Event("festival", friday, (1.2, 1.7, 1.3), (17, 24)),
        Event("derby", saturday, (2.0,), (13, 19)),
    )


@lru_cache(16_384)
def _short(value: int) -> str:
    letters = string.ascii_letters + string.digits
    found = ""
    while len(found) < 10:  # As many as X has.
        value, at = divmod(value, len(letters))
        found += letters[at]
    return f"https://t.co/{found}"


def _poisson(luck: Random, mean: float) -> int:
    limit, count, product = math.exp(-mean), 0, luck.random()
    while product > limit:
        count += 1
        product *= luck.random()
    return count
