"""Media: uploads in segments and in one piece, their processing, and what they may be.

The limits are X's: https://docs.x.com/x-api/media/quickstart/best-practices
"""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from oint_magics.sandbox import answers

if TYPE_CHECKING:
    from oint_magics.sandbox.answers import Reply
    from oint_magics.sandbox.calls import Call, Memory

_MIB = 1024 * 1024
_LARGEST = {"tweet_image": 5 * _MIB, "tweet_gif": 15 * _MIB, "tweet_video": 512 * _MIB, "amplify_video": 512 * _MIB,
            "dm_image": 5 * _MIB, "dm_gif": 15 * _MIB, "dm_video": 512 * _MIB, "subtitles": _MIB}  # fmt: skip
_TYPES = {"image": {"image/jpeg", "image/png", "image/webp", "image/bmp", "image/tiff", "image/pjpeg", "image/gif"},
          "gif": {"image/gif"}, "video": {"video/mp4", "video/webm", "video/mp2t", "video/quicktime"},
          "subtitles": {"text/srt", "text/vtt"}}  # fmt: skip
# How long an upload is kept, in seconds.
_KEPT = 24 * 3600
_SEGMENTS = 1000
_LONGEST_ALT = 1000


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
        self.largest = 4 * _MIB
        self.refused = 0
        self._numbers = itertools.count(1_980_000_000_000_000_000 + time.time_ns() // 1_000_000 % 10**12 * 1000)
        self._lock = threading.Lock()

    def begin(self, upload: Upload) -> str:
        """Take a new upload, and return its id."""
        with self._lock:
            number = str(next(self._numbers))
            self.uploads[number] = upload
            return number

    def of(self, number: str, call: Call) -> Upload | None:
        """Return an upload of the one who calls, or `None`."""
        upload = self.uploads.get(number)
        return upload if upload and call.person and upload.owner == call.person.number else None

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


def initialize(memory: Memory, call: Call) -> Reply:
    """`POST /2/media/upload/initialize`."""
    wanted = call.document() or {}
    category, kind, total = (wanted.get(name) for name in ("media_category", "media_type", "total_bytes"))
    refusal = _wrong(category, kind, total)
    if refusal or call.person is None:
        return refusal or answers.unauthorized()
    upload = Upload(call.person.number, str(category), str(kind), int(total or 0))
    return answers.document(200, {"data": _data(memory.media.begin(upload))})


def append(memory: Memory, call: Call) -> Reply:
    """`POST /2/media/upload/:id/append`: one segment; a second time, it is not counted again."""
    upload, form = memory.media.of(call.parts[0], call), call.form()
    if upload is None or upload.ready_at is not None:
        return answers.no_such_resource("media", "id", call.parts[0])
    number = (form or {}).get("segment_index", b"").decode("ascii", "replace")
    if form is None or "media" not in form or not (number.isdecimal() and int(number) < _SEGMENTS):
        return answers.invalid_body("segment_index: 0 to 999; media: a segment")
    segment = form["media"]
    if memory.faults.take({"413"}) or len(segment) > memory.media.largest:
        memory.media.refused += 1
        return answers.too_large()
    if int(number) not in upload.segments:
        upload.segments[int(number)] = len(segment)
        upload.digest.update(segment)
    return answers.document(200, {"data": {"expires_at": int(time.time()) + _KEPT}})


def finalize(memory: Memory, call: Call) -> Reply:
    """`POST /2/media/upload/:id/finalize`."""
    upload = memory.media.of(call.parts[0], call)
    if upload is None:
        return answers.no_such_resource("media", "id", call.parts[0])
    if sum(upload.segments.values()) != upload.total:
        return answers.invalid_body("Segments do not add up to provided total file size.")
    is_picture = upload.category.endswith("image") or upload.category == "subtitles"
    upload.ready_at = time.monotonic() + (0.0 if is_picture else memory.media.processing)
    upload.is_failed = not is_picture and memory.faults.take({"failed"}) is not None
    return answers.document(200, {"data": _data(call.parts[0]) | {"size": upload.total} | _processing(memory, upload)})


def status(memory: Memory, call: Call) -> Reply:
    """`GET /2/media/upload?command=STATUS`."""
    number = call.query.get("media_id", "")
    upload = memory.media.of(number, call)
    if upload is None or call.query.get("command", "STATUS") != "STATUS":
        return answers.no_such_resource("media", "media_id", number)
    return answers.document(200, {"data": _data(number) | {"size": upload.total} | _processing(memory, upload)})


def in_one(memory: Memory, call: Call) -> Reply:
    """`POST /2/media/upload`: a medium in one piece."""
    form = call.form() or {}
    category, content = form.get("media_category", b"").decode("ascii", "replace"), form.get("media", b"")
    if call.person is None or category not in _LARGEST or category == "amplify_video":
        return answers.invalid_body("media and media_category")
    if len(content) > min(_LARGEST[category], memory.media.largest):
        memory.media.refused += 1
        return answers.too_large()
    upload = Upload(call.person.number, category, "", len(content), {0: len(content)}, hashlib.sha256(content))
    upload.ready_at = time.monotonic() + (0.0 if category.endswith("image") else memory.media.processing)
    return answers.document(200, {"data": _data(memory.media.begin(upload)) | _processing(memory, upload)})


def describe(memory: Memory, call: Call) -> Reply:
    """`POST /2/media/metadata`: a medium's alt text."""
    wanted = call.document() or {}
    upload = memory.media.of(str(wanted.get("id")), call)
    metadata = wanted.get("metadata")
    alt = metadata.get("alt_text") if isinstance(metadata, dict) else None
    text = alt.get("text") if isinstance(alt, dict) else None
    if upload is None or not isinstance(text, str) or not 0 < len(text) <= _LONGEST_ALT:
        return answers.invalid_body("metadata.alt_text.text: 1 to 1000 characters")
    upload.alt_text = text
    return answers.document(200, {"data": {"id": wanted["id"], "associated_metadata": {"alt_text": {"text": text}}}})


def _wrong(category: Any, kind: Any, total: Any) -> Reply | None:
    if category not in _LARGEST:
        return answers.invalid_body("media_category: it is none")
    if kind not in _TYPES[category.rpartition("_")[2]]:
        return answers.invalid_body("media_type: not one of this category's")
    if not isinstance(total, int) or total < 1:
        return answers.invalid_body("total_bytes: a number")
    if total > _LARGEST[category]:
        return answers.invalid_body(f"total_bytes: at most {_LARGEST[category]} for {category}")
    return None


def _data(number: str) -> dict[str, Any]:
    return {"id": number, "media_key": f"3_{number}", "expires_after_secs": _KEPT}


def _processing(memory: Memory, upload: Upload) -> dict[str, Any]:
    if upload.ready_at is None or upload.category.endswith("image") or upload.category == "subtitles":
        return {}
    left = upload.ready_at - time.monotonic()
    if left > 0:
        percent = int(100 * (1 - left / max(memory.media.processing, 0.001)))
        state = {"state": "in_progress" if percent else "pending", "check_after_secs": 1, "progress_percent": percent}
        return {"processing_info": state}
    if upload.is_failed:
        return {"processing_info": {"state": "failed", "progress_percent": 100}}
    return {"processing_info": {"state": "succeeded", "progress_percent": 100}}
