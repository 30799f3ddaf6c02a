"""X's other error formats: a problem document (RFC 7807), and the list `errors` of its older endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oint_magics.display.text import escaped
from oint_magics.secret import redacted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oint_magics.secret import Secret

# What is wrong with the app, by a word in the problem's type, title or reason.
_MEANINGS = {
    "client-not-enrolled": (
        "the app is in no package, or not in the environment Production.",
        "in X's developer console, move the app to Pay-per-use and Production; then run it again",
    ),
    "creditsdepleted": ("the app's credits are used up.", "buy credits in X's developer console; then run it again"),
    "usage-capped": ("the app's limit of spending or posts is reached.", "raise it in X's developer console, or wait"),
    "unsupported-authentication": (
        "another kind of authentication is wanted.",
        "check client_id and client_secret: the OAuth 2.0 ones of the app's page at X",
    ),
}
_BY_STATUS = {
    400: ("X could not authenticate the app.", "compare client_id and client_secret with the app's page at X"),
    401: ("X did not accept the app's client id and secret, or has suspended the app.",
          "compare client_id and client_secret with the app's page at X"),
    402: _MEANINGS["creditsdepleted"],
    403: ("X does not let this app do that.", "look at the app's page in X's developer console"),
}  # fmt: skip


def known() -> dict[str, tuple[str, str]]:
    """Return what is known to be wrong with an app, by X's word for it: the cause, and what to do."""
    return _MEANINGS | {f"status {status}": found for status, found in _BY_STATUS.items()}


def is_problem(status: int, document: dict[str, Any]) -> bool:
    """Tell whether an answer is a refusal in one of these formats."""
    text = words(document)
    return status in _BY_STATUS and bool(text) and (status != 400 or "authenticat" in text.lower())


def meaning(status: int, document: dict[str, Any]) -> tuple[str, str]:
    """Return what such a refusal means for the app, and what to do about it."""
    told = " ".join(str(document.get(key, "")) for key in ("type", "title", "reason", "detail")).lower()
    return next((found for word, found in _MEANINGS.items() if word in told.replace(" ", "")), _BY_STATUS[status])


def words(document: dict[str, Any], held: Iterable[Secret] = ()) -> str:
    """Return what X says about a refusal, without anything that could be a secret.

    Args:
        document: X's answer.
        held: the secrets of the request, which are cut out of it.
    """
    errors = document.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    title, detail = document.get("title"), document.get("detail")
    said = [detail or title, first.get("message") or first.get("detail")]
    text = " — ".join(dict.fromkeys(each for each in said if isinstance(each, str) and each))
    return escaped(redacted(text, tuple(held)), 300)
