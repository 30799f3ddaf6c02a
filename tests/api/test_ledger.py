"""The ledger: never below what X can have billed, whatever ends what."""

import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from oint_magics.api.ledger import Ledger, Unreadable, apps
from oint_magics.api.price import Resources

DAY = datetime.now(UTC).date().isoformat()
APP = "an-app"


def posts(*numbers):
    return [Resources("post", 5, [f"post {number}" for number in numbers])]


def folder():
    return Path(os.environ["OINT_HOME"]) / "ledger"


def day_file(day=DAY):
    return next(folder().glob(f"*-{day}"))


def settle(ledger, resources, day=DAY, reserved_on=DAY, most=500):
    ticket = ledger.reserve(reserved_on, most, None)
    return ledger.settle(ticket, reserved_on, day, "auth.json", resources)


def test_a_page_is_reserved_and_then_settled():
    ledger = Ledger(APP)
    ticket = ledger.reserve(DAY, 500, None)
    assert ledger.spent(DAY)[1:3] == (500, 500)

    counts = ledger.settle(ticket, DAY, DAY, "auth.json", posts(1, 2, 3))

    assert counts["post"][2:] == (3, 3, 15)
    assert ledger.spent(DAY)[1:] == (15, 0, (("auth.json", "post", 3, 3, 15),))


def test_a_thing_is_billed_once_a_day_and_a_request_each_time():
    ledger = Ledger(APP)
    settle(ledger, posts(1, 2))
    settle(ledger, posts(2, 2, 3))
    settle(ledger, [Resources("request:trends", 10, [""])] * 2)

    assert ledger.spent(DAY).mills == 3 * 5 + 2 * 10
    assert ledger.spent(DAY).lines[0][2:] == (5, 3, 15)


def test_other_kernels_are_seen_at_once():
    one, other = Ledger(APP), Ledger(APP)
    settle(one, posts(1))

    assert settle(other, posts(1, 2))["post"].mills == 5
    assert one.spent(DAY).mills == 10


def test_another_app_has_a_book_of_its_own():
    settle(Ledger(APP), posts(1))
    settle(Ledger("another"), posts(1))

    assert Ledger(APP).spent(DAY).mills == Ledger("another").spent(DAY).mills == 5
    assert apps() == [APP, "another"]


def test_what_is_left_of_a_budget_counts_what_is_on_its_way():
    ledger = Ledger(APP)

    assert ledger.reserve(DAY, 600, 1000)
    assert ledger.reserve(DAY, 600, 1000) is None
    assert ledger.reserve(DAY, 400, 1000)


def test_no_id_is_in_it_and_nobody_else_reads_it():
    settle(Ledger(APP), posts(1980000000000000001))

    for path in folder().iterdir():
        assert b"1980000000000000001" not in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


@pytest.mark.parametrize("torn", [b"settle abc", b"reserve 0123 5", b"\n"[:0] + b"x"])
def test_a_torn_line_is_cut_off(torn):
    settle(Ledger(APP), posts(1))
    with day_file().open("ab") as file:
        file.write(torn)

    ledger = Ledger(APP)
    settle(ledger, posts(2))

    assert ledger.spent(DAY).mills == Ledger(APP).spent(DAY).mills == 10


@pytest.mark.parametrize("damage", [b"settle a b c d\n", b"what is this\n", b"\xff\xfe\n", b"settle\n"])
def test_a_damaged_one_is_named(damage):
    settle(Ledger(APP), posts(1))
    with day_file().open("ab") as file:
        file.write(damage)

    with pytest.raises(Unreadable, match="cannot be used"):
        Ledger(APP).reserve(DAY, 5, None)


def test_over_midnight():
    """An answer of the next day is billed there, and its reservation of the day before ends."""
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    ledger = Ledger(APP)
    settle(ledger, posts(1))
    settle(ledger, posts(1, 2), day=tomorrow)

    assert ledger.spent(DAY)[1:3] == (5, 0)
    assert ledger.spent(tomorrow)[1:3] == (10, 0)


def test_the_sums_of_a_day_stay_and_its_ids_do_not():
    ledger = Ledger(APP)
    first = datetime.now(UTC).replace(day=1)
    days = [(first + timedelta(days=n)).date().isoformat() for n in range(5)]
    for n, day in enumerate(days):
        ledger.note_clock(first + timedelta(days=n))
        settle(ledger, posts(1, 2), day=day, reserved_on=day)
    ledger.reserve(days[0], 100, None)  # As a kernel does that was asleep: its file comes back.
    ledger.note_clock(first + timedelta(days=6))
    day = (first + timedelta(days=6)).date().isoformat()
    settle(ledger, posts(1), day=day, reserved_on=day)

    assert not [path for path in folder().iterdir() if path.name.endswith(tuple(days))]
    month = Ledger(APP).month(day)
    assert (month.mills, month.reserved) == (5 * 10 + 100, 100)
    assert month.lines == (("auth.json", "post", 10, 10, 50),)


def test_another_clock_is_remembered():
    there = datetime.now(UTC) + timedelta(days=40)
    Ledger(APP).note_clock(there)

    assert Ledger(APP).today() == there.date().isoformat()
    Ledger(APP).note_clock(datetime.now(UTC))
    assert Ledger(APP).today() == DAY


def test_without_a_data_folder(monkeypatch, home):
    home.joinpath("file").touch()
    monkeypatch.setenv("OINT_HOME", str(home / "file"))

    with pytest.raises(Unreadable):
        Ledger(APP).reserve(DAY, 5, None)


MANY = """
import os, sys
from oint_magics.api.ledger import Ledger
from oint_magics.api.price import Resources
ledger, day = Ledger("an-app"), sys.argv[1]
for n in range(80):
    ticket = ledger.reserve(day, 5, 1000)
    if ticket:
        ledger.settle(ticket, day, day, "auth.json", [Resources("post", 5, [f"post {os.getpid()} {n}"])])
"""


def test_four_processes_never_pass_a_budget():
    processes = [subprocess.Popen([sys.executable, "-c", MANY, DAY]) for _ in range(4)]

    assert [process.wait() for process in processes] == [0] * 4
    assert Ledger(APP).spent(DAY).mills == 1000


@pytest.mark.parametrize("kind", [KeyboardInterrupt, TimeoutError, ValueError])
@pytest.mark.parametrize("at", ["reserve", "settle"])
def test_a_stop_between_a_line_and_what_is_remembered_of_it(monkeypatch, kind, at):
    """The `TimeoutError` of an alarm's handler is an `OSError` too."""
    ledger = Ledger(APP)
    settle(ledger, posts(1))
    ticket = ledger.reserve(DAY, 500, None)
    add = ledger._add

    def stopped(*words):
        add(*words)
        raise kind

    with monkeypatch.context() as change, pytest.raises((Unreadable, kind)):
        change.setattr(ledger, "_add", stopped)
        if at == "reserve":
            ledger.reserve(DAY, 1000, None)
        else:
            ledger.settle(ticket, DAY, DAY, "auth.json", posts(1, 2))

    assert ledger.spent(DAY) == Ledger(APP).spent(DAY)
    assert ledger.spent(DAY).mills == (1505 if at == "reserve" else 10)
    assert ledger.settle(ticket, DAY, DAY, "auth.json", posts(2))["post"].new == (at == "reserve")


def test_a_child_process_reads_what_its_parent_was_about_to_note():
    ledger = Ledger(APP)
    ledger.reserve(DAY, 1, None)
    add = ledger._add
    child = 0

    def forked(*words):
        nonlocal child
        add(*words)
        child = os.fork()
        if child == 0:
            os._exit(0 if ledger.spent(DAY).mills == 1001 else 1)

    with pytest.MonkeyPatch.context() as change:
        change.setattr(ledger, "_add", forked)
        ledger.reserve(DAY, 1000, None)
    assert os.waitpid(child, 0)[1] == 0
