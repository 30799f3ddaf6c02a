"""A port that nobody has."""

import socket


def free_port():
    """Return the number of a port of 127.0.0.1 that was free just now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]
