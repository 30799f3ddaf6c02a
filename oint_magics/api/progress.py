"""How long work tells how far it is: to whoever listens, and to nobody in a script."""

from __future__ import annotations

import contextlib

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
