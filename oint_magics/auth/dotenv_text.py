"""A dotenv file (`.env`): read as python-dotenv reads it, without interpolation, and edited without reformatting."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from oint_magics.errors import AuthSyntaxError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotenv.parser import Binding

_BEFORE_VALUE = re.compile(r"""\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=#\s]+)[^\S\r\n]*=[^\S\r\n]*""")
_BLANK = re.compile(r"[^\S\r\n]*")
_QUOTED = {"'": re.compile(r"'((?:\\.|[^'\\])*)'", re.DOTALL), '"': re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)}
_LONG_BLANK = re.compile(r"[^\S\r\n]{2000}")
_SECTION = re.compile(r"\[[^\]\r\n]*\]\s*(?:#.*)?\Z")
_ASSIGNED = re.compile(r"(?:^|[\s;&])(?:export\s+)?([A-Za-z_]\w{0,59})=", re.MULTILINE)
_LINE_END = re.compile(r"\r\n|\n|\r")


class Statement(NamedTuple):
    """One variable of a file.

    Attributes:
        value: its value; `None` where there is no equals sign.
        start: where its statement begins, in characters.
        value_start: where its value begins, inside quotes; `None` where there is no equals sign.
        value_end: where it ends.
        quote: the quote around it, or nothing.
    """

    value: str | None
    start: int
    value_start: int | None
    value_end: int
    quote: str


class Dotenv(NamedTuple):
    """A dotenv file's variables and its text.

    Attributes:
        text: the whole text.
        statements: each variable's last statement, which is the one that counts.
        rest: every other statement and comment, as text.
    """

    text: str
    statements: dict[str, Statement]
    rest: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Dotenv({len(self.statements)} variables)"

    @staticmethod
    def of(text: str) -> Dotenv:
        """Return the variables of another text."""
        return read_dotenv(text)

    def replaced(self, changes: dict[str, str]) -> str:
        """Return the text with other values for some variables that are there, and every other character as it was."""
        text = self.text
        for name, value in sorted(changes.items(), key=lambda item: -self.statements[item[0]].start):
            text = _with_value(text, self.statements[name], value)
        return text

    def appended(self, name: str, value: str, like: str) -> str:
        """Return the text with one more line at its end.

        Args:
            name: the new variable.
            value: its value.
            like: a variable that is there, in whose form the line is written.
        """
        model = self.statements[like]
        start = self.text[model.start : model.value_start or model.value_end]
        lead = start[len(start) - len(start.lstrip()) :].replace(like, name, 1) if model.value_start else f"{name}="
        lead = lead.removesuffix(model.quote) if model.quote else lead
        newline = found[0] if (found := _LINE_END.search(self.text)) else "\n"
        gap = "" if not self.text or self.text.endswith(("\n", "\r")) else newline
        return f"{self.text}{gap}{lead}{_written(value, model.quote)}{newline}"


def written(values: dict[str, object]) -> str:
    """Return auth data as the text of a new dotenv file."""
    known = {key: " ".join(value) if isinstance(value, list) else value for key, value in values.items()}
    lines = [f"TWITTER_{key.upper()}={_written(str(value), '')}\n" for key, value in known.items() if value is not None]
    return "".join(lines)


def read_dotenv(text: str, is_ours: Callable[[str], bool] = lambda _: False) -> Dotenv:
    """Return a file's variables; a line that is none is left alone.

    Args:
        text: the text, without byte order mark, its line ends as they are.
        is_ours: tells the names that must not stand in a line which cannot be read.

    Raises:
        AuthSyntaxError: one does; or the file has sections, and so is of another kind.
    """
    from dotenv.parser import parse_stream

    if _LONG_BLANK.search(text):  # The parser would take its time.
        _unreadable(1, "a line holds a very long row of blanks")
    statements: dict[str, Statement] = {}
    rest: list[str] = []
    at = 0
    for binding in parse_stream(io.StringIO(text, newline="")):
        original = binding.original.string
        _check_line(binding, is_ours)
        if binding.key is None:
            rest.append(original)
        else:
            statements[binding.key] = _statement(text, at, original, binding.value)
        at += len(original)
    return Dotenv(text, statements, tuple(rest))


def _check_line(binding: Binding, is_ours: Callable[[str], bool]) -> None:
    """Refuse a line in which one of our names stands and is not read, and one that begins a section."""
    text, line = binding.original.string.strip(), binding.original.line
    if _SECTION.match(text):
        _unreadable(line, "it begins a section, which no .env file has")
    lost = binding.original.string if binding.error else binding.value or ""
    if not text.startswith("#") and any(is_ours(name) for name in _ASSIGNED.findall(lost)):
        _unreadable(line, "it holds more than one variable, or something behind a quoted value")


def _unreadable(line: int, why: str) -> NoReturn:
    raise AuthSyntaxError(
        "The .env file cannot be read. Nothing was sent.",
        cause=f"line {line}: {why}.",
        next_step="write one variable a line: X_REFRESH_TOKEN=…",
    )


def _statement(text: str, at: int, original: str, value: str | None) -> Statement:
    before = _BEFORE_VALUE.match(original) if value is not None else None
    if before is None or value is None:
        return Statement(value, at, None, at + len(original), "")
    start = at + before.end()
    quote = text[start : start + 1]
    if quote in _QUOTED and (found := _QUOTED[quote].match(text, start)):
        return Statement(value, at, found.start(1), found.end(1), quote)
    if not value:  # A comment that follows stays apart from what is written.
        start = at + before.end() - len(_BLANK.search(before[0][::-1])[0])  # type: ignore[index]  # matches nothing too
    return Statement(value, at, start, start + len(value), "")


def _with_value(text: str, statement: Statement, value: str) -> str:
    if statement.value_start is None:
        end = statement.start + len(text[statement.start : statement.value_end].rstrip("\r\n"))
        return f"{text[:end]}={_written(value, '')}{text[end:]}"
    start, end = statement.value_start, statement.value_end
    if statement.quote:
        return text[:start] + _escaped(value, statement.quote) + text[end:]
    return text[:start] + _written(value, "") + text[end:]


def _written(value: str, quote: str) -> str:
    """Return a value as a statement holds it; without quotes only where nothing in it needs them."""
    if not quote and re.search(r"""[\s#'"$`\\]""", value):
        quote = "'"
    return f"{quote}{_escaped(value, quote)}{quote}"


def _escaped(value: str, quote: str) -> str:
    return value.replace("\\", "\\\\").replace(quote, f"\\{quote}") if quote else value
