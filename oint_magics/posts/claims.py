"""Claims: a post is sent once, however often its cell is run.

A claim lies in the data folder. It says that a post was sent, and never what it says: its name is a keyed hash. It is
synced before anything is sent and kept for a day; then the same text may be meant anew.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from oint_magics import settings
from oint_magics.display.text import escaped
from oint_magics.errors import StoreError, StoreNotWritable
from oint_magics.stores import ages, notes
from oint_magics.stores.locks import holder, post_lock
from oint_magics.stores.notes import Notes
from oint_magics.stores.private_folder import Folder, data_folder, private_folder, reason_of, synced, write_all

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOTES = Notes("posts", "The claim of a post")
_KEPT = 24 * 3600.0
_KEY, _KEY_SIZE = "key", 32
_START, _MEDIUM = "claim-", "media-"
_LARGEST = 4096


class Claim(NamedTuple):
    """What is known of a post that was sent.

    Attributes:
        at: when it was sent (aware, UTC).
        by: which process sent it.
        post_id: X's id of it; `None` where no answer is known.
        content: the claim as it lies there.
    """

    at: datetime
    by: str
    post_id: str | None
    content: bytes


class ClaimTaken(Exception):
    """Another process has made the same claim a moment ago; never shown to a user."""


def name_of(values: Iterable[str]) -> str:
    """Return the name of the claim for what makes a post the same: account, text, media, poll, reply.

    Raises:
        StoreError: the key of the claims is damaged or missing.
        StoreNotWritable: the data folder cannot be written.
    """
    try:
        with _opened() as folder:
            key = _key_in(folder)
    except OSError as error:
        _not_writable(error)
    text = json.dumps(list(values))
    return _START + hmac.new(key, text.encode("utf-8", "surrogatepass"), "sha256").hexdigest()[:32]


def found(name: str) -> Claim | None:
    """Return the claim of that name, if it is no older than a day.

    Raises:
        StoreError: it is of an unknown format.
        StoreNotWritable: it is there and cannot be read.
    """
    try:
        with _opened() as folder:
            return _read(folder, name)
    except OSError as error:
        _not_writable(error)


def begin(name: str, *, is_replacing: bool) -> None:
    """Make a claim and sync it; the post may be sent then.

    Args:
        name: its name.
        is_replacing: whether an earlier one of that name is known and passed over.

    Raises:
        ClaimTaken: one of that name is there.
        StoreNotWritable: it cannot be written.
    """
    content = _content(None)
    try:
        with _opened() as folder:
            earlier = folder.read(name, _LARGEST) if is_replacing else None
            if is_replacing:
                folder.write(name, content)
            else:
                _make(folder, name, content)
            try:
                folder.sync()
            except OSError:
                _put_back(folder, name, earlier)
                raise
    except FileExistsError:
        raise ClaimTaken from None
    except OSError as error:
        _not_writable(error)


def _make(folder: Folder, name: str, content: bytes) -> None:
    """Make a file that is not there; it is gone again where it cannot be written whole."""
    descriptor = folder.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        write_all(descriptor, content)
        synced(descriptor)
    except OSError:
        folder.remove(name)
        raise
    finally:
        os.close(descriptor)


def restore(name: str, earlier: Claim | None) -> None:
    """Take a claim back, the post was not made; an earlier one of that name stands again."""
    with contextlib.suppress(OSError), _opened() as folder:
        _put_back(folder, name, earlier.content if earlier else None)


def _put_back(folder: Folder, name: str, content: bytes | None) -> None:
    """Let a claim be as it was: nothing was sent for the one that is there."""
    if content is None:
        folder.remove(name)
    else:
        folder.write(name, content)


def confirm(name: str, post_id: str) -> None:
    """Note that the post is there; where that cannot be written, the claim goes on saying that it was sent."""
    with contextlib.suppress(OSError), _opened() as folder:
        folder.write(name, _content(post_id))


def drop_post(post_id: str) -> None:
    """Take back the claim of a post that was deleted, so that it can be posted again."""
    with contextlib.suppress(OSError), _opened() as folder:
        for name in folder.names(_START):
            with contextlib.suppress(StoreError):  # One of another version is none of ours.
                claim = _read(folder, name)
                if claim is not None and claim.post_id == post_id:
                    folder.remove(name)


def note_media(media_id: str, digest: str) -> None:
    """Note what a medium holds that was uploaded, so that a post with it is the same when it is uploaded anew."""
    with contextlib.suppress(OSError), _opened() as folder:
        folder.write(f"{_MEDIUM}{media_id}", json.dumps({"at": time.time(), "digest": digest}).encode())
        for name in folder.names(_MEDIUM):
            status = folder.stat(name)
            if status is not None and time.time() - status.st_mtime > _KEPT:
                folder.remove(name)


def digest_of(media_id: str) -> str:
    """Return the digest of a medium that was uploaded within a day; the id itself where it is not known."""
    known: object = None
    with contextlib.suppress(OSError, ValueError, RecursionError), _opened() as folder:
        known = json.loads(folder.read(f"{_MEDIUM}{media_id}", _LARGEST) or b"{}").get("digest")
    return known if isinstance(known, str) else media_id


def _opened() -> Folder:
    path = data_folder(settings.data_folder()) / "posts"
    return Folder(private_folder(path))


def _key_in(folder: Folder) -> bytes:
    """Return the folder's key, made where neither it nor a claim is there.

    Raises:
        StoreError: it is damaged, or gone though claims are there: no post would be found again.
    """
    key = folder.read(_KEY, _KEY_SIZE + 1)
    if key is None:
        with post_lock(_KEY, settings.timeout()):
            key = folder.read(_KEY, _KEY_SIZE + 1)
            if key is None and not folder.names(_START):
                key = secrets.token_bytes(_KEY_SIZE)
                folder.write(_KEY, key)
    if key is None or len(key) != _KEY_SIZE or not any(key):  # A lost disk cache leaves zeros.
        raise StoreError(
            f"{folder.path / _KEY} is {'missing' if key is None else 'damaged'}. Nothing was posted.",
            cause="without it a post that was made within a day would not be recognised, and would be made twice.",
            next_step=f"look whether the post is there; then delete the folder {folder.path}, and run it again",
        )
    return key


def _content(post_id: str | None) -> bytes:
    return json.dumps({"format": notes.FORMAT, **ages.stamp(), "by": holder(), "post_id": post_id}).encode()


def _read(folder: Folder, name: str) -> Claim | None:
    """Return a claim; one that is older than a day is removed, one that is damaged says that something was sent."""
    content = folder.read(name, _LARGEST)
    if content is None:
        return None
    known = _NOTES.says(name, content)
    post_id, status = known.get("post_id"), folder.stat(name)
    written = status.st_mtime if status else time.time()
    if ages.age(known, written) > _KEPT:  # One from the future is kept: the clock was ahead.
        folder.remove(name)
        return None
    by = escaped(str(known.get("by", "another process")), 200)
    return Claim(
        datetime.fromtimestamp(ages.made_at(known, written), UTC),
        by,
        post_id if isinstance(post_id, str) else None,
        content,
    )


def _not_writable(error: OSError) -> NoReturn:
    raise StoreNotWritable(
        "The data folder cannot be used, so nothing was posted.",
        cause=f"{reason_of(error)} (a note that a post was sent is kept there, so that it is not sent twice).",
        next_step="set OINT_HOME to a folder that you can write",
    )
