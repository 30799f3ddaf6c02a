"""What a call is asked: its path, and its parameters by X's names, wherever they were given."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from oint_magics.api.call import path_of
from oint_magics.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


def asked_of(path: object, params: Mapping[str, object]) -> tuple[str, dict[str, str]]:
    """Return a call's path from `/2/` on, and its parameters: those of a query in the path, and those beside it.

    Args:
        path: the path as it was given.
        params: the parameters; `tweet_fields` stands for `tweet.fields`, a list for its words with commas.

    Raises:
        UsageError: it is no path of the API, or a parameter has two values.
    """
    bare, _, query = path.strip().partition("?") if isinstance(path, str) else ("", "", "")
    asked: dict[str, str] = {}
    given = parse_qsl(query, keep_blank_values=True)
    given += [(key, _value(value)) for key, value in params.items() if value is not None]
    for key, value in given:
        if asked.setdefault(_name(key), value) != value:
            raise UsageError(
                "A parameter is given twice, with two values. Nothing was sent.",
                cause="a query in the path and the parameters beside it are one list." if query else None,
                next_step='give it once: twitter.get("users/me", user_fields="created_at,description")',
            )
    return path_of(bare), asked


def _name(key: str) -> str:
    """Return X's name of a parameter: `tweet.fields` for `tweet_fields`, which Python can spell."""
    return f"{key.removesuffix('_fields')}.fields" if key.endswith("_fields") else key


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list | tuple | set) else str(value)
