"""What this machine knows of a token's family: read once, and then a value."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from oint_magics import stores
from oint_magics.display.text import quoted
from oint_magics.display.times import moment
from oint_magics.errors import TokenSpent
from oint_magics.stores import journal, newest
from oint_magics.stores.locks import wait_a_moment
from oint_magics.stores.log_lines import Known

if TYPE_CHECKING:
    from oint_magics.auth.structure import Auth
    from oint_magics.secret import Secret
    from oint_magics.stores import Store

_TEAM = "shared:"
_PATIENCE = 15.0


class Lineage(NamedTuple):
    """A refresh token's family, as the refresh log knew it when it was asked.

    Attributes:
        token: the token; `None` for none, of which nothing is known.
        known: what the log knows.
    """

    token: Secret | None
    known: Known

    @classmethod
    def of(cls, token: Secret | None, store: Store | None = None) -> Lineage:
        """Return what is known of a token.

        Args:
            token: the refresh token, or `None`.
            store: where it lies, or `None` for a text; the log may lie beside it.

        Raises:
            StoreError: the refresh log cannot be read.
        """
        if token is None:
            return cls(None, Known())
        log = store.journal if store else journal.here()
        return cls(token, log.known(token.fingerprint()))

    @property
    def newest(self) -> str:
        """The fingerprint of the family's newest token; blank for a family that is not known."""
        return self.known.newest or ""

    @property
    def place(self) -> str:
        """The store where the newest pair lives, as it can be opened; blank where it was forgotten or is not known."""
        return self.known.place

    @property
    def is_spent(self) -> bool:
        """Whether the token is known to have a successor."""
        return bool(self.token and self.newest and not self.token.has_fingerprint(self.newest))

    @property
    def is_revoked(self) -> bool:
        """Whether the token was revoked from here."""
        return self.known.end == journal.REVOKED

    @property
    def ended_at(self) -> datetime:
        """When its end became known (aware, UTC)."""
        return datetime.fromtimestamp(self.known.ended_at, UTC)

    def leads_away_from(self, store: Store | None) -> bool:
        """Tell whether the token must not be sent from a store (`None` for a text).

        It is spent; or it lives in a team's row, whose other users would send it too.
        """
        if self.is_spent:
            return True
        is_at_home = store is not None and self.place.startswith(_TEAM) and store.place == self.place
        return self.place.startswith(_TEAM) and not is_at_home

    def store(self) -> Store | None:
        """Return the store where the family lives, or `None` where that holds another account's pair, or none."""
        if not self.place:
            return None
        home = stores.open_store(self.place)
        if self._lives_in(home):
            return home
        # A pair is saved before it is logged: wait for the process that holds the store.
        end = time.monotonic() + _PATIENCE
        while home.holder() and time.monotonic() < end:
            wait_a_moment(0.05)
        now = Lineage.of(self.token, home)
        return home if now.place == self.place and now._lives_in(home) else None  # noqa: SLF001 - of the same class

    def _lives_in(self, home: Store) -> bool:
        """Tell whether the newest pair, or an older one of the family, stands in a store."""
        token = home.read().refresh_token if home.exists() else None
        if token is None:
            return False
        is_newest = token.has_fingerprint(self.newest) or Lineage.of(token, home).newest == self.newest
        return is_newest or home.descends_from(self.newest)

    def restored(self, store: Store, auth: Auth, *, try_old: bool = False) -> bool:
        """Restore the family's newest pair over an older one in a store; tell whether it was at hand.

        The store may be another one than where the pair was saved: a file that was moved, or is mounted elsewhere now.
        A team's pair is restored into its own row alone.

        Args:
            store: holds an older pair of the family, or is to take it; held by the caller.
            auth: what is there.
            try_old: also restore a pair that another program or machine may have refreshed since.

        Raises:
            StoreError: the copy is of an unknown format, or the store cannot be written.
        """
        is_there = self.place == store.place
        if not self.place or not self.newest or (self.place.startswith(_TEAM) and not is_there):
            return False
        if not store.restore_newest(self.newest, auth, try_old=try_old):
            return False
        if not is_there:
            store.journal.keep(self.newest, store.place)
        return True

    def error(self) -> TokenSpent:
        """Return the error for a spent token whose successor cannot be followed."""
        label = stores.label_of(self.place)
        if not label:
            return TokenSpent(
                "This refresh token was used before. Nothing was sent.",
                cause="newer tokens were saved, but their store was deleted with twitter.forget.",
                next_step="log in again: %twitter_login",
            )
        if newest.is_kept(self.newest):
            return TokenSpent(
                "This refresh token was used before. Nothing was sent.",
                cause=f"the newest tokens that this machine knows were in {label}. Another program or machine may have "
                "refreshed them since.",
                next_step="run it where they were refreshed last; if that was here, send them: "
                f"%twitter_refresh --auth {quoted(label)} --try-old; or log in again: %twitter_login",
            )
        return TokenSpent(
            "This refresh token was used before. Nothing was sent.",
            cause=f"the newer token was saved in {label}, which now holds other tokens, or none.",
            next_step=f"look into that store: %twitter_status --auth {quoted(label)}; or log in again: %twitter_login",
        )

    def check_not_revoked(self) -> None:
        """Refuse a pair whose tokens were ended from here.

        Raises:
            TokenSpent: it is one.
        """
        if self.is_revoked:
            raise TokenSpent(
                f"These tokens were revoked on {moment(self.ended_at)}. Nothing was sent.",
                cause="%twitter_revoke ended them, and this cannot be undone.",
                next_step="log in again: %twitter_login",
            )
