"""Where in a cell the text behind our magics may be a secret, however the cell is written, cut and damaged."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from oint_magics.notebook.cell_syntax import wrong_line
from oint_magics.notebook.magic_table import MAGICS, verbs

if TYPE_CHECKING:
    from collections.abc import Iterator

# A brace that begins JSON, with the quotes before it; not the `{name}` of a variable.
_JSON = r"""["'“”‘’«`\\]{0,9}\s{0,99}\{(?!\s*[^\W\d]\w*\s*\})"""
_BRACE = re.compile(rf"\s*{_JSON}")
# The same behind a word that was taken for a token.
_BRACE_INSIDE = re.compile(rf"""{_JSON}(?=\s*(?:\\?["']|$))""")
# A word that may be a token: long; or shorter, of letters and digits.
_LONG_WORD = r"(?:[\w+~%-]{24,}|(?=[\w+~%-]*\d)(?=[\w+~%-]*[A-Za-z])[\w+~%-]{14,})"
# The same; or a pair of JSON without its brace; or such a word.
_SECRET = re.compile(rf"""{_JSON}|(["'])[^"'\n]*\1\s*:|(?<![^\s=])[^\s=]*?{_LONG_WORD}""")
# JSON that has lost its brace.
_PAIR = re.compile(r"""["'\\]\s*:|(?:client_?(?:id|secret)|(?:access|refresh)_?token)\s*[:=]""", re.IGNORECASE)
_NEXT_LINE = re.compile(rf"""\s*\n\s*(?=[rfbu]{{0,2}}["'“”‘’«`{{\[]|{_LONG_WORD}\s*(?:\n|\Z))""", re.IGNORECASE)
_FIRST_KEY = re.compile(
    rf"""\s*\n\s*{_JSON}(?:\s|\\(?=\s))*\\?["'](?:client_(?:id|secret)|(?:access|refresh)_token|redirect_uri|oauth_)"""
)
_OPEN_END = re.compile(r"[-\u2010-\u2015\u2212]+auth\s*=?\s*$", re.IGNORECASE)
# In a line of `%twitter_post` the quoted words are the post, and only what follows `--auth` may be a secret.
_POSTED = re.compile(
    r"""\"[^"\n]*\"|'[^'\n]*'|“[^“”\n]*”|‘[^‘’\n]*’|«[^«»\n]*»|(?P<auth>[-\u2010-\u2015\u2212]{1,3}auth\b)""",
    re.IGNORECASE,
)
_KEYED = re.compile(
    r"""["'“”‘’«`\\]{0,9}\s{0,99}\{\s*\\?["'](?:client_?(?:id|secret)|(?:access|refresh)_?token)""", re.IGNORECASE
)
_CONTINUED = re.compile(r"\\[^\S\n]*(?=\n)")
# What a place may stand in: a comment, a line of another magic or of the shell, a string.
_AROUND = re.compile(
    r"(?P<comment>#[^\n]*)"
    r"|^[^\S\n]*[%!][^\n]*"
    r'|(?P<string>"""(?:\\.|[^\\])*?(?:"""|\Z)'
    r"|'''(?:\\.|[^\\])*?(?:'''|\Z)"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'(?:\\.|[^'\\\n])*')",
    re.MULTILINE | re.DOTALL,
)
# A value before the `%` of an expression; and where a magic begins, or the shell's line, whose words are no values.
_VALUE = re.compile(r"""(?:(?<!\w)(?P<word>\w+)|[)\]}"'])[^\S\n]*$""")
_BEGUN = re.compile(r"(?:^|=)\s*[%!]")
_NO_LETTERS = re.compile(r"[^A-Za-z\u2010-\u2015\u2212-]+")
_MENTION = re.compile(r"twitter|(?:--|[\u2010-\u2015\u2212])auth(?!or)", re.IGNORECASE)
_OPTION = re.compile(r"(?<![\w-])-auth\b", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """A stretch of a cell that may be a secret.

    Args:
        start: where it begins.
        end: where it ends, with its line.
        text: it, without the backslashes that tie its lines together.
        lines: how many ends of lines the cell keeps in its place.
        is_whole: whether JSON in it is closed.
    """

    start: int
    end: int
    text: str = field(repr=False)
    lines: int
    is_whole: bool


def magic() -> re.Pattern[str]:
    """Return the pattern of a magic of the table: with its percent sign, misspelled, or bare before an option."""
    return _magic("|".join(verbs()))


@lru_cache(maxsize=4)
def _magic(named: str) -> re.Pattern[str]:
    return re.compile(
        rf"""(?ix)%{{1,2}}\s?twitter_?\w*
          # The same, misspelled.
          | %{{1,2}}\s?(?:tw|ti[wt])[a-z]{{2,7}}_(?:{named})\w*
          | (?<![\w.])twitter_(?:{named})(?=[\s\\]+(?:--|[-\u2010-\u2015\u2212]auth|["'“”‘’«`]*\s*\{{))"""
    )


def is_mentioned(text: str) -> bool:
    """Tell whether a cell may hold a magic of ours at all."""
    return bool(_MENTION.search(_NO_LETTERS.sub("", text)) or _OPTION.search(text) or magic().search(text))


def places(text: str) -> Iterator[Place]:
    """Yield the places of a cell that may be secrets, from its beginning to its end."""
    # Of the same length, so that a place in one is a place in the other.
    plain = _CONTINUED.sub(lambda found: " " * len(found[0]), text)
    is_python = wrong_line(text, is_plain=True) is None
    at = 0
    while found := magic().search(text, at):
        inside = around(text, at, found.start())
        is_comment = inside == "comment"
        is_ours = inside != "string" and (is_comment or not _is_modulo(text, found, is_python=is_python))
        begin = _begin(text, found) if is_ours else None
        if begin is None:
            at = found.end()
            continue
        start, at, is_whole = _secret(text, plain, begin, is_comment=is_comment)
        # A body of ours must not grow by empty lines.
        lines = 0 if found[0].startswith("%%") else text.count("\n", start, at)
        if start < at:
            yield Place(start, at, plain[start:at], lines, is_whole)


def is_open(text: str) -> bool:
    """Tell whether the JSON behind a magic of ours is not closed yet."""
    found = magic().search(text)
    begin = _begin(text, found) if found else None
    brace = re.compile(rf"[^\n{{]*?{_JSON}").match(text, begin) if begin is not None else None
    return brace is not None and _json_end(text, brace.end() - 1)[0] > len(text)


def around(text: str, begin: int, at: int) -> str | None:
    """Return whether a place stands in a "comment" or a "string", seen from one that stands in neither."""
    found = next((each for each in _AROUND.finditer(text, begin) if each.end() > at), None)
    return found.lastgroup if found is not None and found.start() < at else None


def _begin(text: str, found: re.Match[str]) -> int | None:
    """Return from where on a secret may follow a magic; `None` where it takes text and names no account."""
    if not found[0].lower().rstrip("_").endswith(_texts()):
        return found.end()
    end = line_end(text, found.end())
    parts = _POSTED.finditer(text, found.end(), end)
    named = next((each.end() for each in parts if each["auth"]), None)
    # Whatever its quotes are: JSON with one of our keys is auth data, not a post.
    keys = _KEYED.search(text, found.end())
    places = [named, keys.start() if keys and keys.start() < end else None]
    return min((place for place in places if place is not None), default=None)


def _texts() -> tuple[str, ...]:
    """Return the verbs of the magics that take text."""
    return tuple(verb for verb in verbs() if MAGICS[f"twitter_{verb}"].text_name)


def _is_modulo(text: str, found: re.Match[str], *, is_python: bool) -> bool:
    """Tell whether a magic's `%` is Python's operator: all of the cell is Python, or a value stands before it."""
    if not found[0].startswith("%"):
        return False
    before = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
    value = _VALUE.search(before)
    is_value = value is not None and not keyword.iskeyword(value["word"] or "") and not _BEGUN.search(before)
    return is_python or is_value


def _secret(text: str, plain: str, at: int, *, is_comment: bool) -> tuple[int, int, bool]:
    """Return where the text behind a magic that may be a secret begins, ends with its line, and whether it is whole."""
    stop = line_end(text, at)
    found = _SECRET.search(text, at, stop)
    start = found.start() if found else stop
    if is_comment and found:
        end = _comment_end(text, start)
        return start, end, _balanced_end(text, start) <= end
    if is_comment:
        return stop, stop, True
    if not found:
        below = (_NEXT_LINE if _OPEN_END.search(plain[at:stop]) else _FIRST_KEY).match(text, stop)
        if below is None:
            return stop, stop, True
        stop = line_end(text, below.end())
    brace = _BRACE.match(plain, start) or _BRACE_INSIDE.search(plain, start, stop)
    if brace is None:
        # Without a brace it never closes either, and a token may go on in the next line.
        return start, len(text) if _PAIR.search(text, at, stop) else stop, False
    end, is_whole = _json_end(plain, brace.end() - 1)
    return start, line_end(text, min(max(end, start + 1), len(text))), is_whole


def line_end(text: str, at: int) -> int:
    """Return where a line ends, and those that a backslash ties to it."""
    while True:
        end = text.find("\n", at)
        if end < 0:
            return len(text)
        if not text[at:end].rstrip().endswith("\\"):
            return end
        at = end + 1


def _comment_end(text: str, at: int) -> int:
    """Return where a comment ends, and those in the lines behind it."""
    found = re.compile(r"[^\n]*(?:\n[^\S\n]*#[^\n]*)*").match(text, at)
    return found.end() if found else at


def _json_end(text: str, at: int) -> tuple[int, bool]:
    """Return where the JSON ends whose brace stands there, and whether it is that; what never closes takes the rest."""
    from oint_magics.auth.json_text import read_object
    from oint_magics.errors import AuthSyntaxError

    try:
        return read_object(text, at, whole=False).end, True
    except AuthSyntaxError:
        return _balanced_end(text, at), False


def _balanced_end(text: str, at: int) -> int:
    """Return where braces are closed again, strings aside, in something that is no JSON; or a place behind the text."""
    depth = 0
    for each in re.compile(r"""\\?(["'])(?:\\.|(?!\1)[^\\\n])*\1|[{}]""").finditer(text, at):
        depth += {"{": 1, "}": -1}.get(each[0], 0)
        if depth == 0 and each[0] == "}":
            return each.end()
    return len(text) + 1
