"""The sandbox as a magic sees it: one in this kernel, started, stopped, disturbed, looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from oint_magics.display.table import Row, Table
from oint_magics.errors import StoreNotWritable, UsageError
from oint_magics.http import endpoints
from oint_magics.notebook.magic_table import FAULTS, MAGICS
from oint_magics.sandbox import AUTH_FILE, Sandbox
from oint_magics.twitter import calls

if TYPE_CHECKING:
    from collections.abc import Callable

_running: list[Sandbox] = []
_CAPTION = "SANDBOX: a server like X on this machine"
# Faults that last; the others concern one exchange or call.
_LASTING = ("expire", "limit", "credit", "punish", "off")


def act(action: str, fault: str | None, value: str | None) -> Table:
    """Do what the magic's words say, and return how the sandbox is now.

    Raises:
        UsageError: it is no action, or no fault.
        StoreNotWritable: its auth file cannot be written, or another file has that name.
    """
    actions: dict[str, Callable[[], None]] = {"start": _start, "stop": _stop, "status": lambda: None}
    is_new = not _running
    if action == "fault":
        _disturb(fault or "", value)
    elif action == "clock" and value is None:
        _set_clock(fault)
    elif action in actions and fault is None:
        actions[action]()
    else:
        raise UsageError("The sandbox has no such action.", next_step=MAGICS["twitter_sandbox"].text)
    return _started(is_new=is_new) if action == "start" else _status()


def _start() -> None:
    """Start it where it does not run, and write fresh tokens in any case: the way back from a spent one."""
    if not _running:
        _running.append(Sandbox())
        endpoints.use_sandbox(_running[0].url)
    _write_auth(_running[0])
    calls.use(AUTH_FILE)


def _write_auth(sandbox: Sandbox) -> None:
    reason = None
    try:
        sandbox.write_auth(Path.cwd())
    except FileExistsError:
        reason = "a file of that name is there, and no sandbox made it"
    except OSError as error:
        reason = error.strerror or type(error).__name__
    if reason:
        raise StoreNotWritable(
            f"{AUTH_FILE} cannot be written.", cause=f"{reason}.", next_step="change to another folder: %cd FOLDER"
        )


def _stop() -> None:
    if _running:
        _running.pop().stop()
        endpoints.use_sandbox(None)


def _set_clock(text: str | None) -> None:
    """Set the clock, or move it; after it is set, the town begins anew."""
    sandbox = _the_one()
    try:
        is_set = sandbox.clock.set(text or "")
    except ValueError:
        raise UsageError(
            "The clock takes a time in UTC from 2011 to 2099, or how far to move it.",
            next_step="%twitter_sandbox clock 2026-11-01T09:00Z, or now, or +1d, -3h, +30m",
        ) from None
    if is_set:
        sandbox.posts.restart()


def _the_one() -> Sandbox:
    if not _running:
        raise UsageError("The sandbox does not run.", next_step="%twitter_sandbox start")
    return _running[0]


def _disturb(fault: str, value: str | None) -> None:
    sandbox = _the_one()
    if fault in FAULTS and fault not in _LASTING:
        sandbox.faults.add(fault, _number(value or "3"))
    elif fault == "expire":
        sandbox.accounts.expire_access_tokens()
    elif fault == "limit":
        sandbox.limits.restrict(int(_number(value or "1")))
    elif fault == "credit":
        sandbox.bills.credit = sandbox.bills.spent() + Decimal(str(_number(value or "1")))
    elif fault in ("punish", "off"):
        sandbox.accounts.punishes_reuse = fault == "punish"
        if fault == "off":
            sandbox.faults.clear()
            sandbox.limits.restrict(None)
            sandbox.bills.credit = None
    else:
        faults = ", ".join(FAULTS)
        raise UsageError("There is no such fault.", next_step=f"%twitter_sandbox fault NAME, with one of {faults}")


def _number(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 3600:
        raise UsageError(
            "The fault's value must be a number from 0 to 3600.",
            next_step="%twitter_sandbox fault slow 3  (seconds), or %twitter_sandbox fault limit 2  (calls)",
        )
    return number


def _started(*, is_new: bool) -> Table:
    """Return what somebody who starts it needs, and no more."""
    step = "%twitter_refresh" if _is_default() else f"%twitter_refresh --auth {AUTH_FILE}"
    before = () if is_new else (Row("before", "it ran already: its posts, clock and faults stay, the tokens are new"),)
    return Table(_CAPTION, (_runs(_running[0]), *before, _auth(), _town(), Row("next", step)))


def _town() -> Row:
    return Row("posts", "of a made-up town: @tidemerelantern, @tidemerebuses, @tidemererovers and others")


def _runs(sandbox: Sandbox) -> Row:
    return Row("runs", f"at {sandbox.url}, until this kernel ends")


def _auth() -> Row:
    named = "used where no other is named" if _is_default() else f"name it: --auth {AUTH_FILE}"
    return Row("auth", f"{AUTH_FILE}: {named}")


def _is_default() -> bool:
    return Path(calls.default_source() or "").name == AUTH_FILE


def _status() -> Table:
    if not _running:
        return Table(_CAPTION, (Row("runs", "no"), Row("next", "%twitter_sandbox start")))
    sandbox = _running[0]
    counts = sandbox.accounts.counts
    return Table(
        _CAPTION,
        (
            _runs(sandbox),
            _auth(),
            Row("counts", f"{counts.refreshes} refreshed, {counts.refused} refused, {counts.reuses} used twice"),
            Row("posts", f"{len(sandbox.posts.made)} made, {len(sandbox.media.uploads)} media uploaded"),
            Row("clock", f"{datetime.fromtimestamp(sandbox.clock.now(), UTC):%Y-%m-%d %H:%M} UTC"),
            Row("spent", f"${sandbox.bills.spent():.3f} by X's list price"),
            Row("faults", _faults(sandbox)),
            Row("limits", f"{_calls(sandbox)} in 15 minutes"),
        ),
    )


def _faults(sandbox: Sandbox) -> str:
    """Return what goes wrong from now on, in words."""
    found = sandbox.faults.names()
    found += ["punish: a refresh token used twice ends the login"] * sandbox.accounts.punishes_reuse
    if sandbox.bills.credit is not None:
        found.append(f"credit: ${sandbox.bills.left:.3f} left")
    return ", ".join(found) or "none"


def _calls(sandbox: Sandbox) -> str:
    """Return how many calls the API takes, in words."""
    numbers = set(sandbox.limits.of.values())
    return f"{numbers.pop()} of each call" if len(numbers) == 1 else "as many calls as X takes"
