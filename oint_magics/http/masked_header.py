"""The header that is masked for everybody but the connection that it goes over."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from oint_magics.secret import Secret


class MaskedHeader(str):
    """The `Authorization` header: a text that is masked, and whose bytes, which http.client asks for, are the token's.

    So whoever joins, formats, logs or serializes it has the masked text.
    """

    __slots__ = ("_token",)
    _token: Secret

    def __new__(cls, token: Secret) -> MaskedHeader:  # noqa: PYI034 - no subclass
        header = super().__new__(cls, f"Bearer {token.masked()}")
        header._token = token
        return header

    def is_of(self, token: Secret) -> bool:
        """Tell whether it was made of this very token."""
        return self._token is token

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Return the header as it is sent."""
        return f"Bearer {self._token.reveal()}".encode(encoding, errors)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be pickled")
