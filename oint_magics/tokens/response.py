"""X's answer as a value: a read-only mapping that shows itself masked."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from weakref import WeakKeyDictionary, WeakSet

from oint_magics.auth import scope_text
from oint_magics.errors import LoginPending
from oint_magics.secret import Secret, redacted

if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterator, KeysView, ValuesView
    from datetime import datetime

    from oint_magics.auth.structure import Auth
    from oint_magics.display.table import Row, Table
    from oint_magics.errors import OintError
    from oint_magics.oauth.token_endpoint import Grant

    Note = tuple[str, str]

_MOST_KEYS = 40
_NO_REFRESH_TOKEN = {
    True: "none in the answer: the one from before is kept (RFC 6749 §6)",
    False: "none: the login did not ask for offline.access, so these tokens cannot be refreshed",
}
_OPEN_KEYS = frozenset({"token_type"})


class SavedTo(NamedTuple):
    """Where a pair lives: what messages call it, and the same for every spelling of it."""

    label: str
    place: str


class _Facts(NamedTuple):
    """What a response knows beside X's answer."""

    answer: Secret
    auth: Auth
    held: tuple[Secret, ...]
    event: str
    at: datetime
    expires_at: datetime | None
    home: SavedTo | None
    notes: tuple[Note, ...]


# The values lie outside the objects, so that no inspector, debugger or pickler that walks an
# object's attributes can reach them. One of which nothing is known yet waits for a login.
_facts: WeakKeyDictionary[TokenResponse, _Facts] = WeakKeyDictionary()
_shown: WeakSet[TokenResponse] = WeakSet()
_failed: WeakKeyDictionary[TokenResponse, OintError] = WeakKeyDictionary()


class TokenResponse:
    """The token endpoint's answer, as OPI returns it: `r["access_token"]` is the plain text.

    It behaves like a read-only mapping, and is no `collections.abc.Mapping`: error reporters, debuggers and
    pytest take those apart and show every value.

    Everything that it shows by itself is masked: `repr`, `str`, tables, inspectors, debuggers. It
    cannot be pickled. Indexing is the one way out, and `dict(r)` follows. That of a login which is not
    done yet says so, and raises `LoginPending`.
    """

    __slots__ = ("__weakref__",)

    # Two responses may hold equal tokens; comparing and hashing them would need the values.
    __hash__ = object.__hash__
    __eq__ = object.__eq__

    def __getitem__(self, key: str) -> Any:
        return _answer(self)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(_answer(self))

    def __len__(self) -> int:
        return len(_answer(self))

    def __contains__(self, key: object) -> bool:
        return key in self.keys()

    def keys(self) -> KeysView[str]:
        """Return the names in X's answer."""
        return _answer(self).keys()

    def values(self) -> ValuesView[Any]:
        """Return the values in X's answer, the tokens in plain text."""
        return _answer(self).values()

    def items(self) -> ItemsView[str, Any]:
        """Return the names and values in X's answer, the tokens in plain text."""
        return _answer(self).items()

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value of X's answer, or another one where it is not there."""
        return _answer(self).get(key, default)

    @property
    def expires_at(self) -> datetime | None:
        """When the access token ends (aware, UTC); `None` where nothing tells."""
        return _known(self).expires_at

    @property
    def scopes(self) -> tuple[str, ...]:
        """What the access token may do, in X's order."""
        return tuple(scope_text.words(self.get("scope")))

    @property
    def saved_to(self) -> str | None:
        """Where the pair lives now, as `--auth` takes it; `None` where it could not be saved."""
        home = _known(self).home
        return home.label if home else None

    def __repr__(self) -> str:
        if self not in _facts:
            return f"<TokenResponse {_unknown(self)[0].value}>"
        facts = _facts[self]
        ends = f", ends {facts.expires_at:%Y-%m-%d %H:%M} UTC" if facts.expires_at else ""
        place = f", saved to {self.saved_to}" if self.saved_to else ", not saved"
        return f"<TokenResponse {self._access_token().masked()}{ends}{place}>"

    def __str__(self) -> str:
        return _table(self).text()

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    # Sentry's and devtools' own ways of asking.
    __sentry_repr__ = __repr__

    def __pretty__(self, fmt: object, **_: object) -> Iterator[str]:
        yield repr(self)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return _table(self).mimebundle()

    def _ipython_display_(self) -> None:
        if self not in _shown:
            raise NotImplementedError  # The table is what is shown.

    def _access_token(self) -> Secret:
        return Secret(str(self.get("access_token", "")))

    def __copy__(self) -> TokenResponse:
        return self

    def __deepcopy__(self, memo: object) -> TokenResponse:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a token response cannot be pickled: name its store instead, see .saved_to")


def pending() -> TokenResponse:
    """Return a response whose pair a login is still to bring."""
    return TokenResponse()


def suppress_display(response: TokenResponse, *, is_shown: bool) -> None:
    """Let a response that is displayed show nothing: something below its cell shows it; or end that."""
    (_shown.add if is_shown else _shown.discard)(response)


def resolve(waiting: TokenResponse, outcome: TokenResponse | OintError) -> None:
    """Let a pending response become another one, or the error that its login ended with."""
    if isinstance(outcome, TokenResponse):
        _facts[waiting] = _known(outcome)
    else:
        _failed[waiting] = outcome


def from_grant(
    grant: Grant, sent: Auth, home: SavedTo | None, notes: tuple[Note, ...], event: str = "refresh"
) -> TokenResponse:
    """Return a granted pair as a response.

    Args:
        grant: what the server granted.
        sent: the auth structure that was refreshed.
        home: where the pair is saved, or `None` where it could not be.
        notes: what to show below the answer's own rows, as name and text.
        event: what brought it, in a word.
    """
    held = tuple(s for s in (sent.access_token, sent.refresh_token, sent.client_secret) if s)
    notes = (*_scope_notes(sent, grant), *_rotation_notes(sent, grant), *notes)
    return _response(_Facts(grant.answer, sent, held, event, grant.granted_at, grant.expires_at, home, notes))


def from_store(auth: Auth, at: datetime, home: SavedTo | None, *, by_another: bool = False) -> TokenResponse:
    """Return a stored pair, still fresh, in the shape of an answer; `expires_in` is what is left.

    Args:
        auth: the stored auth structure; its access token is there and its end known.
        at: now.
        home: where the pair is, or `None` for a text.
        by_another: whether another process has refreshed it just now.
    """
    left = int((auth.ends_at - at).total_seconds()) if auth.ends_at else None
    answer = {
        "token_type": "bearer",
        "expires_in": left,
        "access_token": auth.access_token and auth.access_token.reveal(),
        "scope": auth.granted or auth.scope,
        "refresh_token": auth.refresh_token and auth.refresh_token.reveal(),
    }
    text = json.dumps({key: value for key, value in answer.items() if value is not None})
    why = "another process has just refreshed it" if by_another else "the token is still good, so nothing was sent"
    note = ("refreshed", f"no: {why}")
    return _response(_Facts(Secret(text), auth, (), "look", at, auth.ends_at, home, (note,)))


def home_of(response: TokenResponse) -> SavedTo | None:
    """Return where a response's pair lives, or `None` where it could not be saved."""
    return _known(response).home


def lifetime_of(response: TokenResponse) -> float | None:
    """Return how long a pair that was granted lives from then on, in seconds; `None` where nothing tells."""
    facts = _known(response)
    return None if facts.expires_at is None else (facts.expires_at - facts.at).total_seconds()


def auth_of_response(response: TokenResponse) -> dict[str, object]:
    """Return the auth structure that a response belongs to, with the response's own pair in it."""
    facts = _known(response)
    values: dict[str, object] = json.loads(facts.auth.document.reveal())
    values |= {key: response[key] for key in ("access_token", "refresh_token") if response.get(key)}
    if facts.expires_at:
        values["expires_at"] = int(facts.expires_at.timestamp())
    return values


def _response(facts: _Facts) -> TokenResponse:
    response = TokenResponse()
    _facts[response] = facts
    return response


def _answer(response: TokenResponse) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(_known(response).answer.reveal())
    return answer


def _known(response: TokenResponse) -> _Facts:
    """Return what is known of a response; raises what its login ended with, or `LoginPending`."""
    facts = _facts.get(response)
    if facts is not None:
        return facts
    failed = _failed.get(response)
    if failed is not None:
        raise copy.copy(failed).with_traceback(None)
    raise LoginPending("The login is not done yet.", next_step="open the link, approve, and run this cell again")


def _unknown(response: TokenResponse) -> tuple[Row, ...]:
    """Return what can be said of a response that has no pair."""
    from oint_magics.display.table import Row

    failed = _failed.get(response)
    if failed is None:
        return (Row("login", "not done yet: open the link and approve"),)
    texts = {"login": failed.what, "cause": failed.cause, "next": failed.next_step}
    return tuple(Row(name, text) for name, text in texts.items() if text)


def _table(response: TokenResponse) -> Table:
    from oint_magics.display.table import Row, Table
    from oint_magics.display.times import duration, moment

    if response not in _facts:
        return Table("Login at X (OAuth 2.0)", _unknown(response))
    facts = _facts[response]
    answer = dict(response)
    held = (*facts.held, *(Secret(str(answer[k])) for k in ("access_token", "refresh_token") if answer.get(k)))
    rows = [_row(key, value, held) for key, value in list(answer.items())[:_MOST_KEYS]]
    if len(answer) > _MOST_KEYS:
        rows.append(Row("…", f"{len(answer) - _MOST_KEYS} more keys"))
    if not answer.get("refresh_token"):
        rows.append(Row("refresh_token", _NO_REFRESH_TOKEN[facts.auth.refresh_token is not None]))
    if facts.expires_at:
        life = duration(facts.expires_at - facts.at)
        rows.append(Row("expires at", f"{moment(facts.expires_at)}, {life} after this {facts.event}"))
    if facts.home:
        rows.append(Row("saved to", facts.home.label))
    caption = "Tokens of X (OAuth 2.0)"
    if facts.auth.is_sandbox:
        caption = "SANDBOX tokens: an exercise, worth nothing at X"
    return Table(caption, (*rows, *(Row(name, redacted(text, held)) for name, text in facts.notes)))


def _row(key: str, value: object, held: tuple[Secret, ...]) -> Row:
    from oint_magics.display.table import Row

    name = redacted(key, held)
    is_secret = key not in _OPEN_KEYS and any(word in key.lower() for word in ("token", "secret"))
    if is_secret and value:
        return Row(name, Secret(str(value)).masked(), is_code=True)
    return Row(name, redacted(value if isinstance(value, str) else json.dumps(value), held))


def _scope_notes(sent: Auth, grant: Grant) -> list[Note]:
    before, after = (set(scope_text.words(each)) for each in (sent.granted or sent.scope, grant.granted))
    if not before or not after:
        return []
    changes = {"scopes lost": before - after, "scopes gained": after - before}
    return [(name, " ".join(sorted(words))) for name, words in changes.items() if words]


def _rotation_notes(sent: Auth, grant: Grant) -> list[Note]:
    answered = json.loads(grant.answer.reveal()).get("refresh_token")
    if answered and Secret(answered).matches(sent.refresh_token):
        return [("not rotated", "the answer repeats the refresh token from before")]
    return []
