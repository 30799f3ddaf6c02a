"""What a login asks for, what it costs not to ask, and what each call needs.

The scopes are X's: https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from oint_magics.auth import scope_text
from oint_magics.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST = "tweet.read tweet.write users.read media.write offline.access"
# What 1C's Open Integration Package asks for where nothing else is said.
OPI = (
    "tweet.read tweet.write tweet.moderate.write users.read follows.read follows.write offline.access space.read "
    "mute.read mute.write like.read like.write list.read list.write block.read block.write bookmark.read bookmark.write"
)
_READS = "tweet.read users.read"
# What a call needs, by its method and path; the first that fits (X's OpenAPI description 2.167).
_NEEDED = (
    (r"\w+ /2/media/(upload|metadata|subtitles)\b", "media.write"),
    (r"(POST|DELETE) /2/tweets\b", f"{_READS} tweet.write"),
    (r"GET /2/(tweets/counts|usage|trends)\b", ""),
    (r"GET /2/users/reposts_of_me\b", "tweet.read timeline.read"),
    (r"GET /2/users/[^/]+/(followers|following)\b", f"{_READS} follows.read"),
    (r"GET /2/(users/[^/]+/liked_tweets|tweets/[^/]+/liking_users)\b", f"{_READS} like.read"),
    (r"GET /2/users/[^/]+/bookmarks/folders\Z", "users.read bookmark.read"),
    (r"GET /2/users/[^/]+/bookmarks\b", f"{_READS} bookmark.read"),
    (r"GET /2/users/[^/]+/blocking\b", f"{_READS} block.read"),
    (r"GET /2/users/[^/]+/muting\b", f"{_READS} mute.read"),
    (r"GET /2/(users/[^/]+/(\w+_lists|list_memberships)|lists)\b", f"{_READS} list.read"),
    (r"GET /2/spaces\b", f"{_READS} space.read"),
    (r"GET /2/dm_(events|conversations)\b", f"{_READS} dm.read"),
    (r"GET /2/(users|tweets)\b", _READS),
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
    words = scope_text.words(given or stored or LEAST)
    if [word.lower() for word in words] == ["opi"]:
        return OPI
    if not words or not all(_is_scope(word) for word in words):
        raise UsageError(
            "That is not a list of scopes.",
            cause="scopes are words like tweet.read, with spaces between them.",
            next_step='--scope "tweet.read users.read offline.access"',
        )
    return " ".join(dict.fromkeys(words))


def needed(method: str, path: str) -> list[str]:
    """Return the scopes that a call needs; none if that is not known.

    Args:
        method: the call's method.
        path: its path, from `/2/` on.
    """
    return next((scopes for call, scopes in _NEEDED if re.match(call, f"{method} {path}")), "").split()


def lacking(granted: str | None, wished: Sequence[str]) -> list[str]:
    """Return those of some scopes that tokens are known to lack.

    Args:
        granted: what X said these tokens may do, separated by blanks; `None` if that is not known.
        wished: the scopes.
    """
    return [] if granted is None else [each for each in wished if each not in granted.split()]


def login_for(granted: str, missing: Sequence[str]) -> str:
    """Return the next step for tokens that lack scopes: the login that asks for them too.

    Args:
        granted: what the tokens may do.
        missing: what they lack.
    """
    return f'log in again: %twitter_login --scope "{" ".join([granted, *missing])}"'


def costs(scope: str) -> tuple[tuple[str, str], ...]:
    """Return what a login without some scope will cost, each with the scope's name.

    Args:
        scope: what is asked for, separated by blanks.
    """
    asked = scope.split()
    return tuple((name, cost) for name, cost in _COSTS.items() if name not in asked)


def _is_scope(word: str) -> bool:
    return word.isascii() and word.isprintable() and not set('"\\') & set(word) and len(word) <= 100
