"""A JSON file of the user's, or a profile of ours: read, and the pair saved back into it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from oint_magics.auth import Auth, auth_of
from oint_magics.errors import AuthError, AuthNotFound, StoreNotWritable
from oint_magics.jsontext import read_object
from oint_magics.stores import atomic
from oint_magics.textfile import decoded

if TYPE_CHECKING:
    from pathlib import Path

    from oint_magics.jsontext import JsonObject
    from oint_magics.oauth import Grant
    from oint_magics.textfile import TextFile

_LARGEST = 1024 * 1024


class FileStore:
    """An auth structure in a JSON file.

    Args:
        path: the file.
        label: what tables and messages call it.
        is_ours: whether the file is of our own making (a profile), so that its folder may be made.
    """

    def __init__(self, path: Path, label: str, *, is_ours: bool = False) -> None:
        self.path = path
        self.label = label
        self._is_ours = is_ours

    @property
    def place(self) -> str:
        """The same for every spelling of the file's path."""
        return str(self.path.resolve())

    def exists(self) -> bool:
        """Tell whether there is something in the store."""
        return self.path.exists()

    def read(self) -> Auth:
        """Return the auth structure in the file.

        Raises:
            AuthNotFound: there is no such file.
            AuthError: it cannot be read, or is no auth structure.
        """
        return auth_of(self._content()[1].values())

    def create(self, auth: Auth) -> None:
        """Write an auth structure as a new file, or over the one that is there.

        Raises:
            StoreNotWritable: it cannot be written.
        """
        self._replace(auth.document.reveal().encode())

    def remove(self) -> None:
        """Delete the file; nothing happens where there is none."""
        self.path.unlink(missing_ok=True)

    def prove(self) -> None:
        """Show that the pair can be saved, by rewriting the unchanged file with the code that will save it.

        Raises:
            StoreNotWritable: it cannot.
        """
        self._rewrite({})

    def save(self, grant: Grant) -> None:
        """Write the two tokens and `expires_at` (Unix seconds) into the file, and leave all else as it is.

        Raises:
            StoreNotWritable: it cannot be written any more; the file is as it was.
            AuthError: the file is no auth structure any more.
        """
        changes: dict[str, str | int] = {"access_token": grant.access_token.reveal()}
        if grant.refresh_token is not None:
            changes["refresh_token"] = grant.refresh_token.reveal()
        if grant.expires_at is not None:
            changes["expires_at"] = int(grant.expires_at.timestamp())
        self._rewrite(changes)

    def warning(self) -> str | None:
        """Return what the user should know about the file, or `None`."""
        mode = self.path.stat().st_mode
        if os.name == "posix" and mode & 0o077:
            return f"others on this machine can read the file: chmod 600 {self.label}"
        return None

    def _replace(self, data: bytes) -> None:
        reason = None
        try:
            if self._is_ours:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            atomic.replace(self.path, data)
        except OSError as error:
            reason = error.strerror or str(error)
        if reason:
            raise StoreNotWritable(
                f"{self.label} cannot be written, so nothing was sent.",
                cause=f"{reason} (a new file is written beside it, in {atomic.WORKSHOP}/, and takes its place).",
                next_step="make file and folder writable, or keep the pair elsewhere: --to profile:NAME",
            )

    def _content(self) -> tuple[TextFile, JsonObject]:
        file = decoded(self._bytes(), self.label)
        return file, read_object(file.text)

    def _rewrite(self, changes: dict[str, str | int]) -> None:
        file, document = self._content()
        self._replace(file.encoded(document.replaced(changes)))

    def _bytes(self) -> bytes:
        reason = None
        data = b""
        try:
            if not stat.S_ISREG(self.path.stat().st_mode):
                reason = "it is no file"
            else:
                with self.path.open("rb") as file:
                    data = file.read(_LARGEST + 1)
        except FileNotFoundError:
            raise AuthNotFound(f"{self.label} is not there.", next_step="%twitter_auth") from None
        except OSError as error:
            reason = error.strerror or type(error).__name__
        if len(data) > _LARGEST:
            reason = "it is larger than 1 MiB"
        if reason:
            raise AuthError(f"{self.label} cannot be read.", cause=f"{reason}.", next_step="name the auth JSON file")
        return data
