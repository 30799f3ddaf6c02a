"""Lists that give the same rows again under new page tokens: each page of them is billed, and they never end."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

# Public reports, 2026-09: `quote_tweets` repeats its last page for as long as it is asked.
MOST_PAGES = 3


class Page(NamedTuple):
    """What was found on a page.

    Attributes:
        new: its objects without those of an earlier page.
        names: the ids of all.
        digest: of a page whose objects have no ids; blank otherwise.
        pages: how many pages without a break, with this one, had rows and none that is new.
    """

    new: list[dict[str, Any]]
    names: list[str | None]
    digest: bytes
    pages: int


class Repeats:
    """What a list has given so far, so that it is noticed if it comes again.

    Attributes:
        pages: how many pages before this one, without a break, had rows and none that is new.
    """

    def __init__(self) -> None:
        self.pages = 0
        # Texts as keys take less memory than in a set.
        self._ids: dict[str | None, None] = {}
        self._whole: set[bytes] = set()
        self._tokens: set[str] = set()

    def copied(self) -> Repeats:
        """Return an independent copy."""
        found = Repeats()
        found.pages, found._ids = self.pages, self._ids.copy()
        found._whole, found._tokens = self._whole.copy(), self._tokens.copy()
        return found

    def new(self, objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return a page's objects without those of an earlier page, and note the page; as `look` otherwise."""
        page = self.look(objects)
        self.note(page)
        return page.new

    def look(self, objects: list[dict[str, Any]]) -> Page:
        """Return what is new on a page; nothing is noted yet.

        What has no id is never dropped: two equal counts or trends are two. If a whole page of them comes again, it
        counts as one without anything new.
        """
        known = self._ids.keys()
        names = [name if type(name := each.get("id")) is str and name else _text(name) for each in objects]
        found = objects
        if not known.isdisjoint(names):
            found = [each for each, name in zip(objects, names, strict=True) if name not in known]
        is_new = any(name is not None and name not in known for name in names)
        digest = b""
        if not is_new and None in names:
            digest = hashlib.sha256(json.dumps(objects, sort_keys=True).encode()).digest()
            is_new = digest not in self._whole
        pages = self.pages if not objects else 0 if is_new else self.pages + 1
        return Page(found, names, digest, pages)

    def note(self, page: Page) -> None:
        """Note a page; to note it twice changes nothing."""
        self._ids.update(dict.fromkeys(page.names))
        self._ids.pop(None, None)
        if page.digest:
            self._whole.add(page.digest)
        self.pages = page.pages

    def is_new_token(self, token: str | None) -> bool:
        """Note a page token, and tell whether it is the first of its kind."""
        if token is None:
            return True
        is_new = token not in self._tokens
        self._tokens.add(token)
        return is_new


def _text(name: object) -> str | None:
    """Return an id that is a number as text, as rows have it; `None` for what is no id."""
    return str(name) if type(name) is int else None
