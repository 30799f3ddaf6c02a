"""Whether a call's parameters are those that X takes; each that is not is told as X tells it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from oint_magics.sandbox.catalogue import OTHER_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oint_magics.sandbox.catalogue import Entry, Parameter

# RFC 3339 in UTC, to the second or the millisecond: https://docs.x.com/x-api/posts/search/integrate/paginate
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z")
# X's API has nothing older.
_FIRST = datetime(2010, 11, 6, tzinfo=UTC).timestamp()
_NUMBER = re.compile(r"-?[0-9]{1,10}")
_ITEM = {"ids": re.compile(r"[0-9]{1,19}"), "usernames": re.compile(r"[A-Za-z0-9_]{1,15}")}


class Fault(NamedTuple):
    """A parameter that X does not take.

    Attributes:
        name: the parameter's.
        values: what was given.
        message: what is wrong.
    """

    name: str
    values: list[str]
    message: str


def faults(entry: Entry, query: Mapping[str, str], words: Mapping[str, str]) -> list[Fault]:
    """Return what is wrong with a call's parameters, in the order in which they came.

    Args:
        entry: the call.
        query: its parameters, the last of each name.
        words: the words that its path leaves open.
    """
    found = []
    given = [("path", name, value) for name, value in words.items()]
    given += [("query", name, value) for name, value in query.items()]
    for place, name, value in given:
        parameter = entry.parameters.get(OTHER_NAMES.get(name, name))
        if parameter is None or (parameter.place == "path") != (place == "path"):
            known = ", ".join(key for key, each in entry.parameters.items() if each.place == "query")
            found.append(Fault(name, [value], f"The query parameter [{name}] is not one of [{known}]"))
            continue
        why = _wrong(parameter, value) if value else "can not be empty"
        if why:
            found.append(Fault(name, [value], f"The `{name}` query parameter value [{value[:100]}] {why}"))
    for name, parameter in entry.parameters.items():
        if parameter.is_required and name not in words and not query.get(name):
            found.append(Fault(name, [], f"The `{name}` query parameter can not be empty"))
    return found


def moment(text: str) -> float:
    """Return a time's Unix seconds; it was checked before."""
    return datetime.fromisoformat(text).astimezone(UTC).timestamp()


def _wrong(parameter: Parameter, value: str) -> str | None:
    others = {"list": _wrong_list, "int32": _wrong_number, "date-time": _wrong_moment}
    return others.get(parameter.kind, _wrong_text)(parameter, value)


def _wrong_text(parameter: Parameter, value: str) -> str | None:
    if parameter.values and value not in parameter.values:
        return f"is not one of [{','.join(parameter.values)}]"
    if parameter.pattern and not parameter.pattern.fullmatch(value):
        return f"does not match {parameter.pattern.pattern}"
    if parameter.least is not None and len(value) < parameter.least:
        return f"must have at least {parameter.least} characters"
    return None


def _wrong_list(parameter: Parameter, value: str) -> str | None:
    items = value.split(",")
    least, most, item = parameter.least or 0, parameter.most, _ITEM.get(parameter.name)
    if len(items) < least or (most and len(items) > most):
        return f"must have {least} to {most} values"
    if item and not all(item.fullmatch(each) for each in items):
        return f"does not match {item.pattern}"
    if parameter.values and not all(each in parameter.values for each in items):
        return f"is not one of [{','.join(parameter.values)}]"
    return None


def _wrong_number(parameter: Parameter, value: str) -> str | None:
    if not _NUMBER.fullmatch(value):
        return "is not a number"
    least, most = parameter.least, parameter.most
    if (least is not None and int(value) < least) or (most is not None and int(value) > most):
        return f"is not between {least} and {most}"
    return None


def _wrong_moment(_: Parameter, value: str) -> str | None:
    if _MOMENT.fullmatch(value):
        try:
            return None if moment(value) >= _FIRST else "must be on or after 2010-11-06"
        except ValueError:
            return "is not a valid time"
    return "is not a time as 2026-01-31T00:00:00Z"
