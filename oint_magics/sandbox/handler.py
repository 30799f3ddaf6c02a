"""One connection: requests as HTTP brings them, and the part of the sandbox that answers each."""

from __future__ import annotations

import re
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from oint_magics.sandbox import answers, api, authorize_page, bodies, forms, front_page, token_endpoint
from oint_magics.sandbox.calls import Call, Memory

if TYPE_CHECKING:
    from oint_magics.sandbox.answers import Reply

# OAuth's paths, and the methods that each takes; every other path is the API's.
_OAUTH = {
    "/i/oauth2/authorize": ["GET", "POST"],
    "/2/oauth2/token": ["POST"],
    "/2/oauth2/revoke": ["POST"],
    "/oauth2/token": ["POST"],
}
_LONGEST_FORM = 64 * 1024
# More than any segment of an upload that the API takes.
_LONGEST_BODY = 8 * 1024 * 1024
# A page of another site that has its name point at this machine sends that name.
_HOST = re.compile(r"(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?", re.IGNORECASE)


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection; a subclass sets the memory."""

    memory: Memory
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def _respond(self) -> None:
        path, _, query = self.path.partition("?")
        try:
            body = bodies.read(self.rfile, self.headers, _LONGEST_FORM if path in _OAUTH else _LONGEST_BODY)
        except (bodies.TooLarge, ValueError) as error:
            self.close_connection = True  # What was not read would be taken for the next request.
            self._send(answers.too_large() if isinstance(error, bodies.TooLarge) else answers.bad_request())
            return
        if not _HOST.fullmatch(self.headers.get("Host", "")):
            self._send(answers.other_host())
        elif path == "/":
            self._send(self._front())
        elif path not in _OAUTH:
            kind = self.headers.get("Content-Type") or ""
            token = self.headers.get("Authorization")
            call = Call(self.command, path, forms.last_of_each(query, has_blank=True), token, kind, body)
            self._send(api.answer(self.memory, call))
        elif self.command not in _OAUTH[path]:
            self._send(answers.other_method(_OAUTH[path]))
        else:
            self._send(self._oauth(path, query, body))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = _respond  # noqa: N815 - the library's names

    def _front(self) -> Reply:
        if self.command not in ("GET", "HEAD"):
            return answers.other_method(["GET", "HEAD"])
        return front_page.page(f"http://127.0.0.1:{self.connection.getsockname()[1]}", self.memory.accounts)

    def _oauth(self, path: str, query: str, body: bytes) -> Reply | None:
        memory = self.memory
        if self.command == "GET":
            return authorize_page.show(memory.accounts, memory.logins, query)
        form = forms.read(body, self.headers.get("Content-Type") or "", self.headers.get("Authorization"))
        if path == "/2/oauth2/token":
            return token_endpoint.exchange(memory.accounts, memory.logins, memory.faults, form)
        if path == "/2/oauth2/revoke":
            return token_endpoint.revoke(memory.accounts, form)
        if path == "/oauth2/token":
            return token_endpoint.app_only(memory.accounts, form)
        return authorize_page.decide(memory.logins, form.fields)

    def _send(self, reply: Reply | None) -> None:
        """Send an answer; for `None`, close the connection without one."""
        if reply is None:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in (("Content-Type", reply.content_type), *reply.headers):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return a moment as headers have it, by the sandbox's clock."""
        return super().date_time_string(self.memory.clock.now() if timestamp is None else timestamp)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer malformed requests and unknown methods in JSON too."""
        self.close_connection = True
        self.request_version = self.protocol_version  # An answer to HTTP/0.9 would have no status.
        self._send(answers.no_such_method() if code == 501 else answers.bad_request())

    def log_message(self, *_: Any) -> None:
        """Log nothing: a log line would be one more place for a secret."""
