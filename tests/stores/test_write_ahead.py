"""The exchange record where something goes wrong: what it knows is never less afterwards."""

import contextlib
import os
import shutil
import stat
from pathlib import Path

import pytest
from contract import AUTH

from oint_magics.errors import StoreError, StoreNotWritable
from oint_magics.secret import Secret
from oint_magics.stores import exchange_notes, open_store

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n{"access_token": "a", "refresh_token": "b"}'
UNREADABLE = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n\x0bnotjson!"


def left(store, token, answer):
    record = store.records.of(token)
    record.begin(1)
    record.append(answer)
    record.close()
    return Path(record._folder.folder) / record._name


@pytest.fixture
def store():
    store = open_store("./auth.json")
    store.create(AUTH)
    return store


def test_a_sweep_leaves_what_cannot_be_opened_now(ring, monkeypatch):
    """A keyring that is locked for a while: the record holds an answer that was not saved."""
    store = open_store("keyring:work")
    store.create(AUTH)
    path = left(store, Secret("another"), ANSWER)

    def locked(*_):
        raise StoreError("It is locked.")

    with monkeypatch.context() as change:
        change.setattr("oint_magics.stores.keyring._key", locked)
        store.records.sweep(AUTH.refresh_token)
    assert path.exists()
    assert store.records.of(Secret("another")).found().answer.body.endswith(b"}")


def test_a_sweep_leaves_a_login_that_is_under_way(store):
    record = store.login_records.of_login("login-app-x")
    record.begin(1)

    store.login_records.sweep()
    assert record._is_still_there()
    record.discard()


def fail(*_, **__):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_record_that_cannot_be_begun_leaves_the_kept_answer_in_its_place(store, monkeypatch, call):
    """Or the next run would find no record, and send the token."""
    path = left(store, AUTH.refresh_token, UNREADABLE)
    before = path.read_bytes()

    with monkeypatch.context() as change, pytest.raises(StoreNotWritable, match="nothing was sent"):
        change.setattr(os, call, fail)
        store.records.of(AUTH.refresh_token).begin(2)

    assert path.read_bytes() == before
    assert not list(path.parent.glob("*.new"))


@pytest.mark.parametrize("is_there", [True, False])
def test_a_record_that_was_written_and_not_begun_says_nothing_of_a_sending(store, monkeypatch, is_there):
    if is_there:
        left(store, AUTH.refresh_token, b"")
    found = store.records.of(AUTH.refresh_token).found()

    with monkeypatch.context() as change, pytest.raises(StoreNotWritable, match="nothing was sent"):
        change.setattr("oint_magics.stores.private_folder.Folder.sync", fail)
        store.records.of(AUTH.refresh_token).begin(2)

    assert store.records.of(AUTH.refresh_token).found() == found


def ends(record):
    return {"saved": record.commit, "not sent": record.rollback, "kept": record.close, "thrown away": record.discard}


def open_below(folder):
    """Return what is open below a folder; the process's other descriptors come and go with other tests."""
    found = []
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # Closed meanwhile.
            found.append(os.readlink(f"/proc/self/fd/{number}"))
    return [path for path in found if path.startswith(f"{folder.resolve()}/")]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="what is open is read from /proc")
@pytest.mark.parametrize("end", ["saved", "not sent", "kept", "thrown away"])
@pytest.mark.parametrize("is_there", [True, False])
def test_no_end_leaves_a_file_open(store, end, is_there, tmp_path):
    if is_there:
        left(store, AUTH.refresh_token, b"")
    record = store.records.of(AUTH.refresh_token)
    assert open_below(tmp_path) == []
    record.begin(1)
    record.append(ANSWER)
    assert open_below(tmp_path) != []

    ends(record)[end]()
    assert open_below(tmp_path) == []


@pytest.mark.parametrize("end", ["saved", "not sent", "thrown away"])
def test_a_copy_is_led_to_no_record_that_is_gone(store, end):
    record = store.records.of(AUTH.refresh_token)
    record.begin(1)
    assert exchange_notes.place_of_record(AUTH.refresh_token) == store.place

    ends(record)[end]()
    assert exchange_notes.place_of_record(AUTH.refresh_token) is None


def test_what_was_in_doubt_before_is_in_doubt_again_where_nothing_was_sent(store):
    path = left(store, AUTH.refresh_token, b"HTTP/1.1 200 OK\r\n")
    before = path.read_bytes()
    record = store.records.of(AUTH.refresh_token)
    record.begin(2)
    assert path.read_bytes() != before

    record.rollback()
    assert path.read_bytes() == before


def test_to_throw_away_makes_no_folder(store):
    record = store.records.of(AUTH.refresh_token)
    folder = Path(record._folder.folder)
    shutil.rmtree(folder)

    record.discard()
    assert not folder.exists()


def test_a_sweep_tells_the_log_what_a_record_knows(store):
    """Only who has the token that a record brought can have sent it."""
    path = left(store, Secret("the one before"), ANSWER)
    name = Secret("the one before").fingerprint()

    store.records.sweep(Secret("of somebody else"))
    assert path.exists()
    assert store.journal.known(name).newest is None

    store.records.sweep(Secret("b"))
    assert not path.exists()
    assert store.journal.known(name).newest == Secret("b").fingerprint()


def test_a_folder_that_cannot_be_opened(store, monkeypatch):
    left(store, AUTH.refresh_token, ANSWER)
    monkeypatch.setattr("oint_magics.stores.write_ahead.RecordFolder.opened", fail)

    assert store.records.unfinished() == []
    with pytest.raises(
        StoreNotWritable, match="that may hold new tokens of an earlier run cannot be read, so nothing was sent"
    ):
        store.records.of(AUTH.refresh_token).found()


def test_to_look_makes_no_folder_and_names_none(store):
    folder = Path(store.records.folder)
    shutil.rmtree(folder)

    assert store.records.of(AUTH.refresh_token).looked_up() == (None, "")
    assert store.records.unfinished() == []
    assert not folder.exists()

    folder.mkdir(mode=0o700)
    assert store.records.of(AUTH.refresh_token).looked_up() == (None, "")


def test_a_file_that_somebody_removed_keeps_nothing(store):
    record = store.records.of(AUTH.refresh_token)
    record.begin(1)
    record.append(ANSWER)
    assert record.is_kept

    (Path(record._folder.folder) / record._name).unlink()
    record.close()
    assert not record.is_kept


def test_what_comes_to_a_record_that_is_not_begun_is_not_kept(store):
    record = store.records.of(AUTH.refresh_token)
    record.append(ANSWER)
    assert not record.is_kept


def test_a_sealed_answer_is_there_with_its_last_byte(ring):
    """Whatever happens then; and as much as came, where the record is closed before."""
    store = open_store("keyring:work")
    store.create(AUTH)
    record = store.records.of(AUTH.refresh_token)
    record.begin(1)

    record.append(ANSWER[:30])
    assert not record.is_kept
    record.append(ANSWER[30:])
    assert record.is_kept
    assert store.records.of(AUTH.refresh_token).found().answer.body == ANSWER.partition(b"\r\n\r\n")[2]
    record.discard()

    record = store.records.of(AUTH.refresh_token)
    record.begin(1)
    record.append(ANSWER[:-5])
    record.close()
    assert record.is_kept
    assert store.records.of(AUTH.refresh_token).found().answer.body == ANSWER.partition(b"\r\n\r\n")[2][:-5]


def test_a_login_s_record_lies_in_a_data_folder_as_it_should_be(store, home):
    record = store.login_records.of_login("login-app-x")
    record.begin(1)

    assert (home / "oint" / ".gitignore").exists()
    assert stat.S_IMODE((home / "oint" / "logins").stat().st_mode) == 0o700
    record.discard()


def test_a_login_s_answer_is_found_again(store):
    record = store.login_records.of_login("login-app-x")
    record.begin(1)
    record.append(ANSWER)
    record.close()

    assert store.login_records.of_login("login-app-x").found().answer.body.startswith(b"{")
    store.login_records.discard_all()
    assert store.login_records.of_login("login-app-x").found() is None


def test_a_record_of_a_later_format_stays_and_nothing_begins(store):
    path = left(store, AUTH.refresh_token, ANSWER)
    before = path.read_bytes().replace(b'"format": 1', b'"format": 9')
    path.write_bytes(before)

    for act in (lambda record: record.begin(2), lambda record: record.found()):
        with pytest.raises(StoreError, match="does not know. Nothing was sent"):
            act(store.records.of(AUTH.refresh_token))
    assert path.read_bytes() == before


def test_the_note_of_another_store_comes_back_where_nothing_was_sent(store):
    exchange_notes.NOTES.write(AUTH.refresh_token.fingerprint(), {"place": "profile:other"})
    record = store.records.of(AUTH.refresh_token)
    record.begin(1)

    record.rollback()
    assert exchange_notes.place_of_record(AUTH.refresh_token) == "profile:other"


def test_what_is_saved_takes_the_records_of_earlier_tokens_along(store):
    path = left(store, Secret("the one before"), b"")
    record = store.records.of(AUTH.refresh_token)
    record.begin(1)

    record.commit()
    assert not path.exists()
