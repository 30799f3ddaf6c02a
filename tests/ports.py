"""A port that nobody has."""

import contextlib
import random
import socket


def free_port():
    """Return the number of a port of 127.0.0.1 that is free, and that no outgoing connection gets meanwhile."""
    while True:
        port = random.randrange(10_000, 20_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
