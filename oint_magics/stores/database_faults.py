"""What an error of the team's database means, in words, without its own text: that may quote what was sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from oint_magics.errors import StoreError, StoreNotWritable

if TYPE_CHECKING:
    import psycopg

# Two transactions that met: either may be tried again (PostgreSQL, appendix A).
_MET = ("40001", "40P01", "55P03")
_RESTARTS, _FULL, _LOST, _LATE = "57P03", "53300", "08", "late"
# Messages of a server or PgBouncer while connecting: libpq has no code for them, and PgBouncer uses 08P01 for all.
_WORDS = (
    ("28", r"password authentication failed|no password supplied|pg_hba\.conf|role .* does not exist|no such user"),
    ("3D", r"database .* does not exist|no such database"),
    ("options", r"unsupported startup parameter"),
    ("ca-file", r"root certificate file .* does not exist|could not read root certificate file"),
    ("ca", r"certificate verify failed|self.signed certificate|unable to get (local )?issuer"),
    ("host-name", r"does not match host name"),
    ("no-tls", r"does not support SSL"),
    ("57P01", r"terminating connection"),
    (_RESTARTS, r"starting up|shutting down|recovery mode|not yet accepting connections"),
    (_FULL, r"too many clients|too many connections|remaining connection slots|no more connections allowed"),
    (
        _LOST,
        r"cannot connect to server|login has been failing|query_wait_timeout|client_login_timeout|server conn crashed",
    ),
    ("name", r"could not translate host name|resolve host|Name or service not known"),
    ("refused", r"Connection refused"),
    ("silent", r"timeout expired|timed out"),
)
# Faults that may be over in a moment, even if the database has never answered.
_NOW = (_RESTARTS, _FULL, _LOST, "57P01", "57P02", _LATE)
_NOT_NOW = "is not reachable just now"
_CAUSES = {
    "28": "it does not let this user in: the name, the password (PGPASSFILE) or its own rules (pg_hba.conf).",
    "3D": "it has no database of that name.",
    "options": "a pooler between does not take the options= of the address, or PGOPTIONS.",
    "ca-file": "the file with the CA's certificate is not there (sslrootcert=, else ~/.postgresql/root.crt).",
    "ca": "its TLS certificate is not signed by a CA that this machine trusts for it (sslrootcert=).",
    "host-name": "its TLS certificate is for another host name than the address has (sslmode=verify-full).",
    "no-tls": "the address asks for TLS, and the server has none.",
    "53100": "its disk is full.",
    "53": "it has not enough room or memory.",
    "57014": "it did not answer within 8 seconds; another session may hold the row.",
    "25006": "it is read-only: a standby, or a default_transaction_read_only that is on.",
    "name": "the host name of the address is not known.",
    "refused": "nothing listens at that address.",
    "silent": "the server does not answer.",
    "": "the server does not answer, or ends the connection.",
    _RESTARTS: "it is starting or shutting down.",
    _FULL: "all of its connections are in use, or those of the pooler between.",
    _LOST: "a pooler between does not reach it.",
    "57": "it ended the connection: it is being shut down, or its administrator ended it.",
    _LATE: "it did not answer within 10 seconds. The next run checks whether the last write was done.",
    **dict.fromkeys(_MET, "other transactions changed the same row all the time."),
}
_STEPS = {
    "options": "set OINT_SHARED_STORE without options=, and no PGOPTIONS; or add options to the pooler's "
    "ignore_startup_parameters",
    "25006": "name the primary in OINT_SHARED_STORE (target_session_attrs=read-write chooses among several hosts)",
    "ca-file": "add sslrootcert=/path/of/the/ca.pem to OINT_SHARED_STORE",
    "ca": "add sslrootcert=/path/of/the/ca.pem to OINT_SHARED_STORE",
}


class Fault(NamedTuple):
    """What an error means.

    Attributes:
        is_broken: whether the connection is gone.
        code: the SQLSTATE, or a word of ours where there is none.
    """

    is_broken: bool
    code: str

    def may_be_over(self, *, has_answered: bool) -> bool:
        """Tell whether to try again: the same may work in a moment.

        Args:
            has_answered: whether the database has answered before, so that its address is right.
        """
        return self.code in (*_MET, *_NOW) or (self.is_broken and has_answered)


LATE = Fault(is_broken=True, code=_LATE)
NO_UNICODE = Fault(is_broken=False, code="22021")


def of(error: psycopg.Error) -> Fault:
    """Return what an error means; its text and parameters stay behind."""
    from psycopg import InterfaceError, OperationalError

    code = error.sqlstate or ""
    if code[:2] in ("", "08"):
        code = next((each for each, words in _WORDS if re.search(words, str(error))), _LOST if code else "")
    code = _FULL if code == "53300" else code
    is_lost = code[:2] in ("08", "57") or not code[:2].isdigit()
    is_broken = isinstance(error, OperationalError | InterfaceError) and is_lost and code != "57014"
    return Fault(is_broken=is_broken, code=code)


def problem(fault: Fault) -> StoreError:
    """Return the error that says it."""
    cause = _CAUSES.get(fault.code) or _CAUSES.get(fault.code[:2]) or "it refused."
    state = f" (SQLSTATE {fault.code})" if re.fullmatch(r"[0-9A-Z]{5}", fault.code) else ""
    kind = StoreNotWritable if fault.code == "25006" else StoreError
    if fault.code in (*_NOW, *_MET):
        what = "has too many connections just now" if fault.code == _FULL else _NOT_NOW
        step = "run it again in a moment; if it stays so, ask the database's administrator"
    else:
        what, step = "cannot be used", "check OINT_SHARED_STORE and the database, then run it again"
    return kind(
        f"The team's database {what}. Nothing was sent.",
        cause=f"{cause.removesuffix('.')}{state}.",
        next_step=_STEPS.get(fault.code, step),
    )


def unconfirmed() -> StoreNotWritable:
    """Return the error for a write that no standby has confirmed."""
    return StoreNotWritable(
        "The team's database did not confirm a write within 10 seconds. Nothing was sent.",
        cause="it waits for a synchronous standby, which does not answer: what was written is on the primary alone.",
        next_step="start the standby, or ask the database's administrator to change synchronous_standby_names; "
        "then run it again",
    )
