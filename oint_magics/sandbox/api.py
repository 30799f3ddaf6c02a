"""The API: which calls exist, who may make each one, and the limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from oint_magics.sandbox import answers, catalogue, checks, new_post, reads, uploads, writes
from oint_magics.sandbox.views import View

if TYPE_CHECKING:
    from oint_magics.sandbox.accounts import Person
    from oint_magics.sandbox.answers import Reply
    from oint_magics.sandbox.calls import Call, Memory
    from oint_magics.sandbox.catalogue import Entry

# What any call can suffer on demand.
_REFUSALS = {"402": answers.no_credits, "403": answers.not_enrolled, "503": answers.out_of_service}
_POSTS = {
    ("POST", "/2/tweets"): new_post.create,
    ("DELETE", "/2/tweets/{id}"): new_post.delete,
    ("POST", "/2/media/upload"): uploads.in_one,
    ("GET", "/2/media/upload"): uploads.status,
    ("POST", "/2/media/upload/initialize"): uploads.initialize,
    ("POST", "/2/media/upload/{id}/append"): uploads.append,
    ("POST", "/2/media/upload/{id}/finalize"): uploads.finalize,
    ("POST", "/2/media/metadata"): uploads.describe,
}
_WRITES = _POSTS | writes.CALLS
_COSTS = {
    ("POST", "/2/tweets"): "create post",
    ("DELETE", "/2/tweets/{id}"): "interaction_delete",
    ("PUT", "/2/tweets/{tweet_id}/hidden"): "content_manage",
    ("POST", "/2/users/{id}/bookmarks"): "bookmark",
    ("DELETE", "/2/users/{id}/bookmarks/{tweet_id}"): "bookmark",
    ("POST", "/2/users/{id}/retweets"): "user_interaction",
    ("DELETE", "/2/users/{id}/retweets/{source_tweet_id}"): "interaction_delete",
    ("POST", "/2/users/{id}/muting"): "privacy_update",
    ("DELETE", "/2/users/{source_user_id}/muting/{target_user_id}"): "mute_delete",
    ("POST", "/2/users/{id}/likes"): "user_interaction",
    ("DELETE", "/2/users/{id}/likes/{tweet_id}"): "interaction_delete",
    ("POST", "/2/users/{id}/following"): "user_interaction",
    ("DELETE", "/2/users/{source_user_id}/following/{target_user_id}"): "interaction_delete",
    ("POST", "/2/lists"): "list_create",
    ("POST", "/2/media/metadata"): "media_metadata",
} | {entry: "list_manage" for entry in writes.CALLS if "list" in entry[1] and entry != ("POST", "/2/lists")}
# The words of a path that must be the id of who calls.
_OWN = ("users/{id}/", "users/{source_user_id}/")


class Caller(NamedTuple):
    """Whom a token speaks for.

    Attributes:
        client_id: the app's.
        person: the person; `None` where an app calls with its own token.
        scopes: what the person granted.
    """

    client_id: str
    person: Person | None
    scopes: frozenset[str]


def answer(memory: Memory, call: Call) -> Reply:
    """Answer a call below `/2/`.

    Args:
        memory: the server's.
        call: the call.
    """
    at_path = catalogue.at_path(call.path)
    entry = next((each for each in at_path if each.method == call.method), None)
    if entry is None:
        return _not_there(at_path)
    caller = _caller(memory, call)
    if caller is None:
        return answers.unauthorized()
    refusal = _refusal(memory, entry, caller)
    if refusal:
        return refusal
    who = caller.person.number if caller.person else caller.client_id
    left = memory.limits.take(who, entry.method, entry.path, is_app=caller.person is None)
    if left and left.remaining < 0:
        return answers.too_many(left.headers)
    with memory.lock:  # One after the other: each sees what the one before it has done, and no half of it.
        reply = _answer(memory, entry, call, caller)
    return reply._replace(headers=left.headers if left else ())


def _answer(memory: Memory, entry: Entry, call: Call, caller: Caller) -> Reply:
    if caller.person and not caller.scopes >= (entry.scopes or frozenset()):
        return answers.forbidden()
    words = entry.words(call.path) or {}
    faults = checks.faults(entry, call.query, words)
    if faults:
        return answers.invalid_parameters(faults)
    handler = _WRITES.get((entry.method, entry.path))
    if handler is None:
        now = memory.clock.now()
        return reads.answer(View(memory, entry, call.query, words, caller.person, caller.client_id, now))
    call = call._replace(person=caller.person, parts=tuple(words.values()))
    if entry.path.removeprefix("/2/").startswith(_OWN) and call.parts[0] != call.who:
        text = f"must be the same as the authenticating user [{call.who}]"
        return answers.invalid_parameters(
            [checks.Fault("id", [call.parts[0]], f"The `id` query parameter value {text}")]
        )
    reply = handler(memory, call)
    is_done = reply.status in (200, 201) and not reply.body.startswith(b'{"errors"')
    kind = _cost(memory, entry, call) if is_done else None
    if kind:
        memory.bills.request(caller.client_id, memory.clock.now(), kind)
    return reply


def _cost(memory: Memory, entry: Entry, call: Call) -> str | None:
    """Return what a write is billed as, or `None` for one that has no price."""
    kind = _COSTS.get((entry.method, entry.path))
    if kind != "create post":
        return kind
    if new_post.has_link((call.document() or {}).get("text")):
        return "create post with a link"
    return "create post summoned" if new_post.is_summoned(memory, call) else kind


def _refusal(memory: Memory, entry: Entry, caller: Caller) -> Reply | None:
    """Return what a call suffers before it is counted, or `None`."""
    fault = memory.faults.take(set(_REFUSALS))
    if fault:
        return _REFUSALS[fault.name]()
    if caller.person is None and not entry.takes_app:
        return answers.app_only_refused()
    if caller.person and entry.scopes is None:
        return answers.person_refused()
    if not entry.path.startswith("/2/usage/") and memory.bills.is_used_up():
        return answers.no_credits()
    is_capped = entry.gives == "Post" and memory.bills.is_capped(caller.client_id, memory.clock.now())
    return answers.capped() if is_capped else None


def _not_there(at_path: list[Entry]) -> Reply:
    if at_path:
        return answers.other_method(sorted({each.method for each in at_path}))
    return answers.no_such_call()


def _caller(memory: Memory, call: Call) -> Caller | None:
    scheme, _, token = (call.authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    family = memory.accounts.family_of(token)
    if family:
        return Caller(family.client_id, family.person, frozenset(family.scope.split()))
    app = memory.accounts.app_of(token)
    return Caller(app.client_id, None, frozenset()) if app else None
