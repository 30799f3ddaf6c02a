"""The edge at which every error becomes ours, with nothing hanging on it.

A traceback's frames hold what the call was given and what the server answered; whoever logs or shows
an exception with its locals would show them too.
"""

from __future__ import annotations

from functools import wraps

# What does nothing in the caller's thread but wait: `tokens.shield.Latch.wait`, `stores.locks.wait_a_moment`.
_WAITING = ("wait", "wait_a_moment")

TYPE_CHECKING = False  # not imported: `typing` costs more than the rest
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType, TracebackType
    from typing import ParamSpec, TypeVar

    from oint_magics.errors import OintError

    P = ParamSpec("P")
    R = TypeVar("R")


def error_boundary(call: Callable[P, R], reword: Callable[[Exception], None] = lambda _: None) -> Callable[P, R]:
    """Let a call raise our errors only, without the frames and the chain behind them.

    What the caller itself has raised in it (an alarm's handler, `sys.exit` on a signal) is passed on as it is.

    Args:
        call: the call.
        reword: may change the words of an error.
    """

    @wraps(call)
    def at_the_edge(*args: P.args, **kwargs: P.kwargs) -> R:
        problem: BaseException
        try:
            return call(*args, **kwargs)
        except KeyboardInterrupt as stop:
            problem = to_stopped(stop)
        except Exception as error:  # noqa: BLE001 - no other may pass
            problem = _known(error, call.__name__)
            reword(problem)
        except BaseException as error:  # noqa: BLE001 - the caller's own, or the end of the process
            problem = error
        del args, kwargs
        problem.__cause__ = problem.__context__ = None
        raise problem.with_traceback(None)

    return at_the_edge


def to_stopped(stop: KeyboardInterrupt) -> KeyboardInterrupt:
    """Return the stop button's own error, with nothing of what was on the stack when it was pressed."""
    from oint_magics.errors import Stopped

    if isinstance(stop, Stopped):
        return stop
    return Stopped("stopped before anything else was sent. An answer that still comes is saved.")


def _known(error: Exception, name: str) -> Exception:
    """Return what becomes of an error of a call: the caller's own, or one of ours."""
    if isinstance(error, TypeError) and error.__traceback__ is not None and error.__traceback__.tb_next is None:
        return _misused(name)
    return error if _is_callers(error) else to_oint_error(error)


def _misused(name: str) -> OintError:
    from oint_magics.errors import UsageError

    return UsageError(f"{name} does not take these arguments.", next_step=f"help(twitter.{name})")


def to_oint_error(error: Exception) -> OintError:
    """Return the error itself where it is ours, else one with its type and place in our code, and no more."""
    from pathlib import Path

    from oint_magics.errors import InternalError, OintError

    if isinstance(error, OintError):
        return error
    if isinstance(error, ImportError | AttributeError):
        from oint_magics.packages import module_of, not_imported

        module = module_of(error)
        if module:
            return not_imported(module)
    package = Path(__file__).parent
    place = "oint_magics"
    for each in _tracebacks(error):
        path = Path(each.tb_frame.f_code.co_filename)
        if path.is_relative_to(package):
            place = f"{path.relative_to(package.parent).as_posix()}, line {each.tb_lineno}"
    return InternalError(
        f"Something unexpected happened inside oint_magics: {type(error).__name__} at {place}.",
        cause="a bug in oint_magics. This message contains nothing that you typed.",
        next_step="check the tokens with %twitter_status, and report the first line of this message",
    )


def _tracebacks(error: BaseException) -> Iterator[TracebackType]:
    """Yield an error's traceback, and each one below it."""
    each = error.__traceback__
    while each:
        yield each
        each = each.tb_next


def _is_callers(error: BaseException) -> bool:
    """Tell whether an error comes from a signal's handler, or was set while nothing but waiting was done here."""
    codes = [each.tb_frame.f_code for each in _tracebacks(error)]
    mine = [code for code in codes if code.co_filename.startswith(__file__.removesuffix("error_boundary.py"))]
    return (bool(mine) and mine[-1].co_name in _WAITING) or not set(_handlers()).isdisjoint(codes)


def _handlers() -> Iterator[CodeType]:
    """Yield the code of each handler of a signal that is written in Python."""
    try:
        import signal
    except ImportError:  # The interpreter is ending.
        return
    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        handler = getattr(handler, "func", handler)  # functools.partial
        if callable(handler):  # The system's own are not, but are members of an enumeration that libraries call.
            codes = (getattr(handler, "__code__", None), getattr(type(handler).__call__, "__code__", None))
            yield from filter(None, codes)
