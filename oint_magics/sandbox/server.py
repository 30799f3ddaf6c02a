"""The server itself: one address on this machine, one thread, nothing logged."""

from __future__ import annotations

import json
import os
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from oint_magics.sandbox import answers, token_endpoint
from oint_magics.sandbox.accounts import MARK, SCOPE, Accounts
from oint_magics.sandbox.faults import Faults

if TYPE_CHECKING:
    from pathlib import Path

AUTH_FILE = "sandbox-auth.json"
_LONGEST_BODY = 64 * 1024


class Sandbox:
    """A server that speaks X's OAuth 2.0 on 127.0.0.1; it starts at once and ends with the process.

    Args:
        expires_in: how long an access token lives, in seconds.

    Attributes:
        url: its address.
        accounts: its memory.
        faults: what goes wrong on demand.
    """

    def __init__(self, expires_in: int = 7200) -> None:
        self.accounts = Accounts(expires_in)
        self.faults = Faults()
        self._server = _Server(("127.0.0.1", 0), _handler_for(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def issue(self, *, is_public: bool = False, secret: str | None = None) -> dict[str, str]:
        """Return a fresh auth structure: a new app and a first pair.

        Args:
            is_public: an app without a secret.
            secret: a secret of the caller's; `None` for a random one.
        """
        client = self.accounts.add_client(None if is_public else secret or secrets.token_urlsafe(37))
        access_token, refresh_token = self.accounts.log_in(client)
        values = {
            "redirect_uri": "http://127.0.0.1:8080/callback",
            "scope": SCOPE,
            "client_id": client.client_id,
            "client_secret": client.secret or "",
            "access_token": access_token,
            "refresh_token": refresh_token,
            "sandbox": self.url,
        }
        return {key: value for key, value in values.items() if value}

    def write_auth(self, folder: Path) -> Path:
        """Write a fresh auth structure to the folder's `sandbox-auth.json`, and return its path.

        Raises:
            FileExistsError: there is a file of that name which no sandbox made.
            OSError: it cannot be written.
        """
        path = folder / AUTH_FILE
        if path.exists() and not _is_made_here(path):
            raise FileExistsError
        temporary = folder / f".{AUTH_FILE}.{os.getpid()}"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(self.issue(), indent=2) + "\n")
        temporary.replace(path)
        return path

    def stop(self) -> None:
        """Stop it; its tokens end with it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _is_made_here(path: Path) -> bool:
    try:
        return str(json.loads(path.read_bytes())["client_id"]).startswith(MARK)
    except (OSError, ValueError, LookupError, TypeError):
        return False


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away in the middle is none of a user's business."""


def _handler_for(sandbox: Sandbox) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = 60

        def do_POST(self) -> None:
            length = min(int(self.headers.get("Content-Length") or 0), _LONGEST_BODY)
            body = self.rfile.read(length).decode(errors="replace")
            if self.path.partition("?")[0] != "/2/oauth2/token":
                self._send(answers.not_found())
                return
            authorization = self.headers.get("Authorization")
            self._send(token_endpoint.exchange(sandbox.accounts, sandbox.faults, authorization, body))

        def do_GET(self) -> None:
            if self.path.partition("?")[0] != "/2/users/me":
                self._send(answers.not_found())
                return
            scheme, _, token = (self.headers.get("Authorization") or "").partition(" ")
            is_good = scheme.lower() == "bearer" and sandbox.accounts.is_good(token)
            self._send(answers.user("2244994945", "sandbox", "Sandbox User") if is_good else answers.unauthorized())

        def _send(self, reply: answers.Reply | None) -> None:
            if reply is None:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in (("Content-Type", reply.content_type), *reply.headers):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: Any) -> None:
            """Log nothing: a log line would be one more place for a secret."""

    return Handler
