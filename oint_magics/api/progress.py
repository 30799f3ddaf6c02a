"""How long work tells how far it is: to whoever listens, and to nobody in a script. And what everybody has to know."""

from __future__ import annotations

import contextlib
import sys

TYPE_CHECKING = False  # not imported: this is loaded with the extension
if TYPE_CHECKING:
    from collections.abc import Callable

    # Given a line of text, shows it in the place of the one before.
    Line = Callable[[str], None]

_listeners: list[Callable[[], Line]] = []


def listen(begin: Callable[[], Line] | None) -> None:
    """Let somebody show lines; `None` for nobody.

    Args:
        begin: is called once for each piece of work, and returns what shows its line.
    """
    _listeners[:] = [begin] if begin else []


def line() -> Line:
    """Return what shows the line of a piece of work; that it cannot be shown ends no work."""
    if not _listeners:
        return lambda _: None
    show = _listeners[0]()

    def shown(text: str) -> None:
        with contextlib.suppress(Exception):
            show(text)

    return shown


def say(text: str) -> None:
    """Write a line to stderr, for what a result does not show where it is given a name: `rows = …` shows nothing."""
    # Some processes have no stderr (pythonw), or a closed one.
    with contextlib.suppress(AttributeError, OSError, ValueError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
