"""What `--auth` means: text, an object, the environment, or a store."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from oint_magics.auth import spellings, xurl
from oint_magics.auth.json_text import read_object
from oint_magics.auth.structure import Auth, auth_of, checked
from oint_magics.errors import AuthFieldError, AuthNotFound
from oint_magics.process import state
from oint_magics.stores import PREFIXES, Store, label_of, open_store
from oint_magics.tokens.lineage import Lineage
from oint_magics.tokens.response import TokenResponse, auth_of_response, home_of

_QUOTES = "\"'"


class Source(NamedTuple):
    """Where an auth structure comes from.

    Attributes:
        label: what tables and messages call it.
        store: the store it lives in and is saved back to, or `None` for text, an object or the environment.
        auth: the auth structure itself, where there is no store to read it from.
        is_inline: whether its secrets stand in the cell as text.
        name: what was typed, where that is a name and no secret.
        copied_from: the store of another program that it was read from, which is never written; blank for none.
        account: which account of that store it is.
    """

    label: str
    store: Store | None = None
    auth: Auth | None = None
    is_inline: bool = False
    name: str = ""
    copied_from: str = ""
    account: str = ""

    @property
    def typed(self) -> str:
        """What names it in another line."""
        return self.store.label if self.store else self.name or "SOURCE"

    def read(self) -> Auth:
        """Return the auth structure; raises an `AuthError` where there is none."""
        return self.store.read() if self.store else _given(self.auth)


def source_to_copy(given: object, variables: Mapping[str, object] | None = None) -> Source:
    """Return what a source means where it is only copied from: the store of X's own command line tool is one too.

    Arguments and errors are those of `source_of`.
    """
    source = source_of(given, variables)
    found = xurl.found_at(source.store.label) if source.store else None
    if source.store is None or found is None:
        return source
    return Source(f"{xurl.PROGRAM}'s store", auth=found.auth, copied_from=source.store.label, account=found.name)


def source_of(given: object, variables: Mapping[str, object] | None = None) -> Source:
    """Return what a source given by a user means.

    Args:
        given: text as `--auth` takes it, a path, a mapping with OPI's ten keys, or a `TokenResponse`.
        variables: where a name is looked up before a file of that name; `None` for no look-up.

    Raises:
        AuthError: it means nothing, or cannot be read. The message never repeats it.
        StoreError: it names a store that cannot be.
    """
    if isinstance(given, TokenResponse):
        return _response(given)
    if given is os.environ:
        return _environment("")
    if isinstance(given, Mapping):
        return Source("a mapping", auth=auth_of(given))
    if isinstance(given, os.PathLike):
        return Source("a file", store=_store_at(os.fspath(given)))
    if isinstance(given, str):
        return _text(given.strip(), variables)
    raise AuthFieldError(
        "The source is of a type that cannot hold auth data.",
        cause=f"it is of type {type(given).__name__}.",
        next_step="give a mapping, JSON text, a path, or the name of a store",
    )


def _given(auth: Auth | None) -> Auth:
    if auth is None:
        raise AuthNotFound("The source is empty.")
    return auth


def _response(response: TokenResponse) -> Source:
    home, auth = home_of(response), auth_of(auth_of_response(response))
    store = open_store(home.place) if home else None
    if store and _still_holds(store, auth):
        return Source(store.label, store=store)
    return Source("a token response", auth=auth)


def _still_holds(store: Store, auth: Auth) -> bool:
    """Tell whether a store holds this pair or a later one of its family; somebody may have put another one there."""
    if auth.refresh_token is None or not store.exists():
        return False
    there = store.read().refresh_token
    if there is None or auth.refresh_token.matches(there):
        return there is not None
    newest = Lineage.of(auth.refresh_token, store).newest
    # Older bytes of the family that were put back count too: the next refresh restores the newest.
    is_of_family = newest != "" and (there.has_fingerprint(newest) or Lineage.of(there, store).newest == newest)
    return is_of_family or store.descends_from(auth.refresh_token.fingerprint())


def _text(text: str, variables: Mapping[str, object] | None) -> Source:
    name = _variable_name(text) if variables is not None else ""
    if name and variables and name in variables:
        return _variable(variables[name])._replace(name=name)
    if name and name != text:
        raise _nothing(name, "a variable", variables)
    if variables is not None and not _is_there(text):
        _check_expression(text)
    if text.startswith("{") or (text[:1] in _QUOTES and text[1:].lstrip().startswith("{")):
        return _json(text)
    return _named(text) or _file(text, "a variable, and a file" if name else "a file", variables)


def _named(text: str) -> Source | None:
    """Return the source that a word with a colon stands for, or `None` where it is none of those."""
    if text.startswith("env:"):
        return _environment(text.removeprefix("env:"))
    if text == "unsaved:" and state.unsaved:
        return _response(state.unsaved[-1])
    if text.lower().startswith(("http://", "https://")):
        raise AuthNotFound(
            "A web address cannot be a source. Nothing was sent.",
            cause="secrets are not fetched from the network.",
            next_step="save the auth JSON as a file and name that file",
        )
    return Source(text, store=open_store(text)) if text.startswith(PREFIXES) else None


def _variable_name(text: str) -> str:
    """Return the name in `name`, `$name` or `{name}`, or nothing."""
    inner = text[1:-1].strip() if text.startswith("{") and text.endswith("}") else text.removeprefix("$")
    return inner if inner.isidentifier() else ""


def _variable(value: object) -> Source:
    source = source_of(value)
    return source if source.store else source._replace(label="the variable", is_inline=False)


def _json(text: str) -> Source:
    """Read inline JSON, with or without one pair of outer quotes and a shell's backslashes."""
    if text[0] in _QUOTES:
        closed = len(text) > 1 and text[-1] == text[0]
        text = text[1:-1] if closed else text[1:]
    if re.match(r"\{\s*\\[\"']", text):
        text = re.sub(r"\\([\\\"'])", r"\1", text)
    return Source("the text given", auth=auth_of(read_object(text).values()), is_inline=True)


def _environment(prefix: str) -> Source:
    found = spellings.environment(os.environ, prefix)
    if found is None:
        names = ", ".join(spellings.related(os.environ)[:8])
        raise AuthNotFound(
            "The environment holds no auth data. Nothing was sent.",
            cause=f"no variable begins with that prefix (without one: TWITTER_ or X_). {_lookalikes(names)}",
            next_step="set TWITTER_CLIENT_ID and TWITTER_REFRESH_TOKEN before Jupyter starts, or use %twitter_auth",
        )
    return Source(f"env:{prefix}", auth=checked(found, os.environ), name=f"env:{prefix}")


def _lookalikes(names: str) -> str:
    return f"Names that look like auth data: {names}." if names else "No name there looks like auth data."


def _file(text: str, looked_for: str, variables: Mapping[str, object] | None) -> Source:
    # A Windows path in a notebook that travelled: its backslashes mean folders here too.
    spellings = [text, text.replace("\\", "/")] if text else []
    path = next((found for found in spellings if _is_there(found)), None)
    if path is None:
        raise _nothing(text, looked_for, variables)
    return Source(path, store=_store_at(path))


def _store_at(path: str) -> Store:
    """Return a file as a store; of xurl's folder the file in it."""
    file = xurl.file_of(path)
    return open_store(path) if file == path else open_store(file, label_of(path))


def _nothing(text: str, looked_for: str, variables: Mapping[str, object] | None) -> AuthNotFound:
    from oint_magics.tokens import not_found

    return not_found.nothing(text, looked_for, variables)


def _check_expression(text: str) -> None:
    from oint_magics.tokens import not_found

    if not_found.is_expression(text):
        raise not_found.expression()


def _is_there(name: str) -> bool:
    try:
        return Path(name).expanduser().exists()
    except PermissionError:
        return True  # Reading it tells what is wrong.
    except (OSError, ValueError, RuntimeError):
        return False  # A name longer than the file system takes, or of a user who is not there.
