"""The form for an auth structure: pasted, uploaded or filled in, refreshed, kept; then the table in its place."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from oint_magics.auth.json_text import read_object
from oint_magics.auth.structure import KEYS
from oint_magics.auth.text_file import decoded
from oint_magics.error_boundary import to_oint_error
from oint_magics.errors import AuthError, AuthFieldError, StoreTaken
from oint_magics.notebook.panel import Panel, front_end
from oint_magics.secret import Secret
from oint_magics.twitter import calls

if TYPE_CHECKING:
    from oint_magics.errors import OintError
    from oint_magics.tokens.response import TokenResponse

_PLACE = "profile:default"
_FIELDS = ("client_id", "client_secret", "refresh_token")
_TEXT = "Auth form for X. No form here? %twitter_auth --prompt, or %twitter_refresh --auth auth.json"
_HINT = (
    "No form above? %twitter_auth --prompt asks with hidden input; or name a file: %twitter_refresh --auth auth.json"
)


class AuthForm(Panel):
    """The form for an auth structure; its button refreshes the pair and keeps it."""

    _esm = front_end("form.js")

    def __init__(self) -> None:
        super().__init__(_TEXT, _HINT)
        self._received: dict[str, Secret] = {}
        self._work = threading.Lock()

    def ready(self) -> dict[str, Any]:
        """Return what the front end draws."""
        return {"place": _PLACE}

    def hear(self, kind: str, parts: list[bytes]) -> None:
        """Answer the front end at once; the refresh itself runs beside the kernel's own work."""
        if kind == "submit":
            self.send({"kind": "received"})
            threading.Thread(target=self._submit, args=(parts,), daemon=False).start()

    def _submit(self, parts: list[bytes]) -> None:
        """Take what was sent, refresh it, and show either the table or what is wrong."""
        if not self._work.acquire(blocking=False):
            return  # A second press of the button while the first is at work.
        try:
            self._receive(parts)
            parts.clear()
            self._done(calls.refresh(_merged(self._received), to=_place(self._received)))
        except Exception as error:  # noqa: BLE001 - a traceback would go to every open tab
            self._problem(to_oint_error(error))
        finally:
            self._work.release()

    def _receive(self, parts: list[bytes]) -> None:
        """Keep what was filled in; a field left empty keeps what came before."""
        values = json.loads(parts[0])
        filled = {key: str(values.get(key) or "").strip() for key in ("json", "keep", *_FIELDS)}
        if len(parts) > 1:
            filled["file"] = decoded(parts[1], "the uploaded file").text
        if filled["json"] or "file" in filled:
            self._received.clear()  # A whole structure: nothing of another account's may mix with it.
        self._received |= {key: Secret(text) for key, text in filled.items() if text}

    def _done(self, response: TokenResponse) -> None:
        self._received.clear()
        self.end(response._repr_mimebundle_())

    def _problem(self, error: OintError) -> None:
        received = [key for key in self._received if key != "keep"]
        known = {"text": str(error), "field": _field(error), "received": received, "keys": _keys(self._received)}
        self.send({"kind": "problem", **known})


def show() -> None:
    """Show a new form; the cell is done at once."""
    AuthForm().show()


def _merged(received: dict[str, Secret]) -> dict[str, object]:
    """Return one auth structure: the file's keys, over them the pasted text's, over them the fields."""
    if received.keys() <= {"keep"}:
        raise AuthFieldError("Nothing is filled in.", next_step="paste the auth JSON, upload it, or fill in the fields")
    values: dict[str, object] = {}
    for key in ("file", "json"):
        if key in received:
            values |= read_object(received[key].reveal()).values()
    return values | {key: received[key] for key in _FIELDS if key in received}


def _keys(received: dict[str, Secret]) -> list[str]:
    """Return which of the form's keys have a value by now, wherever it stands."""
    try:
        values = _merged(received)
    except AuthError:
        return []
    return [key for key in _FIELDS if values.get(key)]


def _place(received: dict[str, Secret]) -> str:
    return received["keep"].reveal() if "keep" in received else _PLACE


def _field(error: OintError) -> str | None:
    """Return the form's field that an error speaks of."""
    if isinstance(error, StoreTaken):
        return "keep"
    named = error.what.split(maxsplit=1)[0]
    return named if isinstance(error, AuthError) and named in KEYS else None
