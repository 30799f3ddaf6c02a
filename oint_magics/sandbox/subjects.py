"""A post as the search looks at it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from oint_magics.sandbox import documents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oint_magics.sandbox.lists import List
    from oint_magics.sandbox.world import Post


class Subject:
    """A post as the search looks at it; of a repost the search sees no words, as X's since May 2026.

    Args:
        post: the post.
        now: the moment, for its numbers.
        all_lists: every list, by id.
    """

    def __init__(self, post: Post, now: float, all_lists: Mapping[str, List]) -> None:
        self._post, self._now, self._lists = post, now, all_lists
        self.text = "" if post.reposted else post.text
        self.lang = post.lang
        author = post.author
        self.author: tuple[str, str] = (author.username, author.number)
        self.is_verified: bool = author.fame >= documents.VERIFIED

    def has_phrase(self, words: str) -> bool:
        """Tell whether words, as `words_of` returns them, stand in the text one after another."""
        post = self._post
        if not post.tokens:
            post.tokens = words_of(self.text)
        return words in post.tokens

    @cached_property
    def tags(self) -> set[str]:
        return {tag.casefold() for tag in documents.HASHTAG.findall(self.text)}

    @cached_property
    def mentions(self) -> set[str]:
        return {name.lower() for name in documents.MENTION.findall(self.text)}

    @cached_property
    def links(self) -> list[str]:
        return [
            each for each in (self._post.link, *self._post.urls, *self._post.media) if each and not self._post.reposted
        ]

    @property
    def has_media(self) -> bool:
        return bool(self._post.media) and not self._post.reposted

    @property
    def has_photo(self) -> bool:
        return self.has_media

    @property
    def conversation(self) -> str:
        return self._post.root.number

    @cached_property
    def references(self) -> dict[str, str]:
        return {kind: post.number for kind, post in documents.references(self._post).items()}

    @property
    def answered(self) -> tuple[str, ...]:
        replied = self._post.replied
        return (replied.author.username, replied.author.number) if replied else ()

    @property
    def reposted(self) -> tuple[str, ...]:
        reposted = self._post.reposted
        return (reposted.author.username, reposted.author.number) if reposted else ()

    @property
    def counts(self) -> dict[str, int]:
        return documents.counts(self._post, self._now)

    @property
    def lists(self) -> set[str]:
        number = self._post.author.number
        return {each.number for each in self._lists.values() if number in each.members}

    def has_link(self, value: str) -> bool:
        """Tell whether the words of an address stand in a link of the post."""
        return any(words_of(value) in words_of(each) for each in self.links)


def words_of(text: str) -> str:
    """Return the words of a text in small letters, with a blank before and behind each."""
    return f" {' '.join(documents.WORD.findall(text.casefold()))} "
