"""What the environment sets: every `OINT_…` variable is read here, at the moment it is needed."""

from __future__ import annotations

import os
from pathlib import Path

from oint_magics.errors import SettingError
from oint_magics.secret import Secret

_TIMEOUT = 30.0


def auth() -> str | None:
    """Return the default source (`OINT_TWITTER_AUTH`), or `None`."""
    return os.environ.get("OINT_TWITTER_AUTH") or None


def address(name: str) -> str | None:
    """Return an address that was set (one of those in `oint_magics.http.endpoints`), or `None`.

    Args:
        name: the variable's.
    """
    return os.environ.get(name) or None


def timeout() -> float:
    """Return how long a whole exchange may take, in seconds (`OINT_TWITTER_TIMEOUT`, default 30).

    Raises:
        SettingError: it is no number from 1 to 600.
    """
    text = os.environ.get("OINT_TWITTER_TIMEOUT") or str(_TIMEOUT)
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 600:
        raise SettingError(
            "OINT_TWITTER_TIMEOUT cannot be used.",
            cause="it wants the seconds that an exchange may take, from 1 to 600.",
            next_step="%env OINT_TWITTER_TIMEOUT=30",
        )
    return seconds


def has_home() -> bool:
    """Tell whether somebody chose the data folder (`OINT_HOME`)."""
    return bool(os.environ.get("OINT_HOME"))


def data_folder() -> Path:
    """Return the folder for profiles (`OINT_HOME`, else the system's place for a user's data)."""
    if has_home():
        return Path(os.environ["OINT_HOME"]).expanduser()
    from platformdirs import user_data_path

    return user_data_path("oint_magics", appauthor=False)


def shared_store() -> Secret:
    """Return the address of the team's PostgreSQL (`OINT_SHARED_STORE`); a secret, for a password may stand in it.

    Raises:
        SettingError: it is not set, or is no such address.
    """
    text = os.environ.get("OINT_SHARED_STORE") or ""
    if not text.startswith(("postgresql://", "postgres://")):
        raise SettingError(
            "OINT_SHARED_STORE cannot be used." if text else "OINT_SHARED_STORE is not set.",
            cause="it names the team's PostgreSQL, where pairs of shared:NAME live.",
            next_step="%env OINT_SHARED_STORE=postgresql://USER@HOST/DATABASE  (the password: PGPASSFILE)",
        )
    return Secret(text)


def shared_key() -> Secret | None:
    """Return the text of `OINT_SHARED_KEY`, or `None` where it is not set."""
    text = os.environ.get("OINT_SHARED_KEY")
    return Secret(text) if text else None
