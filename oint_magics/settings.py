"""What the environment sets: every `OINT_…` variable is read here, at the moment it is needed."""

from __future__ import annotations

import os
import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from oint_magics.errors import SettingError
from oint_magics.secret import Secret

_TIMEOUT = 30.0
# Where nothing can be made: for a user without a home.
_NOWHERE = Path(os.devnull) / "oint_magics"


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
            cause="it must be a number of seconds, from 1 to 600.",
            next_step="%env OINT_TWITTER_TIMEOUT=30",
        )
    return seconds


def budget() -> int | None:
    """Return what may be spent on reads and posts in a day (`OINT_TWITTER_BUDGET`), in thousandths of a US dollar.

    Raises:
        SettingError: it is no amount of money.
    """
    text = (os.environ.get("OINT_TWITTER_BUDGET") or "").strip().removeprefix("$")
    if not text:
        return None
    found = re.fullmatch(r"([0-9]{1,9})(?:\.([0-9]{1,9}))?", text)
    if found is None:
        raise SettingError(
            "OINT_TWITTER_BUDGET cannot be used. Nothing was sent.",
            cause="it must be an amount in US dollars, such as 2.00.",
            next_step="%env OINT_TWITTER_BUDGET=2.00",
        )
    return int(found[1] + (found[2] or "").ljust(3, "0")[:3])


def has_home() -> bool:
    """Tell whether somebody chose the data folder (`OINT_HOME`)."""
    return bool(os.environ.get("OINT_HOME"))


def data_folder() -> Path:
    """Return the folder for profiles (`OINT_HOME`, else the system's place for a user's data).

    Raises:
        SettingError: `OINT_HOME` is no absolute path: another folder would be found after a `%cd`.
    """
    chosen, home, data = (os.environ.get(name) for name in ("OINT_HOME", "HOME", "XDG_DATA_HOME"))
    return _chosen_folder(chosen, home) if chosen else _usual_folder(home, data)


@lru_cache(maxsize=8)
def _chosen_folder(chosen: str, home: str | None) -> Path:  # noqa: ARG001 - what `~` means
    try:
        path = Path(chosen).expanduser()
    except RuntimeError:
        return _no_folder(
            "~ cannot be replaced: the user or the home folder does not exist.", "name the folder by its absolute path"
        )
    if not path.is_absolute():
        _no_folder(
            "it is a relative path, so it would mean another folder after %cd.", f"%env OINT_HOME={path.absolute()}"
        )
    return path


@lru_cache(maxsize=8)
def _usual_folder(home: str | None, data: str | None) -> Path:  # noqa: ARG001 - what `~` means
    try:
        path = _of_linux(data) if sys.platform == "linux" else _of_the_system()
    except (RuntimeError, KeyError):  # A user without a name and without a home.
        return _NOWHERE
    return path if path.is_absolute() and _is_in_reach(path.parent) else _NOWHERE


def _of_linux(data: str | None) -> Path:
    """Return what platformdirs would (XDG base directory specification); its import costs a cold process 5 ms."""
    return (Path(data) if data and data.strip() else Path.home() / ".local" / "share") / "oint_magics"


def _of_the_system() -> Path:
    from platformdirs import user_data_path

    return user_data_path("oint_magics", appauthor=False)


def _is_in_reach(path: Path) -> bool:
    """Tell whether a folder could be looked for: in another user's home it could not."""
    try:
        path.lstat()
    except PermissionError:
        return False
    except OSError:
        pass
    return True


def _no_folder(cause: str, next_step: str) -> NoReturn:
    raise SettingError("OINT_HOME cannot be used. Nothing was sent.", cause=cause, next_step=next_step)


def shared_store() -> Secret:
    """Return the address of the team's PostgreSQL (`OINT_SHARED_STORE`); a secret, for a password may stand in it.

    Raises:
        SettingError: it is not set, or is no such address.
    """
    text = os.environ.get("OINT_SHARED_STORE") or ""
    if not text.startswith(("postgresql://", "postgres://")):
        raise SettingError(
            "OINT_SHARED_STORE cannot be used." if text else "OINT_SHARED_STORE is not set.",
            cause="it names the team's PostgreSQL, where the tokens of shared:NAME are stored.",
            next_step="%env OINT_SHARED_STORE=postgresql://USER@HOST/DATABASE  (the password: PGPASSFILE)",
        )
    return Secret(text)


def shared_key() -> Secret | None:
    """Return the text of `OINT_SHARED_KEY`, or `None` where it is not set."""
    text = os.environ.get("OINT_SHARED_KEY")
    return Secret(text) if text else None
