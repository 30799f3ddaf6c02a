"""Values as OPI reads them."""

import base64
import json
from pathlib import Path

import pytest
from posts_material import png

from oint_magics.errors import UsageError
from oint_magics.opi import values


@pytest.mark.parametrize(("given", "expected"), [
    ("a\\nb", "a\nb"), ("a\\\\nb", "a\\nb"), ("a\\tb", "a\\tb"), ("a\\r\\f\\vb", "a\r\f\vb"), ("{a\\nb", "{a\\nb"), ("[a\\nb", "[a\\nb"), ("", ""),
])  # fmt: skip
def test_text(given, expected):
    assert values.text(given) == expected


def test_text_that_names_a_file_is_left():
    Path("a").write_text("x")
    assert values.text("a") == "a"


@pytest.mark.parametrize("given", ["['a b', \"c\"]", '["a b", "c"]', " ['a b','c'] "])
def test_a_list_of_texts(given):
    assert values.items(given) == ["a b", "c"]


def test_lists_of_other_kinds():
    assert values.items("one") == ["one"]
    assert values.items("[1880028106020515840, '2']") == ["1880028106020515840", "2"]
    Path("list.any").write_text('["from", "a file"]')
    assert values.items("list.any") == ["from", "a file"]
    with pytest.raises(UsageError, match="list cannot be read") as caught:
        values.items("[MARK5ecret]")
    assert "MARK5ecret" not in str(caught.value)


def test_files():
    Path("pic.irt").write_bytes(png())
    Path("list.json").write_text(json.dumps(["pic.irt", "https://example.org/a.png"]))

    assert values.files("pic.irt") == [Path("pic.irt")]
    assert values.files("['pic.irt','https://example.org/a.png']") == [Path("pic.irt"), "https://example.org/a.png"]
    assert values.files("list.json") == [Path("pic.irt"), "https://example.org/a.png"]
    assert values.files("https://example.org/a.png") == ["https://example.org/a.png"]
    assert values.files(base64.b64encode(png()).decode()) == [png()]
    assert values.files("missing.png") == [Path("missing.png")]


def test_auth():
    Path("any.ending").write_text("{}")
    assert values.auth("any.ending", "--auth") == Path("any.ending")
    assert values.auth("{'a': 'b'}", "--auth") == "{'a': 'b'}"
    assert values.auth("profile:work", "--auth") == "profile:work"
    for placeholder in ("%auth%", "***", "<auth>"):
        with pytest.raises(UsageError, match="placeholder"):
            values.auth(placeholder, "--auth")


@pytest.mark.parametrize(
    ("given", "expected"), [("60", 60), ('"60"', 60), (" 5 ", 5), ("x", None), ("6.5", None), ("-5", None), ("", None)]
)
def test_numbers(given, expected):
    if expected is None:
        with pytest.raises(UsageError, match="number of minutes"):
            values.number(given, "--dur")
    else:
        assert values.number(given, "--dur") == expected
