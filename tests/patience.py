"""How long a test waits for an event before it says that something hangs: longer than any busy machine needs."""

import signal
import time

LONG = 300.0
LONG_MS = LONG * 1000
# For the code of a process: it tells when it has heard the stop button, then raises what Python raises.
TELLS_OF_STOP = """
import signal
def heard(*args):
    print("heard", flush=True)
    signal.default_int_handler(*args)
signal.signal(signal.SIGINT, heard)
"""


def wait_for(found, what, pause=0.02):
    """Ask until there is something, and return it.

    Args:
        found: returns something that is true when the event has come.
        what: what is waited for, or a call that says what was seen instead.
        pause: between two looks, in seconds.
    """
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        value = found()
        if value:
            return value
        time.sleep(pause)
    raise TimeoutError(what() if callable(what) else what)


def end(child):
    """Kill a program that pexpect began, and wait until it has ended: pexpect's `close` waits a tenth of a second."""
    child.kill(signal.SIGKILL)
    child.wait()
    child.close()
