"""Scopes as a text: separated by blanks (RFC 6749 §3.3), or by a comma, `+` or `%20`, as other programs keep them."""

from __future__ import annotations

import re

_BETWEEN = re.compile(r"(?:[\s,+]|%20)+")


def words(scope: object) -> list[str]:
    """Return the scopes in a text or in a list of texts, in their order; none for anything else.

    Args:
        scope: the text or the list.
    """
    if isinstance(scope, str):
        return [word for word in _BETWEEN.split(scope) if word]
    each = list(scope) if isinstance(scope, list | tuple | set | frozenset) else []
    return words(" ".join(each)) if all(isinstance(word, str) for word in each) else []


def plain(scope: object) -> str:
    """Return scopes separated by single blanks; arguments are those of `words`."""
    return " ".join(words(scope))


def in_form(scope: str, old: object) -> str | list[str]:
    """Return scopes in the form of those that they replace: a list, or a text with the same separator.

    Args:
        scope: the new ones.
        old: what is there.
    """
    if isinstance(old, list):
        return words(scope)
    between = _BETWEEN.search(old.strip()) if isinstance(old, str) else None
    return (between[0] if between else " ").join(words(scope))
