"""Tokens that a login has replaced although X did not say whose the new ones are: kept in a profile for a week.

A mark in the profile says that we made it, and which token it holds. A user's own profile with such a name has no mark,
and a profile that was refreshed since holds another token: neither is deleted.
"""

from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING, Any

from oint_magics import settings, stores
from oint_magics.errors import OintError
from oint_magics.secret import Secret, shown
from oint_magics.stores import ages
from oint_magics.stores.private_folder import Folder, reason_of
from oint_magics.tokens.destination import at
from oint_magics.tokens.hold import held

if TYPE_CHECKING:
    from pathlib import Path

    from oint_magics.auth.structure import Auth
    from oint_magics.stores import Store

_START = "profile:before-"
_MARK = "kept_aside"
_A_WEEK = 7 * 24 * 3600.0
_LARGEST = 1024 * 1024


def keep(seen: Auth) -> Store | None:
    """Keep a pair in a new profile; return the profile, or `None` if it cannot be written."""
    token = _token_of(seen)
    store = stores.open_store(f"{_START}{shown(token.fingerprint())}")
    try:
        store.create(seen)
        with Folder(_folder()) as folder:
            name = _file_of(store.label)
            known = json.loads(folder.read(name, _LARGEST) or b"{}")
            known[_MARK] = ages.stamp() | {"token": token.fingerprint()}
            folder.write(name, f"{json.dumps(known, indent=4)}\n".encode())
    except OintError:
        return None
    except OSError as error:
        reason_of(error)
    return store


def sweep() -> None:
    """Delete what was kept for a week and not touched since."""
    for name in stores.kept():
        if name.startswith(_START) and _is_over(name):
            store = stores.open_store(name)
            with contextlib.suppress(OintError), held(at(store), store, finishes=False):
                if _is_over(name):  # Somebody may have refreshed it meanwhile.
                    store.forget()


def _is_over(name: str) -> bool:
    try:
        with Folder(_folder()) as folder:
            mark: Any = json.loads(folder.read(_file_of(name), _LARGEST) or b"{}").get(_MARK)
        if not isinstance(mark, dict) or ages.age(mark, time.time()) <= _A_WEEK:
            return False
        return _token_of(stores.open_store(name).read()).has_fingerprint(str(mark.get("token")))
    except (OSError, ValueError, AttributeError, OintError) as error:
        if isinstance(error, OSError):
            reason_of(error)
        return False


def _token_of(auth: Auth) -> Secret:
    return auth.refresh_token or auth.access_token or Secret("")


def _folder() -> Path:
    return settings.data_folder() / "profiles"


def _file_of(name: str) -> str:
    return f"{name.removeprefix('profile:')}.json"
