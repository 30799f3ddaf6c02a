"""An account of the sandbox that posts, and a picture."""

from pathlib import Path

import pytest
from posts_material import png


@pytest.fixture
def auth(auth_file):
    """The file of an account of the sandbox."""
    return auth_file()


@pytest.fixture
def picture():
    Path("picture.png").write_bytes(png())
    return "picture.png"
