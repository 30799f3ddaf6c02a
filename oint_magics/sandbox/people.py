"""Who there is: everybody by id and by name, and what each says and sees of the others."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oint_magics.sandbox.town import Account


class People:
    """All accounts.

    Args:
        accounts: everybody; the sandbox's own people come first.

    Attributes:
        of: each account, by id.
        muted, blocked: by id, the ids of whom an account has muted and blocked, the newest last.
        bookmarks: by id, the ids of the posts that an account has bookmarked, the newest last.
    """

    def __init__(self, accounts: Iterable[Account]) -> None:
        self.of = {each.number: each for each in accounts}
        self.muted: dict[str, list[str]] = defaultdict(list)
        self.blocked: dict[str, list[str]] = defaultdict(list)
        self.bookmarks: dict[str, list[str]] = defaultdict(list)
        self._named = {each.username.lower(): each for each in self.of.values()}

    def named(self, username: str) -> Account | None:
        """Return an account by its name, in any case of letters."""
        return self._named.get(username.lower())

    def followers(self, number: str) -> list[Account]:
        """Return who follows an account."""
        return [each for each in self.of.values() if number in each.follows]

    def following(self, number: str) -> list[Account]:
        """Return whom an account follows."""
        return [each for each in self.of.values() if each.number in self.of[number].follows]
