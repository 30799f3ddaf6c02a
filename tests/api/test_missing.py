"""What X left out, for programs and in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oint_magics.api.missing import in_words, is_refusal, missing_of

TYPE = "https://api.x.com/2/problems/"


def error(kind, **more):
    return {"type": TYPE + kind, "title": "T", "detail": "D"} | more


def test_each_entry_has_the_same_keys():
    one, other = missing_of({"errors": [error("resource-not-found", value="2", parameter="ids"), error("resource-unavailable", resource_id="3"), "x"]})  # fmt: skip

    assert one == {
        "value": "2", "reason": "not found", "parameter": "ids", "resource_type": None, "field": None,
        "title": "T", "detail": "D", "type": TYPE + "resource-not-found",
    }  # fmt: skip
    assert other["value"] == "3"
    assert other["reason"] == "not available"
    assert list(one) == list(other)


@pytest.mark.parametrize(("asked", "errors", "rows", "said"), [
    ({"ids": "1,2,3,4"}, [error("resource-not-found", value="2", parameter="ids"), error("not-authorized-for-resource", value="4", parameter="ids")],
     2, ["2 of 4: not found 2, not authorized 4"]),
    ({"usernames": "a, b"}, [error("resource-not-found", value="b", parameter="usernames")], 1, ["1 of 2: not found b"]),
    ({"ids": "1,2"}, [error("disallowed-resource", resource_id="2")], 1, ["1 of 2: not allowed 2"]),
    ({"ids": ",".join(map(str, range(9)))}, [error("resource-not-found", value=str(n), parameter="ids") for n in range(8)],
     1, ["1 of 9: not found 0, 1, 2, 3, 4 and 3 more"]),
    ({"query": "a"}, [error("resource-not-found", value="7", parameter="referenced_tweets.id")] * 2, 10, ["X left out: not found 7"]),
    ({"ids": "1"}, [error("not-authorized-for-field", value="1", parameter="ids", field="non_public_metrics")], 1,
     ["X left out fields: not authorized non_public_metrics"]),
    ({"ids": "1,2"}, [error("never-heard-of", value="2", parameter="ids", title="Odd Error")], 1, ["1 of 2: odd error 2"]),
    ({}, [], 3, []),
])  # fmt: skip
def test_in_words(asked, errors, rows, said):
    assert in_words(missing_of({"errors": errors}), asked, rows) == said


@pytest.mark.parametrize("value", ["a token of forty characters", "x" * 40, "<b>", "\x1b[31m", "\u202e", "", None])
def test_no_value_is_shown_that_is_no_id(value):
    (said,) = in_words(
        missing_of({"errors": [error("resource-not-found", value=value, parameter="ids")]}), {"ids": "1"}, 0
    )

    assert said == "0 of 1: not found …"


@pytest.mark.parametrize(("document", "asked", "is_it"), [
    (None, {}, False),
    ({}, {}, False),
    ({"data": [], "errors": [error("resource-not-found")]}, {}, False),
    ({"errors": []}, {}, False),
    ({"errors": "no"}, {}, True),
    ({"errors": [{"message": "Rate limit exceeded", "code": 88}]}, {"ids": "1"}, True),
    ({"errors": [error("resource-not-found", parameter="id", value="1")]}, {}, True),
    ({"errors": [error("resource-not-found", parameter="ids", value="1")]}, {"ids": "1,2"}, False),
    ({"errors": [error("not-authorized-for-resource", value="1")]}, {"ids": "1,2"}, False),
    ({"errors": [error("resource-not-found", parameter="ids", value="1"), error("invalid-request")]}, {"ids": "1"}, True),
    ({"errors": [error("resource-not-found", value="1")], "meta": {"result_count": 0}}, {}, False),
    ({"errors": [error("internal-error")], "meta": {"result_count": 0}}, {}, True),
])  # fmt: skip
def test_a_list_of_which_nothing_is_there_is_no_refusal(document, asked, is_it):
    assert is_refusal(document, asked) is is_it


ODD = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=30), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["value", "type", "title", "parameter", "field", "resource_id", "errors", "meta"]), inner, max_size=4), max_leaves=8)  # fmt: skip


@given(ODD, st.dictionaries(st.sampled_from(["ids", "usernames", "query"]), st.text(max_size=5), max_size=2))
def test_whatever_x_sends(errors, asked):
    found = missing_of({"errors": errors})

    assert all(said.isprintable() for said in in_words(found, asked, 1))
    assert isinstance(is_refusal({"errors": errors}, asked), bool)
