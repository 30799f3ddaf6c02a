"""The store of X's own command line tool, `~/.xurl`: one account is read from it, and it is never written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from oint_magics.auth.foreign import is_showable
from oint_magics.auth.structure import LARGEST, Auth, auth_of
from oint_magics.errors import AuthFieldError, AuthSyntaxError

_LOOKS = re.compile(r"""^[ \t]{0,40}["']?(?:apps|oauth2_tokens)["']?\s*:""", re.MULTILINE)


def is_xurl(text: str, name: str) -> bool:
    """Tell whether a file is xurl's store, by its name and by what is in it."""
    return (name == ".xurl" or name.endswith(".xurl")) and "oauth2_tokens" in text and _LOOKS.search(text) is not None


def refused() -> AuthFieldError:
    """Return the error for a use of xurl's store that would spend its tokens."""
    return AuthFieldError(
        "This file belongs to xurl, X's own command line tool. Nothing was sent.",
        cause="a refresh makes the old tokens invalid, and xurl's file is never changed here: xurl would stop working.",
        next_step="copy one account out of it: %twitter_keep ~/.xurl profile:NAME  (xurl then needs a new login)",
    )


def read(text: str) -> Auth:
    """Return the auth structure of the default app's default user, or of the only one.

    Args:
        text: the file, YAML or JSON, of at most 1 MiB.

    Raises:
        AuthSyntaxError: it is no YAML, or nothing here reads YAML.
        AuthFieldError: it holds several accounts, or none.
    """
    known = _loaded(text)
    apps = known.get("apps")
    app = _one(apps, known.get("default_app"), "apps") if isinstance(apps, Mapping) else known
    user = _one(app.get("oauth2_tokens"), app.get("default_user"), "users")
    tokens = user.get("oauth2")
    tokens = tokens if isinstance(tokens, Mapping) else user
    names = {"client_id": app, "client_secret": app, "access_token": tokens, "refresh_token": tokens}
    values = {name: found.get(name) for name, found in names.items()}
    return auth_of(values | {"expires_at": tokens.get("expiration_time")})


def _loaded(text: str) -> Mapping[str, Any]:
    problem = "it is larger than 1 MiB"
    step = "log in here: %twitter_login"
    try:
        import yaml

        if len(text) <= LARGEST:
            problem = "it is not YAML with keys and values at its top"
            # Every value stays text: a number of digits may begin with a zero.
            found = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - the loader that makes nothing but text
            if isinstance(found, Mapping):
                return found
    except ImportError:
        problem, step = "it is YAML, and PyYAML is not installed", "%pip install pyyaml"
    except Exception:  # noqa: BLE001 - of the reader, whose errors hold the text
        problem = "it is not valid YAML"
    raise AuthSyntaxError("xurl's store cannot be read. Nothing was sent.", cause=f"{problem}.", next_step=step)


def _one(found: object, default: object, what: str) -> Mapping[str, Any]:
    """Return the default of several, or the only one."""
    there = {str(name): each for name, each in found.items()} if isinstance(found, Mapping) else {}
    one = there.get(str(default)) if default else next(iter(there.values()), None) if len(there) == 1 else None
    if isinstance(one, Mapping):
        return one
    names = ", ".join(name if is_showable(name) else "…" for name in sorted(there)[:8])
    raise AuthFieldError(
        f"xurl's store holds several {what}. Nothing was sent." if there else f"xurl's store holds no {what}.",
        cause=f"none of them is the default: {names}." if there else None,
        next_step="choose one there: xurl auth default" if there else "log in here: %twitter_login --auth auth.json",
    )
