"""What X's tokens say about themselves: undocumented, so a hint and never a reason to fail.

X's tokens are unpadded base64url of `random:epoch_ms:n:n:kind:n`, a client id is `random:1:ci`.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta

ACCESS_TOKEN_LIFETIME = timedelta(hours=2)
_KINDS = {"at": "an access token", "rt": "a refresh token", "ac": "an authorization code", "ci": "a client id"}


def kind_of(value: str) -> str | None:
    """Return what a value is in words ("an access token"), or `None` where it does not say."""
    parts = _parts(value)
    if len(parts) == 6:
        return _KINDS.get(parts[4])
    return _KINDS["ci"] if len(parts) == 3 and parts[2] == "ci" else None


def issued_at(token: str) -> datetime | None:
    """Return when a token was issued (aware, UTC), or `None` where it does not say."""
    parts = _parts(token)
    if len(parts) != 6 or not (parts[1].isascii() and parts[1].isdigit() and len(parts[1]) == 13):
        return None
    return datetime.fromtimestamp(int(parts[1]) / 1000, UTC)


def _parts(value: str) -> list[str]:
    try:
        padded = value + "=" * (-len(value) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode().split(":")
    except (ValueError, binascii.Error):
        return []
