"""A pasted, pretty-printed JSON after `--auth`: its lines become one before IPython takes the cell apart.

Without this the lines behind the magic's own are read as Python, and IPython prints the one that it
stumbles over, which may hold a secret.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_OPENING = re.compile(
    r"""^\s*(?:\w+\s*=\s*)?%twitter_\w+\s[^{]*\{\s*$|^\s*(?:\w+\s*=\s*)?%twitter_\w+\s[^{]*\{\s*["'/]"""
)


def register(shell: InteractiveShell) -> None:
    """Join the lines of our magics' JSON."""
    shell.input_transformers_cleanup.append(join)


def unregister(shell: InteractiveShell) -> None:
    """Undo `register`."""
    if join in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(join)


def join(lines: list[str]) -> list[str]:
    """Return a cell's lines with each JSON object behind one of our magics on one line.

    Args:
        lines: the cell, each line with its end.
    """
    for number, line in enumerate(lines):
        if _OPENING.match(line):
            text = "".join(lines[number:])
            end = _end(text)
            joined = text[:end].replace("\r", " ").replace("\n", " ")
            rest = text[end:].splitlines(keepends=True)
            return [*lines[:number], joined + (rest[0] if rest else "\n"), *join(rest[1:])]
    return lines


def _end(text: str) -> int:
    """Return where the JSON ends; an object that never closes takes the rest, so that its error is ours."""
    from oint_magics.errors import AuthSyntaxError
    from oint_magics.jsontext import read_object

    try:
        return read_object(text, text.index("{"), whole=False).end
    except AuthSyntaxError:
        return len(text)
