"""A sandbox whose clock stands at a known time, and calls of it without a connection."""

import json
from datetime import UTC, datetime

from oint_magics.sandbox import Sandbox, api, catalogue
from oint_magics.sandbox.calls import Call

NOW = "2026-11-01T09:00Z"
MOMENT = datetime(2026, 11, 1, 9, tzinfo=UTC).timestamp()
EVERY_SCOPE = " ".join(sorted(catalogue.scopes() | {"offline.access"}))


class Town:
    """A sandbox at a known time, with a token that may do everything and an app's own."""

    def __init__(self, **options):
        self.sandbox = Sandbox(**options)
        self.sandbox.clock.set(NOW)
        self.sandbox.limits.of.clear()
        self.sandbox.limits.of_apps.clear()
        app = self.sandbox.issue()
        accounts = self.sandbox.accounts
        client = accounts.client(app["client_id"])
        self.token = accounts.log_in(client, scope=EVERY_SCOPE).access_token
        self.app_token = accounts.app_token(client.api_key, client.api_secret)
        self.client_id = client.client_id

    @property
    def now(self):
        return self.sandbox.clock.now()

    @property
    def posts(self):
        return self.sandbox.posts.until(self.now)

    @property
    def people(self):
        return self.sandbox.posts.people

    def ask(self, path, method="GET", *, as_app=False, body=None, **query):
        """Return the status of a call and what it answers."""
        token = self.app_token if as_app else self.token
        content = b"" if body is None else json.dumps(body).encode()
        texts = {name.replace("__", "."): str(value) for name, value in query.items() if value is not None}
        reply = api.answer(
            self.sandbox.memory, Call(method, f"/2/{path}", texts, f"Bearer {token}", "application/json", content)
        )
        return reply.status, json.loads(reply.body or b"null")

    def all(self, path, **query):
        """Return the data of all pages of a call."""
        found, token = [], None
        while True:
            status, page = self.ask(path, pagination_token=token, **query)
            assert status == 200, page
            found += page.get("data", [])
            token = page["meta"].get("next_token")
            if token is None:
                return found
