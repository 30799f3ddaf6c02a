"""The media that were uploaded."""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oint_magics.sandbox.accounts import Person

_SEGMENT = 4 * 1024 * 1024


@dataclass
class Upload:
    """A medium, from its beginning on.

    Attributes:
        owner: the person's number.
        category: what it is for, as `tweet_image`.
        media_type: what it says to be.
        total: how many bytes it says to have.
        segments: the size of each segment that came.
        digest: SHA-256 of the segments, in the order in which they came.
        ready_at: when its processing ends, in seconds of the monotonic clock; `None` before it was finalized.
        is_failed: whether its processing fails.
        alt_text: its description.
    """

    owner: str
    category: str
    media_type: str
    total: int
    segments: dict[int, int] = field(default_factory=dict)
    digest: Any = field(default_factory=hashlib.sha256)
    ready_at: float | None = None
    is_failed: bool = False
    alt_text: str = ""

    @property
    def is_ready(self) -> bool:
        """Whether a post can have it."""
        return self.ready_at is not None and time.monotonic() >= self.ready_at and not self.is_failed


class Media:
    """All uploads.

    Attributes:
        uploads: by id.
        processing: how long a GIF or a video is processed, in seconds.
        largest: how many bytes a segment may have.
        refused: how many segments were too large.
    """

    def __init__(self) -> None:
        self.uploads: dict[str, Upload] = {}
        self.processing = 2.0
        self.largest = _SEGMENT
        self.refused = 0
        self._numbers = itertools.count(1_980_000_000_000_000_000 + time.time_ns() // 1_000_000 % 10**12 * 1000)
        self._lock = threading.Lock()

    def begin(self, upload: Upload) -> str:
        """Take a new upload, and return its id."""
        with self._lock:
            number = str(next(self._numbers))
            self.uploads[number] = upload
            return number

    def of(self, number: str, person: Person | None) -> Upload | None:
        """Return an upload of a person's, or `None`."""
        upload = self.uploads.get(number)
        return upload if upload and person and upload.owner == person.number else None

    def category(self, number: Any, owner: str) -> str | None:
        """Return what a medium is for, if a post of its owner can have it."""
        upload = self.uploads.get(str(number))
        return upload.category if upload and upload.owner == owner and upload.is_ready else None

    def shown(self, key: str) -> dict[str, Any]:
        """Return a medium as a post's expansion shows it."""
        upload = self.uploads.get(key.removeprefix("3_"))
        kinds = {"tweet_gif": "animated_gif", "tweet_video": "video"}
        found = {"media_key": key, "type": kinds.get(upload.category, "photo") if upload else "photo"}
        return found | ({"alt_text": upload.alt_text} if upload and upload.alt_text else {})
