"""Logins on their way: what the authorize page was asked for, and the codes that it gave."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from oint_magics.sandbox.accounts import code as new_code

if TYPE_CHECKING:
    from oint_magics.sandbox.accounts import Person

CODE_LIVES = 30.0


class Request(NamedTuple):
    """What an app asks a person for."""

    client_id: str
    redirect_uri: str
    scope: str
    state: str
    challenge: str
    method: str


class Code(NamedTuple):
    """What an authorization code stands for."""

    request: Request
    person: Person
    at: float

    def is_proved_by(self, verifier: str) -> bool:
        """Tell whether a verifier belongs to the challenge of this code's login (RFC 7636 §4.6)."""
        if self.request.method.lower() == "s256":
            digest = hashlib.sha256(verifier.encode("utf-8", "surrogatepass")).digest()
            verifier = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        return hmac.compare_digest(
            *(each.encode("utf-8", "surrogatepass") for each in (verifier, self.request.challenge))
        )


class Logins:
    """All logins that have begun and did not end.

    Attributes:
        code_lives: how long a code can be redeemed, in seconds.
    """

    def __init__(self) -> None:
        self.code_lives = CODE_LIVES
        self._requests: dict[str, Request] = {}
        self._codes: dict[str, Code] = {}
        self._lock = threading.Lock()

    def begin(self, request: Request) -> str:
        """Remember a request, and return the ticket that its page answers with."""
        ticket = secrets.token_urlsafe(16)
        with self._lock:
            self._requests[ticket] = request
        return ticket

    def decide(self, ticket: str, person: Person | None) -> str | None:
        """Return the address to go back to, with a code or, where nobody approved, without.

        Args:
            ticket: the page's.
            person: who approved, or `None`.
        """
        with self._lock:
            request = self._requests.pop(ticket, None)
            if request is None:
                return None
            answer = {"state": request.state, "error": "access_denied"}
            if person:
                code = new_code()
                self._codes[code] = Code(request, person, time.time())
                answer = {"state": request.state, "code": code}
        return request.redirect_uri + ("&" if "?" in request.redirect_uri else "?") + urlencode(answer)

    def redeem(self, code: str) -> Code | None:
        """Return what a code stands for, once and while it lives."""
        with self._lock:
            found = self._codes.pop(code, None)
        return found if found and time.time() - found.at < self.code_lives else None
