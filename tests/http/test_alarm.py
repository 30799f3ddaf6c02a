"""Alarms: they ring in their order, not after they are cancelled, and all by one thread, which ends."""

import _thread
import os
import subprocess
import sys
import threading

import pytest
from patience import LONG, wait_for

from oint_magics.http import alarm
from oint_magics.http.alarm import Alarm


def test_they_ring_in_the_order_of_their_times():
    rung, last = [], threading.Event()
    late = Alarm(0.3, lambda: (rung.append("late"), last.set()))
    Alarm(0.0, lambda: rung.append("at once"))
    Alarm(0.1, lambda: rung.append("soon"))
    cancelled = Alarm(0.05, lambda: rung.append("cancelled"))
    cancelled.cancel()
    assert last.wait(LONG)
    assert rung == ["at once", "soon", "late"]
    assert not late.is_set
    late.cancel()  # Nothing happens.


def test_many_take_one_thread_which_ends():
    started = []
    start = _thread.start_new_thread

    def count(function, *args):
        started.append(function)
        return start(function, *args)

    wait_for(lambda: not alarm._clock._is_running, "the thread of other tests ends")
    with pytest.MonkeyPatch.context() as change:
        change.setattr(_thread, "start_new_thread", count)
        rung = threading.Semaphore(0)
        for n in range(2000):
            each = Alarm(0.5, rung.release)
            if n % 10:
                each.cancel()
        assert len(alarm._clock._alarms) <= 2000 // 10 + alarm._MANY + 1
        for _ in range(200):
            assert rung.acquire(timeout=LONG)
    assert 1 <= len(started) <= 3  # One; another where the first had not begun when it was looked for.
    wait_for(lambda: not alarm._clock._is_running, "the thread ends")


def test_a_call_that_fails_ends_no_other():
    rung = threading.Event()
    Alarm(0.0, lambda: 1 / 0)
    Alarm(0.1, rung.set)
    assert rung.wait(LONG)


def test_without_a_thread_nothing_is_raised(monkeypatch):
    def refuse(*_):
        raise RuntimeError("can't start new thread")

    wait_for(lambda: not alarm._clock._is_running, "the thread of other tests ends")
    monkeypatch.setattr(_thread, "start_new_thread", refuse)
    rung = threading.Event()
    Alarm(0.0, rung.set)
    monkeypatch.undo()
    Alarm(0.0, lambda: None)  # The next one is the other's too.
    assert rung.wait(LONG)


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_child_process_has_alarms_of_its_own():
    Alarm(LONG, lambda: None)
    child = os.fork()
    if child == 0:
        rung = threading.Event()
        Alarm(0.0, rung.set)
        os._exit(0 if rung.wait(LONG) else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_program_that_waits_for_none_ends_at_once():
    code = "from oint_magics.http.alarm import Alarm; Alarm(1000, print)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=LONG).stdout == b""
