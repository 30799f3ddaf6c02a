"""Whether somebody is there to fill in a form or answer a prompt."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def is_kernel(shell: InteractiveShell) -> bool:
    """Tell whether a front end is connected by messages (a notebook), and not a terminal."""
    return getattr(shell, "kernel", None) is not None


def is_somebody_there(shell: InteractiveShell) -> bool:
    """Tell whether the cell that runs was sent by a person.

    A front end with somebody before it allows the kernel to ask (`allow_stdin`); nbclient and
    papermill do not. In a terminal, its input is one.
    """
    if not is_kernel(shell):
        return sys.stdin is not None and sys.stdin.isatty()
    get_parent = getattr(shell, "get_parent", None)
    parent = get_parent() if get_parent else getattr(shell, "parent_header", {})
    return bool(parent.get("content", {}).get("allow_stdin", False))
