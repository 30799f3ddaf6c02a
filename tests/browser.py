"""The browser that the tests drive: the one that is there, else one that can be had.

`python tests/browser.py` makes sure that there is one, or names the command that brings it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find():
    """Return the browser's path, or `None`."""
    named = os.environ.get("CHROMIUM")
    found = [named] if named else [shutil.which(name) for name in NAMES]
    own = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "")) if "PLAYWRIGHT_BROWSERS_PATH" in os.environ else None
    if own and own.is_dir():
        found += [str(path) for path in own.glob("chromium-*/chrome-linux*/chrome")]
    return next((path for path in found if path and Path(path).exists()), None)


def bring():
    """Try to get one: playwright's own into `.venv`, else, as root in CI, Debian's package."""
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if find() is None and os.environ.get("CI") and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=False, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    if find() is None:
        bring()
    if find() is None:
        sys.exit("No browser for the tests. Install one (Debian: apt-get install chromium), or name it: CHROMIUM=/path")
    print(f"browser: {find()}")
