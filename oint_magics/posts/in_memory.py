"""What this process holds of a media file: bytes, an open file, or a picture that was drawn or opened here."""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oint_magics.display.text import escaped
from oint_magics.errors import UsageError
from oint_magics.posts.media import longest_of, type_of

if TYPE_CHECKING:
    import contextlib

# What notebooks draw, by the module that must be loaded by then, and the method that writes it into a file.
_DRAWN = (("matplotlib.figure", "Figure", "savefig"), ("PIL.Image", "Image", "save"))
_PIECE = 1024 * 1024


def content_of(given: Any, label: str, stack: contextlib.ExitStack) -> bytes | Path | None:
    """Return what bytes, an open file or a picture in memory hold; `None` for anything else.

    Args:
        given: it.
        label: what messages call it.
        stack: keeps a copy of an open file until it ends.

    Raises:
        UsageError: it cannot be read.
    """
    if isinstance(given, bytes | bytearray | memoryview):
        return bytes(given)
    if isinstance(given, io.BytesIO) and not given.closed:
        return given.getvalue()
    if callable(getattr(given, "read", None)):
        return _copied(given, label, stack)
    return _drawn(given, label)


def name_of(given: object) -> str:
    """Return the name of an open file without its folder; blank for what has none."""
    name = getattr(given, "name", None)
    return Path(name).name if isinstance(name, str) else ""


def _copied(file: Any, label: str, stack: contextlib.ExitStack) -> Path:
    """Return a copy of an open file from its start, and leave its position as it was.

    A copy on the disk: the file may be large, and may be changed or closed before it is uploaded.
    """
    path = temporary(stack)
    try:
        position = file.tell()
        try:
            file.seek(0)
            reason = _copy(file, path)
        finally:
            file.seek(position)
    except Exception as error:  # noqa: BLE001 - whatever a file of another library raises
        reason = f"it is closed, or open for writing alone, or has no start to go back to ({type(error).__name__})"
    if reason:
        raise _unreadable(label, reason)
    return path


def _copy(file: Any, path: Path) -> str | None:
    """Copy a file, as far as X could take it; return why that cannot be, or `None`."""
    if isinstance(file.read(0), str):
        return "it is opened as text"
    size = longest = 0
    with path.open("wb") as copy:
        while size <= longest and (piece := file.read(_PIECE)):
            longest = longest or (longest_of(piece) if type_of(piece) else 0)
            size += copy.write(piece)
    return None


def _unreadable(label: str, cause: str) -> UsageError:
    return UsageError(
        f"{escaped(label, 60)} cannot be read. Nothing was sent.",
        cause=f"{cause}.",
        next_step='open it with open(path, "rb"), or give its path or its bytes',
    )


def _drawn(given: Any, label: str) -> bytes | None:
    """Return a picture that was drawn or opened in this process as a PNG; `None` for anything else."""
    for module, kind, method in _DRAWN:
        if isinstance(given, getattr(sys.modules.get(module), kind, ())):
            reason = None
            file = io.BytesIO()
            try:
                getattr(given, method)(file, format="png")
            except Exception as error:  # noqa: BLE001 - whatever drawing raises
                reason = type(error).__name__
            if reason:
                raise _unreadable(label, f"{module} cannot write it as PNG ({reason})")
            return file.getvalue()
    return None


def temporary(stack: contextlib.ExitStack) -> Path:
    """Return a file in a new folder of its own, which goes with the stack."""
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="oint_magics-"))) / "medium"
