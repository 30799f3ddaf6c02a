"""A post's text as X counts it.

X's rules are those of its library twitter-text, whose Python port does the counting:
https://docs.x.com/fundamentals/counting-characters
"""

from __future__ import annotations

import re
from typing import NamedTuple

from oint_magics.errors import UsageError

LONGEST = 280
# What X counts for an address.
_LINK = 23
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
# Where counting would cost time alone: so much text beside its addresses fits into no post.
_NOT_COUNTED = 600


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
    if not text:
        return Counted(0)
    from twitter_text import extract_urls, parse_tweet

    check_characters(text)
    rest = _ADDRESS.sub(" " * _LINK, text)
    if len(rest) > _NOT_COUNTED:
        return Counted(len(rest))
    links = tuple(extract_urls(text, extract_urls_without_protocol=False))
    every = extract_urls(text)
    return Counted(parse_tweet(text).weightedLength, links, tuple(each for each in every if each not in links))


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


def check(found: Counted) -> None:
    """Refuse a text that is too long.

    Raises:
        UsageError: it is longer than 280; subscribers' longer posts are not for the API's apps.
    """
    if found.length > LONGEST:
        raise UsageError(
            f"The text is too long: {found.length:,} of {LONGEST} characters. Nothing was sent.",
            cause="X counts a link as 23 characters, and an emoji or a Chinese, Japanese or Korean character as 2.",
            next_step=f"shorten it by {found.length - LONGEST:,}",
        )
