"""What an attack found, one row a test: point, what is given, what came of it before, and what comes of it now."""

import json
from pathlib import Path

import pytest


def row(point, given, before):
    """Mark a test as a row of the table that `pytest tests/attacks -rP` prints; what it returns is `after`."""
    return pytest.mark.row(point, given, before)


def pair(name="auth.json"):
    """Return what a file holds."""
    return json.loads(Path(name).read_text())
