"""Where a pair lives: one interface, one module per kind of place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from oint_magics import settings
from oint_magics.errors import StoreError
from oint_magics.stores.file import FileStore

if TYPE_CHECKING:
    from oint_magics.auth import Auth
    from oint_magics.oauth import Grant


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

    def read(self) -> Auth:
        """Return the auth structure; raises an `AuthError` where there is none."""

    def create(self, auth: Auth) -> None:
        """Write a whole auth structure; raises `StoreNotWritable`."""

    def remove(self) -> None:
        """Delete what is in the store."""

    def prove(self) -> None:
        """Show that `save` will work, by doing what it does; raises `StoreNotWritable`."""

    def save(self, grant: Grant) -> None:
        """Write the pair and its expiry; raises a `StoreError` or `AuthError` where it cannot."""

    def warning(self) -> str | None:
        """Return what the user should know about the place, or `None`."""


def profile(name: str) -> Store:
    """Return the store `profile:NAME`: a file in the data folder that only its owner can read.

    Raises:
        StoreError: the name is no name.
    """
    if not re.fullmatch(r"[\w.-]+", name) or not name.strip("."):
        raise StoreError(
            "That is no name for a profile.",
            cause="a name is made of letters, digits, dots, dashes and underscores.",
            next_step="profile:default",
        )
    return FileStore(settings.data_folder() / "profiles" / f"{name}.json", f"profile:{name}", is_ours=True)


def open_store(name: str) -> Store:
    """Return the store that a name stands for: `profile:NAME`, else a file's path.

    Raises:
        StoreError: the name is no name of a store.
    """
    if name.startswith("profile:"):
        return profile(name.removeprefix("profile:"))
    if name.startswith(("keyring:", "shared:")):
        raise StoreError(
            "Keyring and team stores are not in this version.",
            next_step="profile:NAME keeps the pair in a file that only you can read",
        )
    if "://" in name or not name.strip() or name.lstrip().startswith("{"):
        raise StoreError(
            "That is no store.",
            cause="a store is profile:NAME or the path of a file.",
            next_step="--to profile:default",
        )
    path = Path(name).expanduser()
    return FileStore(path, name)
