"""`python -m oint_magics.sandbox`: the sandbox as a separate process, for any client in any language."""

from __future__ import annotations

import argparse
import json
import os
import socket
import stat
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

from oint_magics.sandbox import Sandbox, catalogue, front_page


def main() -> None:
    """Start it, write `sandbox-auth.json` into this folder, and print what a client needs.

    Raises:
        SystemExit: it cannot be started, and why.
    """
    parser = argparse.ArgumentParser(
        prog="python -m oint_magics.sandbox",
        description="Run a server like X on this machine, to practise without an account. It writes fresh tokens into "
        f"{front_page.AUTH_FILE} in the current folder, and runs until Ctrl-C.",
    )
    parser.add_argument("--port", type=_port, default=0, help="the port to listen on; without it, a free one")
    parser.add_argument("--clock", default="now", help="its time, in UTC, as 2026-11-01T09:00Z; without it, now")
    words = parser.parse_args()
    other = _running_one(Path(front_page.AUTH_FILE))
    if other:
        sys.exit(f"The sandbox was not started: {front_page.AUTH_FILE} here belongs to the one that runs at {other}.")
    try:
        sandbox = Sandbox(port=words.port)
    except OSError as error:
        sys.exit(f"The sandbox was not started: port {words.port} cannot be used ({error.strerror}). Name another one.")
    try:
        sandbox.clock.set(words.clock)
        path = sandbox.write_auth(Path.cwd(), " ".join(sorted(catalogue.scopes() | {"offline.access"})))
    except ValueError:
        parser.error("--clock takes a time in UTC from 2011 to 2099, as 2026-11-01T09:00Z")
    except FileExistsError:
        sys.exit(
            f"The sandbox was not started: {front_page.AUTH_FILE} in this folder was not made by a sandbox. "
            "It was left as it is. Change to another folder."
        )
    except OSError as error:
        sys.exit(
            f"The sandbox was not started: this folder cannot be written ({error.strerror}). Change to another one."
        )
    auth = json.loads(path.read_bytes())
    try:
        print(front_page.text(auth, sandbox.keys(auth["client_id"]), sandbox.app(is_public=True)), flush=True)  # noqa: T201
        _wait()
    except (KeyboardInterrupt, OSError):
        pass
    finally:
        sandbox.stop()


def _wait() -> None:
    """Wait until the program at the other end of the input ends; otherwise until a signal.

    A terminal is not read: who reads it in the background is stopped by the system.
    """
    kind = os.fstat(sys.stdin.fileno()).st_mode if sys.stdin else 0
    if stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind):
        while sys.stdin.buffer.read(4096):
            pass
    else:
        threading.Event().wait()


def _running_one(path: Path) -> str | None:
    """Return the address of the sandbox that has written a file and still runs, or `None`."""
    try:
        address = str(json.loads(path.read_bytes())["sandbox"]) if path.is_file() else ""
        parts = urlsplit(address)
        if parts.hostname != "127.0.0.1":  # The file may name any host: no other one is asked.
            return None
        with socket.create_connection((parts.hostname, parts.port or 0), timeout=1):
            return address
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**16):
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)


if __name__ == "__main__":
    main()
