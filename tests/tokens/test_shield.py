"""Work that nothing in the caller's thread cuts short, and the locks that it holds until its end."""

import _thread
import contextlib
import ctypes
import signal
import subprocess
import sys
import threading
import time

import pytest
from patience import wait_for

from oint_magics.errors import NotSent, Stopped
from oint_magics.http.watch import WORKER
from oint_magics.tokens.shield import Latch, shielded

SAID = "all is saved."


def press(*delays):
    """Press the stop button after some seconds each."""

    def go():
        for delay in delays:
            time.sleep(delay)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    presser = threading.Thread(target=go, daemon=True)
    presser.start()
    return presser


@contextlib.contextmanager
def handled(error):
    """Raise an error in the main thread by a signal's handler, as alarm recipes do."""

    def handler(*_):
        RAISED.append(error)
        raise error

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, before)


RAISED = []


@pytest.fixture(autouse=True)
def stop_button():
    """Python's own handler, which tells when it has raised."""

    def handler(*details):
        RAISED.append(KeyboardInterrupt)
        signal.default_int_handler(*details)

    before = signal.signal(signal.SIGINT, handler)
    yield
    signal.signal(signal.SIGINT, before)


def send(number):
    """Send a signal to the main thread, and wait until its handler has raised there."""
    before = len(RAISED)
    signal.pthread_kill(threading.main_thread().ident, number)
    wait_for(lambda: len(RAISED) > before, "the signal's handler did not run")


class Locks:
    """What work needs to be held; says when it was given back."""

    def __init__(self, done):
        self.done, self.released_after = done, None
        self.stack = contextlib.ExitStack()
        self.stack.callback(self.release)

    def release(self):
        self.released_after = list(self.done)


def work_under(done, *numbers, then=None):
    """Return work in whose middle signals come to the main thread, whatever the machine is doing."""

    def work():
        for number in numbers:
            send(number)
        done.append(1)
        return then() if then else 5

    return work


def test_returns_what_the_work_returns():
    assert shielded(lambda: 5, stopped=SAID) == 5


def test_raises_what_the_work_raises():
    with pytest.raises(ZeroDivisionError):
        shielded(lambda: 1 / 0, stopped=SAID)


def test_an_interrupt_waits_for_the_end():
    """Pressed once or five times, the work is done before the caller hears of it; the words are the work's."""
    for times in (1, 5):
        done = []
        with pytest.raises(Stopped, match="the stop came too late: all is saved"):
            shielded(work_under(done, *[signal.SIGINT] * times), stopped=SAID)
        assert done == [1]


def test_an_error_comes_before_the_interrupt():
    """What became of the token is more important than that somebody pressed stop."""
    with pytest.raises(ZeroDivisionError):
        shielded(work_under([], signal.SIGINT, then=lambda: 1 / 0), stopped=SAID)


ERRORS = [TimeoutError("mine"), SystemExit(3), RuntimeError("mine")]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_what_the_caller_raises_waits_for_the_end_too(error):
    """It is passed on unchanged, and the locks are held to the end of the work."""
    done = []
    locks = Locks(done)
    with handled(error), pytest.raises(type(error)) as caught:
        shielded(work_under(done, signal.SIGUSR1), stopped=SAID, locks=locks.stack)
    assert caught.value is error
    assert locks.released_after == [1]


class FromOutside(BaseException):
    """What another thread may set in this one."""


def test_an_exception_at_any_call_of_the_waiting():
    """One from outside is raised where Python looks for it: at the beginning of a call, here at each in turn."""
    for at in range(1, 1000):
        done, calls = [], []
        locks = Locks(done)

        def look(frame, _, __):
            if not frame.f_code.co_filename.endswith("shield.py"):
                return
            calls.append(frame.f_code.co_name)
            if len(calls) == at:
                sys.settrace(None)
                raise FromOutside
            return

        def work():
            time.sleep(0.002)
            done.append(1)

        before = sys.gettrace()
        sys.settrace(look)
        try:
            shielded(work, stopped=SAID, locks=locks.stack)
        except FromOutside:
            pass
        finally:
            sys.settrace(before)
        # It has come to its end, or was given up before it began, or nobody has taken the locks yet.
        is_begun = done or any(each.name == WORKER for each in threading.enumerate())
        assert locks.released_after == done or not (locks.released_after or is_begun), (at, calls)
        if len(calls) < at:
            break
    assert at > 5


STORM = """
import contextlib, signal, sys, time
from oint_magics.tokens.shield import shielded
armed, done, released = [True], [], []
def handler(*_):
    if armed:
        raise RuntimeError("mine")
def work():
    time.sleep(1)
    done.append(1)
locks = contextlib.ExitStack()
locks.callback(lambda: released.append(list(done)))
signal.signal(signal.SIGALRM, handler)
found = None
try:
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.001)
        shielded(work, stopped="x", locks=locks)
    finally:
        armed.clear()
except RuntimeError as error:
    found = error
signal.setitimer(signal.ITIMER_REAL, 0)
while not released: time.sleep(0.01)
print(found, released)
"""


def test_a_thousand_exceptions_a_second_do_not_let_go_of_the_locks():
    """One of them may fall where nothing can catch it: the locks are the worker's, and wait all the same."""
    assert subprocess.run([sys.executable, "-c", STORM], capture_output=True, text=True).stdout == "mine [[1]]\n"


def test_an_exception_set_from_another_thread_waits_for_the_end():
    done, caught, callers = [], [], []

    def work():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(callers[0]), ctypes.py_object(KeyError))
        time.sleep(0.05)
        done.append(1)

    def caller():
        callers.append(threading.get_ident())
        try:
            shielded(work, stopped=SAID)
        except KeyError as error:
            caught.append((error, list(done)))

    thread = threading.Thread(target=caller)
    thread.start()
    thread.join()

    assert [(type(error), found) for error, found in caught] == [(KeyError, [1])]


def test_stop_and_then_the_end_of_the_process_is_the_end_of_the_process():
    with handled(SystemExit(0)), pytest.raises(SystemExit):
        shielded(work_under([], signal.SIGINT, signal.SIGUSR1), stopped=SAID)


def test_stopped_is_an_interrupt():
    """So that `except Exception` does not swallow it, and a cell ends."""
    assert issubclass(Stopped, KeyboardInterrupt)
    assert Stopped("x")._render_traceback_() == ["Stopped: x"]


def test_interrupts_at_random_lose_nothing():
    """Whenever it is pressed: either nothing was begun, or all was done; and the locks are free."""
    for n in range(1, 61):
        done, begun = [], []
        locks = Locks(done)

        def work(begun=begun, done=done):
            begun.append(1)
            time.sleep(0.002)
            done.append(1)

        presser = None
        try:
            presser = press(n * 0.0002)
            shielded(work, stopped=SAID, locks=locks.stack)
            presser.join()  # The interrupt may come after the work.
        except KeyboardInterrupt:
            if presser is not None:  # Else it came while the thread was started, and no other comes.
                presser.join()
        assert begun == done
        assert locks.released_after in (None, done)


DAEMON = """
import threading, time
from oint_magics.tokens.shield import shielded
def work(): time.sleep(1); print("saved", flush=True)
thread = threading.Thread(target=lambda: shielded(work, stopped="x"), daemon=True)
thread.start()
time.sleep(0.3)
"""


def test_the_end_of_the_process_waits_for_work_that_a_daemon_thread_has_begun():
    assert (
        subprocess.run([sys.executable, "-c", DAEMON], capture_output=True, text=True, check=True).stdout == "saved\n"
    )


LATE = """
import atexit, threading, time
from oint_magics.tokens.shield import shielded
begun = threading.Event()
def work(): begun.set(); time.sleep(1); print("saved", flush=True)
def late(): begin.wait(); shielded(work, stopped="x")
begin = threading.Event()
threading.Thread(target=late, daemon=True).start()
atexit.register(lambda: (begin.set(), begun.wait(1)))
"""


def test_work_that_begins_while_the_process_ends_is_waited_for_or_not_begun():
    """What was registered later runs earlier: it begins when all other threads have ended."""
    done = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True)

    assert (done.returncode, done.stdout) in [(0, "saved\n"), (0, "")]


def test_a_child_process_does_not_wait_for_its_parent_s_work():
    code = DAEMON.replace("time.sleep(0.3)", "time.sleep(0.3)\nimport os\npid = os.fork()\nif pid == 0: raise SystemExit(7)\nprint(os.waitpid(pid, 0)[1] >> 8, flush=True)")  # fmt: skip
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "7\nsaved\n"


def test_a_latch_is_waited_for_by_many():
    latch, found = Latch(), []
    threads = [threading.Thread(target=lambda: found.append(latch.wait())) for _ in range(4)]
    for thread in threads:
        thread.start()
    latch.set()
    for thread in threads:
        thread.join()
    assert found == [None] * 4
    assert latch.is_set


@pytest.fixture
def lost_threads(monkeypatch):
    """The names of functions whose threads die at their birth, once each."""
    names, start = [], _thread.start_new_thread

    def start_new_thread(function, *details):
        if function.__name__ in names:
            names.remove(function.__name__)
            return 0
        return start(function, *details)

    monkeypatch.setattr(_thread, "start_new_thread", start_new_thread)
    return names


def test_a_thread_that_dies_at_its_birth_is_replaced(lost_threads):
    """On Python 3.11 an exception set from another thread may kill it before it has run anything."""
    lost_threads.append("_start")

    assert shielded(lambda: threading.current_thread().daemon, stopped=SAID) is False
    assert lost_threads == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Told of the thread that dies.
def test_it_is_replaced_too_while_exceptions_come_again_and_again(lost_threads):
    """Faster than the look at it."""
    lost_threads.append("_start")
    number, is_over = threading.get_ident(), threading.Event()

    def raise_again():
        while not is_over.wait(0.2):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(number), ctypes.py_object(KeyError))

    thread = threading.Thread(target=raise_again)
    done = []
    with contextlib.suppress(KeyError):
        thread.start()
        shielded(lambda: done.append("done"), stopped=SAID)
    for _ in range(9):
        with contextlib.suppress(KeyError):
            is_over.set()
            thread.join()
            time.sleep(0.01)
    assert done == ["done"]


def test_where_no_thread_can_be_started_nothing_is_sent(monkeypatch):
    """As at the end of a process since Python 3.12, or where a machine allows no more."""

    def refuse(*_, **__):
        raise RuntimeError("can't start new thread")

    locks = Locks([])
    with monkeypatch.context() as patch:
        patch.setattr(_thread, "start_new_thread", refuse)
        with pytest.raises(NotSent, match="nothing was sent"):
            shielded(lambda: locks.done.append("sent"), stopped=SAID, locks=locks.stack)
    assert locks.released_after == []
