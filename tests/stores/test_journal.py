"""The refresh log: what it says of tokens, and files of it that are cut, damaged, replaced, or written by others."""

import contextlib
import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from patience import LONG

from oint_magics.errors import StoreBusy, StoreError
from oint_magics.stores import journal, locks, log_file, log_lines
from oint_magics.stores.log_lines import Lines, line_of

NOT_KNOWN = "it is not known which tokens are spent. Nothing was sent"


@pytest.fixture
def folder(home):
    return home / "oint"


@pytest.fixture
def log(folder):
    return folder / "journal.log"


def successor_of(fingerprint):
    """Return the newest of a spent token's family and its place, or `None`."""
    known = journal.here().known(fingerprint)
    return None if known.newest in (None, fingerprint) else (known.newest, known.place)


def test_knows_nothing_at_first():
    assert successor_of("abc") is None


def test_a_chain_leads_to_its_newest():
    for n in range(50):
        journal.here().record(f"t{n}", f"t{n + 1}", f"/place{n}")

    for n in range(50):
        assert successor_of(f"t{n}") == ("t50", "/place49")
    assert successor_of("t50") is None


ENTRIES = st.one_of(
    st.tuples(st.just("record"), st.integers(0, 9), st.integers(0, 9), st.sampled_from("pq r")),
    st.tuples(st.just("forget"), st.sampled_from("pq r")),
    st.tuples(st.just("end"), st.integers(0, 9), st.sampled_from(["refused", "revoked"])),
)


def entered(log, entry):
    """Enter what the strategy drew."""
    if entry[0] == "record":
        log.record(f"t{entry[1]}", f"t{entry[2]}", f"/{entry[3]} t1 ", "a b" if entry[2] % 2 else None)
    elif entry[0] == "forget":
        log.forget(f"/{entry[1]} t1 ")
    else:
        log.end(f"t{entry[1]}", entry[2])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.lists(ENTRIES, min_size=1, max_size=20), st.integers(0, 20))
def test_joined_lines_say_the_same(home, steps, joined_after):
    """Whatever was entered, in whatever order; and joined once more, and with entries after it."""
    shutil.rmtree(home / "oint", ignore_errors=True)
    log = journal.here()
    for number, step in enumerate(steps):
        entered(log, step)
        if number == joined_after:
            before = [log.known(f"t{n}") for n in range(10)]
            path = home / "oint" / "journal.log"
            path.write_bytes(Lines([path.read_bytes()]).joined())
            (home / "oint" / "journal.size").unlink()
            after = [log.known(f"t{n}") for n in range(10)]
            assert {n for n in range(10) if before[n].newest} == {n for n in range(10) if after[n].newest}
            assert [each.end for each in before] == [each.end for each in after]
    text = (home / "oint" / "journal.log").read_bytes()
    single, once = Lines([text]), Lines([Lines([text]).joined()])
    twice = Lines([once.joined()])
    for n in range(10):
        known = single.known(f"t{n}")
        assert once.known(f"t{n}") == twice.known(f"t{n}") == known
    assert [(f.newest, f.place) for f in once.families()] == [(f.newest, f.place) for f in single.families()]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=25), st.integers(1, 9))
def test_families_do_not_mix(home, steps, most):
    """Whatever the order in which some accounts are refreshed, each leads to its own newest; joined meanwhile."""
    shutil.rmtree(home / "oint", ignore_errors=True)
    newest = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_lines, "_MOST_LOOSE", most)
        for account in steps:
            spent = newest.get(account, 0)
            journal.here().record(f"{account}-{spent}", f"{account}-{spent + 1}", f"/{account}")
            newest[account] = spent + 1

    for account, number in newest.items():
        assert successor_of(f"{account}-{number}") is None
        for n in range(number):
            assert successor_of(f"{account}-{n}") == (f"{account}-{number}", f"/{account}")


def test_no_token_is_ever_dropped(monkeypatch, log):
    monkeypatch.setattr(log_lines, "_MOST_LOOSE", 5)
    for n in range(60):
        journal.here().record(f"t{n}", f"t{n + 1}", "/p", "a b")
        journal.here().end(f"e{n}", journal.REFUSED)
    journal.here().record("other", "newer", "/q")

    assert all(successor_of(f"t{n}") == ("t60", "/p") for n in range(60))
    assert all(journal.here().known(f"e{n}").end == journal.REFUSED for n in range(60))
    assert journal.here().known("t3").scope == "a b"
    assert successor_of("other") == ("newer", "/q")
    assert len([line for line in log.read_text().splitlines() if "spent" in line]) <= 7


def test_lines_are_joined_by_themselves(log):
    """One account that is refreshed day and night for a year."""
    text = b"".join(
        line_of({"format": 1, "at": n, "spent": f"{n:032x}", "newest": f"{n + 1:032x}", "place": "/p"})
        for n in range(4400)
    )
    log.parent.mkdir()
    log.write_bytes(text)
    journal.here().end("x", journal.REFUSED)

    assert log.stat().st_size < 160_000
    assert journal.here().known(f"{0:032x}").newest == f"{4400:032x}"


def test_a_line_that_was_cut_off_does_not_spoil_the_next(log):
    """A full disk cuts a line before its size is noted; a power failure leaves zeros."""
    journal.here().record("a", "b", "/p")
    log.write_bytes(log.read_bytes() + b'{"format": 1, "sp')
    journal.here().record("b", "c", "/p")
    log.write_bytes(log.read_bytes() + bytes(50) + b'\n\n["cut')

    assert successor_of("a") == ("c", "/p")


@pytest.mark.parametrize("place", ["/p", "/p}", '/"p"}{', "/}\\n"])
def test_wherever_a_line_was_cut_off_the_log_is_read_and_goes_on(folder, log, place):
    """A process that died in the middle of a line; what it had begun to say is not believed."""
    journal.here().record("a", "b", place, "x y")
    before, size = log.read_bytes(), log.with_suffix(".size").read_bytes()
    journal.here().record("b", "c", place, "x y")
    line = log.read_bytes()[len(before) :]

    for cut in range(len(line)):
        log.write_bytes(before + line[:cut])
        log.with_suffix(".size").write_bytes(size)
        known = "b" if cut < len(line) - 1 else "c"
        assert successor_of("a") == (known, place)
        journal.here().record("x", "y", "/q")
        assert successor_of("x") == ("y", "/q")
        assert successor_of("a") == (known, place)
        assert {family.place for family in Lines([Lines([log.read_bytes()]).joined()]).families()} == {place, "/q"}


def test_a_log_that_is_deleted_with_what_is_known_of_it_is_gone(log):
    journal.here().record("a", "b", "/p")
    log.unlink()
    log.with_suffix(".size").unlink()

    assert successor_of("a") is None


def emptied(log):
    log.write_bytes(b"")


def cut_in_a_line(log):
    log.write_bytes(log.read_bytes()[:-9])


def without_the_last_line(log):
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))


def without_the_first_line(log):
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[2:]))


def with_a_bit_that_flipped(log):
    text = bytearray(log.read_bytes())
    text[len(text) // 2] ^= 1
    log.write_bytes(text)


def zeros(log):
    log.write_bytes(bytes(log.stat().st_size))


def deleted(log):
    log.unlink()


def a_folder(log):
    log.unlink()
    log.mkdir()


def a_pipe(log):
    log.unlink()
    os.mkfifo(log)


def a_link(log):
    log.rename(log.with_name("elsewhere"))
    log.symlink_to("elsewhere")


CHANGES = (emptied, cut_in_a_line, without_the_last_line, without_the_first_line, with_a_bit_that_flipped, zeros, deleted, a_folder, a_pipe, a_link)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_log_that_another_program_has_changed_is_not_believed(log, change):
    for n in range(5):
        journal.here().record(f"t{n}", f"t{n + 1}", "/p")
    change(log)

    for ask in (lambda: successor_of("t0"), lambda: journal.here().record("t5", "t6", "/p")):
        with pytest.raises(StoreError, match=NOT_KNOWN):
            ask()


def test_what_was_changed_on_purpose_counts_without_its_size(log):
    """As the message says."""
    journal.here().record("a", "b", "/p")
    journal.here().record("x", "y", "/p")
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(StoreError) as caught:
        successor_of("a")
    assert "delete journal.size" in caught.value.next_step
    log.with_suffix(".size").unlink()

    assert successor_of("a") == ("b", "/p")
    assert successor_of("x") is None


NO_ENTRY = {
    "an empty object": b"{}\n",
    "NaN": b'{"format": 1, "at": NaN, "spent": "a", "newest": "b", "place": "/p"}\n',
    "a number for a text": b'{"format": 1, "at": 1, "spent": 5, "newest": "b", "place": "/p"}\n',
    "no time": b'{"format": 1, "spent": "a", "newest": "b", "place": "/p"}\n',
    "another format": b'{"format": 3, "what": "ever"}\n',
    "bits that flipped": b'{"format": 1, "at": 1, "spent": "a, "newest": "b", "place": "/p"}\n',
    "other blanks": b'{"format":1,"at":1,"spent":"a","newest":"b","place":"/p"}\n',
    "no time that there is": b'{"format": 1, "at": 1e+308, "spent": "a", "newest": "b", "place": "/p"}\n',
    "a head of another format": b'{"format": 3, "joined": 0}\n',
}


@pytest.mark.parametrize("is_size_there", [True, False])
@pytest.mark.parametrize("name", NO_ENTRY)
def test_a_line_that_is_no_entry_is_not_the_same_as_none(name, is_size_there, log):
    journal.here().record("a", "b", "/p")
    log.write_bytes(log.read_bytes() + NO_ENTRY[name] if is_size_there else NO_ENTRY[name] + log.read_bytes())
    if not is_size_there:
        log.with_suffix(".size").unlink()

    with pytest.raises(StoreError, match="Nothing was sent"):
        successor_of("a")


@pytest.mark.parametrize("name", ["journal.sync-conflict-20261130", "journal (1)", "journal (Ann's conflicted copy)"])
def test_copies_that_other_programs_make_are_not_ours(log, name):
    journal.here().record("a", "b", "/p")
    for each in (log, log.with_suffix(".size")):
        shutil.copy(each, each.with_name(f"{name}{each.suffix}"))
    journal.here().record("b", "c", "/p")

    assert successor_of("a") == ("c", "/p")


def test_what_was_left_of_a_joining_goes_with_the_next(log, monkeypatch):
    journal.here().record("a", "b", "/p")
    left = log.with_name("journal.log.4242.new")
    left.write_text("x")
    monkeypatch.setattr(log_lines, "_MOST_LOOSE", 0)
    journal.here().record("b", "c", "/p")

    assert not left.exists()


def test_a_size_of_an_unknown_format_is_left_alone(log):
    journal.here().record("a", "b", "/p")
    log.with_suffix(".size").write_text('{"format": 2}')

    for ask in (lambda: successor_of("a"), lambda: journal.here().record("b", "c", "/p")):
        with pytest.raises(StoreError, match="a format that this version of oint_magics does not know. Nothing was"):
            ask()
    assert log.with_suffix(".size").read_text() == '{"format": 2}'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 60,
        b"null",
        b'{"for',
        b"[" * 4000,
        b'{"format": 1}',
        b'{"format": 1, "parts": [["a", 2]]}',
        b'{"format": 1, "parts": null}',
    ],
)
def test_a_size_that_was_written_while_the_power_went_says_nothing(log, content):
    journal.here().record("a", "b", "/p")
    log.with_suffix(".size").write_bytes(content)

    assert successor_of("a") == ("b", "/p")
    journal.here().record("b", "c", "/p")
    assert successor_of("a") == ("c", "/p")


def test_a_file_s_name_that_is_no_text():
    """A folder whose name was written in Latin-1."""
    journal.here().record("a", "b", os.fsdecode(b"/caf\xe9/auth.json"))

    assert successor_of("a") == ("b", "/caf\udce9/auth.json")
    assert journal.here().families()[0].place == "/caf\udce9/auth.json"
    journal.here().forget("/caf\udce9/auth.json")
    assert journal.here().families() == []


def test_a_log_in_the_other_place_is_read_too(folder, tmp_path):
    """Where a data folder could be made only later."""
    beside = tmp_path / "beside"
    nowhere = Path("/dev/null/oint")
    both = journal.Journal(nowhere, beside)
    assert both.record("a", "b", "/p") == beside

    assert journal.Journal(folder, beside).known("a").newest == "b"
    assert journal.Journal(nowhere).record("a", "b", "/p") is None
    assert journal.Journal(nowhere).known("a") == journal.Known()


def test_what_is_forgotten_stays_known_as_spent():
    journal.here().record("a", "b", "/p")
    journal.here().record("b", "c", "/p")
    journal.here().record("x", "y", "/q")

    journal.here().forget("/p")

    assert successor_of("a") == successor_of("b") == ("c", "")
    assert [family.place for family in journal.here().families()] == ["/q"]
    journal.here().keep("c", "/p")
    assert successor_of("a") == ("c", "/p")


def test_an_older_generation_says_nothing_of_the_newest():
    journal.here().record("b", "c", "/new")
    journal.here().record("a", "b", "/old")
    journal.here().record("older", "c", "/old")

    assert successor_of("a") == successor_of("older") == ("c", "/new")


@pytest.mark.parametrize("is_joined", [False, True])
def test_a_link_that_is_told_late_does_not_revive_a_spent_token(log, is_joined):
    """A process died before it could note b to c; the next one noted c to d, and then what the record told."""
    journal.here().record("a", "b", "/p")
    journal.here().record("c", "d", "/p")
    if is_joined:
        log.write_bytes(Lines([log.read_bytes()]).joined())
        log.with_suffix(".size").unlink()

    journal.here().record("b", "c", "/p")

    assert all(successor_of(name) == ("d", "/p") for name in "abc")


@pytest.mark.parametrize("is_joined", [False, True])
def test_a_server_that_gives_an_old_token_again(log, is_joined):
    journal.here().record("a", "b", "/p")
    journal.here().record("b", "c", "/p")
    if is_joined:
        log.write_bytes(Lines([log.read_bytes()]).joined())
        log.with_suffix(".size").unlink()

    journal.here().record("c", "a", "/q")

    assert successor_of("a") is None
    assert successor_of("b") == successor_of("c") == ("a", "/q")


def test_ends_are_known():
    assert journal.here().known("t0").end is None
    for n in range(20):
        journal.here().end(f"t{n}", journal.REFUSED)
    journal.here().end("t19", journal.REVOKED)

    assert (journal.here().known("t18").end, journal.here().known("t19").end) == (journal.REFUSED, journal.REVOKED)
    assert journal.here().known("t19").ended_at > 0


def test_the_stamp_changes_with_every_record():
    stamps = [journal.here().stamp()]
    for n in range(5):
        journal.here().record(f"t{n}", f"t{n + 1}", "/p")
        stamps.append(journal.here().stamp())

    assert stamps[0] is None
    assert len(set(map(str, stamps))) == 6


def test_a_log_that_is_held_all_the_time(folder, monkeypatch):
    """To read it takes no lock; what is entered meanwhile must not be lost."""
    journal.here().record("a", "b", "/p")
    monkeypatch.setattr(log_file, "_PATIENCE", 0.2)

    with log_file.Folder(folder) as opened, locks.file_lock(opened, "journal", 1.0):
        assert successor_of("a") == ("b", "/p")
        with pytest.raises(StoreBusy, match="Another process holds the refresh log. Nothing was sent"):
            journal.here().record("b", "c", "/p")
    assert journal.here().record("b", "c", "/p") == folder


# The format before: the same lines, in two files, and a database that was made of them.
SPENT, MIDDLE, NEWEST = "0" * 32, "1" * 32, "2" * 32


@pytest.mark.parametrize("has_older_file", [True, False])
def test_tokens_that_the_format_before_knew_as_spent_stay_known(folder, log, has_older_file):
    first = {"format": 1, "at": 1.5, "spent": SPENT, "newest": MIDDLE, "place": "/p"}
    second = {"format": 1, "at": 2.5, "spent": MIDDLE, "newest": NEWEST, "place": "/p", "scope": "a b"}
    end = {"format": 1, "at": 3.5, "token": NEWEST, "end": "revoked"}
    folder.mkdir()
    older = log.with_name("journal.log.old") if has_older_file else log
    older.write_bytes(line_of(first))
    with log.open("ab") as file:
        file.write(line_of(second) + line_of(end))
    (folder / "journal.sqlite").write_bytes(b"a database")

    def check():
        known = journal.here().known(SPENT)
        assert (known.newest, known.place, known.granted_at, known.scope) == (NEWEST, "/p", 2.5, "a b")
        assert journal.here().known(NEWEST).end == "revoked"

    check()
    journal.here().record("x", "y", "/q")
    check()
    assert sorted(path.name for path in folder.glob("journal*")) == ["journal.lock", "journal.log", "journal.size"]


def test_a_database_of_the_format_before_without_its_text_is_not_the_same_as_none(folder):
    folder.mkdir()
    (folder / "journal.sqlite").write_bytes(b"a database")

    with pytest.raises(StoreError, match=NOT_KNOWN):
        successor_of("a")


@pytest.fixture
def no_locks(monkeypatch):
    """A disk without locks."""

    def refuse(*_):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(locks, "_try_flock", refuse)
    monkeypatch.setattr(locks, "_try_filelock", refuse)


def test_without_locks_each_machine_has_a_file_and_all_are_read(folder, no_locks, monkeypatch):
    for host in ("one", "two"):
        monkeypatch.setattr(log_file.socket, "gethostname", lambda host=host: host)
        journal.here().record(f"a-{host}", f"b-{host}", "/p")
    journal.here().record("b-one", "c-one", "/q")

    assert sorted(path.name for path in folder.glob("*.log")) == ["journal-one.log", "journal-two.log"]
    assert successor_of("a-one") == ("c-one", "/q")
    assert successor_of("a-two") == ("b-two", "/p")


def test_files_from_before_there_were_locks_are_read_too(folder, monkeypatch):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(locks, "_try_flock", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSYS, "no locks")))
        journal.here().record("a", "b", "/p")
    journal.here().record("b", "c", "/q")

    assert (folder / "journal.log").exists()
    assert successor_of("a") == ("c", "/q")


def test_without_locks_a_line_that_another_process_is_writing_is_not_counted(folder, no_locks, monkeypatch):
    """Its first half was there when the length was noted."""
    line = line_of({"format": 1, "at": 1.5, "spent": "x", "newest": "y", "place": "/p"})

    with monkeypatch.context() as patch:
        patch.setattr(log_file, "synced", lambda descriptor: os.write(descriptor, line[:20]))
        journal.here().record("a", "b", "/p")
    (log,) = folder.glob("journal-*.log")
    with log.open("ab") as file:
        file.write(line[20:])

    log_file.forget()
    assert successor_of("x") == ("y", "/p")
    assert successor_of("a") == ("b", "/p")


WRITER = """
import errno, os, sys
from oint_magics.stores import journal, locks, log_lines
name, count, has_locks, most = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "True", int(sys.argv[4])
log_lines._MOST_LOOSE = most
def refuse(*_): raise OSError(errno.ENOLCK, "no locks")
if not has_locks:
    locks._try_flock = refuse
for n in range(count):
    assert journal.here().record(f"{name}{n}", f"{name}{n + 1}", "/" + name)
    print(n, flush=True)
"""


@pytest.mark.parametrize("has_locks", [True, False])
def test_no_entry_of_three_processes_is_lost(has_locks):
    """Two add, and one joins with each entry of its own."""
    words = [(name, "120", str(has_locks), most) for name, most in (("a", "1000"), ("b", "1000"), ("c", "1"))]
    processes = [subprocess.Popen([sys.executable, "-c", WRITER, *each], stdout=subprocess.DEVNULL) for each in words]

    assert [process.wait(LONG) for process in processes] == [0] * 3
    for name in "abc":
        assert all(successor_of(f"{name}{n}") == (f"{name}120", f"/{name}") for n in range(120))


@pytest.mark.parametrize("most", ["1000", "1"])
def test_a_kill_loses_no_entry_that_was_told(most):
    told = dict.fromkeys("abcdef", 0)
    for name in told:
        process = subprocess.Popen([sys.executable, "-c", WRITER, name, "99999", "True", most], stdout=subprocess.PIPE)
        for _ in range(3 + ord(name) % 5):
            told[name] = int(process.stdout.readline())
        process.kill()
        process.wait()
        process.stdout.close()

    for name, last in told.items():
        assert all(successor_of(f"{name}{n}") is not None for n in range(last + 1))


def test_a_line_without_its_size_is_found_by_the_next(folder, log, monkeypatch):
    """A process that died between the two."""
    journal.here().record("a", "b", "/p")
    with monkeypatch.context() as patch:
        patch.setattr(log_file, "_note", lambda *_, **__: None)
        journal.here().record("b", "c", "/p")

    assert successor_of("a") == ("c", "/p")
    journal.here().record("c", "d", "/p")
    assert successor_of("a") == ("d", "/p")


def test_a_new_log_that_did_not_take_the_place_of_the_old_one(folder, log, monkeypatch):
    """A process that died while it joined: the size knows both."""
    for n in range(5):
        journal.here().record(f"t{n}", f"t{n + 1}", "/p")
    before = log.read_bytes()
    monkeypatch.setattr(log_lines, "_MOST_LOOSE", 1)
    with monkeypatch.context() as patch, contextlib.suppress(ZeroDivisionError):
        patch.setattr(log_file.Folder, "sync", lambda _: 1 / 0)
        journal.here().record("t5", "t6", "/p")
    assert successor_of("t0") == ("t6", "/p")
    log.write_bytes(before)

    assert successor_of("t0") == ("t5", "/p")
