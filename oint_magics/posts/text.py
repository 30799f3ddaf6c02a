"""A post's text as X counts it: https://docs.x.com/fundamentals/counting-characters."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from oint_magics.errors import UsageError

LONGEST = 280
# What an account with Premium may post (https://help.x.com/en/using-x/x-premium, longer posts).
LONGEST_OF_PREMIUM = 25_000
OVER = "; over 280: only Premium accounts can post it, and --long lets X decide"
# What is longer fits into no post, also with many of X's longest links, and is not counted further.
_NOT_COUNTED = 100_000
_LINE_END = re.compile("\r\n?")


class Counted(NamedTuple):
    """What X finds in a text.

    Attributes:
        length: its length as X counts it: a link is 23, an emoji or a character of Chinese, Japanese or Korean 2.
        links: the addresses with `http://` or `https://` in it.
        domains: what X may take for a link though it has neither, as `example.com`.
    """

    length: int
    links: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


def counted(text: str) -> Counted:
    """Count a text.

    Raises:
        UsageError: it cannot be sent: half a character, or one that X does not take.
    """
    check_characters(text)
    if len(text) > _NOT_COUNTED:
        return Counted(len(text))
    from oint_magics.posts import length

    normal = unicodedata.normalize("NFC", text)
    found = list(length.links(normal))
    links = tuple(normal[start:end] for start, end, has_protocol in found if has_protocol)
    domains = tuple(normal[start:end] for start, end, has_protocol in found if not has_protocol)
    return Counted(length.length(normal, found), links, domains)


def with_line_feeds(text: str) -> str:
    """Return a text in which each line ends with one character: X counts the two of Windows as two."""
    return _LINE_END.sub("\n", text)


def check_characters(text: str) -> None:
    """Refuse a text with something in it that is no character.

    Raises:
        UsageError: there is half a character in it, or one that Unicode reserves for programs.
    """
    if any(0xD800 <= ord(c) <= 0xDFFF or c in "\0\ufeff\ufffe\uffff" for c in text):
        raise UsageError(
            "The text contains something that is no character. Nothing was sent.",
            cause="it was cut in the middle of an emoji, or decoded wrongly.",
            next_step="type the text again",
        )


def check(found: Counted, *, is_long: bool = False) -> None:
    """Refuse a text that is too long.

    Args:
        found: the text as X counts it.
        is_long: whether X decides above 280, which only accounts with Premium can post.

    Raises:
        UsageError: it is longer than 280; or than 25,000, where X decides.
    """
    longest = LONGEST_OF_PREMIUM if is_long else LONGEST
    if found.length > longest:
        is_for_premium = not is_long and found.length <= LONGEST_OF_PREMIUM
        raise UsageError(
            f"The text is too long: {found.length:,} of {longest:,} characters. Nothing was sent.",
            cause="X counts a link as 23 characters, and an emoji or a Chinese, Japanese or Korean character as 2.",
            next_step=f"shorten it by {found.length - longest:,}{OVER * is_for_premium}",
        )
