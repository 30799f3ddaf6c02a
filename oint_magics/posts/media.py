"""What a medium is: its type from its bytes, what X takes it for, and X's limits.

The types and limits are X's: https://docs.x.com/x-api/media/quickstart/best-practices
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import stat
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from oint_magics.display.text import escaped
from oint_magics.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MIB = 1024 * 1024
# What X calls it, its types, and how large it may be.
LARGEST = {"tweet_image": 5 * _MIB, "tweet_gif": 15 * _MIB, "tweet_video": 512 * _MIB}
_CATEGORIES = {
    "image/jpeg": "tweet_image", "image/png": "tweet_image", "image/webp": "tweet_image", "image/bmp": "tweet_image",
    "image/tiff": "tweet_image", "image/gif": "tweet_gif", "video/mp4": "tweet_video", "video/webm": "tweet_video",
    "video/mp2t": "tweet_video", "video/quicktime": "tweet_video",
}  # fmt: skip
_WORDS = {"tweet_image": "picture", "tweet_gif": "GIF", "tweet_video": "video"}
# How much of a file tells its type.
_HEAD = 8192
_LONGEST_NAME = 60
# Videos that the library for types does not know by these names of their kind alone.
_BRANDS = (b"avc1", b"dash", b"M4V ", b"M4VH", b"MSNV", b"f4v ", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7",
           b"iso8", b"iso9")  # fmt: skip
# Of a GIF: pixels in each direction, and frames.
_GIF_WIDTH, _GIF_HEIGHT, _GIF_FRAMES = 1280, 1080, 350


class MediaId(str):
    """The id of a medium that X holds already, as `twitter.upload` returns it."""

    __slots__ = ()


class Medium(NamedTuple):
    """A medium that can be uploaded.

    Attributes:
        name: what messages call it.
        content: its bytes, or the file that has them.
        size: how many bytes it has.
        media_type: as X names it, like `image/png`.
        category: what X takes it for, like `tweet_image`.
        digest: SHA-256 of its bytes, as hexadecimal digits.
        version: what differs when the file was changed or replaced; `None` for bytes.
    """

    name: str
    content: bytes | Path
    size: int
    media_type: str
    category: str
    digest: str
    version: object = None

    def is_same(self, file: BinaryIO) -> bool:
        """Tell whether an open file is the one that was looked at, unchanged."""
        return self.version is None or self.version == _version(os.fstat(file.fileno()))

    @contextlib.contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Open it for reading."""
        with io.BytesIO(self.content) if isinstance(self.content, bytes) else self.content.open("rb") as file:
            yield file

    def words(self) -> str:
        """Return what it is, for a table."""
        return f"{self.name}: {_WORDS[self.category]}, {self.media_type}, {size_of(self.size)}"


def medium(content: bytes | Path, name: str, kind: str | None = None) -> Medium:
    """Return what bytes or a file are.

    Args:
        content: the bytes, or the file's path.
        name: what messages call it.
        kind: what X shall take it for, as `tweet_image`; `None` for what fits its type.

    Raises:
        UsageError: it is no medium that X takes, or too large.
    """
    name = escaped(name, _LONGEST_NAME)
    size, head, digest, version = _looked(content, name)
    _check_filled(size, name)
    media_type = type_of(head)
    category = kind or _CATEGORIES.get(media_type or "")
    if media_type is None or category is None or media_type not in _CATEGORIES:
        found = f"its bytes are {media_type}." if media_type else "its bytes are those of something else."
        raise UsageError(
            f"{name} is no picture, GIF or video that X takes. Nothing was sent.",
            cause=found,
            next_step="X takes JPEG, PNG, WebP, BMP, TIFF, GIF, MP4, WebM, MPEG-TS and QuickTime",
        )
    if category not in LARGEST or not _fits(media_type, category):
        raise UsageError(
            f"{name} cannot be uploaded as that kind. Nothing was sent.",
            cause=f"it is {media_type}.",
            next_step=f"kind: one of {', '.join(LARGEST)}, or leave it out",
        )
    if media_type == "image/gif":
        category = _category_of_gif(content, name, category, size)
    if size > LARGEST[category]:
        raise UsageError(
            f"{name} is too large: {size_of(size)}. Nothing was sent.",
            cause=f"X takes at most {size_of(LARGEST[category])} for a {_WORDS[category]}.",
            next_step="make it smaller",
        )
    return Medium(name, content, size, media_type, category, digest, version)


def _check_filled(size: int, name: str) -> None:
    if not size:
        raise UsageError(
            f"{name} is empty. Nothing was sent.",
            cause="it has 0 bytes.",
            next_step="write the picture, the GIF or the video into it first",
        )


def type_of(head: bytes) -> str | None:
    """Return the media type of a file's first bytes, or `None`; the name says nothing."""
    import filetype

    # What the library does not know: MPEG-TS, whose packets have 188 bytes, and QuickTime from before `ftyp`.
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:
        return "video/mp2t"
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"):
        return "video/quicktime"
    if head[4:8] == b"ftyp" and head[8:12] in _BRANDS:
        return "video/mp4"
    found: str | None = filetype.guess_mime(head) if head else None
    return found


def longest_of(head: bytes) -> int:
    """Return how many bytes X takes of what begins so."""
    kind = type_of(head) or ""
    if kind == "image/gif":
        return LARGEST["tweet_gif"]
    return LARGEST["tweet_image" if kind.startswith("image/") else "tweet_video"]


def size_of(size: int) -> str:
    """Return a number of bytes as text."""
    for unit, step in (("MiB", _MIB), ("KiB", 1024)):
        if size >= step:
            return f"{size / step:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} bytes"


def _looked(content: bytes | Path, name: str) -> tuple[int, bytes, str, object]:
    """Return size, first bytes, digest and version; a file is read in pieces."""
    if isinstance(content, bytes):
        return len(content), content[:_HEAD], hashlib.sha256(content).hexdigest(), None
    reason = None
    try:
        # Not blocking: something else than a file may have that name.
        descriptor = os.open(content, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if stat.S_ISREG(found.st_mode):
                head = file.read(_HEAD)
                file.seek(0)
                return found.st_size, head, hashlib.file_digest(file, "sha256").hexdigest(), _version(found)
            reason = "it is no regular file"
    except (OSError, ValueError) as error:  # A null byte in a path is a `ValueError`.
        reason = getattr(error, "strerror", None) or "no file can have that name"
    raise UsageError(
        f"{name} cannot be read. Nothing was sent.",
        cause=f"{reason}.",
        next_step="name a picture, a GIF or a video; paths are looked up in this notebook's folder",
    )


def _version(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _fits(media_type: str, category: str) -> bool:
    return _CATEGORIES[media_type] == category or (media_type == "image/gif" and category == "tweet_image")


def _category_of_gif(content: bytes | Path, name: str, category: str, size: int) -> str:
    """Return what a GIF is: with one frame it is a picture; raises `UsageError` for one that X does not take."""
    if size > LARGEST["tweet_gif"]:
        return "tweet_gif"
    width, height, frames = _gif(content if isinstance(content, bytes) else content.read_bytes())
    if frames <= 1:
        return "tweet_image"
    if category == "tweet_image":
        raise UsageError(
            f"{name} is an animated GIF, and cannot be a tweet_image. Nothing was sent.",
            cause=f"it has {frames} frames.",
            next_step="call it a tweet_gif",
        )
    if frames > _GIF_FRAMES or width > _GIF_WIDTH or height > _GIF_HEIGHT:
        raise UsageError(
            f"X does not take {name}: as a GIF it is too long or too large. Nothing was sent.",
            cause=f"it has {frames} frames of {width} × {height} pixels; the most is {_GIF_FRAMES} of "
            f"{_GIF_WIDTH} × {_GIF_HEIGHT}.",
            next_step="make it shorter or smaller",
        )
    return "tweet_gif"


def _gif(data: bytes) -> tuple[int, int, int]:
    """Return a GIF's width, height and number of frames (GIF89a, sections 18 to 27)."""
    width, height = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    at = 13 + _colours(data[10:11])
    frames = 0
    while at < len(data) and data[at] != 0x3B:
        if data[at] == 0x2C:
            frames += 1
            at += 10 + _colours(data[at + 9 : at + 10]) + 1
        else:
            at += 2
        while at < len(data) and data[at]:
            at += data[at] + 1
        at += 1
    return width, height, frames


def _colours(flags: bytes) -> int:
    """Return how many bytes a table of colours has, by the byte that says whether there is one."""
    return 3 * 2 ** ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0
