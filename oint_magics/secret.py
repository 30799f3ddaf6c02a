"""The sealed value: it can be held, passed on and shown, and never shows what it holds."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import quote, quote_plus
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Iterable

# The values lie outside the objects, so that no inspector, debugger or pickler that walks an
# object's attributes can reach them.
_values: WeakKeyDictionary[Secret, str] = WeakKeyDictionary()


class Secret:
    """A text that must not be seen; `reveal()` is the one way out.

    Args:
        value: the text to hold.
    """

    __slots__ = ("__weakref__",)

    def __init__(self, value: str) -> None:
        _values[self] = value

    def reveal(self) -> str:
        """Return the text itself: only where it is sent or saved."""
        return _values[self]

    def masked(self) -> str:
        """Return a few outer characters and the fingerprint, for people to tell secrets apart."""
        return mask(_values[self])

    def fingerprint(self) -> str:
        """Return a hash of 128 bits that names the text without showing it."""
        return fingerprint(_values[self])

    def has_fingerprint(self, known: str) -> bool:
        """Tell whether a fingerprint is this text's, or the one of ten digits that was noted in earlier versions."""
        mine = self.fingerprint()
        return known in (mine, shown(mine))

    def matches(self, other: Secret | None) -> bool:
        """Tell whether two secrets hold the same text, in constant time; `None` matches nothing."""
        return other is not None and hmac.compare_digest(_bytes(_values[self]), _bytes(_values[other]))

    def __repr__(self) -> str:
        return "Secret(…)"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __bool__(self) -> bool:
        return bool(_values[self])

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be pickled: keep it in a store and pass the store's name on")


def fingerprint(value: str) -> str:
    """Return the first 128 bits of the SHA-256 of a text, as hexadecimal digits."""
    return hashlib.sha256(_bytes(value)).hexdigest()[:32]


def _bytes(value: str) -> bytes:
    """Return a text's bytes; half a character, as a terminal makes of what is no UTF-8, has some too."""
    return value.encode("utf-8", "surrogatepass")


def shown(fingerprint: str) -> str:
    """Return as much of a fingerprint as people read."""
    return fingerprint[:10]


def mask(value: str) -> str:
    """Return a text's outer characters, where it is long enough to spare them, and its fingerprint."""
    spared = f"{value[:4]}…{value[-4:]} " if len(value) >= 32 else "… "
    return f"{spared}#{shown(fingerprint(value))}"


def redacted(text: str, held: Iterable[Secret]) -> str:
    """Return a server's words without what they may echo: a careless or hostile one may send a secret back.

    Args:
        text: the words.
        held: the secrets to cut out, in each spelling a form gives them.
    """
    for value in (secret.reveal() for secret in held):
        for spelling in {value, quote_plus(value), quote(value, safe="")}:
            text = _without(spelling, text)
    # No word of a server's own is this long; what is may be a token, whole, cut or encoded.
    return re.sub(r"[^\s\[\]]{30,}", "…", text)


def _without(secret: str, text: str) -> str:
    """Cut a secret out of a text, and every piece of it that is long enough to tell something."""
    size = min(len(secret), 8)
    pieces = {secret[n : n + size] for n in range(len(secret) - size + 1)} - {""}
    hits = [n for n in range(len(text)) if text[n : n + size] in pieces]
    covered = {n + k for n in hits for k in range(size)}
    return re.sub("\0+", "…", "".join("\0" if n in covered else c for n, c in enumerate(text)))
