"""The team's PostgreSQL: one statement a time, each in a short transaction of its own, every error ours.

No session state and no prepared statements, so a pooler between may hand each transaction to another
connection. Every statement here can be repeated, and is when the connection broke: whether a broken
one was carried out is not known.
"""

from __future__ import annotations

import contextlib
import random
import time
import uuid
import weakref
from typing import TYPE_CHECKING, Any

from oint_magics import process
from oint_magics.errors import StoreError, StoreNotWritable
from oint_magics.stores import database_faults
from oint_magics.stores.statement import Statement

if TYPE_CHECKING:
    import psycopg

    from oint_magics.secret import Secret
    from oint_magics.stores.database_faults import Fault
    from oint_magics.stores.statement import Outcome

TABLE = """CREATE TABLE IF NOT EXISTS oint_pair (
    name text PRIMARY KEY,
    generation bigint NOT NULL DEFAULT 0,
    content text,
    lease text, holder text, until timestamptz,
    exchange text, sent_by text, sent_at timestamptz, tries integer NOT NULL DEFAULT 0,
    format integer NOT NULL DEFAULT 1
)"""
FORMAT = 1
# A row that is no pair's: it names the database, whatever address leads there.
_IDENTITY = ""
_RIGHTS = 'GRANT SELECT, INSERT, UPDATE, DELETE ON oint_pair TO "{user}"'

# In seconds.
_PATIENCE = 10.0
_SHORT = 1.0
_PAUSE = 0.25
# The libpq's own, on this side of a pooler: a silent network must not hold anybody for ever.
_CONNECTION = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "oint_magics",
    "client_encoding": "UTF8",
}
# Whatever the database, its user or this machine have set otherwise.
_BEFORE = (
    "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = '8s'; SET LOCAL lock_timeout = 0; "
    "SET LOCAL synchronous_commit = on; "
)
_STATEMENTS_BEFORE = 4
# Connections of the parent process, kept so that nothing closes them here.
_parents: list[psycopg.Connection[Any]] = []


class Database:
    """One database, connected to when it is first asked, and left when nobody holds this object any more.

    Args:
        address: a `postgresql://` address.

    Attributes:
        is_unconfirmed: whether a write is on the primary alone: the synchronous standby did not confirm it in time.
    """

    def __init__(self, address: Secret) -> None:
        self._address = address
        self._name = address.fingerprint()
        self._open: list[psycopg.Connection[Any]] = []
        self._has_answered = False
        self.is_unconfirmed = False
        weakref.finalize(self, _close, self._open)
        process.watch(self)

    def after_fork(self) -> None:
        """Leave the parent's connection alone: to use it would read the parent's answers, to close it would end it."""
        _parents.extend(self._open)
        self._open.clear()

    def identity(self) -> str:
        """Return which database it is, as it says itself: it may have several addresses, or get a new one.

        Raises:
            StoreError: it cannot be asked.
        """
        known = process.state.databases
        if self._name not in known:
            known[self._name] = self._asked_identity()
        return known[self._name]

    def _asked_identity(self) -> str:
        query = "SELECT content FROM oint_pair WHERE name = %(name)s"
        rows = self.run(query, name=_IDENTITY)
        if not rows:
            insert = "INSERT INTO oint_pair (name, content) VALUES (%(name)s, %(id)s) ON CONFLICT DO NOTHING"
            self.run(insert, name=_IDENTITY, id=uuid.uuid4().hex[:12])
            rows = self.run(query, name=_IDENTITY)
        return str(rows[0][0])

    def run(self, statement: str, *, needs_standby: bool = True, **values: object) -> list[tuple[Any, ...]]:
        """Run one statement in a transaction of its own, and return its rows.

        The table is made where it is not there. What may be over in a moment is tried again for ten seconds, and no
        statement takes longer; once one was cancelled, the next ones have a second.

        Args:
            statement: with `%(name)s` for each value.
            needs_standby: whether a write must be confirmed by the synchronous standby, if there is one; if not,
                `is_unconfirmed` tells that it was not.
            values: the values.

        Raises:
            StoreError: the database cannot be reached or does not carry the statement out.
            StoreNotWritable: it does not let this user write; says what to grant. Or it did not confirm a write.
        """
        end = time.monotonic() + (_SHORT if self.is_unconfirmed else _PATIENCE)
        while True:
            outcome = self._try(statement, values, max(end - time.monotonic(), _SHORT))
            fault = outcome.fault
            if outcome.is_cancelled and fault is None and not statement.startswith("SELECT"):
                self.is_unconfirmed = True
                if needs_standby:
                    raise database_faults.unconfirmed()
            if fault is None:
                return outcome.rows
            if fault.code == "42P01" and statement is not TABLE:
                self._make_table()
            elif fault.may_be_over(has_answered=self._has_answered) and time.monotonic() < end:
                time.sleep(random.uniform(_PAUSE / 4, _PAUSE))  # noqa: S311 - only to keep transactions apart
            else:
                raise self._problem(fault)

    def _try(self, text: str, values: dict[str, object], seconds: float = _PATIENCE) -> Outcome:
        connection = self._open.pop() if self._open else None
        statement = Statement(lambda at: self._execute(at, text, values), self._connect, connection)
        outcome = statement.run(seconds)
        if outcome.connection is not None:
            self._open.append(outcome.connection)
            self._has_answered = True
        return outcome

    @staticmethod
    def _execute(
        connection: psycopg.Connection[Any], statement: str, values: dict[str, object]
    ) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(f"{_BEFORE}{statement}; COMMIT", values)
            for _ in range(_STATEMENTS_BEFORE):
                cursor.nextset()
            return cursor.fetchall() if cursor.description else [()] * max(cursor.rowcount, 0)

    def _connect(self) -> psycopg.Connection[Any]:
        import psycopg

        options: dict[str, Any] = {"autocommit": True, "prepare_threshold": None, **_CONNECTION}
        return psycopg.connect(self._address.reveal(), cursor_factory=psycopg.ClientCursor, **options)

    def _make_table(self) -> None:
        fault = self._try(TABLE, {}).fault
        if fault and not fault.is_broken:
            fault = self._try(TABLE, {}).fault  # Two made it at once, and one of them was told that it is there.
        if fault:
            raise self._problem(fault) if fault.is_broken else self._no_table()

    def _rights(self) -> str:
        from psycopg.conninfo import conninfo_to_dict

        return _RIGHTS.format(user=conninfo_to_dict(self._address.reveal()).get("user") or "USER")

    def _problem(self, fault: Fault) -> StoreError:
        if fault.code == "42501":
            return StoreNotWritable(
                "The team's database does not let this user work with the table oint_pair, so nothing was sent.",
                cause="a right is missing (SQLSTATE 42501).",
                next_step=f"its owner runs: {self._rights()}",
            )
        if fault.code == "42703":
            return StoreError(
                "The table oint_pair has a format that this version of oint_magics does not know. Nothing was sent.",
                cause="a column is missing (SQLSTATE 42703): it was made by another version.",
                next_step="%pip install --upgrade oint_magics",
            )
        return database_faults.problem(fault)

    def _no_table(self) -> StoreError:
        return StoreNotWritable(
            "The team's database has no table oint_pair, and this user may not create it. Nothing was sent.",
            cause="the right to create tables is missing there.",
            next_step=f"its owner runs this once:\n{TABLE};\n{self._rights()};",
        )


def _close(connections: list[psycopg.Connection[Any]]) -> None:
    while connections:
        with contextlib.suppress(Exception):
            connections.pop().close()
