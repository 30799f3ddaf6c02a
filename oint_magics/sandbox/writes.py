"""What changes something beside posts and media: replies hidden, bookmarks, reposts, mutes, lists, likes, follows.

https://docs.x.com/x-api: the bodies and answers are those of its pages; what self-serve plans may not do is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oint_magics.sandbox import answers
from oint_magics.sandbox.lists import List

if TYPE_CHECKING:
    from collections.abc import Callable

    from oint_magics.sandbox.answers import Reply
    from oint_magics.sandbox.calls import Call, Memory

_LONGEST_NAME, _LONGEST_ABOUT = 25, 100


def hide(memory: Memory, call: Call) -> Reply:
    """`PUT /2/tweets/:tweet_id/hidden`: replies to one's own posts."""
    hidden = (call.document() or {}).get("hidden")
    post = memory.posts.post(call.parts[0], memory.clock.now())
    if not isinstance(hidden, bool):
        return answers.invalid_body("hidden: true or false")
    if post is None:
        return answers.no_such_resource("tweet", "tweet_id", call.parts[0])
    if post.replied is None or post.root.author.number != call.who:
        return answers.forbidden("You can hide replies to your own posts only.")
    return _data(hidden=hidden)


def bookmark(memory: Memory, call: Call) -> Reply:
    """`POST /2/users/:id/bookmarks`."""
    number = _given(call, "tweet_id", "post_id")
    if isinstance(number, answers.Reply):
        return number
    if memory.posts.post(number, memory.clock.now()) is None:
        return answers.no_such_resource("tweet", "tweet_id", number)
    _add(memory.posts.people.bookmarks[call.who], number)
    return _data(bookmarked=True)


def remove_bookmark(memory: Memory, call: Call) -> Reply:
    """`DELETE /2/users/:id/bookmarks/:tweet_id`."""
    _remove(memory.posts.people.bookmarks[call.who], call.parts[1])
    return _data(bookmarked=False)


def repost(memory: Memory, call: Call) -> Reply:
    """`POST /2/users/:id/retweets`."""
    number = _given(call, "tweet_id", "post_id")
    if isinstance(number, answers.Reply):
        return number
    if not memory.posts.repost(call.who, number):
        return answers.no_such_resource("tweet", "tweet_id", number)
    return _data(retweeted=True, rest_id=number)


def undo_repost(memory: Memory, call: Call) -> Reply:
    """`DELETE /2/users/:id/retweets/:source_tweet_id`."""
    memory.posts.undo_repost(call.who, call.parts[1])
    return _data(retweeted=False)


def mute(memory: Memory, call: Call) -> Reply:
    """`POST /2/users/:id/muting`."""
    number = _given(call, "target_user_id")
    if isinstance(number, answers.Reply):
        return number
    if number not in memory.posts.people.of or number == call.who:
        return answers.no_such_resource("user", "target_user_id", number)
    _add(memory.posts.people.muted[call.who], number)
    return _data(muting=True)


def unmute(memory: Memory, call: Call) -> Reply:
    """`DELETE /2/users/:source_user_id/muting/:target_user_id`."""
    _remove(memory.posts.people.muted[call.who], call.parts[1])
    return _data(muting=False)


def like(memory: Memory, call: Call) -> Reply:
    """`POST /2/users/:id/likes`: not on self-serve plans."""
    number = _given(call, "tweet_id", "post_id")
    if isinstance(number, answers.Reply) or memory.plan != "enterprise":
        return number if isinstance(number, answers.Reply) else answers.not_in_plan()
    if memory.posts.post(number, memory.clock.now()) is None:
        return answers.no_such_resource("tweet", "tweet_id", number)
    _like(memory, call.who, number, is_liked=True)
    return _data(liked=True)


def unlike(memory: Memory, call: Call) -> Reply:
    """`DELETE /2/users/:id/likes/:tweet_id`: not on self-serve plans."""
    if memory.plan != "enterprise":
        return answers.not_in_plan()
    _like(memory, call.who, call.parts[1], is_liked=False)
    return _data(liked=False)


def _like(memory: Memory, who: str, number: str, *, is_liked: bool) -> None:
    """Note a like, or its end, where that is not how it is."""
    post, now = memory.posts.post(number, memory.clock.now()), memory.clock.now()
    if post is None:
        return
    post.liked.pop(who, None)
    if (who in memory.posts.likers(post, now)) != is_liked:
        post.liked[who] = is_liked


def follow(memory: Memory, call: Call) -> Reply:
    """`POST /2/users/:id/following`: not on self-serve plans."""
    number = _given(call, "target_user_id")
    if isinstance(number, answers.Reply) or memory.plan != "enterprise":
        return number if isinstance(number, answers.Reply) else answers.not_in_plan()
    if number not in memory.posts.people.of:
        return answers.no_such_resource("user", "target_user_id", number)
    memory.posts.people.of[call.who].follows.add(number)
    return _data(following=True, pending_follow=False)


def unfollow(memory: Memory, call: Call) -> Reply:
    """`DELETE /2/users/:source_user_id/following/:target_user_id`: not on self-serve plans."""
    if memory.plan != "enterprise":
        return answers.not_in_plan()
    memory.posts.people.of[call.who].follows.discard(call.parts[1])
    return _data(following=False)


def create_list(memory: Memory, call: Call) -> Reply:
    """`POST /2/lists`."""
    wanted = call.document() or {}
    refusal = _wrong_list(wanted, needs_name=True)
    if refusal:
        return refusal
    now = memory.clock.now()
    number = memory.posts.number(now)
    about, is_private = wanted.get("description") or "", wanted.get("private", False)
    memory.posts.lists[number] = List(number, wanted["name"], call.who, about, is_private, now)
    return answers.document(201, {"data": {"id": number, "name": wanted["name"]}})


def update_list(memory: Memory, call: Call) -> Reply:
    """`PUT /2/lists/:id`."""
    wanted = call.document() or {}
    found = _own_list(memory, call)
    refusal = found if isinstance(found, answers.Reply) else _wrong_list(wanted, needs_name=False)
    if refusal or isinstance(found, answers.Reply):
        return refusal or answers.forbidden()
    found.name, found.about = wanted.get("name", found.name), wanted.get("description", found.about)
    found.is_private = wanted.get("private", found.is_private)
    return _data(updated=True)


def delete_list(memory: Memory, call: Call) -> Reply:
    """`DELETE /2/lists/:id`."""
    found = _own_list(memory, call)
    if isinstance(found, answers.Reply):
        return found
    del memory.posts.lists[found.number]
    return _data(deleted=True)


def add_member(memory: Memory, call: Call) -> Reply:
    """`POST /2/lists/:id/members`."""
    found, number = _own_list(memory, call), _given(call, "user_id")
    if isinstance(found, answers.Reply) or isinstance(number, answers.Reply):
        return found if isinstance(found, answers.Reply) else number  # type: ignore[return-value]  # one of both is
    if number not in memory.posts.people.of:
        return answers.no_such_resource("user", "user_id", number)
    _add(found.members, number)
    return _data(is_member=True)


def remove_member(memory: Memory, call: Call) -> Reply:
    """`DELETE /2/lists/:id/members/:user_id`."""
    found = _own_list(memory, call)
    if isinstance(found, answers.Reply):
        return found
    _remove(found.members, call.parts[1])
    return _data(is_member=False)


def follow_list(memory: Memory, call: Call) -> Reply:
    """`POST /2/users/:id/followed_lists`."""
    return _to_list(memory, call, "followers", "following")


def unfollow_list(memory: Memory, call: Call) -> Reply:
    """`DELETE /2/users/:id/followed_lists/:list_id`."""
    return _from_list(memory, call, "followers", "following")


def pin_list(memory: Memory, call: Call) -> Reply:
    """`POST /2/users/:id/pinned_lists`."""
    return _to_list(memory, call, "pinned", "pinned")


def unpin_list(memory: Memory, call: Call) -> Reply:
    """`DELETE /2/users/:id/pinned_lists/:list_id`."""
    return _from_list(memory, call, "pinned", "pinned")


def _to_list(memory: Memory, call: Call, place: str, word: str) -> Reply:
    number = _given(call, "list_id")
    if isinstance(number, answers.Reply):
        return number
    found = memory.posts.lists.get(number)
    if found is None or (found.is_private and found.owner != call.who):
        return answers.no_such_resource("list", "list_id", number)
    _add(getattr(found, place), call.who)
    return _data(**{word: True})


def _from_list(memory: Memory, call: Call, place: str, word: str) -> Reply:
    found = memory.posts.lists.get(call.parts[1])
    if found:
        _remove(getattr(found, place), call.who)
    return _data(**{word: False})


def _own_list(memory: Memory, call: Call) -> List | Reply:
    found = memory.posts.lists.get(call.parts[0])
    if found is None or (found.is_private and found.owner != call.who):
        return answers.no_such_resource("list", "id", call.parts[0])
    return found if found.owner == call.who else answers.forbidden("You are not allowed to change this List.")


def _wrong_list(wanted: dict[str, Any], *, needs_name: bool) -> Reply | None:
    name, about, is_private = wanted.get("name"), wanted.get("description", ""), wanted.get("private", False)
    if not set(wanted) <= {"name", "description", "private"}:
        return answers.invalid_body("a field is not one of this call's")
    if (name is not None or needs_name) and not (isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME):
        return answers.invalid_body(f"name: 1 to {_LONGEST_NAME} characters")
    if not (isinstance(about, str) and len(about) <= _LONGEST_ABOUT and isinstance(is_private, bool)):
        return answers.invalid_body(f"description: at most {_LONGEST_ABOUT} characters; private: true or false")
    return None


def _given(call: Call, *names: str) -> str | Reply:
    """Return the id in a body, or the refusal."""
    found = call.document()
    value = next((found[name] for name in names if name in found), None) if found else None
    if found is None or not set(found) <= set(names):
        return answers.invalid_body("a field is not one of this call's")
    if not (isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20):
        return answers.invalid_body(f"{names[0]}: an id")
    return value


def _add(found: list[str], number: str) -> None:
    if number not in found:
        found.append(number)


def _remove(found: list[str], number: str) -> None:
    if number in found:
        found.remove(number)


def _data(**found: Any) -> Reply:
    return answers.document(200, {"data": found})


CALLS: dict[tuple[str, str], Callable[[Memory, Call], Reply]] = {
    ("PUT", "/2/tweets/{tweet_id}/hidden"): hide,
    ("POST", "/2/users/{id}/bookmarks"): bookmark,
    ("DELETE", "/2/users/{id}/bookmarks/{tweet_id}"): remove_bookmark,
    ("POST", "/2/users/{id}/retweets"): repost,
    ("DELETE", "/2/users/{id}/retweets/{source_tweet_id}"): undo_repost,
    ("POST", "/2/users/{id}/muting"): mute,
    ("DELETE", "/2/users/{source_user_id}/muting/{target_user_id}"): unmute,
    ("POST", "/2/users/{id}/likes"): like,
    ("DELETE", "/2/users/{id}/likes/{tweet_id}"): unlike,
    ("POST", "/2/users/{id}/following"): follow,
    ("DELETE", "/2/users/{source_user_id}/following/{target_user_id}"): unfollow,
    ("POST", "/2/lists"): create_list,
    ("PUT", "/2/lists/{id}"): update_list,
    ("DELETE", "/2/lists/{id}"): delete_list,
    ("POST", "/2/lists/{id}/members"): add_member,
    ("DELETE", "/2/lists/{id}/members/{user_id}"): remove_member,
    ("POST", "/2/users/{id}/followed_lists"): follow_list,
    ("DELETE", "/2/users/{id}/followed_lists/{list_id}"): unfollow_list,
    ("POST", "/2/users/{id}/pinned_lists"): pin_list,
    ("DELETE", "/2/users/{id}/pinned_lists/{list_id}"): unpin_list,
}
