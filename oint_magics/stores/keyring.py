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
from oint_magics.stores.seal import Seal, is_key
from oint_magics.stores.unfinished import unfinished_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from keyring.backend import KeyringBackend

FORMAT = 1
_SERVICE = "oint_magics"
_CANARY = "the canary"
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
            with contextlib.suppress(StoreError):  # Without its file the key opens nothing.
                _call(_keyring().delete_password, name)


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
        ring = _keyring()
        if not self._name and not self._path.exists():
            self._name = f"key-{secrets.token_hex(8)}"
            return [Secret(_new_key(ring, self._name))]
        key = _call(ring.get_password, self._name) if self._name else None
        if key is None or not is_key(key):
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


def _keyring() -> KeyringBackend:
    """Return the system's keyring.

    Raises:
        StoreError: there is none, or one that keeps its secrets in plain text or not at all.
    """
    import keyring

    found: Any = _asked(keyring.get_keyring)
    rings: list[KeyringBackend] = getattr(found, "backends", [found])
    for ring in rings:
        if not type(ring).__module__.startswith(_REFUSED):
            return ring
    return _unusable("Python finds none here, or one that keeps secrets in plain text or not at all.")


def _new_key(ring: KeyringBackend, name: str) -> str:
    """Make a key and return it, once the keyring has shown that it keeps what it is given."""
    from cryptography.fernet import Fernet

    for user in (_CANARY, name):
        key = Fernet.generate_key().decode()
        _call(ring.set_password, user, key)
        if _call(ring.get_password, user) != key:
            _unusable("it took a value and does not give it back.")
    with contextlib.suppress(StoreError):
        _call(ring.delete_password, _CANARY)
    return key


def _call(method: Callable[..., Any], *words: str) -> Any:
    return _asked(method, _SERVICE, *words)


def _asked(method: Callable[..., Any], *words: str) -> Any:
    """Ask the keyring; each kind has errors of its own, whose text may name what it was given."""
    try:
        return method(*words)
    except Exception as error:  # noqa: BLE001 - any backend's
        kind = type(error).__name__
    return _unusable(f"it is locked, or does not work here ({kind}).")


def _unusable(cause: str) -> NoReturn:
    raise StoreError(
        "The system's keyring cannot be used, so nothing was sent.",
        cause=cause,
        next_step="start or unlock it; or keep the tokens in a file that only you can read: profile:NAME",
    )


def _unopened(label: str) -> StoreError:
    return StoreError(
        f"{label} cannot be decrypted.",
        cause="its key is not in the system's keyring. The keyring was reset, or the file comes from another computer.",
        next_step=f"log in again: %twitter_login --to {label}",
    )
