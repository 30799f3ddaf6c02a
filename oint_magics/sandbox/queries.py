"""The search's language: X's operators, as far as the town's posts can answer them.

Blank is AND and binds tighter than OR, `-` negates, parentheses group:
https://docs.x.com/x-api/posts/search/integrate/build-a-query
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from oint_magics.sandbox.subjects import words_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from oint_magics.sandbox.subjects import Subject

LONGEST = {"recent": 512, "all": 1024}
_TOKEN = re.compile(
    r'\s*(?:(?P<open>-?\()|(?P<close>\))|(?P<minus>-)?(?P<term>(?:[A-Za-z_]+:)?"[^"]*"|[^\s()"]+)|(?P<quote>"))'
)
_OPERATOR = re.compile(r"([A-Za-z_]+):(.*)", re.DOTALL)
_DEEPEST = 50


class WrongQuery(ValueError):
    """A query that X does not take; the text says why, and where."""


class Term(NamedTuple):
    """An operator or a word, and whether it can stand alone."""

    test: Callable[[Subject], bool]
    stands_alone: bool


class _Parsed(NamedTuple):
    test: Callable[[Subject], bool]
    # Whether something in it finds posts, and is not only a condition on what others find.
    finds: bool


def read(query: str, longest: int) -> Callable[[Subject], bool]:
    """Return what tells whether a post is found.

    Args:
        query: the query.
        longest: how many characters it may have.

    Raises:
        WrongQuery: X does not take it.
    """
    if len(query) > longest:
        raise WrongQuery(f"query length: {len(query)}, at most {longest} characters")
    parser = _Parser(query)
    found = parser.either()
    if parser.kind is not None:
        raise WrongQuery(f"mismatched input ')' (at position {parser.position})")
    if not found.finds:
        raise WrongQuery("the query must have at least one operator that stands alone, such as a keyword or from:")
    return found.test


class _Parser:
    """Reads a query from the left: `either`, `both`, `one`."""

    def __init__(self, query: str) -> None:
        self._query, self._at, self._depth = query, 0, 0
        self._next()

    def _next(self) -> None:
        found = _TOKEN.match(self._query, self._at)
        if found is None:
            self.kind, self.text, self.is_negated, self.position = None, "", False, len(self._query) + 1
            if self._query[self._at :].strip():
                raise WrongQuery(f"no viable character (at position {self._at + 1})")
            return
        self.kind = found.lastgroup
        if self.kind == "quote":
            raise WrongQuery(f"a quotation mark that is not closed (at position {found.start('quote') + 1})")
        self.is_negated = (self.kind == "open" and found["open"][0] == "-") or bool(found["minus"])
        self.text = found["term"] or ""
        self.position = found.start(self.kind or 0) + 1
        self._at = found.end()

    def either(self) -> _Parsed:
        parts = [self._both()]
        while self.kind == "term" and self.text == "OR" and not self.is_negated:
            self._next()
            parts.append(self._both())
        if len(parts) == 1:
            return parts[0]
        tests = [each.test for each in parts]
        return _Parsed(lambda subject: any(test(subject) for test in tests), all(each.finds for each in parts))

    def _both(self) -> _Parsed:
        parts = []
        while self.kind in ("term", "open") and not (self.text == "OR" and not self.is_negated):
            parts.append(self._one())
        if not parts:
            raise WrongQuery(f"a term is missing (at position {self.position})")
        if len(parts) == 1:
            return parts[0]
        tests = [each.test for each in parts]
        return _Parsed(lambda subject: all(test(subject) for test in tests), any(each.finds for each in parts))

    def _one(self) -> _Parsed:
        is_negated, position = self.is_negated, self.position
        if self.kind == "open":
            self._depth += 1
            if self._depth > _DEEPEST:
                raise WrongQuery(f"too many parentheses in one another (at position {position})")
            self._next()
            found = self.either()
            self._depth -= 1
            if self.kind != "close":
                raise WrongQuery(f"missing ')' for the one that opens at position {position}")
        else:
            found = _Parsed(*_term(self.text, position))
        self._next()
        if not is_negated:
            return found
        test = found.test
        return _Parsed(lambda subject: not test(subject), finds=False)


def _term(text: str, position: int) -> Term:
    found = _OPERATOR.fullmatch(text)
    if found and not text.startswith('"'):
        return _operator(found[1].lower(), found[2].strip('"'), position)
    rest = text[1:]
    if not rest and text in "#@$-":
        raise WrongQuery(f"a word is missing after {text} (at position {position})")
    of_signs: dict[str, Callable[[Subject], bool]] = {
        "#": lambda subject: rest.casefold() in subject.tags,
        "@": lambda subject: rest.lower() in subject.mentions,
        "$": lambda _: False,
    }
    if text[0] in of_signs:
        return Term(of_signs[text[0]], stands_alone=True)
    words = words_of(text)
    is_blank = not words.strip()
    if is_blank and text.startswith('"'):
        raise WrongQuery(f"an empty phrase (at position {position})")
    return Term(lambda subject: text in subject.text if is_blank else subject.has_phrase(words), stands_alone=True)


def _operator(name: str, value: str, position: int) -> Term:
    if not value:
        raise WrongQuery(f"operator '{name}' has no value (at position {position})")
    if name in ("is", "has"):
        test = _CONDITIONS.get(f"{name}:{value.lower()}")
        if test:
            return Term(test, stands_alone=False)
    elif name == "lang":
        return Term(lambda subject: subject.lang == value.lower(), stands_alone=False)
    elif name in _NUMBERS and value.isascii() and value.isdecimal():
        least, key = int(value), _NUMBERS[name]
        return Term(lambda subject: subject.counts[key] >= least, stands_alone=True)
    elif name in _OPERATORS:
        make = _OPERATORS[name]
        return Term(make(value.lower().removeprefix("@") if name in _PEOPLE else value), stands_alone=True)
    raise WrongQuery(f"Reference to invalid operator '{name}' (at position {position})")


_PEOPLE = {"from", "to", "retweets_of"}
_NUMBERS = {"min_likes": "like_count", "min_replies": "reply_count", "min_reposts": "retweet_count"}
_OPERATORS: dict[str, Callable[[str], Callable[[Subject], bool]]] = {
    "from": lambda value: lambda subject: value in subject.author,
    "to": lambda value: lambda subject: value in subject.answered,
    "url": lambda value: lambda subject: subject.has_link(value),
    "conversation_id": lambda value: lambda subject: subject.conversation == value,
    "in_reply_to_tweet_id": lambda value: lambda subject: subject.references.get("replied_to") == value,
    "in_reply_to_status_id": lambda value: lambda subject: subject.references.get("replied_to") == value,
    "retweets_of": lambda value: lambda subject: value in subject.reposted,
    "retweets_of_tweet_id": lambda value: lambda subject: subject.references.get("retweeted") == value,
    "quotes_of_tweet_id": lambda value: lambda subject: subject.references.get("quoted") == value,
    "list": lambda value: lambda subject: value in subject.lists,
}
_CONDITIONS: dict[str, Callable[[Subject], bool]] = {
    "is:retweet": lambda subject: "retweeted" in subject.references,
    "is:reply": lambda subject: "replied_to" in subject.references,
    "is:quote": lambda subject: "quoted" in subject.references,
    "is:verified": lambda subject: subject.is_verified,
    "is:nullcast": lambda _: False,
    "has:hashtags": lambda subject: bool(subject.tags),
    "has:cashtags": lambda _: False,
    "has:links": lambda subject: bool(subject.links),
    "has:mentions": lambda subject: bool(subject.mentions),
    "has:media": lambda subject: subject.has_media,
    "has:images": lambda subject: subject.has_photo,
    "has:video_link": lambda _: False,
    "has:geo": lambda _: False,
}
