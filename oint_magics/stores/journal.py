"""The refresh log: which tokens are spent, where the newest of each family lives, and which came to an end.

It holds fingerprints, places, times and scopes, and no secret. "Nothing is known" is said only where nothing is there:
a log that is there and cannot be read, or is held by others, is an error before anything is sent.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from oint_magics import settings
from oint_magics.stores import log_file
from oint_magics.stores.log_lines import ENTRY_FORMAT, Family, Known, Lines
from oint_magics.stores.private_folder import is_mine, reason_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# The server refused it; it was revoked from here; a later login of the same app probably ended it.
REFUSED, REVOKED, SUPERSEDED = "refused", "revoked", "superseded"


class Journal:
    """A refresh log, in the first of some folders that can be had; it is read in each of them.

    Args:
        folders: the data folder, then where the log is kept if there is none and none can be made.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = folders

    def known(self, fingerprint: str) -> Known:
        """Return what is known of a token.

        Raises:
            StoreError: the log is there and cannot be read.
        """
        for folder in self._folders:
            lines = log_file.lines(folder)
            found = lines.known(fingerprint) if lines else Known()
            if found != Known():
                return found
        return Known()

    def families(self) -> list[Family]:
        """Return all families that are known, the last refreshed first; raises as `known` does."""
        found = [lines.families() for folder in self._folders if (lines := log_file.lines(folder))]
        return sorted((each for every in found for each in every), key=lambda family: family.at, reverse=True)

    def stamp(self) -> object:
        """Return something that differs when the log was written in between, or `None` where there is none."""
        return [found for folder in self._folders if (found := log_file.stamp(folder))] or None

    def record(self, spent: str, newest: str, place: str, scope: str | None = None) -> Path | None:
        """Note that a token was spent, and where its successor lives.

        Args:
            spent: the spent refresh token's fingerprint.
            newest: its successor's.
            place: the store, as it can be opened.
            scope: what X said that the new tokens may do; blank for "it is not known any more", `None` for "as before".

        Returns:
            The folder of the log that holds it now; `None` where none could be written.

        Raises:
            StoreBusy: another process holds the log all the time.
            StoreError: it is there and cannot be read.
        """

        def entry(lines: Lines) -> dict[str, Any] | None:
            before, after = lines.known(spent), lines.known(newest)
            is_new, is_spent = before.newest is None, after.newest not in (None, newest)
            if is_spent and spent != newest and before.newest not in (None, spent):
                return None  # An old story, told once more.
            # An older generation of a known family says nothing of its newest.
            is_older = spent != newest and is_new and after.newest is not None
            words = (after if is_older else before).scope if scope is None or is_older else scope
            entry: dict[str, Any] = {"spent": spent, "newest": newest}
            if spent != newest and after.newest == spent:  # A server that gives an old token again.
                entry |= {"again": True}
            return entry | {"place": after.place if is_older else place} | ({"scope": words} if words else {})

        return self._enter(entry)

    def keep(self, fingerprint: str, place: str, scope: str | None = None) -> Path | None:
        """Note where a live token lives, so that its copies are known to be copies; otherwise as `record`."""
        return self.record(fingerprint, fingerprint, place, scope)

    def forget(self, place: str) -> Path | None:
        """Forget where families of a store live; that their tokens are spent stays known; otherwise as `record`."""
        return self._enter(lambda _: {"forgotten": place})

    def end(self, fingerprint: str, how: str) -> Path | None:
        """Note that a token came to its end; otherwise as `record`.

        Args:
            fingerprint: the refresh token's.
            how: `REFUSED`, `REVOKED` or `SUPERSEDED`.
        """
        return self._enter(lambda _: {"token": fingerprint, "end": how})

    def _enter(self, entry: Callable[[Lines], dict[str, Any] | None]) -> Path | None:
        start = {"format": ENTRY_FORMAT, "at": time.time()}

        def whole(lines: Lines) -> dict[str, Any] | None:
            found = entry(lines)
            return None if found is None else start | found

        for folder in self._folders:
            try:
                is_noted = log_file.add(folder, whole)
            except OSError as error:
                reason_of(error)
                continue
            return folder if is_noted else None
        return None


def here(beside: Path | None = None) -> Journal:
    """Return this machine's refresh log.

    Args:
        beside: where it is kept if there is no data folder and none can be made; `None` for nowhere. One that another
            user has made is not read.
    """
    home = settings.data_folder()
    if beside is None:
        return Journal(home)
    try:
        is_usable = is_mine(beside.lstat())
    except OSError:
        is_usable = True  # It is not there yet.
    return Journal(home, beside) if is_usable else Journal(home)
