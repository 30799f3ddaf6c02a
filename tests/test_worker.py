import signal
import threading
import time

import pytest

from oint_magics.errors import Stopped
from oint_magics.worker import finish


def interrupt_after(*delays):
    """Press the stop button after some seconds each."""

    def press():
        for delay in delays:
            time.sleep(delay)
            signal.raise_signal(signal.SIGINT) if False else signal.pthread_kill(
                threading.main_thread().ident, signal.SIGINT
            )

    presser = threading.Thread(target=press, daemon=True)
    presser.start()
    return presser


def test_returns_what_the_work_returns():
    assert finish(lambda: 5) == 5


def test_raises_what_the_work_raises():
    with pytest.raises(ZeroDivisionError):
        finish(lambda: 1 / 0)


def test_an_interrupt_waits_for_the_end():
    """Pressed once or five times, the work is done before the caller hears of it."""
    for delays in ((0.05,), (0.02,) * 5):
        done = []
        presser = interrupt_after(*delays)
        with pytest.raises(Stopped, match="the new pair is saved"):
            finish(lambda: (time.sleep(0.3), done.append(1)))
        assert done == [1]
        presser.join()


def test_an_error_comes_before_the_interrupt():
    """What became of the token is more important than that somebody pressed stop."""

    def work():
        time.sleep(0.2)
        raise ValueError

    interrupt_after(0.05)
    with pytest.raises(ValueError):
        finish(work)


def test_stopped_is_an_interrupt():
    """So that `except Exception` does not swallow it, and a cell ends."""
    assert issubclass(Stopped, KeyboardInterrupt)
    assert Stopped("x")._render_traceback_() == ["Stopped: x"]


def test_interrupts_at_random_lose_nothing():
    """Whenever it is pressed: either nothing was begun, or all was done."""
    for n in range(1, 61):
        begun, done = [], []

        def work(begun=begun, done=done):
            begun.append(1)
            time.sleep(0.002)
            done.append(1)

        try:
            presser = interrupt_after(n * 0.0002)
            finish(work)
            while presser.is_alive():  # the interrupt may come after the work
                time.sleep(0.001)
            time.sleep(0.01)
        except KeyboardInterrupt:
            pass
        assert begun == done
