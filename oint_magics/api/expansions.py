"""What X sends beside its objects, put into them: the user behind an `author_id` as `author`, a post as `quoted`.

An expansion that names one thing brings its columns. What names several (media, polls, places) brings a column with
JSON text.
"""

from __future__ import annotations

from typing import Any

_ENDING = "_id"
_REFERENCES = ("retweeted", "quoted", "replied_to")
# The lists of an answer, by the name of what they hold, and the key that names each thing.
_LISTS = {"media": "media_key", "polls": "id", "places": "id"}
# What names several things: where, and the column that they come to.
_SEVERAL = {
    "attachments.media_keys": ("attachments", "media_keys", "media"),
    "attachments.poll_ids": ("attachments", "poll_ids", "polls"),
}


def expanded(page: dict[str, Any], objects: list[dict[str, Any]], asked: str) -> list[dict[str, Any]]:
    """Return a page's objects with what their ids name.

    Args:
        page: X's answer.
        objects: its objects.
        asked: the parameter `expansions`; blank for none.
    """
    names = [name for name in asked.split(",") if name]
    includes = page.get("includes")
    if not names or not isinstance(includes, dict):
        return objects
    known = {
        each[key]: each
        for name, found in includes.items()
        if isinstance(found, list)
        for each in found
        if isinstance(each, dict) and isinstance(each.get(key := _LISTS.get(name, "id")), str)
    }
    return [_with(each, names, known) for each in objects]


def _with(document: dict[str, Any], names: list[str], known: dict[str, Any]) -> dict[str, Any]:
    found = dict(document)
    for name in names:
        if name.startswith("referenced_tweets.id"):
            found |= _referenced(document, known, has_authors=name.endswith("author_id"))
        elif name in _SEVERAL:
            _add_several(found, *_SEVERAL[name], known)
        elif name == "geo.place_id":
            _add_place(found, known)
        elif name.endswith(_ENDING):
            _add_one(found, document, name.split("."), known)
    return found


def _add_one(found: dict[str, Any], document: dict[str, Any], path: list[str], known: dict[str, Any]) -> None:
    *above, last = path
    thing = known.get(str(_at(document, path)))
    if thing is None:
        return
    inner = found
    for key in above:
        inner[key] = inner = dict(inner[key])
    inner[last.removesuffix(_ENDING)] = {key: value for key, value in thing.items() if key != "id"}


def _referenced(document: dict[str, Any], known: dict[str, Any], *, has_authors: bool) -> dict[str, Any]:
    """Return the posts that a post refers to, each by how: `retweeted`, `quoted`, `replied_to`."""
    found: dict[str, Any] = {}
    references = document.get("referenced_tweets")
    for each in references if isinstance(references, list) else ():
        kind = str(each.get("type")) if isinstance(each, dict) else ""
        thing = known.get(str(each.get("id"))) if kind in _REFERENCES else None
        if thing is None:
            continue
        found[kind] = dict(thing)
        author = known.get(str(thing.get("author_id"))) if has_authors else None
        if author:
            found[kind]["author"] = {key: value for key, value in author.items() if key != "id"}
    return found


def _add_several(found: dict[str, Any], above: str, keys: str, column: str, known: dict[str, Any]) -> None:
    there = found.get(above)
    named = there.get(keys) if isinstance(there, dict) else None
    things = (
        [known[name] for name in named if isinstance(name, str) and name in known] if isinstance(named, list) else []
    )
    if things and isinstance(there, dict):
        found[above] = there | {column: things}


def _add_place(found: dict[str, Any], known: dict[str, Any]) -> None:
    place = known.get(str(_at(found, ["geo", "place_id"])))
    if place is not None:
        found["geo"] = found["geo"] | {"place": [place]}


def _at(document: Any, path: list[str]) -> Any:
    """Return what stands at a path of objects; `None` where something else is on the way."""
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document
