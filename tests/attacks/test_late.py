"""B10: an answer that comes after the deadline is saved: the caller is told, and the worker listens still."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from attacks.rows import pair
from field.rows import case
from jupyter_client.manager import start_new_kernel
from patience import LONG, wait_for
from raw_server import answer

from oint_magics import errors, twitter
from oint_magics.http import watch
from oint_magics.stores import lease, open_store

NEW = {"token_type": "bearer", "expires_in": 7200, "access_token": "new-access", "refresh_token": "new-token"}
WHOLE = json.dumps(NEW).encode()


@pytest.fixture
def held(raw, auth, monkeypatch):
    """A server that answers when it is told to, a deadline of a second, and a file and a team's row for it."""
    monkeypatch.setenv("OINT_TWITTER_TIMEOUT", "1")
    go = threading.Event()
    first = {"sent": b""}

    def behaviour(connection):
        connection.sendall(first["sent"])
        go.wait(LONG)
        answer("200 OK", WHOLE)(connection) if not first["sent"] else connection.sendall(WHOLE[20:])

    server = raw(behaviour)
    server.go, server.first = go, first
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    Path("auth.json").write_text(json.dumps(auth))
    yield server
    go.set()


def token_in(source):
    return open_store(source).read().refresh_token.reveal()


@pytest.mark.parametrize(("source", "part"), [
    case("B10", "the answer comes after our deadline: a file", "cut; InDoubt; the next run is dead", "./auth.json", False),
    case("B10", "the same: half of the answer in time", "cut; InDoubt; the next run is dead", "./auth.json", True),
    case("B10", "the same: a team's row", "cut; InDoubt; the next run is dead", "shared:work", False),
])  # fmt: skip
def test_a_late_answer_is_saved(held, auth, team, after, source, part):
    if source.startswith("shared:"):
        twitter.keep(auth, source)
    if part:
        held.first["sent"] = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(WHOLE) + WHOLE[:20]

    with pytest.raises(errors.InDoubt, match="has not answered within 1 seconds") as caught:
        twitter.refresh(source)
    assert "run it again: it waits for that answer" in caught.value.next_step
    held.go.set()

    again = twitter.refresh(source, if_expired=True)
    assert again["refresh_token"] == token_in(source) == "new-token"
    assert len(held.requests) == 1
    after("told at the deadline; the answer is saved, and the next run finds it")


def test_who_asks_meanwhile_sends_nothing_and_gets_the_answer(held):
    with pytest.raises(errors.InDoubt):
        twitter.refresh("auth.json")
    timer = threading.Timer(0.5, held.go.set)
    timer.start()

    assert twitter.refresh("auth.json", if_expired=True)["access_token"] == "new-access"
    timer.join()
    assert len(held.requests) == 1


def test_who_asks_for_too_long_is_told_who_listens(held, monkeypatch):
    with pytest.raises(errors.InDoubt):
        twitter.refresh("auth.json")

    with pytest.raises(errors.StoreBusy) as caught:
        open_store("./auth.json").lock(0.2, lambda: None).__enter__()
    assert "this process still waits for the answer" in caught.value.cause
    assert "end" not in caught.value.next_step.replace("do not end this process", "")


def test_the_lease_is_renewed_while_somebody_listens(held, auth, team, home, monkeypatch):
    """Another machine waits, and does not send."""
    monkeypatch.setattr(lease, "_MARGIN", 3.0)
    twitter.keep(auth, "shared:work")
    with pytest.raises(errors.InDoubt):
        twitter.refresh("shared:work")
    ((until,),) = team.run("SELECT until FROM oint_pair WHERE name = 'work'")
    query = f"SELECT 1 FROM oint_pair WHERE name = 'work' AND until > '{until}'::timestamptz + interval '3 seconds'"
    wait_for(lambda: team.run(query), "the lease is not renewed")
    held.go.set()
    wait_for(lambda: token_in("shared:work") == "new-token", "the answer is not saved")
    monkeypatch.setenv("OINT_HOME", str(home / "elsewhere"))

    assert twitter.refresh("shared:work", if_expired=True)["refresh_token"] == "new-token"
    assert len(held.requests) == 1


def test_after_the_longest_time_it_is_in_doubt(held, monkeypatch):
    monkeypatch.setattr(watch, "_LONGEST", 1.8)
    with pytest.raises(errors.InDoubt, match="has not answered"):
        twitter.refresh("auth.json")
    wait_for(lambda: open_store("./auth.json").holder() is None, "the file is still held")

    assert "in doubt" in str(twitter.status("auth.json"))
    assert pair()["refresh_token"] != "new-token"


@pytest.mark.parametrize("end", [
    case("B10", "the program ends while it listens", "-", ""),
    case("B10", "the program ends by sys.exit", "-", "sys.exit(3)"),
    case("B10", "the program ends by an exception", "-", "1/0"),
])  # fmt: skip
def test_a_program_that_ends_is_not_held_up(held, after, end):
    code = (
        "import sys; from oint_magics import twitter, errors\n"
        f"try: twitter.refresh('auth.json')\nexcept errors.InDoubt: print('in doubt', flush=True)\n{end}"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ
    )
    assert process.stdout.readline() == b"in doubt\n"
    start = time.monotonic()
    process.wait(LONG)
    process.stdout.close()
    assert time.monotonic() - start < LONG / 2

    assert "in doubt" in str(twitter.status("auth.json"))
    held.go.set()
    assert twitter.refresh("auth.json")["access_token"] == "new-access"  # The one more try that is allowed.
    after("it ends at once; the record says that the outcome is unknown")


def test_a_kernel_that_is_restarted_ends_by_itself(held):
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        client.execute_interactive(
            "from oint_magics import twitter, errors\ntry: twitter.refresh('auth.json')\nexcept errors.InDoubt: pass",
            timeout=LONG,
        )
        process = manager.provisioner.process
        client.shutdown()

        assert process.wait(LONG) == 0
        assert len(held.requests) == 1
        assert "in doubt" in str(twitter.status("auth.json"))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_program_whose_main_thread_has_ended_goes_on(held):
    """A server's thread, say, is the program. Since Python 3.12 no thread can be started from some moment on.

    Which of both comes first is Python's affair: nothing is sent, or the answer is waited for and saved.
    """
    code = (
        "import threading; from oint_magics import twitter, errors\n"
        "def serve():\n"
        "    threading.main_thread().join()\n"
        "    try: twitter.refresh('auth.json')\n"
        "    except errors.InDoubt as error: print('told', 'waits for the answer' in error.cause, flush=True)\n"
        "    except errors.NotSent: return print('not sent', flush=True)\n"
        "    print(twitter.refresh('auth.json', if_expired=True)['access_token'], flush=True)\n"
        "threading.Thread(target=serve).start()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=os.environ)
    first = process.stdout.readline()
    held.go.set()

    rest = process.communicate(timeout=LONG)[0]
    waited, not_sent = ("told True\n", "new-access\n", 1), ("not sent\n", "", 0)
    found = (first, rest, len(held.requests))
    assert found == waited or (found == not_sent and sys.version_info >= (3, 12))


def test_another_process_is_not_told_to_end_the_one_that_waits(held):
    code = "from oint_magics import twitter, errors\ntry: twitter.refresh('auth.json')\nexcept errors.InDoubt: print('told', flush=True)\ninput()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ
    )
    try:
        assert process.stdout.readline() == "told\n"
        with pytest.raises(errors.StoreBusy) as caught:
            open_store("./auth.json").lock(0.2, lambda: None).__enter__()
        assert "run it again when that process has finished" in caught.value.next_step
    finally:
        held.go.set()
        process.communicate("\n")
    assert twitter.refresh("auth.json", if_expired=True)["access_token"] == "new-access"
