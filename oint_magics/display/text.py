"""Text from elsewhere, made harmless: what cannot be seen is written out, what is long is cut."""

from __future__ import annotations

import unicodedata

# Control, format (bidi overrides, zero width), surrogate, private, unassigned, line and paragraph ends.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def escaped(text: str, longest: int) -> str:
    """Return a text in which every character can be seen, cut to a length.

    Args:
        text: the text.
        longest: how many of its characters are kept; a longer one ends with its length in words.
    """
    kept = "".join(_shown(c) for c in text[:longest])
    return kept if len(text) <= longest else f"{kept}… ({len(text):,} characters)"


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _UNSEEN:
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}"


def quoted(name: str) -> str:
    """Return a name as it can be typed after an option: in quotes where it has blanks."""
    return f'"{name}"' if any(c.isspace() for c in name) else name
