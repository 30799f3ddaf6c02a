"""`python -m oint_magics.sandbox`: the sandbox as a process of its own, until its input ends."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from oint_magics.sandbox import Sandbox


def main() -> None:
    """Start it, write `sandbox-auth.json` into this folder, and say where both are."""
    argparse.ArgumentParser(
        prog="python -m oint_magics.sandbox",
        description="Run a server like X on this machine, to practise without an account. It writes fresh tokens into "
        "sandbox-auth.json in the current folder, and runs until its input ends (Ctrl-D) or it is stopped.",
    ).parse_args()
    sandbox = Sandbox()
    path = sandbox.write_auth(Path.cwd())
    print(f"sandbox at {sandbox.url}, its auth in {path.name}; it ends with Ctrl-D", flush=True)  # noqa: T201
    sys.stdin.read()
    sandbox.stop()


if __name__ == "__main__":
    main()
