"""A data set that grows: X's answers in a file, a page in each line, as twarc writes them, and our note beside.

Lists come newest first. Each line notes what is still missing behind it, so that the last whole line tells where the
next run goes on, whatever ended this one.
"""

from __future__ import annotations

import contextlib
import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from oint_magics.api import fields
from oint_magics.api.dataset_file import NOTE, pages_of, path_of
from oint_magics.api.dataset_file import opened as file_of
from oint_magics.display.text import escaped
from oint_magics.errors import CallError, UsageError
from oint_magics.stores import locks
from oint_magics.stores.private_folder import write_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from oint_magics.api.request import Request

_WAIT = 10.0
# These are for one page of one run.
_OF_A_RUN = ("max_results", "pagination_token", "next_token", "since_id", "until_id")
_WEEK = timedelta(days=7)
# So much later than that we ask, because a request takes its time.
_MARGIN = timedelta(minutes=2)
# The moment from which X counts the milliseconds in an id: https://docs.x.com/fundamentals/x-ids
_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657_000, UTC)


class Bounds(NamedTuple):
    """What a part of a run asks for: newer than one post, older than another; blank for no bound."""

    since: str
    until: str


class DataSet:
    """A file that a run appends to, held by its lock.

    Args:
        path: the file.
        descriptor: it, opened for appending.
        pages: the pages that it has, each with its note.

    Attributes:
        name: the file's name.
        notes: what was said about it, as sentences.
        pages: its pages, with those of this run.
    """

    def __init__(self, path: Path, descriptor: int, pages: list[dict[str, Any]]) -> None:
        self.name, self._descriptor = escaped(path.name, 80), descriptor
        self.pages = pages
        self.notes: list[str] = []
        last = pages[-1][NOTE] if pages else {"newest": "", "gaps": []}
        self._newest = str(last["newest"])
        self._gaps = [Bounds(*each) for each in last["gaps"]]
        self._account: str | None = pages[0][NOTE]["account"] if pages else None

    @property
    def has_gap(self) -> bool:
        """Whether something between its newest and its oldest post is still to be read."""
        return bool(self._gaps)

    def parts(self, request: Request, account: str | None, now: datetime) -> list[tuple[Bounds | None, Request]]:
        """Return the reads of a run: first what earlier ones have left, then what is newer.

        Args:
            request: the read.
            account: the id of the account whose list it is; `None` where it names none.
            now: the time by X's clock.

        Raises:
            UsageError: the file has the posts of another account.
        """
        if self._account is not None and (account or "") != self._account:
            raise UsageError(
                "The file has the posts of another account. No post was read.",
                cause="handles are given to others; or the tokens are another account's.",
                next_step="name another file after --keep",
            )
        self._account = account or ""
        wanted = [*sorted(self._gaps, key=lambda each: -int(each.until)), Bounds(self._newest, "")]
        return [(each, asked) for each in wanted if (asked := self._asked(request, each, now))]

    def _asked(self, request: Request, bounds: Bounds, now: datetime) -> Request | None:
        """Return the read of one part; `None` if X does not give it any more."""
        params = dict(request.params)
        since = bounds.since or params.pop("since_id", "")
        if request.path == "tweets/search/recent":
            first = now - _WEEK + _MARGIN
            if bounds.until and _moment(bounds.until) <= first:
                self._gaps.remove(bounds)
                self._say_lost(since, bounds.until)
                return None
            if since and _moment(since) <= first:
                self._say_lost(since, "")
                since = ""
                params["start_time"] = first.strftime("%Y-%m-%dT%H:%M:%SZ")
        if since:  # X does not take both, and it is the later one.
            params.pop("start_time", None)
            params["since_id"] = since
        if bounds.until:
            params["until_id"] = bounds.until
        return request._replace(params=params)

    def _say_lost(self, since: str, until: str) -> None:
        first = f"{_moment(since):%d %b %H:%M}" if since else "the beginning"
        last = f"{_moment(until):%d %b %H:%M} (UTC)" if until else "seven days ago"
        self.notes.append(
            f"recent search has the last seven days only, so posts between {first} and {last} are missing"
        )

    def add(self, bounds: Bounds, page: dict[str, Any], url: str, request: Request, *, is_last: bool) -> Bounds:
        """Append a page of a part, and return what is left of the part.

        Args:
            bounds: the part.
            page: X's answer.
            url: the address that it came from, with its parameters.
            request: the read.
            is_last: whether the part ends with it.

        Raises:
            CallError: it cannot be written; the file is as it was before the page.
        """
        ids = [int(each["id"]) for each in page.get("data") or () if _is_post(each)]
        with contextlib.suppress(ValueError):
            self._gaps.remove(bounds)
        left = Bounds(bounds.since, str(min(ids))) if ids else bounds
        if not is_last and left.until:
            self._gaps.append(left)
        if not ids:
            return left
        self._newest = str(max([*ids, int(self._newest or 0)]))
        note = {
            "path": request.shown,
            "params": _lasting(request.params),
            "account": self._account or "",
            "run": list(bounds),
            "newest": self._newest,
            "gaps": [list(each) for each in self._gaps],
        }
        now = datetime.now(UTC).isoformat(timespec="seconds")
        whole = {
            NOTE: note,
            **page,
            "__twarc": {"url": url, "version": _version(), "retrieved_at": now},
        }
        self._append((json.dumps(whole) + "\n").encode("ascii"))
        self.pages.append(whole)
        return left

    def _append(self, line: bytes) -> None:
        size = os.fstat(self._descriptor).st_size
        reason = ""
        try:
            write_all(self._descriptor, line)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, size)
        if reason:
            raise CallError(
                "A page was read and cannot be written to the file.",
                cause=f"{reason}.",
                next_step="make room, then run it again: it reads that page once more, and what comes after it",
            )


def is_keepable(request: Request) -> bool:
    """Tell whether a read's list can be asked for what is newer."""
    return request.read is not None and request.read.gives == "Post" and "since_id" in request.read.parameters


@contextlib.contextmanager
def opened(name: object, request: Request) -> Iterator[tuple[DataSet, Request]]:
    """Hold a data set; yield it, and the read as the file has it. Nothing was sent when this refuses.

    Args:
        name: the file, as it was typed.
        request: the read.

    Raises:
        UsageError: the file is not of this very read, or none of ours; or no file may be there; or the read's list
            cannot grow.
        StoreBusy: another process is writing to it.
    """
    _check(request)
    path = path_of(name)
    with contextlib.ExitStack() as stack:
        stack.enter_context(locks.data_lock(path, _WAIT))
        is_new = not path.exists()
        descriptor = file_of(path)
        stack.callback(os.close, descriptor)
        pages, end = pages_of(path, descriptor)
        request = _as_before(request, pages)
        found = DataSet(path, descriptor, pages)
        if end < os.fstat(descriptor).st_size:
            os.ftruncate(descriptor, end)
            found.notes.append("the file's last line was torn, and was cut off: it is read again")
        try:
            yield found, request
        finally:
            if is_new and not os.fstat(descriptor).st_size:
                with contextlib.suppress(OSError):
                    path.unlink()


def request_of(pages: list[dict[str, Any]]) -> Request | None:
    """Return the read that a data set is of; `None` where it has no page."""
    from oint_magics.api import catalogue
    from oint_magics.api.request import Request

    if not pages:
        return None
    note = pages[0][NOTE]
    shown = str(note["path"])
    account = shown.split("/")[1].removeprefix("@") if note["account"] and "/" in shown else None
    path = shown.replace(f"@{account}", "{id}").replace("users/me/", "users/{id}/") if account else shown
    return Request(catalogue.at(path.replace("{id}", "0")), path, dict(note["params"]), account)


def _check(request: Request) -> None:
    if not is_keepable(request):
        raise UsageError(
            "--keep is for lists of posts that can be asked for what is newer. Nothing was sent.",
            cause="this read takes no since_id.",
            next_step="timelines, mentions and search take it: %twitter_get --list tweets",
        )
    given: list[str] = [name for name in ("until_id", "pagination_token", "next_token") if name in request.params]
    if request.params.get("sort_order", "recency") != "recency":
        given.append("sort_order")
    if given:
        raise UsageError(
            f"--keep takes no {given[0]}. Nothing was sent.",
            cause="the file itself says what is still to be read, and that comes newest first.",
            next_step=f"take {given[0]} away",
        )


def _as_before(request: Request, pages: list[dict[str, Any]]) -> Request:
    """Return the read with the fields that the file has, where none were named.

    Raises:
        UsageError: the file is of another read.
    """
    if not pages:
        return request
    note = pages[0][NOTE]
    params, read = _lasting(request.params), request.read
    named = {name: text for name, text in params.items() if not _is_field(name)}
    if read and {name: text for name, text in params.items() if _is_field(name)} == fields.default(read):
        named |= {name: text for name, text in note["params"].items() if _is_field(name)}
    else:
        named = params
    if note["path"] != request.shown or note["params"] != named:
        raise UsageError(
            "The file is of another read. Nothing was sent.",
            cause=f"it has {escaped(note['path'], 80)}, with other parameters."
            if note["path"] == request.shown
            else f"it has {escaped(note['path'], 80)}.",
            next_step="give the same path and parameters; or name another file after --keep",
        )
    return request._replace(params=dict(request.params) | named)


def _is_field(name: str) -> bool:
    return name.endswith(".fields") or name == "expansions"


def _lasting(params: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that are the same in each run."""
    return {name: params[name] for name in sorted(params) if name not in _OF_A_RUN}


def _is_post(each: object) -> bool:
    return isinstance(each, dict) and isinstance(each.get("id"), str) and each["id"].isdecimal()


def _moment(number: str) -> datetime:
    """Return when a post was made, as its id says."""
    return _EPOCH + timedelta(milliseconds=int(number) >> 22)


def url_of(api: str, path: str, params: Mapping[str, str]) -> str:
    """Return the address of a read, with its parameters."""
    return f"{api}/2/{path}?{urlencode(params)}"


def _version() -> str:
    from importlib.metadata import version

    return f"oint_magics {version('oint_magics')}"
