"""The refresh log: which tokens are spent, where the newest of each family lives, and which came to an end.

It holds fingerprints, places, times and scopes, and no secret. Every entry stands twice: in a database that is asked,
and as a line of a text from which a database that is damaged or deleted is made again. "Nothing is known" is said only
where nothing is there: a log that is there and cannot be read, or is held by others, is an error before anything is
sent.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from oint_magics import settings
from oint_magics.errors import StoreBusy
from oint_magics.stores import journal_text
from oint_magics.stores.private_folder import data_folder, hand_over, is_mine

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")
FORMAT = 4
# The one before it: the same tables, fingerprints of ten digits, and ends that stand in the database alone.
_OLD_FORMAT = 3
_OLD_DIGITS = 10
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
# Made with the first scope: the other tables, and so the format, stay as they are.
_SCOPES = "CREATE TABLE IF NOT EXISTS scope (family INTEGER PRIMARY KEY, words TEXT NOT NULL)"
_DATABASE = "journal.sqlite"
# The server refused it; it was revoked from here; a later login of the same app probably ended it.
REFUSED, REVOKED, SUPERSEDED = "refused", "revoked", "superseded"
_PATIENCE = 15.0
_ESCAPED = "json:"


class Known(NamedTuple):
    """What is known of a token.

    Attributes:
        newest: the fingerprint of its family's newest token; `None` for a token that is not known.
        place: the store where that lives, as it can be opened; blank where it was forgotten.
        granted_at: when the newest pair was granted, in Unix seconds; `None` for a token that is not known.
        end: how it came to its end, `REFUSED`, `REVOKED` or `SUPERSEDED`; `None` where nothing tells.
        ended_at: when that became known, in Unix seconds.
        scope: what X last said that its family may do, separated by blanks; `None` if nothing tells.
    """

    newest: str | None = None
    place: str = ""
    granted_at: float | None = None
    end: str | None = None
    ended_at: float = 0.0
    scope: str | None = None


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


class Journal:
    """A refresh log, in the first of some folders that can be had; it is read in each of them.

    Args:
        folders: the data folder, then where the log is kept if there is none and none can be made.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = folders

    def known(self, fingerprint: str) -> Known:
        """Return what is known of a token.

        Raises:
            StoreBusy: another process holds the log all the time.
            StoreError: it is there and cannot be read.
        """
        for folder in self._folders:
            found = _read(folder, partial(_known, names=_names(fingerprint, folder)))
            if found is not None and found != Known():
                return found
        return Known()

    def families(self) -> list[Family]:
        """Return all families that are known, the last refreshed first; raises as `known` does."""
        query = "SELECT newest, place, at FROM family WHERE place <> '' ORDER BY at DESC"
        found = [_read(folder, lambda database: database.execute(query).fetchall()) for folder in self._folders]
        rows = [Family(newest, _place(held), at) for each in found for newest, held, at in each or ()]
        return sorted(rows, key=lambda family: family.at, reverse=True)

    def stamp(self) -> object:
        """Return something that differs when the log was written in between, or `None` where there is none."""
        found = []
        for folder in self._folders:
            with contextlib.suppress(OSError):
                there = (folder / _DATABASE).stat()
                found.append((there.st_ino, there.st_size, there.st_mtime_ns))
        return found or None

    def record(self, spent: str, newest: str, place: str, scope: str | None = None) -> Path | None:
        """Note that a token was spent, and where its successor lives.

        Args:
            spent: the spent refresh token's fingerprint.
            newest: its successor's.
            place: the store, as it can be opened.
            scope: what X said that the new tokens may do; blank for "it is not known any more", `None` for "as before".

        Returns:
            The folder of the log that holds it now; `None` where none could be written.

        Raises:
            StoreBusy: another process holds the log all the time.
        """
        is_new = scope is not None and scope != (self.known(spent).scope or "")
        return self._enter({"spent": spent, "newest": newest, "place": place} | ({"scope": scope} if is_new else {}))

    def keep(self, fingerprint: str, place: str, scope: str | None = None) -> Path | None:
        """Note where a live token lives, so that its copies are known to be copies; otherwise as `record`."""
        return self.record(fingerprint, fingerprint, place, scope)

    def forget(self, place: str) -> Path | None:
        """Forget where families of a store live; that their tokens are spent stays known; otherwise as `record`."""
        return self._enter({"forgotten": place})

    def end(self, fingerprint: str, how: str) -> Path | None:
        """Note that a token came to its end; otherwise as `record`.

        Args:
            fingerprint: the refresh token's.
            how: `REFUSED`, `REVOKED` or `SUPERSEDED`.
        """
        return self._enter({"token": fingerprint, "end": how})

    def _enter(self, entry: dict[str, Any]) -> Path | None:
        entry = {"format": journal_text.FORMAT, "at": time.time()} | entry
        for folder in self._folders:
            try:
                data_folder(folder)
            except OSError as error:
                journal_text.not_of_the_system(error)
                continue
            return folder if _write(folder, entry) else None
        return None


def here(beside: Path | None = None) -> Journal:
    """Return this machine's refresh log.

    Args:
        beside: where it is kept if there is no data folder and none can be made; `None` for nowhere. One that another
            user has made is not read.
    """
    home = settings.data_folder()
    if beside is None:
        return Journal(home)
    try:
        is_usable = is_mine(beside.lstat())
    except OSError:
        is_usable = True  # It is not there yet.
    return Journal(home, beside) if is_usable else Journal(home)


def _names(fingerprint: str, folder: Path) -> tuple[str, str]:
    """Return the fingerprints under which a log may know a token.

    Ten digits, which are shown to everybody, are believed in the data folder alone: a log beside a file may have come
    with it.
    """
    is_own = folder == settings.data_folder()
    return (fingerprint, fingerprint[:_OLD_DIGITS] if is_own else fingerprint)


def _known(database: sqlite3.Connection, names: tuple[str, str]) -> Known:
    """Return what is known of a token, by its fingerprint or by that of the format before."""
    query = (
        "SELECT f.newest, f.place, f.at, f.id FROM token t JOIN family f ON f.id = t.family "
        "WHERE t.fingerprint IN (?, ?) ORDER BY length(t.fingerprint) DESC LIMIT 1"
    )
    family = database.execute(query, names).fetchone()
    query = "SELECT how, at FROM ended WHERE fingerprint IN (?, ?) ORDER BY length(fingerprint) DESC LIMIT 1"
    end = database.execute(query, names).fetchone()
    known = Known(end=end[0], ended_at=end[1]) if end else Known()
    if family is None:
        return known
    newest, held, at, number = family
    newest = names[0] if newest in names else newest
    return known._replace(newest=newest, place=_place(held), granted_at=at, scope=_scope_of(database, number))


def _scope_of(database: sqlite3.Connection, family: int) -> str | None:
    """Return what a family may do; a database in which that was never noted has no table for it."""
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'scope'").fetchone():
        return None
    found = database.execute("SELECT words FROM scope WHERE family = ?", (family,)).fetchone()
    return found[0] or None if found else None


def _apply(database: sqlite3.Connection, entry: dict[str, Any], folder: Path) -> None:
    at = float(entry["at"])
    if "end" in entry:
        _apply_end(database, str(entry["token"]), str(entry["end"]), at)
    elif "forgotten" in entry:
        database.execute("UPDATE family SET place = '' WHERE place = ?", (_held(str(entry["forgotten"])),))
    else:
        spent, newest = str(entry["spent"]), str(entry["newest"])
        home = (newest, _held(str(entry["place"])), at)
        family = _family_of(database, _names(spent, folder), _names(newest, folder), home)
        last = database.execute("SELECT max(number) FROM token WHERE family = ?", (family,)).fetchone()[0] or 0
        for number, fingerprint in ((last + 1, spent), (last + 2, newest)):
            database.execute("INSERT OR IGNORE INTO token VALUES (?, ?, ?)", (fingerprint, family, number))
        database.execute("DELETE FROM token WHERE family = ? AND number <= ?", (family, last + 2 - 2 * _MOST))
        if isinstance(entry.get("scope"), str):
            database.execute(_SCOPES)
            database.execute("INSERT OR REPLACE INTO scope VALUES (?, ?)", (family, entry["scope"]))


def _apply_end(database: sqlite3.Connection, fingerprint: str, how: str, at: float) -> None:
    database.execute("INSERT OR REPLACE INTO ended VALUES (?, ?, ?)", (fingerprint, how, at))
    oldest = "SELECT at FROM ended ORDER BY at DESC LIMIT 1 OFFSET ?"
    database.execute(f"DELETE FROM ended WHERE at <= ({oldest})", (_MOST,))  # noqa: S608 - no value in it


def _family_of(
    database: sqlite3.Connection, spent: tuple[str, str], newest: tuple[str, str], home: tuple[str, str, float]
) -> int | None:
    """Return the family of a new entry, which lives where the entry says."""
    query = "SELECT family FROM token WHERE fingerprint IN (?, ?) ORDER BY length(fingerprint) DESC LIMIT 1"
    known, later = (database.execute(query, names).fetchone() for names in (spent, newest))
    if known:
        database.execute("UPDATE family SET newest = ?, place = ?, at = ? WHERE id = ?", (*home, known[0]))
        return int(known[0])
    if later and spent != newest:  # An older generation of a known family says nothing of its newest.
        return int(later[0])
    return database.execute("INSERT INTO family (newest, place, at) VALUES (?, ?, ?)", home).lastrowid


def _held(place: str) -> str:
    """Return a place as the database takes it: a file's name may hold bytes that are no text."""
    try:
        place.encode()
    except UnicodeEncodeError:
        return _ESCAPED + json.dumps(place)
    return place


def _place(held: str) -> str:
    return str(json.loads(held.removeprefix(_ESCAPED))) if held.startswith(_ESCAPED) else held


def _read(folder: Path, work: Callable[[sqlite3.Connection], T]) -> T | None:
    """Ask the log of a folder; `None` where there is none."""
    if not any(journal_text.is_there(folder / name) for name in (_DATABASE, *journal_text.NAMES)):
        return None
    import sqlite3

    try:
        return _with(folder, work)
    except sqlite3.Error as error:
        _check_not_busy(error)
    except OSError as error:
        journal_text.not_of_the_system(error)
    # What cannot be opened, or is damaged and cannot be put aside, is asked as the text tells it.
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        _fill(database, _text_of(folder), folder)
        return work(database)


def _write(folder: Path, entry: dict[str, Any]) -> bool:
    """Enter something: the text first, so that a process that dies in between has left it somewhere."""
    import sqlite3

    def work(database: sqlite3.Connection) -> None:
        with database:
            database.execute("BEGIN IMMEDIATE")
            _apply(database, entry, folder)

    is_noted = journal_text.append(folder, entry)
    try:
        _with(folder, work)
    except sqlite3.Error as error:
        _check_not_busy(error)
        return False
    except OSError as error:
        journal_text.not_of_the_system(error)
        return False
    return is_noted


def _with(folder: Path, work: Callable[[sqlite3.Connection], T]) -> T:
    """Do something with the database; one that is damaged is put aside and made again.

    Raises:
        sqlite3.Error: it cannot be opened.
        OSError: it cannot be made.
        StoreError: it, or the text that it is made from, is of another format or cannot be read.
    """
    import sqlite3

    path = folder / _DATABASE
    try:
        if not journal_text.is_other_than_a_file(path):
            with contextlib.closing(_connected(path)) as database:
                return work(database)
    except sqlite3.DatabaseError as error:
        if not _is_damaged(error):
            raise
    _text_of(folder)
    path.replace(path.with_suffix(".damaged"))
    with contextlib.closing(_connected(path)) as database:
        return work(database)


def _text_of(folder: Path) -> list[dict[str, Any]]:
    """Return the text's entries, where they stand for a database that is there and no good."""
    path = folder / _DATABASE
    if journal_text.is_there(path) and not any(journal_text.is_there(folder / name) for name in journal_text.NAMES):
        journal_text.unreadable(path, "it cannot be opened or is damaged, and its text copy (journal.log) is not there")
    return journal_text.entries_in(folder)


def _connected(path: Path) -> sqlite3.Connection:
    import sqlite3

    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        hand_over(path)
    database = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    try:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, _OLD_FORMAT, FORMAT):
            raise journal_text.newer("The refresh log", path)  # noqa: TRY301 - the database is closed for each error
        if version != FORMAT:
            _make(database, path.parent)
    except BaseException:
        database.close()
        raise
    return database


def _make(database: sqlite3.Connection, folder: Path) -> None:
    """Make the tables, and enter what the text says: the database before was damaged or deleted, or never was."""
    database.execute("BEGIN IMMEDIATE")
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version == _OLD_FORMAT:
        for fingerprint, how, at in database.execute("SELECT fingerprint, how, at FROM ended").fetchall():
            end = {"format": journal_text.FORMAT, "at": at, "token": fingerprint, "end": how}
            journal_text.append(folder, end)
    elif version == 0:
        _fill(database, journal_text.entries_in(folder), folder)
    if version != FORMAT:
        database.execute(f"PRAGMA user_version = {FORMAT}")
    database.execute("COMMIT")


def _fill(database: sqlite3.Connection, entries: list[dict[str, Any]], folder: Path) -> None:
    for statement in _SCHEMA.split(";"):
        database.execute(statement)
    for entry in entries:
        _apply(database, entry, folder)


def _is_damaged(error: sqlite3.DatabaseError) -> bool:
    name = getattr(error, "sqlite_errorname", "SQLITE_CORRUPT")
    return name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR", "SQLITE_SCHEMA", "SQLITE_MISMATCH"))


def _check_not_busy(error: sqlite3.Error) -> None:
    if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        raise StoreBusy(
            "Another process holds the refresh log. Nothing was sent.",
            cause="the log is journal.sqlite in the data folder.",
            next_step="end that process, then run it again",
        ) from None
