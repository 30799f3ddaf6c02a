"""What every attack meets: a server that ends the family when a token is used twice."""

import pytest


@pytest.fixture
def strict(sandbox):
    sandbox.accounts.punishes_reuse = True
    return sandbox
