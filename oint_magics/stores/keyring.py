"""A profile that is encrypted with a key from the system's keyring.

The keyring holds the key alone, which never changes: some keyrings hold no more than a thousand
characters, ask the user at every change, or cannot compare and set.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from typing import TYPE_CHECKING, Any, NoReturn

from oint_magics import settings
from oint_magics.errors import StoreError
from oint_magics.secret import Secret
from oint_magics.stores.file import FileStore
from oint_magics.stores.seal import Seal, Unopened, is_key
from oint_magics.stores.unfinished import unfinished_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from keyring.backend import KeyringBackend

FORMAT = 1
_SERVICE = "oint_magics"
# One keeps nothing, the others keep plain text in a file, and the last is chosen as soon as it is installed.
_REFUSED = ("keyring.backends.null", "keyring.backends.fail", "keyrings.alt")


class KeyringStore(FileStore):
    """An encrypted file in the data folder, its key in the system's keyring.

    Args:
        name: the profile's name.
    """

    def __init__(self, name: str) -> None:
        path = settings.data_folder() / "keyring" / f"{name}.sealed"
        super().__init__(path, f"keyring:{name}", is_ours=True, seal=_KeyringSeal(path, f"keyring:{name}"))

    def remove(self) -> None:
        """Delete the file, and its key where no answer on its way needs that."""
        name = _key_name(self.path.read_bytes()) if self.exists() else ""
        super().remove()
        is_needed = self.path.name in unfinished_in(self.path.parent) or self.login_records.unfinished()
        if name and not is_needed:
            with contextlib.suppress(StoreError):
                _delete_key(name)


class _KeyringSeal(Seal):
    """A seal whose key the keyring keeps under a name of its own, which stands before each sealed text.

    Files of one name lie in many data folders, and the keyring is the same for all of them.
    """

    def __init__(self, path: Path, label: str) -> None:
        super().__init__(self._own_keys, lambda: _unopened(label))
        self._path = path
        self._label = label
        self._name = ""

    def prepared(self, purpose: str) -> Callable[[bytes], bytes]:
        self._name = _key_name(self._path.read_bytes()) if self._path.exists() else ""
        encrypt = super().prepared(purpose)
        start = f"oint-{FORMAT} {self._name}\n".encode()
        return lambda data: start + encrypt(data)

    def opened(self, purpose: str, sealed: bytes) -> bytes:
        self._name = _key_name(sealed) or "?"
        return super().opened(purpose, sealed.partition(b"\n")[2])

    def _own_keys(self) -> list[Secret]:
        if not self._name and not self._path.exists():
            self._name = f"key-{secrets.token_hex(8)}"
            return [Secret(_new_key(self._name))]
        key = _key(self._name) if self._name else None
        if key is None:
            raise _unopened(self._label)
        return [Secret(key)]


def _key_name(sealed: bytes) -> str:
    """Return the name of the key of a sealed text, or nothing.

    Raises:
        StoreError: it is of an unknown format.
    """
    found = re.match(rb"oint-(\d{1,9}) (key-[0-9a-f]{16})?(?=\n|$)", sealed)
    if found and int(found[1]) != FORMAT:
        raise StoreError(
            "The encrypted file has a format that this version of oint_magics does not know. Nothing was sent.",
            cause="it was written by another version.",
            next_step="%pip install --upgrade oint_magics",
        )
    return found[2].decode() if found and found[2] else ""


def _keyrings() -> list[KeyringBackend]:
    """Return the system's keyrings that can be trusted, in the order in which `keyring` asks them.

    Packages for private indexes put backends first that hold nothing and answer for their own hosts alone.

    Raises:
        StoreError: there is none, or one that keeps its secrets in plain text or not at all.
    """
    import keyring

    try:
        found: Any = keyring.get_keyring()
        rings: list[KeyringBackend] = list(getattr(found, "backends", [found]))
    except Exception as error:  # noqa: BLE001 - any backend's
        kind = type(error).__name__
    else:
        trusted = [ring for ring in rings if not type(ring).__module__.startswith(_REFUSED)]
        return trusted or _unusable("Python finds none here, or one that keeps secrets in plain text or not at all.")
    return _unusable(_not_working(kind))


def _new_key(name: str) -> str:
    """Make a key and return it, once a keyring has shown that it keeps what it is given."""
    from cryptography.fernet import Fernet

    key = Fernet.generate_key().decode()
    for ring in _keyrings():
        kind = _asked(ring.set_password, name, key)[1]
        if kind == NotImplementedError.__name__:
            continue  # It only reads, and leaves the writing to the next.
        kept, kind = _asked(ring.get_password, name) if kind is None else (None, kind)
        if kept == key:
            return key
        _delete_key(name)
        _unusable("it took a value and does not give it back." if kind is None else _not_working(kind))
    return _unusable("those that are here only read.")


def _key(name: str) -> str | None:
    """Return a key that any of the keyrings has; `None` if all of them were asked and have none.

    Raises:
        StoreError: none has it, and one of them could not be asked.
    """
    problem = None
    for ring in _keyrings():
        found, kind = _asked(ring.get_password, name)
        if found is not None and is_key(found):
            return found
        problem = problem or kind
    return _unusable(_not_working(problem)) if problem else None


def _delete_key(name: str) -> None:
    """Delete a key wherever it is; where that fails, it opens nothing without its file."""
    for ring in _keyrings():
        _asked(ring.delete_password, name)


def _asked(method: Callable[..., str | None], *words: str) -> tuple[str | None, str | None]:
    """Ask a keyring; return what it says, and the kind of its error: the error's own text may name secrets."""
    try:
        return method(_SERVICE, *words), None
    except Exception as error:  # noqa: BLE001 - every backend raises different errors
        return None, type(error).__name__


def _not_working(kind: str) -> str:
    return f"it is locked, or does not work here ({kind})."


def _unusable(cause: str) -> NoReturn:
    raise StoreError(
        "The system's keyring cannot be used, so nothing was sent.",
        cause=cause,
        next_step="start or unlock it; or keep the tokens in a file that only you can read: profile:NAME",
    )


def _unopened(label: str) -> StoreError:
    return Unopened(
        f"{label} cannot be decrypted.",
        cause="its key is not in the system's keyring. The keyring was reset, or the file comes from another computer.",
        next_step=f"if it cannot come back, delete the profile: %twitter_forget {label}; "
        f"then log in again: %twitter_login --to {label}",
    )
