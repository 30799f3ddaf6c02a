"""Posts, accounts and lists as X's answers show them: with every field, under the names of the `tweet` vocabulary."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from oint_magics.sandbox.accounts import PEOPLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from oint_magics.sandbox.lists import List
    from oint_magics.sandbox.town import Account
    from oint_magics.sandbox.views import View
    from oint_magics.sandbox.world import Post

Document = dict[str, Any]
# X's, for posts and for names: https://docs.x.com/x-api/fundamentals/data-dictionary
HASHTAG = re.compile(r"(?<!\w)#(\w*[^\W\d_]\w*)")
WORD = re.compile(r"\w+(?:['’]\w+)*")
MENTION = re.compile(r"(?<![\w@])@(\w{1,15})")
# How much fame an account has that X shows as verified.
VERIFIED = 7
OWN = {person.number for person in PEOPLE}
_EDITABLE = 3600


def time(seconds: float) -> str:
    """Return a moment as X writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def counts(post: Post, now: float) -> dict[str, int]:
    """Return a post's public metrics at a moment."""
    if post.reposted:
        others = counts(post.reposted, now)
        return others | {
            "reply_count": 0,
            "like_count": 0,
            "quote_count": 0,
            "bookmark_count": 0,
            "impression_count": 0,
        }
    likes = post.town_likes(now) + sum(1 if is_liked else -1 for is_liked in post.liked.values())
    return {
        "retweet_count": sum(each.at <= now for each in post.reposts),
        "reply_count": sum(each.at <= now for each in post.replies),
        "like_count": likes,
        "quote_count": sum(each.at <= now for each in post.quotes),
        "bookmark_count": likes // 12,
        "impression_count": likes * (18 + int(post.number[-2:]) % 40) + int(40 * post.share(now)),
    }


def mentioned(post: Post, view: View) -> list[str]:
    """Return the ids of the accounts that a post mentions."""
    people = [view.people.named(name) for name in MENTION.findall(post.text)]
    return [each.number for each in people if each]


def references(post: Post) -> dict[str, Post]:
    """Return the posts that a post refers to, by how."""
    found = {"retweeted": post.reposted, "quoted": post.quoted, "replied_to": post.replied}
    return {kind: each for kind, each in found.items() if each}


def of_post(post: Post, view: View, keys: frozenset[str]) -> Document:
    """Return those fields of a post that are asked for; what X leaves out where it is empty is left out."""
    found = {key: make(post, view) for key, make in _posts_makers(keys)}
    return {key: value for key, value in found.items() if value or key not in _LEFT_OUT}


@cache
def _posts_makers(keys: frozenset[str]) -> list[tuple[str, Callable[[Post, View], Any]]]:
    return [(key, make) for key, make in _OF_POSTS.items() if key in keys]


def _edit_controls(post: Post, _: View) -> Document:
    return {
        "edits_remaining": 5 - len(post.edits),
        "is_edit_eligible": not (post.replied or post.reposted or post.poll),
        "editable_until": time(post.at + _EDITABLE),
    }


def _attachments(post: Post, _: View) -> Document:
    found = {"media_keys": post.media, "poll_ids": [post.number] if post.poll else []}
    return {key: value for key, value in found.items() if value}


def _entities(post: Post, view: View) -> Document:
    shown = post.shown
    tags = [{"start": m.start(), "end": m.end(), "tag": m[1]} for m in HASHTAG.finditer(shown)]
    mentions = [
        {"start": found.start(), "end": found.end(), "username": person.username, "id": person.number}
        for found in MENTION.finditer(shown)
        if (person := view.people.named(found[1]))
    ]
    urls = []
    for short, address in post.links:
        start = shown.index(short)
        display = address.partition("//")[2][:30]
        place = {"start": start, "end": start + len(short)}
        urls.append(place | {"url": short, "expanded_url": address, "display_url": display})
    entities = {"hashtags": tags, "mentions": mentions, "urls": urls}
    return {key: value for key, value in entities.items() if value}


_OF_POSTS: dict[str, Callable[[Post, View], Any]] = {
    "id": lambda post, _: post.number,
    "text": lambda post, _: post.shown,
    "edit_history_tweet_ids": lambda post, _: [*post.edits, post.number],
    "author_id": lambda post, _: post.author.number,
    "conversation_id": lambda post, _: post.root.number,
    "created_at": lambda post, _: time(post.at),
    "display_text_range": lambda post, _: [0, len(post.shown)],
    "edit_controls": _edit_controls,
    "lang": lambda post, _: post.lang,
    "possibly_sensitive": lambda _, __: False,
    "public_metrics": lambda post, view: counts(post, view.now),
    "reply_settings": lambda post, _: post.reply_settings,
    "entities": _entities,
    "attachments": _attachments,
    "referenced_tweets": lambda post, _: [{"type": kind, "id": each.number} for kind, each in references(post).items()],
    "in_reply_to_user_id": lambda post, _: post.replied.author.number if post.replied else "",
}
_LEFT_OUT = {"entities", "attachments", "referenced_tweets", "in_reply_to_user_id"}


def of_poll(post: Post, view: View) -> Document:
    """Return a post's poll with every field."""
    poll, share = post.poll or {}, post.share(view.now)
    minutes = poll.get("duration_minutes", 1440)
    options = [
        {"position": n, "label": label, "votes": int(votes * share)}
        for n, (label, votes) in enumerate(zip(poll["options"], poll.get("votes") or [0] * 4, strict=False), 1)
    ]
    end = post.at + 60 * minutes
    status = "open" if view.now < end else "closed"
    return {
        "id": post.number,
        "options": options,
        "duration_minutes": minutes,
        "end_datetime": time(end),
        "voting_status": status,
    }


def of_list(found: List) -> Document:
    """Return a list with every field."""
    return {
        "id": found.number,
        "name": found.name,
        "created_at": time(found.created_at),
        "description": found.about,
        "follower_count": len(found.followers),
        "member_count": len(found.members),
        "owner_id": found.owner,
        "private": found.is_private,
    }


def of_account(account: Account, view: View, keys: frozenset[str]) -> Document:
    """Return those fields of an account that are asked for; what X leaves out where it is empty is left out."""
    found = {key: make(account, view) for key, make in _OF_ACCOUNTS.items() if key in keys}
    return {key: value for key, value in found.items() if value or key not in _LEFT_OUT_OF_ACCOUNTS}


def _described(account: Account, _: View) -> Document:
    tags = [{"start": m.start(), "end": m.end(), "tag": m[1]} for m in HASHTAG.finditer(account.about)]
    mentions = [{"start": m.start(), "end": m.end(), "username": m[1]} for m in MENTION.finditer(account.about)]
    described = {key: value for key, value in (("hashtags", tags), ("mentions", mentions)) if value}
    return {"description": described} if described else {}


def _account_counts(account: Account, view: View) -> Document:
    posts = view.posts_of(account.number)
    return {
        "followers_count": len(view.people.followers(account.number)),
        "following_count": len(account.follows),
        "tweet_count": len(posts),
        "listed_count": sum(account.number in each.members for each in view.lists.values() if not each.is_private),
        "like_count": len(account.username) * 31,
        "media_count": len([post for post in posts if post.media]),
    }


def _verified_type(account: Account, _: View) -> str:
    kind = "business" if account.is_organization else "blue"
    return kind if account.fame >= VERIFIED else "none"


def _location(account: Account, view: View) -> str:
    return view.place if account.number not in OWN else ""


def _most_recent(account: Account, view: View) -> str:
    posts = view.posts_of(account.number)
    return posts[-1].number if posts else ""


def _pinned(account: Account, view: View) -> str:
    posts = view.posts_of(account.number) if account.is_organization else []
    return next((post.number for post in posts if not (post.replied or post.reposted)), "")


_OF_ACCOUNTS: dict[str, Callable[[Account, View], Any]] = {
    "id": lambda account, _: account.number,
    "name": lambda account, _: account.name,
    "username": lambda account, _: account.username,
    "created_at": lambda account, _: time(account.created_at),
    "description": lambda account, _: account.about,
    "is_identity_verified": lambda _, __: False,
    "location": _location,
    "parody": lambda _, __: False,
    "profile_image_url": lambda account, _: f"https://pictures.example/{account.username}_normal.jpg",
    "protected": lambda _, __: False,
    "public_metrics": _account_counts,
    "url": lambda _, __: "",
    "verified": lambda account, _: account.fame >= VERIFIED,
    "verified_type": _verified_type,
    "subscription_type": lambda _, __: "None",
    "entities": _described,
    "most_recent_tweet_id": _most_recent,
    "pinned_tweet_id": _pinned,
}
_LEFT_OUT_OF_ACCOUNTS = {"entities", "most_recent_tweet_id", "pinned_tweet_id"}


def of_medium(key: str, post: Post, view: View) -> Document:
    """Return a medium with every field."""
    if key.removeprefix("3_") in view.memory.media.uploads:
        return view.memory.media.shown(key)
    return {
        "media_key": key,
        "type": "photo",
        "url": f"https://pictures.example/{key}.jpg",
        "width": 1200,
        "height": 800,
        "alt_text": f"A photo by {post.author.name}: {post.text}"[:1000],
    }
