"""The edge at which every error becomes ours, with nothing hanging on it.

A traceback's frames hold what the call was given and what the server answered; whoever logs or shows
an exception with its locals would show them too.
"""

from __future__ import annotations

from functools import wraps

TYPE_CHECKING = False  # not imported: `typing` costs more than the rest
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec, TypeVar

    from oint_magics.errors import OintError

    P = ParamSpec("P")
    R = TypeVar("R")


def clean(call: Callable[P, R]) -> Callable[P, R]:
    """Let a call raise our errors only, without the frames and the chain behind them."""

    @wraps(call)
    def at_the_edge(*args: P.args, **kwargs: P.kwargs) -> R:
        problem: BaseException
        try:
            return call(*args, **kwargs)
        except KeyboardInterrupt as stop:
            problem = stopped(stop)
        except TypeError as error:
            is_inside = error.__traceback__ is not None and error.__traceback__.tb_next is not None
            problem = ours(error) if is_inside else _misused(call.__name__)
        except Exception as error:  # noqa: BLE001 - no other may pass
            problem = ours(error)
        del args, kwargs
        problem.__cause__ = problem.__context__ = None
        raise problem.with_traceback(None)

    return at_the_edge


def stopped(stop: KeyboardInterrupt) -> KeyboardInterrupt:
    """Return the stop button's own error, with nothing of what was on the stack when it was pressed."""
    from oint_magics.errors import Stopped

    if isinstance(stop, Stopped):
        return stop
    return Stopped("stopped while nothing was on its way: what was sent before is saved, and nothing else was sent.")


def _misused(name: str) -> OintError:
    from oint_magics.errors import UsageError

    return UsageError(f"{name} does not take these arguments.", next_step=f"help(twitter.{name})")


def ours(error: Exception) -> OintError:
    """Return the error itself where it is ours, else one with its type and place in our code, and no more."""
    from pathlib import Path

    from oint_magics.errors import InternalError, OintError

    if isinstance(error, OintError):
        return error
    package = Path(__file__).parent
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
