"""The team's row: the contract of all stores, and what only a database can do wrong."""

import os
import shutil
import threading
import time

import psycopg
import pytest
from contract import AUTH, StoreContract, grant
from cryptography.fernet import Fernet
from patience import wait_for
from postgres import Bouncer

from oint_magics.errors import SettingError, StoreBusy, StoreError, StoreNotWritable, StoreTaken
from oint_magics.secret import Secret
from oint_magics.stores import lease, open_store, postgres

TOKEN = Secret("a-token")

pytestmark = pytest.mark.usefixtures("team")


class TestShared(StoreContract):
    @pytest.fixture
    def again(self):
        return lambda: open_store("shared:work")

    @pytest.fixture
    def store(self, again):
        return again()


@pytest.fixture
def store():
    """A row with a pair in it."""
    store = open_store("shared:work")
    store.create(AUTH)
    return store


@pytest.fixture
def elsewhere(monkeypatch, home):
    """Open the row as another machine does: with a data folder of its own."""

    def open_there():
        with monkeypatch.context() as there:
            there.setenv("OINT_HOME", str(home / "elsewhere"))
            store = open_store("shared:work")
            assert store.records
            return store

    return open_there


def test_connections_end_with_their_stores(store, team):
    """Without waiting for the collector, which a big process seldom runs: a server takes a hundred."""
    import gc

    def connections():
        ours = "backend_type = 'client backend' AND pid <> pg_backend_pid()"
        return {pid for (pid,) in team.run(f"SELECT pid FROM pg_stat_activity WHERE {ours}")}

    gc.disable()
    before = connections()
    try:
        for _ in range(30):
            other = open_store("shared:work")
            with other.lock(5, lambda: None):
                assert other.records.of(other.read().refresh_token).found() is None
        del other
        wait_for(lambda: connections() <= before, connections)
    finally:
        gc.enable()


def test_the_database_sees_no_word_of_it(store, team):
    store.save(grant("access-MARK", "refresh-MARK"), AUTH)

    seen = str(team.run("SELECT t.*, t::text FROM oint_pair t"))
    assert "work" in seen
    for word in ("an-id", "old", "MARK", "client", "token", "Привет"):
        assert word not in seen


def test_a_row_is_bound_to_its_name_and_generation(store, team):
    """Another account's row pasted over it, or an older one put back, opens with the same key and is refused."""
    other = open_store("shared:other")
    other.create(AUTH)
    older = team.run("SELECT content FROM oint_pair WHERE name = 'work'")[0][0]
    store.save(grant(), AUTH)

    team.run(f"UPDATE oint_pair SET content = '{older}' WHERE name = 'work'")
    with pytest.raises(StoreError, match="cannot be opened with OINT_SHARED_KEY"):
        store.read()
    team.run("UPDATE oint_pair SET content = (SELECT content FROM oint_pair WHERE name = 'other') WHERE name = 'work'")
    with pytest.raises(StoreError, match="cannot be opened with OINT_SHARED_KEY"):
        store.read()


def test_keys_rotate_with_the_next_refresh(store, monkeypatch):
    old, new = os.environ["OINT_SHARED_KEY"], Fernet.generate_key().decode()
    monkeypatch.setenv("OINT_SHARED_KEY", f"{new}, {old}")
    assert store.read().refresh_token.reveal() == "old"

    store.prove()

    monkeypatch.setenv("OINT_SHARED_KEY", new)
    assert store.read().refresh_token.reveal() == "old"
    monkeypatch.setenv("OINT_SHARED_KEY", old)
    with pytest.raises(StoreError, match="cannot be opened"):
        store.read()


@pytest.mark.parametrize("key", ["", "MARK", "MARK" * 11, "k" * 43 + "=,MARK"])
def test_without_a_key_nothing_is_read(store, monkeypatch, key):
    monkeypatch.setenv("OINT_SHARED_KEY", key)

    with pytest.raises(SettingError, match="OINT_SHARED_KEY") as caught:
        store.read()
    assert "generate_key" in caught.value.next_step
    assert "MARK" not in str(caught.value)


@pytest.mark.parametrize("address", [None, "MARK", "mysql://MARK", "http://MARK"])
def test_what_is_no_address(monkeypatch, address):
    if address is None:
        monkeypatch.delenv("OINT_SHARED_STORE")
    else:
        monkeypatch.setenv("OINT_SHARED_STORE", address)

    with pytest.raises(SettingError, match="OINT_SHARED_STORE") as caught:
        open_store("shared:work")
    assert "MARK" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://MARK:MARK@127.0.0.1:1/MARK",
        "postgresql:///MARK?host=/MARK",
        "postgresql://MARK@127.0.0.1:notaport/x",
        "postgresql://x@/x?MARK=1",
    ],
)
def test_a_database_that_cannot_be_reached_is_said_without_its_address(monkeypatch, address):
    monkeypatch.setenv("OINT_SHARED_STORE", address)

    with pytest.raises(StoreError, match="The team's database cannot be used") as caught:
        open_store("shared:work").read()
    assert "MARK" not in str(caught.value)


def test_no_such_database(team, monkeypatch):
    monkeypatch.setenv("OINT_SHARED_STORE", team.address.replace("/postgres?", "/MARK?"))

    with pytest.raises(StoreError, match="no database of that name") as caught:
        open_store("shared:work").exists()
    assert "MARK" not in str(caught.value)


@pytest.fixture
def guest(team, monkeypatch):
    """A user of the database with few rights."""
    team.run("REVOKE CREATE ON SCHEMA public FROM PUBLIC; DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN")
    monkeypatch.setenv("OINT_SHARED_STORE", team.address.replace("postgres:@", "guest:@"))
    yield team
    team.run("DROP OWNED BY guest; DROP ROLE guest")


def test_where_the_table_may_not_be_made_its_ddl_is_printed(guest):
    with pytest.raises(StoreNotWritable, match="no table oint_pair") as caught:
        open_store("shared:work").exists()
    assert postgres.TABLE in caught.value.next_step

    guest.run(postgres.TABLE)
    guest.run("GRANT SELECT, INSERT, UPDATE, DELETE ON oint_pair TO guest")
    open_store("shared:work").create(AUTH)
    assert open_store("shared:work").exists()


def test_a_missing_right_is_named(guest):
    guest.run(postgres.TABLE)

    with pytest.raises(StoreNotWritable, match="does not let this user") as caught:
        open_store("shared:work").exists()
    assert "GRANT SELECT, INSERT, UPDATE, DELETE ON oint_pair" in caught.value.next_step


def test_a_copy_that_can_only_be_read_is_known_before(guest):
    guest.run(postgres.TABLE)
    guest.run("GRANT ALL ON oint_pair TO guest; ALTER ROLE guest SET default_transaction_read_only = on")

    with pytest.raises(StoreNotWritable, match="it is read-only"):
        open_store("shared:work").create(AUTH)


def test_a_row_that_another_session_holds_is_not_waited_for_for_ever(store, team, monkeypatch):
    monkeypatch.setattr(postgres, "_BEFORE", postgres._BEFORE.replace("8s", "200ms"))
    with psycopg.connect(team.address) as other:
        other.execute("SELECT * FROM oint_pair FOR UPDATE")

        with pytest.raises(StoreError, match="did not answer within"):
            store.prove()


def test_no_error_carries_what_the_database_said(store, monkeypatch):
    """psycopg's errors hold the statement's text and the server's words; neither hangs on ours."""
    with pytest.raises(StoreError) as caught:
        store._database.run("SELECT 'MARK'::integer")
    error = caught.value
    assert "MARK" not in f"{error!r} {error} {error.args} {error.__cause__!r} {error.__context__!r}"


def test_a_database_that_restarts_in_the_middle(store, team):
    """A statement that meets a database on its way down or up is repeated."""
    team.crash()
    later = threading.Timer(0.5, team.start)
    later.start()
    try:
        store.save(grant(), AUTH)
    finally:
        later.join()

    assert store.read().refresh_token.reveal() == "new"


def test_a_save_whose_word_of_success_was_lost_is_known_as_done(store, monkeypatch):
    """The connection breaks after the commit: repeated, the statement changes nothing, and the pair is there."""
    really, broken = store._database._execute, []

    def execute(connection, statement, values):
        rows = really(connection, statement, values)
        if statement.startswith("UPDATE") and not broken:
            broken.append(True)
            raise psycopg.OperationalError("the connection was lost")
        return rows

    monkeypatch.setattr(store._database, "_execute", execute)

    store.save(grant(), AUTH)

    assert broken
    assert store.read().refresh_token.reveal() == "new"


def test_two_that_save_at_once(store):
    """One of them is told that it came too late."""
    other = open_store("shared:work")
    store.save(grant("a", "r"), AUTH)

    with pytest.raises(StoreTaken):
        other.save(grant("b", "s"), AUTH)
    assert other.read().refresh_token.reveal() == "r"


def test_descent_is_known_whoever_refreshed(store):
    for n in range(3):
        store.save(grant(f"a{n}", f"r{n}"), store.read())

    assert open_store("shared:work").descends_from(AUTH.refresh_token.fingerprint())
    assert not store.descends_from(grant(refresh="another").refresh_token.fingerprint())


def test_a_password_in_the_address_is_said(store, monkeypatch):
    assert store.warning() is None

    monkeypatch.setenv("OINT_SHARED_STORE", "postgresql://me:MARK@host/db")
    assert "PGPASSFILE" in open_store("shared:work").warning()
    assert "MARK" not in open_store("shared:work").warning()


def test_one_machine_at_a_time(store, elsewhere):
    other = elsewhere()
    with store.lock(1, lambda: None):
        with pytest.raises(StoreBusy, match="held by process .* on "), other.lock(0.3, lambda: None):
            pass
        with other.lock(5, lambda: "found") as found:
            assert found == "found"
    with other.lock(1, lambda: None) as found:
        assert found is None


def test_a_lease_of_a_dead_process_is_taken_over_here_at_once_and_elsewhere_when_it_ends(store, elsewhere, team):
    with store.lock(1, lambda: None):
        store._lease.name = ""  # It dies without giving it back.
    with pytest.raises(StoreBusy), elsewhere().lock(0.3, lambda: None):
        pass
    with open_store("shared:work").lock(1, lambda: None) as found:
        assert found is None
        store._lease.name = ""

    team.run("UPDATE oint_pair SET lease = 'dead', until = now() + interval '0.5 second'")
    with elsewhere().lock(5, lambda: None) as found:
        assert found is None


def test_a_first_pair_has_a_lease_too(elsewhere):
    """Two machines that make one row: the second waits for the first."""
    first, second = open_store("shared:work"), elsewhere()
    with first.lock(1, lambda: None):
        with pytest.raises(StoreBusy), second.lock(0.3, lambda: None):
            pass
        assert not second.exists()
    with second.lock(1, lambda: None):
        second.create(AUTH)
    assert first.exists()


def test_a_lease_without_a_pair_leaves_no_row(team):
    with open_store("shared:work").lock(1, lambda: None):
        pass
    assert team.run("SELECT count(*) FROM oint_pair WHERE name <> ''") == [(0,)]


def test_who_slept_past_the_lease_sends_nothing(store, team, monkeypatch):
    with store.lock(1, lambda: None):
        record = store.records.of(TOKEN)
        record.begin(1)
        record.check()
        now = lease.clock()
        monkeypatch.setattr(lease, "clock", lambda: now + 9)
        with pytest.raises(StoreBusy, match="asleep or stopped"):
            record.check()
        record.rollback()
        assert record.found() is None


def test_who_lost_the_lease_marks_nothing(store, elsewhere, team):
    with store.lock(1, lambda: None):
        team.run("UPDATE oint_pair SET until = now() - interval '1 second'")
        with elsewhere().lock(1, lambda: None):
            record = store.records.of(TOKEN)
            with pytest.raises(StoreBusy, match="expired before the request"):
                record.begin(1)
            assert record.found() is None


def test_the_clock_of_a_lease_goes_on_while_the_machine_sleeps():
    if hasattr(time, "CLOCK_BOOTTIME"):
        assert abs(lease.clock() - time.clock_gettime(time.CLOCK_BOOTTIME)) < 1


def test_a_row_of_another_machine_is_neither_written_nor_deleted(store, elsewhere, team):
    """Whoever lost the lease lost the right to make, prove or delete."""
    with store.lock(1, lambda: None):
        team.run("UPDATE oint_pair SET until = now() - interval '1 second'")
        with elsewhere().lock(1, lambda: None):
            for act in (lambda: store.create(AUTH), store.prove):
                with pytest.raises(StoreTaken):
                    act()
            store.remove()
            store.delete_if_unchanged(AUTH)
            assert store.exists()


def test_what_was_made_is_withdrawn_only_while_it_is_that(store):
    with store.lock(1, lambda: None):
        store.save(grant(), AUTH)
        store.delete_if_unchanged(AUTH)
        assert store.exists()
        store.delete_if_unchanged(store.read())
        assert not store.exists()


def test_two_databases_are_two_places(store, team, monkeypatch):
    """One name in both: neither records nor lineage mix."""
    team.run("DROP DATABASE IF EXISTS staging")
    team.run("CREATE DATABASE staging")
    with store.lock(1, lambda: None):
        store.records.of(TOKEN).begin(1)
    monkeypatch.setenv("OINT_SHARED_STORE", team.address.replace("/postgres?", "/staging?"))
    other = open_store("shared:work")
    other.create(AUTH)

    assert other.place != store.place
    with other.lock(1, lambda: None):
        other.records.of(Secret("none")).commit()
    with pytest.raises(StoreError, match="a database that OINT_SHARED_STORE does not name"):
        open_store(store.place)
    monkeypatch.setenv("OINT_SHARED_STORE", team.address)
    assert open_store(store.place).label == "shared:work"
    with store.lock(1, lambda: None):
        assert store.records.of(TOKEN).found().tries == 1


def test_a_useless_answer_here_does_not_hide_a_later_try_elsewhere(store, elsewhere):
    with store.lock(1, lambda: None):
        record = store.records.of(TOKEN)
        record.begin(1)
        record.append(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno")
        record.close()
        assert not store.records.of(TOKEN).found().is_elsewhere
    other = elsewhere()
    with other.lock(1, lambda: None):
        other.records.of(TOKEN).begin(2)

    with store.lock(1, lambda: None):
        found = store.records.of(TOKEN).found()
        assert found.is_elsewhere
        assert found.tries == 2


@pytest.mark.parametrize("name", ["mark", "unmark"])
def test_a_mark_whose_word_was_lost_is_known_as_ones_own(store, monkeypatch, name):
    """The database fails in the middle of an exchange that sends nothing: the next one here may try."""
    really = getattr(lease.Lease, name)

    def lost(self, *words):
        really(self, *words) if name == "mark" else None
        raise StoreError("The connection was lost.")

    with monkeypatch.context() as patch, store.lock(1, lambda: None):
        patch.setattr(lease.Lease, name, lost)
        record = store.records.of(TOKEN)
        if name == "mark":
            with pytest.raises(StoreError):
                record.begin(1)
        else:
            record.begin(1)
            record.rollback()
    with store.lock(1, lambda: None):
        assert not store.records.of(TOKEN).found().is_elsewhere


def test_a_token_in_doubt_stays_so_when_another_one_was_not_sent(store):
    """Other tokens were put into the row and their exchange came to nothing; then the first ones came back."""
    with store.lock(1, lambda: None):
        first, other = store.records.of(TOKEN), store.records.of(Secret("another"))
        first.begin(1)
        first.close()
        other.begin(1)
        other.rollback()

        assert first.found().tries == 1
        assert other.found() is None


def test_a_record_is_seen_from_everywhere(store, elsewhere):
    other = elsewhere()
    with store.lock(1, lambda: None):
        store.records.of(TOKEN).begin(1)
    with other.lock(1, lambda: None):
        found = other.records.of(TOKEN).found()
        assert found.is_elsewhere
        assert found.tries == 1
        assert found.by == lease.holder()
        assert found.since.endswith(" UTC")
        assert other.records.of(Secret("another")).found() is None

        record = other.records.of(TOKEN)
        record.begin(2)
        assert not record.found().is_elsewhere
        assert store.records.of(TOKEN).found().is_elsewhere
        record.rollback()
        assert record.found() == found
    with store.lock(1, lambda: None):
        record = store.records.of(TOKEN)
        assert not record.found().is_elsewhere
        record.begin(2)
        record.commit()
        assert record.found() is None
    with other.lock(1, lambda: None):
        assert other.records.of(TOKEN).found() is None


def test_an_answer_on_its_way_is_encrypted(store, home):
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nrefresh-MARK"
    with store.lock(1, lambda: None):
        record = store.records.of(TOKEN)
        record.begin(1)
        for at in range(len(raw)):
            record.append(raw[at : at + 1])
        (path,) = (home / "oint" / "shared").rglob("exchange-*")
        assert b"MARK" not in path.read_bytes()
        assert store.records.of(TOKEN).found().answer.body == b"refresh-MARK"
        record.close()


def test_behind_pgbouncer(team, monkeypatch):
    if not shutil.which("pgbouncer"):
        pytest.skip("pgbouncer is not installed")
    bouncer = Bouncer(team)
    try:
        monkeypatch.setenv("OINT_SHARED_STORE", bouncer.address)
        stores = [open_store("shared:work") for _ in range(8)]
        stores[0].create(AUTH)
        saved = []

        def refresh(store):
            with store.lock(20, lambda: None):
                auth = store.read()
                store.prove()
                record = store.records.of(auth.refresh_token)
                record.begin(1)
                token = f"r{len(saved)}"
                store.save(grant(token, token), auth)
                saved.append(token)
                record.commit()

        threads = [threading.Thread(target=refresh, args=(store,)) for store in stores]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert saved == [f"r{n}" for n in range(8)]
        assert stores[0].read().refresh_token.reveal() == "r7"
        assert stores[0]._row().generation == 9
    finally:
        bouncer.stop()
