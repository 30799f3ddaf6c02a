"""A text's length, beside X's published examples and the sandbox's own count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oint_magics.errors import UsageError
from oint_magics.posts.text import check, counted
from oint_magics.sandbox import new_post


# X's page on counting characters, and the conformance suite of its library twitter-text.
@pytest.mark.parametrize(("text", "length"), [
    ("", 0), ("Hello", 5), ("x" * 280, 280), ("é", 1), ("e\u0301", 1), ("日本語", 6), ("한국어", 6), ("Привет", 6),
    ("😷", 2), ("👨‍👩‍👧‍👦", 2), ("👍🏽", 2), ("🇩🇪", 2), ("1️⃣", 2), ("a\nb", 3), ("“quoted” – …", 13),
    ("https://example.com", 23), ("https://example.com/" + "a" * 200, 23), ("see http://a.de now", 31),
    ("example.com", 23), ("https://a.de https://b.de", 47), ("#tag @name", 10), ("a.b.c", 5), ("3.14", 4),
    ("العربية", 7), ("ไทย", 3), ("\u2067rtl\u2069", 7),
])  # fmt: skip
def test_the_length_as_x_counts_it(text, length):
    assert counted(text).length == length


def test_links_and_what_may_become_one():
    found = counted("see https://example.org/x and example.com, not file.py.")

    assert found.links == ("https://example.org/x",)
    assert "example.com" in found.domains


@given(st.text(st.sampled_from("abc XYZ 123 äöü é 日本 한 Я 😀 !?,;-\n"), max_size=200))
def test_the_sandbox_counts_the_same(text):
    """The sandbox has a count of its own, without a library."""
    assert counted(text).length == new_post.length(text)


def test_too_long_is_told_by_how_much():
    with pytest.raises(UsageError, match="281 of 280") as caught:
        check(counted("x" * 281))
    assert "shorten it by 1" in str(caught.value)
    assert "Nothing was sent" in str(caught.value)
    check(counted("x" * 280))


def test_what_is_no_character_is_refused():
    for text in ("a\ud83db", "a\0b", "a\ufffeb"):
        with pytest.raises(UsageError, match="something that is no character"):
            counted(text)


def test_a_text_of_any_length_is_counted_at_once():
    assert counted("x" * 10_000_000).length == 10_000_000
    assert counted("https://e.de/" + "a" * 4000).length == 23
    assert counted("a." * 4000).length > 280
