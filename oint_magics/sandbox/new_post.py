"""New posts by X's rules, and their end."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from oint_magics.sandbox import answers, shapes
from oint_magics.sandbox.world import LINK

if TYPE_CHECKING:
    from collections.abc import Callable

    from oint_magics.sandbox.answers import Reply
    from oint_magics.sandbox.calls import Call, Memory
    from oint_magics.sandbox.posts import Document

_LONGEST = 280
# What X counts as one; everything else counts as two.
_SINGLE = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
# What joins or colours the emoji before it, and counts with it.
_JOINED = re.compile(r"(?<=\u200d).|\u200d|[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")


def create(memory: Memory, call: Call) -> Reply:
    """`POST /2/tweets`."""
    wanted, person = call.document(), call.person
    why = "the body: a JSON object" if wanted is None else shapes.wrong(wanted, shapes.NEW_POST)
    if why or wanted is None or person is None:
        return answers.invalid_body(why or "")
    if memory.faults.take({"duplicate"}):
        return answers.duplicate()
    refusal = _refused(memory, call, wanted)
    if refusal:
        return refusal
    post = memory.posts.add(
        person.number,
        wanted.get("text", ""),
        media=(wanted.get("media") or {}).get("media_ids", []),
        poll=wanted.get("poll"),
        replied=(wanted.get("reply") or {}).get("in_reply_to_tweet_id", ""),
        quoted=wanted.get("quote_tweet_id") or "",
        reply_settings=wanted.get("reply_settings", "everyone"),
    )
    if post is None:
        return answers.duplicate()
    data = {key: post[key] for key in ("id", "text", "edit_history_tweet_ids")}
    return answers.document(201, {"data": data})


def delete(memory: Memory, call: Call) -> Reply:
    """`DELETE /2/tweets/:id`."""
    post = memory.posts.post(call.parts[0], memory.clock.now())
    if post is None:
        return answers.no_such_resource("tweet", "id", call.parts[0])
    if post.author.number != call.who:
        return answers.forbidden("You are not authorized to delete this Tweet.")
    memory.posts.remove(post.number)
    return answers.document(200, {"data": {"deleted": True}})


def length(text: str) -> int:
    """Return a text's length as X counts it: a link 23, an emoji or a character of Chinese, Japanese or Korean 2."""
    text = unicodedata.normalize("NFC", text)
    links = len(LINK.findall(text))
    rest = _JOINED.sub("", LINK.sub("", text))
    return 23 * links + sum(1 if any(a <= ord(c) <= b for a, b in _SINGLE) else 2 for c in rest)


def has_link(text: object) -> bool:
    """Tell whether a text has a link, which X bills."""
    return isinstance(text, str) and LINK.search(text) is not None


def _refused(memory: Memory, call: Call, wanted: Document) -> Reply | None:
    text, poll, media = wanted.get("text", ""), wanted.get("poll"), wanted.get("media")
    if not (text.strip() or media):
        return answers.invalid_body("text: there is none")
    if length(text) > _LONGEST:
        return answers.invalid_body("text: it is longer than 280")
    if sum(each is not None for each in (poll, media, wanted.get("quote_tweet_id"))) > 1:
        return answers.invalid_body("media, poll and quote exclude each other")
    checks: tuple[tuple[object, Callable[[], Reply | None]], ...] = (
        (wanted.get("quote_tweet_id"), lambda: _wrong_quote(memory, wanted["quote_tweet_id"])),
        (poll, lambda: _wrong_poll(poll)),
        (media, lambda: _wrong_media(memory, call, media)),
        (wanted.get("reply"), lambda: _wrong_reply(memory, call, wanted["reply"])),
    )
    return next((found for each, check in checks if each is not None and (found := check())), None)


def _wrong_poll(poll: Any) -> Reply | None:
    options, minutes = poll.get("options", []), poll.get("duration_minutes", 0)
    if not (2 <= len(options) <= 4 and all(0 < len(each) <= 25 for each in options)):
        return answers.invalid_body("poll.options: 2 to 4 texts of 1 to 25 characters")
    if not 5 <= minutes <= 10080:
        return answers.invalid_body("poll.duration_minutes: 5 to 10080")
    return None


def _wrong_media(memory: Memory, call: Call, media: Any) -> Reply | None:
    ids = media.get("media_ids", [])
    if not (1 <= len(ids) <= 4 and call.person):
        return answers.invalid_body("media.media_ids: 1 to 4 ids")
    kinds = [memory.media.category(each, call.person.number) for each in ids]
    if None in kinds:
        return answers.invalid_body("Your media IDs are invalid.")
    if len(ids) > 1 and set(kinds) != {"tweet_image"}:
        return answers.invalid_body("media.media_ids: four pictures, or one GIF, or one video")
    return None


def _wrong_quote(memory: Memory, number: str) -> Reply | None:
    if memory.plan != "enterprise":
        return answers.not_in_plan()
    is_there = memory.posts.post(number, memory.clock.now()) is not None
    return None if is_there else answers.invalid_body("You attempted to quote a Tweet that is deleted or not visible.")


def is_summoned(memory: Memory, call: Call) -> bool:
    """Tell whether a post answers another account, which has mentioned who writes it: X bills less for it."""
    reply = (call.document() or {}).get("reply") or {}
    post = memory.posts.post(reply.get("in_reply_to_tweet_id", ""), memory.clock.now())
    return post is not None and post.author.number != call.who


def _wrong_reply(memory: Memory, call: Call, reply: Any) -> Reply | None:
    post = memory.posts.post(reply.get("in_reply_to_tweet_id", ""), memory.clock.now())
    if post is None:
        return answers.invalid_body("You attempted to reply to a Tweet that is deleted or not visible to you.")
    if call.person and post.author.number != call.who and f"@{call.person.username}" not in post.text:
        return answers.forbidden("You can only reply to a post whose author mentioned or quoted you.")
    return None
