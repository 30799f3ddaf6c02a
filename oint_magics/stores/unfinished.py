"""What an exchange left behind that did not come to its end."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from oint_magics.errors import OintError
from oint_magics.oauth import token_endpoint
from oint_magics.stores.private_folder import Folder, reason_of
from oint_magics.stores.state_folder import STATE_FOLDER

if TYPE_CHECKING:
    from pathlib import Path

    from oint_magics.auth.structure import Auth
    from oint_magics.oauth.raw_answer import Answer
    from oint_magics.oauth.token_endpoint import Grant
    from oint_magics.secret import Secret


LARGEST = 3 * 1024 * 1024
# Room for an answer that is reserved on the disk before anything is sent; a longer one grows the file.
ROOM = 16 * 1024
# How the names of records begin.
START = "exchange-"


class Unfinished(NamedTuple):
    """What an exchange left that did not come to its end.

    Attributes:
        by: the process that sent the token and its machine, in words.
        since: when it began, in words (UTC).
        tries: how often the token was sent by then.
        answer: what came back as far as it came, or `None` where no status came.
        is_elsewhere: whether its answer, if one came, lies on another machine.
        leases: the leases under which this machine sent the token.
        began: when it began, in Unix seconds; `None` where that cannot be read.
        file: the record's file; blank where there is none on this machine.
    """

    by: str
    since: str
    tries: int
    answer: Answer | None
    is_elsewhere: bool = False
    leases: tuple[str, ...] = ()
    began: float | None = None
    file: str = ""

    def grant(self, auth: Auth, login: tuple[Secret, ...] = ()) -> Grant | None:
        """Return the pair that it brought, or `None`.

        Args:
            auth: what was sent.
            login: what stands for the code of a login, as `token_endpoint.read_grant` takes it; nothing for a refresh.
        """
        if self.answer is None:
            return None
        # Its token has lived since then, not since it was found.
        came = datetime.now(UTC) if self.began is None else datetime.fromtimestamp(self.began, UTC)
        try:
            return token_endpoint.read_grant(self.answer, auth, "the token endpoint", came, login)
        except OintError:
            return None

    @property
    def may_hold_pair(self) -> bool:
        """Whether a pair may stand in its answer that only a person can find."""
        return self.answer is not None and token_endpoint.may_hold_pair(self.answer)


def content(folder: Folder, name: str) -> bytes | None:
    """Return a record's content, or `None` where there is none that can be read."""
    try:
        return folder.read(name, LARGEST)
    except OSError as error:
        reason_of(error)
        return None


def head_of(data: bytes | None) -> tuple[dict[str, Any], bytes]:
    """Return who sent the token and when, as far as it can be read, and the answer behind it."""
    head, _, room = (data or b"").partition(b"\n")
    # A record that was closed has no room left, and its zeros are the answer's own.
    raw = room.rstrip(b"\0") if len(room) == ROOM else room
    try:
        known = json.loads(head)
    except (ValueError, RecursionError):
        known = None
    return known if isinstance(known, dict) else {}, raw


def leases_in(head: dict[str, Any]) -> list[str]:
    """Return the leases that a head names."""
    leases = head.get("leases")
    return [str(lease) for lease in leases] if isinstance(leases, list) else []


def unfinished_in(folder: Path) -> dict[str, str]:
    """Return the stores beside which a record was left, each with the fingerprint of its token.

    Args:
        folder: the folder of the stores' files.
    """
    state = folder / STATE_FOLDER
    if not state.is_dir():
        return {}
    with contextlib.suppress(OSError), Folder(state) as opened:
        names = [name for name in opened.names(START) if not name.endswith(".new")]
        return {str(head_of(content(opened, name))[0].get("store")): name.removeprefix(START) for name in names}
    return {}
