"""Uploads of media, in segments and in one piece, and their processing.

The limits are X's: https://docs.x.com/x-api/media/quickstart/best-practices
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

from oint_magics.sandbox import answers
from oint_magics.sandbox.media import Upload

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
    upload, form = memory.media.of(call.parts[0], call.person), call.form()
    if upload is None or upload.ready_at is not None:
        return answers.no_such_resource("media", "id", call.parts[0])
    number = (form or {}).get("segment_index", b"").decode("ascii", "replace")
    if (
        form is None
        or "media" not in form
        or not (number.isascii() and number.isdecimal() and len(number) < 5 and int(number) < _SEGMENTS)
    ):
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
    upload = memory.media.of(call.parts[0], call.person)
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
    upload = memory.media.of(number, call.person)
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
    upload = memory.media.of(str(wanted.get("id")), call.person)
    metadata = wanted.get("metadata")
    alt = metadata.get("alt_text") if isinstance(metadata, dict) else None
    text = alt.get("text") if isinstance(alt, dict) else None
    if upload is None or not isinstance(text, str) or not 0 < len(text) <= _LONGEST_ALT:
        return answers.invalid_body("metadata.alt_text.text: 1 to 1000 characters")
    upload.alt_text = text
    return answers.document(200, {"data": {"id": wanted["id"], "associated_metadata": {"alt_text": {"text": text}}}})


def _wrong(category: Any, kind: Any, total: Any) -> Reply | None:
    if not isinstance(category, str) or category not in _LARGEST:
        return answers.invalid_body("media_category: it is none")
    if not isinstance(kind, str) or kind not in _TYPES[category.rpartition("_")[2]]:
        return answers.invalid_body("media_type: not one of this category's")
    if not isinstance(total, int) or isinstance(total, bool) or total < 1:
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
