"""What X left out of an answer of status 200: its list `errors`, for programs and in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from oint_magics.display.text import escaped
from oint_magics.secret import redacted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    # One thing that is missing: `value`, `reason`, and what X says of it.
    Missing = dict[str, str | None]

# X's problems that concern one resource, by the end of their type (X's OpenAPI description, schema Problem).
_OF_ONE = {
    "resource-not-found": "not found",
    "not-authorized-for-resource": "not authorized",
    "resource-unavailable": "not available",
    "disallowed-resource": "not allowed",
}
_REASONS = _OF_ONE | {
    "not-authorized-for-field": "not authorized",
    "field-unauthorized": "not authorized",
    "field-hydration-failure": "not available",
}
# The parameters that name several things; X answers what it has of them.
_LISTS = ("ids", "usernames", "user_ids", "media_keys")
_KEYS = ("parameter", "resource_type", "field", "title", "detail", "type")
# As many values are shown for each reason, and only what looks like an id, a handle, or a field.
_MOST_SHOWN = 5
_PLAIN = re.compile(r"[A-Za-z0-9_]{1,25}|[a-z]{1,20}(?:[._][a-z]{1,20}){0,6}")


def missing_of(document: Mapping[str, Any]) -> list[Missing]:
    """Return what an answer's `errors` say is missing, each with the same keys."""
    return [
        {"value": _text(each, "value") or _text(each, "resource_id"), "reason": _reason(each)}
        | {key: _text(each, key) for key in _KEYS}
        for each in _errors(document)
    ]


def is_refusal(document: Mapping[str, Any] | None, asked: Mapping[str, str]) -> bool:
    """Tell whether an answer of status 200 refuses the call, rather than says that nothing of a list is there.

    Args:
        document: the answer's JSON.
        asked: the call's parameters.
    """
    if not document or "data" in document or not document.get("errors"):
        return False
    errors, found = _errors(document), missing_of(document)
    is_list = "meta" in document or all(_asked_by(each, asked) for each in found)
    return not (errors and is_list and all(_kind(each) in _OF_ONE for each in errors))


def in_words(missing: Iterable[Missing], asked: Mapping[str, str], rows: int) -> list[str]:
    """Return sentences about what is missing: of a list that was asked for, of anything else, and fields.

    Args:
        missing: what `missing_of` has returned.
        asked: the call's parameters.
        rows: how many rows came.
    """
    lookups: dict[str, list[Missing]] = {}
    others, fields = [], []
    for each in missing:
        name = _asked_by(each, asked)
        if each["field"]:
            fields.append(each | {"value": each["field"]})
        elif name:
            lookups.setdefault(name, []).append(each)
        else:
            others.append(each)
    said = [f"{rows} of {len(_values(asked[name]))}: {_by_reason(found)}" for name, found in lookups.items()]
    said += [f"X left out: {_by_reason(others)}"] * bool(others)
    return said + [f"X left out fields: {_by_reason(fields)}"] * bool(fields)


def _by_reason(found: list[Missing]) -> str:
    values: dict[str, dict[str, None]] = {}
    for each in found:
        value = each["value"] or ""
        values.setdefault(each["reason"] or "", {})[value if _PLAIN.fullmatch(value) else "…"] = None
    return ", ".join(f"{reason} {_listed(list(these))}" for reason, these in values.items())


def _listed(values: list[str]) -> str:
    rest = len(values) - _MOST_SHOWN
    return ", ".join(values[:_MOST_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _asked_by(missing: Missing, asked: Mapping[str, str]) -> str | None:
    """Return the parameter whose list named something; X does not always say which."""
    name, value = missing["parameter"], missing["value"]
    lists = [key for key in _LISTS if key in asked]
    return next((key for key in lists if key == name or (not name and value in _values(asked[key]))), None)


def _values(text: str) -> set[str]:
    return {each.strip() for each in text.split(",") if each.strip()}


def _reason(error: Mapping[str, Any]) -> str:
    said = _text(error, "title") or "without a reason"
    return _REASONS.get(_kind(error)) or escaped(redacted(said, ()), 60).lower()


def _kind(error: Mapping[str, Any]) -> str:
    return (_text(error, "type") or "").rpartition("/")[2]


def _text(error: Mapping[str, Any], key: str) -> str | None:
    value = error.get(key)
    return value if isinstance(value, str) else None


def _errors(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    errors = document.get("errors")
    return [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
