"""A whole session without a page, searched: every path, every surface. `make leaks` has nbclient's as well."""

from leaks.__main__ import leaks


def test_no_secret_is_left_and_every_planted_one_is_found():
    assert leaks("terminal") == []
