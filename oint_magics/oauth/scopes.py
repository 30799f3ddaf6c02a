"""What a login asks for, and what it costs not to ask.

The scopes are X's: https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oint_magics.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST = "tweet.read tweet.write users.read media.write offline.access"
# What 1C's Open Integration Package asks for where nothing else is said.
OPI = (
    "tweet.read tweet.write tweet.moderate.write users.read follows.read follows.write offline.access space.read "
    "mute.read mute.write like.read like.write list.read list.write block.read block.write bookmark.read bookmark.write"
)
_COSTS = {
    "offline.access": "not asked for: no refresh token will come, and the access token ends after two hours",
    "media.write": "not asked for: these tokens cannot upload media, and no refresh adds a scope later",
}


def wanted(given: str | Sequence[str] | None, stored: str | None) -> str:
    """Return the scopes to ask for, separated by blanks.

    Args:
        given: what the caller asks for, text or a list; "opi" for OPI's eighteen; `None` for what is stored.
        stored: the scope of the auth structure; `None` for the least set.

    Raises:
        UsageError: a scope has a character that none has (RFC 6749 §3.3).
    """
    words = _words(given or stored or LEAST)
    if [word.lower() for word in words] == ["opi"]:
        return OPI
    if not words or not all(_is_scope(word) for word in words):
        raise UsageError(
            "That is not a list of scopes.",
            cause="scopes are words like tweet.read, with spaces between them.",
            next_step='--scope "tweet.read users.read offline.access"',
        )
    return " ".join(dict.fromkeys(words))


def _words(given: object) -> list[str]:
    """Return the words of a text or of a list of texts; none where it is neither."""
    if isinstance(given, str):
        return given.replace(",", " ").split()
    words = list(given) if isinstance(given, list | tuple | set | frozenset) else []
    return " ".join(words).split() if all(isinstance(word, str) for word in words) else []


def costs(scope: str) -> tuple[tuple[str, str], ...]:
    """Return what a login without some scope will cost, each with the scope's name.

    Args:
        scope: what is asked for, separated by blanks.
    """
    asked = scope.split()
    return tuple((name, cost) for name, cost in _COSTS.items() if name not in asked)


def _is_scope(word: str) -> bool:
    return word.isascii() and word.isprintable() and not set('"\\') & set(word) and len(word) <= 100
