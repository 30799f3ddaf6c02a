"""`python -m oint_magics.sandbox`: the sandbox as a process of its own, for any client in any language."""

from __future__ import annotations

import argparse
import json
import os
import stat
import sys
import threading
from pathlib import Path

from oint_magics.sandbox import Sandbox, catalogue, front_page


def main() -> None:
    """Start it, write `sandbox-auth.json` into this folder, and print what a client needs.

    Raises:
        SystemExit: it cannot be started, and why.
    """
    parser = argparse.ArgumentParser(
        prog="python -m oint_magics.sandbox",
        description="Run a server like X on this machine, to practise without an account. It writes fresh tokens into "
        f"{front_page.AUTH_FILE} in the current folder, and runs until Ctrl-C, or until its input ends.",
    )
    parser.add_argument("--port", type=_port, default=0, help="the port to listen on; without it, a free one")
    port = parser.parse_args().port
    try:
        sandbox = Sandbox(port=port)
    except OSError as error:
        sys.exit(f"The sandbox was not started: port {port} cannot be used ({error.strerror}). Name another --port.")
    try:
        path = sandbox.write_auth(Path.cwd(), " ".join(sorted(catalogue.scopes() | {"offline.access"})))
    except FileExistsError:
        sys.exit(f"The sandbox was not started: {front_page.AUTH_FILE} here was not made by one. Start it elsewhere.")
    except OSError as error:
        sys.exit(f"The sandbox was not started: this folder cannot be written ({error.strerror}). Start it elsewhere.")
    auth = json.loads(path.read_bytes())
    print(front_page.text(auth, sandbox.keys(auth["client_id"]), sandbox.app(is_public=True)), flush=True)  # noqa: T201
    try:
        _wait()
    except KeyboardInterrupt:
        pass
    finally:
        sandbox.stop()


def _wait() -> None:
    """Wait until the input ends; where there is none, as in a container, until a signal."""
    kind = os.fstat(sys.stdin.fileno()).st_mode if sys.stdin else 0
    if stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind) or (sys.stdin and sys.stdin.isatty()):
        sys.stdin.read()
    else:
        threading.Event().wait()


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**16):
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)


if __name__ == "__main__":
    main()
