"""X (Twitter) OAuth 2.0 tokens in a notebook: refreshed, saved, shown as a table."""

from __future__ import annotations

TYPE_CHECKING = False  # not imported: `typing` alone costs more than all the rest here
if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__version__ = "0.1.0"


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics (`%load_ext oint_magics`)."""
    from oint_magics import notebook

    notebook.register(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the magics away again (`%unload_ext oint_magics`)."""
    from oint_magics import notebook

    notebook.unregister(shell)
