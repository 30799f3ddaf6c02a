"""A listener on this machine that takes one redirect of the browser, and is gone.

It knows addresses, and nothing of what they mean: whoever made it judges what came.
"""

from __future__ import annotations

import errno
import html
import os
import socket
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from oint_magics import process

if TYPE_CHECKING:
    from collections.abc import Callable
    from urllib.parse import SplitResult

_FAMILIES = {
    "127.0.0.1": ((socket.AF_INET, "127.0.0.1"),),
    "::1": ((socket.AF_INET6, "::1"),),
    # A browser may take either; with one of them in other hands, the address could end there.
    "localhost": ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")),
}
_NO_IPV6 = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:32em;margin:3em auto;padding:0 1em}"
)
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}


class Page(NamedTuple):
    """What to tell the browser about an address that came.

    Attributes:
        title: one line.
        text: what to do next.
        then: what to do once the browser has its answer and the listener is gone; `None` to go on listening.
    """

    title: str
    text: str
    then: Callable[[], None] | None = None


class LoopbackServer:
    """Listens at a redirect_uri until an address came that is judged to be the one.

    Args:
        redirect_uri: the registered address; one of `can_listen`.
        handle: is given the query of each address that came to the right place, and returns what to do.

    Raises:
        OSError: the port is taken, or not this user's to open.
    """

    def __init__(self, redirect_uri: str, handle: Callable[[str], Page]) -> None:
        address = urlsplit(redirect_uri)
        self._lock = threading.Lock()
        self._servers: list[_Server] = []
        self._serving: list[_Server] = []
        process.watch(self)
        try:
            _open(self._servers, _Target(self, address, handle))
            for server in self._servers:
                threading.Thread(
                    target=server.serve_forever, args=(0.05,), name="oint_magics login", daemon=True
                ).start()
                self._serving.append(server)
        except BaseException:
            self.close()
            raise

    def after_fork(self) -> None:
        """Close the parent's port here; its threads are not here, and it goes on listening there."""
        self._lock = threading.Lock()
        servers, self._servers, self._serving = self._servers, [], []
        for server in servers:
            server.server_close()

    def close(self) -> bool:
        """Stop listening, and free the port; tell whether it was open until now."""
        with self._lock:
            servers, self._servers = self._servers, []
        for server in servers:
            if server in self._serving:
                server.shutdown()
            server.server_close()
        return bool(servers)


def can_listen(redirect_uri: str) -> bool:
    """Tell whether a browser on this machine would come back to this machine by plain http."""
    try:
        address = urlsplit(redirect_uri)
        return address.scheme == "http" and address.hostname in _FAMILIES and address.port != 0
    except ValueError:
        return False


def _open(servers: list[_Server], target: _Target) -> None:
    """Open a server for each place that the address may mean."""
    for family, host in _FAMILIES[target.address.hostname or ""]:
        try:
            servers.append(_Server(family, (host, target.address.port or 80), target))
        except OSError as error:
            # A machine without IPv6: nobody else can be listening there.
            if not (servers and error.errno in _NO_IPV6):
                raise


class _Target(NamedTuple):
    """What a server is there for."""

    listener: LoopbackServer
    address: SplitResult
    handle: Callable[[str], Page]

    @property
    def path(self) -> str:
        return self.address.path or "/"

    @property
    def hosts(self) -> set[str]:
        """Return the names under which a browser asks that was sent to the address."""
        name = self.address.netloc.lower()
        if (self.address.port or 80) != 80:
            return {name}
        bare = name.removesuffix(":80")
        return {bare, f"{bare}:80"}


class _Server(socketserver.ThreadingMixIn, HTTPServer):
    daemon_threads = True
    block_on_close = False
    # Elsewhere than on POSIX this would let two programs have one port.
    allow_reuse_address = os.name == "posix"

    def __init__(self, family: socket.AddressFamily, place: tuple[str, int], target: _Target) -> None:
        self.address_family = family
        self.target = target
        super().__init__(place, _Handler)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # Not HTTPServer's, which asks a name service for this machine's name.
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a browser that goes away in the middle is none of a user's business."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def do_GET(self) -> None:
        target = self.server.target
        path, _, query = self.path.partition("?")
        # Another name for this machine is another site's page at work (DNS rebinding).
        if self.headers.get("Host", "").lower() not in target.hosts:
            self._send(403, Page("Not here", "This address was not asked for by that name."))
        elif path != target.path:
            self._send(404, Page("Not here", "There is nothing at this address."))
        else:
            self._answer(target.handle(query))

    def _answer(self, page: Page) -> None:
        if page.then is None:
            self._send(400, page)
        elif self.server.target.listener.close():
            try:
                self._send(200, page)
            finally:  # The browser may be gone; what it brought counts all the same.
                page.then()

    def _send(self, status: int, page: Page) -> None:
        body = _page(html.escape(page.title), html.escape(page.text))
        self.send_response(status)
        for name, value in (*_HEADERS.items(), ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        return "oint_magics"

    def log_message(self, *_: object) -> None:
        """Log nothing: a code stands in the address."""


def _page(title: str, text: str) -> bytes:
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1><p>{text}</p></body></html>"
    ).encode()
