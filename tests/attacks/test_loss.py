"""Points 1 to 4: what has cost an account, at a server that ends the family when a refresh token is used twice."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attacks.rows import row
from patience import LONG, wait_for

from oint_magics import errors, twitter
from oint_magics.sandbox.accounts import _packed
from oint_magics.tokens.current import CurrentToken
from oint_magics.tokens.source import source_of

LOST = "the token is sent a second time: InvalidGrant, the family is dead"


@pytest.fixture
def strict(sandbox, auth_file):
    """A pair at a server that punishes reuse, and that takes its time."""
    sandbox.accounts.punishes_reuse = True
    auth_file()
    sandbox.faults.add("slow", 2.0)
    return sandbox


def under_way(sandbox, then):
    """Do something as soon as the server has the token, beside the test."""

    def go():
        wait_for(lambda: not sandbox.faults.names(), "nothing was sent")
        then()

    threading.Thread(target=go).start()


def signal_here(number):
    return lambda: signal.pthread_kill(threading.main_thread().ident, number)


def is_alive(sandbox):
    """Tell whether the pair still works, and no token was used twice."""
    twitter.refresh("auth.json")
    return sandbox.accounts.counts.reuses == 0 and sandbox.accounts.counts.refused == 0


class Alarm(Exception):
    """An exception of the caller's own."""


def _alarm(kind):
    def handler(*_):
        raise kind

    return handler


@pytest.mark.parametrize("kind", [
    pytest.param(TimeoutError("mine"), marks=row("1", "an alarm's handler raises TimeoutError", f"InternalError; then {LOST}")),
    pytest.param(Alarm("mine"), marks=row("1", "a handler raises an exception of the caller's", f"InternalError; then {LOST}")),
    pytest.param(SystemExit(0), marks=row("1", "SIGTERM's handler calls sys.exit", f"SystemExit at once; then {LOST}")),
])  # fmt: skip
def test_a_handler_raises_while_the_token_is_under_way(strict, kind, after):
    before = signal.signal(signal.SIGUSR1, _alarm(kind))
    under_way(strict, signal_here(signal.SIGUSR1))
    try:
        with pytest.raises(type(kind)) as caught:
            twitter.refresh("auth.json")
    finally:
        signal.signal(signal.SIGUSR1, before)

    assert caught.value is kind
    assert kind.__traceback__.tb_next.tb_next is None  # The test and the edge: no frame of the refresh hangs on it.
    assert strict.accounts.counts.refreshes == 1
    assert is_alive(strict)
    after("the caller's own exception, after the save; the pair lives")


@row("1", "an exception set from another thread", f"KeyError at once; then {LOST}")
def test_an_exception_is_set_from_another_thread(strict, after):
    caught = []

    def call():
        try:
            twitter.refresh("auth.json")
        except BaseException as error:
            caught.append(type(error))

    thread = threading.Thread(target=call)
    thread.start()
    wait_for(lambda: not strict.faults.names(), "nothing was sent")
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(KeyError))
    thread.join()

    assert caught == [KeyError]
    assert is_alive(strict)
    after("KeyError, after the save; the pair lives")


WAITING = "import sys; from oint_magics import twitter\nprint('ready', flush=True); sys.stdin.readline()\n{before}\nr = twitter.refresh('auth.json')\nprint(r['token_type'], flush=True)"  # fmt: skip


def started(before=""):
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING.format(before=before)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    return process


def told(process):
    process.stdin.write("go\n")
    process.stdin.flush()


@row("1", "SIGTERM turned into sys.exit in process A, process B waits for the lock", f"A ends; B: {LOST}")
def test_another_process_waits_for_the_lock(strict, after):
    first = started("import signal; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))")
    second = started()
    told(first)
    wait_for(lambda: not strict.faults.names(), "nothing was sent")
    told(second)
    time.sleep(0.2)  # So that it waits, mostly; whenever it comes, nothing may be lost.
    first.terminate()
    assert (first.communicate(timeout=LONG)[0], first.returncode) == ("", 0)
    assert (second.communicate(timeout=LONG)[0], second.returncode) == ("bearer\n", 0)

    assert strict.accounts.counts.reuses == 0
    assert is_alive(strict)
    after("A ends after the save, B gets the new pair")


@row("1", "an alarm while the lock of another process is waited for", "the file system is taken for one without locks")
def test_an_alarm_while_a_lock_is_taken(strict, after, monkeypatch):
    from oint_magics.stores import locks

    def interrupted(_):
        raise TimeoutError("mine")

    with monkeypatch.context() as change:
        change.setattr(locks.process, "watch", interrupted)
        with pytest.raises(errors.InternalError):
            twitter.refresh("auth.json")
    assert strict.accounts.counts.refreshes == 0
    assert not list((Path(os.environ["OINT_HOME"]) / "locks").glob("*.lock"))
    after("an error; nothing is locked elsewhere, nothing is sent")


DAEMON = """
import glob, threading, time
from oint_magics import twitter
thread = threading.Thread(target={call}, daemon=True)
thread.start()
while thread.is_alive() and not glob.glob(".oint/exchange-*[0-9a-f]"):  # From then on the token is under way.
    time.sleep(0.01)
"""


@row("2", "a daemon thread refreshes, the script ends", "the token is spent and its answer lost")
def test_a_daemon_thread_and_the_end_of_the_script(strict, after):
    code = DAEMON.format(call="lambda: twitter.refresh('auth.json')")
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0

    assert strict.accounts.counts.refreshes == 1
    assert is_alive(strict)
    after("the end waits for the save; the pair lives")


@row(
    "2", "a session in a daemon thread, its token at its end, the script ends", "the token is spent and its answer lost"
)
def test_a_session_in_a_daemon_thread(strict, after):
    path = Path("auth.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"expires_at": 1}))
    code = DAEMON.format(call="lambda: twitter.me('auth.json')")
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0

    assert is_alive(strict)
    after("the same")


@row("2", "a code is exchanged from a daemon thread, the script ends", "the code is spent and the pair lost")
def test_a_login_in_a_daemon_thread(sandbox, after):
    Path("app.json").write_text(json.dumps(sandbox.app()))
    sandbox.faults.add("slow", 3.0)
    code = (
        "import glob, threading\nfrom oint_magics import twitter\nfrom patience import wait_for\n"
        "link = twitter.authorization_link('app.json')\nprint(link, flush=True)\naddress = input()\n"
        "threading.Thread(target=lambda: twitter.get_token(address, 'app.json'), daemon=True).start()\n"
        "wait_for(lambda: glob.glob('home/logins/exchange-login-*[0-9a-f]'), 'nothing was sent')"
    )
    environment = os.environ | {
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "OINT_HOME": str(Path("home").resolve()),
    }
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)  # fmt: skip
    process.communicate(sandbox.approve(process.stdout.readline().strip()), timeout=LONG)

    assert process.returncode == 0
    assert twitter.me("app.json")["username"] == "sandbox"
    after("the end waits for the save; the pair is in app.json")


FORK = """
import multiprocessing, os, sys, threading, time
from oint_magics import twitter
from oint_magics.tokens.source import source_of
from oint_magics.tokens.current import CurrentToken
{before}
def child(*_):
    {inside}
context = multiprocessing.get_context("fork")
children = [context.Process(target=child) for _ in range(4)]
for each in children: each.start()
{after}
for each in children: each.join({seconds})
print([each.exitcode for each in children], flush=True)
for each in children: each.kill()
os._exit(0)
"""


def forked(seconds=LONG, **parts):
    code = FORK.format(seconds=seconds, **({"after": ""} | parts))
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=2 * LONG
    )


@pytest.mark.usefixtures("team")
@row("3", "fork after a shared: bearer was used", "35 of 48 children hang, others read each other's replies")
def test_fork_with_a_bearer_of_the_team(sandbox, after):
    twitter.keep(sandbox.issue(), "shared:w0")
    done = forked(
        before="bearer = CurrentToken(source_of('shared:w0')); token = bearer.auth().access_token.reveal()",
        inside="[time.sleep(0.11) or bearer.auth() for _ in range(5)]; sys.exit(0 if bearer.auth().access_token.reveal() == token else 1)",
        after="[time.sleep(0.11) or bearer.auth() for _ in range(5)]",
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("[0, 0, 0, 0]\n", "")
    after("each child has a connection of its own: 0 hang, 0 wrong")


@row(
    "3", "fork while another thread refreshes; the child lives on", "every refresh waits for the child's end: StoreBusy"
)
def test_fork_while_a_thread_refreshes(strict, after):
    done = forked(
        before="thread = threading.Thread(target=twitter.refresh, args=('auth.json',)); thread.start(); time.sleep(.5)",
        inside="time.sleep(600)",
        after="thread.join(); print(twitter.refresh('auth.json')['token_type'])",
        seconds=0.1,
    )
    assert done.stdout.startswith("bearer\n"), done
    assert strict.accounts.counts.reuses == 0
    after("the lock ends with the refresh")


@row("3", "fork while another thread holds the session's lock", "the child's first call hangs for ever")
def test_fork_while_a_session_refreshes(strict, after):
    path = Path("auth.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"expires_at": 1}))
    done = forked(
        before="current = CurrentToken(source_of('auth.json')); thread = threading.Thread(target=current.auth); thread.start(); time.sleep(.5)",
        inside="current.auth()",
        after="thread.join()",
    )  # fmt: skip
    assert done.stdout == "[0, 0, 0, 0]\n", done
    assert (strict.accounts.counts.refreshes, strict.accounts.counts.reuses) == (1, 0)
    after("the children wait for the refresh and get its pair")


@row("3", "fork after a session was used", "parent and children share a connection, and read each other's answers")
def test_fork_with_a_session(sandbox, auth_file, after):
    auth_file()
    done = forked(
        before="s = twitter.session('auth.json'); ask = lambda n: s.get(s.api + f'/2/users/123633653595485944/tweets?max_results={n}').json()['meta']['result_count']; ask(5)",
        inside="n = 5 + os.getpid() % 90; sys.exit(0 if all(ask(n) == n for _ in range(25)) else 1)",
        after="assert all(ask(7) == 7 for _ in range(25))",
    )  # fmt: skip
    assert done.stdout == "[0, 0, 0, 0]\n", done
    after("connections of its own: 0 hang, 0 wrong")


@row(
    "3", "a parent is killed while it holds the lock; its child lives on", "held by a dead process until the child ends"
)
def test_a_parent_that_dies_with_the_lock(auth_file, after):
    auth_file()
    code = """
import os, time
from oint_magics.stores import open_store
with open_store("auth.json").lock(5, lambda: None):
    pid = os.fork()
    if pid == 0:
        os.close(1); time.sleep(600)
    print(pid, flush=True)
    os._exit(0)
"""
    child = int(subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True).stdout)
    try:
        assert twitter.refresh("auth.json")["token_type"] == "bearer"
    finally:
        os.kill(child, signal.SIGKILL)
    after("the lock ends with its holder")


def stamped(issued):
    return _packed(f"abc:{int(issued.timestamp() * 1000)}:1:1:at:1")


@pytest.mark.parametrize("ahead", [
    pytest.param(timedelta(days=2), marks=row("4", "the clock was 2 days ahead at the refresh, 3 h ago", "still good … 47 h, every call 401")),
    pytest.param(timedelta(hours=12), marks=row("4", "the same, 12 hours ahead", "still good … 11 h, every call 401")),
    pytest.param(timedelta(hours=1, minutes=30), marks=row("4", "the same, 90 minutes ahead", "still good … 30 min, every call 401")),
])  # fmt: skip
def test_a_clock_that_was_ahead(sandbox, auth_file, after, ahead):
    issued = datetime.now(UTC) - timedelta(hours=3)
    path = Path(auth_file())
    end = issued + ahead + timedelta(hours=2)
    path.write_text(
        json.dumps(json.loads(path.read_text()) | {"access_token": stamped(issued), "expires_at": int(end.timestamp())})
    )

    assert twitter.status("auth.json")[0].state.startswith("ended")
    twitter.refresh("auth.json", if_expired=True)
    assert sandbox.accounts.counts.refreshes == 1
    after("ended by the token's own stamp: refreshed")


@row(
    "4",
    "a session whose pair the log says was granted tomorrow; X answers 401",
    "an age below zero counts as young: never renewed",
)
def test_a_negative_age_is_not_young(sandbox, auth_file, after):
    import time_machine

    path = Path(auth_file())
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1), tick=True):
        twitter.refresh("auth.json")
    soon = int(time.time()) + 3600
    path.write_text(
        json.dumps(json.loads(path.read_text()) | {"access_token": "refused-and-without-a-stamp", "expires_at": soon})
    )
    current = CurrentToken(source_of("auth.json"))

    assert current.after_401(current.auth().access_token) is not None
    assert sandbox.accounts.counts.refreshes == 2
    after("renewed once")


@row("4", "the clock is a day ahead all the time; a session makes 20 calls", "-")
def test_a_clock_that_stays_ahead_makes_no_storm(sandbox, auth_file, after):
    """A lifetime is measured by a clock that nobody sets."""
    import time_machine

    auth_file()
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1), tick=True):
        current = CurrentToken(source_of("auth.json"))
        for _ in range(20):
            current.auth()
    assert sandbox.accounts.counts.refreshes == 1
    after("one refresh")


@row("3", "fork while a login waits; the child logs in", "the child hangs for ever in the parent's listener")
def test_fork_with_a_login_under_way(sandbox, after):
    Path("app.json").write_text(
        json.dumps(sandbox.app(callback="http://127.0.0.1:1/callback") | {"redirect_uri": "http://127.0.0.1:0/x"})
    )
    code = """
import os, sys, json
from patience import LONG
from ports import free_port
from oint_magics import errors, twitter
from oint_magics.twitter import logins
auth = json.load(open("app.json")) | {"redirect_uri": f"http://127.0.0.1:{free_port()}/callback"}
waiting = logins.begun(logins.planned(auth, to="profile:x", scope=None), LONG)
pid = os.fork()
if pid == 0:
    try:
        twitter.login(auth | {"redirect_uri": f"http://127.0.0.1:{free_port()}/callback"}, to="profile:y", timeout=0.5)
    except errors.LoginTimedOut:
        os._exit(7)
    os._exit(1)
print(os.waitpid(pid, 0)[1] >> 8, waiting.is_done)
waiting.cancel("x")
"""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, env=environment, timeout=LONG
    )
    assert done.stdout == "7 False\n", done
    after("the child's login is its own, and the parent's goes on")


@row("1", "a signal's handler uses the session that is being refreshed", "the process waits for itself, for ever")
def test_a_handler_that_uses_the_same_session(strict, after):
    path = Path("auth.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"expires_at": 1}))
    found = []
    current = CurrentToken(source_of("auth.json"))
    before = signal.signal(signal.SIGUSR1, lambda *_: found.append(current.auth().access_token))
    under_way(strict, signal_here(signal.SIGUSR1))
    try:
        found.append(current.auth().access_token)
    finally:
        signal.signal(signal.SIGUSR1, before)

    assert len(found) == 2
    assert strict.accounts.counts.refreshes == 1
    after("it waits for the refresh, and gets its pair")


@row(
    "1",
    "stop pressed twice within a millisecond while a login waits",
    "half cancelled: its port stays taken, its response pending",
)
def test_stop_twice_while_a_login_waits(sandbox, after):
    Path("app.json").write_text(json.dumps(sandbox.app()))
    code = """
import json, os, signal, sys, threading, time
from ports import free_port
from patience import wait_for
from oint_magics.process import state
from oint_magics import twitter
auth = json.load(open("app.json")) | {"redirect_uri": f"http://127.0.0.1:{free_port()}/callback"}
def press():
    wait_for(lambda: state.waiting, "no login")
    time.sleep(0.3)
    for _ in range(2):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.001)
for n in range(5):
    threading.Thread(target=press).start()
    try:
        try:
            twitter.login(auth, to=f"profile:{n}")
        finally:
            time.sleep(0.1)
    except KeyboardInterrupt:
        pass
    wait_for(lambda: not state.waiting, "it is still there")
print("free")
"""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=LONG)
    assert done.stdout == "free\n", done.stderr[-800:]
    after("ended, five of five times")


@row(
    "1",
    "an alarm's TimeoutError while a file is read or its folder is made",
    "taken for the file system's: StoreNotWritable, AuthError",
)
def test_an_alarm_that_looks_like_a_fault_of_the_file_system(strict, after, monkeypatch):
    import fcntl

    mine = TimeoutError("mine")

    def alarm(*_):
        raise mine

    for place, name in ((os, "mkdir"), (fcntl, "flock")):
        handler = signal.signal(signal.SIGUSR1, alarm)
        try:
            with monkeypatch.context() as change:
                change.setattr(place, name, lambda *_, **__: signal.raise_signal(signal.SIGUSR1))
                with pytest.raises(TimeoutError) as caught:
                    twitter.refresh("auth.json")
        finally:
            signal.signal(signal.SIGUSR1, handler)
        assert caught.value is mine
    assert strict.accounts.counts.refreshes == 0
    assert is_alive(strict)
    after("the caller's own; nothing was sent")
