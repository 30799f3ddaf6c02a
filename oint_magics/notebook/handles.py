"""Handles: what stands in a cell in the place of a text that may be a secret, and is exchanged for it again."""

from __future__ import annotations

import hmac
import re
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oint_magics.errors import UsageError
    from oint_magics.secret import Secret

HANDLE = re.compile(r"\binline:[0-9a-f]{12}\b")
# Instead of a handle: the cell cannot be read, at the line that follows.
BROKEN = "inline:broken-"

# One for each text, so that a cell that is run again adds nothing; the key keeps a handle from telling its text.
_texts: dict[str, Secret] = {}
_key = secrets.token_bytes(16)


def handle(text: str) -> str:
    """Return the handle of a text, which is kept until the kernel ends."""
    from oint_magics.secret import Secret

    name = f"inline:{hmac.new(_key, text.encode('utf-8', 'surrogatepass'), 'sha256').hexdigest()[:12]}"
    _texts[name] = Secret(text)
    return name


def restored(line: str) -> str:
    """Return a magic's line with the texts in the place of their handles.

    Raises:
        UsageError: the cell was no Python; or a handle is of another session.
    """
    if BROKEN in line:
        raise _unreadable(line.partition(BROKEN)[2])
    for name in HANDLE.findall(line):
        if name not in _texts:
            raise _foreign()
        line = line.replace(name, _texts[name].reveal())
    return line


def _foreign() -> UsageError:
    from oint_magics.errors import UsageError

    return UsageError(
        "This line refers to text that is no longer in memory, so nothing was sent.",
        cause="auth data typed into a cell is kept only until the kernel restarts.",
        next_step="type the auth data again; or better, save it as a file and name the file",
    )


def _unreadable(line: str) -> UsageError:
    from oint_magics.errors import UsageError

    return UsageError(
        "This cell cannot be read, so none of it was run.",
        cause=f"line {line}, or one near it, is not valid Python. The line is not shown, because it holds auth data.",
        next_step="correct the cell; or better, save the auth data as a file: %twitter_refresh --auth auth.json",
    )
