"""An X behind TLS, directly or by a proxy, that breaks off in the moment that a test names."""

import contextlib
import json
import socket
import ssl
import struct
import threading
from pathlib import Path

from raw_server import answer
from tls import certificate

USER = b'{"data": {"id": "7", "name": "N", "username": "real"}}'


class CutServer:
    """Answers users/me, posts, deletions and uploads; or breaks off.

    Args:
        host: whose certificate it has.
        is_proxy: whether it is asked for a tunnel first.

    Attributes:
        mode: "good"; or what follows the ClientHello: "fin", "rst", "silent", "plain", "certificate"; or what follows
            the request: "lost".
        requests: the first line of each request that came.
        url: its address.
    """

    def __init__(self, host, *, is_proxy=False):
        self.mode, self.requests, self._is_proxy = "good", [], is_proxy
        self._good = self._context(certificate(host))
        self.bundle = str(Path("cert.pem").rename("good.pem").resolve())
        self._bad = self._context(certificate("example.invalid"))
        self._ended = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        port = self._socket.getsockname()[1]
        self.url = f"http{'' if is_proxy else 's'}://127.0.0.1:{port}"
        threading.Thread(target=self._run, daemon=True).start()

    @staticmethod
    def _context(files):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        return context

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._socket.accept()[0],), daemon=True).start()

    def _serve(self, plain):
        with plain, contextlib.suppress(OSError):
            if self._is_proxy:
                while b"\r\n\r\n" not in plain.recv(65536):
                    pass
                plain.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            if self.mode in ("fin", "rst", "silent", "plain"):
                plain.recv(65536)
                return self._break_off(plain)
            context = self._bad if self.mode == "certificate" else self._good
            with context.wrap_socket(plain, server_side=True) as connection:
                self._answer(connection)
        return None

    def _break_off(self, plain):
        if self.mode == "rst":
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif self.mode == "silent":
            self._ended.wait()
        elif self.mode == "plain":
            plain.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    def _answer(self, connection):
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(65536)
        head, _, body = request.partition(b"\r\n\r\n")
        sizes = (line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        size = int(next(sizes, 0))
        while len(body) < size:
            body += connection.recv(65536)
        line = head.split(b"\r\n")[0].decode()
        self.requests.append(line)
        if self.mode == "lost":
            return
        found = {"id": "1234567890123456789", "text": "Hello"}
        if line.startswith("DELETE"):
            found = {"deleted": True}
        answer("200 OK", USER if "users/me" in line else json.dumps({"data": found}).encode())(connection)

    def made(self, what):
        """Return how many requests of a kind came."""
        return sum(what in line for line in self.requests)

    def stop(self):
        self._ended.set()
        self._socket.close()
