"""The text of a cell, taken apart into commands and their words: bash and batch, as OPI's pages have them.

No message repeats what was typed: it may be a secret.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from oint_magics.auth.json_text import read_object
from oint_magics.errors import AuthSyntaxError, UsageError

_PROGRAM = re.compile(r"oint(?:\.exe|\.bat)?", re.IGNORECASE)
# A line goes on behind one of these (bash, batch, PowerShell); people leave blanks behind it.
_CONTINUED = re.compile(r"[\\^`][^\S\n]*(?:\n|\Z)")
# What a terminal shows before a command is copied along.
_PROMPT = re.compile(r"\$[^\S\n]+(?=oint)", re.IGNORECASE)
_COMMENT = re.compile(r"#[^\n]*")
# In a command a hashtag is no comment, and neither is one with an option in it: what was meant would be dropped.
_HASHTAG = re.compile(r"#+[^\s#]")
LIKE_AN_OPTION = re.compile(r"--[^\W\d]|(?<![\w\s])[\u2010-\u2015\u2212][^\W\d]|(?<!\S)[\u2010-\u2015\u2212][^\W\d]")
_OPTION = re.compile(rf"(?<!\S)-[^\W\d][\w-]*|{LIKE_AN_OPTION.pattern}")
_BATCH_COMMENT = re.compile(r"(?:::|@?rem\b)[^\n]*", re.IGNORECASE)
_BATCH = re.compile(r"(?im)\^[^\S\n]*$|^\s*(?:::|@?rem\b)|\"[{\[]\"\"")
_SPACE = re.compile(r"[^\S\n]+")
_NEXT = re.compile(r"\n|&&|&(?=\s)|;(?=\s|\Z)")
_QUOTED = {
    '"': re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL),
    "'": re.compile(r"'([^']*)'"),
    "“": re.compile(r"“([^“”]*)”"),
    "«": re.compile(r"«([^«»]*)»"),
}
# There a quote is doubled to stand for itself, and a single one is a letter.
_IN_BATCH = {'"': re.compile(r'"((?:\\.|""|[^"\\])*)"', re.DOTALL), "'": None}
# What a backslash takes its meaning from, between double quotes.
_ESCAPED = re.compile(r'\\(["\\$`])')
_ESCAPED_IN_BATCH = re.compile(r'[\\"](")')
_BARE = re.compile(r"(?:\\[^\S\n]|\\[\"'\\]|(?!&&|;(?:\s|\Z))[^\s\"'“«])+")
_LIST = re.compile(r"""(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^\]"'])*\]""", re.DOTALL)
_VARIABLE = re.compile(r"\{\s*[^\W\d]\w*\s*\}")


class Command(NamedTuple):
    """One command.

    Attributes:
        words: its words behind `oint`, without the quotes around them.
    """

    words: tuple[str, ...]


def commands(text: str) -> list[Command]:
    """Return the commands of a cell.

    Args:
        text: the cell; comments, continued lines, and several commands are allowed, with or without `oint` before them.

    Raises:
        UsageError: a quote or a brace is not closed.
    """
    is_batch = _BATCH.search(text) is not None
    found: list[list[str]] = [[]]
    at = 0
    while at < len(text):
        is_first = not found[-1]
        over = _CONTINUED.match(text, at) or _SPACE.match(text, at) or _comment(text, at, is_first=is_first)
        over = over or (_PROMPT.match(text, at) if is_first else None)
        end = None if over else _NEXT.match(text, at)
        if over:
            at = over.end()
        elif end:
            found.append([])
            at = end.end()
        else:
            word, at = _word(text, at, is_batch=is_batch)
            found[-1].append(word)
    return [Command(tuple(words[1:] if _PROGRAM.fullmatch(words[0]) else words)) for words in found if words]


def _comment(text: str, at: int, *, is_first: bool) -> re.Match[str] | None:
    found = _COMMENT.match(text, at)
    if found is None:
        return _BATCH_COMMENT.match(text, at) if is_first else None
    wrong = None if is_first else _HASHTAG.match(found[0]) or _OPTION.search(found[0])
    if wrong is not None:
        is_hashtag = wrong[0].startswith("#")
        raise UsageError(
            "Put hashtags inside the quotes, and a blank after the # of a comment. Nothing was sent."
            if is_hashtag
            else "There is an option after a # sign, where it would be ignored. Nothing was sent.",
            cause=f"the sign is in line {text.count(chr(10), 0, at) + 1}.",
            next_step="put it in quotes if it belongs to a value, or put the comment on a line of its own",
        )
    return found


def _word(text: str, at: int, *, is_batch: bool) -> tuple[str, int]:
    """Return the word that begins there, and where it ends."""
    parts: list[str] = []
    begin = at
    while at < len(text) and not text[at].isspace():
        if at == begin and text[at] in "{[":
            return _json(text, at)
        if _CONTINUED.match(text, at) or (at > begin and _NEXT.match(text, at)):
            break
        pattern = (_QUOTED | _IN_BATCH if is_batch else _QUOTED).get(text[at])
        if pattern is None:
            bare = _BARE.match(text, at)
            part, at = (bare[0], bare.end()) if bare else (text[at], at + 1)
            parts.append(part if is_batch else re.sub(r"\\([\s\"'\\])", r"\1", part))
            continue
        quoted = pattern.match(text, at)
        if quoted is None:
            raise UsageError(
                "A quote is not closed. Nothing was sent.",
                cause=f"it begins in line {text.count(chr(10), 0, at) + 1}.",
                next_step="close it; or keep the auth data in a file: --auth auth.json",
            )
        inner = quoted[1]
        escapes = _ESCAPED_IN_BATCH if is_batch else _ESCAPED
        parts.append(escapes.sub(r"\1", inner) if text[at] == '"' else inner)
        at = quoted.end()
    return "".join(parts), at


def _json(text: str, at: int) -> tuple[str, int]:
    """Return an object or a list that stands there without quotes around it: it tells itself where it ends."""
    if _VARIABLE.match(text, at):
        raise UsageError(
            "Braces hold JSON here, and no name of a variable. Nothing was sent.",
            cause="OPI's command lines know nothing of Python.",
            next_step="write the value itself; or call it in Python, as twitter.post(text, auth=…)",
        )
    is_closed = True
    try:
        end = read_object(text, at, whole=False).end if text[at] == "{" else _list_end(text, at)
    except AuthSyntaxError:
        is_closed = False
    if not is_closed:
        raise UsageError(
            "A brace is not closed, or what stands in it is not JSON. Nothing was sent.",
            cause=f"it begins in line {text.count(chr(10), 0, at) + 1}.",
            next_step="correct it; or keep the auth data in a file: --auth auth.json",
        )
    return text[at:end], end


def _list_end(text: str, at: int) -> int:
    found = _LIST.match(text, at + 1)
    if found is None:
        raise AuthSyntaxError("the list is not closed")
    return found.end()
