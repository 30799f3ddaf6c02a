"""The server's memory: clients, token families, who spent what. One lock around each decision."""

from __future__ import annotations

import base64
import secrets
import threading
import time
from dataclasses import dataclass, field

MARK = "sandbox-"
SCOPE = "tweet.read tweet.write users.read media.write offline.access"


@dataclass
class Client:
    """An app; without a secret it is a public one."""

    client_id: str
    secret: str | None


@dataclass
class Family:
    """One login: the chain of refresh tokens that came from it, and the access tokens that are still good."""

    client_id: str
    refresh_token: str
    spent: set[str] = field(default_factory=set)
    access_tokens: dict[str, float] = field(default_factory=dict)
    is_revoked: bool = False


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
    """

    def __init__(self, expires_in: int = 7200) -> None:
        self.expires_in = expires_in
        self.punishes_reuse = False
        self.counts = Counts()
        self._clients: dict[str, Client] = {}
        self._families: list[Family] = []
        self._lock = threading.Lock()

    def add_client(self, secret: str | None) -> Client:
        """Register an app under a fresh client id that carries the sandbox's mark."""
        number = secrets.token_urlsafe(15)
        client = Client(MARK + _packed(f"{number}:1:ci"), secret)
        with self._lock:
            self._clients[client.client_id] = client
        return client

    def client(self, client_id: str) -> Client | None:
        """Return a registered app, or `None`."""
        return self._clients.get(client_id)

    def log_in(self, client: Client) -> tuple[str, str]:
        """Begin a token family; return its first access token and refresh token."""
        with self._lock:
            family = Family(client.client_id, "")
            self._families.append(family)
            return self._rotate(family)

    def refresh(self, client: Client, refresh_token: str) -> tuple[str, str] | None:
        """Spend a refresh token; return the new pair, or `None` where the token is dead."""
        with self._lock:
            for family in self._families:
                if family.client_id != client.client_id:
                    continue
                if family.refresh_token == refresh_token and not family.is_revoked:
                    family.spent.add(refresh_token)
                    self.counts.refreshes += 1
                    return self._rotate(family)
                if refresh_token in family.spent:
                    self.counts.reuses += 1
                    family.is_revoked = family.is_revoked or self.punishes_reuse
            self.counts.refused += 1
            return None

    def is_good(self, access_token: str) -> bool:
        """Tell whether an access token opens anything now."""
        with self._lock:
            return any(
                family.access_tokens.get(access_token, 0) > time.time()
                for family in self._families
                if not family.is_revoked
            )

    def expire_access_tokens(self) -> None:
        """End every access token now."""
        with self._lock:
            for family in self._families:
                family.access_tokens.clear()

    def _rotate(self, family: Family) -> tuple[str, str]:
        now = time.time()
        access_token, family.refresh_token = _token("at", now), _token("rt", now)
        family.access_tokens[access_token] = now + self.expires_in
        return access_token, family.refresh_token


def _token(kind: str, now: float) -> str:
    """Return a token built as X's are: random, milliseconds, kind."""
    return _packed(f"{secrets.token_urlsafe(33)[:43]}:{int(now * 1000)}:1:1:{kind}:1")


def _packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
