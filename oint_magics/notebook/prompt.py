"""Hidden questions, for terminals and for front ends without widgets: nothing typed is kept anywhere."""

from __future__ import annotations

from getpass import getpass
from typing import TYPE_CHECKING, NoReturn

from oint_magics.errors import AuthSyntaxError, NobodyThere
from oint_magics.twitter import calls

if TYPE_CHECKING:
    from oint_magics.response import TokenResponse

_QUESTIONS = {
    "client_secret": "client_secret (hidden; Enter alone for a public client): ",
    "refresh_token": "refresh_token (hidden): ",
}


def ask() -> TokenResponse:
    """Ask for an auth structure, refresh it and keep it.

    Returns:
        X's answer, saved to the place that was named.

    Raises:
        OintError: as for a refresh.
    """
    try:
        given = _answers()
        place = getpass("keep it in (hidden; Enter alone for profile:default): ").strip() or "profile:default"
    except (EOFError, KeyboardInterrupt):
        given = None
    if given is None:
        raise NobodyThere("The questions were not answered, so nothing was sent.", next_step="%twitter_auth --prompt")
    return calls.refresh(given, to=place)


def _answers() -> str | dict[str, str | None]:
    """Return what was typed: field by field, or a whole JSON at the first question."""
    first = getpass("Auth for X, hidden input. client_id, or the whole auth JSON on one line: ").strip()
    if first.startswith("{"):
        return first if first.endswith("}") else _refuse_many_lines()
    return {"client_id": first} | {key: getpass(question).strip() or None for key, question in _QUESTIONS.items()}


def _refuse_many_lines() -> NoReturn:
    """Let no further line of a pasted text arrive at the terminal's own prompt, which shows and keeps it."""
    while getpass("A question takes one line, and this JSON has more. Enter an empty line to go on: "):
        pass
    raise AuthSyntaxError(
        "The JSON did not end on its first line, so it was not read, and nothing was sent.",
        cause="a hidden question takes one line.",
        next_step="paste it on one line, or keep it in a file: %twitter_refresh --auth auth.json",
    )
