import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from oint_magics.display.text import escaped


@given(st.text())
def test_every_character_can_be_seen(text):
    """No control, bidi, zero-width or escape character gets through."""
    assert all(unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for c in escaped(text, 10**6))


def test_writes_out_what_cannot_be_seen():
    assert escaped("a\x1b[31m\u202eb\n\u200b", 99) == "a\\x1b[31m\\u{202e}b\\x0a\\u{200b}"


def test_cuts_and_says_how_long_it_was():
    assert escaped("x" * 10, 10) == "x" * 10
    assert escaped("x" * 1_000_000, 10) == "xxxxxxxxxx… (1,000,000 characters)"
