"""A server of ten lines that answers what no HTTP library would: cut, dripping, endless."""

import contextlib
import socket
import ssl
import threading
import time


class RawServer:
    """Accepts connections, reads each request, and hands the socket to a behaviour.

    Args:
        behaviour: what it does with a connection.
        files: a certificate and its key, for TLS; `None` for none.
        host: the address that it listens at.

    Attributes:
        requests: what came in, one entry a connection.
    """

    def __init__(self, behaviour, files=None, host="127.0.0.1"):
        self.requests = []
        self._behaviour = behaviour
        self._open = set()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if files else None
        if files:
            self._tls.load_cert_chain(*files)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, 0), family=family)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http{'s' if files else ''}://{shown}:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._socket.accept()[0],), daemon=True).start()

    def _serve(self, connection):
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            stack.callback(connection.close)
            self._open.add(connection)
            stack.callback(self._open.discard, connection)
            connection = (
                stack.enter_context(self._tls.wrap_socket(connection, server_side=True)) if self._tls else connection
            )
            request = b""
            while b"\r\n\r\n" not in request:
                request += _part(connection)
            head, _, body = request.partition(b"\r\n\r\n")
            length = next(
                (int(x.split(b":")[1]) for x in head.lower().split(b"\r\n") if x.startswith(b"content-length")), 0
            )
            while len(body) < length:
                body += _part(connection)
            self.requests.append(head + b"\r\n\r\n" + body)
            self._behaviour(connection)

    def stop(self):
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        for connection in list(self._open):  # Whoever still listens for an answer knows that none comes.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        self._socket.close()


def _part(connection):
    """Return what comes next; raises where nothing more will, which would be asked for again and again."""
    part = connection.recv(65536)
    if not part:
        raise ConnectionResetError
    return part


def answer(status, body=b"", *headers, length=None):
    """Return a behaviour that sends one answer; `length` overrides the true one."""
    size = len(body) if length is None else length
    # It closes each connection, so nobody may count on it.
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {size}", "Connection: close", *headers]
    return lambda connection: connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def drip(at_once, slowly, pause=0.1):
    """Return a behaviour that sends a part at once, and then byte after byte."""

    def behaviour(connection):
        connection.sendall(at_once)
        for n in range(len(slowly)):
            connection.sendall(slowly[n : n + 1])
            time.sleep(pause)

    return behaviour
