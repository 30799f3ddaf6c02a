"""A call's path and parameters, wherever they were given."""

import pytest

from oint_magics.api.parameters import asked_of
from oint_magics.errors import UsageError


@pytest.mark.parametrize(("path", "params", "found"), [
    ("users/1/tweets?max_results=5&tweet.fields=lang", {}, {"max_results": "5", "tweet.fields": "lang"}),
    ("users/1/tweets?", {"tweet_fields": ["a", "b"]}, {"tweet.fields": "a,b"}),
    ("https://api.x.com/2/users/1/tweets?tweet_fields=lang", {"tweet_fields": "lang"}, {"tweet.fields": "lang"}),
    ("users/1/tweets?query=%22a+b%22%20%23tag%20url%3A%22https%3A//x.com%22", {}, {"query": '"a b" #tag url:"https://x.com"'}),
    ("users/1/tweets?query=wait..what", {}, {"query": "wait..what"}),
    ("users/1/tweets?query=#tag", {}, {"query": "#tag"}),
    ("/2/users/1/tweets?ids=1%2C2&x=", {"y": None, "is_it": True}, {"ids": "1,2", "x": "", "is_it": "true"}),
])  # fmt: skip
def test_a_query_in_the_path_is_taken_apart(path, params, found):
    assert asked_of(path, params) == ("/2/users/1/tweets", found)


@pytest.mark.parametrize(("path", "params"), [
    ("users/1/tweets?max_results=5", {"max_results": 10}),
    ("users/1/tweets?tweet.fields=lang", {"tweet_fields": "text"}),
    ("users/1/tweets?ids=1&ids=2", {}),
    ("users/1/tweets", {"tweet_fields": "a", "tweet.fields": "b"}),
])  # fmt: skip
def test_two_values_of_one_parameter_are_refused(path, params):
    with pytest.raises(UsageError) as caught:
        asked_of(path, params)

    assert caught.value.what.endswith("with two values. Nothing was sent.")


@pytest.mark.parametrize("path", [None, 7, "", "?max_results=5", "https://evil.example/2/users?x=1", "a/../b?x=1"])
def test_a_query_makes_no_path(path):
    with pytest.raises(UsageError, match="not a path"):
        asked_of(path, {})
