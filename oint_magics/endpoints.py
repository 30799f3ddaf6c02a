"""Where a pair may be sent: X's pairs to the token endpoint, the sandbox's to the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from oint_magics import settings
from oint_magics.errors import SettingError

if TYPE_CHECKING:
    from oint_magics.auth import Auth

TOKEN_URL = "https://api.x.com/2/oauth2/token"  # noqa: S105 - an address
_sandbox: list[str] = []
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def token_url(auth: Auth) -> str:
    """Return the token endpoint that a pair belongs to.

    Args:
        auth: the pair's auth structure; one with the sandbox's mark goes to loopback only.

    Raises:
        SettingError: there is no such endpoint, or its address cannot be used.
    """
    if not auth.is_sandbox:
        return _checked(settings.token_url() or TOKEN_URL)
    address = auth.sandbox or (_sandbox[0] if _sandbox else None)
    url = f"{address}/2/oauth2/token" if address else settings.token_url() or ""
    if not is_loopback(url):
        raise SettingError(
            "This is a pair of the sandbox, and it is not sent to X.",
            cause="the auth structure does not say where its sandbox runs.",
            next_step="%twitter_sandbox start",
        )
    return url


def use_sandbox(address: str | None) -> None:
    """Remember the sandbox that runs in this process, for pairs that do not say where theirs is."""
    _sandbox[:] = [address] if address else []


def is_loopback(url: str) -> bool:
    """Tell whether an address is on this machine."""
    return _host(url) in _LOOPBACK


def _host(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        return parts.hostname if parts.scheme in ("http", "https") and parts.username is None else None
    except ValueError:
        return None


def _checked(url: str) -> str:
    host = _host(url)
    if host is None or not (url.startswith("https://") or host in _LOOPBACK):
        raise SettingError(
            "OINT_TWITTER_TOKEN_URL cannot be used.",
            cause="it wants an https address without user and password (http for 127.0.0.1 only).",
            next_step=f"%env OINT_TWITTER_TOKEN_URL={TOKEN_URL}",
        )
    return url
