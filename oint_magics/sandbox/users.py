"""The people: who one is, and who somebody is, by id and by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oint_magics.sandbox import answers
from oint_magics.sandbox.accounts import PEOPLE

if TYPE_CHECKING:
    from oint_magics.sandbox.accounts import Person
    from oint_magics.sandbox.answers import Reply
    from oint_magics.sandbox.calls import Call, Memory


def me(_: Memory, call: Call) -> Reply:
    """`GET /2/users/me`."""
    return _one(call, call.person, "id", "me")


def by_id(_: Memory, call: Call) -> Reply:
    """`GET /2/users/:id`."""
    return _one(call, next((each for each in PEOPLE if each.number == call.parts[0]), None), "id", call.parts[0])


def by_name(_: Memory, call: Call) -> Reply:
    """`GET /2/users/by/username/:username`."""
    name = call.parts[0]
    return _one(call, next((each for each in PEOPLE if each.username == name.lower()), None), "username", name)


def by_ids(_: Memory, call: Call) -> Reply:
    """`GET /2/users?ids=`."""
    ids = call.names("ids")
    if not 1 <= len(ids) <= 100:
        return answers.invalid_parameter("ids", "", "must have 1 to 100 ids")
    found = [answers.user_data(each, call.fields("user.fields")) for each in PEOPLE if each.number in ids]
    missing = [each for each in ids if all(each != person.number for person in PEOPLE)]
    errors = [answers.no_resource("user", "ids", each) for each in missing]
    return answers.document(200, ({"data": found} if found else {}) | ({"errors": errors} if errors else {}))


def _one(call: Call, person: Person | None, parameter: str, value: str) -> Reply:
    if person is None:
        return answers.no_such_resource("user", parameter, value)
    return answers.document(200, {"data": answers.user_data(person, call.fields("user.fields"))})
