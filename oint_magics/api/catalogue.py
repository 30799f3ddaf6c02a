"""The reads of X's API: parameters, results and scopes from X's OpenAPI description, prices from X's list."""

from __future__ import annotations

import difflib
import json
import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PACKAGE = "oint_magics.api"


class Parameter(NamedTuple):
    """What a read takes.

    Attributes:
        name: its name, in X's `tweet` vocabulary.
        kind: "text", "number", "flag", "time" or "list".
        is_in_path: whether it is a word of the path.
        is_required: whether X refuses a call without it.
        least: the least number, or the fewest characters; `None` for no bound.
        most: the most of a number, characters, or words of a list; `None` for no bound.
        default: what X takes where nothing is said; `None` if that is not known.
        pattern: what each word has to match; `None` for anything.
        words: the words that it takes; empty for any.
    """

    name: str
    kind: str
    is_in_path: bool
    is_required: bool
    least: int | None
    most: int | None
    default: object
    pattern: re.Pattern[str] | None
    words: tuple[str, ...]


class Price(NamedTuple):
    """What a read costs by X's list.

    Attributes:
        kind: what is billed: "post", "user", …, or "request:…" for the whole call; blank where X lists no price.
        usd: the price of one, in US dollars; the dearest where X leaves the kind open.
        kinds: the kinds among which X leaves it open; one otherwise.
        owned_usd: the price of one for who owns the app and reads what is theirs; `None` where there is none.
    """

    kind: str
    usd: float
    kinds: tuple[str, ...]
    owned_usd: float | None

    @property
    def is_per_request(self) -> bool:
        return self.kind.startswith("request:")


class Read(NamedTuple):
    """A read.

    Attributes:
        path: its path below `/2/`, with names in braces for what it leaves open.
        scopes: what a user's token needs; `None` where an app's own bearer token is needed.
        takes_app: whether it takes an app's bearer token.
        gives: X's name of what it gives: "Post", "User", …
        is_list: whether it gives a list.
        is_paged: whether the list has pages.
        parameters: what it takes, by name.
        price: what it costs.
        limits: how many calls X takes: for "user" and "app", pairs of a number and seconds.
    """

    path: str
    scopes: tuple[str, ...] | None
    takes_app: bool
    gives: str
    is_list: bool
    is_paged: bool
    parameters: Mapping[str, Parameter]
    price: Price
    limits: Mapping[str, tuple[tuple[int, int], ...]]

    def words(self, path: str) -> dict[str, str] | None:
        """Return the words of a path that this read leaves open, by name; `None` for another read's path."""
        names, words = self.path.split("/"), path.split("/")
        if len(names) != len(words):
            return None
        pairs = list(zip(names, words, strict=True))
        if not all(name.startswith("{") or name == word for name, word in pairs):
            return None
        return {name.strip("{}"): word for name, word in pairs if name.startswith("{")}

    @property
    def size(self) -> tuple[int, int] | None:
        """The least and the most rows of a page; `None` where X takes no size."""
        found = self.parameters.get("max_results")
        return None if found is None or found.most is None else (found.least or 1, found.most)


@cache
def _file(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files(_PACKAGE).joinpath(name).read_text("utf-8"))
    return found


def prices() -> dict[str, Any]:
    """Return X's list of prices, with its date and source."""
    return _file("prices.json")


def version() -> tuple[str, str]:
    """Return the version of X's description, and the date of it."""
    return _file("catalogue.json")["version"], _file("catalogue.json")["date"]


@cache
def reads() -> dict[str, Read]:
    """Return all reads by their path; those whose paths leave less open come first."""
    found = _file("catalogue.json")
    return {path: _read(path, found["reads"][path], found["words"]) for path in sorted(found["reads"], key=_openness)}


def at(path: str) -> Read | None:
    """Return the read of a path below `/2/`, as `users/12/tweets`; an exact path wins over one with names in braces."""
    count, first = path.count("/"), path.partition("/")[0]
    return next((read for read in _beginning(count, first) if read.words(path) is not None), None)


@lru_cache(maxsize=256)
def _beginning(count: int, first: str) -> tuple[Read, ...]:
    """Return the reads with so many words after a first one."""
    return tuple(
        each for each in reads().values() if each.path.count("/") == count and each.path.partition("/")[0] == first
    )


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like another, or `None` if none is."""
    found = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def _openness(path: str) -> tuple[int, str]:
    return path.count("{"), path


def _read(path: str, found: dict[str, Any], words: dict[str, list[str]]) -> Read:
    scopes = found["scopes"]
    limits = prices()["limits"].get(path, {})
    return Read(
        path,
        None if scopes is None else tuple(scopes),
        found["app"],
        found["gives"],
        found["list"],
        found["paged"],
        {name: _parameter(name, each, words) for name, each in found["params"].items()},
        _price(path, found["gives"]),
        {who: tuple((number, seconds) for number, seconds in each) for who, each in limits.items()},
    )


def _parameter(name: str, found: dict[str, Any], words: dict[str, list[str]]) -> Parameter:
    of = found.get("of", ())
    return Parameter(
        name,
        found["type"],
        found.get("in") == "path",
        found.get("required", False),
        found.get("least"),
        found.get("most"),
        found.get("default"),
        re.compile(found["pattern"]) if "pattern" in found else None,
        tuple(words[of] if isinstance(of, str) else of),
    )


def _price(path: str, gives: str) -> Price:
    listed = prices()
    kind = listed["kinds_by_path"].get(path) or listed["kinds"].get(gives, "")
    kinds = listed["open"].get(path, [kind] if kind else [])
    dearest = max(kinds, key=lambda each: listed["usd"][each], default="")
    owned = listed["owned_usd"] if path in listed["owned"] else None
    return Price(dearest, listed["usd"].get(dearest, 0.0), tuple(kinds), owned)
