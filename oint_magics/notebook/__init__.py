"""The notebook's side: the only folder that knows IPython and widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from oint_magics.api.progress import Line


def register(shell: InteractiveShell) -> None:
    """Register the magics and their completion; does nothing else."""
    from oint_magics.api import progress
    from oint_magics.notebook import completion, foreign_cells, inline, magics, oint_cells

    unregister(shell)  # `%reload_ext` must not leave two of anything.
    magics.register(shell)
    completion.register(shell)
    inline.register(shell, foreign_cells.take_out, oint_cells.take_out)
    progress.listen(_line)


def _line() -> Line:
    from oint_magics.notebook import progress_line

    return progress_line.begin()


def unregister(shell: InteractiveShell) -> None:
    """Undo `register`."""
    from oint_magics.api import progress
    from oint_magics.notebook import completion, inline, magics

    progress.listen(None)
    completion.unregister(shell)
    inline.unregister(shell)
    magics.unregister(shell)
