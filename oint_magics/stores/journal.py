"""The local history of token families: which tokens are spent, and where the newest of each family lives.

It holds fingerprints, places and times, and no secret. Damaged or deleted it costs the history and no
account; spent copies that somebody keeps are then not known to be spent. One that is there and locked is waited
for: that is not the same as knowing nothing.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from oint_magics import settings
from oint_magics.errors import StoreBusy

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

_MOST = 10_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS family (
    id INTEGER PRIMARY KEY, newest TEXT NOT NULL, place TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS token (
    fingerprint TEXT PRIMARY KEY, family INTEGER NOT NULL, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS token_of ON token (family, number);
CREATE INDEX IF NOT EXISTS family_of ON family (newest);
CREATE TABLE IF NOT EXISTS refused (fingerprint TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
"""
_VERSION = 2
_PATIENCE = 15.0


class Successor(NamedTuple):
    """Where a spent token's family lives now.

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


def families() -> list[Family]:
    """Return all families that are known, the last refreshed first."""
    rows: list[tuple[str, str, float]] = []
    with _journal() as database:
        if database is not None:
            query = "SELECT newest, place, at FROM family WHERE place <> '' ORDER BY at DESC"
            rows = database.execute(query).fetchall()
    return [Family(*row) for row in rows]


def forget(place: str) -> None:
    """Forget where families of a store live; that their tokens are spent stays known, so that none is sent again."""
    with _journal() as database:
        if database is not None:
            database.execute("UPDATE family SET place = '' WHERE place = ?", (place,))


def refuse(fingerprint: str) -> None:
    """Note that the server refused a token."""
    with _journal() as database:
        if database is not None:
            with database:
                database.execute("INSERT OR REPLACE INTO refused VALUES (?, ?)", (fingerprint, time.time()))
                database.execute(
                    "DELETE FROM refused WHERE at <= (SELECT at FROM refused ORDER BY at DESC LIMIT 1 OFFSET ?)",
                    (_MOST,),
                )


def refused_at(fingerprint: str) -> float | None:
    """Return when the server refused a token, in Unix seconds, or `None`."""
    with _journal() as database:
        if database is None:
            return None
        row = database.execute("SELECT at FROM refused WHERE fingerprint = ?", (fingerprint,)).fetchone()
        return float(row[0]) if row else None


def successor_of(fingerprint: str) -> Successor | None:
    """Return the newest of a spent token's family, or `None` for a token that is not known to be spent."""
    row = None
    with _journal() as database:
        if database is None:
            return None
        row = database.execute(
            "SELECT f.newest, f.place FROM token t JOIN family f ON f.id = t.family WHERE t.fingerprint = ?",
            (fingerprint,),
        ).fetchone()
    return Successor(*row) if row and row[0] != fingerprint else None


def home_of(fingerprint: str) -> str | None:
    """Return the store where a live token was kept or saved last, or `None` where nothing tells."""
    with _journal() as database:
        if database is None:
            return None
        query = "SELECT place FROM family WHERE newest = ? AND place <> '' ORDER BY at DESC"
        row = database.execute(query, (fingerprint,)).fetchone()
        return str(row[0]) if row else None


def keep(fingerprint: str, place: str) -> None:
    """Note where a live token lives, so that its copies are known to be copies."""
    with _journal() as database:
        if database is not None:
            with database:
                database.execute("BEGIN IMMEDIATE")
                _insert(database, fingerprint, fingerprint, place)


def knows(fingerprint: str) -> bool:
    """Tell whether a token is of a known family, spent or not."""
    with _journal() as database:
        if database is None:
            return False
        return bool(database.execute("SELECT 1 FROM token WHERE fingerprint = ?", (fingerprint,)).fetchone())


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
    """
    with _journal() as database:
        if database is not None:
            with database:
                database.execute("BEGIN IMMEDIATE")
                _insert(database, spent, newest, place)


def _insert(database: sqlite3.Connection, spent: str, newest: str, place: str) -> None:
    query = "SELECT family FROM token WHERE fingerprint = ?"
    row, later = (database.execute(query, (token,)).fetchone() for token in (spent, newest))
    home = (newest, place, time.time())
    if (
        later and not row and spent != newest
    ):  # An older generation of a family that is known: it says nothing of the newest.
        family = later[0]
    elif row:
        family = row[0]
        database.execute("UPDATE family SET newest = ?, place = ?, at = ? WHERE id = ?", (*home, family))
    else:
        family = database.execute("INSERT INTO family (newest, place, at) VALUES (?, ?, ?)", home).lastrowid
    last = database.execute("SELECT max(number) FROM token WHERE family = ?", (family,)).fetchone()[0] or 0
    for number, fingerprint in ((last + 1, spent), (last + 2, newest)):
        database.execute("INSERT OR IGNORE INTO token VALUES (?, ?, ?)", (fingerprint, family, number))
    database.execute("DELETE FROM token WHERE family = ? AND number <= ?", (family, last + 2 - 2 * _MOST))


@contextlib.contextmanager
def _journal() -> Iterator[sqlite3.Connection | None]:
    """Open the journal; a damaged one is put aside, and whatever goes wrong is the same as knowing nothing."""
    import sqlite3

    try:
        database = _open(_path())
    except (sqlite3.Error, OSError) as error:
        if _is_locked(error):
            _busy()
        yield None
        return
    is_locked = False
    with contextlib.closing(database):
        try:
            yield database
        except sqlite3.Error as error:
            is_locked = _is_locked(error)
    if is_locked:
        _busy()


def _is_locked(error: Exception) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _busy() -> NoReturn:
    """Raise the error for a journal that is there and cannot be asked: that is not the same as knowing nothing."""
    raise StoreBusy(
        "The journal of spent tokens is held by another process, so nothing was sent.",
        cause="it lies in the data folder, as journal.sqlite.",
        next_step="end what holds it, then run it again",
    )


def _path() -> Path:
    return settings.data_folder() / "journal.sqlite"


def _open(path: Path) -> sqlite3.Connection:
    import sqlite3

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    for _ in range(2):
        database = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
        try:
            version = database.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                database.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}PRAGMA user_version = {_VERSION};COMMIT;")
            if version in (0, _VERSION):
                return database
            database.close()
            path.replace(path.with_suffix(".other"))
        except sqlite3.OperationalError:
            database.close()
            raise
        except sqlite3.DatabaseError:
            database.close()
            path.replace(path.with_suffix(".damaged"))
    raise sqlite3.DatabaseError
