"""A real PostgreSQL whose primary dies, and whose asynchronous standby is promoted without the last writes.

`python benchmarks/failover.py [PROMOTIONS]`: no account is lost on the machine that refreshed it.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from measure import show

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from postgres import Replicated

from oint_magics import errors, twitter
from oint_magics.sandbox import Sandbox


def main(promotions=20):
    """Print and return what came of each way to die, with the server's counts."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["OINT_HOME"] = str(Path(folder) / "oint")
        rows = _trial(promotions)
        os.chdir("/")
    show("", ("the primary dies", "promotions", "refreshed after it", "lost", "reuses", "seconds"), rows)
    return rows


def _trial(promotions):
    from cryptography.fernet import Fernet

    sandbox = Sandbox()
    sandbox.accounts.punishes_reuse = True
    team = Replicated()
    os.environ |= {"OINT_SHARED_STORE": team.address, "OINT_SHARED_KEY": Fernet.generate_key().decode()}
    ways = {
        "after a refresh": lambda: twitter.refresh("shared:work"),
        "after three refreshes": lambda: [twitter.refresh("shared:work") for _ in range(3)],
        "while the server answers": lambda: _meanwhile(sandbox, team),
        "after the first tokens were kept": lambda: twitter.keep(sandbox.issue(), "shared:new", replace=True),
    }
    rows = []
    try:
        twitter.keep(sandbox.issue(), "shared:work")
        for number, (way, act) in enumerate(ways.items()):
            times = len(range(number, promotions, len(ways)))
            start, counts = time.monotonic(), sandbox.accounts.counts
            good, reuses = 0, counts.reuses
            for _ in range(times):
                team.copy()
                if act() is not True:
                    team.fail()
                good += _is_good()
            rows.append([way, times, good, times - good, counts.reuses - reuses, round(time.monotonic() - start)])
    finally:
        team.stop()
        sandbox.stop()
    return rows


def _is_good():
    try:
        twitter.refresh("shared:work")
        return twitter.me("shared:work") is not None
    except errors.OintError as error:
        print(error)
        return False


def _meanwhile(sandbox, team):
    """Let the primary die between the request and the save; tell that it has."""
    import threading

    sandbox.faults.add("slow", 1.0)
    before = sandbox.accounts.counts.refreshes

    def fail():
        while sandbox.accounts.counts.refreshes == before:
            time.sleep(0.005)
        team.fail()

    thread = threading.Thread(target=fail)
    thread.start()
    try:
        twitter.refresh("shared:work")
    except errors.NotSaved:
        pass  # It is in the recovery file.
    finally:
        thread.join()
    return True


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
