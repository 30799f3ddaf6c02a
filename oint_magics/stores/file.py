"""A JSON file of the user's, or a profile of ours: read, and the pair saved back into it."""

from __future__ import annotations

import contextlib
import json
import stat
from typing import TYPE_CHECKING, NoReturn, TypeVar

from oint_magics import settings
from oint_magics.auth.document import read_document
from oint_magics.auth.structure import LARGEST, Auth
from oint_magics.auth.text_file import decoded, is_dotenv_name
from oint_magics.errors import AuthError, AuthNotFound, AuthSyntaxError, OintError, StoreNotWritable
from oint_magics.stores import atomic, in_place, journal, kept_answers, locks, newest
from oint_magics.stores.document import check_unchanged, pretty, try_editing, with_grant, with_pair_of
from oint_magics.stores.private_folder import data_folder, is_closed, private_folder, reason_of, shared_group
from oint_magics.stores.state_folder import STATE_FOLDER, state_path
from oint_magics.stores.write_ahead import RecordFolder, login_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from oint_magics.auth.document import AuthDocument
    from oint_magics.auth.text_file import TextFile
    from oint_magics.oauth.token_endpoint import Grant
    from oint_magics.secret import Secret
    from oint_magics.stores.seal import Seal

T = TypeVar("T")
# How much longer the saved file may be than the one that proved it: two tokens and a number.
_SPARE = 8192


class FileStore:
    """An auth structure in a JSON file.

    Args:
        path: the file.
        label: what tables and messages call it.
        is_ours: whether the file is of our own making (a profile), so that its folder may be made.
        seal: encrypts the file and the answer on its way to it; `None` for plain ones.
    """

    def __init__(self, path: Path, label: str, *, is_ours: bool = False, seal: Seal | None = None) -> None:
        self.path = path
        self.label = label
        self._is_ours = is_ours
        self._seal = seal

    @property
    def place(self) -> str:
        """The name of a file of ours; of another one its path, the same for every spelling."""
        return self.label if self._is_ours else str(self.path.resolve())

    def exists(self) -> bool:
        """Tell whether there is something in the store."""
        try:
            return self.path.exists()
        except PermissionError:
            return True  # Reading it tells what is wrong.

    def version(self) -> object:
        """Return the file's inode, size and time of change, or `None` where there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def read(self) -> Auth:
        """Return the auth structure in the file.

        Raises:
            AuthNotFound: there is no such file.
            AuthError: it cannot be read, or is no auth structure.
        """
        document = self._content()[1]
        auth = document.auth()
        return auth if document.takes("access_token") and document.takes("expires_at") else self._completed(auth)

    def values(self) -> Mapping[str, object]:
        """Return all names and values in the file, as they stand; raises an `AuthError` where it cannot be read."""
        return self._content()[1].given()

    def _completed(self, auth: Auth) -> Auth:
        """Return what a `.env` file says with the access token and its end, which are kept in the data folder."""
        token = auth.refresh_token
        kept = newest.kept(token.fingerprint(), self._seal) if token else None
        if kept is None:
            return auth
        is_other = auth.access_token is not None and not auth.access_token.matches(kept.access_token)
        return auth if is_other else kept.with_app(auth)

    def create(self, auth: Auth) -> None:
        """Write an auth structure as a new file, or over the one that is there; into a file of the same app its tokens.

        Raises:
            StoreNotWritable: it cannot be written; or it is a `.env` file of another app, or of none.
            AuthFieldError: it is the store of X's own command line tool.
        """
        if not self._is_ours:
            self._check_not_xurls()
            if self._edit(auth):
                return
        if self._is_ours or not is_dotenv_name(self.path.name):
            self._replace(pretty(auth.document.reveal()).encode())
            if self._seal:
                pair = newest.Pair(auth.access_token, auth.refresh_token, auth.expires_at)
                newest.reseal(self.place, self.path.resolve(), pair, self._seal)
            return
        if self.exists() and self._bytes().strip():
            raise StoreNotWritable(
                f"{self.label} is a .env file, and its other lines would be lost. Nothing was sent.",
                next_step="name another file; or add X_CLIENT_ID=… and X_REFRESH_TOKEN=… to it yourself",
            )
        from oint_magics.auth.dotenv_text import written

        self._replace(written(json.loads(auth.document.reveal())).encode())

    def _check_not_xurls(self) -> None:
        if self.path.name.endswith((".xurl", "auth.yml")) and self.exists():
            from oint_magics.auth import xurl

            xurl.check_not(decoded(self._bytes(), self.label).text, self.path.name, self.label)

    def _edit(self, auth: Auth) -> bool:
        """Write tokens into a file that names the same app, and leave all else in it; tell whether it does."""
        try:
            file, document = self._content()
            is_same = document.auth().client_id == auth.client_id
        except OintError:
            return False
        if not is_same or auth.refresh_token is None:
            return False
        pair = newest.Pair(auth.access_token, auth.refresh_token, auth.expires_at)
        self._replace(file.encoded(with_pair_of(document, pair)))
        self._keep(pair, document.auth().refresh_token)
        return True

    def _keep(self, pair: newest.Pair, before: Secret | None) -> None:
        newest.keep(self.place, self.path.resolve(), pair, self._seal, before)

    def remove(self) -> None:
        """Delete the file, and not a link to it; nothing happens where there is none."""
        self.path.resolve().unlink(missing_ok=True)

    def delete_if_unchanged(self, auth: Auth) -> None:
        """Delete the file that `create` has just written, if it is still that."""
        with contextlib.suppress(OintError):
            if self.read().document.matches(auth.document):
                self.remove()

    def forget(self) -> None:
        """Delete all that we keep of it: a profile wholly; of a user's own file the copies of its pairs and answers."""
        newest.forget(self.place)
        with contextlib.suppress(OintError):
            token = self.read().refresh_token
            if token is not None:
                newest.forget(self.place, token)
        kept_answers.discard(self.records)
        if self._is_ours:
            self.remove()
            self.records.sweep()
            self.login_records.discard_all()

    def prove(self) -> None:
        """Show that the pair can be saved, by rewriting the unchanged file with the code that will save it.

        Raises:
            StoreNotWritable: it cannot.
        """
        self._check_not_replaced()
        file, document = self._content()
        token = document.auth().refresh_token
        if token is not None:
            newest.check_known(token)
        try_editing(document)
        if len(file.encoded(document.text)) + _SPARE > LARGEST:
            _too_large(self.label)
        self._replace(file.encoded(document.text), reserve=file.blanks(_SPARE))

    def save(self, grant: Grant, sent: Auth) -> None:
        """Write the two tokens and `expires_at` (Unix seconds) into the file, and leave all else as it is.

        Raises:
            StoreNotWritable: it cannot be written any more; the file is as it was.
            StoreTaken: somebody put another pair there in the meantime.
            AuthError: the file is no auth structure any more.
        """
        file, document = self._content()
        check_unchanged(document.auth(), sent, self.label)
        self._replace(file.encoded(with_grant(document, grant)))
        refresh = grant.refresh_token or sent.refresh_token
        self._keep(newest.Pair(grant.access_token, refresh, grant.expires_at), sent.refresh_token)

    def lock(self, seconds: float, meanwhile: Callable[[], T | None]) -> AbstractContextManager[T | None]:
        """Hold the file against other processes; see `oint_magics.stores.locks`."""
        with contextlib.suppress(OSError):  # The lock says what is wrong with the folder.
            self._make_folder()
        return self._held(seconds, meanwhile)

    @contextlib.contextmanager
    def _held(self, seconds: float, meanwhile: Callable[[], T | None]) -> Iterator[T | None]:
        with locks.store_lock(self.path.resolve(), seconds, meanwhile) as found:
            if found is None:
                in_place.complete(self.path.resolve())
                atomic.clear(self.path.resolve())
            yield found

    def _make_folder(self) -> None:
        if self._is_ours:
            data_folder(settings.data_folder())
            private_folder(self.path.parent)

    def holder(self) -> str | None:
        """Return who holds the file now, in words, or `None`."""
        return locks.holder_of(self.path.resolve())

    @property
    def records(self) -> RecordFolder:
        """Where the records of exchanges from this file lie: in `.oint/` beside it."""
        return RecordFolder(self.path.resolve(), self.place, self._seal)

    @property
    def login_records(self) -> RecordFolder:
        """Where the records of logins into this file lie: in the data folder."""
        return login_records(newest.name_of(self.place), self.place, self._seal)

    @property
    def journal(self) -> journal.Journal:
        """The refresh log; beside the file where there is no data folder."""
        return journal.here(None if self._is_ours else state_path(self.path.resolve()))

    def descends_from(self, fingerprint: str) -> bool:  # noqa: ARG002 - the interface's
        """Know nothing of descent: a file tells what it holds, and the journal the rest."""
        return False

    def restore_newest(self, fingerprint: str, app: Auth, *, try_old: bool = False) -> bool:
        """Restore the newest pair over older bytes, from the copy in the data folder.

        Args:
            fingerprint: the newest refresh token's.
            app: names the app, where the file is gone.
            try_old: also restore a pair that another program may have refreshed since.

        Returns:
            Whether that very pair was at hand.
        """
        pair = newest.kept(fingerprint, self._seal, takes_overtaken=try_old)
        if pair is None:
            return False
        if self.exists():
            file, document = self._content()
            self._replace(file.encoded(with_pair_of(document, pair)))
        else:
            self.create(pair.with_app(app))
        self._keep(pair, None)
        return True

    def warning(self) -> str | None:
        """Return what the user should know about the file, or `None`."""
        found = []
        if self._is_open():
            found.append(f"others on this machine can read the file: chmod 600 {self.label}")
        if not locks.has_locks(self.path.resolve()):
            found.append(
                "its file system has no locks: only this machine is protected from refreshing it twice at once"
            )
        if in_place.is_apart(self.path.resolve()):
            found.append(
                "its recovery files lie on another disk: where this is a container, only the mounted file survives"
            )
        if self.path.name.lower() == ".envrc":
            found.append("direnv does not load the changed file until you run: direnv allow")
        return "; ".join(found) or None

    def _is_open(self) -> bool:
        """Tell whether others can read the file: not the group that it is shared with on purpose."""
        try:
            there, folder = self.path.stat(), self.path.parent.stat()
        except OSError:
            return False
        return not is_closed(there) and shared_group(folder, there) is None

    def _check_not_replaced(self) -> None:
        """Refuse a file that has no name any more: one that is mounted alone, and was replaced outside."""
        if self.path.exists() and self.path.stat().st_nlink == 0:
            raise StoreNotWritable(
                f"{self.label} was replaced outside of this container: these are old bytes. Nothing was sent.",
                cause="it is mounted alone, and a program outside has put a new file in its place.",
                next_step="mount its folder instead, then start the container again",
            )

    def _replace(self, data: bytes, reserve: bytes = b"") -> None:
        reason = None
        name = self.label if self.path.exists() else "The file"
        try:
            self._make_folder()
            atomic.replace(self.path, self._seal.sealed(self.label, data) if self._seal else data, reserve)
        except OSError as error:
            reason = reason_of(error)
        if reason and not self.path.parent.exists():
            reason = "its folder does not exist"
        if reason:
            raise StoreNotWritable(
                f"{name} cannot be written, so nothing was sent.",
                cause=f"{reason} (a new file is written into {STATE_FOLDER}/ beside it, and then replaces it).",
                next_step="make the file and its folder writable, then run it again",
            )

    def _content(self) -> tuple[TextFile, AuthDocument]:
        data = self._bytes()
        file = decoded(self._seal.opened(self.label, data) if self._seal else data, self.label)
        try:
            return file, read_document(file.text, self.path.name, self.label)
        except AuthSyntaxError as error:
            problem = error
        problem.what = f"{self.label} cannot be read as auth JSON."
        raise problem

    def _bytes(self) -> bytes:
        reason = None
        data = b""
        try:
            if not stat.S_ISREG(self.path.stat().st_mode):
                reason = "it is not a file"
            else:
                with self.path.open("rb") as file:
                    data = file.read(LARGEST + 1)
                data = in_place.read(self.path.resolve()) or data
        except FileNotFoundError:
            raise AuthNotFound(
                f"{self.label} does not exist.",
                next_step="%twitter_status lists the stores; %twitter_auth makes a new one",
            ) from None
        except OSError as error:
            reason = reason_of(error)
        if len(data) > LARGEST:
            reason = "it is larger than 1 MiB"
        if reason:
            raise AuthError(
                f"{self.label} cannot be read.",
                cause=f"{reason}.",
                next_step="check that it is the file with the auth data, and that you may read it",
            )
        return data


def _too_large(label: str) -> NoReturn:
    raise StoreNotWritable(
        f"{label} would become too large with the new tokens, so nothing was sent.",
        cause="the limit is 1 MiB; a larger file cannot be read again.",
        next_step="remove what is not needed from it",
    )
