"""A loop of small reads: what it reserves ahead, and that the ledger is right when it ends, however it ends."""

import contextlib
import itertools
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests
from patience import LONG, wait_for
from raw_server import answer

from oint_magics import errors, twitter
from oint_magics.api import ahead, meter
from oint_magics.api.ledger import Ledger

LOOP = """
import os, signal, sys, time
from oint_magics import errors, twitter
from oint_magics.api import ahead
session = twitter.session("auth.json")
for _ in range(6):
    session.get(f"{session.api}/2/users/by/username/tidemerelantern")
    session.get(f"{session.api}/2/users/by/username/museumoftides")
assert ahead._holders, "nothing was reserved ahead"
"""


@pytest.fixture
def pair(auth_file):
    return auth_file()


@pytest.fixture
def app(pair):
    return json.loads(Path(pair).read_text())["client_id"]


def spent(app):
    """Return what another process sees."""
    book = Ledger(app)
    return book.spent(book.today())


def booked(sandbox):
    return round(sandbox.bills.spent() * 1000)


def loop(session, count=12):
    for _ in range(count):
        assert session.get(f"{session.api}/2/users/by/username/tidemerelantern").status_code == 200


def test_one_request_is_noted_at_once(pair, app, sandbox):
    with twitter.session(pair) as session:
        loop(session, 1)

    assert (spent(app).mills, spent(app).reserved) == (booked(sandbox), 0)


def test_a_loop_is_noted_when_it_has_been_still(pair, app, sandbox):
    with twitter.session(pair) as session:
        loop(session)
        assert spent(app).mills >= booked(sandbox)
        wait_for(lambda: not ahead._holders, "the sum is still held")

    assert (spent(app).mills, spent(app).reserved) == (booked(sandbox), 0)
    assert [(line.kind, line.read, line.new) for line in spent(app).lines] == [("user", 12, 1)]


def test_a_look_at_the_ledger_notes_what_was_answered(pair, app, sandbox):
    with twitter.session(pair) as session:
        loop(session)
        book = meter.ledger_of(app)

    assert (book.spent(book.today()).mills, book.spent(book.today()).reserved) == (booked(sandbox), 0)


@pytest.mark.parametrize("end", ["", "os._exit(0)", "os.kill(os.getpid(), signal.SIGKILL)", "raise SystemExit",
                                 "raise KeyboardInterrupt"])  # fmt: skip
def test_a_process_that_ends_leaves_too_much_or_the_right_sum(pair, app, sandbox, end):
    subprocess.run([sys.executable, "-c", LOOP + end], stderr=subprocess.DEVNULL, timeout=60)

    is_killed = "kill" in end or "_exit" in end
    assert booked(sandbox) == 20
    # The first request of all was noted by itself.
    assert (spent(app).mills, spent(app).reserved) == ((10 + ahead._SUM, ahead._SUM) if is_killed else (20, 0))


def test_a_child_process_notes_nothing_of_its_parent(pair, app, sandbox):
    code = LOOP + "child = os.fork()\nif child == 0: sys.exit()\nos.waitpid(child, 0)"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60)

    assert (spent(app).mills, spent(app).reserved) == (booked(sandbox), 0)


@pytest.mark.parametrize("fault", ["503", "402"])
def test_a_refusal_in_a_loop_costs_nothing(pair, app, sandbox, fault):
    with twitter.session(pair) as session:
        loop(session)
        sandbox.faults.add(fault)
        session.get(f"{session.api}/2/users/by/username/museumoftides")
        loop(session, 3)
    meter.ledger_of(app)

    assert (spent(app).mills, spent(app).reserved) == (booked(sandbox), 0) == (10, 0)


@pytest.mark.parametrize("lost", ["no answer", "no JSON"])
def test_an_answer_that_is_lost_in_a_loop_keeps_its_price(raw, monkeypatch, auth, lost):
    good = answer("200 OK", b'{"data": {"id": "1"}}')
    bad = answer("200 OK", b"{") if lost == "no JSON" else lambda connection: None
    count = itertools.count()
    server = raw(lambda connection: (bad if next(count) == 5 else good)(connection))
    monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
    Path("auth.json").write_text(json.dumps(auth | {"expires_at": 4_000_000_000}))

    with twitter.session("auth.json") as session:
        for _ in range(8):
            with contextlib.suppress(requests.ConnectionError):
                session.get(f"{server.url}/2/users/1")
    meter.ledger_of(auth["client_id"])

    assert (spent(auth["client_id"]).mills, spent(auth["client_id"]).reserved) == (20, 10)


def test_many_threads(pair, app, sandbox):
    with twitter.session(pair) as session:
        threads = [threading.Thread(target=loop, args=(session, 40)) for _ in range(6)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    meter.ledger_of(app)

    assert (spent(app).mills, spent(app).reserved) == (booked(sandbox), 0)
    assert sum(line.read for line in spent(app).lines) == 240


def test_a_loop_over_midnight(pair, app, sandbox):
    sandbox.clock.set("2026-11-20T23:59:30Z")
    with twitter.session(pair) as session:
        loop(session, 4)
        meter.ledger_of(app)
        loop(session, 4)
        sandbox.clock.set("2026-11-21T00:00:10Z")
        loop(session, 8)
    meter.ledger_of(app)

    book = Ledger(app)
    days = [book.spent(day) for day in ("2026-11-20", "2026-11-21")]
    assert [(day.mills, day.reserved) for day in days] == [(10, 0), (10, 0)]
    assert booked(sandbox) == 20


def test_with_a_budget_each_request_is_noted_by_itself(pair, app, sandbox, monkeypatch):
    with twitter.session(pair) as session:
        loop(session)
        monkeypatch.setenv("OINT_TWITTER_BUDGET", "0.02")  # Less than the sum.
        loop(session)
        assert not ahead._holders

    assert (spent(app).mills, spent(app).reserved) == (booked(sandbox), 0)


def test_a_dear_request_is_noted_by_itself(pair, app, sandbox):
    with twitter.session(pair) as session:
        for _ in range(3):
            session.get(f"{session.api}/2/tweets/search/recent", params={"query": "the", "max_results": 50})
            assert not ahead._holders

    assert (spent(app).mills, spent(app).reserved) == (booked(sandbox), 0)


def test_without_a_ledger_a_loop_goes_on(pair, app, sandbox, home):
    with twitter.session(pair) as session:
        loop(session)
        meter.ledger_of(app)
        day = next(path for path in (home / "oint" / "ledger").iterdir() if "-20" in path.name)
        day.write_bytes(day.read_bytes() + b"damage\n")
        loop(session)


def test_what_may_cost_more_than_is_known_is_noted_by_itself(pair, app, sandbox):
    with twitter.session(pair) as session:
        loop(session, 4)
        meter.ledger_of(app)
        for number in range(3):
            session.get(f"{session.api}/2/tweets/{number}", params={"expansions": "entities.mentions.username"})
            assert not ahead._holders


@pytest.mark.parametrize("path", ["/2/users/by/username/tidemerelantern/", "//2/users/by/username/tidemerelantern",
                                  "/2//users/by/username/tidemerelantern"])  # fmt: skip
def test_a_slash_too_many_costs_the_same(pair, app, sandbox, path):
    with twitter.session(pair) as session:
        session.get(session.api + path)
    meter.ledger_of(app)

    assert spent(app).mills >= booked(sandbox)


def test_a_hook_that_raises_after_a_refusal_keeps_no_price(pair, app, sandbox):
    with twitter.session(pair) as session:
        session.hooks["response"].append(lambda response, **_: response.raise_for_status())
        for _ in range(3):
            loop(session, 2)
            sandbox.faults.add("503")
            with pytest.raises(requests.HTTPError) as caught:
                session.get(f"{session.api}/2/users/by/username/museumoftides")
            caught.value.response.close()
    meter.ledger_of(app)

    assert (spent(app).mills, spent(app).reserved) == (booked(sandbox), 0) == (10, 0)


def test_a_hook_s_own_call_that_fails_leaves_the_price_of_the_first(pair, app, sandbox):
    def fails(*_, **__):
        raise errors.CallError("a call of the hook's own")

    with twitter.session(pair) as session:
        session.hooks["response"].append(fails)
        with pytest.raises(errors.CallError):
            session.get(f"{session.api}/2/users/by/username/museumoftides")
    meter.ledger_of(app)

    assert spent(app).mills >= booked(sandbox) == 10


def test_an_answer_that_breaks_holds_its_own_price_alone(raw, monkeypatch, auth):
    good = answer("200 OK", b'{"data": {"id": "1"}}')

    def cut(connection):
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{"data"')

    count = itertools.count()
    server = raw(lambda connection: (cut if next(count) == 5 else good)(connection))
    monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
    Path("auth.json").write_text(json.dumps(auth | {"expires_at": 4_000_000_000}))

    with twitter.session("auth.json") as session:
        for _ in range(8):
            with contextlib.suppress(requests.RequestException):
                _ = session.get(f"{server.url}/2/users/1", stream=True).content
    meter.ledger_of(auth["client_id"])

    assert (spent(auth["client_id"]).mills, spent(auth["client_id"]).reserved) == (20, 10)


def test_a_slow_answer_holds_its_own_price_alone(raw, monkeypatch, auth):
    good, go_on, count = answer("200 OK", b'{"data": {"id": "1"}}'), threading.Event(), itertools.count()

    def behave(connection):
        if next(count) == 5:
            go_on.wait(LONG)
        good(connection)

    server = raw(behave)
    monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
    Path("auth.json").write_text(json.dumps(auth | {"expires_at": 4_000_000_000}))
    app = auth["client_id"]
    with twitter.session("auth.json") as session:
        for _ in range(5):
            session.get(f"{server.url}/2/users/1")
        thread = threading.Thread(target=session.get, args=(f"{server.url}/2/users/1",))
        thread.start()
        wait_for(lambda: len(server.requests) == 6, "the slow request does not come")
        meter.ledger_of(app)
        assert (spent(app).mills, spent(app).reserved) == (20, 10)
        go_on.set()
        thread.join()
    wait_for(lambda: not ahead._holders, "the sum is still held")

    assert (spent(app).mills, spent(app).reserved) == (10, 0)


BUSY = """
import sys
from oint_magics.api.ledger import Ledger
def hold(folder):
    print("held", flush=True)
    sys.stdin.readline()
Ledger(sys.argv[1])._held(hold)
"""


def test_a_ledger_that_is_held_for_long_stops_no_read(pair, app, sandbox, monkeypatch):
    monkeypatch.setattr("oint_magics.api.ledger._WAIT", 0.2)
    twitter.get("users/by/username/tidemerelantern", pair)
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", BUSY, app], stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout.readline() == "held\n"
        assert len(twitter.get("users/by/username/museumoftides", pair)) == 1
        monkeypatch.setenv("OINT_TWITTER_BUDGET", "5")
        with pytest.raises(errors.UsageError, match="ledger of what was read cannot be used"):
            twitter.get("users/by/username/museumoftides", pair)
        other.communicate("go on")
    monkeypatch.delenv("OINT_TWITTER_BUDGET")
    assert len(twitter.get("users/by/username/museumoftides", pair)) == 1


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_fork_while_another_thread_holds_the_ledger(app):
    book, held, go_on = meter.ledger_of(app), threading.Event(), threading.Event()

    def hold(folder):
        held.set()
        go_on.wait(LONG)

    thread = threading.Thread(target=lambda: book._held(hold))
    thread.start()
    held.wait(LONG)
    child = os.fork()
    if child == 0:
        os._exit(0 if book._lock.acquire(timeout=60) else 1)
    go_on.set()
    thread.join()
    assert os.waitpid(child, 0)[1] == 0


WORKER = """
import multiprocessing, sys
from oint_magics import errors, twitter
def work():
    session = twitter.session("auth.json")
    for _ in range(6):
        session.get(f"{session.api}/2/users/by/username/tidemerelantern")
if __name__ == "__main__":
    worker = multiprocessing.get_context("fork").Process(target=work)
    worker.start()
    worker.join()
    sys.exit(worker.exitcode)
"""


def test_a_worker_of_multiprocessing_notes_its_answers(pair, app, sandbox):
    subprocess.run([sys.executable, "-W", "ignore", "-c", WORKER], check=True, timeout=LONG)

    assert (spent(app).mills, spent(app).reserved) == (booked(sandbox), 0) == (10, 0)
