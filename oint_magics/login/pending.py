"""One login on its way: the first right address that comes, by the browser or by hand, is exchanged and ends it."""

from __future__ import annotations

import errno
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from oint_magics import process
from oint_magics.display.times import duration
from oint_magics.error_boundary import to_oint_error
from oint_magics.errors import LoginMismatch, LoginTimedOut, OintError, Stopped
from oint_magics.http import endpoints
from oint_magics.login.code_exchange import exchange_code, recover_unfinished
from oint_magics.login.loopback_server import LoopbackServer, Page, can_listen
from oint_magics.oauth.authorization import REFUSED_PAGE, code_from, doubt, other_login, redirect_in, redirect_of
from oint_magics.tokens.response import TokenResponse, pending, resolve
from oint_magics.tokens.shield import Latch

if TYPE_CHECKING:
    from collections.abc import Callable

    from oint_magics.login.code_exchange import Plan
    from oint_magics.oauth.authorization import Redirect
    from oint_magics.secret import Secret

    Outcome = TokenResponse | OintError

_MOST_STATES = 16
_STOPPED = "The login was stopped."
_AGAIN = "start again: %twitter_login"


class Login:
    """A login that waits for its address; at most one a process, a later one takes its place.

    Args:
        plan: what it asks for, and where its pair goes.
        seconds: how long it waits.
        at_end: is called once with the response, or with the error that it ended with, from any thread.

    Attributes:
        response: the pair's response, pending until the end.
        no_redirect_because: why the browser cannot bring the address by itself, in words; `None` where it can.
    """

    def __init__(self, plan: Plan, seconds: float, at_end: Callable[[Outcome], None] = lambda _: None) -> None:
        self.response = pending()
        self.no_redirect_because: str | None = None
        self._plan = plan
        self._seconds = seconds
        self._at_end = at_end
        self._states = [plan.request.state]
        self._lock = threading.Lock()
        self._is_claimed = False
        self._outcome: Outcome | None = None
        self._done = Latch()
        self._listener: LoopbackServer | None = None
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True

    @property
    def link(self) -> str:
        """The link to the authorize page, with this process' state in it."""
        return self._plan.request.link(self._endpoint())

    @property
    def link_without_state(self) -> str:
        """The same for a browser that adds a state of its own and tells it here (`accept_state`)."""
        return self._plan.request.link_without_state(self._endpoint())

    @property
    def redirect_uri(self) -> str:
        """Where X sends the browser back to."""
        return self._plan.request.redirect_uri

    @property
    def advice(self) -> list[str]:
        """What to know before the link is opened: doubts about the app, and what X's page may say; blank for others."""
        if self._plan.auth.is_sandbox or self._endpoint() != endpoints.AUTHORIZE.url:
            return []
        found = doubt(self._plan.auth.client_id)
        return [*([found] if found else []), REFUSED_PAGE]

    @property
    def has_address(self) -> bool:
        """Whether its address has come, or it has ended without one."""
        return self._is_claimed

    @property
    def is_done(self) -> bool:
        """Whether it has ended, one way or the other."""
        return self._done.is_set

    def _endpoint(self) -> str:
        return endpoints.url_of(endpoints.AUTHORIZE, self._plan.auth)

    def begin(self) -> None:
        """Listen; or end at once with the pair that an earlier login brought and did not save.

        Raises:
            OintError: there is no authorize page for this pair, or that earlier pair cannot be saved.
        """
        self._endpoint()
        for earlier in process.state.waiting[:]:
            earlier.cancel("A later login took the place of this one.")
        found = recover_unfinished(self._plan)
        if found is not None:
            self._claim()
            self._end(found)
            return
        ended = endpoints.ended_sandbox(self._plan.auth)
        if ended:
            raise ended
        try:
            process.state.waiting.append(self)
            self.no_redirect_because = self._listen()
            self._timer.start()
        except BaseException:
            self.cancel("The login was stopped.")
            raise

    def accept_state(self, state: Secret) -> None:
        """Take addresses with a state that the browser made for itself."""
        with self._lock:
            self._states[_MOST_STATES:] = []
            self._states.append(state)

    def submit(self, text: str) -> None:
        """Take the whole address, which a person pasted.

        Raises:
            LoginMismatch: it is not this login's; the login goes on.
        """
        redirect = redirect_in(text)
        self._check(redirect)
        if self._claim():
            # Not in the caller's thread: the stop button must end nothing but its waiting.
            threading.Thread(target=self._finish, args=(redirect,), name="oint_magics login", daemon=False).start()

    def cancel(self, what: str) -> bool:
        """End it, where it waits still; tell whether that was so."""
        if self._claim():
            self._end(LoginTimedOut(what, next_step=_AGAIN))
            return True
        return False

    def wait(self) -> TokenResponse:
        """Wait for the end.

        Raises:
            OintError: the login ended with it.
            Stopped: the stop button was pressed; a pair that was on its way is saved.
            BaseException: what else was raised in this thread meanwhile, unchanged; the same is true then.
        """
        # In a thread of its own: a second stop must not interrupt the first in the middle.
        raised = self._done.wait(lambda: threading.Thread(target=self.cancel, args=(_STOPPED,), daemon=False).start())
        if raised is not None and not isinstance(raised, KeyboardInterrupt):
            raise raised
        is_stopped = isinstance(self._outcome, LoginTimedOut) and self._outcome.what == _STOPPED
        if raised is not None and is_stopped:
            raise Stopped("the login was stopped. No tokens came; the earlier ones are unchanged.")
        if isinstance(self._outcome, OintError):
            raise self._outcome
        if raised is not None:
            raise Stopped("the stop came too late: X already had the login. It is complete, and its tokens are saved.")
        return self.response

    def _listen(self) -> str | None:
        if not can_listen(self.redirect_uri):
            return "its redirect_uri is not on this machine"
        try:
            self._listener = LoopbackServer(self.redirect_uri, self._handle)
        except OSError as error:
            is_taken = error.errno == errno.EADDRINUSE
            return (
                "another program, or another notebook's login, has its port"
                if is_taken
                else "its port cannot be opened by this user"
            )
        return None

    def _handle(self, query: str) -> Page:
        try:
            redirect = redirect_of(query)
            self._check(redirect)
        except LoginMismatch as error:
            elsewhere = "If the login was begun in another notebook or program, copy this address there."
            return Page("This belongs to no login here", f"{error.what} Next: {error.next_step}. {elsewhere}")
        if not self._claim():
            return Page("This login is done", "The notebook has its answer. This tab can be closed.")
        title = "Back to the notebook" if redirect.code else "Denied"
        return Page(title, "The notebook has the answer. This tab can be closed.", lambda: self._finish(redirect))

    def _check(self, redirect: Redirect) -> None:
        """Refuse an address of another login (RFC 6749 §10.12)."""
        with self._lock:
            states = self._states[:]
        if not any([state.matches(redirect.state) for state in states]):  # noqa: C419 - each is compared
            raise other_login()

    def _claim(self) -> bool:
        with self._lock:
            is_first, self._is_claimed = not self._is_claimed, True
        return is_first

    def _finish(self, redirect: Redirect) -> None:
        outcome: Outcome
        try:
            outcome = exchange_code(self._plan, code_from(redirect))
        except Exception as error:  # noqa: BLE001 - it is told where the login was begun
            outcome = to_oint_error(error)
        self._end(outcome)

    def _expire(self) -> None:
        self.cancel(f"Nobody answered on X's page within {duration(timedelta(seconds=self._seconds))}.")

    def _end(self, outcome: Outcome) -> None:
        self._timer.cancel()
        if self._listener is not None:
            self._listener.close()
        if self in process.state.waiting:
            process.state.waiting.remove(self)
        if isinstance(outcome, OintError):
            outcome.__traceback__ = outcome.__context__ = None
        self._outcome = outcome
        resolve(self.response, outcome)
        self._at_end(outcome)
        self._done.set()
