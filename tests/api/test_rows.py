"""Flat rows from X's objects, which pandas and polars take."""

import copy
import json
import pickle

import pandas as pd
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from oint_magics.api.facts import Facts
from oint_magics.api.rows import Rows, flat, rows_of


def test_what_is_nested_gets_a_dotted_name_and_ids_are_text():
    document = {
        "id": 1900000000000000001,
        "text": "a",
        "public_metrics": {"like_count": 3, "more": {"deep": True}},
        "edit_history_tweet_ids": ["1"],
        "entities": {"urls": [{"start": 1, "url": "https://ü"}]},
        "author_id": "7",
        "geo": {},
    }

    assert rows_of([document]) == [
        {
            "id": "1900000000000000001",
            "text": "a",
            "public_metrics.like_count": 3,
            "public_metrics.more.deep": True,
            "edit_history_tweet_ids": ["1"],
            "entities.urls": '[{"start": 1, "url": "https://ü"}]',
            "author_id": "7",
            "geo": "{}",
        }
    ]


def test_all_rows_have_all_keys_in_the_order_in_which_they_came():
    rows = rows_of([{"a": "x"}, {"b": 1, "a": "y"}, {"c": ["z"], "d": True}])

    assert rows == [
        {"a": "x", "b": None, "c": None, "d": None},
        {"a": "y", "b": 1, "c": None, "d": None},
        {"a": None, "b": None, "c": ["z"], "d": True},
    ]
    assert [list(row) for row in rows] == [["a", "b", "c", "d"]] * 3
    assert rows_of([]) == []


def test_a_key_that_comes_late_is_there_from_the_first_row():
    """polars looks at a hundred rows unless it is told to look at all."""
    documents = [{"id": str(n)} | ({"late": "x", "count": n, "words": ["a"]} if n > 150 else {}) for n in range(250)]

    rows = rows_of(documents)

    frame = pl.DataFrame(rows, infer_schema_length=None)
    assert frame["late"].to_list() == [None] * 151 + ["x"] * 99
    assert frame["count"].max() == 249
    assert pd.DataFrame(rows)["count"].sum() == sum(range(151, 250))


def test_rows_are_rows_of_themselves():
    """So that what came before an error can stand before what comes after it."""
    rows = rows_of([{"a": {"b": 1}, "id": 5}, {"c": [{"d": 1}], "e": ["x"]}])

    assert rows_of(rows) == rows


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcd", min_size=1, max_size=2), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(st.lists(st.dictionaries(st.text("abc_id", min_size=1, max_size=3), VALUES, max_size=4), max_size=6))
def test_any_objects_become_rows(documents):
    rows = rows_of(documents)

    assert len(rows) == len(documents)
    assert len({tuple(row) for row in rows}) <= 1
    assert all(not isinstance(value, dict) for row in rows for value in row.values())
    assert rows_of(rows) == rows
    if rows and rows[0]:
        assert len(pd.DataFrame(rows)) == len(rows)


def _one_by_one(document, prefix=""):
    """Return what a row says, made value by value."""
    found = {}
    for key, value in document.items():
        if isinstance(value, dict) and value:
            found |= _one_by_one(value, f"{prefix}{key}.")
        elif isinstance(value, dict) or (isinstance(value, list) and not all(isinstance(each, str) for each in value)):
            found[prefix + key] = json.dumps(value, ensure_ascii=False)
        elif value is not None:
            found[prefix + key] = str(value) if type(value) is int and key.endswith("id") else value
    return found


# Objects of one kind, of several kinds, and with texts that many of them have.
OBJECTS = st.dictionaries(st.text("abc_id", min_size=1, max_size=3), VALUES, max_size=4)
LIKE = st.lists(
    st.fixed_dictionaries({"id": st.integers(0, 9), "lang": st.sampled_from(["en", "de"]), "a": VALUES}), max_size=6
)


@given(
    LIKE | st.lists(OBJECTS, max_size=6) | LIKE.map(lambda each: [{**one, "a": {"x": 1, "y": "en"}} for one in each])
)
def test_rows_by_column_say_what_each_object_says(documents):
    rows = flat(documents)

    assert [{key: value for key, value in row.items() if value is not None} for row in rows] == [
        _one_by_one(document) for document in documents
    ]


def test_a_text_that_many_rows_have_is_kept_once():
    rows = flat([{"id": str(n), "lang": json.loads('"en"'), "words": None} for n in range(9)])

    assert len({id(row["lang"]) for row in rows}) == 1


def test_rows_are_a_list_for_everybody_and_remember_what_x_left_out():
    missing = [{"value": "2", "reason": "not found"}]
    facts = Facts(missing=missing, repeats=4, notes=["a"])
    rows = Rows(rows_of([{"id": "1", "n": 1}, {"id": "3", "n": None}]), facts)

    assert rows == [{"id": "1", "n": 1}, {"id": "3", "n": None}]
    assert json.loads(json.dumps(rows)) == rows
    assert pd.DataFrame(rows).equals(pd.DataFrame(list(rows)))
    assert pl.DataFrame(rows, infer_schema_length=None).rows() == [("1", 1), ("3", None)]
    assert repr(rows) == repr(list(rows))
    assert isinstance(rows[-1], dict)
    for same in (rows[:], pickle.loads(pickle.dumps(rows)), copy.copy(rows), copy.deepcopy(rows), rows[5:]):
        assert type(same) is Rows
        assert (same.missing, same.repeats, same.notes) == (missing, 4, ("a",))
    assert rows[1:] == [{"id": "3", "n": None}]
    assert (Rows().missing, Rows().repeats, Rows().notes) == ([], 0, ())
