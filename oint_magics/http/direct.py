"""Sends a token request over our own socket, when no proxy is set.

It is one small write and one answer, whose bytes are recorded before they are read. Tools that trace or replace the
connections of urllib3 or http.client (a debug level, sentry, OpenTelemetry) do not see it, and neither library has to
be imported.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from oint_magics.http import environment, recorders

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from oint_magics.http.deadline import Deadline
    from oint_magics.http.watch import Watch

_LONGEST_CONNECT = 10.0
# Characters that a path and a query may have (RFC 3986 §3.3, §3.4), and escapes.
_SAFE = "%/?:@!$&'()*+,;=~"
PORTS = {"https": 443, "http": 80}


def send(url: str, headers: Mapping[str, str], body: str, watch: Watch) -> None:
    """Send a POST request and take its answer.

    Args:
        url: the token endpoint.
        headers: the request's, as they are sent; those of the connection are added.
        body: the form.
        watch: the request's time; gets the answer.

    Raises:
        OSError: no connection could be made, or the sending failed; `watch.connected` tells.
        SettingError: the environment's CA bundle cannot be used.
        NotSent: another library answers for the connections of this process.
        OintError: what the recorder's check raises.
    """
    recorders.check_none()
    address = urlsplit(url)
    bundle = environment.bundle(url) if address.scheme == "https" else None
    host = ascii_host(address.hostname or "")
    data = _message(target(url), authority(host, address.port, address.scheme), headers, body.encode())
    connection = connected(host, address.port or PORTS[address.scheme], watch)
    try:
        watch.guard(connection)
        if bundle is not None:
            connection = encrypted(connection, host, bundle)
        watch.allow()
        connection.settimeout(watch.wait)
        connection.sendall(data)
        watch.take(connection)
    finally:
        connection.close()


def _message(path: str, authority: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Return the request's bytes (RFC 9112)."""
    lines = {"Host": authority, **headers, "Content-Length": str(len(body)), "Connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body


def target(url: str) -> str:
    """Return what the first line of a request names (RFC 9112 §3.2.1): an address's path and query."""
    return f"/{quote(url.split('/', 3)[3], safe=_SAFE)}" if url.count("/") > 2 else "/"


def authority(host: str, port: int | None, scheme: str) -> str:
    """Return what the `Host` header says (RFC 9110 §7.2)."""
    name = f"[{host}]" if ":" in host else host
    return name if port in (None, PORTS[scheme]) else f"{name}:{port}"


def ascii_host(host: str) -> str:
    """Return a host's name as name services take it; the codec for other alphabets is slow to import."""
    return host if host.isascii() else host.encode("idna").decode()


def connected(host: str, port: int, deadline: Deadline) -> socket.socket:
    """Return a connection to the first address of a host that answers; each address gets its share of the time.

    Raises:
        OSError: none answers.
    """
    addresses = socket.getaddrinfo(host.encode(), port, type=socket.SOCK_STREAM)
    raised: OSError | None = None
    for number, (family, kind, protocol, _, address) in enumerate(addresses):
        if deadline.is_over:
            break
        connection = None
        try:
            connection = socket.socket(family, kind, protocol)  # Where IPv6 is off, that alone fails.
            connection.settimeout(min(_LONGEST_CONNECT, deadline.wait / (len(addresses) - number)))
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            raised = error
            if connection is not None:
                connection.close()
        else:
            connection.settimeout(deadline.wait)
            return connection
    raise raised or TimeoutError


def encrypted(connection: socket.socket, host: str, bundle: Path) -> socket.socket:
    """Return the connection with TLS; the certificate is verified with a CA bundle, a file or a folder."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(**{"capath" if bundle.is_dir() else "cafile": str(bundle)})
    context.set_alpn_protocols(["http/1.1"])
    return context.wrap_socket(connection, server_hostname=host)
