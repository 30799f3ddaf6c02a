"""The catalogue of reads: what it says, and what the maintainers' script makes of X's description."""

import json

import catalogue as script
import openapi
import pytest

from oint_magics.api import catalogue, price, request


@pytest.mark.skipif(openapi.FOUND is None, reason="X'S DESCRIPTION IS NOT HERE: THE CATALOGUE WAS NOT COMPARED WITH IT")
def test_it_says_what_x_describes():
    document = json.loads((openapi.FOUND / "shared/facts/x-openapi-subset.json").read_text("utf-8"))
    described = script.Description(document)
    ours = json.loads(script.PLACE.read_text("utf-8"))

    assert described.version == ours["version"]
    assert len(described.reads) > 5
    for path, read in described.reads.items():
        mine = ours["reads"][path]
        for key in ("scopes", "app", "gives", "list", "paged"):
            assert mine[key] == read[key], (path, key)
        assert set(read["params"]) <= set(mine["params"]), path


def test_each_read_can_be_found_by_a_path_of_its_own():
    for path, read in catalogue.reads().items():
        typed = "/".join("12" if word.startswith("{") else word for word in path.split("/"))
        assert catalogue.at(typed) is read, path


def test_what_has_a_price_has_one_of_the_list():
    listed = catalogue.prices()
    for path, read in catalogue.reads().items():
        assert (read.price.usd > 0) == bool(read.price.kind), path
        assert all(kind in listed["usd"] for kind in read.price.kinds), path
    assert {path for path, read in catalogue.reads().items() if read.price.owned_usd} == set(listed["owned"])


def test_where_x_leaves_the_kind_open_the_dearer_one_counts():
    asked = request.of("users/12/liked_tweets", {})

    assert asked.read.price.usd == 0.005
    assert price.of_page(asked, 100).most == 500
    assert price.of_page(asked, 100).kinds == ("like", "post")


def test_what_expansions_bring_is_in_the_price():
    plain = price.of_page(request.of("users/12/tweets", {}), 100)
    authors = price.of_page(request.of("users/12/tweets", {}, ["text", "author.username"]), 100)
    mentions = price.of_page(request.of("users/12/tweets", {"expansions": "entities.mentions.username"}), 100)

    assert (plain.most, plain.owned, plain.is_open) == (500, 100, False)
    assert (authors.most, authors.owned) == (1500, 1100)
    assert mentions.is_open


def sample(read, word):
    """Return a word of a path, or one that may stand for it."""
    if not word.startswith("{"):
        return word
    pattern = read.parameters[word.strip("{}")].pattern
    return next(
        each
        for each in ("12", "12-34", "1-2", "name", "1a2b3c4d5e6f7", "a" * 16, "3_1", "1" * 19)
        if pattern is None or pattern.fullmatch(each)
    )


def test_the_default_fields_bill_no_more():
    for path in catalogue.reads():
        read = catalogue.reads()[path]
        needed = [each for each in read.parameters.values() if each.is_required and not each.is_in_path]
        kinds = {"flag": "true", "time": "2026-11-01", "number": "12", "text": "12", "list": "12"}
        required = {each.name: each.words[0] if each.words else kinds[each.kind] for each in needed}
        typed = "/".join(sample(read, word) for word in path.split("/"))
        assert "expansions" not in request.of(typed, required).params, path


def test_what_has_changed_is_listed():
    old = {"a": {"scopes": ["x"], "params": {"n": {"type": "number"}}}, "b": {"params": {}}}
    new = {"a": {"scopes": ["y"], "params": {"n": {"type": "text"}}}, "c": {"params": {}}}

    lines = list(script.changes(old, new))

    assert lines == [
        "  a: scopes was ['x'], is ['y']",
        "  a: n was {'type': 'number'}, is {'type': 'text'}",
        "- b",
        "+ c",
    ]
    assert list(script.other_words({"f": ["a"]}, {"f": ["b"]})) == ["  f: -a +b"]
