"""A magic's line, taken apart without ever repeating it.

Not argparse: its messages quote what was typed, and what was typed may be a secret.
"""

from __future__ import annotations

import re
from collections import ChainMap
from typing import TYPE_CHECKING, Any, NoReturn

from oint_magics.auth.json_text import read_object
from oint_magics.errors import UsageError
from oint_magics.notebook.handles import restored
from oint_magics.opi.command_line import LIKE_AN_OPTION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oint_magics.notebook.magic_table import Magic

_BRACED = re.compile(r"""["']?\s*\{""")
_VARIABLE = re.compile(r"\{\s*[^\W\d]\w*\s*\}(?=\s|$)")
_ESCAPED = re.compile(r"""(["'])\s*\{(?=\s*\\)(?:\\.|(?!\1).)*\1?""", re.DOTALL)
# Editors and chats make one long dash of two short ones; some people type one.
_OPTION = re.compile(r"(?:-{1,3}|[\u2010-\u2015\u2212]{1,2})(?P<name>[^\W\d][\w-]*)")
_EXPRESSION = re.compile(r"\{\s{0,9}[^\W\d]\w*\s{0,9}(?:\}\S|[\[(.+/%])")
# What a post is tagged with; a comment has a blank after its sign.
_HASHTAG = re.compile(r"#+[^\s#]")
# Editors make curly quotes of straight ones.
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|“[^“”]*”|‘[^‘’]*’|„[^„“]*“|«[^«»]*»")
_PAIR = re.compile(r"(?P<name>[A-Za-z][A-Za-z_.]*)\s?=(?=\S)")
_BARE = re.compile(r"[^\s\"';][^\s]*?(?=;?(?:\s|$))")


class Words(dict[str, str]):
    """A line's words by their names; of an option that stands several times, the last."""

    def __init__(self) -> None:
        super().__init__()
        self._all: dict[str, list[tuple[str, bool]]] = {}
        self._pairs: list[tuple[str, str, bool]] = []

    def add_pair(self, name: str, value: str, *, is_variable: bool) -> None:
        """Add a `NAME=VALUE`."""
        self._pairs.append((name, value, is_variable))

    def pairs(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the line gives as `NAME=VALUE`, with variables in the place of their names.

        Raises:
            UsageError: there is no such variable, or a name stands twice.
        """
        found: dict[str, Any] = {}
        for name, value, is_one in self._pairs:
            if name in found:
                raise UsageError("A parameter is given twice. Nothing was sent.")
            found[name] = _variable(value, variables) if is_one else value
        return found

    def add(self, name: str, value: str, *, is_variable: bool = False) -> None:
        """Add a word; `{name}` without quotes is a variable."""
        self[name] = value
        self._all.setdefault(name, []).append((value, is_variable))

    def given(self, name: str, variables: Mapping[str, Any]) -> list[Any]:
        """Return all values of a word or an option, in their order, with variables in the place of their names.

        Raises:
            UsageError: there is no such variable.
        """
        return [_variable(value, variables) if is_one else value for value, is_one in self._all.get(name, [])]


class Call:
    """One run of a magic.

    Args:
        shell: IPython's.
        magic: the magic.
        line: what follows its name.
        cell: the lines below it; `None` for a line magic.
        local: the variables of the function that its line is in; `None` for none.
    """

    def __init__(self, shell: Any, magic: Magic, line: str, cell: str | None, local: Mapping[str, Any] | None) -> None:
        self.shell, self.magic, self.line, self.cell, self._local = shell, magic, line, cell, local

    def words(self) -> Words:
        """Return the line's words, as `parse` does."""
        return parse(self.line, self.magic)

    @property
    def variables(self) -> Mapping[str, Any]:
        """The variables of the function that the line is in, and those of the cells."""
        cells = self.shell.user_ns
        return ChainMap(dict(self._local), cells) if self._local and self._local is not cells else cells


def _variable(text: str, variables: Mapping[str, Any]) -> Any:
    name = text[1:-1].strip()
    if name not in variables:
        raise UsageError(
            "There is no variable of that name. Nothing was sent.",
            cause="a name in braces stands for a variable of this notebook.",
            next_step='put text that begins with a brace in quotes: "{…}"',
        )
    return variables[name]


def parse(line: str, usage: Magic) -> Words:
    """Return a line's words by their names: `source`, `--auth`; a flag that is there is blank.

    Args:
        line: what follows the magic's name.
        usage: what the magic takes.

    Raises:
        UsageError: the line has a word too many or an option too few, or its cell is no Python.
        AuthSyntaxError: a braced value in it is not JSON.
    """
    line = restored(line)
    found = Words()
    # A magic that takes its source by an option alone takes a word of its own for it.
    missing = list(usage.words) or [name for name in usage.values if name == "--auth"]
    at = _skip(line, 0)
    while at < len(line) and not _is_end(line, at, usage):
        option, end = _option(line, at)
        if option:
            at = _take_option(found, line, (option, end), usage)
            missing = [name for name in missing if name != option]
        elif usage.takes_pairs and (pair := _PAIR.match(line, at)):
            value, end = _word(line, pair.end(), usage, takes_json=False)
            found.add_pair(pair["name"], value, is_variable=_is_variable(line, value, end))
            at = end
        elif missing:
            at = _take_word(found, line, at, missing.pop(0), usage)
        else:
            example = " (--auth SOURCE)" if "--auth" in usage.values else ""
            advice = f"Put a value after its option{example}; quote paths that contain spaces."
            if usage.takes_pairs:
                advice = 'Parameters are NAME=VALUE, and a value with spaces stands in quotes: query="ferry OR boat".'
            _fail(f"Unexpected argument. {advice}", usage)
        if at < len(line) and not line[at].isspace() and line[at] != ";":
            inner = f" A text with quotes stands in the other kind of quotes, or below %{usage.text.split()[0]}."
            _fail(f"A space is missing between two words.{inner if usage.text_name else ''}", usage)
        at = _skip(line, at)
    return found


def _take_option(found: Words, line: str, named: tuple[str, int], usage: Magic) -> int:
    """Add an option, with the value behind it, and return where that ends."""
    option, end = named
    if option in found and option not in usage.repeated:
        _fail("There is an option twice.", usage)
    if option == "--help":
        _fail(f"For help, type {usage.text.split()[0]}?", usage)
    if option in usage.flags:
        found.add(option, "")
        return end
    if option not in usage.values:
        _fail(f"There is an option that this magic does not have.{_meant(option, usage)}", usage)
    value, at = _value(line, end, option, usage)
    found.add(option, value, is_variable=_is_variable(line, value, at))
    return at


def _take_word(found: Words, line: str, at: int, name: str, usage: Magic) -> int:
    """Add a word, and return where it ends."""
    is_text = name == usage.text_name
    if is_text:
        _check_quoted(line, at, usage)
    value, end = _word(line, at, usage, takes_json=not is_text)
    found.add(name, value, is_variable=_is_variable(line, value, end))
    return end


def _is_variable(line: str, value: str, end: int) -> bool:
    """Tell whether a word that ends there is the name of a variable in braces, without quotes around them."""
    return _VARIABLE.fullmatch(value) is not None and line[end - len(value) : end] == value


def _check_quoted(line: str, at: int, usage: Magic) -> None:
    """Refuse free text in a line: where it ends, and what in it is an option, only quotes tell."""
    if line[at] in "\"'“‘„«" and not _QUOTED.match(line, at):
        _fail("The closing quote of the text is missing.", usage)
    if not (_QUOTED.match(line, at) or _VARIABLE.match(line, at)):
        _fail(f"Put the text in quotes, or into a cell below %{usage.text.split()[0]}.", usage)


def _option(line: str, at: int) -> tuple[str, int]:
    """Return the option that begins there, as the usages spell it, and where it ends; nothing where none does."""
    found = _OPTION.match(line, at)
    return (f"--{found['name']}", found.end()) if found else ("", at)


def _is_end(line: str, at: int, usage: Magic) -> bool:
    """Tell whether the rest of a line is a comment, or nothing after a semicolon (a notebook's "no output").

    A hashtag is no comment, and neither is one with an option of the magic in it: what was meant would be dropped.
    """
    if line[at] not in ";#":
        return False
    rest = line[at:].lstrip(";").lstrip() if line[at] == ";" else line[at:]
    if rest and not rest.startswith("#"):
        _fail("Unexpected argument after a semicolon. Nothing was sent.", usage)
    if _HASHTAG.match(rest):
        _fail("Put hashtags inside the quotes, and a blank after the # of a comment. Nothing was sent.", usage)
    words = (_option(word, 0)[0].lower() for word in rest.split())
    if LIKE_AN_OPTION.search(rest) or any(word in (*usage.values, *usage.flags) for word in words):
        _fail("There is an option after a # sign, where it would be ignored. Nothing was sent.", usage)
    return True


def _fail(what: str, usage: Magic) -> NoReturn:
    if "othing was sent" not in what:
        what = f"{what} Nothing was sent."
    raise UsageError(what, next_step=f"{usage.text}  (help: {usage.text.split()[0]}?)")


def _meant(option: str, usage: Magic) -> str:
    """Return which of the magic's own options was probably meant; what was typed is not repeated."""
    from difflib import get_close_matches

    word = option.lower().replace("_", "-")
    word = "--max-rows" if word in ("--limit", "--count", "--max", "--rows", "--n", "--max-results") else word
    near = get_close_matches(word, usage.values + usage.flags, 1, 0.75)
    return f" Did you mean {near[0]}?" if near else ""


def _skip(line: str, at: int) -> int:
    while at < len(line) and line[at].isspace():
        at += 1
    return at


def _value(line: str, at: int, option: str, usage: Magic) -> tuple[str, int]:
    at = _skip(line, at + 1 if line[at : at + 1] == "=" else at)
    if at >= len(line) or _option(line, at)[0] in (*usage.values, *usage.flags):
        _fail(f"{option} needs a value.", usage)
    return _word(line, at, usage, takes_json=option in ("--auth", "--to", "--scope"))


def _word(line: str, at: int, usage: Magic, *, takes_json: bool) -> tuple[str, int]:
    """Return the word that begins there, outer quotes removed, and where it ends."""
    variable = _VARIABLE.match(line, at)
    if variable:
        return variable[0], variable.end()
    if takes_json and _EXPRESSION.match(line, at):
        end = line.find(" --", at)
        end = len(line.rstrip()) if end < 0 else end
        return line[at:end].rstrip(), end
    if takes_json and _BRACED.match(line, at):
        return _braced(line, at)
    quoted = _QUOTED.match(line, at)
    if quoted:
        return quoted[0][1:-1], quoted.end()
    bare = _BARE.match(line, at)
    if bare:
        return bare[0], bare.end()
    return _fail("A quote is not closed.", usage)


def _braced(line: str, at: int) -> tuple[str, int]:
    """Return JSON text, whatever quotes stand in and around it: the JSON itself tells where it ends."""
    escaped = _ESCAPED.match(line, at)
    if escaped:
        return escaped[0], escaped.end()
    end = read_object(line, line.index("{", at), whole=False).end
    if line[at] in "\"'":
        closing = _skip(line, end)
        if line[closing : closing + 1] == line[at]:
            return line[at : closing + 1], closing + 1
    return line[line.index("{", at) : end], end
