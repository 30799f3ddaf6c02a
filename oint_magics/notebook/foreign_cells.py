"""Cells and lines that other magics run, with auth data in them: what goes wrong there would print them.

`%%bash` raises an error that quotes its whole script, IPython prints the line that called it, and `%env` prints what it
sets. Here a handle takes the place of such a cell or line, and the magic is run without any of that.
"""

from __future__ import annotations

import re

from oint_magics.notebook.handles import handle
from oint_magics.notebook.inline import RUNS_PYTHON
from oint_magics.notebook.magic_table import MAGICS
from oint_magics.notebook.oint_cells import COMMAND
from oint_magics.notebook.secret_places import around

# These show their bodies.
SHOWS = ("html", "markdown", "latex", "svg", "js", "javascript")
CELL = re.compile(r"\s*%%(?P<name>\w+|!)(?P<line>[^\n]*)\n(?P<body>.*)\Z", re.DOTALL)
_SHELL_LINE = re.compile(
    r"(?m)^(?P<before>[^\S\n]*(?:\w+\s*=\s*)?)(?:!{1,2}|%(?:sx|system)\b)[^\S\n]*(?=oint(?:\.exe|\.bat)?\s)"
)
SET = re.compile(r"(?m)^(?P<before>[^\S\n]*)%?(?P<name>set_env|env)[^\S\n]+(?P<line>(?P<variable>\w+)[^\n]*)")
_IS_SECRET = re.compile(r"token|secret|key|password|shared_store", re.IGNORECASE)
_WORD = r"[\w+~%-]"
_LONG = rf"(?:(?={_WORD}*\d)(?={_WORD}*[A-Za-z]){_WORD}{{14,}}|{_WORD}{{24,}})"
# A value of auth data by its name; and what may be one, by the name of any secret.
_VALUE = re.compile(
    rf"""(?i:(?:client_?secret|(?:access|refresh|bearer)_?token|oauth_?(?:token|consumer)\w*)["'\\]*\s*[:=]"""
    rf"""|bearer|authorization:)[\s"'\\]*(?P<value>{_WORD}{{10,}})"""
)
_PERHAPS = re.compile(rf"""(?i:token|secret|password)\w*["'\\]*\s*[:=][\s"'\\]*(?P<value>{_WORD}{{10,}})""")
# However a body is cut; and however it is damaged.
_CUT = re.compile(r"\s*\\?\n\s*")
_DAMAGED = re.compile(r"[\s\\'\"{},)\]]+")
_IN_COMMAND = re.compile(rf"""["']\s*:\s*["']|{_LONG}""")
_CALL = '__import__("oint_magics.notebook.foreign_run", fromlist=["run"]).run("{kind}", "{text}")'


def take_out(lines: list[str]) -> list[str]:
    """Return a cell's lines with a handle in the place of what another magic would show.

    Args:
        lines: the cell, each line with its end.
    """
    text = "".join(lines)
    cell = CELL.match(text)
    if cell is None:
        return _without_lines(text).splitlines(keepends=True)
    if cell["name"] in RUNS_PYTHON:  # Its body is a cell of its own.
        body = take_out(cell["body"].splitlines(keepends=True))
        return [*text[: cell.start("body")].splitlines(keepends=True), *body]
    shows = cell["name"].lower() in SHOWS
    if cell["name"] in MAGICS or not _holds_secret(cell["body"], is_shown=shows):
        return lines
    return [_CALL.format(kind="cell", text=handle(text)) + "\n"]


take_out.has_side_effects = True  # type: ignore[attr-defined]  # IPython's own protocol


def _without_lines(text: str) -> str:
    """Return a cell with a call in the place of each line of the shell, or of `%env`, that may hold a secret."""
    for pattern, kind in ((_SHELL_LINE, "shell"), (SET, "env")):
        done, at = "", 0
        for found in pattern.finditer(text):
            end = text.find("\n", found.end())
            end = len(text) if end < 0 else end
            is_secret = (
                _IS_SECRET.search(found["variable"]) if kind == "env" else _holds_secret(text[found.end() : end])
            )
            if is_secret and around(text, 0, found.end()) is None:
                call = _CALL.format(kind=kind, text=handle(text[found.end("before") : end]))
                done += text[at : found.end("before")] + call
                at = end
        text = done + text[at:]
    return text


def _holds_secret(body: str, *, is_shown: bool = True) -> bool:
    """Tell whether a body holds a value of auth data, or a command line of OPI's with one.

    Args:
        body: the body.
        is_shown: whether the magic shows it, and so is refused: by the names of auth data alone.
    """
    from oint_magics.auth.foreign import is_unfilled

    texts = [(body, _VALUE), (_CUT.sub("", body), _VALUE)]
    if not is_shown:
        texts += [(body, _PERHAPS), (_DAMAGED.sub("", body), _PERHAPS)]
    values = (found["value"] for text, pattern in texts for found in pattern.finditer(text))
    return holds_command(body) or any(not is_unfilled(value) for value in values)


def holds_command(body: str) -> bool:
    """Tell whether a body holds a command line of OPI's with auth data in it."""
    return any(COMMAND.match(line) for line in body.splitlines()) and _IN_COMMAND.search(body) is not None
