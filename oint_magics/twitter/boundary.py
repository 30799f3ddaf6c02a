"""What every public function has around it: our errors alone, with next steps that name calls."""

from __future__ import annotations

from oint_magics.error_boundary import error_boundary

TYPE_CHECKING = False  # not imported: `typing` alone costs more than all the rest here
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")


def call(work: Callable[P, R]) -> Callable[P, R]:
    """Let a call raise our errors only, with next steps that name calls."""
    return error_boundary(work, _name_calls)


def _name_calls(problem: Exception) -> None:
    from oint_magics.display.steps import as_calls
    from oint_magics.errors import OintError

    if isinstance(problem, OintError):
        problem.cause = problem.cause and as_calls(problem.cause)
        problem.next_step = problem.next_step and as_calls(problem.next_step)
