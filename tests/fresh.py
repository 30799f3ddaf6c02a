"""Environments that nobody has used before: what is not declared is not there."""

import os
import subprocess
import sys
from pathlib import Path

# The user's own, with pip's cache and settings; a test has none. Without what would lead to other packages.
OURS = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def run(command, *, env, **options):
    """Run a command and return what it says; an assertion shows what it said, if it fails."""
    done = subprocess.run(command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


class Environment:
    """A virtual environment that nobody has used before."""

    def __init__(self, folder, python):
        run([python, "-m", "venv", "--without-pip", folder], env=OURS)
        self.added = set()
        self.python = str(folder / "bin" / "python")

    def pip(self, *words):
        """Give words to our pip, for this environment."""
        return run([*PIP, "--python", self.python, *words], env=OURS)

    def run(self, *words, given=""):
        """Give words to its Python, in the test's own home and without what would lead to other packages."""
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUPYTER", "VIRTUAL"))
        }
        path = f"{Path(self.python).parent}{os.pathsep}{env['PATH']}"
        return run([self.python, *words], env=env | {"PATH": path, "TERM": "dumb"}, input=given)
