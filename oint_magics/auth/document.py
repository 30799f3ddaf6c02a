"""The auth data in a file's text, JSON or dotenv: read, and a pair written back where each value was found.

Every character that is not one of these values stays; each value keeps its name, its type and its unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from oint_magics.auth import expiry, scope_text, spellings, token_format
from oint_magics.auth.json_text import JsonObject, applied, read_object
from oint_magics.auth.structure import checked
from oint_magics.auth.text_file import is_dotenv_name
from oint_magics.errors import AuthSyntaxError, StoreNotWritable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oint_magics.auth.spellings import Path, Resolved
    from oint_magics.auth.structure import Auth

Changes = dict[str, str | int | None]


class AuthDocument(Protocol):
    """Auth data in a text.

    Attributes:
        text: the whole text.
    """

    text: str

    def takes(self, key: str) -> bool:
        """Tell whether the text holds a value of this key, or can."""

    def reread(self, text: str) -> AuthDocument:
        """Read another text as the same kind of document."""

    def auth(self) -> Auth:
        """Return the auth structure; raises an `AuthError` where it is none."""

    def values(self) -> dict[str, object]:
        """Return the ten keys, as far as they are there; raises an `AuthError` where they cannot be told."""

    def given(self) -> dict[str, object]:
        """Return all names and values of the text, as they stand."""

    def outside(self) -> object:
        """Return all that is none of our values; two texts that differ in these alone have the same."""

    def replaced(self, changes: Changes) -> str:
        """Return the text with other values for some keys; `expires_at` in Unix seconds, the scope as text."""


def read_document(text: str, name: str = "", label: str = "~/.xurl") -> AuthDocument:
    """Read a text that holds auth data.

    Args:
        text: the text.
        name: its file's name, which tells a dotenv file; nothing for JSON.
        label: how the file is named in a line to type.

    Raises:
        AuthSyntaxError: it is no JSON, or a dotenv file in which a line with one of our names cannot be read.
        AuthFieldError: it is the store of X's own command line tool.
    """
    if name.endswith((".xurl", "auth.yml")):
        from oint_magics.auth import xurl

        xurl.check_not(text, name, label)
    looks_like_json = text.lstrip().startswith(("{", "[", "//", "/*"))
    if not looks_like_json and is_dotenv_name(name):
        return _Variables(text)
    return _Json(text)


def edited(document: AuthDocument, changes: Changes) -> str:
    """Return a document's text with changes, read again to be sure that it says just that.

    Args:
        document: the document.
        changes: key to new value.

    Raises:
        StoreNotWritable: the text has a form in which a value cannot be changed safely.
    """
    text = document.replaced(changes)
    try:
        after = document.reread(text)
        wanted = {key: value for key, value in changes.items() if document.takes(key)}
        if after.outside() == document.outside() and _says(after.values(), document.values() | wanted):
            return text
    except AuthSyntaxError:
        pass
    raise StoreNotWritable(
        "New tokens could not be written into this file, so nothing was sent.",
        cause="the position of a value in it is not certain.",
        next_step="write it as plain JSON without comments, then run it again",
    )


def _says(there: Mapping[str, object], wanted: Mapping[str, object]) -> bool:
    """Tell whether a text says what it should; a time without a zone says nothing."""
    found, right = ({k: _plain(k, v) for k, v in each.items() if v not in (None, "")} for each in (there, wanted))
    return found == right | ({"expires_at": None} if found.get("expires_at", 0) is None else {})


def _plain(key: str, value: object) -> object:
    """Return a value without the form in which it is kept."""
    if key == "scope":
        return scope_text.plain(value)
    if key == "expires_at":
        moment = expiry.read(value)
        return int(moment.timestamp()) if moment else None
    return value


def _end_of(values: Mapping[str, object]) -> object:
    token = values.get("access_token")
    stamp = token_format.issued_at(token) if isinstance(token, str) else None
    return stamp + token_format.ACCESS_TOKEN_LIFETIME if stamp else None


def _in_form(key: str, value: str | int | None, old: object, values: Mapping[str, object]) -> object:
    """Return a new value in the form of the one that stands there."""
    if key == "expires_at" and isinstance(value, int):
        return expiry.written_like(old, value, near=_end_of(values))  # type: ignore[arg-type]  # a time, or `None`
    return scope_text.in_form(value, old) if key == "scope" and isinstance(value, str) else value


class _Json:
    """Auth data in a JSON object."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._object = read_object(text)
        self._known: Resolved | None = None

    @property
    def _resolved(self) -> Resolved:
        if self._known is None:
            self._known = spellings.resolved(self.given())
        return self._known

    def reread(self, text: str) -> AuthDocument:
        return _Json(text)

    def auth(self) -> Auth:
        return checked(self._resolved, self.given())

    def given(self) -> dict[str, object]:
        return self._object.values()

    def takes(self, key: str) -> bool:  # noqa: ARG002 - the interface's
        return True

    def values(self) -> dict[str, object]:
        return dict(self._resolved.values)

    def outside(self) -> object:
        values = self._object.values()
        for path in [path for paths in self._resolved.places.values() for path in paths]:
            inner: object = values
            for name in path[:-1]:
                inner = inner[name]  # type: ignore[index]  # a path of mappings
            inner.pop(path[-1])  # type: ignore[attr-defined]
        return values

    def replaced(self, changes: Changes) -> str:
        home, beside = self._resolved.home
        inside: dict[Path, dict[str, object]] = {}
        for key, value in changes.items():
            places = self._resolved.places.get(key, [])
            for path in places:
                old = self._inner(path[:-1]).members[path[-1]].value
                inside.setdefault(path[:-1], {})[path[-1]] = _in_form(key, value, old, self._resolved.values)
            if not places and value is not None:
                inside.setdefault(home, {})[self._free_name(key, beside, home)] = value
        return applied(self.text, [edit for path in inside for edit in self._inner(path).edits(inside[path])])

    def _inner(self, path: Path) -> JsonObject:
        found = self._object
        for name in path:
            found = found.members[name].inner or found
        return found

    def _free_name(self, key: str, beside: str, home: Path) -> str:
        """Return the name of a new value: in the spelling of the one beside it, and no other program's."""
        name = spellings.spelled_like(beside, key)
        return name if name not in self._inner(home).members else f"oauth2_{key}"


class _Variables:
    """Auth data in a dotenv file. Of what is not there, a login appends the refresh token's line alone."""

    def __init__(self, text: str) -> None:
        from oint_magics.auth import dotenv_text

        self.text = text
        self._file = dotenv_text.read_dotenv(text, lambda name: spellings.variable_key(name) is not None)
        self._known: Resolved | None = None

    @property
    def _resolved(self) -> Resolved:
        if self._known is None:
            self._known = spellings.resolved(self.given(), is_flat=True)
        return self._known

    def given(self) -> dict[str, object]:
        return {name: each.value for name, each in self._file.statements.items()}

    def auth(self) -> Auth:
        return checked(self._resolved, self.given())

    def reread(self, text: str) -> AuthDocument:
        return _Variables(text)

    def takes(self, key: str) -> bool:
        return key == "refresh_token" or key in self._resolved.places

    def values(self) -> dict[str, object]:
        return dict(self._resolved.values)

    def outside(self) -> object:
        ours = {path[0] for paths in self._resolved.places.values() for path in paths}
        kept = {name: each.value for name, each in self._file.statements.items() if name not in ours}
        return kept, [line.strip() for line in self._file.rest if line.strip()]

    def replaced(self, changes: Changes) -> str:
        texts: dict[str, str] = {}
        self._check_no_file(changes)
        for key, value in changes.items():
            for (name,) in self._resolved.places.get(key, []):
                form = _in_form(key, value, self._file.statements[name].value, self._resolved.values)
                texts[name] = "" if form is None else str(form)
        text = self._file.replaced(texts)
        token = changes.get("refresh_token")
        if isinstance(token, str) and "refresh_token" not in self._resolved.places:
            _, beside = self._resolved.home
            name = spellings.spelled_like(beside, "refresh_token")
            return self._file.of(text).appended(name, token, beside)
        return text

    def _check_no_file(self, changes: Changes) -> None:
        """Refuse to change a value that is in a file of its own.

        Raises:
            StoreNotWritable: one of them is.
        """
        places = [self._resolved.places.get(key, []) for key in changes]
        name = next((name for paths in places for (name,) in paths if spellings.names_file(name)), None)
        if name:
            raise StoreNotWritable(
                f"New tokens cannot be saved into the file that {name} names. Nothing was sent.",
                cause="such a file is mounted from outside, and is never changed here.",
                next_step="name a file for the new tokens, in a folder that lasts: --to NAME.json",
            )
