"""Where a pair may be sent: X's pairs to X and to what the settings name, the sandbox's to the sandbox."""

from __future__ import annotations

import re
import socket
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from oint_magics import settings
from oint_magics.errors import NotSent, SettingError
from oint_magics.process import state

if TYPE_CHECKING:
    from oint_magics.auth.structure import Auth


class Endpoint(NamedTuple):
    """An address of X, the setting that replaces it, and its path in the sandbox."""

    url: str
    setting: str
    path: str


TOKEN = Endpoint("https://api.x.com/2/oauth2/token", "OINT_TWITTER_TOKEN_URL", "/2/oauth2/token")
REVOKE = Endpoint("https://api.x.com/2/oauth2/revoke", "OINT_TWITTER_REVOKE_URL", "/2/oauth2/revoke")
AUTHORIZE = Endpoint("https://x.com/i/oauth2/authorize", "OINT_TWITTER_AUTHORIZE_URL", "/i/oauth2/authorize")
API = Endpoint("https://api.x.com", "OINT_TWITTER_API_URL", "")

_API_ORIGINS = (("https", "api.x.com", 443), ("https", "api.twitter.com", 443))
_START = re.compile(r"[^:/?#]*://[^/?#]*")
_LONGEST_LOOK = 1.0
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def url_of(endpoint: Endpoint, auth: Auth) -> str:
    """Return an endpoint's address for a pair.

    Args:
        endpoint: one of X's.
        auth: the pair's auth structure; one with the sandbox's mark goes to loopback only.

    Raises:
        SettingError: there is no such endpoint, or its address cannot be used.
    """
    if not auth.is_sandbox:
        return _checked(settings.address(endpoint.setting) or endpoint.url, endpoint)
    address = auth.sandbox or state.sandbox
    url = address + endpoint.path if address else settings.address(endpoint.setting) or ""
    if not is_loopback(url):
        raise SettingError(
            "These are sandbox tokens. They are never sent to X. Nothing was sent.",
            cause="the auth data does not say where their sandbox is: its key sandbox is missing.",
            next_step="add that key with the sandbox's address (X_SANDBOX in a .env file); or start a new sandbox: "
            "%twitter_sandbox start",
        )
    return url


def takes_bearer(url: str, auth: Auth) -> bool:
    """Tell whether a pair's access token may go to an address: X's API hosts over https, or what the setting names.

    Args:
        url: the address of a request, as it is about to be sent.
        auth: the pair's auth structure; the sandbox's goes to its sandbox alone.
    """
    origin = origin_of(url)
    is_of_x = not auth.is_sandbox and origin in _API_ORIGINS
    return origin is not None and (is_of_x or origin == origin_of(url_of(API, auth)))


def in_sandbox(url: str, auth: Auth) -> str:
    """Return the sandbox's address for one of X's API: a pair of the sandbox never goes to X, nor do its requests.

    Args:
        url: the address of a request.
        auth: the sandbox's pair.
    """
    if origin_of(url) not in _API_ORIGINS:
        return url
    parts = urlsplit(url)
    return url_of(API, auth) + parts.path + (f"?{parts.query}" if parts.query else "")


def use_sandbox(address: str | None) -> None:
    """Remember the sandbox that runs in this process, for pairs that do not say where theirs is."""
    state.sandbox = address or None


def ended_sandbox(auth: Auth) -> NotSent | None:
    """Return the error for a pair whose sandbox has ended, and with it all that its tokens were good for.

    Args:
        auth: the pair's auth structure; `None` is returned for one of X, and where nothing tells.
    """
    origin = origin_of(auth.sandbox or state.sandbox or "") if auth.is_sandbox else None
    if origin is None or origin[1] not in _LOOPBACK:
        return None
    try:
        socket.create_connection(origin[1:], _LONGEST_LOOK).close()
    except ConnectionRefusedError:
        return NotSent(
            "The sandbox that these tokens belong to has ended. Nothing was sent.",
            cause="a sandbox ends with its kernel or program, and its tokens with it.",
            next_step="%twitter_sandbox start  (writes new ones into sandbox-auth.json)",
        )
    except OSError:
        pass
    return None


def is_loopback(url: str) -> bool:
    """Tell whether an address is on this machine."""
    origin = origin_of(url)
    return origin is not None and origin[1] in _LOOPBACK


def origin_of(url: str) -> tuple[str, str, int] | None:
    """Return an address's scheme, host and port; `None` for one that is not of the web, or names a user."""
    start = _START.match(url)
    return _origin_of(start[0]) if start else None


@lru_cache(maxsize=64)  # Asked for with each request, and of few hosts.
def _origin_of(start: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(start)
        if parts.scheme not in ("http", "https") or parts.username is not None or not parts.hostname:
            return None
        return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}[parts.scheme]
    except ValueError:
        return None


def _checked(url: str, endpoint: Endpoint) -> str:
    origin = origin_of(url)
    if origin is None or not (origin[0] == "https" or origin[1] in _LOOPBACK):
        raise SettingError(
            f"{endpoint.setting} cannot be used.",
            cause="it must be an https address without user and password (http for 127.0.0.1 only).",
            next_step=f"%env {endpoint.setting}={endpoint.url}",
        )
    return url
