"""What a child process must not use of its parent's: connections, locks that another thread held, sockets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

if TYPE_CHECKING:
    from collections.abc import Callable


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
    for thing in list(_inherited):
        thing.after_fork()


in_child(_after_fork)
