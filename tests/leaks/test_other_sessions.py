"""Whole sessions without a page, searched: every path, every surface."""

import pytest

from leaks.__main__ import leaks


@pytest.mark.parametrize("name", ["nbclient", "terminal"])
def test_no_secret_is_left_and_every_planted_one_is_found(name):
    assert leaks(name) == []
