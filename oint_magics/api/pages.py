"""All pages of a call as flat rows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from oint_magics.api import accounts, dataset, kept_rows, may, price, sizes
from oint_magics.api.call import answer
from oint_magics.api.collected import Collected
from oint_magics.api.expansions import expanded
from oint_magics.api.facts import Position
from oint_magics.api.meter import Meter
from oint_magics.api.repeats import MOST_PAGES, Repeats
from oint_magics.api.rows import Rows, flat
from oint_magics.error_boundary import to_oint_error
from oint_magics.errors import CallError, InternalError, OintError, OverBudget, PackageMissing, RateLimited, UsageError
from oint_magics.http.api import Api

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oint_magics.api.dataset import Bounds, DataSet
    from oint_magics.api.repeats import Page
    from oint_magics.api.request import Request
    from oint_magics.auth.structure import Auth
    from oint_magics.http.token_provider import TokenProvider

_MOST_EMPTY = 50
# A cell keeps its error only until the next one.
_KEEP = "in a cell, keep the error first: import sys; error = sys.last_value"


def get(  # noqa: PLR0913 - what a user may say
    provider: TokenProvider,
    request: Request,
    max_rows: int | None,
    *,
    resume: CallError | Rows | None = None,
    wait: bool = False,
    keep: object = None,
) -> Rows:
    """Return what a read answers as flat rows, all its pages; the stop button returns those so far.

    Args:
        provider: gives the token; asked first when the request is known to be right.
        request: what X is asked for.
        max_rows: how many rows to return, of a list that is billed by the row; `None` for all. A row that was paid is
            never dropped.
        resume: the error that ended an earlier call, or its rows if there are more: continues after them; `None` for a
            new call.
        wait: wait for the next window if X takes no more calls, instead of raising.
        keep: a data set that the read adds to: all its rows are returned, and `max_rows` is for the new ones; `None`
            for none.

    Raises:
        CallError: X refused; `.rows` has what came before, and `resume` continues from there.
        UsageError: the tokens lack a scope, the budget has too little left; nothing was sent.
        OintError: as for a refresh, if one was due and failed.
    """
    _check_number(max_rows)
    auth = provider.auth()
    may.check(request, auth)
    if keep is None:
        return _read(provider, Call(request, Meter(provider), resume, wait=wait), resume, max_rows, auth)
    if resume is not None:
        raise UsageError("A read with keep goes on by itself: run the same line again. Nothing was sent.")
    with dataset.opened(keep, request) as (kept, asked):
        new = _read(provider, Call(asked, Meter(provider), None, wait=wait, kept=kept), None, max_rows, auth)
        return kept_rows.after_run(kept, asked, new)


def _read(
    provider: TokenProvider, call: Call, earlier: CallError | Rows | None, max_rows: int | None, auth: Auth
) -> Rows:
    """Return the rows of a call, and those that came before it."""
    most = max_rows if call.request.is_cut else None
    collected = Collected(call, earlier, auth)
    problem: OintError | None = None
    is_stopped = False
    try:
        with Api(provider, call.meter) as api:
            call.read(api, collected, most)
    except KeyboardInterrupt:
        is_stopped = True
    except OverBudget as error:
        if not collected.found:
            raise
        collected.left = error.left
    except Exception as error:  # noqa: BLE001 - whatever it is, the rows before it were paid
        problem = _cut(to_oint_error(error), call, collected)
    if problem is not None:
        raise problem
    return collected.end(most, is_stopped=is_stopped)


class Call:
    """A call and where it is.

    Args:
        request: what X is asked for.
        meter: counts what it costs.
        resume: the error or the rows of an earlier call, from which it continues; `None` at the beginning.
        wait: wait if X takes no more calls for now.
        kept: the data set that takes its pages; `None` for none.

    Raises:
        UsageError: that is none of this very call's.
    """

    def __init__(
        self, request: Request, meter: Meter, resume: object, *, wait: bool, kept: DataSet | None = None
    ) -> None:
        self.request, self.meter, self._is_patient, self.kept = request, meter, wait, kept
        self.least = request.size[0] if request.size else None
        self.part, self.token, self.repeats = _place_of(resume, request)
        self.is_over = False

    @property
    def position(self) -> Position:
        """Where it continues."""
        return Position(self.request, self.part, self.token, self.repeats)

    def read(self, api: Api, collected: Collected, most: int | None) -> None:
        """Read page after page, until there are enough rows or no more."""
        account = accounts.number_of(api, self.request.account) if self.request.account else None
        parts: list[tuple[Bounds | None, Request]]
        if self.kept:
            parts = self.kept.parts(self.request, account, self.meter.now())
        else:
            parts = [(None, part) for part in self.request.parts()]
        while self.part < len(parts):
            bounds, part = parts[self.part]
            asked = part.of_account(account) if account else part
            if not self._read_part(api, collected, asked, most, bounds):
                return
            self.part, self.token = self.part + 1, None

    def _read_part(
        self, api: Api, collected: Collected, request: Request, most: int | None, bounds: Bounds | None
    ) -> bool:
        """Read a call's pages; tell whether it has come to its end."""
        empty = 0
        while most is None or len(collected.found) < most:
            page = self._page(api, collected, request, None if most is None else most - len(collected.found))
            objects, token = data_of(page), _next(page)
            if self.kept and bounds:
                url = dataset.url_of(api.url, request.path, request.params)
                bounds = self.kept.add(bounds, page, url, self.request, is_last=token is None)
            found = self.repeats.look(objects)
            rows = flat(expanded(page, found.new, request.params.get("expansions", "")))
            taken = collected.taken(rows, page, len(objects) - len(found.new))
            _all_of(partial(self._take, taken, found, token))
            if token is None:
                return True
            self._check_token(token)
            if most is not None and len(collected.found) >= most:
                break
            if self.repeats.pages >= MOST_PAGES:
                collected.is_endless = True
                return False
            collected.tell()
            empty = 0 if objects else empty + 1
            if empty == _MOST_EMPTY:
                raise CallError(
                    f"X gave {empty} empty pages one after another.", next_step="run it again, or ask for less"
                )
        collected.is_more = True
        return False

    def _page(self, api: Api, collected: Collected, request: Request, wanted: int | None) -> dict[str, Any]:
        params = dict(request.params)
        size = sizes.size(request.size, params.get("max_results"), wanted)
        if size is not None:
            params["max_results"] = size
        if self.token is not None:
            for name in sizes.PAGE_TOKENS:  # The caller's own was for the first page.
                params.pop(name, None)
            params[request.page_token] = self.token
        while True:
            try:
                return answer(api, request.path, params)
            except OverBudget as error:
                smaller = _affordable(request, error.left, size)
                if smaller is None:
                    raise
                size = params["max_results"] = smaller
                continue
            except RateLimited as error:
                if not self._is_patient:
                    raise
                until = error.retry_at
            collected.wait(until)

    def _take(self, taken: Callable[[], None], page: Page, token: str | None) -> None:
        """Take a page's rows, its ids and the place of the next one; to take them twice changes nothing."""
        taken()
        self.repeats.note(page)
        if token is not None:
            self.token = token

    def _check_token(self, token: str) -> None:
        if not self.repeats.is_new_token(token):
            self.is_over = True
            raise CallError(
                "X gave the same page twice. Reading was stopped: it would not have ended.", next_step="run it again"
            )


def _all_of(call: Callable[[], None]) -> None:
    """Run a call to its end, even if stop is pressed meanwhile: `resume` continues after the rows that were paid.

    Args:
        call: what to run; if it is interrupted, it is run again from its beginning.
    """
    stop: KeyboardInterrupt | None = None
    while True:
        try:
            call()
            break
        except KeyboardInterrupt as pressed:
            stop = pressed
    if stop is not None:
        raise stop


def _affordable(request: Request, left: int, size: str | None) -> str | None:
    """Return the size of a page that the budget has enough left for; `None` if X's smallest one costs more."""
    one = price.of_page(request, 1).most
    rows = left // one if one else 0
    if request.size is None or size is None or not request.size[0] <= rows < int(size):
        return None
    return str(rows)


def _cut(error: OintError, call: Call, collected: Collected) -> OintError:
    """Return the error that ended a call, with the rows before it and the place to continue from."""
    rows = collected.rows(None)
    is_nothing = not rows and not rows.missing
    if is_nothing and not isinstance(error, CallError):
        return error
    problem = error if isinstance(error, CallError) else _of_another_kind(error)
    if not call.is_over and not call.kept:
        problem.position = call.position
    if is_nothing:
        return problem
    problem.rows = rows
    problem.what += f" After {collected.count()}, which this error keeps as .rows."
    if call.kept:
        problem.next_step = f"{problem.next_step or 'run it again'}: what was read before is in the file"
    if problem.position:
        problem.next_step = f"{_KEEP}; {problem.next_step}, to continue after these rows: twitter.get(…, resume=error)"
    return problem


def _place_of(given: object, request: Request) -> tuple[int, str | None, Repeats]:
    """Return the part and the page token with which a call continues, and what came before it.

    Raises:
        UsageError: what is given is none of this very call's.
    """
    if given is None:
        return 0, None, Repeats()
    position = given.position if isinstance(given, CallError | Rows) else None
    if position is None:
        raise UsageError(
            "resume takes the error that ended a call of twitter.get, or rows of which there are more. "
            "Nothing was sent.",
            next_step="except RateLimited as error: …  and below it  twitter.get(…, resume=error)",
        )
    if (position.request.path, position.request.params, position.request.account) != (
        request.path,
        request.params,
        request.account,
    ):
        raise UsageError(
            "That belongs to another call, so nothing was sent.",
            cause="its path or its parameters differ from these.",
            next_step="give the same path and parameters as in the first call",
        )
    return position.part, position.token, position.repeats.copied()  # It can be continued from more than once.


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
        raise UsageError("max_rows must be a positive number.", next_step="max_rows=100, or max_rows=None for all")


def data_of(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the objects of an answer."""
    data = page.get("data", [])
    objects = data if isinstance(data, list) else [data]
    return [each for each in objects if isinstance(each, dict)]


def _next(page: dict[str, Any]) -> str | None:
    meta = page.get("meta")
    token = meta.get("next_token") if isinstance(meta, dict) else None
    return token if isinstance(token, str) and token else None
