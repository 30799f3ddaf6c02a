"""The wheel, as users install it."""

from pathlib import Path

import pytest
from fresh import OURS, PIP, run

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run([*PIP, "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT], env=OURS)
    (path,) = folder.iterdir()
    return path
