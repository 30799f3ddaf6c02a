"""The stop button at every step of a refresh: what is lost, is the process usable, does the message tell the truth.

`python benchmarks/stops.py [STOPS]`, 200 unless told, in one process as a kernel is, a server that answers in 30 ms
and ends the family on reuse. Then as many at random moments.
"""

import collections
import contextlib
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from measure import show

from oint_magics import twitter
from oint_magics.errors import Stopped
from oint_magics.http import token_post
from oint_magics.oauth import token_endpoint
from oint_magics.sandbox import Sandbox
from oint_magics.stores import journal, locks
from oint_magics.stores.file import FileStore
from oint_magics.stores.private_folder import Folder
from oint_magics.stores.write_ahead import ExchangeRecord
from oint_magics.tokens import refresh as flow
from oint_magics.tokens.lineage import Lineage

# The steps in their order: what is stopped is the call itself, in its first moment.
STEPS = {
    "lock store": (locks, "_try_flock"),
    "read": (FileStore, "read"),
    "lock token": (flow, "token_lock"),
    "follow": (Lineage, "of"),
    "prove": (FileStore, "prove"),
    "begin record": (ExchangeRecord, "begin"),
    "send": (token_post, "post"),
    "answer": (ExchangeRecord, "append"),
    "read answer": (token_endpoint, "read_grant"),
    "save": (FileStore, "save"),
    "rename": (Folder, "rename"),
    "journal": (journal.Journal, "record"),
    "commit": (ExchangeRecord, "commit"),
    "show": (flow, "from_grant"),
}


class Trap:
    """Presses stop when a step begins, once."""

    def __init__(self, owner, name):
        self._owner, self._name = owner, name
        self._really = getattr(owner, name)

    def __enter__(self):
        really, armed = self._really, [True]

        def step(*args, **kwargs):
            if armed:
                armed.clear()
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.001)
            return really(*args, **kwargs)

        setattr(self._owner, self._name, step)

    def __exit__(self, *_):
        setattr(self._owner, self._name, self._really)


class Moment:
    """Presses stop at a random moment of a refresh."""

    def __enter__(self):
        self._timer = threading.Timer(random.uniform(0, 0.05), os.kill, (os.getpid(), signal.SIGINT))
        self._timer.start()

    def __exit__(self, *_):
        self._timer.cancel()
        self._timer.join()


def stopped(trap, sandbox):
    """Refresh under a trap; say what came of it, and whether what was said is true."""
    before, asked = Path("auth.json").read_bytes(), sandbox.accounts.counts.refreshes
    said, is_vague = "table", False
    try:
        with trap:
            twitter.refresh("auth.json")
    except Stopped as stop:
        said = "finished, then stopped" if "too late" in str(stop) else "stopped, nothing sent"
        # "What was sent before is saved": pressed when the work was done.
        is_vague = "sent before is saved" in str(stop)
    except KeyboardInterrupt:  # In the trap itself, before the call or after it.
        said, is_vague = "stopped, nothing sent", True
    with contextlib.suppress(KeyboardInterrupt):  # A moment may come after the end.
        time.sleep(0.001)
    sent = sandbox.accounts.counts.refreshes - asked
    is_new = Path("auth.json").read_bytes() != before
    wanted = [(0, False)] if said == "stopped, nothing sent" else [(1, True)]
    return said, (sent, is_new) in [*wanted, *([(1, True)] if is_vague else [])]


def case(step, trap, times, sandbox):
    """Stop so many times, refresh after each, and count."""
    said, untrue, unusable = collections.Counter(), 0, 0
    for _ in range(times):
        words, is_true = stopped(trap(), sandbox)
        said[words] += 1
        untrue += not is_true
        try:
            twitter.refresh("auth.json")
        except Exception:  # noqa: BLE001 - counted, whatever it is
            unusable += 1
    words = ("stopped, nothing sent", "finished, then stopped", "table")
    return (step, times, *(said[w] for w in words), untrue, unusable)


def main(stops):
    """Stop at each step, then anywhere."""
    sandbox = Sandbox()
    sandbox.accounts.punishes_reuse = True
    sandbox.faults.add("slow", seconds=0.03, times=10**6)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["OINT_HOME"] = f"{folder}/home"
        Path("auth.json").write_text(json.dumps(sandbox.issue()))
        each = -(-stops // len(STEPS))
        rows = [case(step, lambda where=where: Trap(*where), each, sandbox) for step, where in STEPS.items()]
        rows.append(case("at random", Moment, stops, sandbox))
        os.chdir("/")
    counts = sandbox.accounts.counts
    sandbox.stop()
    header = ("step", "stops", "stopped", "finished first", "not stopped", "untrue", "unusable after")
    show(f"stops; refused {counts.refused}, reused {counts.reuses}", header, rows)
    return rows, counts.refused, counts.reuses


if __name__ == "__main__":
    # A run in the background inherits an ignored stop button.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
