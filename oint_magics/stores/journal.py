"""The local history of token families: which tokens are spent, and where the newest of each family lives.

It holds fingerprints, places and times, and no secret. Every entry stands twice: in a database that is asked, and
as a line of a log from which a database that is damaged or deleted is made again. One that is there and locked is
waited for: that is not the same as knowing nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

from oint_magics import settings
from oint_magics.errors import StoreBusy
from oint_magics.stores import atomic

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")
_MOST = 10_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS family (
    id INTEGER PRIMARY KEY, newest TEXT NOT NULL, place TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS token (
    fingerprint TEXT PRIMARY KEY, family INTEGER NOT NULL, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS token_of ON token (family, number);
CREATE TABLE IF NOT EXISTS ended (
    fingerprint TEXT PRIMARY KEY, how TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
"""
_VERSION = 3
# The server refused it; it was revoked from here; a later login of the same app probably ended it.
REFUSED, REVOKED, OUTLIVED = "refused", "revoked", "outlived"
_PATIENCE = 15.0
_LARGEST_LOG = 16 * 1024 * 1024


class Successor(NamedTuple):
    """Where a token's family lives now.

    Attributes:
        fingerprint: the newest refresh token's.
        place: the store, as it can be opened; blank where it was forgotten.
    """

    fingerprint: str
    place: str


class Family(NamedTuple):
    """A family of tokens.

    Attributes:
        newest: the newest refresh token's fingerprint.
        place: the store, as it can be opened.
        at: when its newest pair was granted, in Unix seconds.
    """

    newest: str
    place: str
    at: float


class End(NamedTuple):
    """How a token came to its end.

    Attributes:
        how: `REFUSED`, `REVOKED` or `OUTLIVED`.
        at: when that became known, in Unix seconds.
    """

    how: str
    at: float


def families() -> list[Family]:
    """Return all families that are known, the last refreshed first."""
    rows = _rows("SELECT newest, place, at FROM family WHERE place <> '' ORDER BY at DESC")
    return [Family(*row) for row in rows]


def family_of(fingerprint: str) -> Successor | None:
    """Return the newest of a token's family and where it lives; `None` for a token that is not known."""
    query = "SELECT f.newest, f.place FROM token t JOIN family f ON f.id = t.family WHERE t.fingerprint = ?"
    rows = _rows(query, fingerprint)
    return Successor(*rows[0]) if rows else None


def successor_of(fingerprint: str) -> Successor | None:
    """Return the newest of a spent token's family, or `None` for a token that is not known to be spent."""
    family = family_of(fingerprint)
    return family if family and family.fingerprint != fingerprint else None


def granted_at(fingerprint: str) -> float | None:
    """Return when the newest token of a family was granted, in Unix seconds, or `None` where nothing tells."""
    rows = _rows("SELECT at FROM family WHERE newest = ?", fingerprint)
    return float(rows[0][0]) if rows else None


def end_of(fingerprint: str) -> End | None:
    """Return how and when a token came to its end, or `None` where nothing tells."""
    rows = _rows("SELECT how, at FROM ended WHERE fingerprint = ?", fingerprint)
    return End(*rows[0]) if rows else None


def stamp() -> object:
    """Return something that differs when the journal was written in between, or `None` where there is none."""
    try:
        found = _path().stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def record(spent: str, newest: str, place: str) -> None:
    """Note that a token was spent, and where its successor lives.

    Args:
        spent: the spent refresh token's fingerprint.
        newest: its successor's.
        place: the store, as it can be opened.

    Raises:
        StoreBusy: another process holds the journal all the time.
    """
    _enter([spent, newest, place, time.time()])


def keep(fingerprint: str, place: str) -> None:
    """Note where a live token lives, so that its copies are known to be copies; raises as `record` does."""
    _enter([fingerprint, fingerprint, place, time.time()])


def forget(place: str) -> None:
    """Forget where families of a store live; that their tokens are spent stays known, so that none is sent again."""
    _enter([None, None, place, time.time()])


def end(fingerprint: str, how: str) -> None:
    """Note that a token came to its end; that its successor is known says the same of a spent one.

    Args:
        fingerprint: the refresh token's.
        how: `REFUSED`, `REVOKED` or `OUTLIVED`.
    """

    def work(database: sqlite3.Connection) -> None:
        database.execute("INSERT OR REPLACE INTO ended VALUES (?, ?, ?)", (fingerprint, how, time.time()))
        oldest = "SELECT at FROM ended ORDER BY at DESC LIMIT 1 OFFSET ?"
        database.execute(f"DELETE FROM ended WHERE at <= ({oldest})", (_MOST,))  # noqa: S608 - no value in it

    _with(work)


def _rows(query: str, *values: str) -> list[tuple[Any, ...]]:
    return _with(lambda database: database.execute(query, values).fetchall()) or []


def _enter(entry: list[Any]) -> None:
    """Write an entry: the log first, so that a process that dies in between has left it somewhere."""
    _log(entry)

    def work(database: sqlite3.Connection) -> None:
        with database:
            database.execute("BEGIN IMMEDIATE")
            _apply(database, *entry)

    _with(work)


def _apply(database: sqlite3.Connection, spent: str | None, newest: str | None, place: str, at: float) -> None:
    if spent is None or newest is None:
        database.execute("UPDATE family SET place = '' WHERE place = ?", (place,))
        return
    family = _family_of(database, spent, newest, (newest, place, at))
    last = database.execute("SELECT max(number) FROM token WHERE family = ?", (family,)).fetchone()[0] or 0
    for number, fingerprint in ((last + 1, spent), (last + 2, newest)):
        database.execute("INSERT OR IGNORE INTO token VALUES (?, ?, ?)", (fingerprint, family, number))
    database.execute("DELETE FROM token WHERE family = ? AND number <= ?", (family, last + 2 - 2 * _MOST))


def _family_of(database: sqlite3.Connection, spent: str, newest: str, home: tuple[str, str, float]) -> int | None:
    """Return the family of a new entry, which lives where the entry says."""
    query = "SELECT family FROM token WHERE fingerprint = ?"
    known, later = (database.execute(query, (token,)).fetchone() for token in (spent, newest))
    if known:
        database.execute("UPDATE family SET newest = ?, place = ?, at = ? WHERE id = ?", (*home, known[0]))
        return int(known[0])
    if later and spent != newest:  # An older generation of a known family says nothing of its newest.
        return int(later[0])
    return database.execute("INSERT INTO family (newest, place, at) VALUES (?, ?, ?)", home).lastrowid


def _with(work: Callable[[sqlite3.Connection], T]) -> T | None:
    """Do something with the database; a damaged one is put aside and made again, one that cannot be is `None`."""
    import sqlite3

    is_locked = False
    for _ in range(2):
        try:
            with contextlib.closing(_open(_path())) as database:
                return work(database)
        except (sqlite3.OperationalError, OSError) as error:
            if isinstance(error, OSError) and error.errno is None:
                raise  # Of an alarm's handler: to know nothing of spent tokens then would send one again.
            is_locked = getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
            break
        except sqlite3.DatabaseError:
            with contextlib.suppress(OSError):
                _path().replace(_path().with_suffix(".damaged"))
    if is_locked:
        _busy()
    return None


def _busy() -> NoReturn:
    raise StoreBusy(
        "The journal of spent tokens is held by another process, so nothing was sent.",
        cause="it lies in the data folder, as journal.sqlite.",
        next_step="end what holds it, then run it again",
    )


def _path() -> Path:
    return settings.data_folder() / "journal.sqlite"


def _open(path: Path) -> sqlite3.Connection:
    import sqlite3

    atomic.private_folder(path.parent)
    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    database = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    try:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            _make(database)
        elif version != _VERSION:
            raise sqlite3.DatabaseError  # noqa: TRY301 - the same as one that is damaged
    except BaseException:
        database.close()
        raise
    return database


def _make(database: sqlite3.Connection) -> None:
    """Make the tables, and enter what the log says: the database before was damaged or deleted, or never was."""
    database.execute("BEGIN IMMEDIATE")
    if database.execute("PRAGMA user_version").fetchone()[0] == 0:
        for statement in _SCHEMA.split(";"):
            database.execute(statement)
        for entry in _logged():
            _apply(database, *entry)
        database.execute(f"PRAGMA user_version = {_VERSION}")
    database.execute("COMMIT")


def _log_path() -> Path:
    return settings.data_folder() / "journal.log"


def _log(entry: list[Any]) -> None:
    path = _log_path()
    with contextlib.suppress(OSError):
        atomic.private_folder(path.parent)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, json.dumps(entry).encode() + b"\n")
            if os.fstat(descriptor).st_size > _LARGEST_LOG:
                path.replace(path.with_suffix(".log.old"))
        finally:
            os.close(descriptor)


def _logged() -> list[tuple[Any, ...]]:
    """Return the log's entries, the oldest first, without lines that cannot be read."""
    entries = []
    for path in (_log_path().with_suffix(".log.old"), _log_path()):
        lines = b""
        with contextlib.suppress(OSError):
            lines = path.read_bytes()
        for line in lines.splitlines():
            with contextlib.suppress(ValueError, TypeError):
                spent, newest, place, at = json.loads(line)
                entries.append((spent and str(spent), newest and str(newest), str(place), float(at)))
    return entries
