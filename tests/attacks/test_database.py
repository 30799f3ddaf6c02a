"""B19, B31: the settings of a team's database, what a pooler says, and a standby that is away."""

import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest
from field.rows import case
from patience import LONG, TELLS_OF_STOP, wait_for
from postgres import Bouncer
from refusing import Refusing
from tls import certificate

from oint_magics import errors, twitter
from oint_magics.stores import open_store, postgres

needs_pgbouncer = pytest.mark.skipif(not shutil.which("pgbouncer"), reason="pgbouncer is not installed")


@pytest.fixture
def setting(team):
    """Set something for all sessions of the database that are opened from now on, until the test ends."""
    names = []

    def put(name, value):
        team.run(f"ALTER DATABASE postgres SET {name} = '{value}'")
        names.append(name)

    yield put
    for name in names:
        team.run(f"BEGIN READ WRITE; ALTER DATABASE postgres RESET {name}; COMMIT")


def at_once(count, act):
    """Run something in threads; return what went wrong."""
    problems = []

    def run(number):
        try:
            act(number)
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems


# B19: what the database, its user or this machine have set.
@pytest.mark.parametrize(("name", "value"), [
    case("B19", "default_transaction_isolation = serializable", "SQLSTATE 40001, shown as a refusal", "default_transaction_isolation", "serializable"),
    case("B19", "default_transaction_isolation = repeatable read", "SQLSTATE 40001, shown as a refusal", "default_transaction_isolation", "repeatable read"),
    case("B19", "lock_timeout = 1 ms", "SQLSTATE 55P03, shown as a refusal", "lock_timeout", "1ms"),
])  # fmt: skip
def test_the_settings_of_a_database(strict, team, setting, after, name, value):
    setting(name, value)
    twitter.keep(strict.issue(), "shared:work")
    for number in range(6):
        twitter.keep(strict.issue(), f"shared:own-{number}")

    problems = at_once(12, lambda n: twitter.refresh("shared:work" if n % 2 else f"shared:own-{n // 2}"))

    assert problems == []
    assert strict.accounts.counts.reuses == strict.accounts.counts.refused == 0
    after("all of 12 refreshes at once")


def test_a_row_that_is_held_for_a_moment_is_waited_for(strict, team, setting):
    setting("lock_timeout", "1ms")
    twitter.keep(strict.issue(), "shared:work")
    with psycopg.connect(team.address) as other:
        other.execute("SELECT * FROM oint_pair FOR UPDATE")
        timer = threading.Timer(0.5, other.rollback)
        timer.start()
        twitter.refresh("shared:work")
        timer.join()


def test_two_that_lock_each_other_are_tried_again(strict, team):
    """Serialization failures and deadlocks, as a trigger of the team's own may cause them."""
    twitter.keep(strict.issue(), "shared:work")
    team.run(
        "CREATE SEQUENCE tries; CREATE FUNCTION unlucky() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF nextval('tries') < 4 THEN RAISE EXCEPTION 'met' USING ERRCODE = CASE nextval('tries') WHEN 2 THEN '40001' "
        "ELSE '40P01' END; END IF; RETURN NEW; END $$; "
        "CREATE TRIGGER unlucky BEFORE UPDATE ON oint_pair FOR EACH ROW EXECUTE FUNCTION unlucky()"
    )
    try:
        twitter.refresh("shared:work")
    finally:
        team.run("DROP TRIGGER unlucky ON oint_pair; DROP FUNCTION unlucky; DROP SEQUENCE tries")
    assert strict.accounts.counts.refreshes == 1


@pytest.mark.parametrize(("encoding", "here"), [
    case("B19", "a database of encoding SQL_ASCII", "keep says ok, and the row is unreadable", "SQL_ASCII", None),
    case("B19", "PGCLIENTENCODING=SQL_ASCII", "keep says ok, and the row is unreadable", "UTF8", "SQL_ASCII"),
    case("B19", "PGCLIENTENCODING=LATIN1", "keep says ok, and the row is unreadable", "LATIN1", "LATIN1"),
])  # fmt: skip
def test_encodings(strict, team, monkeypatch, after, encoding, here):
    team.run("DROP DATABASE IF EXISTS other")
    team.run(f"CREATE DATABASE other ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    monkeypatch.setenv("OINT_SHARED_STORE", team.address.replace("/postgres?", "/other?"))
    if here:
        monkeypatch.setenv("PGCLIENTENCODING", here)
    twitter.keep(strict.issue(), "shared:work")

    assert twitter.refresh("shared:work")["access_token"]
    assert twitter.me("shared:work")
    after("refreshed and read")


# B31: what a pooler or a server says before a connection stands.
@pytest.mark.parametrize(("code", "words"), [
    case("B31", "08P01: pgbouncer cannot connect to server", "check OINT_SHARED_STORE", "08P01", "pgbouncer cannot connect to server"),
    case("B31", "08P01: the login has been failing", "check OINT_SHARED_STORE", "08P01", "server login has been failing, cached error: connect failed (server_login_retry)"),
    case("B31", "57P01: terminated by an administrator", "its TLS certificate is not accepted", "57P01", "terminating connection due to administrator command"),
    case("B31", "57P03: starting up", "its TLS certificate is not accepted", "57P03", "the database system is starting up"),
    case("B31", "53300: too many clients", "its TLS certificate is not accepted", "53300", "sorry, too many clients already"),
    case("B31", "max_client_conn", "check OINT_SHARED_STORE", "08P01", "no more connections allowed (max_client_conn)"),
])  # fmt: skip
def test_what_is_over_in_a_moment_is_tried_again(strict, team, monkeypatch, after, code, words):
    refusing = Refusing(team, [(code, words)] * 3)
    monkeypatch.setenv("OINT_SHARED_STORE", refusing.address)

    twitter.keep(strict.issue(), "shared:work")

    assert refusing.refused == 3
    refusing.stop()
    monkeypatch.setattr(postgres, "_PATIENCE", 1.0)
    always = Refusing(team, [(code, words)] * 1000)
    monkeypatch.setenv("OINT_SHARED_STORE", always.address)
    with pytest.raises(
        errors.StoreError, match=r"(not reachable|too many connections) just now\. Nothing was sent"
    ) as caught:
        twitter.refresh("shared:work")
    always.stop()
    assert "OINT_SHARED_STORE" not in str(caught.value)
    after("tried again; then: too many connections, or not reachable just now. Nothing was sent")


@pytest.mark.parametrize("way", [
    case("B31", "?options= through PgBouncer", "check OINT_SHARED_STORE", "address"),
    case("B31", "PGOPTIONS through PgBouncer", "check OINT_SHARED_STORE", "variable"),
])  # fmt: skip
@needs_pgbouncer
def test_options_through_pgbouncer(strict, team, monkeypatch, after, way):
    bouncer = Bouncer(team)
    try:
        more = "?options=-c%20statement_timeout%3D5s" if way == "address" else ""
        monkeypatch.setenv("OINT_SHARED_STORE", bouncer.address + more)
        if way == "variable":
            monkeypatch.setenv("PGOPTIONS", "-c statement_timeout=5s")
        with pytest.raises(errors.StoreError, match="does not take the options=") as caught:
            twitter.keep(strict.issue(), "shared:work")
    finally:
        bouncer.stop()
    assert "without options=" in caught.value.next_step
    after("named, with the way out")


def refreshed():
    with contextlib.suppress(errors.StoreError):
        return twitter.refresh("shared:work")


@needs_pgbouncer
def test_behind_pgbouncer_with_the_server_down(strict, team, monkeypatch, after):
    bouncer = Bouncer(team)
    try:
        monkeypatch.setenv("OINT_SHARED_STORE", bouncer.address)
        twitter.keep(strict.issue(), "shared:work")
        team.crash()
        start = time.monotonic()
        with pytest.raises(errors.StoreError, match=r"not reachable just now\. Nothing was sent"):
            twitter.refresh("shared:work")
        assert time.monotonic() - start < 15 + LONG / 10
        team.start()
        wait_for(refreshed, "the pooler does not reach the server again")  # It does not try at once.
    finally:
        bouncer.stop()
    assert strict.accounts.counts.reuses == 0


def test_a_read_only_database(strict, team, setting):
    twitter.keep(strict.issue(), "shared:work")
    setting("default_transaction_read_only", "on")

    with pytest.raises(errors.StoreNotWritable, match="it is read-only") as caught:
        twitter.refresh("shared:work")
    assert "primary" in caught.value.next_step
    assert strict.accounts.counts.refreshes == 0


@pytest.mark.parametrize(("root", "cause"), [
    ("missing.pem", "the file with the CA's certificate is not there"),
    ("other.pem", "not signed by a CA that this machine trusts"),
    ("cert.pem", "for another host name"),
])  # fmt: skip
def test_an_own_ca_on_127_0_0_1(monkeypatch, root, cause):
    """A server that speaks TLS with a certificate for db.example, by an authority of its own."""
    certificate("other.example")
    Path("cert.pem").rename("other.pem")
    certificate("db.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("cert.pem", "key.pem")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError), listener:
            while True:
                with listener.accept()[0] as connection, contextlib.suppress(OSError):
                    connection.recv(8)
                    connection.sendall(b"S")
                    with context.wrap_socket(connection, server_side=True) as wrapped:
                        wrapped.recv(1)

    thread = threading.Thread(target=serve)
    thread.start()
    port, path = listener.getsockname()[1], Path(root).absolute()
    address = f"postgresql://me@127.0.0.1:{port}/x?sslmode=verify-full&sslrootcert={path}"
    monkeypatch.setenv("OINT_SHARED_STORE", address)
    monkeypatch.setenv("OINT_SHARED_KEY", "k" * 43 + "=")

    with pytest.raises(errors.StoreError, match=cause) as caught:
        twitter.status("shared:work")
    listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    assert "Nothing was sent" in caught.value.what


def _waits_for_it(team):
    """Tell whether a commit waits: the setting is shown before the server's own processes have all read it."""
    with psycopg.connect(team.address, autocommit=True) as probe:
        worker = threading.Thread(target=probe.execute, args=("INSERT INTO probe VALUES (1)",))
        worker.start()
        query = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        wait_for(lambda: not worker.is_alive() or team.run(query), "the commit neither waits nor ends")
        is_waiting = worker.is_alive()
        probe.cancel()  # It is committed, and waits no longer.
        worker.join()
        return is_waiting


# A synchronous standby that is away: a commit waits for it without end.
@pytest.fixture
def standby(team):
    """Let commits wait for a standby, which is not there, or no longer."""

    def waits(*, is_away):
        team.run(f"ALTER SYSTEM SET synchronous_standby_names = '{'away' if is_away else ''}'")
        team.run("SELECT pg_reload_conf()")
        wait_for(lambda: _waits_for_it(team) == is_away, "the setting has no effect")

    team.run("CREATE TABLE IF NOT EXISTS probe (number int)")
    yield waits
    waits(is_away=False)


def test_a_standby_that_is_away_before_anything_is_sent(strict, team, standby, monkeypatch, after):
    twitter.keep(strict.issue(), "shared:work")
    monkeypatch.setattr(postgres, "_PATIENCE", 1.0)
    standby(is_away=True)

    with pytest.raises(errors.StoreNotWritable, match="did not confirm a write") as caught:
        twitter.refresh("shared:work")

    assert "Nothing was sent" in caught.value.what
    assert strict.accounts.counts.refreshes == 0
    standby(is_away=False)
    twitter.refresh("shared:work")
    assert strict.accounts.counts.reuses == strict.accounts.counts.refused == 0


def test_a_standby_that_goes_while_the_server_answers(strict, team, standby, monkeypatch, raw):
    """What is written and what is not is said; the next run works, and another machine's too."""
    twitter.keep(strict.issue(), "shared:work")
    monkeypatch.setattr(postgres, "_PATIENCE", 1.0)
    monkeypatch.setattr(postgres, "_SHORT", 0.3)
    strict.faults.add("slow", 1.5)
    timer = threading.Timer(0.7, lambda: standby(is_away=True))
    timer.start()

    table = str(twitter.refresh("shared:work"))

    timer.join()
    assert "standby did not confirm the new tokens" in " ".join(table.split())
    standby(is_away=False)
    before = strict.accounts.counts.refreshes
    twitter.refresh("shared:work", if_expired=True)
    assert strict.accounts.counts.refreshes == before
    twitter.refresh("shared:work")
    assert strict.accounts.counts.reuses == strict.accounts.counts.refused == 0


def test_the_stop_button_while_a_commit_waits(strict, team, standby):
    twitter.keep(strict.issue(), "shared:work")
    standby(is_away=True)
    lines = "from oint_magics import twitter\ntry:\n    twitter.refresh('shared:work')\nexcept KeyboardInterrupt:\n    print('stopped')"
    process = subprocess.Popen(
        [sys.executable, "-c", TELLS_OF_STOP + lines], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    query = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    wait_for(lambda: team.run(query), "no commit waits")
    start = time.monotonic()
    process.send_signal(signal.SIGINT)

    said = process.communicate(timeout=LONG)[0]

    assert "stopped" in said
    assert time.monotonic() - start < 10
    standby(is_away=False)
    twitter.refresh("shared:work")
    assert strict.accounts.counts.reuses == strict.accounts.counts.refused == 0


def test_an_abandoned_statement_gives_its_connection_back(team, standby, monkeypatch):
    monkeypatch.setattr(postgres, "_PATIENCE", 0.5)
    store = open_store("shared:work")
    assert not store.exists()
    standby(is_away=True)
    with pytest.raises(errors.StoreNotWritable, match="did not confirm"):
        store._database.run("INSERT INTO oint_pair (name) VALUES ('x')")
    standby(is_away=False)
    del store

    query = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'oint_magics'"
    wait_for(lambda: not team.run(query), "a connection stays")
