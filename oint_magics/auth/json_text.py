r"""JSON as people keep it: strict, or in OPI's single-quoted form, and edited without reformatting.

Read are strict JSON (RFC 8259) and, beside it, what OPI's own reader and Python's `repr` add: single
quotes, trailing commas, comments, `None`/`True`/`False`, the escapes `\'`, `\xNN` and `\UNNNNNNNN`.
An error names line and column, and never holds the text.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from oint_magics.errors import AuthSyntaxError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LEXEME = re.compile(
    r"""(?P<blank>(?:\s|//[^\n]*|/\*(?s:.*?)\*/)+)
      | (?P<string>"(?:[^"\\\x00-\x1f]|\\.)*"|'(?:[^'\\\x00-\x1f]|\\.)*')
      | (?P<number>-?(?:0|[1-9][0-9]*)(?P<fraction>(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![\w.]))
      | (?P<word>[A-Za-z]+)
      | (?P<mark>[{}\[\]:,])""",
    re.VERBOSE,
)
_ESCAPE = r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|U([0-9a-fA-F]{8})|(.))"
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"} | {c: c for c in "\"'\\/"}
_WORDS = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}
_DEEPEST = 64
_LONGEST_NUMBER = 400


class Member(NamedTuple):
    """A key of the object with its value, and where both stand in the text.

    `gap_start` is the place behind the comma, or the brace, that the key follows; `inner` is the value where that is
    an object itself.
    """

    value: object
    gap_start: int
    key_start: int
    key_end: int
    start: int
    end: int
    inner: JsonObject | None = None

    def __repr__(self) -> str:
        return f"Member({self.start}, {self.end})"


class JsonObject(NamedTuple):
    """A JSON object and the text it was read from.

    Attributes:
        text: the whole text.
        start: where the object's opening brace stands.
        end: the position behind its closing brace.
        members: its keys, in their order.
    """

    text: str
    start: int
    end: int
    members: dict[str, Member]

    def __repr__(self) -> str:
        return f"JsonObject({len(self.members)} keys)"

    def values(self) -> dict[str, object]:
        """Return the object as a plain dictionary."""
        return {key: member.value for key, member in self.members.items()}

    def replaced(self, changes: Mapping[str, object]) -> str:
        """Return the text with other values for some keys, and every other character as it was.

        Args:
            changes: key to new value; a key that is not there is added behind the last one, in
                the same style.
        """
        return applied(self.text, self.edits(changes))

    def edits(self, changes: Mapping[str, object]) -> list[tuple[int, int, str]]:
        """Return what `replaced` does to the text: from where, up to where, what stands there then."""
        old = [(member, changes[key]) for key, member in self.members.items() if key in changes]
        edits = [(m.start, m.end, self._literal(value, self.text[m.start])) for m, value in old]
        return edits + self._additions([(key, value) for key, value in changes.items() if key not in self.members])

    def _literal(self, value: object, quote: str = "") -> str:
        """Return a value as it is written: in the quote of the text that it replaces, else in that of the first key."""
        text = json.dumps(value)
        first = next(iter(self.members.values()), None)
        if quote not in ("'", '"'):
            quote = self.text[first.key_start] if first else '"'
        if not isinstance(value, str) or quote == '"':
            return text
        return "'" + text[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"

    def _additions(self, added: Sequence[tuple[str, object]]) -> list[tuple[int, int, str]]:
        if not added:
            return []
        if not self.members:
            body = ", ".join(f"{self._literal(key)}: {self._literal(value)}" for key, value in added)
            return [(self.start + 1, self.start + 1, body)]
        last = list(self.members.values())[-1]
        colon = _without_comments(self.text[last.key_end : last.start])
        gap = _without_comments(self.text[last.gap_start : last.key_start])
        body = "".join(f",{gap}{self._literal(key)}{colon}{self._literal(value)}" for key, value in added)
        return [(last.end, last.end, body)]


def applied(text: str, edits: list[tuple[int, int, str]]) -> str:
    """Return a text with edits done, each from where, up to where, and what stands there then."""
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def read_object(text: str, start: int = 0, *, whole: bool = True) -> JsonObject:
    """Read a JSON object.

    Args:
        text: the text that holds it.
        start: where to begin, in characters.
        whole: whether the object must fill the rest of the text.

    Returns:
        The object; its `end` tells where it ends when more text may follow.

    Raises:
        AuthSyntaxError: there is no JSON object there.
    """
    reader = _Reader(text, start)
    opening = reader.peek()
    if opening == "[":
        reader.fail("a list stands where one object is wanted")
    if opening != "{":
        reader.fail("the text does not begin with {" if opening else "the text is empty")
    opened_at = reader.at
    members = reader.members(0)
    end = reader.at
    if whole and reader.peek():
        reader.fail("there is more text behind the closing }")
    return JsonObject(text, opened_at, end, members)


def _without_comments(gap: str) -> str:
    return re.sub(r"[ \t]*(?:/\*(?s:.*?)\*/|//[^\n]*)", "", gap)


class _Reader:
    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self.at = start

    def fail(self, reason: str) -> NoReturn:
        line = self._text.count("\n", 0, self.at) + 1
        column = self.at - self._text.rfind("\n", 0, self.at)
        raise AuthSyntaxError(
            "The auth JSON cannot be read.",
            cause=f"line {line}, column {column}: {reason}.",
            next_step='compare it with {"client_id": "…", "client_secret": "…", "refresh_token": "…"}',
        )

    def peek(self) -> str:
        """Go to the next thing that is no blank and return its first character, or nothing at the end."""
        found = _LEXEME.match(self._text, self.at)
        if found and found["blank"]:
            self.at = found.end()
        return self._text[self.at : self.at + 1]

    def members(self, depth: int) -> dict[str, Member]:
        members: dict[str, Member] = {}
        self._expect("{")
        gap_start = self.at
        while self.peek() != "}":
            key_start = self.at
            key = self._key()
            key_end = self.at
            if key in members:
                self.at = key_start
                # A token that was put where a key should be is not named: it does not look like this.
                name = key if re.fullmatch("[a-z_]{1,24}", key) else "a key"
                self.fail(f"{name} stands there a second time")
            self._expect(":")
            self.peek()
            start = self.at
            value, inner = self._member_value(depth)
            members[key] = Member(value, gap_start, key_start, key_end, start, self.at, inner)
            self._comma("}")
            gap_start = self.at
        self._expect("}")
        return members

    def _member_value(self, depth: int) -> tuple[object, JsonObject | None]:
        """Read a member's value, and where that is an object also where its own members stand."""
        if self.peek() != "{" or depth >= _DEEPEST:
            return self._value(depth), None
        start = self.at
        inner = JsonObject(self._text, start, 0, self.members(depth + 1))._replace(end=self.at)
        return inner.values(), inner

    def _list(self, depth: int) -> list[object]:
        values = []
        self._expect("[")
        while self.peek() != "]":
            values.append(self._value(depth))
            self._comma("]")
        self._expect("]")
        return values

    def _key(self) -> str:
        if self.peek() not in ('"', "'"):
            self.fail("a key in quotes is wanted" if self.peek() else "the text is cut off")
        return self._string()

    def _value(self, depth: int) -> object:
        first = self.peek()
        if depth >= _DEEPEST:
            self.fail("too many brackets inside each other")
        if first == "{":
            return {key: member.value for key, member in self.members(depth + 1).items()}
        if first == "[":
            return self._list(depth + 1)
        if first in ('"', "'"):
            return self._string()
        return self._atom()

    def _atom(self) -> object:
        found = _LEXEME.match(self._text, self.at)
        if found and found["word"] in _WORDS:
            self.at = found.end()
            return _WORDS[found["word"]]
        if found and found["number"] and len(found["number"]) <= _LONGEST_NUMBER:
            self.at = found.end()
            return float(found["number"]) if found["fraction"] else int(found["number"])
        return self.fail("a value in quotes is wanted" if self.peek() else "the text is cut off")

    def _string(self) -> str:
        found = _LEXEME.match(self._text, self.at)
        if not found or not found["string"]:
            self.fail("a text has no closing quote on its line, or holds a control character")
        body = found["string"][1:-1]
        if "\\" in body:
            body = re.sub(_ESCAPE, self._unescaped, body)
            # JSON writes a character beyond U+FFFF as two \u escapes; together they are one.
            body = body.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        self.at = found.end()
        return body

    def _unescaped(self, escape: re.Match[str]) -> str:
        number = escape[1] or escape[2] or escape[3]
        if number:
            if int(number, 16) > 0x10FFFF:
                self.fail("a text holds an escape that no character has")
            return chr(int(number, 16))
        if escape[4] not in _ESCAPED:
            self.fail("a text holds a backslash that escapes nothing (write \\\\ for one backslash)")
        return _ESCAPED[escape[4]]

    def _comma(self, closing: str) -> None:
        if self.peek() == ",":
            self.at += 1
        elif self.peek() != closing:
            self.fail("a comma or a closing bracket is missing" if self.peek() else "the text is cut off")

    def _expect(self, mark: str) -> None:
        if self.peek() != mark:
            self.fail(f"{mark} is wanted" if self.peek() else "the text is cut off")
        self.at += 1
