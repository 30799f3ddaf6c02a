"""All pages of a call as flat rows."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from oint_magics.api import sizes
from oint_magics.api.call import answer
from oint_magics.api.collected import Collected
from oint_magics.api.expansions import expanded
from oint_magics.api.parameters import asked_of
from oint_magics.api.repeats import MOST_PAGES, Repeats
from oint_magics.display.text import escaped
from oint_magics.error_boundary import to_oint_error
from oint_magics.errors import CallError, InternalError, OintError, PackageMissing, RateLimited, UsageError
from oint_magics.http.session import Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oint_magics.api.rows import Rows
    from oint_magics.http.bearer import TokenProvider

_MOST_EMPTY = 50
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
) -> Rows:
    """Return what a call answers as flat rows, all its pages; the stop button returns those so far.

    Args:
        provider: gives the token; asked first when the arguments are known to be right.
        path: the call's path below `/2/`, with a query or without.
        params: its parameters; `tweet_fields` stands for `tweet.fields`, a list for its words with commas.
        max_rows: how many rows to return; `None` for all. A row that was paid is never dropped.
        resume: the error that ended an earlier call: continues after its rows; `None` for a new call.
        wait: wait for the next window if X takes no more calls, instead of raising.

    Raises:
        CallError: X refused; `.rows` has what came before, and `resume` continues from there.
        OintError: as for a refresh, if one was due and failed.
    """
    _check_number(max_rows)
    whole, asked = asked_of(path, params)
    call = _Call(whole, asked, resume, wait=wait)
    collected = Collected(escaped(whole.removeprefix("/2/"), 80), asked, resume)
    problem: OintError | None = None
    is_stopped = False
    try:
        with Session(provider) as session:
            call.read(session, collected, max_rows)
    except KeyboardInterrupt:
        is_stopped = True
    except Exception as error:  # noqa: BLE001 - whatever it is, the rows before it were paid
        problem = _cut(to_oint_error(error), call, collected)
    if problem is not None:
        raise problem
    return collected.end(max_rows, call.least, is_stopped=is_stopped)


class _Call:
    """A call and where it is.

    Args:
        path: its path, from `/2/` on.
        asked: its parameters.
        resume: the error of an earlier call, from which it continues; `None` at the beginning.
        wait: wait if X takes no more calls for now.

    Raises:
        UsageError: the error is not one of this very call.
    """

    def __init__(self, path: str, asked: dict[str, str], resume: CallError | None, *, wait: bool) -> None:
        self.path, self.asked, self._is_patient = path, asked, wait
        self.least = (sizes.limits(path) or (None,))[0]
        self.token, self.repeats = _place_of(resume, path, asked)
        self.is_over = False

    def read(self, session: Session, collected: Collected, most: int | None) -> None:
        """Read page after page, until there are enough rows or no more."""
        empty = 0
        while most is None or len(collected.found) < most:
            page = self._page(session, collected, None if most is None else most - len(collected.found))
            objects, token = _data(page), _next(page)
            new = self.repeats.new(objects)
            collected.add(expanded(page, new, self.asked.get("expansions", "")), page, len(objects) - len(new))
            if token is None or (most is not None and len(collected.found) >= most):
                return
            self._go_on(token)
            if self.repeats.pages >= MOST_PAGES:
                collected.is_endless = True
                return
            collected.tell()
            empty = 0 if objects else empty + 1
            if empty == _MOST_EMPTY:
                raise CallError(
                    f"X gave {empty} empty pages one after another.", next_step="run it again, or ask for less"
                )

    def _page(self, session: Session, collected: Collected, wanted: int | None) -> dict[str, Any]:
        params = dict(self.asked)
        size = sizes.size(self.path, params.get("max_results"), wanted)
        if size is not None:
            params["max_results"] = size
        if self.token is not None:
            for name in sizes.PAGE_TOKENS:  # The caller's own was for the first page.
                params.pop(name, None)
            params[sizes.page_token(self.path)] = self.token
        while True:
            try:
                return answer(session, self.path, params)
            except RateLimited as error:
                if not self._is_patient:
                    raise
                until = error.retry_at
            collected.wait(until)

    def _go_on(self, token: str) -> None:
        if not self.repeats.is_new_token(token):
            self.is_over = True
            raise CallError(
                "X gave the same page twice. Reading was stopped: it would not have ended.", next_step="run it again"
            )
        self.token = token


def _cut(error: OintError, call: _Call, collected: Collected) -> OintError:
    """Return the error that ended a call, with the rows before it and the place to continue from."""
    rows = collected.rows(None, None)
    is_nothing = not rows and not rows.missing
    if is_nothing and not isinstance(error, CallError):
        return error
    problem = error if isinstance(error, CallError) else _of_another_kind(error)
    if not call.is_over:
        problem.position = (call.path, call.asked, call.token, call.repeats)
    if is_nothing:
        return problem
    problem.rows = rows
    problem.what += f" After {collected.count()}, which this error keeps as .rows."
    if problem.position:
        problem.next_step = f"{_KEEP}; {problem.next_step}, to continue after these rows: twitter.get(…, resume=error)"
    return problem


def _place_of(error: object, path: str, asked: dict[str, str]) -> tuple[str | None, Repeats]:
    """Return the page token with which a call continues after an error, and what came before it.

    Raises:
        UsageError: the error is not one of this very call.
    """
    if error is None:
        return None, Repeats()
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
    return position[2], deepcopy(position[3])  # An error can be continued from more than once.


def _of_another_kind(error: OintError) -> CallError:
    if isinstance(error, InternalError | PackageMissing):
        return CallError(error.what, cause=error.cause, next_step=error.next_step)
    return CallError(
        "The access token expired between two pages, and could not be refreshed.",
        cause=error.what,
        next_step=error.next_step,
    )


def _check_number(rows: object) -> None:
    if rows is not None and (not isinstance(rows, int) or isinstance(rows, bool) or rows < 1):
        raise UsageError("max_rows must be a positive number.", next_step="max_rows=100, or leave it out for all")


def _data(page: dict[str, Any]) -> list[dict[str, Any]]:
    data = page.get("data", [])
    objects = data if isinstance(data, list) else [data]
    return [each for each in objects if isinstance(each, dict)]


def _next(page: dict[str, Any]) -> str | None:
    meta = page.get("meta")
    token = meta.get("next_token") if isinstance(meta, dict) else None
    return token if isinstance(token, str) and token else None
