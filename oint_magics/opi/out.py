"""The file of `--out`: a result is written there, and no other file is ever overwritten."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from oint_magics import settings, stores
from oint_magics.display.table import Row, Table
from oint_magics.errors import UsageError
from oint_magics.opi import results
from oint_magics.stores.private_folder import reason_of, write_all
from oint_magics.stores.state_folder import STATE_FOLDER
from oint_magics.tokens.response import TokenResponse

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(out: str, *named: str | None) -> Path:
    """Return the path of a file that may take a result.

    Args:
        out: the file, as it was typed.
        named: what `--auth` and `--to` name; `None` for nothing.

    Raises:
        UsageError: tokens are kept there, or the file is no result of `--out`.
        StoreError: the note of it has a format that is not known.
    """
    path = _resolved(out)
    if path is None:
        raise UsageError(
            "The file of --out cannot be written. Nothing was sent.",
            cause="the path cannot be resolved: its links form a loop, or it names the home of an unknown user.",
            next_step="--out result.json",
        )
    if out.startswith(stores.PREFIXES) or _is_ours(path) or any(_is_same(path, each) for each in named):
        raise UsageError(
            "--out names a place where tokens are kept. Nothing was sent.",
            cause="the result would be written over them, or among them.",
            next_step="--out result.json; new tokens are saved by themselves, --to STORE says where",
        )
    is_result = results.is_result(path)
    try:
        mode = path.stat().st_mode
    except OSError:  # There is none; what else is wrong with it is told when it is opened.
        return path
    if stat.S_ISREG(mode) and not is_result:
        raise UsageError(
            "The file of --out is not a result of --out, or was changed since. Nothing was sent.",
            cause="only an unchanged result is overwritten.",
            next_step="name a new file, or delete that one first",
        )
    if not (stat.S_ISREG(mode) or stat.S_ISCHR(mode)):
        raise UsageError("The file of --out cannot be written. Nothing was sent.", cause="it is not a regular file.")
    return path


@contextlib.contextmanager
def opened(path: Path | None) -> Iterator[BinaryIO | None]:
    """Open the file of a result before anything is sent, readable by its owner alone; no result leaves no new file.

    Args:
        path: what `check` returned; `None` for no file.

    Raises:
        UsageError: it cannot be written.
    """
    if path is None:
        yield None
        return
    reason, descriptor, is_new = None, -1, not os.path.lexists(path)
    flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0) | (os.O_EXCL if is_new else 0)
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    if reason:
        raise UsageError("The file of --out cannot be written. Nothing was sent.", cause=f"{reason}.")
    with os.fdopen(descriptor, "wb") as file:
        # A device such as /dev/null is everybody's.
        if hasattr(os, "fchmod") and stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)
        try:
            yield file
        except BaseException:
            if is_new:
                path.unlink(missing_ok=True)
            raise


def written(value: Any, out: str, path: Path, file: BinaryIO) -> tuple[Any, str]:
    """Write a result as OPI does, and return what is to be known of it; the result itself, and why, if it fails.

    Args:
        value: the result.
        out: the file, as it was typed.
        path: the same as `check` returned it.
        file: the same, open.
    """
    text = value if isinstance(value, str) else json.dumps(_plain(value), ensure_ascii=False, indent=1)
    content = f"{text}\n".encode()
    try:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            results.note(path, content)  # First: what a kill leaves half written is not known as a result.
            file.truncate(0)
        write_all(file.fileno(), content)
    except OSError as error:  # What was asked for is done.
        return value, f"The command was run, and the file of --out could not be written: {reason_of(error)}."
    rows = [Row("file", out), Row("size", f"{len(content):,} bytes")]
    if isinstance(value, TokenResponse):
        rows += [
            Row("saved to", value.saved_to or "nowhere"),
            Row("careful", "the file holds the tokens in plain text"),
        ]
    return Table("Result written", tuple(rows)), ""


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list) else dict(value)


def _resolved(name: str) -> Path | None:
    """Return where a path leads, through links also to what is not there yet; `None` for a circle, or for no path."""
    try:
        return Path(name).expanduser().resolve()
    except (OSError, ValueError, RuntimeError):
        return None


def _is_ours(path: Path) -> bool:
    """Tell whether a path is in the data folder, or in the folder that we keep beside a user's file."""
    home = _resolved(str(settings.data_folder()))
    return STATE_FOLDER in map(str.lower, path.parts) or (home is not None and path.is_relative_to(home))


def _is_same(path: Path, name: str | None) -> bool:
    """Tell whether a source or a store is this file, by whatever name."""
    other = _resolved(name) if name else None
    try:
        return other is not None and (other == path or other.samefile(path))
    except (OSError, ValueError):  # One of them is not there.
        return False
