"""A call of the API as it comes in, and what of the server's memory it may touch."""

from __future__ import annotations

import base64
import binascii
import json
from email.parser import BytesParser
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import threading

    from oint_magics.sandbox.accounts import Accounts, Person
    from oint_magics.sandbox.bills import Bills
    from oint_magics.sandbox.clock import Clock
    from oint_magics.sandbox.faults import Faults
    from oint_magics.sandbox.limits import Limits
    from oint_magics.sandbox.logins import Logins
    from oint_magics.sandbox.media import Media
    from oint_magics.sandbox.posts import Posts


class Memory(NamedTuple):
    """What the server remembers."""

    clock: Clock
    accounts: Accounts
    logins: Logins
    limits: Limits
    faults: Faults
    posts: Posts
    media: Media
    bills: Bills
    plan: str
    lock: threading.RLock


class Call(NamedTuple):
    """One call.

    Attributes:
        method: GET, POST or DELETE.
        path: its path, from `/2/` on.
        query: its parameters, the last of each name.
        authorization: the `Authorization` header, or `None`.
        content_type: the body's.
        body: the body.
        person: who calls; set when the token was looked up.
        parts: the words of the path that its endpoint leaves open.
    """

    method: str
    path: str
    query: dict[str, str]
    authorization: str | None = None
    content_type: str = ""
    body: bytes = b""
    person: Person | None = None
    parts: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        """The number of who calls; blank for an app's own token."""
        return self.person.number if self.person else ""

    def document(self) -> dict[str, Any] | None:
        """Return the JSON object in the body, or `None`."""
        try:
            found = json.loads(self.body or b"{}")
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def form(self) -> dict[str, bytes] | None:
        """Return the fields of a multipart body, or of a JSON one whose `media` is base64; `None` for neither."""
        kind = self.content_type.lower()
        if kind.startswith("application/json"):
            return _of_json(self.document())
        if not kind.startswith("multipart/form-data"):
            return None
        head = f"Content-Type: {self.content_type}\r\n\r\n".encode("latin-1", "replace")
        message = BytesParser().parsebytes(head + self.body)
        found: dict[str, bytes] = {}
        for part in message.get_payload() if message.is_multipart() else []:
            name = part.get_param("name", header="Content-Disposition")  # type: ignore[union-attr]  # a message's part
            if isinstance(name, str):
                found[name] = part.get_payload(decode=True)  # type: ignore[union-attr, assignment]
        return found


def _of_json(document: dict[str, Any] | None) -> dict[str, bytes] | None:
    if document is None:
        return None
    found = {key: str(value).encode("utf-8", "surrogatepass") for key, value in document.items()}
    try:
        return found | {"media": base64.b64decode(found.get("media", b""), validate=True)}
    except binascii.Error:
        return None
