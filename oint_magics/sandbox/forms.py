"""What is sent to the paths of OAuth: a form, or the same fields as a JSON object, as some clients of X send them."""

from __future__ import annotations

import json
from typing import NamedTuple
from urllib.parse import parse_qs


class Form(NamedTuple):
    """The fields of a request.

    Attributes:
        fields: each field's last value.
        authorization: the `Authorization` header, or `None`.
        is_json: whether they came as a JSON object.
    """

    fields: dict[str, str]
    authorization: str | None
    is_json: bool


def read(body: bytes, content_type: str, authorization: str | None) -> Form:
    """Return the fields of a body; one that cannot be read has none.

    Args:
        body: the body.
        content_type: its type.
        authorization: the `Authorization` header, or `None`.
    """
    if content_type.partition(";")[0].strip().lower() == "application/json":
        return Form(_of_json(body), authorization, is_json=True)
    return Form(last_of_each(body.decode(errors="replace")), authorization, is_json=False)


def last_of_each(query: str, *, has_blank: bool = False) -> dict[str, str]:
    """Return the last value of each name in a query, those without a value too if that is asked for."""
    return {key: values[-1] for key, values in parse_qs(query, keep_blank_values=has_blank).items()}


def _of_json(body: bytes) -> dict[str, str]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    fields = found.items() if isinstance(found, dict) else ()
    return {key: value for key, value in fields if isinstance(value, str) and value}
