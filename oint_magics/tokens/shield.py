"""Work that nothing in the caller's thread can cut short: once a token is on its way, its answer must be saved.

The worker holds the locks itself and gives them back when it is done. So they stay held whatever is raised in the
thread that waits: the stop button, an alarm's handler, `sys.exit` on a signal, an exception set from another thread.
"""

from __future__ import annotations

import _thread
import atexit
import contextlib
import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from oint_magics import process
from oint_magics.errors import NotSent, Stopped
from oint_magics.http.watch import WORKER

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
_LONGEST_WAIT = 1.0
# One place in it for each work that is on its way; at the end of the process no other may begin.
_at_work: set[_Work[Any]] = set()
_is_over: list[bool] = []
_here = threading.local()


class Latch:
    """Something that happens once, and is waited for through every exception.

    Not `threading.Event`: an exception that falls into its `wait` may leave its own lock held for ever.
    """

    def __init__(self) -> None:
        self._closed = threading.Lock()
        self._closed.acquire()
        self.is_set = False

    def set(self) -> None:
        """Let it happen; once."""
        self.is_set = True
        self._closed.release()

    def wait(
        self, hurry: Callable[[], object] = lambda: None, look: Callable[[], object] = lambda: None
    ) -> BaseException | None:
        """Wait for it; return what was raised here meanwhile: the last that is no stop, else the stop.

        Args:
            hurry: called after something was raised, again where it was interrupted itself; it may let it happen.
            look: called each second, and after something was raised.
        """
        raised: BaseException | None = None
        is_told = True
        while not self.is_set:
            try:
                if not is_told:
                    hurry()
                    look()
                    is_told = True
                if self._closed.acquire(timeout=_LONGEST_WAIT):
                    self._closed.release()
                else:
                    look()
            except BaseException as error:  # noqa: BLE001 - whatever it is, the caller gets it afterwards
                raised, is_told = _later(raised, error), False
        return raised


class _Work(Generic[T]):
    """Work, the locks it needs, and what came of it."""

    value: T
    error: BaseException | None = None
    early: BaseException | None = None

    def __init__(self, work: Callable[[], T], locks: contextlib.ExitStack | None) -> None:
        self._work = work
        self.holds_locks = locks is not None
        self._locks = locks.pop_all() if locks else contextlib.ExitStack()
        self._claim = threading.Lock()
        self.done, self.told = Latch(), Latch()

    def is_claimed(self) -> bool:
        """Claim the work; tell whether it was claimed before: it begins at most once, or is given up before that."""
        return not self._claim.acquire(blocking=False)

    def start(self) -> None:
        """Start a thread that claims the work, by another one.

        On Python 3.11 an exception that a program sets in this thread may fall into the one that is started here,
        which dies at its birth, and `threading.Thread.start` waits for it without end.
        """
        try:
            _thread.start_new_thread(self._start, ())
        except RuntimeError:
            self._refuse()

    def start_again(self) -> None:
        """Start another thread where the first has not claimed the work."""
        if not self._claim.locked():
            self.start()

    def _start(self) -> None:
        # Never a daemon, which would be cut off where the process ends; a thread inherits that from its caller.
        thread = threading.Thread(target=self.run, name=WORKER, daemon=False)
        try:
            thread.start()
        except RuntimeError:
            self._refuse()

    def _refuse(self) -> None:
        if not self.is_claimed():
            self.error = NotSent(
                "No thread can be started, so nothing was sent: the process is ending, or has too many."
            )
            self.give_up()
            self._finish()

    def tell(self, error: BaseException) -> None:
        """Raise an error in the caller now; the work continues and keeps its locks."""
        self.early = error
        self.told.set()

    def _finish(self) -> None:
        self.done.set()
        if not self.told.is_set:
            self.told.set()

    def run(self) -> None:
        if self.is_claimed():
            return
        _here.work = self
        try:
            with self._locks:
                self.value = self._work()
        except BaseException as error:  # noqa: BLE001 - carried over to the caller's thread
            self.error = error
        finally:
            _here.work = None
            _at_work.discard(self)
            self._finish()

    def give_up(self) -> None:
        _at_work.discard(self)
        self._locks.close()


def shielded(work: Callable[[], T], *, stopped: str, locks: contextlib.ExitStack | None = None) -> T:
    """Do work in a thread of its own, and wait for its end through every exception in this one.

    Args:
        work: what to do; it bounds its own time.
        stopped: what is true when it is done and somebody has pressed stop meanwhile, as a sentence.
        locks: what the work needs to be held; given back when it is done, whatever happens here.

    Returns:
        What the work returns.

    Raises:
        Stopped: somebody pressed stop meanwhile; the work is done and its value is lost to the caller.
        BaseException: what was raised in this thread meanwhile, unchanged; else what the work raises.
    """
    task = _Work(work, locks)
    seen: tuple[BaseException, ...] = ()
    raised = _begin(task)
    while True:
        try:
            waited = task.told.wait(look=task.start_again)
            break
        except BaseException as between:  # noqa: BLE001 - it fell between two lines of the waiting
            seen += (between,)  # No call is made here: another one may be about to be raised.
    for each in (*seen, waited):
        raised = _later(raised, each)
    if raised is not None and not isinstance(raised, KeyboardInterrupt):
        raise raised
    error = task.early or task.error
    if error is not None:
        raise error
    if raised is not None:
        raise Stopped(f"the stop came too late: {stopped}")
    return task.value


def tell(error: BaseException) -> bool:
    """Raise an error in the caller of the work that runs in this thread; return whether that was possible.

    The work continues and keeps its locks. Its result is found in the store later.
    """
    work = getattr(_here, "work", None)
    if work is None or not work.holds_locks:
        return False
    work.tell(error)
    return True


def within(seconds: float, work: Callable[[], T], otherwise: T) -> T:
    """Return what some work returns, or something else where it fails or takes too long.

    Args:
        seconds: how long to wait.
        work: what to do in a thread of its own; it only asks, so it may go on.
        otherwise: what to return instead.
    """
    found: list[T] = []

    def ask() -> None:
        with contextlib.suppress(Exception):
            found.append(work())

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else otherwise


def _later(first: BaseException | None, second: BaseException | None) -> BaseException | None:
    """Return the one of two exceptions that the caller gets: the last that is no stop, else a stop."""
    is_more = second is not None and not (first is not None and isinstance(second, KeyboardInterrupt))
    return second if is_more else first


def _begin(task: _Work[T]) -> BaseException | None:
    """Start the thread; what is raised before the work has begun keeps it from beginning, else it is returned."""
    try:
        _at_work.add(task)
        _check_not_over()
        task.start()
    except BaseException as error:
        if not task.is_claimed():
            task.give_up()
            raise
        return error  # Too late: it has begun.
    return None


def _check_not_over() -> None:
    if _is_over:
        raise NotSent("The process is ending, so nothing was sent.")


def _end() -> None:
    """Let no work begin any more, and wait for what a daemon thread has begun while the process was ending."""
    _is_over.append(True)
    for task in list(_at_work):
        if task.is_claimed():
            task.done.wait()


def _forget() -> None:
    """Know nothing of the parent's work, whose threads are not here."""
    _at_work.clear()


atexit.register(_end)
process.in_child(_forget)
