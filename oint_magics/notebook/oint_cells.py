"""OPI's command lines in cells: `%oint`, `%%oint`, and bare ones, taken out before IPython takes the cell apart.

They may hold secrets, also those of OPI's other libraries: what is left in the cell is a handle.
"""

from __future__ import annotations

import re
import warnings

from oint_magics.notebook.cell_syntax import wrong
from oint_magics.notebook.handles import handle
from oint_magics.notebook.inline import DATA_CELL
from oint_magics.notebook.secret_places import around

_MENTION = re.compile(r"\boint\b|%o(?:in|it|nt)\b")
# Neither takes `%oint?`, which asks IPython what it does.
_CELL = re.compile(r"\s*%%oint\b(?!\?\??\s*\Z)(?P<line>[^\n]*)\n?")
# A line magic: alone, behind an assignment, or behind a magic that runs another one.
_LINE = re.compile(
    r"""(?m)^(?P<before>[^\n"'#%!]*?(?:%(?:time|timeit|capture|prun)\b[^\n%]*)?)%oint\b(?!\?\??[ \t]*$)"""
)
_COMMAND = re.compile(r"\s*(?:\$\s+)?oint(?:\.exe|\.bat)?(?=\s+\S|\s*[\\^`]\s*$)", re.IGNORECASE)
_COMMENT = re.compile(r"\s*(?:#|::|@?rem\b|$)", re.IGNORECASE)
_CONTINUED = re.compile(r"[\\^`]\s*$")
# What may be a token, or a piece of one: a word of letters and digits, a long word, an option's value; or JSON.
_WORD = r"[\w+~%/-]"
_SECRET = re.compile(
    rf"""(?={_WORD}*(?:\d|[A-Z]{{2}}))(?={_WORD}*[A-Za-z]){_WORD}{{10,}}|{_WORD}{{24,}}"""
    rf"""|-\w[\w-]*[\s=]+["']?{_WORD}{{10,}}|["']\s*:\s*["']"""
)
# However a cell is cut.
_CUT = re.compile(r"\\?\n\s*")
_QUOTE = re.compile(r"""\\.|["']""", re.DOTALL)


def take_out(lines: list[str]) -> list[str]:
    """Return a cell's lines with a handle in the place of each command line.

    A bare cell is ours only if it is no Python and each of its lines is a command, a comment or the rest of a command.

    Args:
        lines: the cell, each line with its end.
    """
    text = "".join(lines)
    is_mentioned = _MENTION.search(_CUT.sub("", text)) or _MENTION.search(text)
    if not is_mentioned or DATA_CELL.match(text):
        return lines
    cell = _CELL.match(text)
    if cell:
        body = text[cell.end() :]
        return (
            [f"%%oint{_sealed(cell['line'])}\n", handle(body) + "\n"]
            if body.strip()
            else [f"%oint {handle(cell['line'])}\n"]
        )
    if is_python(text):
        return lines
    if _are_commands(lines):
        return [f"%oint {handle(text)}\n"]
    text = _without_lines(text)
    if _SECRET.search(re.sub(r"inline:\w+", "", text)):
        return wrong(text, "oint") or text.splitlines(keepends=True)
    return text.splitlines(keepends=True)


take_out.has_side_effects = True  # type: ignore[attr-defined]  # IPython's own protocol


def _sealed(line: str) -> str:
    return f" {handle(line)}" if line.strip() else ""


def is_python(text: str) -> bool:
    """Tell whether a cell is plain Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # They quote what they are about.
            compile(text, "", "exec")
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError):
        return False
    return True


def _are_commands(lines: list[str]) -> bool:
    """Tell whether each line is a command, a comment, or goes on with a command."""
    is_open, found, quote = False, False, ""
    for line in lines:
        if not is_open:
            if _COMMENT.match(line):
                continue
            if not _COMMAND.match(line):
                return False
            found = True
        quote = _open_quote(line, quote)
        is_open = bool(quote) or _CONTINUED.search(line) is not None
    return found


def _open_quote(line: str, quote: str) -> str:
    """Return the quote that is open at a line's end, or nothing."""
    for each in _QUOTE.finditer(line):
        if each[0] == quote:
            quote = ""
        elif not quote and each[0] in "\"'":
            quote = each[0]
    return quote


def _without_lines(text: str) -> str:
    """Return a cell with a handle behind each `%oint`; it has as many lines as before."""
    done, at = "", 0
    while found := _LINE.search(text, at):
        if around(text, at, found.end()) == "string":
            done, at = done + text[at : found.end()], found.end()
            continue
        end, quote = found.end(), ""
        while end < len(text):
            stop = text.find("\n", end)
            stop = len(text) if stop < 0 else stop
            quote = _open_quote(text[end:stop], quote)
            is_open = bool(quote) or _CONTINUED.search(text[end:stop]) is not None
            end = stop
            if not is_open or stop == len(text):
                break
            end += 1
        inner = text[found.end() : end]
        done += text[at : found.end()] + (f" {handle(inner)}" if inner.strip() else "") + "\n" * inner.count("\n")
        at = end
    return done + text[at:]
