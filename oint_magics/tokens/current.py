"""The access token of a source, current whenever it is asked for.

It is read again when its store has changed, refreshed before its end, and at most once after a refusal.
"""

from __future__ import annotations

import copy
import math
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from oint_magics import process, stores
from oint_magics.auth import token_format
from oint_magics.auth.structure import auth_of
from oint_magics.display.times import clock
from oint_magics.error_boundary import error_boundary
from oint_magics.errors import AppRefused, InDoubt, OintError, TokenRefused, TokenSpent, TryLater
from oint_magics.secret import Secret
from oint_magics.tokens.destination import at
from oint_magics.tokens.lineage import Lineage
from oint_magics.tokens.refresh import has_answer, refresh
from oint_magics.tokens.response import auth_of_response, home_of, lifetime_of

if TYPE_CHECKING:
    from oint_magics.auth.structure import Auth
    from oint_magics.stores import Store
    from oint_magics.tokens.response import TokenResponse
    from oint_magics.tokens.source import Source

_YOUNG = 60.0
_MARGIN = 60.0
_LONGEST_PAUSE = 15 * 60.0


class _Snapshot(NamedTuple):
    """What was found in the source, when it looked so, and until when its token is fresh.

    Attributes:
        stamp: the store's.
        auth: the pair.
        fresh_until: in Unix seconds, by this machine's clock.
        good_until: the same of a token that was granted here, by a monotonic clock (`display.times.clock`).
    """

    stamp: object
    auth: Auth
    fresh_until: float
    good_until: float | None = None

    def is_fresh(self) -> bool:
        return time.time() < self.fresh_until if self.good_until is None else clock() < self.good_until


class _Problem(NamedTuple):
    """Why the last refresh failed, of which document, and until when the same is told without asking again."""

    document: str
    error: OintError
    until: float


class CurrentToken:
    """A source's pair as it is now, for any number of threads.

    Args:
        source: where the pair lives. What cannot be written moves at the first refresh, as every refresh does it.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lock = threading.RLock()  # A signal's handler may ask in the middle.
        self._look: _Snapshot | None = None
        self._problem: _Problem | None = None
        self._renewed_for: set[str] = set()
        self._granted_at = -math.inf
        process.watch(self)

    @property
    def name(self) -> str:
        """What tables call the source."""
        return self._source.label

    def after_fork(self) -> None:
        """Take a lock of one's own: another thread of the parent may have held this one."""
        self._lock = threading.RLock()

    @error_boundary
    def auth(self) -> Auth:
        """Return the pair with an access token that is still good; costs one look at the store's stamp.

        Raises:
            OintError: as for a refresh, where one was due and failed.
        """
        look = self._look
        if look and look.is_fresh() and look.stamp == self._stamp():
            return look.auth
        with self._lock:
            look = self._read()
            if not look.is_fresh():
                look = self._refreshed(look, if_expired=True)
            return look.auth

    @error_boundary
    def after_401(self, refused: Secret, at: datetime | None = None) -> Auth | None:
        """Return another pair to try after the API refused an access token, or `None` where there is none.

        The store is read again first. Then the pair is refreshed, once for each access token, and not for one that
        is younger than a minute and has not come to its end: something else is wrong there.

        Args:
            refused: the access token that was refused.
            at: when, by the API's clock; `None` if it did not say. By that clock the token may have ended.

        Raises:
            OintError: as for a refresh, where one was due and failed.
        """
        with self._lock:
            look = self._read()
            if not refused.matches(look.auth.access_token):
                return look.auth
            self._raise_known(look)
            is_over = look.auth.refresh_token is None or refused.fingerprint() in self._renewed_for
            is_ended = at is not None and look.auth.ends_at is not None and at >= look.auth.ends_at
            if is_over or (look.is_fresh() and not is_ended and self._is_young(refused, look.auth)):
                return None
            self._renewed_for.add(refused.fingerprint())
            return self._refreshed(look, if_expired=False).auth

    def _stamp(self) -> object:
        return self._source.store.version() if self._source.store else None

    def _read(self) -> _Snapshot:
        stamp = self._stamp()
        if self._look is None or self._look.stamp != stamp or self._source.store is None:
            self._look = _looked(stamp, self._source.read(), self._source.store)
        return self._look

    def _refreshed(self, look: _Snapshot, *, if_expired: bool) -> _Snapshot:
        self._raise_known(look)
        begun = clock()  # The server counts from a moment after this one.
        try:
            response = refresh(self._source, None, if_expired=if_expired, interactive=False)
        except OintError as error:
            self._problem = _Problem(
                look.auth.document.fingerprint(), copy.copy(error), time.monotonic() + _pause(error)
            )
            raise
        home = home_of(response)
        if home:
            self._source = at(stores.open_store(home.place, home.label))
        self._look, self._granted_at = None, begun
        return self._to_the_moment(self._read(), response)

    def _to_the_moment(self, look: _Snapshot, response: TokenResponse) -> _Snapshot:
        """Return a look with the life that the answer told: a store keeps a time of day, whose clock may be wrong."""
        if look.auth.access_token is None:  # Its store has no place for one, and there is no data folder.
            look = look._replace(auth=auth_of(auth_of_response(response))._replace(granted=look.auth.granted))
        if Secret(response["access_token"]).matches(look.auth.access_token):
            life = lifetime_of(response)
            good_until = None if life is None else self._granted_at + life - min(_MARGIN, life / 10)
            self._look = look._replace(good_until=good_until)
            return self._look
        return look

    def _raise_known(self, look: _Snapshot) -> None:
        """Raise what the last refresh raised, while nothing has changed since: many threads must not ask for each."""
        problem = self._problem
        # By its content: a refresh that fails has rewritten the store, to prove that it could.
        if problem and time.monotonic() < problem.until and problem.document == look.auth.document.fingerprint():
            raise copy.copy(problem.error)

    def _is_young(self, token: Secret, auth: Auth) -> bool:
        """Tell whether a token is younger than a minute: by its own stamp, this object, or this machine's journal."""
        issued = token_format.issued_at(token.reveal())
        lineage = Lineage.of(auth.refresh_token, self._source.store)
        known = None if lineage.is_spent else lineage.known.granted_at
        ages = [time.time() - each for each in (issued.timestamp() if issued else None, known) if each is not None]
        # A negative one shows a clock that was put back since, and says nothing.
        return clock() - self._granted_at < _YOUNG or any(0 <= age < _YOUNG for age in ages)


def _looked(stamp: object, auth: Auth, store: Store | None) -> _Snapshot:
    lineage = Lineage.of(auth.refresh_token, store)
    lineage.check_not_revoked()
    auth = auth._replace(granted=lineage.known.scope)
    # An answer that came and was not saved: this pair is spent, however fresh.
    is_spent = store is not None and has_answer(store, auth)
    until = None if is_spent or auth.is_from_future(datetime.now(UTC)) else auth.fresh_until
    return _Snapshot(stamp, auth, until.timestamp() if until else -math.inf)


def _pause(error: OintError) -> float:
    """Return for how many seconds an error holds; a refusal does until the store changes."""
    if isinstance(error, TryLater) and error.retry_at:
        return min(_LONGEST_PAUSE, max(1.0, (error.retry_at - datetime.now(UTC)).total_seconds()))
    if isinstance(error, TryLater | InDoubt | AppRefused):
        return 60.0
    is_final = isinstance(error, TokenRefused | TokenSpent)
    return math.inf if is_final else 5.0
