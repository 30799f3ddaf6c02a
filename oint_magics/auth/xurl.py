"""The store of X's own command line tool: one account is read from it, and it is never written.

Since xurl 1.3.0 `~/.xurl` is a folder and the store is `auth.yml` in it; before that `~/.xurl` was the file itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from oint_magics.auth.foreign import is_showable
from oint_magics.auth.structure import LARGEST, Auth, auth_of
from oint_magics.display.text import quoted
from oint_magics.errors import AuthFieldError, AuthSyntaxError

PROGRAM = "xurl"
_NAMES = (".xurl", "auth.yml")
_LOOKS = r"""(?m)^[ \t]{0,40}["']?(?:apps|oauth2_tokens)["']?\s*:"""
_HANDLE = r"(?a)\w{1,15}"


class Account(NamedTuple):
    """An account of xurl's.

    Attributes:
        auth: its auth structure.
        name: its app and its user, which tell it from the others there.
    """

    auth: Auth
    name: str


def file_of(path: str) -> str:
    """Return the file that a path means: of xurl's folder the store in it, else the path itself."""
    folder = Path(os.path.expanduser(path))  # noqa: PTH111 - where there is no home, this does not raise
    try:
        is_store = folder.is_dir() and (folder.name.endswith(_NAMES[0]) or (folder / _NAMES[1]).is_file())
    except (OSError, ValueError):  # Whoever reads it is told.
        return path
    return str(Path(path) / _NAMES[1]) if is_store else path


def check_not(text: str, name: str, label: str) -> None:
    """Refuse xurl's store for a use that would spend its tokens, or write to it.

    Args:
        text: the file's text.
        name: its name.
        label: how it is named in a line to type.

    Raises:
        AuthFieldError: it is xurl's store.
    """
    if is_xurl(text, name):
        raise AuthFieldError(
            "This file belongs to xurl, X's own command line tool. Nothing was sent.",
            cause="a refresh ends the old tokens, and xurl's file is never changed here: xurl would stop working.",
            next_step=f"copy one account out of it: %twitter_keep {quoted(label)} profile:NAME  "
            "(from then on, use only one of the two programs)",
        )


def is_xurl(text: str, name: str) -> bool:
    """Tell whether a file is xurl's store, by its name and by what is in it."""
    return name.endswith(_NAMES) and "oauth2_tokens" in text and re.search(_LOOKS, text) is not None


def found_at(path: str) -> Account | None:
    """Return the account in xurl's store, or `None` if there is none at that path.

    Args:
        path: the store, or its folder.

    Raises:
        AuthError: it is xurl's store, and no account can be read from it.
    """
    file = Path(os.path.expanduser(file_of(path)))  # noqa: PTH111 - as above
    try:
        if not file.name.endswith(_NAMES) or not file.is_file() or file.stat().st_size > LARGEST:
            return None
        text = file.read_bytes().decode("utf-8", "replace")
    except (OSError, ValueError):  # Whoever reads it as a file is told.
        return None
    return read(text) if is_xurl(text, file.name) else None


def read(text: str) -> Account:
    """Return the default app's default user; if that has no tokens, the only user who has some.

    Args:
        text: the file, YAML or JSON, of at most 1 MiB.

    Raises:
        AuthSyntaxError: it is no YAML, or nothing here reads YAML.
        AuthFieldError: it holds tokens of several apps or users, or none.
    """
    known = _loaded(text)
    several = known.get("apps")
    apps = several if isinstance(several, Mapping) else {"": known}
    app, found = _one({name: each for name, each in apps.items() if _users(each)}, known.get("default_app"), "apps")
    user, there = _one(_users(found), found.get("default_user"), "users")
    tokens = _tokens(there)
    names = {"client_id": found, "client_secret": found, "access_token": tokens, "refresh_token": tokens}
    values = {name: each.get(name) for name, each in names.items()}
    return Account(auth_of(values | {"expires_at": tokens.get("expiration_time")}), f"{app}/{user}")


def _users(app: object) -> dict[str, Mapping[str, Any]]:
    """Return the users of an app who have tokens."""
    users = app.get("oauth2_tokens") if isinstance(app, Mapping) else None
    there = users.items() if isinstance(users, Mapping) else ()
    return {name: each for name, each in there if isinstance(each, Mapping) and _has_tokens(_tokens(each))}


def _tokens(user: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = user.get("oauth2")
    return inner if isinstance(inner, Mapping) else user


def _has_tokens(tokens: Mapping[str, Any]) -> bool:
    return bool(tokens.get("refresh_token") or tokens.get("access_token"))


def _one(there: dict[str, Mapping[str, Any]], default: object, what: str) -> tuple[str, Mapping[str, Any]]:
    """Return the default of several that have tokens, or the only one, and its name."""
    if isinstance(default, str) and default in there:
        return default, there[default]
    if len(there) == 1:
        return next(iter(there.items()))
    if not there:
        raise AuthFieldError(
            "xurl's store holds no users with OAuth 2.0 tokens. Nothing was sent.",
            cause="nobody has logged in with xurl, or only with OAuth 1.0a or an app-only token.",
            next_step="log in there: xurl auth oauth2; or log in here: %twitter_login --auth auth.json",
        )
    names = ", ".join(name if is_showable(name) or re.fullmatch(_HANDLE, name) else "…" for name in sorted(there)[:8])
    raise AuthFieldError(
        f"xurl's store holds several {what} with tokens: {names}. Nothing was sent.",
        cause="none of them is the default.",
        next_step="choose one there: xurl auth default",
    )


def _loaded(text: str) -> Mapping[str, Any]:
    step = "log in here: %twitter_login"
    try:
        from oint_magics.auth.yaml_text import TooMuch, read_yaml
    except ImportError:
        problem = "it is YAML, and PyYAML is not installed; the extra oint_magics[xurl] brings it"
        step = "%pip install PyYAML"
    else:
        try:
            found = read_yaml(text) if len(text) <= LARGEST else None
            if isinstance(found, Mapping):
                return found
            problem = "it is not YAML with keys and values at its top, or is larger than 1 MiB"
        except TooMuch as error:
            problem = str(error)
        except Exception:  # noqa: BLE001 - of the reader, whose errors hold the text
            problem = "it is not valid YAML"
    raise AuthSyntaxError("xurl's store cannot be read. Nothing was sent.", cause=f"{problem}.", next_step=step)
