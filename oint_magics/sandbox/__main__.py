"""`python -m oint_magics.sandbox`: the sandbox as a process of its own, until its input ends."""

from __future__ import annotations

import sys
from pathlib import Path

from oint_magics.sandbox import Sandbox


def main() -> None:
    """Start it, write `sandbox-auth.json` into this folder, and say where both are."""
    sandbox = Sandbox()
    path = sandbox.write_auth(Path.cwd())
    print(f"sandbox at {sandbox.url}, its auth in {path.name}; it ends with Ctrl-D", flush=True)  # noqa: T201
    sys.stdin.read()
    sandbox.stop()


if __name__ == "__main__":
    main()
