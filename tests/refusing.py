"""What stands between a client and a PostgreSQL, and refuses the first connections in the words of a pooler."""

import contextlib
import selectors
import socket
import struct
import threading

SSL_REQUEST = 80877103


def _exactly(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def _startup(connection):
    """Return the client's first message, past its question for TLS."""
    while True:
        head = _exactly(connection, 4)
        body = _exactly(connection, struct.unpack("!I", head)[0] - 4)
        if struct.unpack("!I", body[:4])[0] != SSL_REQUEST:
            return head + body
        connection.sendall(b"N")


def _refusal(code, words):
    fields = b"".join(
        f"{kind}{text}\0".encode() for kind, text in (("S", "FATAL"), ("V", "FATAL"), ("C", code), ("M", words))
    )
    return b"E" + struct.pack("!I", len(fields) + 5) + fields + b"\0"


class Refusing:
    """Refuses some connections, one for each entry of a list, and leads the others to the server.

    Args:
        postgres: the server.
        refusals: (SQLSTATE, words) of each.
    """

    def __init__(self, postgres, refusals):
        self._postgres = postgres
        self._refusals = list(refusals)
        self.refused = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()
        self.address = f"postgresql://postgres@127.0.0.1:{self._listener.getsockname()[1]}/postgres"

    def _serve(self):
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._meet, args=(client,), daemon=True).start()

    def _meet(self, client):
        try:
            first = _startup(client)
        except (EOFError, OSError):
            client.close()
            return
        if self._refusals:
            self.refused += 1
            client.sendall(_refusal(*self._refusals.pop(0)))
            client.close()
            return
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(self._postgres.folder / ".s.PGSQL.5432"))
        server.sendall(first)
        with client, server, contextlib.suppress(OSError), selectors.DefaultSelector() as waiting:
            for source, target in ((client, server), (server, client)):
                waiting.register(source, selectors.EVENT_READ, target)
            while True:
                for key, _ in waiting.select():
                    data = key.fileobj.recv(65536)
                    if not data:
                        return
                    key.data.sendall(data)

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
