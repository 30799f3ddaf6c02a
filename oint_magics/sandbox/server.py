"""The server itself: one address on this machine, one thread, nothing logged."""

from __future__ import annotations

import contextlib
import json
import os
import random
import secrets
import socket
import tempfile
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from oint_magics.sandbox import authorize_page
from oint_magics.sandbox.accounts import MARK, PEOPLE, SCOPE, Accounts
from oint_magics.sandbox.bills import Bills
from oint_magics.sandbox.calls import Memory
from oint_magics.sandbox.clock import Clock
from oint_magics.sandbox.faults import Faults
from oint_magics.sandbox.front_page import AUTH_FILE
from oint_magics.sandbox.handler import Handler
from oint_magics.sandbox.limits import Limits
from oint_magics.sandbox.logins import Logins
from oint_magics.sandbox.media import Media
from oint_magics.sandbox.posts import Posts

if TYPE_CHECKING:
    from oint_magics.sandbox.accounts import Client, Pair


class Sandbox:
    """A server that speaks X's OAuth 2.0 and a part of its API on 127.0.0.1; it ends with the process.

    Args:
        expires_in: how long an access token lives, in seconds.
        plan: "self-serve", or "enterprise", which may like, follow and quote.
        seed: the same town for the same number.
        port: the port that it listens on; 0 for a free one.

    Raises:
        OSError: the port is in use.

    Attributes:
        url: its address.
        clock: what time it is here.
        callback: its apps' redirect_uri, on a port that was free when it began.
        accounts: its memory.
        logins: the logins that are on their way.
        limits: how many calls the API takes.
        faults: what goes wrong on demand.
        posts: the posts, and how often each was read.
        media: what was uploaded.
        bills: what the calls would cost at X.
        memory: all of these, as what answers a request is given them.
    """

    def __init__(self, expires_in: int = 7200, *, plan: str = "self-serve", seed: int = 7, port: int = 0) -> None:
        self.clock = Clock()
        self.accounts = Accounts(expires_in, self.clock.now)
        self.logins = Logins()
        self.limits = Limits(self.clock.now)
        self.faults = Faults()
        self.posts = Posts(self.clock, seed)
        self.media = Media()
        self.bills = Bills()
        self.memory = Memory(self.clock, self.accounts, self.logins, self.limits, self.faults, self.posts, self.media,
                             self.bills, plan, threading.RLock())  # fmt: skip
        self._server = _Server(("127.0.0.1", port), type("OfThisSandbox", (Handler,), {"memory": self.memory}))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.callback = f"http://127.0.0.1:{_free_port()}/callback"

    def app(self, *, is_public: bool = False, secret: str | None = None, callback: str | None = None) -> dict[str, str]:
        """Return the auth structure of a new app that nobody has logged in with.

        Args:
            is_public: an app without a secret.
            secret: a secret of the caller's; `None` for a random one.
            callback: where the authorize page sends the browser back to; `None` for `self.callback`.
        """
        return self._structure(self._client(is_public, secret, callback))

    def issue(
        self, *, is_public: bool = False, secret: str | None = None, callback: str | None = None, scope: str = SCOPE
    ) -> dict[str, str]:
        """Return a fresh auth structure: a new app as `app` makes it, and a first pair with some scopes."""
        client = self._client(is_public, secret, callback)
        return self._structure(client, self.accounts.log_in(client, scope=scope))

    def keys(self, client_id: str) -> dict[str, str]:
        """Return the API key and API key secret of an app, with which it asks for a token of its own.

        Raises:
            LookupError: there is no such app.
        """
        client = self.accounts.client(client_id)
        if client is None:
            raise LookupError("no such app")
        return {"api_key": client.api_key, "api_key_secret": client.api_secret, "sandbox": self.url}

    def _client(self, is_public: bool, secret: str | None, callback: str | None) -> Client:  # noqa: FBT001 - from above
        kept = None if is_public else secret or secrets.token_urlsafe(37)
        return self.accounts.add_client(kept, callback or self.callback)

    def _structure(self, client: Client, pair: Pair | None = None) -> dict[str, str]:
        values = {
            "redirect_uri": client.callback,
            "scope": pair and pair.scope,
            "client_id": client.client_id,
            "client_secret": client.secret,
            "access_token": pair and pair.access_token,
            "refresh_token": pair and pair.refresh_token,
            "sandbox": self.url,
        }
        return {key: value for key, value in values.items() if value}

    def approve(self, link: str, *, answer: str = "approve", person: str = PEOPLE[0].number) -> str:
        """Answer the authorize page as a person does, and return the address to which the browser is sent back.

        Args:
            link: the link that an app made.
            answer: "approve" or "deny".
            person: the number of who is logged in.

        Raises:
            ValueError: the page shows that something is wrong with the link.
        """
        ticket = authorize_page.ticket_of(authorize_page.show(self.accounts, self.logins, urlsplit(link).query))
        reply = authorize_page.decide(self.logins, {"ticket": ticket, "answer": answer, "person": person})
        return dict(reply.headers)["Location"]

    def write_auth(self, folder: Path, scope: str = SCOPE) -> Path:
        """Write a fresh auth structure, with some scopes, to the folder's `sandbox-auth.json`, and return its path.

        Raises:
            FileExistsError: there is a file of that name which no sandbox made.
            OSError: it cannot be written.
        """
        path = folder / AUTH_FILE
        if path.exists() and not _is_made_here(path):
            raise FileExistsError
        # A name that nobody can know before: what was planted under it would be written through.
        descriptor, temporary = tempfile.mkstemp(prefix=f".{AUTH_FILE}.", dir=folder)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(json.dumps(self.issue(scope=scope), indent=2) + "\n")
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise
        return path

    def stop(self) -> None:
        """Stop it; its tokens end with it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _free_port() -> int:
    """Return a free port: a fixed one may be in use by another sandbox or program.

    Not one of those that systems give to outgoing connections: it is opened when somebody logs in.
    """
    while True:
        port = random.randrange(20_000, 32_000)  # noqa: S311 - no secret
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def _is_made_here(path: Path) -> bool:
    try:
        return path.is_file() and str(json.loads(path.read_bytes())["client_id"]).startswith(MARK)
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return False


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away in the middle is none of a user's business."""
