"""Where a pair lives: one interface, one module per kind of place."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol, TypeVar

from oint_magics import settings
from oint_magics.errors import StoreError
from oint_magics.stores.file import FileStore
from oint_magics.stores.unfinished import unfinished_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from oint_magics.auth.structure import Auth
    from oint_magics.oauth.token_endpoint import Grant
    from oint_magics.stores.journal import Journal
    from oint_magics.stores.write_ahead import RecordFolder

T = TypeVar("T")


class Store(Protocol):
    """A place that is read and written back.

    Attributes:
        label: what tables and messages call it; also what a user types to name it.
        place: the same for every spelling of one store.
    """

    label: str

    @property
    def place(self) -> str: ...

    def exists(self) -> bool:
        """Tell whether there is something in the store."""

    def version(self) -> object:
        """Return something that differs when the content was written in between; cheap to ask for often."""

    def read(self) -> Auth:
        """Return the auth structure; raises an `AuthError` where there is none."""

    def create(self, auth: Auth) -> None:
        """Write a whole auth structure; raises `StoreNotWritable`."""

    def remove(self) -> None:
        """Delete what is in the store."""

    def delete_if_unchanged(self, auth: Auth) -> None:
        """Delete what `create` has just written, if that is still what stands there."""

    def forget(self) -> None:
        """Delete all that we keep of it; a user's own file stays."""

    def prove(self) -> None:
        """Show that `save` will work, by doing what it does; raises `StoreNotWritable`."""

    def save(self, grant: Grant, sent: Auth) -> None:
        """Write the pair and its expiry in the place of the one that was sent.

        Raises a `StoreError` or `AuthError` where it cannot, also where another pair stands there by now.
        """

    def warning(self) -> str | None:
        """Return what the user should know about the place, or `None`."""

    def lock(self, seconds: float, meanwhile: Callable[[], T | None]) -> AbstractContextManager[T | None]:
        """Hold the store; the value is `None`, or what `meanwhile` found while somebody else held it."""

    def holder(self) -> str | None:
        """Return who holds the store now, in words, or `None`."""

    @property
    def records(self) -> RecordFolder:
        """Where the records of exchanges from this store lie."""

    @property
    def login_records(self) -> RecordFolder:
        """Where the records of logins into this store lie."""

    @property
    def journal(self) -> Journal:
        """The refresh log that knows this store."""

    def descends_from(self, fingerprint: str) -> bool:
        """Tell whether the pair there is known, by the store itself, to descend from that token."""

    def restore_newest(self, fingerprint: str, app: Auth, *, try_old: bool = False) -> bool:
        """Restore the newest pair over older bytes; tell whether that pair was at hand.

        With `try_old`, also one that another program or machine may have refreshed since.
        """


def profile(name: str) -> Store:
    """Return the store `profile:NAME`: a file in the data folder that only its owner can read.

    Raises:
        StoreError: the name is no name.
    """
    return FileStore(settings.data_folder() / "profiles" / f"{_checked(name)}.json", f"profile:{name}", is_ours=True)


def _keyring(name: str) -> Store:
    """Return the store `keyring:NAME`: a profile that is encrypted with a key from the system's keyring.

    Raises:
        StoreError: the name is no name, or the extra is not installed.
    """
    _need("keyring", "keyring", "cryptography")
    from oint_magics.stores.keyring import KeyringStore

    return KeyringStore(_checked(name))


def _shared(name: str) -> Store:
    """Return the store `shared:NAME`: a row in the team's PostgreSQL.

    Raises:
        StoreError: the name is no name, or the extra is not installed.
        SettingError: the address is not set.
    """
    _need("shared", "psycopg", "cryptography")
    from oint_magics.stores.shared import SharedStore

    return SharedStore(_checked(name))


_KINDS = {"profile:": profile, "keyring:": _keyring, "shared:": _shared}
PREFIXES = tuple(_KINDS)


def open_store(name: str, label: str | None = None) -> Store:
    """Return the store that a name stands for: `profile:NAME`, `keyring:NAME`, `shared:NAME`, else a file's path.

    Args:
        name: the name.
        label: what messages call a file; `None` for its path, as short as it is from here.

    Raises:
        StoreError: the name is no name of a store.
    """
    for prefix, kind in _KINDS.items():
        if name.startswith(prefix):
            store = kind(name.removeprefix(prefix).partition("@")[0])
            if "@" in name and store.place != name:
                _elsewhere(store.label)
            return store
    path = _path(name)
    # A bare word is more often a profile without `profile:`, or a variable, than the name of a new file.
    is_name = re.search(r"[./\\]", name) and "://" not in name and not name.lstrip().startswith("{")
    if not is_name and not path.is_file():
        _no_store()
    # As it is named now: the current folder may be another one when it is read again.
    return FileStore(path.absolute(), label or label_of(name))


def label_of(place: str) -> str:
    """Return what messages call a store: its name, or its file's path, without the current folder's."""
    if place.startswith(PREFIXES):
        return place.partition("@")[0]
    try:
        return place.removeprefix(str(Path.cwd()) + os.sep)
    except OSError:  # The current folder was deleted.
        return place


def _elsewhere(label: str) -> NoReturn:
    raise StoreError(
        f"The newest tokens are in {label}, in a database that OINT_SHARED_STORE does not name. Nothing was sent.",
        cause="OINT_SHARED_STORE was changed since they were saved.",
        next_step="set OINT_SHARED_STORE to the earlier database, then run it again",
    )


def _checked(name: str) -> str:
    if re.fullmatch(r"[\w.-]{1,100}", name) and name.strip("."):
        return name
    raise StoreError(
        "A store cannot have this name.",
        cause="a name is made of letters, digits, dots, dashes and underscores, at most 100 of them.",
        next_step="name it like profile:default",
    )


def _need(extra: str, *packages: str) -> None:
    from importlib.util import find_spec

    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise StoreError(
            f"{extra}:NAME needs more packages.",
            cause=f"not installed here: {', '.join(missing)}.",
            next_step=f"%pip install {' '.join(missing)}",
        )


def _path(name: str) -> Path:
    try:
        path = Path(name).expanduser()
        path.resolve(strict=False)
        path.stat()
        return path
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return path  # What is wrong with it is told when it is used.
    except (OSError, ValueError, RuntimeError):  # a NUL, `~nobody`, a circle of links, a name too long
        pass
    return _no_store()


def _no_store() -> NoReturn:
    raise StoreError(
        "That is not the name of a store.",
        cause="a store is profile:NAME, keyring:NAME, shared:NAME, or the path of a file. "
        "Write ./NAME for a file name without a dot.",
        next_step="name it like profile:default",
    )


def kept() -> list[str]:
    """Return the names of what lies in the data folder: `profile:NAME` and `keyring:NAME`."""
    home = settings.data_folder()
    found = [("profile:", path) for path in (home / "profiles").glob("*.json")]
    found += [("keyring:", path) for path in (home / "keyring").glob("*.sealed")]
    return sorted(f"{prefix}{path.stem}" for prefix, path in found)


def unfinished_teams() -> dict[str, str]:
    """Return the team's stores of which this machine has a record that was left, with the token's fingerprint."""
    found: dict[str, str] = {}
    for folder in (settings.data_folder() / "shared").glob("*"):
        found |= {f"shared:{name}@{folder.name}": token for name, token in unfinished_in(folder).items()}
    return found
