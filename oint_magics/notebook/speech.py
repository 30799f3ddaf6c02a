"""The edge at which every error becomes our own lines, with nothing hanging on it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oint_magics.errors import InternalError, OintError

if TYPE_CHECKING:
    from collections.abc import Callable

_PACKAGE = Path(__file__).parent.parent


def spoken(magic: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    """Let a magic raise our errors only, clean: a traceback would quote the line, and it may hold a secret."""

    @functools.wraps(magic)
    def clean(self: Any, line: str) -> Any:
        problem: OintError
        try:
            return magic(self, line)
        except OintError as error:
            problem = error
        except Exception as error:  # noqa: BLE001 - no other may pass: IPython would print source lines
            problem = internal(error)
        line = ""
        problem.__cause__ = problem.__context__ = None
        raise problem.with_traceback(None)

    return clean


def internal(error: Exception) -> InternalError:
    """Return our error for an unexpected one: its type and place in our code, and nothing that it holds."""
    place = "oint_magics"
    traceback = error.__traceback__
    while traceback:
        path = Path(traceback.tb_frame.f_code.co_filename)
        if path.is_relative_to(_PACKAGE):
            place = f"{path.relative_to(_PACKAGE.parent).as_posix()}, line {traceback.tb_lineno}"
        traceback = traceback.tb_next
    return InternalError(
        f"Something unexpected happened inside oint_magics: {type(error).__name__} at {place}.",
        cause="a fault of ours; what was typed is not repeated here.",
        next_step="look whether the pair is as it was, and report this line",
    )
