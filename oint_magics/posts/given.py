"""Media files as people have them: a path, bytes, an open file, a picture in memory, an address, or an id of X's."""

from __future__ import annotations

import contextlib
import os
import re
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from oint_magics.errors import UsageError
from oint_magics.posts.in_memory import content_of, name_of, temporary
from oint_magics.posts.media import MediaId, Medium, longest_of, medium

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# An id of X's in the place of a file's name: shorter numbers are names.
_MEDIA_ID = re.compile(r"[0-9]{15,19}")
_ADDRESS = ("http://", "https://")


def listed(given: object) -> list[object]:
    """Return what was given as a list; one may be given alone."""
    return list(given) if isinstance(given, list | tuple) else [] if given is None else [given]


@contextlib.contextmanager
def opened(given: Sequence[object], kind: str | None = None) -> Iterator[tuple[Medium | MediaId, ...]]:
    """Look at media files; copies of open files and of what comes from the web are kept until the body ends.

    Args:
        given: the media files.
        kind: what X shall take them for, as `tweet_image`; `None` for what fits their types.

    Raises:
        UsageError: X would not take one of them.
        CallError: one could not be read from its address.
    """
    with contextlib.ExitStack() as stack:
        yield tuple(_medium(each, number, kind, stack) for number, each in enumerate(given, 1))


def _medium(given: object, number: int, kind: str | None, stack: contextlib.ExitStack) -> Medium | MediaId:
    if isinstance(given, MediaId):
        return given
    if isinstance(given, Integral) and _MEDIA_ID.fullmatch(str(given)):
        return MediaId(given)
    if isinstance(given, str) and given.lower().startswith(_ADDRESS):
        return _from_web(given, kind, stack)
    if isinstance(given, str | os.PathLike) and str(given):
        path = _path(given)
        if isinstance(given, str) and _MEDIA_ID.fullmatch(given) and not path.exists():
            return MediaId(given)
        return medium(path, path.name, kind)
    label = name_of(given) or f"medium {number}"
    content = content_of(given, label, stack)
    if content is not None:
        return medium(content, label, kind)
    raise UsageError(
        "That cannot be a media file. Nothing was sent.",
        cause="the id of an uploaded media file has 15 to 19 digits."
        if isinstance(given, Integral)
        else f"medium {number} is of type {type(given).__name__}.",
        next_step='give a path, bytes, a file opened with open(path, "rb"), a matplotlib figure (of axes: ax.figure), '
        "an image of Pillow, an https address, or the id of an uploaded media file",
    )


def _path(given: str | os.PathLike[str]) -> Path:
    """Return a path; one that no file can have stands for itself, and is not there."""
    path = Path(given)
    with contextlib.suppress(RuntimeError):  # `~` of nobody
        return path.expanduser()
    return path


def _from_web(url: str, kind: str | None, stack: contextlib.ExitStack) -> Medium:
    from oint_magics.http.download import download

    path = temporary(stack)
    download(url, path, longest_of)
    return medium(path, Path(urlsplit(url).path).name or "medium", kind)
