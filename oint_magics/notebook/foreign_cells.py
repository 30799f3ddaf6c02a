"""Cells and lines that other magics run, with auth data in them: what goes wrong there would print them.

`%%bash` raises an error that quotes its whole script, IPython prints the line that called it, and `%env` prints what it
sets. Here a handle takes the place of such a cell or line, and the magic is run without any of that.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from typing import TYPE_CHECKING, Any

from oint_magics.notebook.handles import handle, restored
from oint_magics.notebook.magic_table import MAGICS
from oint_magics.notebook.oint_cells import COMMAND
from oint_magics.notebook.secret_places import around

if TYPE_CHECKING:
    from oint_magics.errors import UsageError

# Their bodies are cells of their own, and come here again when they are run.
_RUNS_PYTHON = ("time", "timeit", "capture", "prun", "debug", "mprun", "memit", "snakeviz", "px")
# These show their bodies.
_SHOWS = ("html", "markdown", "latex", "svg", "js", "javascript")
_CELL = re.compile(r"\s*%%(?P<name>\w+|!)(?P<line>[^\n]*)\n(?P<body>.*)\Z", re.DOTALL)
_SHELL_LINE = re.compile(
    r"(?m)^(?P<before>[^\S\n]*(?:\w+\s*=\s*)?)(?:!{1,2}|%(?:sx|system)\b)[^\S\n]*(?=oint(?:\.exe|\.bat)?\s)"
)
_SET = re.compile(r"(?m)^(?P<before>[^\S\n]*)%?(?P<name>set_env|env)[^\S\n]+(?P<line>(?P<variable>\w+)[^\n]*)")
_IS_SECRET = re.compile(r"token|secret|key|password|shared_store", re.IGNORECASE)
_WORD = r"[\w+~%-]"
_LONG = rf"(?:(?={_WORD}*\d)(?={_WORD}*[A-Za-z]){_WORD}{{14,}}|{_WORD}{{24,}})"
# A value of auth data by its name; and what may be one, by the name of any secret.
_VALUE = re.compile(
    rf"""(?i:(?:client_?secret|(?:access|refresh|bearer)_?token|oauth_?(?:token|consumer)\w*)["'\\]*\s*[:=]"""
    rf"""|bearer|authorization:)[\s"'\\]*(?P<value>{_WORD}{{10,}})"""
)
_PERHAPS = re.compile(rf"""(?i:token|secret|password)\w*["'\\]*\s*[:=][\s"'\\]*(?P<value>{_WORD}{{10,}})""")
# However a body is cut.
_CUT = re.compile(r"\s*\\?\n\s*")
_IN_COMMAND = re.compile(rf"""["']\s*:\s*["']|{_LONG}""")
_CALL = '__import__("oint_magics.notebook.foreign_cells", fromlist=["run"]).run("{kind}", "{text}")'
# What of a script is not shown in an error: a piece of a word, for some programs take words apart.
_PIECE = 8
_SHOWN_WORD = re.compile(rf"[\w+~%/-]{{{_PIECE},}}")
# Where a script's errors go, and what says that they go somewhere else.
_ERR = "_oint_magics_err"
_HAS_ERR = re.compile(r"--(?:err|bg|proc)\b")


def take_out(lines: list[str]) -> list[str]:
    """Return a cell's lines with a handle in the place of what another magic would show.

    Args:
        lines: the cell, each line with its end.
    """
    text = "".join(lines)
    cell = _CELL.match(text)
    if cell is None:
        return _without_lines(text).splitlines(keepends=True)
    if cell["name"] in _RUNS_PYTHON:
        body = take_out(cell["body"].splitlines(keepends=True))
        return [*text[: cell.start("body")].splitlines(keepends=True), *body]
    shows = cell["name"].lower() in _SHOWS
    if cell["name"] in MAGICS or not _holds_secret(cell["body"], _VALUE if shows else _PERHAPS):
        return lines
    return [_CALL.format(kind="cell", text=handle(text)) + "\n"]


take_out.has_side_effects = True  # type: ignore[attr-defined]  # IPython's own protocol


def _without_lines(text: str) -> str:
    """Return a cell with a call in the place of each line of the shell, or of `%env`, that may hold a secret."""
    for pattern, kind in ((_SHELL_LINE, "shell"), (_SET, "env")):
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


def _holds_secret(body: str, pattern: re.Pattern[str] = _VALUE) -> bool:
    """Tell whether a body holds a value of auth data, or a command line of OPI's with one."""
    from oint_magics.auth.foreign import is_unfilled

    texts = (body, _CUT.sub("", body))
    values = (found["value"] for text in texts for each in (_VALUE, pattern) for found in each.finditer(text))
    return _holds_command(body) or any(not is_unfilled(value) for value in values)


def _holds_command(body: str) -> bool:
    return any(COMMAND.match(line) for line in body.splitlines()) and _IN_COMMAND.search(body) is not None


def run(kind: str, text: str) -> Any:
    """Run what a handle stands for, and show nothing of it.

    Args:
        kind: "cell" for a cell magic, "env" for a line that sets a variable, "shell" for a line of the shell.
        text: the handle.

    Raises:
        UsageError: it was not run, or went wrong.
    """
    from oint_magics.error_boundary import error_boundary

    return error_boundary({"cell": _run_cell, "env": _set, "shell": _refuse_line}[kind])(text)


def _refuse_line(_: str) -> None:
    raise _hint("This line was not run. Nothing was sent.", "!")


def _hint(what: str, sign: str) -> UsageError:
    from oint_magics.errors import UsageError

    return UsageError(
        what,
        cause="an error of that program would print the auth data in it.",
        next_step=f"take the {sign} out: oint lines run here by themselves; or keep the auth data in a file: "
        "--auth auth.json",
    )


def _run_cell(text: str) -> Any:
    from oint_magics.errors import UsageError

    cell = _CELL.match(restored(text))
    if cell is None or cell["name"].lower() in _SHOWS:
        raise UsageError(
            "This cell was not run: it would show auth data in the notebook.",
            next_step="take the auth data out of it",
        )
    if cell["name"] not in ("writefile", "file") and _holds_command(cell["body"]):
        raise _hint("This cell was not run. Nothing was sent.", f"%%{cell['name']} line")
    problem = None
    try:
        return _run_magic(cell["name"], cell["line"].strip(), cell["body"])
    except Exception as error:  # noqa: BLE001 - each may hold the body
        problem = UsageError(
            f"The %%{cell['name']} cell failed{_status(error)}.",
            cause=_cause(error, cell["body"]),
            next_step="keep auth data in a file, and out of cells that other programs run",
        )
    raise problem


def _run_magic(name: str, line: str, body: str) -> Any:
    """Run a cell magic; what its program says about the script's own words is shown without them."""
    shell = _shell()
    magic = shell.find_cell_magic(name)
    is_script = getattr(magic, "__module__", "").endswith("magics.script") and not _HAS_ERR.search(line)
    try:
        found = shell.run_cell_magic(name, f"{line} --err {_ERR}".strip() if is_script else line, body)
    finally:
        said = shell.user_ns.pop(_ERR, "")
        if said:
            print(_without_words(str(said), body), end="", file=sys.stderr)  # noqa: T201 - as the magic does
    return [_without_words(str(each), body) for each in found] if isinstance(found, list) else found


def _without_words(said: str, body: str) -> str:
    """Return what a program says, without the lines that quote its script: a shell shows those that it cannot read."""
    words = _SHOWN_WORD.findall(body)
    pieces = {word[at : at + _PIECE] for word in words for at in range(len(word) - _PIECE + 1)}
    lines = said.splitlines(keepends=True)
    return "".join("…\n" if any(piece in line for piece in pieces) else line for line in lines)


def _shell() -> Any:
    from IPython.core.getipython import get_ipython

    return get_ipython()


def _status(error: Exception) -> str:
    code = getattr(error, "returncode", None)
    return f" with exit status {code}" if isinstance(code, int) else f": {type(error).__name__}"


def _cause(error: Exception, body: str) -> str:
    """Return what an error says, where nothing of the cell is in it."""
    said = str(error)
    is_shown = bool(said) and _without_words(said, body) == said
    return said if is_shown else "its lines are not shown, because they hold auth data."


def _set(text: str) -> None:
    """Set a variable as `%env` does; print its masked value."""
    from oint_magics.errors import UsageError
    from oint_magics.secret import Secret

    found = _SET.match(restored(text))
    name, is_set = (found["variable"], False) if found else ("", False)
    if found:
        with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
            _shell().run_line_magic(found["name"], found["line"], _stack_depth=4)
            is_set = True
    if not is_set or name not in os.environ:
        raise UsageError(
            "There is no variable of that name.",
            cause="the line is not shown, because it may hold a secret.",
            next_step="%env NAME=VALUE sets one",
        )
    print(f"env: {name}={Secret(os.environ[name]).masked()}")  # noqa: T201 - as %env does
