"""Mounts of one's own, as far as the machine lets us make them."""

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from patience import LONG


def can_mount():
    words = ["unshare", "-rm", "true"]
    return sys.platform == "linux" and shutil.which("unshare") and subprocess.run(words).returncode == 0


needed = pytest.mark.skipif(not can_mount(), reason="SKIPPED: no mounts of one's own here, mounted files are not tried")


def mounted(script, code, source):
    """Run code in a mount namespace of its own, after a shell script has made the mounts; return what it said.

    Args:
        script: makes the mounts.
        code: Python, which gets the source as its argument.
        source: the file to refresh.
    """
    Path("code.py").write_text(code)
    words = [
        "unshare",
        "-rm",
        "sh",
        "-ec",
        f'{textwrap.dedent(script)}\nexec "$0" code.py "$1"',
        sys.executable,
        source,
    ]
    done = subprocess.run(words, capture_output=True, text=True, timeout=LONG)
    return done.stdout + done.stderr
