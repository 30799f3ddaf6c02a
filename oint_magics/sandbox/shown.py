"""What of posts, accounts and lists an answer shows: the fields that were asked for, in the words that were asked in.

X has two vocabularies: the older says `tweet.fields`, `retweet_count` and `includes.tweets`, the one of its description
`post.fields`, `repost_count` and `includes.posts`. It answers in the one in which it was asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oint_magics.sandbox import documents
from oint_magics.sandbox.lists import List
from oint_magics.sandbox.town import Account
from oint_magics.sandbox.world import Post

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from oint_magics.sandbox.documents import Document
    from oint_magics.sandbox.views import View

Item = Post | Account | List
_POST_WORDS = {
    "edit_history_tweet_ids": "edit_history_post_ids",
    "referenced_tweets": "referenced_posts",
    "retweet_count": "repost_count",
    "tweet_count": "post_count",
    "pinned_tweet_id": "pinned_post_id",
    "most_recent_tweet_id": "most_recent_post_id",
}
# What an expansion shows in a post of itself, by either vocabulary's name.
_SHOWS = {
    "author_id": "author_id",
    "in_reply_to_user_id": "in_reply_to_user_id",
    "attachments.media_keys": "attachments",
    "attachments.poll_ids": "attachments",
    "referenced_tweets.id": "referenced_tweets",
    "referenced_posts": "referenced_tweets",
    "edit_history_tweet_ids": "edit_history_tweet_ids",
    "edit_history_post_ids": "edit_history_tweet_ids",
    "entities.mentions.username": "entities",
    "pinned_tweet_id": "pinned_tweet_id",
    "pinned_post_id": "pinned_tweet_id",
    "most_recent_tweet_id": "most_recent_tweet_id",
    "most_recent_post_id": "most_recent_tweet_id",
    "owner_id": "owner_id",
}
# Fields of the older vocabulary that are expansions alone in the other one.
_EXPANSIONS_ALONE = {"author_id", "referenced_tweets", "edit_history_tweet_ids", "in_reply_to_user_id",
                     "pinned_tweet_id", "most_recent_tweet_id"}  # fmt: skip
_THEIR_POSTS = frozenset({"pinned_tweet_id", "most_recent_tweet_id"})
_OF_ACCOUNTS = ("pinned_tweet_id", "pinned_post_id", "most_recent_tweet_id", "most_recent_post_id")
_POSTS_EXPANSIONS = {"referenced_posts", "edit_history_post_ids", "pinned_post_id", "most_recent_post_id"}
_ALWAYS = {
    "tweet": {"id", "text", "edit_history_tweet_ids"}, "user": {"id", "name", "username"}, "list": {"id", "name"},
    "media": {"media_key", "type"}, "poll": {"id", "options"},
}  # fmt: skip
_ACCOUNTS_BESIDE: dict[str, Callable[[Post, View], list[str]]] = {
    "author_id": lambda post, _: [post.author.number],
    "in_reply_to_user_id": lambda post, _: [post.replied.author.number] if post.replied else [],
    "entities.mentions.username": documents.mentioned,
    "referenced_tweets.id.author_id": lambda post, _: [
        each.author.number for each in documents.references(post).values()
    ],
}
_POSTS_BESIDE: dict[str, Callable[[Post], list[str]]] = {
    "referenced_tweets.id": lambda post: [each.number for each in documents.references(post).values()],
    "referenced_posts": lambda post: [each.number for each in documents.references(post).values()],
    "edit_history_tweet_ids": lambda post: [post.number],
    "edit_history_post_ids": lambda post: [post.number],
}
_KINDS = {Post: "tweet", Account: "user", List: "list"}


class Shower:
    """Shows items as one call asked for them, and collects what stands beside them.

    Args:
        view: the call's.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._expansions = set(view.names("expansions"))
        self.is_post = "post.fields" in view.query or bool(self._expansions & _POSTS_EXPANSIONS)
        self._fields = {kind: view.fields(f"{kind}.fields") for kind in ("user", "list", "media", "poll")} | {
            "tweet": self._of_posts()
        }
        self._keys = {(kind, first): self._of(kind, first) for kind in _KINDS.values() for first in (False, True)}
        self._accounts_beside = [make for name, make in _ACCOUNTS_BESIDE.items() if name in self._expansions]
        self._posts_beside = [make for name, make in _POSTS_BESIDE.items() if name in self._expansions]
        self._included: dict[str, dict[str, Document]] = {"users": {}, "tweets": {}, "media": {}, "polls": {}}

    def _of_posts(self) -> set[str]:
        old = {new: name for name, new in _POST_WORDS.items()}
        asked = {old.get(name, name) for name in self._view.fields("tweet.fields", "post.fields")}
        return asked - _EXPANSIONS_ALONE if self.is_post else asked

    def show(self, items: Iterable[Item]) -> list[Document]:
        """Return items as the answer's `data` has them."""
        return [self._named(self._one(item, is_first=True)) for item in items]

    def includes(self) -> Document:
        """Return what the expansions of the items bring, once each."""
        found = {kind: [self._named(each) for each in some.values()] for kind, some in self._included.items() if some}
        if self.is_post and "tweets" in found:
            found["posts"] = found.pop("tweets")
        return {"includes": found} if found else {}

    def billed(self) -> list[tuple[str, str]]:
        """Return the accounts and posts that came beside the items: kind and id."""
        pairs = (("user", "users"), ("post", "tweets"))
        return [(kind, number) for kind, name in pairs for number in self._included[name]]

    def _of(self, kind: str, is_first: bool) -> frozenset[str]:  # noqa: FBT001 - from above
        """Return the fields that items of a kind show: those that come first, or those beside them."""
        keys = self._fields[kind] | _ALWAYS[kind]
        if self.is_post and kind == "tweet":
            keys = keys - {"edit_history_tweet_ids"}
        if is_first:
            keys |= {_SHOWS[name] for name in self._expansions if name in _SHOWS}
        return frozenset(keys)

    def _one(self, item: Item, *, is_first: bool) -> Document:
        keys = self._keys[_KINDS[type(item)], is_first]
        if is_first:
            self._expand(item)
        if isinstance(item, Post):
            return documents.of_post(item, self._view, keys)
        if isinstance(item, Account):
            return documents.of_account(item, self._view, keys)
        return {key: value for key, value in documents.of_list(item).items() if key in keys}

    def _expand(self, item: Item) -> None:
        if not self._expansions:
            return
        if isinstance(item, Post):
            self._expand_post(item)
        elif isinstance(item, Account):
            document = documents.of_account(item, self._view, _THEIR_POSTS)
            for name in _OF_ACCOUNTS:
                if name in self._expansions:
                    self._include_post(document.get(_SHOWS[name], ""))
        elif "owner_id" in self._expansions:
            self._include_account(item.owner)

    def _expand_post(self, post: Post) -> None:
        asked = self._expansions
        for make in self._accounts_beside:
            for number in make(post, self._view):
                self._include_account(number)
        for of in self._posts_beside:
            for number in of(post):
                self._include_post(number)
        if "attachments.media_keys" in asked:
            for key in post.media:
                self._included["media"][key] = self._cut("media", documents.of_medium(key, post, self._view))
        if "attachments.poll_ids" in asked and post.poll:
            self._included["polls"][post.number] = self._cut("poll", documents.of_poll(post, self._view))

    def _cut(self, kind: str, document: Document) -> Document:
        keys = self._fields[kind] | _ALWAYS[kind]
        return {key: value for key, value in document.items() if key in keys}

    def _include_account(self, number: str) -> None:
        account = self._view.people.of.get(number)
        if account and number not in self._included["users"]:
            self._included["users"][number] = self._one(account, is_first=False)

    def _include_post(self, number: str) -> None:
        post = self._view.post(number)
        if post and number not in self._included["tweets"]:
            self._included["tweets"][number] = self._one(post, is_first=False)

    def _named(self, document: Document) -> Document:
        """Return a document in the words that were asked in; where none said which, the number of posts in both."""
        metrics = document.get("public_metrics", {})
        if self.is_post:
            found = _in_posts_words(document)
            return found | ({"public_metrics": _in_posts_words(metrics)} if metrics else {})
        if "tweet_count" in metrics and "tweet.fields" not in self._view.query:
            metrics["post_count"] = metrics["tweet_count"]
        return document


def _in_posts_words(document: Document) -> Document:
    return {_POST_WORDS.get(key, key): value for key, value in document.items()}
