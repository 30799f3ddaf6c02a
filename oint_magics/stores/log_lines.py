"""What the lines of a refresh log say of a token.

A line is a JSON object. One of a refresh says which token was spent, which is its successor, and where that lives:
following them leads to the newest token of a family. Joined lines come first: one for each family, with all of its
spent tokens. A look-up parses only a few lines, because parsing all of them would slow down a new process.
"""

from __future__ import annotations

import contextlib
import json
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FORMAT = 2
# Of a single entry, which the format before wrote in the same words.
ENTRY_FORMAT = 1
_MOST_LOOSE = 1000
# In the year 5138, in Unix seconds.
_LATEST = 1e11
_CUT_OFF = re.compile(rb"[^}]\n")
_SUCCESSION = re.compile(rb'"spent": "([^"]*)", "newest": "([^"]*)"(, "again": true)?')
# What an entry of each kind says, as text.
_KINDS = (("token", "end"), ("forgotten",), ("spent", "newest", "place"), ("family", "newest", "place"))


class Damaged(Exception):
    """A line says nothing that is known."""


class Newer(Exception):
    """A line is of an unknown format."""


class Known(NamedTuple):
    """What is known of a token.

    Attributes:
        newest: the fingerprint of its family's newest token; `None` for a token that is not known.
        place: the store where that lives, as it can be opened; blank where it was forgotten.
        granted_at: when the newest pair was granted, in Unix seconds; `None` for a token that is not known.
        end: how it came to its end, as the log's entry says; `None` where nothing tells.
        ended_at: when that became known, in Unix seconds.
        scope: what X last said that its family may do, separated by blanks; `None` if nothing tells.
    """

    newest: str | None = None
    place: str = ""
    granted_at: float | None = None
    end: str | None = None
    ended_at: float = 0.0
    scope: str | None = None


class Family(NamedTuple):
    """A family of tokens.

    Attributes:
        newest: the newest refresh token's fingerprint.
        place: the store, as it can be opened.
        at: when its newest pair was granted, in Unix seconds.
    """

    newest: str
    place: str
    at: float


class Lines:
    """The lines of a log, the oldest first.

    Args:
        texts: the log's files, each with its own joined lines first.
    """

    def __init__(self, texts: Iterable[bytes]) -> None:
        parts = [_parts(text) for text in texts]
        self._joined = b"".join(joined for joined, _ in parts)
        self._loose = b"".join(loose for _, loose in parts)
        self._given_again: set[str] = set()

    @property
    def is_long(self) -> bool:
        """Whether there are so many single lines that it is time to join them."""
        return self._loose.count(b"\n") > _MOST_LOOSE

    def known(self, fingerprint: str) -> Known:
        """Return what is known of a token."""
        end = self._last(b'"token": ', fingerprint)
        known = Known(end=end[1]["end"], ended_at=end[1]["at"]) if end else Known()
        newest = self._newest(fingerprint)
        home = self._last(b'"newest": ', newest)
        if home is None:
            return known
        at, line = home
        is_forgotten = self._loose.find(b'"forgotten": ' + _quoted(line["place"]), at) >= 0
        place = "" if is_forgotten else line["place"]
        return known._replace(newest=newest, place=place, granted_at=line["at"], scope=line.get("scope") or None)

    def families(self) -> list[Family]:
        """Return the families whose newest tokens live somewhere, the last refreshed first."""
        _, homes, _ = self._replayed()
        found = [Family(newest, home["place"], home["at"]) for newest, home in homes.items() if home["place"]]
        return sorted(found, key=lambda family: family.at, reverse=True)

    def joined(self, *more: dict[str, Any]) -> bytes:
        """Return a text that says the same in fewer lines: one for each family, and one for each end.

        Args:
            more: entries that follow.
        """
        members, homes, ends = self._replayed()
        lines = [
            {"format": FORMAT, "family": f" {' '.join(members.get(newest, ()))} ", "newest": newest} | home
            for newest, home in homes.items()
        ]
        text = b"".join(line_of(each) for each in (*lines, *ends.values()))
        return line_of({"format": FORMAT, "joined": len(text)}) + text + b"".join(map(line_of, more))

    def _replayed(self) -> tuple[dict[str, list[str]], dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
        """Return each newest token's predecessors, where each newest token lives, and each end."""
        homes: dict[str, dict[str, Any]] = {}
        members: dict[str, list[str]] = {}
        families: dict[str, list[str]] = {}
        ends: dict[str, dict[str, Any]] = {}
        for line in entries(self._joined + self._loose):
            if "end" in line:
                ends[line["token"]] = line
            elif "forgotten" in line:
                for home in homes.values():
                    home["place"] = "" if home["place"] == line["forgotten"] else home["place"]
            else:
                homes.pop(line["newest"], None)  # In the order of what came last.
                homes[line["newest"]] = {name: line[name] for name in ("at", "place", "scope") if name in line}
                if "family" in line:
                    families.setdefault(line["newest"], []).extend(line["family"].split())
        # Each token is in one family: that of its newest as it is now.
        moved = self._successors.keys() | self._given_again
        last = _ends(self._successors)
        joined = {each: newest for newest, spent in families.items() for each in spent if each not in moved}
        newest_of = {end: _last_of(end, joined, last) for end in {*last.values(), *(last.get(e, e) for e in families)}}
        for newest, spent in families.items():
            there = members.setdefault(newest_of[last.get(newest, newest)], [])
            there += [each for each in spent if each not in moved]
        for each, end in last.items():
            members.setdefault(newest_of[end], []).append(each)
        return (
            {newest: list(dict.fromkeys(each)) for newest, each in members.items()},
            {newest: home for newest, home in homes.items() if newest not in self._successors},
            ends,
        )

    @cached_property
    def _successors(self) -> dict[str, str]:
        """The successor of each token that was spent, as the single lines say."""
        found: dict[str, str] = {}
        for spent, newest, is_again in _SUCCESSION.findall(self._loose):
            name, later = spent.decode(), newest.decode()
            if is_again or name in _chain(found, later):  # A server that gives old ones again.
                found.pop(later, None)
                self._given_again.add(later)
            if name != later:
                found[name] = later
        return found

    def _newest(self, fingerprint: str) -> str:
        """Return the newest token of a token's family; its own fingerprint where it has no successor."""
        seen: set[str] = set()
        while fingerprint not in seen:
            seen.add(fingerprint)
            fingerprint = _chain(self._successors, fingerprint)[-1]
            joined = None if fingerprint in self._given_again else self._newest_in_joined(fingerprint)
            fingerprint = joined or fingerprint
        return fingerprint

    def _newest_in_joined(self, fingerprint: str) -> str | None:
        name, end = f" {fingerprint} ".encode(), len(self._joined)
        while (at := self._joined.rfind(name, 0, end)) >= 0:
            line = _line_at(self._joined, at)
            if fingerprint in line.get("family", "").split():
                return str(line["newest"])
            end = at  # It stood in a place's name.
        return None

    def _last(self, name: bytes, fingerprint: str) -> tuple[int, dict[str, Any]] | None:
        """Return the last line about a token, and its position among the single lines."""
        words, key = name + _quoted(fingerprint), name.decode().strip('": ')
        for text in (self._loose, self._joined):
            at = len(text)
            while (at := text.rfind(words, 0, at)) >= 0:
                line = None
                with contextlib.suppress(Damaged):
                    line = _line_at(text, at)
                if line is not None and line.get(key) == fingerprint:
                    return (at if text is self._loose else 0), line
        return None


def _chain(successors: dict[str, str], fingerprint: str) -> list[str]:
    """Return a token and those that followed it, the newest last."""
    found = [fingerprint]
    while found[-1] in successors:
        found.append(successors[found[-1]])
    return found


def _ends(successors: dict[str, str]) -> dict[str, str]:
    """Return where each token's chain of successors ends, in time that grows as their number does."""
    found: dict[str, str] = {}
    for each in successors:
        chain = [each]
        while chain[-1] in successors and chain[-1] not in found:
            chain.append(successors[chain[-1]])
        end = found.get(chain[-1], chain[-1])
        found |= dict.fromkeys(chain[:-1], end)
    return found


def _last_of(fingerprint: str, joined: dict[str, str], last: dict[str, str]) -> str:
    """Return where joined and single lines lead from the end of a chain."""
    seen: set[str] = set()
    while fingerprint in joined and fingerprint not in seen:
        seen.add(fingerprint)
        fingerprint = last.get(joined[fingerprint], joined[fingerprint])
    return fingerprint


def line_of(entry: dict[str, Any]) -> bytes:
    """Return an entry as a line of the log."""
    return json.dumps(entry).encode() + b"\n"


def entries(text: bytes) -> Iterator[dict[str, Any]]:
    """Yield the entries of a text that was checked, the oldest first, without lines that were cut off.

    Raises:
        Newer: a line is of an unknown format.
    """
    for line in text.split(b"\n"):
        with contextlib.suppress(Damaged):
            entry = _entry(_stripped(line))
            if "joined" not in entry:
                yield entry


def _parts(text: bytes) -> tuple[bytes, bytes]:
    """Return a file's joined lines and its single lines."""
    head = text[: text.find(b"\n") + 1]
    known: Any = None
    with contextlib.suppress(ValueError, RecursionError):
        known = json.loads(head or b"null")
    if not isinstance(known, dict) or not isinstance(known.get("joined"), int):
        return b"", _whole(text)
    if known.get("format") != FORMAT:
        raise Newer
    end = len(head) + known["joined"]
    return text[len(head) : end], _whole(text[end:])


def _whole(text: bytes) -> bytes:
    """Return a text without lines that were cut off, which may say half of something."""
    last = text[text.rfind(b"\n") + 1 :]
    if last:
        text = text + b"\n" if is_entry(last) else text[: -len(last)]
    if not _CUT_OFF.search(text):
        return text
    return b"".join(line + b"\n" for each in text.split(b"\n") if (line := _stripped(each)).endswith(b"}"))


def check(text: bytes) -> None:
    """Refuse a text that a look-up would not understand: it looks for lines as they are written here.

    Raises:
        Damaged: a line is not an entry, or is formatted differently.
        Newer: a line is of an unknown format.
    """
    *lines, _ = text.split(b"\n")  # The last one may just be written.
    for line in map(_stripped, lines):
        if line.endswith(b"}") and line_of(_entry(line)).strip() != line:
            raise Damaged


def is_entry(line: bytes) -> bool:
    """Tell whether a line is complete."""
    try:
        return bool(_entry(_stripped(line)))
    except Damaged:
        return False


def _stripped(line: bytes) -> bytes:
    """Return a line without the zeros that a power failure leaves."""
    return line.strip(b"\0 \r")


def _entry(line: bytes) -> dict[str, Any]:
    known: Any = None
    with contextlib.suppress(ValueError, RecursionError):
        known = json.loads(line)
    if not isinstance(known, dict):
        raise Damaged
    if known.get("format") not in (None, ENTRY_FORMAT, FORMAT):
        raise Newer
    if isinstance(known.get("joined"), int):
        return dict(known)
    is_known = any(all(isinstance(known.get(name), str) for name in names) for names in _KINDS)
    at = known.get("at") if is_known else None
    if not isinstance(at, int | float) or not abs(at) < _LATEST:
        raise Damaged
    return dict(known)


def _line_at(text: bytes, at: int) -> dict[str, Any]:
    end = text.find(b"\n", at)
    return _entry(_stripped(text[text.rfind(b"\n", 0, at) + 1 : end if end >= 0 else len(text)]))


def _quoted(text: str) -> bytes:
    return json.dumps(text).encode()
