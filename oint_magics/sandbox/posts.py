"""The posts: the town's, and those that are made here."""

from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from oint_magics.sandbox import lists
from oint_magics.sandbox.people import People
from oint_magics.sandbox.world import EPOCH, LINK, Post, World, hash_of, likes

if TYPE_CHECKING:
    from oint_magics.sandbox.clock import Clock
    from oint_magics.sandbox.town import Account

Document = dict[str, Any]
# After a longer jump of the clock, a new town is made.
_LONGEST_LEAP = timedelta(days=730)


class Town(NamedTuple):
    """What was made by the seed."""

    world: World
    people: People
    lists: dict[str, lists.List]


class Posts:
    """All posts, and the accounts and lists that belong to them; the town is made when somebody looks.

    Args:
        clock: what time it is.
        seed: the same town for the same number and day.

    Attributes:
        made: those that were made here, by id: what was asked for, and what X answers.
        tried: how many calls asked for a new post that X would take, duplicates included.
        read: how often each post was given out.
    """

    def __init__(self, clock: Clock, seed: int) -> None:
        self.made: dict[str, Document] = {}
        self.tried = 0
        self.read: dict[str, int] = {}
        self._clock, self._seed = clock, seed
        self._posts: dict[str, Post] = {}
        self._numbers = itertools.count()
        self._lock = threading.RLock()
        self._removed: set[str] = set()
        self._town: Town | None = None

    def restart(self) -> None:
        """Let the town's ninety days end with the clock's day; what was made here is gone."""
        with self._lock:
            self._town = None
            self.made.clear()
            self._posts.clear()
            self._removed.clear()

    @property
    def town(self) -> Town:
        """The town, which is made when somebody looks for the first time."""
        with self._lock:
            today = datetime.fromtimestamp(self._clock.now(), UTC).date()
            if self._town and today > self._town.world.last + _LONGEST_LEAP:
                self.restart()
            if self._town is None:
                world = World(self._seed, today)
                people = People(world.accounts.values())
                self._town = Town(world, people, lists.of_town(self._seed, people.of.values()))
            return self._town

    @property
    def people(self) -> People:
        """Who there is."""
        return self.town.people

    @property
    def lists(self) -> dict[str, lists.List]:
        """Every list, by id."""
        return self.town.lists

    def until(self, now: float) -> list[Post]:
        """Return all posts until a moment, the oldest first."""
        with self._lock:
            return self._with_ours(self.town.world.until(now), self._here(now))

    def by(self, author: str, now: float) -> list[Post]:
        """Return an account's posts until a moment, the oldest first."""
        with self._lock:
            ours = [post for post in self._here(now) if post.author.number == author]
            return self._with_ours(self.town.world.by(author, now), ours)

    def post(self, number: str, now: float) -> Post | None:
        """Return a post by its id, or `None`."""
        with self._lock:
            found = self._posts[number] if number in self.made else self.town.world.post(number, now)
            return found if found and found.at <= now and found.number not in self._removed else None

    def number(self, at: float) -> str:
        """Return a new id, as X makes them of the moment."""
        return str((int(at * 1000) - EPOCH << 22) + next(self._numbers))

    def add(  # noqa: PLR0913 - what a post can have
        self,
        author: str,
        text: str,
        *,
        media: list[str],
        poll: Document | None,
        replied: str = "",
        quoted: str = "",
        reply_settings: str = "everyone",
    ) -> Document | None:
        """Make a post, or return `None` where the same text of the same person is there.

        Args:
            author: the person's number.
            text: its text.
            media: the ids of its media.
            poll: its poll, as it was asked for, or `None`.
            replied: the id of the post that it answers; blank for none.
            quoted: the id of the post that it quotes; blank for none.
            reply_settings: who may answer it.
        """
        with self._lock:
            self.tried += 1
            if text and any(post["author_id"] == author and post["said"] == text for post in self.made.values()):
                return None
            at = self._clock.now()
            number = self.number(at)
            post = Post(
                number, self.people.of[author], at, text, "en", "", media=[f"3_{each}" for each in media], poll=poll
            )
            post.urls, post.reply_settings = LINK.findall(text), reply_settings
            target = self.post(replied, at) if replied else None
            if target:
                post.replied = target
                target.replies.append(post)
            post.quoted = self.post(quoted, at) if quoted else None
            if post.quoted:
                post.quoted.quotes.append(post)
            self._posts[number] = post
            document: Document = {"id": number, "text": post.shown, "edit_history_tweet_ids": [number]}
            document |= {"author_id": author, "said": text, "conversation_id": post.root.number}
            document |= {"attachments": {"media_keys": post.media}} if media else {}
            document |= {"attachments": {"poll_ids": [number]}, "poll": poll} if poll else {}
            document |= {"referenced_tweets": [{"type": "replied_to", "id": replied}]} if replied else {}
            self.made[number] = document
            return document

    def repost(self, author: str, number: str) -> bool:
        """Repeat a post once; tell whether it is there."""
        with self._lock:
            at = self._clock.now()
            target = self.post(number, at)
            if target is None:
                return False
            target = target.reposted or target
            if not any(post.author.number == author for post in target.reposts):
                mine = self.number(at)
                text = f"RT @{target.author.username}: {target.text}"
                post = Post(mine, self.people.of[author], at, text, target.lang, target.topic, reposted=target)
                target.reposts.append(post)
                self._posts[mine] = post
                self.made[mine] = {"id": mine, "text": text, "author_id": author, "said": ""}
            return True

    def undo_repost(self, author: str, number: str) -> None:
        """End a person's repost of a post."""
        with self._lock:
            target = self.post(number, self._clock.now())
            target = target and (target.reposted or target)
            for post in [each for each in (target.reposts if target else []) if each.author.number == author]:
                self.remove(post.number)

    def remove(self, number: str) -> None:
        """Delete a post, and the reposts of it."""
        with self._lock:
            post = self.post(number, self._clock.now())
            if post is None:
                return
            self.made.pop(number, None)
            self._posts.pop(number, None)
            self._removed.add(number)
            for kind, others in (("replied", "replies"), ("quoted", "quotes"), ("reposted", "reposts")):
                target = getattr(post, kind, None)
                if target and post in getattr(target, others):
                    getattr(target, others).remove(post)
            for each in list(post.reposts):
                self.remove(each.number)

    def likes(self, account: Account, post: Post, now: float) -> bool:
        """Tell whether an account likes a post by now."""
        if account.number in post.liked or likes(account, post):
            return account.number in self.likers(post, now)
        return False

    def likers(self, post: Post, now: float) -> list[str]:
        """Return the ids of who likes a post by now: never more than it has likes."""
        theirs = sorted(
            (each.number for each in self.people.of.values() if likes(each, post)),
            key=lambda number: hash_of(number, post.number),
        )
        shown = theirs[: post.town_likes(now)]
        here = [number for number, is_liked in post.liked.items() if is_liked and number not in shown]
        return [*here, *(number for number in shown if post.liked.get(number, True))]

    def give(self, numbers: list[str]) -> None:
        """Count posts that are given out."""
        with self._lock:
            for number in numbers:
                self.read[number] = self.read.get(number, 0) + 1

    def _with_ours(self, theirs: list[Post], ours: list[Post]) -> list[Post]:
        """Return posts of the town with those that were made here, in their order, without those that were removed."""
        found = sorted([*theirs, *ours], key=lambda post: post.at) if ours else theirs
        return [post for post in found if post.number not in self._removed] if self._removed else found

    def _here(self, now: float) -> list[Post]:
        return [self._posts[number] for number in self.made if number in self._posts and self._posts[number].at <= now]
