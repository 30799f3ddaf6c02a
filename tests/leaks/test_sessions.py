"""Whole sessions, searched: every path, every surface. `make leaks` has the other two front ends as well."""

import pytest

from leaks.__main__ import leaks


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("jupyterlab", marks=pytest.mark.xdist_group("lab leaks")),
        pytest.param("nbclient", marks=pytest.mark.xdist_group("other leaks")),
        pytest.param("terminal", marks=pytest.mark.xdist_group("other leaks")),
    ],
)
def test_no_secret_is_left_and_every_planted_one_is_found(name):
    assert leaks(name) == []
