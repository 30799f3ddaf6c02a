"""Work that the stop button does not reach: once a token is on its way, its answer must be saved."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from oint_magics.errors import Stopped

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class _Outcome(Generic[T]):
    value: T
    error: BaseException | None = None


def finish(work: Callable[[], T]) -> T:
    """Do work in a thread of its own and wait for its end, through every interrupt.

    Args:
        work: what to do; it bounds its own time.

    Returns:
        What the work returns.

    Raises:
        Stopped: somebody pressed stop meanwhile; the work is done and its value is lost to the caller.
        BaseException: what the work raises.
    """
    outcome: _Outcome[T] = _Outcome()
    gate, done = threading.Event(), threading.Event()
    cancelled: list[bool] = []

    def run() -> None:
        gate.wait()
        try:
            if not cancelled:
                outcome.value = work()
        except BaseException as error:  # noqa: BLE001 - carried over to the caller's thread
            outcome.error = error
        finally:
            done.set()

    is_stopped = False
    try:
        threading.Thread(target=run, name="oint_magics flight").start()
        gate.set()
    except KeyboardInterrupt:
        is_stopped = True
    if not gate.is_set():  # Stopped before anything was begun.
        cancelled.append(True)
        gate.set()
        raise KeyboardInterrupt
    # Not `join`: an interrupt inside it makes a thread look ended that is not.
    while not done.is_set():
        try:
            gate.set()
            done.wait()
        except KeyboardInterrupt:
            is_stopped = True
    if outcome.error is not None:
        raise outcome.error
    if is_stopped:
        raise Stopped("too late to stop: the token was on its way. It is refreshed, and the new pair is saved.")
    return outcome.value
