"""A team's pair in PostgreSQL: one row an account, encrypted, held by a lease.

The row tells everybody what an exchange record tells this machine: that the token was sent, by whom and
when. Whoever finds that mark on a token knows that its answer may lie on another machine.
"""

from __future__ import annotations

import contextlib
import json
import time
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from oint_magics import settings
from oint_magics.auth.document import AuthDocument, read_document
from oint_magics.display.text import escaped
from oint_magics.errors import AuthNotFound, StoreError, StoreNotWritable, StoreTaken
from oint_magics.stores import journal, kept_answers, newest
from oint_magics.stores.document import check_unchanged, pretty, with_grant, with_pair_of
from oint_magics.stores.lease import Lease
from oint_magics.stores.locks import store_lock
from oint_magics.stores.postgres import FORMAT, Database
from oint_magics.stores.private_folder import data_folder, private_folder, reason_of
from oint_magics.stores.seal import Seal, team_keys
from oint_magics.stores.shared_record import SharedRecordFolder
from oint_magics.stores.write_ahead import RecordFolder, login_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from oint_magics.auth.structure import Auth
    from oint_magics.oauth.token_endpoint import Grant

T = TypeVar("T")
_LOOKS_APART = 0.1
_MOST_ANCESTORS = 200


class _Row(NamedTuple):
    """What the team's row holds.

    Attributes:
        document: the auth structure.
        generation: grows with every pair.
        ancestors: the fingerprints of the tokens that it descends from.
    """

    document: AuthDocument
    generation: int
    ancestors: list[str]


class SharedStore:
    """An auth structure in the team's database, encrypted with the team's key.

    Args:
        name: the account's name there.

    Raises:
        SettingError: `OINT_SHARED_STORE` is not set, or is no address.
    """

    def __init__(self, name: str) -> None:
        self.label = label = f"shared:{name}"
        self._name = name
        self._database = Database(settings.shared_store())
        # Not by `self`: a circle would keep the connection until the next collection of garbage.
        self._seal = Seal(team_keys, lambda: _unopened(label))
        self._looked: tuple[float, object] = (-_LOOKS_APART, None)

    @property
    def place(self) -> str:
        """The row's name and the database's: one machine may know rows of one name in two databases."""
        return f"{self.label}@{self._database.identity()}"

    @cached_property
    def _folder(self) -> Path:
        return settings.data_folder() / "shared" / self._database.identity()

    @cached_property
    def _lease(self) -> Lease:
        return Lease(self._database, self._name, self._folder)

    def exists(self) -> bool:
        """Tell whether there is a pair of that name."""
        return bool(self._run("SELECT 1 FROM oint_pair WHERE name = %(name)s AND content IS NOT NULL"))

    def version(self) -> object:
        """Return the pair's generation; the database is asked at most ten times a second."""
        if time.monotonic() - self._looked[0] > _LOOKS_APART:
            rows = self._run("SELECT generation FROM oint_pair WHERE name = %(name)s AND content IS NOT NULL")
            self._looked = time.monotonic(), rows[0][0] if rows else None
        return self._looked[1]

    def read(self) -> Auth:
        """Return the auth structure.

        Raises:
            AuthNotFound: there is no pair of that name.
            StoreError: it cannot be read.
        """
        return self._row().document.auth()

    def descends_from(self, fingerprint: str) -> bool:
        """Tell whether the pair descends from a token, whichever machine refreshed it."""
        return fingerprint in self._row().ancestors

    def create(self, auth: Auth) -> None:
        """Write a whole auth structure.

        Raises:
            StoreError: it cannot be written, or another machine holds the row by now.
        """
        self._run("INSERT INTO oint_pair (name) VALUES (%(name)s) ON CONFLICT DO NOTHING")
        rows = self._run("SELECT generation FROM oint_pair WHERE name = %(name)s")
        seen = rows[0][0] if rows else 0
        content = self._sealed(pretty(auth.document.reveal()), seen + 1, [])
        if not self._write(seen, seen + 1, content, is_held=True):
            raise _overtaken(self.label)

    def remove(self) -> None:
        """Delete the row, if no other machine holds it."""
        self._run(
            "DELETE FROM oint_pair WHERE name = %(name)s AND lease IS NOT DISTINCT FROM %(lease)s",
            lease=self._lease.name or None,
        )
        self._looked = -_LOOKS_APART, None

    def delete_if_unchanged(self, auth: Auth) -> None:
        """Delete the row that `create` has just written, if it is still that, and held."""
        if self.exists() and self.read().document.matches(auth.document):
            self.remove()

    def forget(self) -> None:
        """Delete the row, for the whole team, and what this machine keeps of it."""
        self.remove()
        newest.forget(self.place)
        kept_answers.discard(self.records)
        self.records.sweep()
        self.login_records.discard_all()

    def prove(self) -> None:
        """Show that the pair can be saved, by writing the unchanged content as `save` does, with the newest key.

        Raises:
            StoreError: it cannot.
        """
        row = self._row()
        content = self._sealed(row.document.text, row.generation, row.ancestors)
        if not self._write(row.generation, row.generation, content, is_held=True):
            raise _overtaken(self.label)

    def save(self, grant: Grant, sent: Auth) -> None:
        """Write the pair and its expiry, if nobody wrote another one in the meantime.

        Raises:
            StoreTaken: somebody did.
            StoreError: it cannot be written.
        """
        row = self._row()
        check_unchanged(row.document.auth(), sent, self.label)
        text = with_grant(row.document, grant)
        content = self._sealed(text, row.generation + 1, _descent(row))
        # A connection that broke in the middle may have carried it out: then the pair is there.
        is_written = self._write(row.generation, row.generation + 1, content, needs_standby=False)
        if not is_written and self._row().document.text != text:
            raise _overtaken(self.label)
        pair = newest.Pair(grant.access_token, grant.refresh_token or sent.refresh_token, grant.expires_at)
        newest.keep(self.place, None, pair, self._seal, sent.refresh_token)

    def _write(
        self, seen: int, generation: int, content: str, *, is_held: bool = False, needs_standby: bool = True
    ) -> bool:
        """Write where the generation is still the one that was seen; `is_held`: and the lease is still ours."""
        self._looked = -_LOOKS_APART, None
        rows = self._run(
            "UPDATE oint_pair SET generation = %(generation)s, content = %(content)s "
            "WHERE name = %(name)s AND generation = %(seen)s "
            "AND format = %(format)s AND (NOT %(is_held)s OR lease IS NOT DISTINCT FROM %(lease)s) "
            "RETURNING content = %(content)s",
            needs_standby=needs_standby,
            format=FORMAT,
            is_held=is_held,
            seen=seen,
            generation=generation,
            content=content,
            lease=self._lease.name or None,
        )
        # A trigger may have kept what was there.
        return bool(rows) and rows[0][0]

    def warning(self) -> str | None:
        """Return what the user should know about the database and its address, or `None`."""
        from psycopg.conninfo import conninfo_to_dict

        found = []
        if self._database.is_unconfirmed:
            found.append(
                "the database's synchronous standby did not confirm the new tokens within 10 seconds: they are on the "
                "primary, and in a copy on this machine"
            )
        if conninfo_to_dict(settings.shared_store().reveal()).get("password"):
            found.append("OINT_SHARED_STORE contains a password: move it to a file that PGPASSFILE names")
        return "; ".join(found) or None

    @contextlib.contextmanager
    def lock(self, seconds: float, meanwhile: Callable[[], T | None]) -> Iterator[T | None]:
        """Hold the row: first against this machine's processes, then by its lease against the others'."""
        end = time.monotonic() + seconds
        self._make_folder()
        with store_lock(self._folder / self._name, seconds, meanwhile) as found:
            found_later = self._lease.take(end, meanwhile) if found is None else found
            try:
                yield found_later
            finally:
                self._lease.release()

    def _make_folder(self) -> None:
        reason = None
        try:
            data_folder(settings.data_folder())
            private_folder(self._folder)
        except OSError as error:
            reason = reason_of(error)
        if reason:
            raise StoreNotWritable(
                "The data folder cannot be written, so nothing was sent.",
                cause=f"{reason} (X's answer is kept there until the database has it).",
                next_step="make the data folder writable, or set OINT_HOME to another folder",
            )

    def holder(self) -> str | None:
        """Return who holds the row now, in words, or `None`."""
        rows = self._run("SELECT holder FROM oint_pair WHERE name = %(name)s AND until > now()")
        return escaped(rows[0][0], 200) if rows else None

    @property
    def records(self) -> RecordFolder:
        """Where the records of exchanges from this row lie: on this machine, with a mark in the row."""
        return SharedRecordFolder(self._folder / self._name, self.place, self._seal, self._lease)

    @property
    def login_records(self) -> RecordFolder:
        """Where the records of logins into this row lie: in the data folder."""
        return login_records(newest.name_of(self.place), self.place, self._seal)

    @property
    def journal(self) -> journal.Journal:
        """The refresh log of this machine."""
        return journal.here()

    def restore_newest(self, fingerprint: str, app: Auth, *, try_old: bool = False) -> bool:
        """Restore the newest pair over an older one: a standby that became the primary may lack the last writes.

        When the pair's access token has expired, another machine may have refreshed it: it is not restored then.

        Args:
            fingerprint: the newest refresh token's.
            app: names the app, where the row is gone.
            try_old: restore it also then.

        Returns:
            Whether that very pair was at hand on this machine.

        Raises:
            StoreTaken: another machine holds the row by now.
        """
        pair = newest.kept(fingerprint, self._seal, takes_overtaken=try_old)
        is_fresh = pair is not None and pair.expires_at is not None and pair.expires_at > datetime.now(UTC)
        if pair is None or not (is_fresh or try_old):
            return False
        if not self.exists():
            self.create(pair.with_app(app))
            return True
        row = self._row()
        content = self._sealed(with_pair_of(row.document, pair), row.generation + 1, _descent(row))
        if not self._write(row.generation, row.generation + 1, content, is_held=True):
            raise _overtaken(self.label)
        return True

    def _run(self, statement: str, *, needs_standby: bool = True, **values: object) -> list[tuple[Any, ...]]:
        return self._database.run(statement, needs_standby=needs_standby, name=self._name, **values)

    def _row(self) -> _Row:
        rows = self._run("SELECT format, generation, content FROM oint_pair WHERE name = %(name)s")
        if not rows or rows[0][2] is None:
            raise AuthNotFound(
                f"{self.label} does not exist.",
                cause="the team's database holds no tokens under this name.",
                next_step=f"check the name; or put tokens there: %twitter_keep auth.json {self.label}",
            )
        form, generation, content = rows[0]
        if form != FORMAT:
            raise _newer(self.label)
        known = json.loads(self._seal.opened(f"{self._name} {generation}", content.encode()))
        return _Row(read_document(known["auth"]), generation, known["ancestors"])

    def _sealed(self, text: str, generation: int, ancestors: list[str]) -> str:
        known = json.dumps({"auth": text, "ancestors": ancestors})
        return self._seal.sealed(f"{self._name} {generation}", known.encode()).decode()


def _descent(row: _Row) -> list[str]:
    """Return the fingerprints of the tokens that the row's next pair descends from."""
    token = row.document.auth().refresh_token
    return [*row.ancestors, *([token.fingerprint()] if token else [])][-_MOST_ANCESTORS:]


def _unopened(label: str) -> StoreError:
    return StoreError(
        f"{label} cannot be opened with OINT_SHARED_KEY.",
        cause="it was encrypted with another key, or somebody wrote over the row.",
        next_step="ask your team for the key; if there are several, separate them by commas, the newest first",
    )


def _newer(label: str) -> StoreError:
    return StoreError(
        f"{label} has a format that this version of oint_magics does not know. Nothing was sent.",
        cause="somebody in your team has a newer version.",
        next_step="%pip install --upgrade oint_magics",
    )


def _overtaken(label: str) -> StoreTaken:
    return StoreTaken(f"{label} was changed while the server answered.", cause="it contains other tokens now.")
