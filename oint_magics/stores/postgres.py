"""The team's PostgreSQL: one statement a time, each in a short transaction of its own, every error ours.

No session state and no prepared statements, so a pooler between may hand each transaction to another
connection. Every statement here can be repeated, and is when the connection broke: whether a broken
one was carried out is not known.
"""

from __future__ import annotations

import contextlib
import re
import time
import uuid
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from oint_magics import process
from oint_magics.errors import StoreError, StoreNotWritable

if TYPE_CHECKING:
    import psycopg

    from oint_magics.secret import Secret

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

_PATIENCE = 10.0
_PAUSE = 0.25
# The libpq's own, on this side of a pooler: a silent network must not hold anybody for ever.
_CONNECTION = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "oint_magics",
}
_BEFORE = "BEGIN; SET LOCAL statement_timeout = '8s'; SET LOCAL synchronous_commit = on; "
_STATEMENTS_BEFORE = 3
# Connections of the parent process, kept so that nothing closes them here.
_parents: list[psycopg.Connection[Any]] = []


class _Fault(NamedTuple):
    """What a database error means, without its text, which may quote what was sent."""

    is_broken: bool
    code: str


class Database:
    """One database, connected to when it is first asked, and left when nobody holds this object any more.

    Args:
        address: a `postgresql://` address.
    """

    def __init__(self, address: Secret) -> None:
        self._address = address
        self._name = address.fingerprint()
        self._open: list[psycopg.Connection[Any]] = []
        self._has_answered = False
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

    def run(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        """Run one statement in a transaction of its own, and return its rows.

        The table is made where it is not there. A broken connection is made again for ten seconds, if
        it ever stood or the server says that it is just starting.

        Args:
            statement: with `%(name)s` for each value.
            values: the values.

        Raises:
            StoreError: the database cannot be reached or does not carry the statement out.
            StoreNotWritable: it does not let this user write; says what to grant.
        """
        end = time.monotonic() + _PATIENCE
        while True:
            rows, fault = self._try(statement, values)
            if fault is None:
                return rows
            if fault.code == "42P01" and statement is not TABLE:
                self._make_table()
            elif not (fault.is_broken and (self._has_answered or fault.code == "57P03") and time.monotonic() < end):
                raise self._problem(fault)
            else:
                time.sleep(_PAUSE)

    def _try(self, statement: str, values: dict[str, object]) -> tuple[list[tuple[Any, ...]], _Fault | None]:
        import psycopg

        try:
            rows = self._execute(statement, values)
        except psycopg.Error as error:
            fault = _fault(error)
        except UnicodeError:
            fault = _Fault(is_broken=False, code="22021")
        else:
            self._has_answered = True
            return rows, None
        _close(self._open)
        return [], fault

    def _execute(self, statement: str, values: dict[str, object]) -> list[tuple[Any, ...]]:
        import psycopg

        connection = self._connection()
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"{_BEFORE}{statement}; COMMIT", values)
                for _ in range(_STATEMENTS_BEFORE):
                    cursor.nextset()
                return cursor.fetchall() if cursor.description else [()] * max(cursor.rowcount, 0)
        except psycopg.Error:
            raise
        except BaseException:
            _close(self._open)  # It may stand in the middle of an answer.
            raise

    def _connection(self) -> psycopg.Connection[Any]:
        import psycopg

        if not self._open:
            options: dict[str, Any] = {"autocommit": True, "prepare_threshold": None, **_CONNECTION}
            factory = psycopg.ClientCursor
            self._open.append(psycopg.connect(self._address.reveal(), cursor_factory=factory, **options))
        return self._open[0]

    def _make_table(self) -> None:
        fault = self._try(TABLE, {})[1]
        if fault and not fault.is_broken:
            fault = self._try(TABLE, {})[1]  # Two made it at once, and one of them was told that it is there.
        if fault:
            raise self._problem(fault) if fault.is_broken else self._no_table()

    def _rights(self) -> str:
        from psycopg.conninfo import conninfo_to_dict

        return _RIGHTS.format(user=conninfo_to_dict(self._address.reveal()).get("user") or "USER")

    def _problem(self, fault: _Fault) -> StoreError:
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
        return _problem(fault)

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


def _fault(error: psycopg.Error) -> _Fault:
    """Return what an error means; its text and parameters stay behind."""
    from psycopg import InterfaceError, OperationalError

    code = error.sqlstate or _code_of_refusal(str(error))
    is_lost = isinstance(error, OperationalError | InterfaceError) and code[:2] in ("", "08", "57")
    return _Fault(is_broken=is_lost and code != "57014", code=code)


def _code_of_refusal(text: str) -> str:
    """Return why a connection was refused, as far as its words tell: libpq gives no code before it stands."""
    for words, code in _REFUSALS.items():
        if re.search(words, text):
            return code
    return ""


_REFUSALS = {
    "password authentication failed|no password supplied|pg_hba.conf|role .* does not exist": "28",
    "database .* does not exist": "3D",
    "starting up|shutting down|recovery mode": "57P03",
    "too many clients|too many connections|remaining connection slots": "53",
}
_CAUSES = {
    "28": "it does not let this user in: the name, the password (PGPASSFILE) or its own rules (pg_hba.conf).",
    "3D": "it has no database of that name.",
    "53": "its disk is full, or it has too many connections.",
    "57014": "it did not answer within 8 seconds; another session may hold the row.",
    "25006": "it is a read-only copy.",
    "": "the server does not answer, or its TLS certificate is not accepted.",
}


def _problem(fault: _Fault) -> StoreError:
    cause = _CAUSES.get(fault.code) or _CAUSES.get(fault.code[:2]) or "it refused."
    kind = StoreNotWritable if fault.code == "25006" else StoreError
    state = f" (SQLSTATE {fault.code})" if len(fault.code) == 5 else ""
    return kind(
        "The team's database cannot be used.",
        cause=f"{cause}{state}",
        next_step="check OINT_SHARED_STORE and the database, then run it again",
    )
