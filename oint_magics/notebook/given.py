"""What a person gave the panel: kept as secrets, told as names and states."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from oint_magics.auth import foreign, secret_file
from oint_magics.auth.document import read_document
from oint_magics.auth.structure import LARGEST
from oint_magics.auth.text_file import decoded
from oint_magics.display.times import moment
from oint_magics.errors import (
    AuthFieldError,
    AuthSyntaxError,
    InvalidClient,
    InvalidGrant,
    OintError,
    TokenRefused,
    UnauthorizedClient,
)
from oint_magics.secret import Secret

CALLBACK = "http://127.0.0.1:8080/callback"
FIELDS = ("client_id", "client_secret", "refresh_token", "redirect_uri")
_LABELS = {"client_id": "Client id", "client_secret": "Client secret", "refresh_token": "Refresh token",
           "access_token": "Access token", "redirect_uri": "Callback"}  # fmt: skip
_REFUSED = {InvalidClient: "client_secret", UnauthorizedClient: "client_secret", InvalidGrant: "refresh_token"}
_DOTENV = ".env"
# What may be shown, and may stand in a link: no document, and no answer of X's.
_PLAIN = r"[^\s{}\"'<>\\]{1,400}"
_SHAPES = {
    "client_id": re.compile(_PLAIN),
    "redirect_uri": re.compile(rf"(?!javascript|data|file|ftp)(?!.*[?&](?:code|state)=)[A-Za-z][\w+.-]*://{_PLAIN}"),
}
_ASSIGNED = re.compile(r"\w+\s*=\s*(?=\{)")


class Item(NamedTuple):
    """A line of the checklist.

    Attributes:
        key: the key of the auth structure.
        label: what a person calls it.
        state: "ok", "missing", "none" (and not needed) or "wrong".
        text: what is known of it, in words; never its value.
        is_typed: whether it can be typed.
    """

    key: str
    label: str
    state: str
    text: str
    is_typed: bool


class Given:
    """One account's auth data, as far as it was given; a new text takes the place of everything before.

    Attributes:
        name: what the text is called; blank where none was given.
        count: how many values there are.
        typed: the keys of those that were typed.
    """

    def __init__(self) -> None:
        self.name = ""
        self._document: Secret | None = None
        self._fields: dict[str, Secret] = {}
        self._wrong: dict[str, str] = {}
        self._left_out: frozenset[str] = frozenset()

    def clear(self) -> None:
        """Forget all of it."""
        self.__init__()  # type: ignore[misc]

    def take(self, data: bytes, name: str = "") -> None:
        """Take a pasted text, or a file.

        Args:
            data: its bytes.
            name: the file's name; blank for what was pasted.

        Raises:
            AuthError: it holds no auth data, or several accounts'. What was given before stays.
        """
        if len(data) > LARGEST:
            raise AuthSyntaxError("That is larger than 1 MiB.", next_step="give the auth data alone")
        text = decoded(data, name or "The pasted text").text.strip()
        if text[:1] in ("'", '"') and text[1:].lstrip().startswith("{"):
            text = text.strip("'\"")  # As it stands behind OPI's --auth.
        text = _ASSIGNED.sub("", text, count=1) if _ASSIGNED.match(text) else text
        looks_like_variables = not name and not text.startswith(("{", "[")) and "=" in text
        if not name and not looks_like_variables and text[:1] not in ("{", "[", "/"):
            raise AuthSyntaxError(
                "That is no auth data, so it was not taken.",
                cause="it is neither JSON nor lines of NAME=value.",
                next_step="paste what your file holds, or type the values one by one",
            )
        document = read_document(text, _DOTENV if looks_like_variables else name)
        values = {key: value for key, value in document.values().items() if value not in (None, "")}
        if not values.keys() & {"client_id", "client_secret", "refresh_token"}:
            document.auth()  # It says what it is instead.
        self.clear()
        self._document = Secret(json.dumps(values))
        self.name = name or "pasted text"

    def type(self, key: str, value: str) -> None:
        """Take what was typed into a field; an empty one leaves what was there.

        Raises:
            AuthFieldError: it cannot be right, and is not kept.
        """
        value = value.strip()
        if key not in FIELDS or not value:
            return
        shape = _SHAPES.get(key)
        if shape and not shape.fullmatch(value):
            raise AuthFieldError(
                f"{key} cannot be right, so it was not taken.",
                cause="it holds signs, or is of a kind, that it never has.",
                next_step=f"copy the {'OAuth 2.0 Client ID' if key == 'client_id' else 'callback URL'} "
                "of the app's page at X into this field, and whole auth data into the box",
            )
        self._wrong.clear()
        self._left_out -= {key}
        self._fields[key] = Secret(value)

    def leave_out_tokens(self) -> None:
        """Go on as with an app that has no tokens yet."""
        self._wrong.clear()
        self._fields.pop("refresh_token", None)
        self._left_out = frozenset({"refresh_token", "access_token", "expires_at"})

    def refuse(self, error: OintError) -> str | None:
        """Note what an error says is wrong, and return the key that it speaks of."""
        named = error.what.split(maxsplit=1)[0]
        if named in FIELDS:
            self._wrong[named] = "cannot be right"
            return named
        key = next((key for kind, key in _REFUSED.items() if isinstance(error, kind)), None)
        if isinstance(error, TokenRefused) and "client id" in f"{error.what} {error.cause}".lower():
            key = "client_id"
        if key:
            self._wrong[key] = "refused"
        return key

    def values(self) -> dict[str, object]:
        """Return one auth structure: the text's values, and over them what was typed.

        Raises:
            AuthFieldError: nothing was given.
        """
        found = self._all()
        if not found:
            raise AuthFieldError(
                "Nothing is given yet.", next_step="paste the auth data, drop or choose a file, or type the values"
            )
        return found if found.get("refresh_token") else {"redirect_uri": CALLBACK} | found

    def _all(self) -> dict[str, object]:
        document = json.loads(self._document.reveal()) if self._document else {}
        found = document | {key: value.reveal() for key, value in self._fields.items()}
        return {key: value for key, value in found.items() if key not in self._left_out}

    @property
    def count(self) -> int:
        return len(self._all())

    @property
    def typed(self) -> list[str]:
        return list(self._fields)

    @property
    def action(self) -> str:
        """What can be done with it: "refresh", "login", or nothing yet."""
        found = self._all()
        if not found.get("client_id"):
            return ""
        return "refresh" if found.get("refresh_token") else "login"

    def items(self) -> list[Item]:
        """Return the checklist; empty where nothing was given."""
        found = self._all()
        if not found:
            return []
        items = [
            self._item(found, "client_id", "found", "missing"),
            self._item(found, "client_secret", "confidential app", "none: a public app has none", is_needed=False),
            self._item(found, "refresh_token", "found", "none: X gives it at the login", is_needed=False),
        ]
        if found.get("access_token"):
            items.append(
                Item("access_token", _LABELS["access_token"], "ok", _end(found.get("expires_at")), is_typed=False)
            )
        if self.action == "login":
            there = str(found.get("redirect_uri") or CALLBACK)
            is_right = _SHAPES["redirect_uri"].fullmatch(there) is not None
            shown = Item("redirect_uri", _LABELS["redirect_uri"], "ok", there, is_typed=True)
            items.append(shown if is_right else shown._replace(state="wrong", text="cannot be right"))
        return items

    def _item(self, found: dict[str, object], key: str, there: str, missing: str, *, is_needed: bool = True) -> Item:
        if key in self._wrong:
            return Item(key, _LABELS[key], "wrong", self._wrong[key], is_typed=True)
        if foreign.is_unfilled(str(found.get(key) or "")):
            return Item(key, _LABELS[key], "wrong", "still a placeholder", is_typed=True)
        if secret_file.is_path(str(found.get(key) or ""), is_token=key.endswith("token")):
            return Item(key, _LABELS[key], "wrong", "a path, not the value itself", is_typed=True)
        if found.get(key):
            return Item(key, _LABELS[key], "ok", there, is_typed=True)
        return Item(key, _LABELS[key], "missing" if is_needed else "none", missing, is_typed=True)


def _end(expires_at: object) -> str:
    from oint_magics.auth import expiry

    at = expiry.read(expires_at) if expires_at else None
    return f"ends {moment(at)}" if at else "found"
