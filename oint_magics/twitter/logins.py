"""The calls behind a login: begun here with a link, ended by a code; its state and verifier stay in this process."""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

from oint_magics.errors import (
    AuthError,
    LoginMismatch,
    NotSaved,
    NotSent,
    NotTokenEndpoint,
    SettingError,
    StoreError,
    TryLater,
    UsageError,
)
from oint_magics.http import endpoints
from oint_magics.login.code_exchange import exchange_code, plan
from oint_magics.login.pending import Login
from oint_magics.oauth import scopes
from oint_magics.oauth.authorization import code_from, other_login, redirect_in, request_for
from oint_magics.process import state
from oint_magics.tokens.response import TokenResponse
from oint_magics.twitter.calls import remember, source_of, text_argument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from oint_magics.errors import OintError
    from oint_magics.login.code_exchange import Plan
    from oint_magics.oauth.authorization import AuthorizationRequest, Redirect
    from oint_magics.secret import Secret

MINUTES = 10
_MOST_BEGUN = 16
_lock = threading.RLock()


def authorization_link(auth: object, *, scope: str | Sequence[str] | None = None) -> str:
    """Return the link to the authorize page; see `oint_magics.twitter.authorization_link`."""
    found = source_of(auth).read()
    request = request_for(found, scopes.wanted(scope, found.scope))
    link = request.link(endpoints.url_of(endpoints.AUTHORIZE, found))
    state.begun[:] = [*state.begun[1 - _MOST_BEGUN :], request]
    return link


def get_token(code_or_url: str, auth: object, *, to: str | None = None) -> TokenResponse:
    """Exchange a code and save the pair; see `oint_magics.twitter.get_token`."""
    redirect = redirect_in(text_argument("code_or_url", code_or_url))
    source = source_of(auth)
    request = _begun_with(redirect, source.read().client_id)
    code = code_from(redirect)
    planned = plan(source, to, request, interactive=False)
    with _sent_once(code):
        response = exchange_code(planned, code)
    remember(response)
    return response


@contextlib.contextmanager
def _sent_once(code: Secret) -> Iterator[None]:
    """Send a code once: a server that sees it twice ends what it gave for it (RFC 6749 §4.1.2)."""
    name = code.fingerprint()
    with _lock:
        if name in state.codes_sent:
            raise LoginMismatch(
                "That code was sent before, so nothing was sent.",
                cause="a code works once; the first call has saved its tokens.",
                next_step="%twitter_status shows the tokens; or begin again: twitter.authorization_link(auth)",
            )
        state.codes_sent.add(name)
    try:
        yield
    except (StoreError, NotSent, AuthError, SettingError, TryLater, NotTokenEndpoint) as error:
        if not isinstance(error, NotSaved):  # The others come before the sending, or say that it was not used.
            state.codes_sent.discard(name)
        raise


def _begun_with(redirect: Redirect, client_id: str) -> AuthorizationRequest:
    """Return the request that an address answers; for a code alone the app's last one."""
    mine: list[AuthorizationRequest] = [request for request in state.begun if request.client_id == client_id]
    if not mine:
        _not_begun()
    if redirect.state is None:
        return mine[-1]
    found = [request for request in mine if request.state.matches(redirect.state)]
    if not found:
        raise other_login()
    return found[0]


def _not_begun() -> NoReturn:
    raise LoginMismatch(
        "No login of this app was begun in this program. Nothing was sent.",
        cause="only the program (the kernel) that made the link knows its login, and only until it ends.",
        next_step="%twitter_login; or in Python: print(twitter.authorization_link(auth)), open the link, approve, copy "
        "the browser's address, and call twitter.get_token(address, auth)",
    )


def planned(
    auth: object = None,
    *,
    to: str | None,
    scope: str | Sequence[str] | None,
    variables: Mapping[str, object] | None = None,
    interactive: bool = False,
) -> Plan:
    """Return what a login asks for, and where its pair goes.

    Args:
        auth: the source, or `None` for the default.
        to: the store for the pair, or `None`.
        scope: what to ask for, or `None`.
        variables: where names are looked up, or `None`.
        interactive: whether somebody sees where the pair of a text goes.
    """
    source = source_of(auth, variables)
    found = source.read()
    return plan(source, to, request_for(found, scopes.wanted(scope, found.scope)), interactive=interactive)


def begun(plan: Plan, seconds: float, at_end: Callable[[TokenResponse | OintError], None] = lambda _: None) -> Login:
    """Return a login that waits for its address; its pair's store becomes the default source.

    Args:
        plan: what it asks for, and where its pair goes.
        seconds: how long it waits.
        at_end: is called once with what it ended with, from any thread.
    """

    def ended(outcome: TokenResponse | OintError) -> None:
        if isinstance(outcome, TokenResponse):
            remember(outcome)
        at_end(outcome)

    login = Login(plan, seconds, ended)
    login.begin()
    return login


def _check_seconds(seconds: object) -> None:
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 < seconds <= 86_400:
        raise UsageError("timeout must be a number of seconds from 1 to 86400.", next_step="timeout=600")


def login(
    auth: object = None,
    *,
    to: str | None = None,
    scope: str | Sequence[str] | None = None,
    timeout: float = MINUTES * 60,
) -> TokenResponse:
    """Log in and wait for the pair; see `oint_magics.twitter.login`."""
    _check_seconds(timeout)
    _say("")
    waiting = begun(planned(auth, to=to, scope=scope), timeout)
    if waiting.no_redirect_because:
        waiting.cancel("The login cannot hear its answer.")
        _cannot_hear(waiting.no_redirect_because)
    try:
        advice = "".join(f"{line}\n" for line in waiting.advice)
        _say(f"Open this link and approve there:\n{waiting.link}\n{advice}")
        return waiting.wait()
    except BaseException:
        waiting.cancel("The login was stopped.")
        raise


def _say(text: str) -> None:
    """Write to stderr; a program without a console (pythonw, a service) has none, or a closed one.

    Raises:
        UsageError: there is no stderr.
    """
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
        return
    except (AttributeError, OSError, ValueError):  # `None`, broken, closed.
        pass
    raise UsageError(
        "The login's link cannot be shown: this program has no stderr. Nothing was sent.",
        cause="it runs without a console, or stderr is closed.",
        next_step="show the link of twitter.authorization_link(auth) yourself, then pass the address that comes back "
        "to twitter.get_token(address, auth)",
    )


def _cannot_hear(why: str) -> NoReturn:
    raise LoginMismatch(
        "The browser cannot send the login's answer back to this program.",
        cause=f"{why}.",
        next_step="open the link of twitter.authorization_link(auth), then pass the address that you get to "
        "twitter.get_token(address, auth)",
    )
