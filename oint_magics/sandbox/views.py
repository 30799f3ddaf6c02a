"""The town as one call sees it: at a moment, for who calls, with what the call asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from oint_magics.sandbox import town

if TYPE_CHECKING:
    from oint_magics.sandbox.accounts import Person
    from oint_magics.sandbox.calls import Memory
    from oint_magics.sandbox.catalogue import Entry
    from oint_magics.sandbox.lists import List
    from oint_magics.sandbox.people import People
    from oint_magics.sandbox.world import Post


class _Asked(NamedTuple):
    memory: Memory
    entry: Entry
    query: dict[str, str]
    words: dict[str, str]
    person: Person | None
    client_id: str
    now: float


class View(_Asked):
    """The town as one call sees it.

    Attributes:
        memory: the server's.
        entry: which call it is.
        query: its parameters, the last of each name.
        words: the words that its path leaves open.
        person: who calls; `None` for an app's own token.
        client_id: the app through which the call comes.
        now: the moment, in Unix seconds.
    """

    place: str = town.words()["place"]

    @property
    def people(self) -> People:
        """Who there is."""
        return self.memory.posts.people

    @property
    def lists(self) -> dict[str, List]:
        """Every list, by id."""
        return self.memory.posts.lists

    @cached_property
    def posts(self) -> list[Post]:
        """All posts until now, the oldest first."""
        return self.memory.posts.until(self.now)

    def posts_of(self, number: str) -> list[Post]:
        """Return an account's posts, the oldest first."""
        return self.memory.posts.by(number, self.now)

    def post(self, number: str) -> Post | None:
        """Return a post by its id, or `None`."""
        return self.memory.posts.post(number, self.now)

    def names(self, parameter: str) -> list[str]:
        """Return a parameter's words; they have commas between them."""
        return [word for word in self.query.get(parameter, "").split(",") if word]

    def fields(self, *parameters: str) -> set[str]:
        """Return the fields that are asked for, by any of a parameter's names."""
        return {word for parameter in parameters for word in self.names(parameter)}

    def number(self, parameter: str) -> int | None:
        """Return an integer of the call, or what it is where nothing is said, or `None`."""
        found = self.entry.parameters.get(parameter)
        text = self.query.get(parameter) or (found.default if found else None)
        return None if text is None else int(text)
