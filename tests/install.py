"""Install into a virtual environment, and say every two seconds what is being done.

`python tests/install.py FOLDER WORD…` makes the environment if it is not there, and gives the words to its pip. The
Makefile runs it with the Python of the machine, so it uses the standard library alone.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PAUSE = 2.0
_LAST_LINES = 30
_STEP = re.compile(r"^\s*(Collecting|Downloading|Using cached|Building wheel for) (\S+)")
# A name ends where a version, a file's ending or a condition begins.
_NAME = re.compile(r"[A-Za-z0-9]+(?:[._-]+[A-Za-z][A-Za-z0-9]*)*")


def short(line):
    """Return what a line of pip's says in a few words, or `None`; never the address of an index."""
    packages = re.match(r"Installing collected packages: (.*)", line)
    if packages:
        return f"unpacking {packages[1].count(',') + 1} package(s)"
    found = _STEP.match(line)
    name = found and _NAME.match(found[2].rsplit("/", 1)[-1])
    return f"{found[1].lower()} {name[0]}" if name else None


def run(doing, command, begun, count=None):
    """Run a command; raises `SystemExit` with its last lines if it fails.

    Args:
        doing: what it does first, in a few words.
        command: its words.
        begun: when the whole began, by the monotonic clock.
        count: returns how many packages are there, while they are unpacked.
    """
    # Each of its lines at once, and none of them in our terminal.
    env = dict(os.environ, PYTHONUNBUFFERED="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
    with tempfile.NamedTemporaryFile() as log, open(log.name, encoding="utf-8", errors="replace") as lines:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=env)
        status = None
        while status is None:
            there = f", {count()} are there" if count and doing.startswith("unpacking") else ""
            print(f"{time.monotonic() - begun:4.0f} s  {doing}{there}", flush=True)
            try:
                status = process.wait(PAUSE)
            except subprocess.TimeoutExpired:
                doing = [doing, *filter(None, map(short, lines))][-1]
        if status:
            lines.seek(0)
            sys.exit("".join(lines.readlines()[-_LAST_LINES:]) + f"This failed: {doing}.")


def main():
    if sys.version_info < (3, 11):  # noqa: UP036 - this is where an older one is found
        sys.exit("This python3 is older than 3.11. Name a newer one: make PYTHON=/path/to/python3 demo")
    folder, *words = sys.argv[1:]
    is_made, begun = Path(folder, "pip"), time.monotonic()
    pip = [str(Path(folder, "bin", "python")), "-m", "pip", "install"]
    print(f"Installing into {folder}, once:", flush=True)
    if not is_made.exists():
        run("making the environment", [sys.executable, "-m", "venv", folder], begun)
        run("updating its pip", [*pip, "--upgrade", "pip"], begun)
        is_made.touch()
    packages = "lib/*/site-packages/*.dist-info"
    run("collecting packages", [*pip, *words], begun, lambda: len([*Path(folder).glob(packages)]))
    print(f"{time.monotonic() - begun:4.0f} s  done", flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
