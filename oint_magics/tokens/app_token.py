"""An app's own bearer token ("app-only"): found where auth data is, for reads alone, and never refreshed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from oint_magics.auth import spellings
from oint_magics.auth.json_text import read_object
from oint_magics.auth.structure import SANDBOX_MARK, Auth, is_token
from oint_magics.errors import AuthError, AuthFieldError, OintError, StoreTaken
from oint_magics.http.token_provider import OneToken
from oint_magics.secret import Secret
from oint_magics.stores import open_store
from oint_magics.stores.file import FileStore

if TYPE_CHECKING:
    from oint_magics.stores import Store

_NAME = re.compile(r"(?:(?:x|twitter)(?:api)?)?(?:oauth2?)?bearertoken")
_LONGEST = 4096
_QUOTES = "\"'"


class AppToken(OneToken):
    """Gives an app's bearer token, as `CurrentToken` gives a user's.

    Args:
        token: the token.
        address: the sandbox's, for one of its own.
        is_alone: whether its source has no user's tokens beside it.
    """

    def __init__(self, token: Secret, address: str | None, *, is_alone: bool = True) -> None:
        self.is_alone = is_alone
        auth = Auth(
            client_id=f"{SANDBOX_MARK if is_sandbox(token) else ''}bearer-{token.fingerprint()[:16]}",
            client_secret=None,
            access_token=token,
            refresh_token=None,
            scope=None,
            expires_at=None,
            redirect_uri=None,
            sandbox=address,
            is_app=True,
            document=Secret(json.dumps({"bearer_token": token.reveal()} | ({"sandbox": address} if address else {}))),
        )
        super().__init__(auth, "the app itself")


def is_sandbox(token: Secret) -> bool:
    """Tell whether a token carries the sandbox's mark, and so must never reach X."""
    return token.reveal().startswith(SANDBOX_MARK)


def found_in(given: object, variables: Mapping[str, object] | None = None) -> AppToken | None:
    """Return the app's bearer token that a source holds; `None` if it holds none, or cannot be read.

    Args:
        given: the source, as for `tokens.source.source_of`.
        variables: where a name is looked up; `None` for no look-up.

    Raises:
        AuthFieldError: what it holds is no token, or there are two.
    """
    values = _values(given, variables)
    named = {name: value for name, value in values.items() if _is_name(name)}
    filled = {name: value for name, value in named.items() if isinstance(value, str | Secret) and value}
    if not filled:
        return None
    texts = {value.reveal() if isinstance(value, Secret) else value.strip() for value in filled.values()}
    if len(texts) > 1:
        raise AuthFieldError(
            "Two bearer tokens are there. Nothing was sent.", cause="only you know which app is meant."
        )
    text = texts.pop()
    if not is_token(text) or len(text) > _LONGEST or " " in text:
        raise AuthFieldError("The bearer token holds what no token has. Nothing was sent.", next_step="copy it again")
    token = Secret(text)
    address = next((value for name, value in values.items() if (spellings.key_of(name) or ("",))[0] == "sandbox"), None)
    others = {key[0] for name, value in values.items() if value and (key := spellings.variable_key(name))}
    return AppToken(
        token,
        address if is_sandbox(token) and isinstance(address, str) else None,
        is_alone=not others & {"client_id", "refresh_token", "access_token"},
    )


def keep(token: AppToken, store: Store, *, replace: bool) -> None:
    """Copy a bearer token into a profile.

    Args:
        token: the token.
        store: where it goes.
        replace: write over what is there.

    Raises:
        AuthFieldError: the store is none that takes it.
        StoreTaken: it holds something already.
    """
    if not store.place.startswith(("profile:", "keyring:")):
        raise AuthFieldError(
            "An app's bearer token is kept in a profile. Nothing was changed.",
            next_step="%twitter_keep SOURCE profile:app",
        )
    if store.exists() and not replace:
        raise StoreTaken(f"{store.label} holds other auth data already.", next_step="choose another name; or --replace")
    store.create(token.auth())


def _is_name(name: object) -> bool:
    return isinstance(name, str) and len(name) < 60 and _NAME.fullmatch(re.sub("[ _.-]", "", name.lower())) is not None


def _values(given: object, variables: Mapping[str, object] | None) -> Mapping[str, object]:  # noqa: PLR0911 - a case each
    """Return the names and values of a source as they stand."""
    if isinstance(given, Mapping):
        return given
    text = os.fspath(given).strip() if isinstance(given, str | os.PathLike) else ""
    if not isinstance(text, str) or not text:
        return {}
    name = text[1:-1].strip() if text.startswith("{") and text.endswith("}") else text.removeprefix("$")
    if variables and isinstance(given, str) and name.isidentifier() and name in variables:
        return _values(variables[name], None)
    if text.startswith("env:"):
        prefix = text.removeprefix("env:")
        return {each.removeprefix(prefix).lstrip("_") if prefix else each: value
                for each, value in os.environ.items() if each.startswith(prefix)}  # fmt: skip
    try:
        inner = text.strip(_QUOTES).strip()
        if isinstance(given, str) and inner.startswith("{"):
            return read_object(inner).values()
        store = open_store(text)
        return store.values() if isinstance(store, FileStore) and store.exists() else {}
    except (AuthError, OintError):
        return {}
