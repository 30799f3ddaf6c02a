"""Encryption of what a store holds: Fernet, the newest key first, each text bound to its purpose."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from oint_magics import settings
from oint_magics.errors import SettingError, StoreError
from oint_magics.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.fernet import MultiFernet

NEW_KEY = "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"


class Unopened(StoreError):
    """No key opens a sealed text."""

    became = "was not sent"


class Seal:
    """Seals texts so that each opens only with a key and for the purpose that it was sealed for.

    Fernet binds a text to nothing: one that was copied from another row would open. So the purpose
    stands inside.

    Args:
        keys: returns the keys, the newest first; asked for when something is sealed or opened.
        unopened: makes the error where no key opens a text, or its purpose is another.
    """

    def __init__(self, keys: Callable[[], list[Secret]], unopened: Callable[[], StoreError]) -> None:
        self._keys = keys
        self._unopened = unopened

    def sealed(self, purpose: str, data: bytes) -> bytes:
        """Return data encrypted with the newest key, as ASCII."""
        return self.prepared(purpose)(data)

    def prepared(self, purpose: str) -> Callable[[bytes], bytes]:
        """Return what encrypts for a purpose and asks for no key any more: a keyring may lock itself meanwhile."""
        fernet, start = self._fernet(), f"{purpose}\n".encode()
        return lambda data: fernet.encrypt(start + data)

    def opened(self, purpose: str, sealed: bytes) -> bytes:
        """Return what was sealed for a purpose.

        Raises:
            StoreError: no key opens it, or it was sealed for another purpose.
        """
        from cryptography.fernet import InvalidToken

        found, data = b"", b""
        with contextlib.suppress(InvalidToken):
            found, _, data = self._fernet().decrypt(sealed).partition(b"\n")
        if found != purpose.encode():
            raise self._unopened()
        return data

    def _fernet(self) -> MultiFernet:
        from cryptography.fernet import Fernet, MultiFernet

        return MultiFernet([Fernet(key.reveal()) for key in self._keys()])


def team_keys() -> list[Secret]:
    """Return the team's keys (`OINT_SHARED_KEY`), the newest first.

    Raises:
        SettingError: it is not set, or is no key.
    """
    text = settings.shared_key()
    keys = [key for key in re.split(r"[,\s]+", text.reveal()) if key] if text else []
    if not keys:
        raise SettingError(
            "OINT_SHARED_KEY is not set, so the team's tokens can be neither read nor written.",
            cause="the tokens in the team's database are encrypted with it.",
            next_step=f"get it from your team; if there is none yet, make one: {NEW_KEY}",
        )
    if not all(map(is_key, keys)):
        raise SettingError(
            "OINT_SHARED_KEY cannot be used.",
            cause="a key is 44 characters of base64. Several keys are separated by commas, the newest first.",
            next_step=f"copy it from your team again; if there is none yet, make one: {NEW_KEY}",
        )
    return [Secret(key) for key in keys]


def is_key(text: str) -> bool:
    """Tell whether a text is a Fernet key."""
    return re.fullmatch(r"[\w-]{43}=", text, re.ASCII) is not None
