"""Many calls from eight threads while the access token ends every five seconds; then the same, revoked in the middle.

`python benchmarks/lifetime.py [SECONDS]`
"""

import collections
import json
import math
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from measure import show
from requests.adapters import HTTPAdapter

from oint_magics import twitter
from oint_magics.sandbox import Sandbox

CALLS, THREADS, LIFE = 2000, 8, 5
LEEWAY = LIFE / 10


class Run:
    """Calls, spread over some seconds.

    Args:
        seconds: how long it lasts.
        ends: whether the server ends the pair when half of the time is over.
    """

    def __init__(self, seconds, *, ends):
        self.seconds, self.ends = seconds, ends
        self.seen = collections.Counter()
        self.sandbox = Sandbox(LIFE)
        self.sandbox.accounts.punishes_reuse = True
        self.sandbox.limits.of.clear()
        Path("auth.json").write_text(json.dumps(self.sandbox.issue() | {"expires_at": int(time.time()) + LIFE}))

    def go(self):
        client = twitter.session("auth.json")
        client.mount("http://", HTTPAdapter(pool_maxsize=THREADS))
        begun = time.monotonic()
        threads = [threading.Thread(target=self._work, args=(client, begun + n / 100)) for n in range(THREADS)]
        if self.ends:
            threads.append(threading.Timer(self.seconds / 2, self.sandbox.accounts.end_all))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.sandbox.stop()
        return self

    def _work(self, client, begun):
        calls = CALLS // THREADS
        for n in range(calls):
            time.sleep(max(0.0, begun + n * self.seconds / calls - time.monotonic()))
            try:
                self.seen[str(client.get(f"{client.api}/2/users/me").status_code)] += 1
            except Exception as error:  # noqa: BLE001 - counted, whatever it is
                self.seen[type(error).__name__] += 1


def main(seconds):
    """Return both runs' counts."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["OINT_HOME"] = f"{folder}/home"
        live, ended = (Run(seconds, ends=ends).go() for ends in (False, True))
        os.chdir("/")
    most = math.ceil(seconds / (LIFE - LEEWAY)) + 1
    rows = []
    for name, run in (("live", live), ("revoked in the middle", ended)):
        counts, good = run.sandbox.accounts.counts, run.seen["200"]
        other = ", ".join(f"{n} × {what}" for what, n in sorted(run.seen.items()) if what != "200")
        spent = (counts.refreshes, most, counts.refused, counts.reuses)
        rows.append((name, sum(run.seen.values()), good, *spent, other))
    header = ("run", "calls", "good", "refreshes", "wanted at most", "refused", "reused", "other")
    show(f"{CALLS} calls from {THREADS} threads in {seconds} s, tokens of {LIFE} s", header, rows)
    return [list(row) for row in rows]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 600)
