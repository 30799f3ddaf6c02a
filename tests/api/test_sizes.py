"""The size of a page: X's limits for every call, and the fewest rows billed for what is wanted."""

import json
import re
from functools import cache

import openapi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oint_magics.api import catalogue, sizes
from oint_magics.api.request import Request

TWEETS = "/2/users/1/tweets"


# What is no list of a notebook: streams, webhooks, broadcasts.
NONE_OF_OURS = ("activity", "broadcasts", "connections", "stream")


@pytest.mark.skipif(openapi.FOUND is None, reason="X'S CATALOGUE IS NOT HERE: NO SIZE WAS COMPARED WITH IT")
def test_every_call_has_the_sizes_of_the_catalogue():
    calls = json.loads((openapi.FOUND / "shared/facts/x-catalogue.json").read_text("utf-8"))["calls"]
    reads = [call for call in calls if call["method"] == "GET" and not any(w in call["path"] for w in NONE_OF_OURS)]
    for call in reads:
        read = catalogue.at(re.sub(r"\{\w+\}", "123", call["path"]).removeprefix("/2/"))
        given = {each["name"]: each for each in call["params"]}
        wanted = given.get("max_results")
        if wanted:
            assert read.size == (wanted["minimum"], wanted["maximum"]), call["path"]
        if read:
            tokens = set(given) & {"pagination_token", "next_token"}
            assert not tokens or Request(read, read.path, {}).page_token in tokens, call["path"]

    assert len(reads) > 60


@pytest.mark.parametrize(("path", "found"), [
    ("tweets/search/all", (10, 500)), ("tweets/search/recent", (10, 100)), ("tweets/1/retweets", (1, 100)),
    ("dm_events", (1, 100)), ("dm_conversations/with/1/dm_events", (1, 100)), ("users/reposts_of_me", (1, 100)),
    ("users/search", (1, 1000)), ("tweets/1/quote_tweets", (10, 100)), ("users/1/bookmarks/folders/2", (1, 100)),
    ("users/me", None), ("tweets/counts/all", None), ("tweets", None),
])  # fmt: skip
def test_the_limits_of_a_call(path, found):
    assert catalogue.at(path).size == found


def size(path, asked, wanted):
    """Return what a page of a read is asked for."""
    read = catalogue.at(path.removeprefix("/2/"))
    return sizes.size(read and read.size, asked, wanted)


def billed(path, asked, wanted):
    """Return the pages that are asked for, where each comes full."""
    pages = []
    while sum(pages) < wanted:
        pages.append(int(size(path, asked and str(asked), wanted - sum(pages))))
    return pages


@cache
def fewest(wanted, least, most):
    """Return the fewest rows that pages of these sizes bill, by trying all of them."""
    if wanted <= 0:
        return 0
    return min(page + fewest(wanted - page, least, most) for page in range(least, most + 1))


@given(st.integers(1, 90), st.integers(5, 24))
def test_no_other_pages_bill_less(wanted, most):
    pages = billed(TWEETS, most, wanted)

    assert all(5 <= page <= most for page in pages)
    assert sum(pages) == fewest(wanted, 5, most)


ALL = [(*read.size, re.sub(r"\{\w+\}", "1", path)) for path, read in catalogue.reads().items() if read.size]


@given(st.sampled_from(ALL), st.integers(1, 5000))
def test_every_call_bills_what_is_wanted_or_its_smallest_page(call, wanted):
    least, most, path = call
    pages = billed(f"/2/{path}", None, wanted)

    assert all(least <= page <= most for page in pages)
    assert sum(pages) == max(wanted, least)
    assert len(pages) == -(-wanted // most)


@given(st.sampled_from(ALL), st.integers(1, 600), st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_pages_that_are_shorter_than_asked_for_bill_no_more(call, wanted, shares):
    """X's `max_results` is a ceiling: a page may have fewer rows."""
    least, _, path = call
    read = 0
    for share in shares * 40:
        if read >= wanted:
            break
        read += max(1, int(share * int(size(f"/2/{path}", None, wanted - read))))

    assert read < wanted + least


@pytest.mark.parametrize(("asked", "wanted", "found"), [
    (None, None, "100"), ("20", None, "20"), ("20", 7, "7"), ("20", 2, "5"),
    # What X does not take is sent as it is: X says so, and bills nothing.
    ("3", 2, "3"), ("500", 7, "500"), ("x", 7, "x"), ("٣", 7, "٣"), ("", None, ""),
])  # fmt: skip
def test_a_size_of_one_s_own(asked, wanted, found):
    assert size(TWEETS, asked, wanted) == found


def test_a_call_whose_sizes_are_not_known():
    assert size("/2/new/call", None, 7) is None
    assert size("/2/new/call", "50", 7) == "7"
    assert size("/2/new/call", "50", None) == "50"
