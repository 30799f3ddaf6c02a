"""A medium's way to X: begin, append in segments, finalize, wait for its processing, describe it.

https://docs.x.com/x-api/media/quickstart/media-upload-chunked
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, BinaryIO

from oint_magics import settings
from oint_magics.api import progress
from oint_magics.api.call import answer
from oint_magics.display.text import escaped
from oint_magics.errors import CallError, RateLimited, Stopped
from oint_magics.http.api import form_of, json_of
from oint_magics.http.deadline import Exchange
from oint_magics.http.metered import Write
from oint_magics.posts import price
from oint_magics.posts.media import MediaId, size_of

if TYPE_CHECKING:
    from oint_magics.http.api import Api
    from oint_magics.posts.media import Medium

_ALT = Write("alt", price.ALT_TEXT)
CHUNK = 1024 * 1024
_SEGMENTS = 1000
# How long to wait before a segment is sent again, in seconds.
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
# How many times as long a segment may take as another request: a slow line sends 1 MiB in a minute or two.
_SLOW = 4
# Where X does not say when to ask again, in seconds.
_USUAL_WAIT = 1
_LONGEST_PROCESSING = 3600.0
_LONGEST_ALT = 1000


class Upload:
    """The upload of one medium.

    Whether X counts a segment twice that it got twice is not documented; a segment whose answer was lost is sent again
    under its own number, as X's own tools do.

    Args:
        api: carries the token.
        medium: what to upload.
    """

    def __init__(self, api: Api, medium: Medium) -> None:
        self._api, self._medium, self._line = api, medium, progress.line()
        self._id, self._sent, self._kept, self._is_whole = "", 0, "24 hours", False

    def run(self) -> MediaId:
        """Upload it, and return its id when a post can have it.

        Raises:
            CallError: X refused it, or no answer came.
            Stopped: the stop button was pressed; tells what X has.
        """
        is_stopped = False
        try:
            with self._medium.opened() as file:
                self._begin()
                self._append(file)
            self._finish()
        except KeyboardInterrupt:
            is_stopped = True
        if is_stopped:
            raise Stopped(self._stopped())
        self._line(f"{self._medium.name}: uploaded")
        return MediaId(self._id)

    def _begin(self) -> None:
        medium = self._medium
        wanted = {"media_type": medium.media_type, "media_category": medium.category, "total_bytes": medium.size}
        data = self._call("media/upload/initialize", body=json_of(wanted))
        self._id, kept = str(data.get("id", "")), data.get("expires_after_secs")
        if not self._id.isdecimal():
            raise CallError("X gave no id for the medium. Nothing was posted.", next_step="run it again")
        self._kept = f"{kept / 3600:.0f} hours" if isinstance(kept, int) else "some hours"

    def _append(self, file: BinaryIO) -> None:
        """Send the file in segments; after a 413 in smaller ones, as small as a thousand of them allow."""
        size, number, chunk = self._medium.size, 0, CHUNK
        while self._sent < size:
            left = size - self._sent
            least = -(-left // (_SEGMENTS - number)) if number < _SEGMENTS else left
            chunk = max(chunk, least)
            piece = file.read(min(chunk, left))
            if len(piece) < min(chunk, left):
                raise self._changed()
            if not self._is_taken(number, piece):
                if chunk <= least or len(piece) <= 1:
                    raise CallError(
                        f"X takes no segment of {size_of(len(piece))}. Nothing was posted.",
                        cause=f"a medium has at most {_SEGMENTS} segments, so they cannot be smaller.",
                        next_step="make the medium smaller",
                    )
                chunk = max(least, min(chunk, len(piece)) // 2)
                file.seek(self._sent)
                continue
            number, self._sent = number + 1, self._sent + len(piece)
            self._line(f"{self._medium.name}: {size_of(self._sent)} of {size_of(size)}")
        if not self._medium.is_same(file):
            raise self._changed()

    def _changed(self) -> CallError:
        return CallError(
            f"{self._medium.name} was changed during the upload. Nothing was posted.", next_step="run it again"
        )

    def _is_taken(self, number: int, piece: bytes) -> bool:
        """Send a segment, again after an outage or a lost answer; tell whether it was not too large."""
        for pause in (*PAUSES, None):
            try:
                self._call(
                    f"media/upload/{self._id}/append",
                    exchange=Exchange(_SLOW * settings.timeout()),
                    body=form_of({"segment_index": str(number), "media": ("media", piece, "application/octet-stream")}),
                )
            except RateLimited:
                raise
            except CallError as error:
                if error.status == 413:
                    return False
                if pause is None or (error.status is not None and error.status < 500 and error.status >= 300):
                    raise
                self._line(f"{self._medium.name}: segment {number + 1} once more in {pause:g} s")
                time.sleep(pause)
            else:
                return True
        return True

    def _finish(self) -> None:
        """Let X put the segments together, and wait for its processing at X's pace."""
        data = self._call(f"media/upload/{self._id}/finalize")
        self._is_whole = True
        begun = time.monotonic()
        while (state := _state(data)) in ("pending", "in_progress"):
            if time.monotonic() - begun > _LONGEST_PROCESSING:
                raise CallError(
                    "X has not processed the medium within an hour. Nothing was posted.",
                    cause=f"X holds it as medium {self._id} for {self._kept}.",
                    next_step=f"post it later: --media {self._id}",
                )
            info = data["processing_info"]
            self._line(f"{self._medium.name}: X processes it, {info.get('progress_percent', 0)} %")
            time.sleep(_seconds(info.get("check_after_secs")))
            data = self._status()
        if state == "failed":
            raise CallError(
                f"X could not process {self._medium.name}. Nothing was posted.",
                cause=f"{_reason(data)}; X takes H.264 with AAC up to 1280 × 1024, and 0.5 to 140 seconds.",
                next_step="convert it, and run it again",
            )

    def _status(self) -> dict[str, Any]:
        """Ask how the processing stands; an outage is waited out."""
        for pause in (*PAUSES, None):
            try:
                found = answer(self._api, "media/upload", {"command": "STATUS", "media_id": self._id})
            except CallError as error:
                if pause is None or isinstance(error, RateLimited) or (error.status or 500) < 500:
                    raise
                time.sleep(pause)
            else:
                break
        data = found.get("data")
        return data if isinstance(data, dict) else {}

    def _call(self, path: str, **options: Any) -> dict[str, Any]:
        data = answer(self._api, path, method="POST", **options).get("data")
        return data if isinstance(data, dict) else {}

    def _stopped(self) -> str:
        if self._is_whole:
            return f"nothing was posted. X holds {self._medium.name} as medium {self._id} for {self._kept}."
        done = f"{size_of(self._sent)} of {size_of(self._medium.size)} of {self._medium.name} were uploaded"
        return f"nothing was posted. {done}; X deletes them within {self._kept}."


def describe(api: Api, media_id: str, text: str) -> None:
    """Give a medium its alt text.

    Raises:
        CallError: X refused.
    """
    metadata = {"alt_text": {"text": text}}
    answer(api, "media/metadata", method="POST", body=json_of({"id": media_id, "metadata": metadata}), write=_ALT)


def check_alt(text: str) -> str | None:
    """Return what is wrong with an alt text, or `None`."""
    return None if 0 < len(text) <= _LONGEST_ALT else f"it has {len(text):,} characters; X takes 1 to {_LONGEST_ALT:,}."


def _state(data: dict[str, Any]) -> str:
    info = data.get("processing_info")
    return str(info.get("state", "")) if isinstance(info, dict) else ""


def _reason(data: dict[str, Any]) -> str:
    """Return what X says about a failed processing."""
    error = data["processing_info"].get("error")
    words = error.get("message") or error.get("name") if isinstance(error, dict) else None
    return escaped(words, 200).rstrip(".") if isinstance(words, str) else "X does not say why"


def _seconds(value: object) -> float:
    """Return how long to wait before asking again: as X says, within reason."""
    return min(max(float(value), 0.1), 60.0) if isinstance(value, int | float) else float(_USUAL_WAIT)
