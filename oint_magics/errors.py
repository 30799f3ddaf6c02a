"""What can go wrong, as types: one class per decision that a caller can take.

    OintError
    ├── UsageError              the magic's line cannot be understood
    ├── NotInteractive          a panel or a prompt needs an interactive session
    ├── SettingError            an `OINT_…` variable cannot be used
    ├── AuthError               what was given is no auth data
    │   ├── AuthNotFound        nothing there
    │   ├── AuthSyntaxError     not JSON
    │   ├── AuthFieldError      a key is missing or holds something else
    │   └── TokenSpent          known to be spent or revoked, and there is no successor
    ├── StoreError
    │   ├── StoreNotWritable    the answer could not be saved, so nothing was sent
    │   ├── StoreTaken          the store holds other tokens
    │   ├── StoreBusy           another process holds it for too long
    │   └── NotSaved            answered, but its store does not take the tokens
    ├── ExchangeError
    │   ├── NotSent             nothing left this machine: nothing is spent
    │   ├── TokenRefused        the server said no (RFC 6749 §5.2)
    │   │   ├── InvalidRequest
    │   │   ├── InvalidGrant    the refresh token is dead
    │   │   ├── InvalidClient
    │   │   ├── UnauthorizedClient
    │   │   └── AppRefused      the app is not enrolled, has no credits, …: nothing is spent
    │   ├── NotTokenEndpoint    something else answers at that address
    │   ├── TryLater            refused for now: nothing is spent
    │   └── InDoubt             sent, and no telling what became of it
    │       └── AnswerUnreadable  the answer came, and the tokens in it cannot be read: it is kept
    ├── LoginError              a login did not come to its end
    │   ├── LoginDenied         the person, or X, said no
    │   ├── LoginMismatch       the address that came back is not this login's
    │   ├── LoginTimedOut       nobody answered in time
    │   └── LoginPending        its tokens were asked for before they came
    ├── CallError               X's API refused a call
    │   ├── RateLimited         a limit is used up, until a time
    │   └── PostInDoubt         a post was sent, and no telling whether it is there
    ├── PackageMissing          a Python package that is needed cannot be imported
    └── InternalError           a fault of ours

    KeyboardInterrupt
    └── Stopped                 the stop button; what was on its way was finished first

An error holds text alone: no request, no answer, no value that was given.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from types import TracebackType


class OintError(Exception):
    """Something that a user can act on: what happened, why, and what to type next.

    Args:
        what: what happened, one sentence.
        cause: why, one sentence; `None` where `what` says it all.
        next_step: what to do or to type next; `None` where there is nothing to do.

    Attributes:
        became: what became of the old refresh token, in words; blank where none was at stake.
    """

    became: ClassVar[str] = ""

    def __init__(self, what: str, *, cause: str | None = None, next_step: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.cause = cause
        self.next_step = next_step

    def __str__(self) -> str:
        lines = [self.what]
        if self.cause:
            lines.append(f"Cause: {self.cause}")
        if self.next_step:
            lines.append(f"Next:  {self.next_step}")
        return "\n".join(lines)

    def _render_traceback_(self) -> list[str]:
        """Show the message alone where IPython would show a traceback."""
        forget_frames(self)
        return [f"{type(self).__name__}: {self}"]


class UsageError(OintError):
    """The magic's line cannot be understood."""


class OverBudget(UsageError):
    """A call may cost more than the budget of today has left; nothing was sent.

    Attributes:
        left: what is left, in thousandths of a US dollar.
    """

    left: int = 0


class NotInteractive(OintError):
    """A panel or a prompt needs an interactive session, and this is none."""


class SettingError(OintError):
    """An environment variable of ours holds something that cannot be used."""


class AuthError(OintError):
    """What was given cannot be read as auth data."""

    became = "was not sent"


class AuthNotFound(AuthError):
    """There is nothing where the auth data should be."""


class AuthSyntaxError(AuthError):
    """The text is not JSON, strict or in OPI's single-quoted form."""


class AuthFieldError(AuthError):
    """A key of the auth data is missing or holds something else."""


class TokenSpent(AuthError):
    """The refresh token is known to be revoked, or spent and its successor not where it was: nothing was sent."""


class StoreError(OintError):
    """A store cannot be used."""


class StoreNotWritable(StoreError):
    """The answer could not be saved there, so nothing was sent."""

    became = "was not sent"


class StoreTaken(StoreError):
    """The store holds other tokens, and those are not overwritten."""

    became = "was not sent"


class StoreBusy(StoreError):
    """Another process holds the store or the token for too long: nothing was sent."""

    became = "was not sent"


class NotSaved(StoreError):
    """The server answered with new tokens, and they could not be saved.

    Attributes:
        response: the new tokens as a `TokenResponse`; its `saved_to` is `None` where no place took it.
    """

    became = (
        "is used up. The new tokens are in the recovery file, and the next refresh saves them; or in a p"
        "rofile that the message names; in the error's `.response` too"
    )

    response: Any


class ExchangeError(OintError):
    """The exchange with the token endpoint did not give tokens."""


class NotSent(ExchangeError):
    """No byte of the request left this machine: nothing is spent."""

    became = "was not sent"


class TokenRefused(ExchangeError):
    """The server refused, in the words of RFC 6749 §5.2.

    Attributes:
        status: the HTTP status.
        error: the server's `error` code.
        description: the server's `error_description`, or `None`.
    """

    became = "was most likely not used: the server named no cause that is known here"
    status: int
    error: str
    description: str | None


class InvalidRequest(TokenRefused):
    """A parameter is missing or wrong."""

    became = "was not used; the message names what to correct"


class InvalidGrant(TokenRefused):
    """The refresh token is spent, expired, revoked, or of another app."""

    became = "is dead; log in again. At a login: the code was too old, or used before"


class InvalidClient(TokenRefused):
    """The client id is wrong."""

    became = "was not used; the message names what to correct"


class UnauthorizedClient(TokenRefused):
    """The client secret is missing or wrong, or the app type does not fit."""

    became = "was not used; the message names what to correct"


class AppRefused(TokenRefused):
    """X refuses the app and not the token: it is not enrolled, has no credits, or is not known. Nothing is spent."""

    became = "was not used; the message names what to correct"


class NotTokenEndpoint(ExchangeError):
    """What answers at that address is not the token endpoint: nothing is spent."""

    became = "was sent and not used; it is as good as before"


class TryLater(ExchangeError):
    """Refused for now: nothing is spent.

    Attributes:
        retry_at: when the server will listen again (aware, UTC), or `None` if it does not say.
    """

    became = "was sent and not used; it is as good as before"

    retry_at: datetime | None


class InDoubt(ExchangeError):
    """The request went out and no readable answer came: the refresh token may be spent."""

    became = (
        "may be used up: the answer was lost on the way. Running it again tries the stored token once mo"
        "re; after that, only `--try-old` does"
    )


class AnswerUnreadable(InDoubt):
    """The answer came and may hold the new tokens, and it cannot be read: it is kept, and nothing is sent again."""

    became = (
        "is probably used up; the answer came and cannot be read. It is kept in the file that the messag"
        "e names, and nothing is sent again but by `--try-old`"
    )


class LoginError(OintError):
    """A login did not come to its end; tokens from before are as they were."""

    became = "was not sent; no new tokens came"


class LoginDenied(LoginError):
    """The person, or X, said no."""


class LoginMismatch(LoginError):
    """The address that came back is not this login's, or no such address."""


class LoginTimedOut(LoginError):
    """Nobody answered in time, or a later login took this one's place."""


class LoginPending(LoginError):
    """The login's tokens were asked for before they came."""


class CallError(OintError):
    """X's API refused a call, or gave no answer.

    Attributes:
        status: the HTTP status, or `None` where no answer came.
        rows: what came before, as rows.
        is_sent: whether the request may have arrived though no answer came.
        position: where `get` goes on; `None` for other calls.
    """

    status: int | None = None
    rows: Sequence[dict[str, Any]] = ()
    is_sent: bool = True
    position: Any = None  # api.rows.Position


class RateLimited(CallError):
    """A limit of calls is used up: of fifteen minutes, or of a day; a cap of the app is a plain `CallError`.

    Attributes:
        retry_at: when X accepts calls again (aware, UTC), or `None` if it does not say.
    """

    retry_at: datetime | None = None


class PostInDoubt(CallError):
    """A post was sent and no answer came: it may be there. It is not sent again without being told so."""


class PackageMissing(OintError):
    """A Python package that is needed is not installed, or cannot be imported."""


class InternalError(OintError):
    """A fault of ours."""


class Stopped(KeyboardInterrupt):
    """The stop button was pressed; what was on its way was finished first."""

    def _render_traceback_(self) -> list[str]:
        forget_frames(self)
        return [f"Stopped: {self}"]


def forget_frames(error: BaseException) -> None:
    """Let go of the frames that lead here: IPython's own hold the line that was typed, for `%debug` to show."""
    error.__traceback__ = _nowhere()
    if getattr(sys, "last_value", None) is error:
        sys.last_traceback = error.__traceback__


def _nowhere() -> TracebackType | None:
    """Return a traceback with nothing in it, nor behind it: IPython's `%tb` and `%debug` want one."""
    import threading

    found: list[TracebackType | None] = []

    def fail() -> None:
        try:
            raise LookupError  # noqa: TRY301 - for its traceback alone
        except LookupError as nothing:
            found.append(nothing.__traceback__)

    # In a thread of its own, so that no frame of the caller's stands behind it.
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    return found[0]
