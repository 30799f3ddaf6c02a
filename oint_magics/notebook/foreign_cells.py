"""Cells and lines that other magics run, with auth data in them: what goes wrong there would print them.

`%%bash` raises an error that quotes its whole script, IPython prints the line that called it, and `%env` prints what it
sets. Here a handle takes the place of such a cell or line, and the magic is run without any of that.
"""

from __future__ import annotations

import re

from oint_magics.notebook.handles import handle
from oint_magics.notebook.inline import RUNS_PYTHON
from oint_magics.notebook.magic_table import MAGICS
from oint_magics.notebook.oint_cells import is_python
from oint_magics.notebook.secret_places import around

# These show their bodies.
SHOWS = ("html", "markdown", "latex", "svg", "js", "javascript")
CELL = re.compile(r"\s*%%(?P<name>\w+|!)(?P<line>[^\n]*)\n(?P<body>.*)\Z", re.DOTALL)
# Their scripts are quoted where they fail, whatever is in them.
_PROGRAMS = ("bash", "sh", "script", "perl", "ruby", "python", "python2", "python3", "pypy", "sx", "system", "cmd", "!",
             "writefile", "file")  # fmt: skip
_TARGET = r"""(?m)^(?P<before>[^\S\n]*(?:%(?:time|timeit|prun)\b[^\S\n]+)?(?:[^\n=#%!]*=\s*)?)"""
_REST = r"(?P<line>(?:[^\n]*\\[^\S\n]*\n)*[^\n]*)"
SHELL_LINE = re.compile(rf"{_TARGET}(?P<sign>!{{1,2}}|%(?:sx|system|sc)\b){_REST}")
SET = re.compile(
    rf"{_TARGET}%?(?P<name>set_env|env)(?:[^\S\n]|\\\n)+(?P<line>(?P<variable>[\w-]+)(?P<value>(?:[^\n]*\\\n)*[^\n]*))"
)
# What a shell's users type where IPython expects Python.
_EXPORT = re.compile(rf"(?m)^(?P<before>[^\S\n]*)(?=(?:export|setx?)[^\S\n]+\w+[^\S\n=]*[= ]|\$env:){_REST}")
_MISPLACED = re.compile(rf"%%(?:{'|'.join(map(re.escape, _PROGRAMS))})(?!\w)")
_IS_SECRET = re.compile(r"token|secret|key|password|shared_store", re.IGNORECASE)
_WORD = r"[\w+~%-]"
_LONG = rf"(?:(?={_WORD}*\d)(?={_WORD}*[A-Za-z]){_WORD}{{14,}}|{_WORD}{{24,}})"
# A value of auth data by its name; and what may be one, by the name of any secret.
_VALUE = re.compile(
    rf"""(?i:(?:client[_-]?secret|(?:access|refresh|bearer)[_-]?token|oauth_?(?:token|consumer)\w*)["'\\]*\s*[:=]"""
    rf"""|--[\w-]*(?:secret|token)\s|bearer|authorization:)[\s"'\\]*(?P<value>{_WORD}{{10,}})"""
)
_PERHAPS = re.compile(rf"""(?i:token|secret|password)\w*["'\\]*\s*[:=][\s"'\\]*(?P<value>{_WORD}{{10,}})""")
# OPI's program, wherever it is called.
_OINT = re.compile(r"(?m)(?:^|[\s/;&|])oint(?:\.exe|\.bat)?(?=\s+\w|\s*[\\^`]\s*$)", re.IGNORECASE)
# However a body is cut; and however it is damaged.
_CUT = re.compile(r"\s*\\?\n\s*")
_DAMAGED = re.compile(r"[\s\\'\"{},)\]]+")
_IN_COMMAND = re.compile(rf"""["']\s*:\s*["']|{_LONG}""")
_TOKEN = re.compile(_LONG)
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
    name = cell["name"].lower()
    if cell["name"] in MAGICS or not _holds_secret(cell["body"], is_shown=name in SHOWS, is_program=name in _PROGRAMS):
        return lines
    return [_CALL.format(kind="cell", text=handle(text)) + "\n"]


take_out.has_side_effects = True  # type: ignore[attr-defined]  # IPython's own protocol


def _without_lines(text: str) -> str:
    """Return a cell with a call in the place of each line of the shell, or of `%env`, that may hold a secret."""
    if _MISPLACED.search(text) and _holds_secret(text, is_shown=False, is_program=True) and not is_python(text):
        return _CALL.format(kind="misplaced", text=handle(text)) + "\n"
    for pattern, kind in ((SHELL_LINE, "shell"), (SET, "env"), (_EXPORT, "export")):
        done, at = "", 0
        for found in pattern.finditer(text):
            if not _is_secret(found, kind) or around(text, 0, found.end("before")) is not None:
                continue
            is_bare = kind == "export" or (
                kind == "env" and not found[0][found.end("before") - found.start() :].startswith("%")
            )
            if is_bare and ("=" in found["before"] or is_python(text)):
                continue
            assigned = {"shell": "output", "env": "value"} if "=" in found["before"] else {}
            call = _CALL.format(kind=assigned.get(kind, kind), text=handle(found[0][len(found["before"]) :]))
            done += text[at : found.end("before")] + call + "\n" * found["line"].count("\n")
            at = found.end()
        text = done + text[at:]
    return text


def _is_secret(found: re.Match[str], kind: str) -> bool:
    if kind != "env":
        return _holds_secret(found["line"], is_shown=False, is_program=True)
    return bool(_IS_SECRET.search(found["variable"]) or _IN_COMMAND.search(found["value"]))


def _holds_secret(body: str, *, is_shown: bool, is_program: bool = False) -> bool:
    """Tell whether a body holds a value of auth data, or a command line of OPI's with one.

    Args:
        body: the body.
        is_shown: whether the magic shows it, and so is refused: by the names of auth data alone.
        is_program: whether it is a script, which is quoted where it fails: by any word that may be a token.
    """
    from oint_magics.auth.foreign import is_unfilled

    texts = [(body, _VALUE), (_CUT.sub("", body), _VALUE)]
    if not is_shown:
        texts += [(body, _PERHAPS), (_DAMAGED.sub("", body), _PERHAPS)]
    if is_program and _TOKEN.search(body):
        return True
    values = (found["value"] for text, pattern in texts for found in pattern.finditer(text))
    return holds_command(body) or any(not is_unfilled(value) for value in values)


def holds_command(body: str) -> bool:
    """Tell whether a body holds a command line of OPI's with auth data in it."""
    return _OINT.search(body) is not None and _IN_COMMAND.search(body) is not None
