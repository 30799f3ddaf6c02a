"""Cases from the field, one row a test: case, what is given, what came of it before, and what comes of it now."""

import json
from pathlib import Path

import pytest


def row(case, given, before):
    """Mark a test as a row of the table that `pytest tests/field -rP` prints; what it notes is `after`."""
    return pytest.mark.row(case, given, before)


def case(number, given, before, *values):
    """Return a parameter with its row."""
    return pytest.param(*values, marks=row(number, given, before), id=f"{number} {given}")


def is_alive(sandbox, token):
    """Tell whether a server takes an access token."""
    return sandbox.accounts.bearer(token) is not None


def read(name):
    return json.loads(Path(name).read_text(encoding="utf-8-sig"))
