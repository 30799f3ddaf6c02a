"""The API behind the tokens: which calls there are, what each wants, and its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from oint_magics.sandbox import answers, new_post, timeline, uploads, users

if TYPE_CHECKING:
    from collections.abc import Callable

    from oint_magics.sandbox.answers import Reply
    from oint_magics.sandbox.calls import Call, Memory

_READ = {"tweet.read", "users.read"}
_WRITE = _READ | {"tweet.write"}
_MEDIA = {"media.write"}
# What any call can suffer on demand.
_REFUSALS = {"402": answers.no_credits, "403": answers.not_enrolled, "503": answers.out_of_service}


class Endpoint(NamedTuple):
    """A call that there is: its name is its path, `:` before each word that it leaves open."""

    method: str
    name: str
    scopes: set[str]
    answer: Callable[[Memory, Call], Reply]


ENDPOINTS = (
    Endpoint("GET", "/2/users/me", _READ, users.me),
    Endpoint("GET", "/2/users", _READ, users.by_ids),
    Endpoint("GET", "/2/users/by/username/:username", _READ, users.by_name),
    Endpoint("GET", "/2/users/:id", _READ, users.by_id),
    Endpoint("GET", "/2/users/:id/tweets", _READ, timeline.of_person),
    Endpoint("GET", "/2/tweets/search/recent", _READ, timeline.search),
    Endpoint("GET", "/2/tweets", _READ, timeline.look_many),
    Endpoint("GET", "/2/tweets/:id", _READ, timeline.look),
    Endpoint("POST", "/2/tweets", _WRITE, new_post.create),
    Endpoint("DELETE", "/2/tweets/:id", _WRITE, new_post.delete),
    Endpoint("POST", "/2/media/upload", _MEDIA, uploads.in_one),
    Endpoint("GET", "/2/media/upload", _MEDIA, uploads.status),
    Endpoint("POST", "/2/media/upload/initialize", _MEDIA, uploads.initialize),
    Endpoint("POST", "/2/media/upload/:id/append", _MEDIA, uploads.append),
    Endpoint("POST", "/2/media/upload/:id/finalize", _MEDIA, uploads.finalize),
    Endpoint("POST", "/2/media/metadata", _MEDIA, uploads.describe),
)


def answer(memory: Memory, call: Call) -> Reply:
    """Answer a call below `/2/`.

    Args:
        memory: the server's.
        call: the call.
    """
    found = next((e for e in ENDPOINTS if e.method == call.method and _parts(e, call.path) is not None), None)
    if found is None:
        return answers.no_such_call(
            sorted({each.name.removeprefix("/2/") for each in ENDPOINTS if each.method == "GET"})
        )
    scheme, _, token = (call.authorization or "").partition(" ")
    who = memory.accounts.bearer(token) if scheme.lower() == "bearer" else None
    if who is None:
        return answers.unauthorized()
    person, scopes = who
    fault = memory.faults.take(set(_REFUSALS))
    if fault:
        return _REFUSALS[fault.name]()
    left = memory.limits.take(person.number, found.name if found.method == "GET" else f"{found.method} {found.name}")
    if left and left.remaining < 0:
        return answers.too_many(left.headers)
    if not scopes >= found.scopes:
        return answers.forbidden()
    reply = found.answer(memory, call._replace(person=person, parts=_parts(found, call.path) or ()))
    return reply._replace(headers=left.headers if left else ())


def _parts(endpoint: Endpoint, path: str) -> tuple[str, ...] | None:
    """Return the words of a path that an endpoint leaves open, or `None` where it is another one's."""
    names, words = endpoint.name.split("/"), path.rstrip("/").split("/")
    if len(names) != len(words):
        return None
    pairs = list(zip(names, words, strict=True))
    if not all(name.startswith(":") or name == word for name, word in pairs):
        return None
    return tuple(word for name, word in pairs if name.startswith(":"))
