"""The file of a data set: where it may be, which files are ours, and its pages."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oint_magics import settings
from oint_magics.display.text import escaped
from oint_magics.errors import UsageError
from oint_magics.http.json_body import object_of
from oint_magics.stores.state_folder import STATE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTE = "__oint"
# Each line of ours begins so; a torn first one is known by it.
_BEGINNING = f'{{"{NOTE}": {{"path": '.encode()
_LONGEST_LINE = 64 * 1024 * 1024
_DEEPEST = 40
_OPTIONS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read(name: object) -> list[dict[str, Any]]:
    """Return the pages of a data set, each with its note.

    Raises:
        UsageError: it is none, or is damaged.
    """
    path = path_of(name)
    try:
        descriptor = os.open(path, os.O_RDONLY | _OPTIONS)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    else:
        try:
            return pages_of(path, descriptor)[0]
        finally:
            os.close(descriptor)
    raise UsageError(f"{escaped(path.name, 80)} cannot be read.", cause=f"{reason}.")


def path_of(name: object) -> Path:
    text = os.fspath(name) if isinstance(name, str | os.PathLike) else ""
    try:
        path = Path(os.fsdecode(text)).expanduser()
        folder = path.parent.resolve()
    except (OSError, ValueError, RuntimeError):
        text, path, folder = "", Path(), Path()
    if not text or path.suffix != ".jsonl":
        raise UsageError(
            "A data set is a file whose name ends with .jsonl. Nothing was sent.", next_step="--keep museum.jsonl"
        )
    there = folder / path.name
    is_ours = there.is_relative_to(settings.data_folder().resolve()) or STATE_FOLDER in there.parts
    if is_ours:
        raise UsageError(
            "That is a folder of tokens. Nothing was sent.",
            cause="the data folder and .oint/ are for tokens and their locks alone.",
            next_step="--keep museum.jsonl",
        )
    return there


def opened(path: Path) -> int:
    """Open the file, without following a link."""
    reason = ""
    try:
        descriptor = os.open(
            path,
            os.O_RDWR | os.O_APPEND | os.O_CREAT | _OPTIONS,
            0o666,
        )
    except OSError as error:
        reason = f"{error.strerror or type(error).__name__}."
    else:
        found = os.fstat(descriptor)
        if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and not path.is_symlink():
            return descriptor
        os.close(descriptor)
        reason = "it is no file of its own: a link, a folder or a device."
    raise UsageError(
        f"{escaped(path.name, 80)} cannot be a data set. Nothing was sent.", cause=reason, next_step="name another file"
    )


def pages_of(path: Path, descriptor: int) -> tuple[list[dict[str, Any]], int]:
    """Return a file's pages, and where its last whole line ends.

    Raises:
        UsageError: it is none of ours, or is damaged.
    """
    pages: list[dict[str, Any]] = []
    end = 0
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise _foreign(path, 1)
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        while line := file.readline(_LONGEST_LINE):
            is_whole = line.endswith(b"\n")
            if not line.startswith(_BEGINNING[: None if is_whole or not pages else len(line)]):
                raise _foreign(path, len(pages) + 1)
            if not is_whole:
                break
            page = _page(line)
            if page is None or (pages and _of(page) != _of(pages[0])):
                raise _foreign(path, len(pages) + 1)
            pages.append(page)
            end += len(line)
    return pages, end


def _page(line: bytes) -> dict[str, Any] | None:
    """Return the page of a line; `None` for what is none of ours."""
    page = object_of(line)
    note = page.get(NOTE) if page else None
    if page is None or not isinstance(note, dict) or not isinstance(page.get("data"), list) or _depth(page) > _DEEPEST:
        return None
    texts = all(isinstance(note.get(name), str) for name in ("path", "account", "newest"))
    params, gaps = note.get("params"), note.get("gaps")
    is_right = (
        texts
        and isinstance(params, dict)
        and all(isinstance(each, str) for each in params.values())
        and isinstance(gaps, list)
        and all(_is_gap(each) for each in gaps)
        and note["newest"].isdecimal()
    )
    return page if is_right else None


def _is_gap(each: object) -> bool:
    return (
        isinstance(each, list)
        and len(each) == 2
        and all(isinstance(one, str) for one in each)
        and each[1].isdecimal()
        and (not each[0] or each[0].isdecimal())
    )


def _depth(value: object) -> int:
    """Return how deep a value is nested, as far as it matters."""
    level, found = [value], 0
    while level and found <= _DEEPEST:
        found += 1
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, dict | list)
        ]
    return found


def _of(page: Mapping[str, Any]) -> tuple[Any, ...]:
    note = page[NOTE]
    return note["path"], note["params"], note["account"]


def _foreign(path: Path, line: int) -> UsageError:
    return UsageError(
        f"{escaped(path.name, 80)} is none of the data sets that --keep makes. Nothing was sent, and it is as it was.",
        cause=f"its line {line} does not carry the note that each of their lines has.",
        next_step="name another file",
    )
