"""What comes again is known by its id; what has none is never taken for the same."""

from copy import deepcopy

from hypothesis import given
from hypothesis import strategies as st

from oint_magics.api.repeats import Repeats

OBJECTS = st.lists(st.fixed_dictionaries({}, optional={"id": st.sampled_from(["1", "2", 1, 3, "", None, ["9"], True]),
                                                      "count": st.integers(0, 2)}), max_size=4)  # fmt: skip


def test_a_row_of_an_earlier_page_is_dropped():
    repeats = Repeats()

    assert repeats.new([{"id": "1"}, {"id": 2}]) == [{"id": "1"}, {"id": 2}]
    assert repeats.new([{"id": "2"}, {"id": "3"}]) == [{"id": "3"}]
    assert repeats.pages == 0
    assert repeats.new([{"id": "3"}]) == []
    assert repeats.new([]) == []
    assert repeats.new([{"id": 1}]) == []
    assert repeats.pages == 2
    assert repeats.new([{"id": "4"}]) == [{"id": "4"}]
    assert repeats.pages == 0


def test_what_has_no_id_is_kept():
    """Two equal counts are two hours; only a whole page that comes again is one without anything new."""
    repeats = Repeats()

    assert len(repeats.new([{"tweet_count": 0}, {"tweet_count": 0}])) == 2
    assert len(repeats.new([{"tweet_count": 0}])) == 1
    assert repeats.pages == 0
    for pages in (1, 2, 3):
        assert len(repeats.new([{"tweet_count": 0}])) == 1
        assert repeats.pages == pages


def test_a_copy_goes_its_own_way():
    repeats = Repeats()
    repeats.new([{"id": "1"}])
    other = deepcopy(repeats)

    assert other.new([{"id": "1"}]) == []
    assert other.is_new_token("a")
    assert repeats.pages == 0
    assert repeats.is_new_token("a")
    assert not repeats.is_new_token("a")


@given(st.lists(OBJECTS, max_size=6))
def test_any_pages(pages):
    repeats, ids = Repeats(), set()
    for page in pages:
        kept = repeats.new(page)
        named = [str(each["id"]) for each in page if type(each.get("id")) in (str, int) and each["id"] != ""]
        assert len(page) - len(kept) == sum(name in ids for name in named)
        if set(named) - ids or not page:
            assert repeats.pages == 0 or not page
        ids |= set(named)
