"""The magics: each row of the table becomes a function that IPython knows, with our errors alone."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from IPython.core.magic import needs_local_scope, no_var_expand

from oint_magics.error_boundary import error_boundary
from oint_magics.notebook.magic_table import MAGICS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from IPython.core.interactiveshell import InteractiveShell

    from oint_magics.notebook.magic_table import Magic


def register(shell: InteractiveShell) -> None:
    """Register every magic of the table."""
    for magic in MAGICS.values():
        kind = "line_cell" if magic.is_cell else "line"
        shell.magics_manager.register_function(_function(shell, magic), magic_kind=kind, magic_name=magic.name)


def unregister(shell: InteractiveShell) -> None:
    """Undo `register`."""
    for name in MAGICS:
        for kind in ("line", "cell"):
            shell.magics_manager.magics[kind].pop(name, None)


def _function(shell: InteractiveShell, magic: Magic) -> Callable[..., Any]:
    """Return what runs a magic; its command is imported when it is first run."""

    def run(line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> Any:
        from oint_magics.notebook.arguments import Call

        module, _, name = magic.command.rpartition(".")
        command = getattr(import_module(f"oint_magics.notebook.{module}"), name)
        return command(Call(shell, magic, line, cell, local_ns))

    run.__name__ = run.__qualname__ = magic.name
    run.__doc__ = magic.doc()
    function: Callable[..., Any] = no_var_expand(needs_local_scope(error_boundary(run)))
    return function
