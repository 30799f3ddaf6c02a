"""All pages of a call as flat rows."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from oint_magics.api import progress
from oint_magics.api.call import answer, path_of
from oint_magics.api.expansions import expanded
from oint_magics.api.rows import rows_of
from oint_magics.api.sizes import size
from oint_magics.display.text import escaped
from oint_magics.error_boundary import to_oint_error
from oint_magics.errors import CallError, InternalError, OintError, RateLimited, UsageError
from oint_magics.http.session import Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oint_magics.http.session import TokenProvider

_MOST_EMPTY = 50
_WINDOW = timedelta(minutes=15)
# A cell keeps its error only until the next one.
_KEEP = "in a cell, keep the error first: import sys; error = sys.last_value"


def get(  # noqa: PLR0913 - what a user may say, each by its name
    provider: TokenProvider,
    path: str,
    params: Mapping[str, object],
    max_rows: int | None,
    *,
    resume: CallError | None = None,
    wait: bool = False,
) -> list[dict[str, Any]]:
    """Return what a call answers as flat rows, all its pages; the stop button returns those so far.

    Args:
        provider: gives the token; asked first when the arguments are known to be right.
        path: the call's path below `/2/`.
        params: its parameters; `tweet_fields` stands for `tweet.fields`, a list for its words with commas.
        max_rows: how many rows are wanted; `None` for all.
        resume: the error that ended an earlier call: goes on behind its rows; `None` to begin anew.
        wait: wait for the next window where X takes no more calls, instead of raising.

    Raises:
        CallError: X refused; `.rows` has what came before, and `resume` goes on from there.
        OintError: as for a refresh, where one was due and failed.
    """
    _check_number(max_rows)
    asked = {_name(key): _value(value) for key, value in params.items() if value is not None}
    whole = path_of(path)
    call = _Call(whole, asked, asked.get("max_results"), _token_of(resume, whole, asked), wait=wait)
    harvest = _Harvest(escaped(whole.removeprefix("/2/"), 80), resume)
    problem: OintError | None = None
    try:
        with Session(provider) as session:
            call.read(session, harvest, max_rows)
        harvest.end("")
    except KeyboardInterrupt:
        harvest.end("stopped; ", is_told=True)
    except Exception as error:  # noqa: BLE001 - whatever it is, the rows before it were paid
        problem = harvest.cut(to_oint_error(error), call)
    if problem is not None:
        raise problem
    return _rows(harvest.found[:max_rows])


def _rows(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows, also where stop is pressed once more: they were paid."""
    while True:
        try:
            return rows_of(found)
        except KeyboardInterrupt:
            continue


class _Call:
    """A call and where it stands.

    Args:
        path: its path, from `/2/` on.
        asked: its parameters.
        size: the caller's own `max_results`, or `None`.
        token: what the page before gave for the next one; `None` at the beginning.
        wait: wait where X takes no more calls for now.
    """

    def __init__(self, path: str, asked: dict[str, str], size: str | None, token: str | None, *, wait: bool) -> None:
        self.path, self.asked = path, asked
        self._size, self.token, self._is_patient = size, token, wait
        self._seen: set[str] = set()
        self.is_over = False

    def read(self, session: Session, harvest: _Harvest, most: int | None) -> None:
        """Read page after page, until there are enough rows or no more."""
        empty = 0
        while most is None or len(harvest.found) < most:
            page = self._page(session, harvest, None if most is None else most - len(harvest.found))
            objects, token = _data(page), _next(page)
            found = expanded(page, objects, self.asked.get("expansions", ""))
            is_enough = harvest.has_enough(found, most, token)
            self._go_on(token)
            if is_enough:
                return
            empty = 0 if objects else empty + 1
            if empty == _MOST_EMPTY:
                raise CallError(
                    f"X gave {empty} empty pages one after another.", next_step="run it again, or ask for less"
                )

    def _page(self, session: Session, harvest: _Harvest, wanted: int | None) -> dict[str, Any]:
        here = {"max_results": size(self.path, self._size, wanted), "pagination_token": self.token}
        params = self.asked | {key: value for key, value in here.items() if value is not None}
        while True:
            try:
                return answer(session, self.path, params)
            except RateLimited as error:
                if not self._is_patient:
                    raise
                until = error.retry_at
            harvest.wait(until)

    def _go_on(self, token: str | None) -> None:
        if token in self._seen:
            self.is_over = True
            raise CallError(
                "X gave the same page twice. Reading was stopped: it would not have ended.", next_step="run it again"
            )
        self.token = token
        if token is not None:
            self._seen.add(token)


class _Harvest:
    """The rows so far, and the line that tells how many they are.

    Args:
        path: what messages call the call.
        earlier: the error that ended the call before, or `None`.
    """

    def __init__(self, path: str, earlier: CallError | None) -> None:
        self.found: list[dict[str, Any]] = list(earlier.rows) if earlier else []
        self._path, self._pages, self._line = path, 0, progress.line()
        self._waits, self._waited_at = 0, -1

    def has_enough(self, objects: list[dict[str, Any]], most: int | None, token: str | None) -> bool:
        """Take a page's objects, and tell whether no further page is wanted."""
        self.found += objects
        self._pages += 1
        is_enough = token is None or (most is not None and len(self.found) >= most)
        if not is_enough:
            self._line(f"{self._path}: {self._count()}…")
        return is_enough

    def wait(self, until: datetime | None) -> None:
        """Wait until X takes calls again, and tell so; the stop button ends it."""
        now = datetime.now(UTC)
        self._waits = self._waits + 1 if self._pages == self._waited_at else 0
        self._waited_at = self._pages
        # Where X refuses again at once, its time was not the right one.
        until = max(until or now + _WINDOW, now + timedelta(seconds=min(2**self._waits - 1, 900)))
        while (left := (until - datetime.now(UTC)).total_seconds()) > 0:
            self._line(f"{self._path}: {self._count()}; X takes more calls after {until:%H:%M:%S} UTC")
            time.sleep(min(left, 10))
        time.sleep(1)  # X tells whole seconds.

    def end(self, how: str, *, is_told: bool = False) -> None:
        if is_told or self._pages > 1:
            self._line(f"{self._path}: {how}{self._count()}")

    def cut(self, error: OintError, call: _Call) -> OintError:
        """Return the error that ended it, with the rows before it and the place to go on from."""
        if not self.found and not isinstance(error, CallError):
            return error
        problem = error if isinstance(error, CallError) else _of_another_kind(error)
        if not call.is_over:
            problem.position = (call.path, call.asked, call.token)
        if not self.found:
            return problem
        problem.rows = rows_of(self.found)
        problem.what += f" After {self._count()}, which this error keeps as .rows."
        if problem.position:
            problem.next_step = (
                f"{_KEEP}; {problem.next_step}, to go on behind these rows: twitter.get(…, resume=error)"
            )
        return problem

    def _count(self) -> str:
        pages = {0: "", 1: " in 1 page"}.get(self._pages, f" in {self._pages} pages")
        return f"{len(self.found)} rows{pages}"


def _token_of(error: object, path: str, asked: dict[str, str]) -> str | None:
    """Return where a call goes on after an error, or `None` for one that begins.

    Raises:
        UsageError: the error is not one of this very call.
    """
    if error is None:
        return None
    position = error.position if isinstance(error, CallError) else None
    if position is None:
        raise UsageError(
            "resume takes the error that ended a call of twitter.get. Nothing was sent.",
            next_step="except RateLimited as error: …  and below it  twitter.get(…, resume=error)",
        )
    if position[:2] != (path, asked):
        raise UsageError(
            "That error belongs to another call, so nothing was sent.",
            cause="its path or its parameters differ from these.",
            next_step="give the same path and parameters as in the first call",
        )
    return position[2]


def _of_another_kind(error: OintError) -> CallError:
    if isinstance(error, InternalError):
        return CallError(error.what, cause=error.cause, next_step=error.next_step)
    return CallError(
        "The access token expired between two pages, and could not be refreshed.",
        cause=error.what,
        next_step=error.next_step,
    )


def _check_number(rows: object) -> None:
    if rows is not None and (not isinstance(rows, int) or isinstance(rows, bool) or rows < 1):
        raise UsageError("max_rows must be a positive number.", next_step="max_rows=100, or leave it out for all")


def _name(key: str) -> str:
    """Return X's name of a parameter: `tweet.fields` for `tweet_fields`, which Python can spell."""
    return f"{key.removesuffix('_fields')}.fields" if key.endswith("_fields") else key


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list | tuple | set) else str(value)


def _data(page: dict[str, Any]) -> list[dict[str, Any]]:
    data = page.get("data", [])
    objects = data if isinstance(data, list) else [data]
    return [each for each in objects if isinstance(each, dict)]


def _next(page: dict[str, Any]) -> str | None:
    meta = page.get("meta")
    token = meta.get("next_token") if isinstance(meta, dict) else None
    return token if isinstance(token, str) and token else None
