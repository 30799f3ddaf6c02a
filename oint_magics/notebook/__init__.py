"""The notebook's side: the only folder that knows IPython and widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from oint_magics.api.progress import Line


def register(shell: InteractiveShell) -> None:
    """Register the magics and their completion; does nothing else."""
    from oint_magics.api import progress
    from oint_magics.notebook import completion, inline, oint_cells
    from oint_magics.notebook.magics import TwitterMagics

    unregister(shell)  # `%reload_ext` must not leave two of anything.
    shell.register_magics(TwitterMagics)
    completion.register(shell)
    inline.register(shell)
    oint_cells.register(shell)
    progress.listen(_line)


def _line() -> Line:
    from oint_magics.notebook import progress_line

    return progress_line.begin()


def unregister(shell: InteractiveShell) -> None:
    """Undo `register`."""
    from oint_magics.api import progress
    from oint_magics.notebook import completion, inline, oint_cells
    from oint_magics.notebook.magics import NAMES, TwitterMagics

    progress.listen(None)
    completion.unregister(shell)
    inline.unregister(shell)
    oint_cells.unregister(shell)
    for name in NAMES:
        for kind in ("line", "cell"):
            shell.magics_manager.magics[kind].pop(name, None)
    shell.magics_manager.registry.pop(TwitterMagics.__name__, None)
