"""Many processes want a fresh token at once: one request, and everybody has the same token."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROCESSES = 16
CODE = """
import sys, time
from oint_magics.http import token_post
from oint_magics import twitter
from oint_magics.twitter import calls
print("ready", flush=True)
sys.stdin.readline()
print(twitter.refresh(sys.argv[1], if_expired=True)["access_token"], flush=True)
"""


def rush(sources):
    """Start a process for each source, release them all at once; return what each printed, and the time."""
    processes = [
        subprocess.Popen([sys.executable, "-c", CODE, source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for source in sources
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    start = time.monotonic()
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    tokens = [process.stdout.readline().strip() for process in processes]
    took = time.monotonic() - start
    for process in processes:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()
    return tokens, took


@pytest.fixture
def expired(sandbox, auth_file):
    """A file whose pair says nothing of its expiry; the server ends the family on reuse and answers in 300 ms."""
    sandbox.accounts.punishes_reuse = True
    auth_file()
    document = json.loads(Path("auth.json").read_text())
    Path("auth.json").write_text(json.dumps(document | {"access_token": "no-stamp"}))
    sandbox.faults.add("slow", seconds=0.3, times=99)
    return "auth.json"


def check(sandbox, tokens):
    assert sandbox.accounts.counts.refreshes == 1
    assert sandbox.accounts.counts.reuses == 0
    assert len(set(tokens)) == 1
    assert sandbox.accounts.bearer(tokens[0])


def test_one_file(sandbox, expired):
    tokens, _ = rush([expired] * PROCESSES)

    check(sandbox, tokens)


def test_one_profile(sandbox, expired, home):
    (home / "oint" / "profiles").mkdir(parents=True)
    shutil.move(expired, home / "oint" / "profiles" / "work.json")
    tokens, _ = rush(["profile:work"] * PROCESSES)

    check(sandbox, tokens)


def test_two_copies_of_one_file(sandbox, expired):
    """They do not know of each other; the token's lock and the journal do."""
    Path("elsewhere").mkdir()
    shutil.copy(expired, "elsewhere/copy.json")
    tokens, _ = rush([expired, "elsewhere/copy.json"] * (PROCESSES // 2))

    check(sandbox, tokens)


def test_the_same_text(sandbox, expired):
    text = Path(expired).read_text()
    tokens, _ = rush([text] * PROCESSES)

    check(sandbox, tokens)
