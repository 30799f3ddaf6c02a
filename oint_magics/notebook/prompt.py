"""Hidden questions, for terminals and for front ends without widgets: nothing typed is kept anywhere."""

from __future__ import annotations

from getpass import getpass
from typing import TYPE_CHECKING

from oint_magics.twitter import calls

if TYPE_CHECKING:
    from oint_magics.response import TokenResponse

_QUESTIONS = {
    "client_id": "client_id (hidden): ",
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
    values = {key: getpass(question).strip() or None for key, question in _QUESTIONS.items()}
    place = getpass("keep it in (Enter alone for profile:default): ").strip() or "profile:default"
    return calls.refresh(values, to=place)
