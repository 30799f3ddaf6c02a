"""Who gives the access token to those who send it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from oint_magics.auth.structure import Auth
    from oint_magics.secret import Secret


class TokenProvider(Protocol):
    """Gives the pair that is to be used, as it is now."""

    @property
    def name(self) -> str:
        """What tables call the place that it comes from."""

    def auth(self) -> Auth:
        """Return the pair; its access token is good, as far as anything tells."""

    def after_401(self, refused: Secret, at: datetime | None = None) -> Auth | None:
        """Return another pair to try after the API refused an access token, or `None` where there is none.

        Args:
            refused: the access token.
            at: when that was, by the API's clock; `None` if it did not say.
        """


class OneToken:
    """Gives one token, whatever its end is: the answer tells.

    Args:
        auth: the pair with it.
        name: what tables call it.
    """

    def __init__(self, auth: Auth, name: str) -> None:
        self._auth, self._name = auth, name

    @property
    def name(self) -> str:
        """What tables call it."""
        return self._name

    def auth(self) -> Auth:
        """Return the pair."""
        return self._auth

    def after_401(self, refused: Secret, at: datetime | None = None) -> Auth | None:  # noqa: ARG002 - the protocol's
        """Return nothing: there is no other token."""
        return None
