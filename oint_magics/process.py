"""What belongs to this process: what it remembers between calls, and what a child process must not inherit."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

if TYPE_CHECKING:
    from collections.abc import Callable


class State:
    """What this process remembers between calls.

    Attributes:
        last_used: the place of the store that was used last, or `None`.
        sandbox: the address of the sandbox that runs in this process, or `None`.
        unsaved: responses whose pair no place took: this may be the only copy there is.
        begun: the authorization requests whose links were made here, the newest last.
        codes_sent: fingerprints of the codes that were exchanged here.
        waiting: the logins that wait for their address.
        named: the places of stores that a call has named, on a machine that is thrown away.
        databases: the identities of the team's databases, by a hash of the address.
        users: whose an access token is, as X said, by the token's fingerprint.
        is_told_of_old_keys: whether it was said that the keys of OAuth 1.0a are not needed.
        handles: the id of an account by the API's address, the app and the handle, and when it was looked up.
        posts_as: the store that a post or a deletion has named, and the id of its account; or `None`.
    """

    def __init__(self) -> None:
        self.last_used: str | None = None
        self.sandbox: str | None = None
        self.unsaved: list[Any] = []
        self.begun: list[Any] = []
        self.codes_sent: set[str] = set()
        self.waiting: list[Any] = []
        self.named: set[str] = set()
        self.databases: dict[str, str] = {}
        self.users: dict[str, Any] = {}
        self.handles: dict[tuple[str, str, str], tuple[str, float]] = {}
        self.posts_as: tuple[str, Any] | None = None
        self.is_told_of_old_keys = False


state = State()


def reset() -> None:
    """Remember nothing, as a process that has just begun."""
    state.__init__()  # type: ignore[misc]  # the same object, which others have imported


class Inherited(Protocol):
    """Something that a child process may inherit."""

    def after_fork(self) -> None:
        """Let go of what is the parent's; called in the child, whose other threads are gone."""


_inherited: WeakSet[Inherited] = WeakSet()


def watch(thing: Inherited) -> None:
    """Let something know of it when it finds itself in a child process."""
    _inherited.add(thing)


def in_child(call: Callable[[], None]) -> None:
    """Call something in each child process, before anything else runs there."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=call)


def _after_fork() -> None:
    state.waiting.clear()
    for thing in list(_inherited):
        thing.after_fork()


in_child(_after_fork)
