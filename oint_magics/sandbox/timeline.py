"""Posts as they are read: timelines and the search in pages, single ones, and what stands beside them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from oint_magics.sandbox import answers
from oint_magics.sandbox.accounts import PEOPLE

if TYPE_CHECKING:
    from oint_magics.sandbox.answers import Reply
    from oint_magics.sandbox.calls import Call, Memory
    from oint_magics.sandbox.posts import Document

# The field of a post that an expansion shows.
_EXPANDED = {
    "author_id": "author_id",
    "in_reply_to_user_id": "in_reply_to_user_id",
    "attachments.media_keys": "attachments",
    "attachments.poll_ids": "attachments",
    "referenced_tweets.id": "referenced_tweets",
}


def of_person(memory: Memory, call: Call) -> Reply:
    """`GET /2/users/:id/tweets`: a person's posts in pages, the newest first."""
    return _pages(memory, call, memory.posts.of(call.parts[0]), least=5)


def search(memory: Memory, call: Call) -> Reply:
    """`GET /2/tweets/search/recent`: the posts of all that have every word, `from:NAME` for one person's."""
    query = call.query.get("query", "")
    if not query:
        return answers.invalid_parameter("query", "", "can not be empty")
    found = [post for person in PEOPLE for post in memory.posts.of(person.number) if _matches(post, query)]
    found.sort(key=lambda post: post["id"], reverse=True)
    return _pages(memory, call, found, least=10)


def look(memory: Memory, call: Call) -> Reply:
    """`GET /2/tweets/:id`."""
    post = memory.posts.find(call.parts[0])
    if post is None:
        return answers.no_such_resource("tweet", "id", call.parts[0])
    memory.posts.give([post])
    return answers.document(200, {"data": _shown(post, call)} | _includes(memory, call, [post]))


def look_many(memory: Memory, call: Call) -> Reply:
    """`GET /2/tweets?ids=`."""
    found = [post for number in call.names("ids") if (post := memory.posts.find(number))]
    memory.posts.give(found)
    there = {post["id"] for post in found}
    errors = [answers.no_resource("tweet", "ids", number) for number in call.names("ids") if number not in there]
    data = {"data": [_shown(post, call) for post in found]} if found else {}
    return answers.document(200, data | ({"errors": errors} if errors else {}) | _includes(memory, call, found))


def _pages(memory: Memory, call: Call, posts: list[Document], least: int) -> Reply:
    size = call.query.get("max_results", "10")
    if not (size.isdecimal() and least <= int(size) <= 100):
        return answers.invalid_parameter("max_results", size, f"must be between {least} and 100")
    token = call.query.get("pagination_token") or call.query.get("next_token")
    last = _id_of(token) if token else None
    if token and last is None:
        return answers.invalid_parameter("pagination_token", "", "is not valid")
    for name, keep in (("since_id", str.__gt__), ("until_id", str.__lt__)):
        if name in call.query:
            posts = [post for post in posts if keep(post["id"], call.query[name])]
    left = [post for post in posts if last is None or post["id"] < last]
    page = memory.posts.give(left[: int(size)])
    following = _token(page[-1]["id"]) if len(left) > len(page) else None
    return answers.page([_shown(post, call) for post in page], following, _includes(memory, call, page))


def _matches(post: Document, query: str) -> bool:
    author = next(person.username for person in PEOPLE if person.number == post["author_id"])
    words = [word.strip('"()').lower() for word in query.split()]
    plain = [word for word in words if ":" not in word and not word.startswith("-")]
    people = [word.removeprefix("from:") for word in words if word.startswith("from:")]
    return all(word in post["text"].lower() for word in plain) and all(name == author for name in people)


def _shown(post: Document, call: Call) -> Document:
    fields = call.fields("tweet.fields", "post.fields") | {"id", "text", "edit_history_tweet_ids"}
    fields |= {_EXPANDED[name] for name in call.names("expansions") if name in _EXPANDED}
    return {key: value for key, value in post.items() if key in fields}


def _includes(memory: Memory, call: Call, posts: list[Document]) -> Document:
    asked = set(call.names("expansions"))
    keys = {"author_id", "in_reply_to_user_id"} & asked
    wanted = {post[key] for post in posts for key in keys if key in post}
    fields = call.fields("user.fields")
    attached = [key for post in posts for key in post.get("attachments", {}).get("media_keys", [])]
    found: dict[str, list[Document]] = {
        "users": [answers.user_data(person, fields) for person in PEOPLE if person.number in wanted],
        "media": [memory.media.shown(key) for key in attached] if "attachments.media_keys" in asked else [],
        "polls": [_poll(post) for post in posts if "poll" in post] if "attachments.poll_ids" in asked else [],
    }
    found = {key: value for key, value in found.items() if value}
    return {"includes": found} if found else {}


def _poll(post: Document) -> Document:
    options = [{"position": n, "label": text, "votes": 0} for n, text in enumerate(post["poll"]["options"], 1)]
    return {"id": post["id"], "options": options}


def _token(number: str) -> str:
    return base64.b32encode(f"from{number}".encode()).decode().lower().rstrip("=")


def _id_of(token: str) -> str | None:
    """Return the id after which a page begins, or `None` for a token that was never given."""
    try:
        text = base64.b32decode(token.upper() + "=" * (-len(token) % 8)).decode()
    except ValueError:
        return None
    number = text.removeprefix("from")
    return number if number != text and number.isdecimal() else None
