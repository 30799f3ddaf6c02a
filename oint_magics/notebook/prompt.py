"""Hidden questions, for terminals and for front ends without widgets: nothing typed is kept anywhere."""

from __future__ import annotations

import threading
from getpass import getpass
from typing import TYPE_CHECKING, NoReturn

from oint_magics.errors import AuthSyntaxError, LoginMismatch, NotInteractive, Stopped
from oint_magics.notebook.given import CALLBACK
from oint_magics.oauth import scopes
from oint_magics.twitter import calls, logins

if TYPE_CHECKING:
    from oint_magics.login.code_exchange import Plan
    from oint_magics.login.pending import Login
    from oint_magics.tokens.response import TokenResponse

_QUESTIONS = {
    "client_secret": "client_secret (hidden; Enter alone for a public client): ",
    "refresh_token": "refresh_token (hidden; Enter alone to log in at X): ",
}
_CALLBACK = "callback URL of the app (hidden; Enter alone for {}): "


def ask() -> TokenResponse:
    """Ask for auth data, refresh it and keep it; without a refresh token log in.

    Returns:
        X's answer, saved to the place that was named.

    Raises:
        OintError: as for a refresh or a login.
    """
    try:
        given = _answers()
        place = getpass("keep it in (hidden; Enter alone for profile:default): ").strip() or "profile:default"
    except (EOFError, KeyboardInterrupt):
        given = None
    if given is None:
        raise NotInteractive(
            "The prompt was closed without an answer, so nothing was sent.", next_step="%twitter_auth --prompt"
        )
    if calls.source_of(given).read().refresh_token is None:
        return log_in(logins.planned(given, to=place, scope=None, interactive=True))
    return calls.refresh(given, to=place)


def _answers() -> str | dict[str, str | None]:
    """Return what was typed: field by field, or a whole JSON at the first question."""
    first = getpass("Auth for X, hidden input. client_id, or the whole auth JSON on one line: ").strip()
    if first.startswith("{"):
        return first if first.endswith("}") else _refuse_many_lines()
    given = {"client_id": first} | {key: getpass(question).strip() or None for key, question in _QUESTIONS.items()}
    if not given["refresh_token"]:
        given["redirect_uri"] = getpass(_CALLBACK.format(CALLBACK)).strip() or CALLBACK
    return given


def _refuse_many_lines() -> NoReturn:
    """Let no further line of a pasted text arrive at the terminal's own prompt, which shows and keeps it."""
    while getpass("A question takes one line, and this JSON has more. Enter an empty line to go on: "):
        pass
    raise AuthSyntaxError(
        "The JSON did not end on its first line, so it was not read, and nothing was sent.",
        cause="a hidden prompt reads one line.",
        next_step="paste it on one line, or keep it in a file: %twitter_refresh --auth auth.json",
    )


def log_in(plan: Plan) -> TokenResponse:
    """Show a login's link in a terminal, and wait for X's answer, which comes by itself or is pasted.

    Raises:
        OintError: what the login ended with.
    """
    login = logins.begun(plan, logins.MINUTES * 60, _tell)
    if not login.is_done:
        print(f"Open this link and approve there:\n\n{login.link}\n")
        for name, cost in scopes.costs(plan.request.scope):
            print(f"{name} is {cost}.")
        for line in login.advice:
            print(line)
        if login.no_redirect_because:
            print(f"The browser cannot send the answer back here: {login.no_redirect_because}.")
    try:
        while not login.has_address:
            _take(login, getpass("Then press Enter, or paste the whole address (hidden): ").strip())
    except BaseException as error:
        if login.cancel("The login was stopped.") and isinstance(error, KeyboardInterrupt | EOFError):
            raise Stopped("No tokens came; the earlier ones are unchanged.") from None
        raise
    return login.wait()


def _tell(_: object) -> None:
    """Tell who waits at the question that the browser has brought the answer."""
    if threading.current_thread() is not threading.main_thread():
        print("\nThe answer is there: press Enter.")


def _take(login: Login, text: str) -> None:
    """Take what was pasted; say what is wrong, where the login still waits."""
    problem = "Nothing has come yet: open the link and approve first."
    try:
        if text:
            login.submit(text)
    except LoginMismatch as error:
        problem = str(error)
    if not login.has_address:
        print(problem)
