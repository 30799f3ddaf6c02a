"""The edge at which every error becomes our own lines, with nothing hanging on it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from oint_magics.errors import OintError


def spoken(magic: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    """Let a magic raise our errors only, clean: a traceback would quote the line, and it may hold a secret."""

    @functools.wraps(magic)
    def clean(self: Any, line: str) -> Any:
        try:
            return magic(self, line)
        except Exception as error:  # noqa: BLE001 - no other may pass: IPython would print source lines
            problem = ours(error)
        line = ""
        problem.__cause__ = problem.__context__ = None
        raise problem.with_traceback(None)

    return clean


def ours(error: Exception) -> OintError:
    """Return the error itself where it is ours, else one with its type and place in our code, and no more."""
    from oint_magics.errors import InternalError, OintError

    if isinstance(error, OintError):
        return error
    package = Path(__file__).parent.parent
    place = "oint_magics"
    traceback = error.__traceback__
    while traceback:
        path = Path(traceback.tb_frame.f_code.co_filename)
        if path.is_relative_to(package):
            place = f"{path.relative_to(package.parent).as_posix()}, line {traceback.tb_lineno}"
        traceback = traceback.tb_next
    return InternalError(
        f"Something unexpected happened inside oint_magics: {type(error).__name__} at {place}.",
        cause="a fault of ours; what was typed is not repeated here.",
        next_step="look whether the pair is as it was, and report this line",
    )
