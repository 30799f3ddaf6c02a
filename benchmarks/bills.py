"""The ledger against the sandbox's own book: random calls of two kernels and two apps, over midnight, with kills.

`python benchmarks/bills.py [SEQUENCES]`, 500 unless told. Then eight kernels read at once within one budget.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import show

from oint_magics.api import ledger
from oint_magics.sandbox import Sandbox

KERNEL = """
import json, sys
from oint_magics import twitter
from oint_magics.errors import OintError
for line in sys.stdin:
    path, options = json.loads(line)
    try:
        rows = twitter.get(path, **options)
        said = [len(rows), round(rows.cost * 1000), rows.more]
    except OintError as error:
        said = [len(getattr(error, "rows", ())), type(error).__name__, str(error)]
    print(json.dumps(said), flush=True)
"""
PATHS = ("users/@tidemerelantern/tweets", "users/@museumoftides/tweets", "users/@tidemererovers/tweets")
FIELDS = (None, "created_at", "text,author.username", "text,quoted.text,retweeted.text", "text,in_reply_to_user.name")


class Kernel:
    """A process that reads what it is told."""

    def __init__(self, **environment):
        pipe = subprocess.PIPE
        self._process = subprocess.Popen([sys.executable, "-c", KERNEL], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL,
                                         text=True, env=os.environ | environment)  # fmt: skip

    def begin(self, path, **options):
        self._process.stdin.write(json.dumps([path, options]) + "\n")
        self._process.stdin.flush()

    def end(self):
        return json.loads(self._process.stdout.readline())

    def kill(self):
        self._process.kill()
        self.stop()

    def stop(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def call(luck):
    """Return a path and its options."""
    options = {"max_rows": luck.choice((5, 20, 60, 130)), "auth": luck.choice(("one.json", "two.json"))}
    fields = luck.choice(FIELDS)
    if fields:
        options["fields"] = fields
    if luck.random() < 0.2:
        return "tweets/search/recent", options | {"query": luck.choice(("the", "has:hashtags", "lang:en -is:retweet"))}
    if luck.random() < 0.2:
        return "tweets/counts/recent", {"auth": options["auth"], "query": "the"}
    if luck.random() < 0.2:
        return luck.choice(PATHS).removesuffix("/tweets") + "/followers", options | {"fields": None}
    return luck.choice(PATHS), options


def total(app, months):
    """Return what the ledger has for an app, in thousandths of a US dollar."""
    return sum(ledger.Ledger(app).month(f"{month}-99").mills for month in sorted(months))


def sequence(luck, sandbox, kernels, number):
    """Make some calls; return the ledger's and the book's sums, and whether an answer may have been lost."""
    apps = []
    for name in ("one.json", "two.json"):
        auth = sandbox.issue(scope="tweet.read users.read follows.read offline.access")
        auth["expires_at"] = int(time.time()) + 7200  # A kill in a refresh is the trial of kills.py.
        Path(name).write_text(json.dumps(auth))
        Path(name).chmod(0o600)
        apps.append(auth["client_id"])
    # What a kernel that does not know the sandbox's clock yet has reserved stands on this machine's day.
    months, is_lost = {month(sandbox), time.strftime("%Y-%m", time.gmtime())}, False
    for _ in range(luck.randrange(3, 7)):
        if luck.random() < 0.3:
            sandbox.clock.set(luck.choice(("+5h", "+13h", "+1d")))
            months.add(month(sandbox))
        at = luck.randrange(2)
        path, options = call(luck)
        kernels[at].begin(path, **options)
        if number % 5 == 4 and luck.random() < 0.5:
            time.sleep(luck.random() * 0.08)
            kernels[at].kill()
            kernels[at], is_lost = Kernel(), True
        else:
            kernels[at].end()
    return [(total(app, months), round(sandbox.bills.spent(app) * 1000)) for app in apps], is_lost


def month(sandbox):
    return time.strftime("%Y-%m", time.gmtime(sandbox.clock.now()))


def within_a_budget():
    """Let eight kernels read at once; return the budget, what was billed, and the rows of each."""
    sandbox = Sandbox()
    auth = sandbox.issue()
    Path("eight.json").write_text(json.dumps(auth))
    Path("eight.json").chmod(0o600)
    kernels = [Kernel(OINT_TWITTER_BUDGET="6.50") for _ in range(8)]
    accounts = [
        "tidemerelantern",
        "tidemeretown",
        "museumoftides",
        "tidemererovers",
        "oldfordunited",
        "tidemerebuses",
        "tidemeretides",
        "lanternfest",
    ]
    for kernel, name in zip(kernels, accounts, strict=True):
        kernel.begin(f"users/@{name}/tweets", auth="eight.json", max_rows=None, fields="text,author.username")
    said = [kernel.end() for kernel in kernels]
    for kernel in kernels:
        kernel.stop()
    billed = round(sandbox.bills.spent() * 1000)
    sandbox.stop()
    return 6500, billed, said


def main(sequences=500, seed=1):
    """Run them; return how many were below the book, how many were above without a lost answer, and the budget's."""
    below = above = lost = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["OINT_HOME"] = f"{folder}/oint"
        luck, sandbox = random.Random(seed), Sandbox()
        sandbox.limits.of.clear()
        kernels = [Kernel(), Kernel()]
        for number in range(sequences):
            found, is_lost = sequence(luck, sandbox, kernels, number)
            lost += is_lost
            below += any(ours < book for ours, book in found)
            above += not is_lost and any(ours > book for ours, book in found)
        for kernel in kernels:
            kernel.stop()
        sandbox.stop()
        budget, billed, said = within_a_budget()
        os.chdir("/")
    rows = [each[0] for each in said]
    show(
        "the ledger and the sandbox's book",
        (
            "sequences",
            "with a kill",
            "ledger below",
            "above without a kill",
            "budget",
            "billed by eight kernels",
            "rows",
        ),
        [(sequences, lost, below, above, f"${budget / 1000:.2f}", f"${billed / 1000:.3f}", " ".join(map(str, rows)))],
    )
    return [below, above, billed <= budget, rows]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
