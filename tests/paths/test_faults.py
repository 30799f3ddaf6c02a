"""Every call that touches a file fails once, or is the last that a process makes: the account survives each."""

import collections
import errno
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from oint_magics import errors, twitter
from oint_magics.sandbox import Sandbox
from oint_magics.stores import open_store

HERE = Path(__file__).parent
FAIL, FULL, KILL_BEFORE, KILL_AFTER, READ_ONLY = 1, 2, 3, 4, 5

pytestmark = [
    pytest.mark.skipif(not (shutil.which("cc") and sys.platform == "linux"), reason="no C compiler for the shim"),
]


class Nursery:
    """Processes that refresh, each with a trap of its own."""

    def __init__(self, folder):
        shim = folder / "shim.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, HERE / "shim.c", "-ldl"], check=True)
        self.folder = folder / "files"
        environment = os.environ | {"LD_PRELOAD": str(shim), "SHIM_FOLDER": str(self.folder)}
        pipe = subprocess.PIPE
        words = [sys.executable, str(HERE / "nursery.py")]
        self._process = subprocess.Popen(words, env=environment, stdin=pipe, stdout=pipe, text=True)

    def run(self, source, at=0, action=0, number=errno.EIO):
        names = ("OINT_SHARED_STORE", "OINT_SHARED_KEY", "XDG_RUNTIME_DIR")
        order = {
            "folder": str(self.folder / "work"),
            "environment": {"OINT_HOME": str(self.folder / "home")} | {n: os.environ.get(n, "") for n in names},
            "trap": [at, action, number],
            "source": source,
        }
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def stop(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture(scope="module")
def nursery(tmp_path_factory):
    nursery = Nursery(tmp_path_factory.mktemp("faults"))
    yield nursery
    nursery.stop()


@pytest.fixture
def place(nursery, monkeypatch, team):
    """New folders, and a server that ends the family when a token is used twice."""
    sandbox = Sandbox()
    sandbox.accounts.punishes_reuse = True

    def renew(source):
        """Keep a fresh pair there; return what stands there, to be asked again later."""
        shutil.rmtree(nursery.folder, ignore_errors=True)
        (nursery.folder / "work").mkdir(parents=True)
        monkeypatch.chdir(nursery.folder / "work")
        monkeypatch.setenv("OINT_HOME", str(nursery.folder / "home"))
        twitter.keep(sandbox.issue(), source, replace=True)
        shutil.rmtree(nursery.folder / "home" / "newest", ignore_errors=True)
        store = open_store(source)
        if "linked" in source:
            os.link(store.path, "the-other-name.json")
        # A proof that is killed in place leaves blanks behind the text.
        return lambda: store.read().document.reveal() if "shared" in source else store.path.read_bytes().rstrip()

    yield sandbox, renew
    sandbox.stop()


def check_modes(folder):
    for path in folder.rglob("*"):
        if path.is_file():
            assert not path.stat().st_mode & 0o077, path
        elif path.name in (".oint", "newest", "locks", "profiles", "shared"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700, path


def rounds(nursery, place, source, action, number):
    """Set the trap at the first call, the second, and so on until it is not reached; yield what came of each.

    A disk that is full matters to those calls alone that make a file longer.
    """
    sandbox, renew = place
    renew(source)
    told = nursery.run(source)
    total = told["count"]
    assert total > 20
    for at in told["grew"] if action == FULL else range(1, total + 1):
        stored = renew(source)
        before, asked = stored(), sandbox.accounts.counts.refreshes
        told = nursery.run(source, at, action, number)
        yield at, told["said"], before == stored(), sandbox.accounts.counts.refreshes - asked
        check_modes(nursery.folder)


STORES = pytest.mark.parametrize("source", ["./auth.json", "./linked.json", "profile:work", "shared:work"])


@STORES
@pytest.mark.parametrize(
    ("action", "number"), [(FAIL, errno.EIO), (FULL, errno.ENOSPC)], ids=["one call fails", "the disk is full"]
)
def test_every_call_that_fails(nursery, place, source, action, number):
    """Nothing was sent, or the new pair is at hand: in the store, in a profile, or in the record."""
    sandbox, _ = place
    outcomes = collections.Counter()
    for at, said, is_as_before, sent in rounds(nursery, place, source, action, number):
        kind = said.split(":")[0]
        outcomes[kind] += 1
        assert kind in ("table", "StoreNotWritable", "NotSaved"), (at, said)
        assert sent == (kind != "StoreNotWritable"), (at, said)
        if kind == "StoreNotWritable" and "shared" not in source:  # The proof of a row encrypts it anew.
            assert is_as_before, at
        twitter.refresh(source)
        assert sandbox.accounts.counts.reuses == sandbox.accounts.counts.refused == 0, (at, said)
    print(dict(outcomes))
    assert outcomes["table"] > (3 if action == FAIL else 1)  # A full disk matters to few calls.
    assert outcomes["StoreNotWritable"] > 3


# Before a call is after the one before it, but for the network's.
@pytest.mark.parametrize(("source", "action"), [
    ("./auth.json", KILL_BEFORE), ("./auth.json", KILL_AFTER), ("./linked.json", KILL_AFTER), ("profile:work", KILL_AFTER),
    ("shared:work", KILL_AFTER),
], ids=lambda value: {KILL_BEFORE: "before", KILL_AFTER: "after"}.get(value, value))  # fmt: skip
def test_a_kill_at_every_call(nursery, place, source, action):
    """The next run repairs; only where the answer was on its way it says that it was lost, and never silently."""
    sandbox, _ = place
    count = collections.Counter()
    for at, said, is_as_before, sent in rounds(nursery, place, source, action, 0):
        if said == "table":  # The answer came in one piece this time: a call less.
            count["not reached"] += 1
            continue
        assert said == "killed", at
        assert is_as_before or sent
        reuses = sandbox.accounts.counts.reuses
        try:
            response = twitter.refresh(source)
        except errors.InvalidGrant as error:
            assert "was lost on the way" in str(error)
            assert sandbox.accounts.counts.reuses == reuses + 1
            count["lost, said"] += 1
            continue
        count["repaired" if "repaired" in str(response) else "good"] += 1
        assert sandbox.accounts.counts.reuses == reuses
    print(dict(count))
    assert count["not reached"] <= 1
    # The sandbox's answer comes in one or two pieces: lost is what was in hand, or had not come, when the kill fell.
    assert count["lost, said"] <= (2 if action == KILL_BEFORE else 1)
    assert count["repaired"] > 2 or "shared" in source
