"""The posts: some that are always there, and those that are made."""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any

from oint_magics.sandbox.accounts import PEOPLE

COUNT = 250
_FIRST = 1_900_000_000_000_000_000
_FIRST_MADE = 1_990_000_000_000_000_000
# How far apart the first posts of two people lie.
_STEP = 10**9

Document = dict[str, Any]


class Posts:
    """All posts.

    Attributes:
        count: how many posts each person has from the beginning.
        made: those that were made since, by id.
        tried: how many calls asked for a new post that X would take, duplicates included.
        read: how often each post was given out.
    """

    def __init__(self) -> None:
        self.count = COUNT
        self.made: dict[str, Document] = {}
        self.tried = 0
        self.read: dict[str, int] = {}
        self._numbers = itertools.count(_FIRST_MADE + time.time_ns() // 1_000_000 % 10**12 * 1000)
        self._lock = threading.Lock()

    def of(self, author: str) -> list[Document]:
        """Return a person's posts, the newest first."""
        with self._lock:
            made = [post for post in self.made.values() if post["author_id"] == author]
        return made[::-1] + [_first(n, author) for n in range(self.count, 0, -1)]

    def find(self, number: str) -> Document | None:
        """Return a post by its id, or `None`."""
        if number in self.made:
            return self.made[number]
        posts = (post for person in PEOPLE for post in self.of(person.number))
        return next((post for post in posts if post["id"] == number), None)

    def add(self, author: str, text: str, *, media: list[str], poll: Document | None, replied: str) -> Document | None:
        """Make a post, or return `None` where the same text of the same person is there.

        Args:
            author: the person's number.
            text: its text.
            media: the ids of its media.
            poll: its poll, as it was asked for, or `None`.
            replied: the id of the post that it answers; blank for none.
        """
        with self._lock:
            self.tried += 1
            if text and any(post["author_id"] == author and post["said"] == text for post in self.made.values()):
                return None
            number = str(next(self._numbers))
            post = _post(number, author, f"{text} https://t.co/{number[-10:]}".strip() if media else text)
            post |= {"said": text, "conversation_id": replied or number}
            post |= {"attachments": {"media_keys": [f"3_{each}" for each in media]}} if media else {}
            post |= {"attachments": {"poll_ids": [number]}, "poll": poll} if poll else {}
            post |= {"referenced_tweets": [{"type": "replied_to", "id": replied}]} if replied else {}
            self.made[number] = post
            return post

    def remove(self, number: str) -> None:
        """Delete a post."""
        with self._lock:
            self.made.pop(number, None)

    def give(self, posts: list[Document]) -> list[Document]:
        """Count posts that are given out, and return them."""
        with self._lock:
            for post in posts:
                self.read[post["id"]] = self.read.get(post["id"], 0) + 1
        return posts


def _first(n: int, author: str) -> Document:
    """Return one of the posts that are always there; each fiftieth answers somebody."""
    reply = {"in_reply_to_user_id": "783214"} if n % 50 == 0 else {}
    metrics = {"retweet_count": n % 7, "reply_count": n % 3, "like_count": n, "quote_count": 0}
    day = f"2026-{1 + n // 28 % 12:02}-{1 + n % 28:02}T12:00:00.000Z"
    step = next((at for at, person in enumerate(PEOPLE) if person.number == author), len(PEOPLE)) * _STEP
    post = _post(str(_FIRST + step + n), author, f"Sandbox post {n}")
    return post | {"created_at": day, "public_metrics": metrics} | reply


def _post(number: str, author: str, text: str) -> Document:
    return {
        "id": number,
        "text": text,
        "edit_history_tweet_ids": [number],
        "author_id": author,
        "created_at": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        "public_metrics": {"retweet_count": 0, "reply_count": 0, "like_count": 0, "quote_count": 0},
        "lang": "en",
    }
