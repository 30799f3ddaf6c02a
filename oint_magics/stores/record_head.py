"""The head of an exchange record: who sends the token and when, and an HMAC that is keyed by the token itself."""

from __future__ import annotations

import hmac
import json
import os
import time
from typing import TYPE_CHECKING, Any

from oint_magics.stores import formats
from oint_magics.stores.locks import holder

if TYPE_CHECKING:
    from pathlib import Path

    from oint_magics.secret import Secret

FORMAT = 1


def new(token: Secret | None, store: str, tries: int, leases: list[str]) -> bytes:
    """Return the head of a record that is begun now, as a line.

    Args:
        token: the token that is exchanged; `None` for a login.
        store: the name of the store's file.
        tries: how often the token is sent, with this time.
        leases: the leases under which it was sent.
    """
    head = {
        "format": FORMAT,
        "by": holder(),
        "since": time.time(),
        "tries": tries,
        "store": store,
        "leases": leases,
        "nonce": os.urandom(16).hex(),
    }
    return json.dumps(head | {"mac": _mac(token, head)}).encode() + b"\n"


def is_proved(token: Secret | None, head: dict[str, Any]) -> bool:
    """Tell whether the token's owner wrote a head; one of another format may have another way to say so."""
    mac = head.get("mac")
    return _is_other(head) or (isinstance(mac, str) and hmac.compare_digest(mac.encode(), _mac(token, head).encode()))


def check_format(head: dict[str, Any], path: Path) -> None:
    """Refuse a head of another format; raises `StoreError`."""
    if _is_other(head):
        raise formats.newer("The recovery file", path)


def _is_other(head: dict[str, Any]) -> bool:
    return isinstance(head.get("format"), int) and head["format"] != FORMAT


def _mac(token: Secret | None, head: dict[str, Any]) -> str:
    """Return what only somebody who has the token can compute of a head."""
    if token is None:
        return ""
    text = json.dumps({key: value for key, value in head.items() if key != "mac"}, sort_keys=True)
    return hmac.new(token.reveal().encode(), text.encode(), "sha256").hexdigest()
