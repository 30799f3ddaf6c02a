"""The server's memory: clients, token families, who spent what. One lock around each decision."""

from __future__ import annotations

import base64
import hmac
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

MARK = "sandbox-"
SCOPE = "tweet.read tweet.write users.read media.write offline.access"


class Person(NamedTuple):
    """Somebody with an account here."""

    number: str
    username: str
    name: str


PEOPLE = (
    Person("2244994945", "sandbox", "Sandbox User"),
    Person("783214", "second", "Second Sandbox User"),
)
# The owner of the apps: its reads of its own account are cheaper.
OWNER = PEOPLE[0].number


@dataclass
class Client:
    """An app.

    Attributes:
        client_id: its OAuth 2.0 client id.
        secret: its OAuth 2.0 client secret; `None` for a public app.
        callback: its redirect_uri.
        api_key: its API key.
        api_secret: its API key secret.
        bearer: its app-only access token, once it was asked for; X gives the same one each time.
    """

    client_id: str
    secret: str | None = field(repr=False)
    callback: str
    api_key: str
    api_secret: str = field(repr=False)
    bearer: str | None = field(default=None, repr=False)


class Pair(NamedTuple):
    """What a grant gives; without `offline.access` there is no refresh token."""

    access_token: str
    refresh_token: str | None
    scope: str


@dataclass
class Family:
    """One login: the chain of refresh tokens that came from it, and the access tokens that are still good."""

    client_id: str
    person: Person
    scope: str
    refresh_token: str | None = None
    spent: set[str] = field(default_factory=set)
    access_tokens: dict[str, float] = field(default_factory=dict)

    def end(self) -> None:
        """Let every token of it be dead; the ones that were spent stay known as such."""
        self.refresh_token = None
        self.access_tokens.clear()


@dataclass
class Counts:
    """What happened so far."""

    refreshes: int = 0
    refused: int = 0
    reuses: int = 0


class Accounts:
    """All clients and token families.

    Args:
        expires_in: how long an access token lives, in seconds.
        now: what gives the time, in Unix seconds.
    """

    def __init__(self, expires_in: int = 7200, now: Callable[[], float] = time.time) -> None:
        self.expires_in = expires_in
        self._now = now
        self.punishes_reuse = False
        self.counts = Counts()
        self._clients: dict[str, Client] = {}
        self._families: list[Family] = []
        self._lock = threading.Lock()

    def add_client(self, secret: str | None, callback: str) -> Client:
        """Register an app under a fresh client id that carries the sandbox's mark."""
        number = secrets.token_urlsafe(15)
        key, key_secret = MARK + secrets.token_urlsafe(18), secrets.token_urlsafe(37)
        client = Client(MARK + _packed(f"{number}:1:ci"), secret, callback, key, key_secret)
        with self._lock:
            self._clients[client.client_id] = client
        return client

    def client(self, client_id: str) -> Client | None:
        """Return a registered app, or `None`."""
        return self._clients.get(client_id)

    def clients(self) -> list[Client]:
        """Return all registered apps, the oldest first."""
        return list(self._clients.values())

    def log_in(self, client: Client, person: Person = PEOPLE[0], scope: str = SCOPE) -> Pair:
        """Begin a token family, which ends the earlier ones of this app and person; return its first pair."""
        with self._lock:
            for earlier in self._families:
                if (earlier.client_id, earlier.person) == (client.client_id, person):
                    earlier.end()
            family = Family(client.client_id, person, scope)
            self._families.append(family)
            return self._rotate(family)

    def refresh(self, client: Client, refresh_token: str) -> Pair | None:
        """Spend a refresh token; return the new pair, or `None` where the token is dead."""
        with self._lock:
            for family in self._families:
                if family.client_id != client.client_id:
                    continue
                if family.refresh_token == refresh_token:
                    family.spent.add(refresh_token)
                    self.counts.refreshes += 1
                    return self._rotate(family)
                if refresh_token in family.spent:
                    self.counts.reuses += 1
                    if self.punishes_reuse:
                        family.end()
            self.counts.refused += 1
            return None

    def revoke(self, client: Client, token: str) -> None:
        """End one token of an app; an unknown one is as good as ended (RFC 7009 §2.2)."""
        with self._lock:
            for family in self._families:
                if family.client_id == client.client_id:
                    family.access_tokens.pop(token, None)
                    if family.refresh_token == token:
                        family.refresh_token = None

    def bearer(self, access_token: str) -> tuple[Person, frozenset[str]] | None:
        """Return whom an access token speaks for and with which scopes, or `None` for one that opens nothing now."""
        family = self.family_of(access_token)
        return (family.person, frozenset(family.scope.split())) if family else None

    def family_of(self, access_token: str) -> Family | None:
        """Return the login that an access token came from, or `None` for one that opens nothing now."""
        with self._lock:
            now = self._now()
            return next((each for each in self._families if each.access_tokens.get(access_token, 0) > now), None)

    def app_token(self, api_key: str, api_secret: str) -> str | None:
        """Return an app-only access token; `None` for a wrong API key or API key secret."""
        with self._lock:
            for client in self._clients.values():
                if client.api_key == api_key and hmac.compare_digest(client.api_secret.encode(), api_secret.encode()):
                    client.bearer = client.bearer or MARK + secrets.token_urlsafe(78)
                    return client.bearer
            return None

    def app_of(self, token: str) -> Client | None:
        """Return the app that an app-only access token belongs to, or `None`."""
        return next((each for each in self.clients() if each.bearer == token), None)

    def end_all(self) -> None:
        """End every login, as a person does on X's page of connected apps."""
        with self._lock:
            for family in self._families:
                family.end()

    def expire_access_tokens(self) -> None:
        """End every access token now."""
        with self._lock:
            for family in self._families:
                family.access_tokens.clear()

    def _rotate(self, family: Family) -> Pair:
        now = self._now()
        # With this machine's time, as in the answers' `Date`: who reads it would take another one for a wrong clock.
        access_token = _token("at", time.time())
        family.refresh_token = _token("rt", time.time()) if "offline.access" in family.scope.split() else None
        family.access_tokens = {token: end for token, end in family.access_tokens.items() if end > now}
        family.access_tokens[access_token] = now + self.expires_in
        return Pair(access_token, family.refresh_token, family.scope)


def _token(kind: str, at: float) -> str:
    """Return a token built as X's are: random, milliseconds, kind."""
    return _packed(f"{secrets.token_urlsafe(33)[:43]}:{int(at * 1000)}:1:1:{kind}:1")


def code() -> str:
    """Return an authorization code built as X's are."""
    return _token("ac", time.time())


def _packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
