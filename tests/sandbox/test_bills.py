"""The sandbox's book: what the calls would cost by X's list price, once a day for each resource."""

from decimal import Decimal

import pytest
from tidemere import Town

OWN, LANTERN = "2244994945", "tidemerelantern"


@pytest.fixture
def town():
    town = Town()
    yield town
    town.sandbox.stop()


def cost(town, path, **query):
    """Return what a call costs."""
    before = town.sandbox.bills.spent()
    status, _ = town.ask(path, **query)
    assert status in (200, 201)
    return town.sandbox.bills.spent() - before


def test_each_kind_by_its_price(town):
    lantern = town.people.named(LANTERN).number

    assert cost(town, f"users/{lantern}/tweets", max_results=10) == Decimal("0.050")
    assert cost(town, "users/me") == Decimal("0.010")
    assert cost(town, "tweets/counts/recent", query="bus") == Decimal("0.005")
    assert cost(town, "tweets/counts/recent", query="bus") == Decimal("0.005")
    assert cost(town, "tweets/counts/all", as_app=True, query="bus") == Decimal("0.010")
    assert cost(town, "usage/credits") == 0


def test_a_resource_is_billed_once_a_day(town):
    lantern = town.people.named(LANTERN).number

    first = [cost(town, f"users/{lantern}/tweets", max_results=n) for n in (10, 10, 15)]
    town.sandbox.clock.set("+1d")
    town.token = town.sandbox.accounts.log_in(town.sandbox.accounts.client(town.client_id)).access_token

    assert first == [Decimal("0.050"), 0, Decimal("0.025")]
    assert cost(town, f"users/{lantern}/tweets", max_results=10) == Decimal("0.050")


def test_one_s_own_are_cheaper(town):
    count = len(town.ask(f"users/{OWN}/tweets", max_results=20)[1]["data"])

    assert town.sandbox.bills.spent() == count * Decimal("0.001")
    assert cost(town, f"users/{OWN}/followers") == len(town.people.followers(OWN)) * Decimal("0.001")


def test_a_post_that_comes_beside_one_s_own_has_its_full_price(town):
    rows = town.ask(f"users/{OWN}/tweets", max_results=100, expansions="referenced_tweets.id")[1]
    mine = {each["id"] for each in rows["data"]}
    beside = [each for each in rows["includes"]["tweets"] if each["id"] not in mine]

    assert len(beside) > 3
    assert town.sandbox.bills.spent() == len(mine) * Decimal("0.001") + len(beside) * Decimal("0.005")


def test_who_comes_beside_the_posts_is_billed(town):
    lantern = town.people.named(LANTERN).number

    bare = cost(town, f"users/{lantern}/tweets", max_results=10, tweet__fields="author_id")
    assert cost(town, f"users/{lantern}/tweets", max_results=10, expansions="author_id") == Decimal("0.010")
    assert bare == Decimal("0.050")


def test_writes(town):
    assert cost(town, "tweets", method="POST", body={"text": "Hello"}) == Decimal("0.015")
    assert cost(town, "tweets", method="POST", body={"text": "see https://a.example/b"}) == Decimal("0.200")
    assert cost(town, "lists", method="POST", body={"name": "Mine"}) == Decimal("0.010")
    before = town.sandbox.bills.spent()
    assert town.ask("tweets", method="POST", body={"text": "Hello"})[0] == 403
    assert town.ask("users/1")[0] == 200  # It is not there.
    assert town.ask("users/abc")[0] == 400
    assert town.sandbox.bills.spent() == before


def test_a_credit_that_is_used_up(town):
    town.sandbox.bills.credit = Decimal("0.03")
    assert town.ask("usage/credits")[1]["data"]["total_balance"] == 0.03

    statuses = [town.ask(path)[0] for path in ("users/me", "users/783214", f"users/{town.people.named(LANTERN).number}",
                                               "users/me", "tweets/1", "usage/credits")]  # fmt: skip

    assert statuses == [200, 200, 200, 402, 402, 200]
    assert town.ask("users/me")[1]["title"] == "CreditsDepleted"


def test_the_cap_of_a_month(town, monkeypatch):
    from oint_magics.sandbox import bills

    monkeypatch.setattr(bills, "CAP", 10)
    lantern = town.people.named(LANTERN).number

    statuses = [town.ask(f"users/{lantern}/tweets", max_results=size)[0] for size in (5, 10, 10)]

    assert statuses == [200, 200, 429]
    assert town.ask("users/me")[0] == 200


def test_what_was_read(town):
    lantern = town.people.named(LANTERN).number
    town.ask(f"users/{lantern}/tweets", max_results=10)

    usage = town.ask("usage/tweets", as_app=True, days=3, usage__fields="daily_project_usage")[1]["data"]

    assert usage["project_usage"] == "10"
    assert [day["usage"] for day in usage["daily_project_usage"]["usage"]] == [0, 0, 10]
    town.sandbox.faults.add("404")
    assert town.ask("usage/credits") == (404, None)
    assert town.ask("usage/credits")[0] == 200
