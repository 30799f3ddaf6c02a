"""A line that says how far something is, in the place of the one before: a display, so every front end shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.getipython import get_ipython
from IPython.display import DisplayHandle

from oint_magics.notebook.interactive import is_kernel

if TYPE_CHECKING:
    from oint_magics.api.progress import Line


def begin() -> Line:
    """Return what shows the line of a piece of work; in a terminal, whose lines stay, nothing does."""
    shell = get_ipython()
    if shell is None or not is_kernel(shell):
        return lambda _: None
    handle: list[DisplayHandle] = []

    def show(text: str) -> None:
        bundle = {"text/plain": text}
        if handle:
            handle[0].update(bundle, raw=True)
        else:
            handle.append(DisplayHandle())
            handle[0].display(bundle, raw=True)

    return show
