"""Whose lists are read: one's own account is told by the token, whatever app it is of."""

import json
from pathlib import Path

import pytest

from oint_magics import twitter
from oint_magics.api import me
from oint_magics.http.api import Api
from oint_magics.sandbox.accounts import PEOPLE
from oint_magics.tokens.current import CurrentToken
from oint_magics.tokens.source import source_of


@pytest.fixture
def files(sandbox, auth_file):
    """The files of two accounts of one app."""
    client = sandbox.accounts.client(json.loads(Path(auth_file("a.json")).read_text())["client_id"])
    Path("b.json").write_text(json.dumps(sandbox._structure(client, sandbox.accounts.log_in(client, PEOPLE[1]))))
    Path("b.json").chmod(0o600)
    return "a.json", "b.json"


def test_the_own_account_of_each_of_an_apps_tokens(files):
    authors = [{row["author_id"] for row in twitter.get("users/me/tweets", file, max_rows=5)} for file in files * 2]

    assert authors == [{PEOPLE[0].number}, {PEOPLE[1].number}] * 2


def test_one_look_for_a_token(files, monkeypatch):
    paths, ask = [], Api.ask
    monkeypatch.setattr(
        Api, "ask", lambda self, path, *words, **options: paths.append(path) or ask(self, path, *words, **options)
    )

    for _ in range(2):
        twitter.get("users/me/tweets", "a.json", max_rows=5)

    assert paths.count("/2/users/me") == 1
    assert len(paths) == 3


class Replaced:
    """A store that holds another account's tokens as soon as a request was answered."""

    name = "a.json"

    def __init__(self, *stores):
        self.stores = list(stores)

    def auth(self):
        return self.stores[0].auth()

    def after_401(self, refused, at=None):
        return None


def test_a_store_that_was_replaced_while_x_answered(files, monkeypatch):
    """Else the second account's posts would go out under the first one's name."""
    provider = Replaced(*(CurrentToken(source_of(file)) for file in files))
    ask = Api.ask

    def asked(self, *words, **options):
        found = ask(self, *words, **options)
        del provider.stores[:-1]
        return found

    monkeypatch.setattr(Api, "ask", asked)

    assert [me.account(provider)["id"] for _ in range(3)] == [PEOPLE[0].number, *[PEOPLE[1].number] * 2]
