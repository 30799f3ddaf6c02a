"""X's calls that the sandbox has, from `catalogue.json`: facts of X's description and price list, as of its date.

https://docs.x.com/x-api and https://docs.x.com/x-api/getting-started/pricing
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

# What a list of fields, or of expansions, is called in the older vocabulary.
OTHER_NAMES = {"tweet.fields": "post.fields"}


class Parameter(NamedTuple):
    """A parameter of a call; what has no bound is `None`.

    Attributes:
        name: its name.
        place: "path" or "query".
        kind: string, int32, list, date-time.
        is_required: whether the call needs it.
        least, most: an integer's bounds, or a text's or a list's length.
        pattern: what the text must match.
        values: what it can be.
        default: what it is where nothing is said.
    """

    name: str
    place: str
    kind: str
    is_required: bool
    least: int | None
    most: int | None
    pattern: re.Pattern[str] | None
    values: tuple[str, ...]
    default: str | None


class Entry(NamedTuple):
    """A call.

    Attributes:
        method: its method.
        path: its path, with `{…}` for each word that it leaves open.
        scopes: what a person must have granted; `None` where a person's token is not taken.
        takes_app: whether an app's own token is taken.
        gives: the kind of what is in `data`.
        is_list: whether `data` is a list.
        price: what is billed: a kind for each resource, `request:…` for each request, or blank.
        limits: for a person and for an app, so many calls in so many seconds each.
        parameters: by name.
    """

    method: str
    path: str
    scopes: frozenset[str] | None
    takes_app: bool
    gives: str
    is_list: bool
    price: str
    limits: dict[str, tuple[tuple[int, int], ...]]
    parameters: dict[str, Parameter]

    def words(self, path: str) -> dict[str, str] | None:
        """Return the words of a path that the call leaves open, by name; `None` for another call's path."""
        names, words = self.path.split("/"), path.rstrip("/").split("/")
        if len(names) != len(words):
            return None
        pairs = list(zip(names, words, strict=True))
        if not all(name.startswith("{") or name == word for name, word in pairs):
            return None
        return {name.strip("{}"): word for name, word in pairs if name.startswith("{")}


@cache
def entries() -> tuple[Entry, ...]:
    """Return all calls; those whose paths leave less open come first."""
    text = files("oint_magics.sandbox").joinpath("catalogue.json").read_text("utf-8")
    found = [_entry(each) for each in json.loads(text)["calls"]]
    return tuple(sorted(found, key=lambda entry: entry.path.count("{")))


def scopes() -> frozenset[str]:
    """Return every scope that a call requires."""
    return frozenset().union(*(entry.scopes or () for entry in entries()))


def at_path(path: str) -> list[Entry]:
    """Return the calls of a path, one for each method; an exact path wins over one with placeholders."""
    found = [each for each in entries() if each.words(path) is not None]
    least = min((each.path.count("{") for each in found), default=0)
    return [each for each in found if each.path.count("{") == least]


def _entry(call: dict) -> Entry:  # type: ignore[type-arg]  # read from JSON
    scopes = call["scopes"]
    limits = {who: tuple((n, seconds) for n, seconds in each) for who, each in call.get("limits", {}).items()}
    return Entry(
        call["method"],
        call["path"],
        None if scopes is None else frozenset(scopes),
        call["app_only"],
        call.get("gives", ""),
        call.get("as") == "list",
        call.get("price", ""),
        limits,
        {each["name"]: _parameter(each) for each in call["params"]},
    )


def _parameter(found: dict) -> Parameter:  # type: ignore[type-arg]  # read from JSON
    least = next((found[key] for key in ("minimum", "minLength", "minItems") if key in found), None)
    most = next((found[key] for key in ("maximum", "maxLength", "maxItems") if key in found), None)
    default = found.get("default")
    return Parameter(
        found["name"],
        found["in"],
        found["type"],
        found.get("required", False),
        least,
        most,
        re.compile(found["pattern"]) if "pattern" in found else None,
        tuple(found.get("enum", ())),
        None if default is None else str(default),
    )
