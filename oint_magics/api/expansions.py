"""What X sends beside its objects, put into them: the user behind an `author_id` as `author`."""

from __future__ import annotations

from typing import Any

_ENDING = "_id"


def expanded(page: dict[str, Any], objects: list[dict[str, Any]], asked: str) -> list[dict[str, Any]]:
    """Return a page's objects with what their ids name, for the expansions that name one thing each.

    Args:
        page: X's answer.
        objects: its objects.
        asked: the parameter `expansions`; blank for none.
    """
    names = [name for name in asked.split(",") if name.endswith(_ENDING)]
    includes = page.get("includes")
    if not names or not isinstance(includes, dict):
        return objects
    lists = [each for each in includes.values() if isinstance(each, list)]
    known = {
        each["id"]: each
        for found in lists
        for each in found
        if isinstance(each, dict) and isinstance(each.get("id"), str)
    }
    return [_with(each, names, known) for each in objects]


def _with(document: dict[str, Any], names: list[str], known: dict[str, Any]) -> dict[str, Any]:
    found = dict(document)
    for name in names:
        *path, last = name.split(".")
        thing = known.get(str(_at(document, [*path, last])))
        if thing is None:
            continue
        inner = found
        for key in path:
            inner[key] = inner = dict(inner[key])
        inner[last.removesuffix(_ENDING)] = {key: value for key, value in thing.items() if key != "id"}
    return found


def _at(document: Any, path: list[str]) -> Any:
    """Return what stands at a path of objects; `None` where something else is on the way."""
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document
