"""What runs in the place of other magics' cells and lines: the magic itself, with nothing of its text shown."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from typing import TYPE_CHECKING, Any

from oint_magics.notebook.foreign_cells import CELL, SET, SHELL_LINE, SHOWS, holds_command
from oint_magics.notebook.handles import restored

if TYPE_CHECKING:
    from oint_magics.errors import UsageError

# What of a script is not shown in an error: a piece of a word, for some programs take words apart.
_PIECE = 8
_SHOWN_WORD = re.compile(rf"[\w+~%/-]{{{_PIECE},}}")
# Where a script's errors go, and what says that they go somewhere else.
_ERR = "_oint_magics_err"
_HAS_ERR = re.compile(r"--(?:err|bg|proc)\b")


def run(kind: str, text: str) -> Any:
    """Run what a handle stands for, and show nothing of it.

    Args:
        kind: "cell" for a cell magic, "misplaced" for one that is not the first line, "env" for a line that sets a
            variable, "shell" for a line of the shell, "value" and "output" for these two if their result is assigned,
            "export" for a line of the shell that is not marked as such.
        text: the handle.

    Raises:
        UsageError: it was not run, or went wrong.
    """
    from oint_magics.error_boundary import error_boundary

    runs = {
        "cell": _run_cell, "misplaced": _misplaced, "env": _set, "value": _value, "shell": _run_line,
        "output": _output, "export": _exported,
    }  # fmt: skip
    return error_boundary(runs[kind])(text)


def _misplaced(_: str) -> None:
    from oint_magics.errors import UsageError

    raise UsageError(
        "This cell was not run: the line with %% must be the first line of its cell.",
        cause="the cell is not shown, because it may hold auth data.",
        next_step="move that line to the top",
    )


def _exported(_: str) -> None:
    from oint_magics.errors import UsageError

    raise UsageError(
        "That is a line for a shell, and was not run.",
        cause="the line is not shown, because it may hold a secret.",
        next_step="%env NAME=VALUE sets a variable here",
    )


def _run_line(text: str) -> Any:
    """Run a line of the shell; return what it says, unless it is to be printed."""
    is_printed = restored(text).startswith("!") and not restored(text).startswith("!!")
    return _shell().system(_command(text)) if is_printed else _output(text)


def _output(text: str) -> Any:
    """Run a line of the shell, and return what it says."""
    return _shell().getoutput(_command(text))


def _command(text: str) -> str:
    """Return the command of a line; raises a `UsageError` if it is OPI's, with auth data in it."""
    found = SHELL_LINE.match(restored(text))
    if found is None or holds_command(found["line"]):
        raise _hint("This line was not run. Nothing was sent.", "!")
    return re.sub(r"\\[^\S\n]*\n", " ", found["line"]).strip()


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

    cell = CELL.match(restored(text))
    if cell is None or cell["name"].lower() in SHOWS:
        raise UsageError(
            "This cell was not run: it would show auth data in the notebook.",
            next_step="take the auth data out of it",
        )
    if cell["name"] not in ("writefile", "file") and holds_command(cell["body"]):
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
    """Set a variable as `%env` does, and print its masked value."""
    from oint_magics.secret import Secret

    name = _variable(text)
    print(f"env: {name}={Secret(os.environ[name]).masked()}")  # noqa: T201 - as %env does


def _value(text: str) -> str:
    """Return a variable's value, for the name that it is assigned to."""
    return os.environ[_variable(text)]


def _variable(text: str) -> str:
    """Run `%env` without a word, and return the variable's name."""
    from oint_magics.errors import UsageError

    found = SET.match(restored(text))
    line = re.sub(r"\\\n\s*", " ", found["line"]).strip() if found else ""
    name, is_set = (found["variable"], False) if found else ("", False)
    if found:
        with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
            _shell().run_line_magic(found["name"], line, _stack_depth=4)
            is_set = True
    if not is_set or name not in os.environ:
        raise UsageError(
            "There is no variable of that name.",
            cause="the line is not shown, because it may hold a secret.",
            next_step="%env NAME=VALUE sets one",
        )
    return name
