"""All pages of a call as flat rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oint_magics.api import progress
from oint_magics.api.call import answer, path_of
from oint_magics.api.rows import rows_of
from oint_magics.display.text import escaped
from oint_magics.errors import CallError, OintError, UsageError
from oint_magics.http.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from oint_magics.http.session import TokenProvider

_MOST_EMPTY = 50


def get(provider: TokenProvider, path: str, params: Mapping[str, object], max_rows: int | None) -> list[dict[str, Any]]:
    """Return what a call answers as flat rows, all its pages.

    The stop button ends it and returns the rows so far.

    Args:
        provider: gives the token; asked first when the arguments are known to be right.
        path: the call's path below `/2/`.
        params: its parameters; `tweet_fields` stands for `tweet.fields`, a list for its words with commas.
        max_rows: ask for no further page from this number of rows on; `None` for all.

    Raises:
        CallError: X refused; `.rows` has what came before.
        OintError: as for a refresh, where one was due and failed.
    """
    _check_number(max_rows)
    asked = {_name(key): _value(value) for key, value in params.items() if value is not None}
    harvest = _Harvest(escaped(path_of(path).removeprefix("/2/"), 80))
    problem: OintError | None = None
    try:
        with Session(provider) as session:
            for page in _pages(session, path, asked):
                if harvest.has_enough(page, max_rows):
                    break
        harvest.end("")
    except KeyboardInterrupt:
        harvest.end("stopped; ", is_told=True)
    except OintError as error:
        problem = harvest.cut(error)
    if problem is not None:
        raise problem
    return rows_of(harvest.found[:max_rows])


class _Harvest:
    """The rows so far, and the line that tells how many they are.

    Args:
        path: what messages call the call.
    """

    def __init__(self, path: str) -> None:
        self.found: list[dict[str, Any]] = []
        self._path, self._pages, self._line = path, 0, progress.line()

    def has_enough(self, page: dict[str, Any], most: int | None) -> bool:
        """Take a page, and tell whether no further one is wanted."""
        self.found += _data(page)
        self._pages += 1
        is_enough = most is not None and len(self.found) >= most
        if not is_enough and _next(page):
            self._line(f"{self._path}: {self._count()}…")
        return is_enough

    def end(self, how: str, *, is_told: bool = False) -> None:
        if is_told or self._pages > 1:
            self._line(f"{self._path}: {how}{self._count()}")

    def cut(self, error: OintError) -> OintError:
        """Return the error that ended it, with the rows before it."""
        if not self.found:
            return error
        problem = error if isinstance(error, CallError) else _not_renewed(error)
        problem.rows = rows_of(self.found)
        problem.what += f" After {self._count()}, which are in this error's .rows (in a cell: sys.last_value.rows)."
        return problem

    def _count(self) -> str:
        pages = "1 page" if self._pages == 1 else f"{self._pages} pages"
        return f"{len(self.found)} rows in {pages}"


def _not_renewed(error: OintError) -> CallError:
    return CallError(
        "The access token expired between two pages, and could not be refreshed.",
        cause=error.what,
        next_step=error.next_step,
    )


def _pages(session: Session, path: str, asked: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Yield a call's answers, each with the token that the one before gave."""
    seen: set[str] = set()
    empty = 0
    while True:
        page = answer(session, path, asked)
        yield page
        empty = 0 if _data(page) else empty + 1
        if empty == _MOST_EMPTY:
            raise CallError(f"X gave {empty} empty pages one after another.", next_step="run it again, or ask for less")
        token = _next(page)
        if token is None:
            return
        if token in seen:
            raise CallError(
                "X gave the same page twice. Reading was stopped: it would not have ended.", next_step="run it again"
            )
        seen.add(token)
        asked["pagination_token"] = token


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
