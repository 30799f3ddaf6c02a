"""The API behind the tokens: which calls there are, what each wants, and its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from oint_magics.sandbox import answers, new_post, timeline, uploads, users

if TYPE_CHECKING:
    from collections.abc import Callable

    from oint_magics.sandbox.accounts import Person
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
    takes_app: bool = False


ENDPOINTS = (
    Endpoint("GET", "/2/users/me", _READ, users.me),
    Endpoint("GET", "/2/users", _READ, users.by_ids, takes_app=True),
    Endpoint("GET", "/2/users/by/username/:username", _READ, users.by_name, takes_app=True),
    Endpoint("GET", "/2/users/:id", _READ, users.by_id, takes_app=True),
    Endpoint("GET", "/2/users/:id/tweets", _READ, timeline.of_person, takes_app=True),
    Endpoint("GET", "/2/tweets/search/recent", _READ, timeline.search, takes_app=True),
    Endpoint("GET", "/2/tweets", _READ, timeline.look_many, takes_app=True),
    Endpoint("GET", "/2/tweets/:id", _READ, timeline.look, takes_app=True),
    Endpoint("POST", "/2/tweets", _WRITE, new_post.create),
    Endpoint("DELETE", "/2/tweets/:id", _WRITE, new_post.delete),
    Endpoint("POST", "/2/media/upload", _MEDIA, uploads.in_one),
    Endpoint("GET", "/2/media/upload", _MEDIA, uploads.status),
    Endpoint("POST", "/2/media/upload/initialize", _MEDIA, uploads.initialize),
    Endpoint("POST", "/2/media/upload/:id/append", _MEDIA, uploads.append),
    Endpoint("POST", "/2/media/upload/:id/finalize", _MEDIA, uploads.finalize),
    Endpoint("POST", "/2/media/metadata", _MEDIA, uploads.describe),
)


class Caller(NamedTuple):
    """Whom a token speaks for.

    Attributes:
        name: the number of a person, or the client id of an app.
        person: the person; `None` where an app calls with its own token.
        scopes: what the person granted.
    """

    name: str
    person: Person | None
    scopes: frozenset[str]


def answer(memory: Memory, call: Call) -> Reply:
    """Answer a call below `/2/`.

    Args:
        memory: the server's.
        call: the call.
    """
    at_path = [each for each in ENDPOINTS if _parts(each, call.path) is not None]
    found = next((each for each in at_path if each.method == call.method), None)
    if found is None:
        return _not_there(at_path)
    caller = _caller(memory, call)
    if caller is None:
        return answers.unauthorized()
    refusal = _refusal(memory, found, caller)
    if refusal:
        return refusal
    name = found.name if found.method == "GET" else f"{found.method} {found.name}"
    left = memory.limits.take(caller.name, name, is_app=caller.person is None)
    if left and left.remaining < 0:
        return answers.too_many(left.headers)
    if caller.person and not caller.scopes >= found.scopes:
        return answers.forbidden()
    reply = found.answer(memory, call._replace(person=caller.person, parts=_parts(found, call.path) or ()))
    return reply._replace(headers=left.headers if left else ())


def _refusal(memory: Memory, found: Endpoint, caller: Caller) -> Reply | None:
    """Return what a call suffers before it is counted, or `None`."""
    fault = memory.faults.take(set(_REFUSALS))
    if fault:
        return _REFUSALS[fault.name]()
    return answers.app_only_refused() if caller.person is None and not found.takes_app else None


def _not_there(at_path: list[Endpoint]) -> Reply:
    if at_path:
        return answers.other_method(sorted({each.method for each in at_path}))
    return answers.no_such_call(sorted({each.name.removeprefix("/2/") for each in ENDPOINTS if each.method == "GET"}))


def _caller(memory: Memory, call: Call) -> Caller | None:
    scheme, _, token = (call.authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    who = memory.accounts.bearer(token)
    if who:
        return Caller(who[0].number, *who)
    app = memory.accounts.app_of(token)
    return Caller(app.client_id, None, frozenset()) if app else None


def _parts(endpoint: Endpoint, path: str) -> tuple[str, ...] | None:
    """Return the words of a path that an endpoint leaves open, or `None` where it is another one's."""
    names, words = endpoint.name.split("/"), path.rstrip("/").split("/")
    if len(names) != len(words):
        return None
    pairs = list(zip(names, words, strict=True))
    if not all(name.startswith(":") or name == word for name, word in pairs):
        return None
    return tuple(word for name, word in pairs if name.startswith(":"))
