"""X's error formats: RFC 6749's, a problem document (RFC 7807), and the list `errors` of its older endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oint_magics.display.text import escaped
from oint_magics.secret import redacted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oint_magics.secret import Secret

_TELLING = ("type", "title", "reason", "detail", "error_description", "message", "label")


def is_problem(status: int, document: dict[str, Any]) -> bool:
    """Tell whether an answer of the token endpoint is a refusal of the app, in another format than RFC 6749's."""
    text = words(document)
    return status in (400, 401, 402, 403) and bool(text) and (status != 400 or "authenticat" in text.lower())


def told(status: int, document: dict[str, Any], *, is_page: bool = False) -> str:
    """Return all that an answer tells about a refusal, in lower case, for a look-up; not to be shown.

    Args:
        status: the HTTP status.
        document: the answer's JSON object; empty if it has none.
        is_page: whether it is an HTML page instead.
    """
    error = document.get("error")
    parts = [f"status {status}" + (f" error {error}" if isinstance(error, str) else " page" * is_page)]
    for each in (document, *_errors(document)):
        parts += [each[key] for key in _TELLING if isinstance(each.get(key), str)]
        parts += [f"code {each['code']}"] if isinstance(each.get("code"), int) else []
    return " | ".join(parts).lower()


def words(document: dict[str, Any], held: Iterable[Secret] = ()) -> str:
    """Return what X says about a refusal, without anything that could be a secret.

    Args:
        document: X's answer.
        held: the secrets of the request, which are cut out of it.
    """
    first = next(iter(_errors(document)), {})
    title, detail = document.get("title"), document.get("detail")
    said = [detail or title, first.get("message") or first.get("detail")]
    text = " — ".join(dict.fromkeys(each for each in said if isinstance(each, str) and each))
    return escaped(redacted(text, tuple(held)), 300)


def _errors(document: dict[str, Any]) -> list[dict[str, Any]]:
    errors = document.get("errors")
    return [each for each in errors if isinstance(each, dict)][:20] if isinstance(errors, list) else []
