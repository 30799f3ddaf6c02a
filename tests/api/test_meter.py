"""What is counted: every read and post of ours, in a call, a session or a client library; nothing else."""

import json
import os
from pathlib import Path

import pytest
from raw_server import answer

from oint_magics import errors, twitter
from oint_magics.api import meter
from oint_magics.twitter import reading

LANTERN = "users/@tidemerelantern/tweets"


@pytest.fixture
def pair(auth_file):
    return auth_file()


def spent(name="auth.json"):
    book = meter.ledger_of(json.loads(Path(name).read_text())["client_id"])
    return book.spent(book.today())


def test_a_call_costs_what_the_sandbox_bills(pair, sandbox):
    rows = twitter.get(LANTERN, pair, max_rows=30, fields="text,author.username,quoted.text")

    assert rows.cost == pytest.approx(float(sandbox.bills.spent()))
    assert spent().mills == round(sandbox.bills.spent() * 1000)
    assert twitter.get(LANTERN, pair, max_rows=30).cost == 0


@pytest.mark.parametrize("library", ["requests", "tweepy"])
def test_a_session_is_counted(pair, sandbox, library):
    with twitter.session(pair) as session:
        if library == "tweepy":
            import tweepy

            client = tweepy.Client(bearer_token="placeholder")
            client.session = session
            client.search_recent_tweets("the", max_results=20)
        else:
            session.get(f"{session.api}/2/tweets/search/recent", params={"query": "the", "max_results": 20})

    assert spent().mills == round(sandbox.bills.spent() * 1000) > 50


def test_a_foreign_session_is_not_counted_and_the_table_says_so(pair, sandbox):
    import requests

    session = requests.Session()
    session.auth = twitter.bearer(pair)
    assert session.get(f"{sandbox.url}/2/users/me").status_code == 200

    assert spent().mills == 0
    assert "twitter.bearer" in str(reading.usage(pair))


def test_posts_and_looks_are_counted(pair, sandbox):
    post = twitter.post("Hello", auth=pair)
    twitter.post("Hello", auth=pair)
    twitter.post("See https://example.org", auth=pair)
    twitter.delete(post, auth=pair)

    assert spent().mills == round(sandbox.bills.spent() * 1000)
    kinds = {line.kind: line.read for line in spent().lines}
    assert kinds == {"user": 1, "made": 1, "made_with_link": 1, "deleted": 1}


@pytest.mark.parametrize(("status", "left"), [("402", 0), ("503", 0)])
def test_a_refusal_costs_nothing(pair, sandbox, status, left):
    sandbox.faults.add(status)
    with pytest.raises(errors.CallError):
        twitter.get("tweets/search/recent", pair, query="the")

    assert spent().mills == left == round(sandbox.bills.spent() * 1000)


@pytest.mark.parametrize("way", ["before", "after a 401", "a session, after a 401"])
def test_a_refresh_that_fails_costs_nothing(pair, sandbox, way):
    if way == "before":
        Path(pair).write_text(json.dumps(json.loads(Path(pair).read_text()) | {"access_token": "old", "expires_at": 1}))
    sandbox.accounts.expire_access_tokens()
    sandbox.clock.set("+3h")
    sandbox.accounts.end_all()

    with pytest.raises(errors.OintError):
        if "session" in way:
            with twitter.session(pair) as session:
                session.get(f"{session.api}/2/tweets/search/recent", params={"query": "the"})
        else:
            twitter.get("tweets/search/recent", pair, query="the")

    assert spent().mills == 0


def test_a_lost_answer_keeps_its_price(raw, monkeypatch, auth):
    server = raw(lambda connection: None)
    monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
    Path("auth.json").write_text(json.dumps(auth | {"expires_at": 4_000_000_000}))

    with pytest.raises(errors.CallError):
        twitter.get("users/12/tweets", "auth.json", max_rows=20)

    assert spent()[1:3] == (100, 100)


def test_what_was_not_sent_costs_nothing(monkeypatch, auth):
    monkeypatch.setenv("OINT_TWITTER_API_URL", "http://127.0.0.1:9")
    Path("auth.json").write_text(json.dumps(auth | {"expires_at": 4_000_000_000}))

    with pytest.raises(errors.CallError, match="Nothing was sent"):
        twitter.get("users/12/tweets", "auth.json", max_rows=20)

    assert spent().mills == 0


def test_the_budget_ends_a_call_with_its_rows(pair, sandbox, monkeypatch, capsys):
    monkeypatch.setenv("OINT_TWITTER_BUDGET", "1.30")

    rows = twitter.get(LANTERN, pair, max_rows=None)

    assert 200 <= len(rows) < 300
    assert rows.more
    assert float(sandbox.bills.spent()) <= 1.30
    assert "the budget of today has $" in capsys.readouterr().err
    with pytest.raises(errors.OverBudget, match="nothing was sent"):
        twitter.get("users/@museumoftides/tweets", pair)
    monkeypatch.delenv("OINT_TWITTER_BUDGET")
    assert len(twitter.get(LANTERN, pair, max_rows=None, resume=rows)) > 300


def test_a_day_of_the_sandbox_that_has_ended_frees_the_budget(pair, sandbox, monkeypatch):
    monkeypatch.setenv("OINT_TWITTER_BUDGET", "0.50")
    twitter.get(LANTERN, pair, max_rows=None)
    with pytest.raises(errors.OverBudget):
        twitter.get("users/@museumoftides/tweets", pair)
    sandbox.clock.set("+1d")

    assert len(twitter.get("users/@museumoftides/tweets", pair, max_rows=20)) == 20


def test_the_table_of_what_was_spent_begins_with_one_s_own_app(pair, auth_file, sandbox, monkeypatch):
    monkeypatch.setenv("OINT_TWITTER_BUDGET", "0.50")
    twitter.get(LANTERN, auth_file("earlier.json"), max_rows=5)
    twitter.get(LANTERN, pair, max_rows=20)

    table = reading.usage(pair)
    assert "earlier.json" not in str(table)
    assert "The budget of a day is $0.50 for each app; $0.39 are left" in str(table)
    monkeypatch.delenv("OINT_TWITTER_BUDGET")
    assert "budget" not in str(reading.usage(pair))


def test_posts_count_in_the_budget(pair, monkeypatch, sandbox):
    monkeypatch.setenv("OINT_TWITTER_BUDGET", "0.02")
    with pytest.raises(errors.OverBudget, match="nothing was sent"):
        twitter.post("Hello https://example.org", auth=pair)
    assert sandbox.posts.made == {}


@pytest.mark.parametrize("value", ["two", "-1", "1e3", "nan", "2,00"])
def test_a_budget_that_is_none_sends_nothing(pair, sandbox, monkeypatch, value):
    monkeypatch.setenv("OINT_TWITTER_BUDGET", value)

    with pytest.raises(errors.SettingError, match="Nothing was sent"):
        twitter.get(LANTERN, pair)

    assert sandbox.bills.spent() == 0


def test_without_a_ledger_a_budget_sends_nothing(pair, sandbox, monkeypatch, home):
    ledger = Path(os.environ["OINT_HOME"]) / "ledger"
    twitter.get(LANTERN, pair, max_rows=5)
    day = next(path for path in ledger.iterdir() if "-20" in path.name)
    day.write_bytes(day.read_bytes() + b"damage\n")
    before = sandbox.bills.spent()

    monkeypatch.setattr(meter, "_ledgers", {})
    assert len(twitter.get("users/@museumoftides/tweets", pair, max_rows=5)) == 5
    assert sandbox.bills.spent() > before

    monkeypatch.setenv("OINT_TWITTER_BUDGET", "5")
    before = sandbox.bills.spent()
    with pytest.raises(errors.UsageError, match="ledger of what was read cannot be used"):
        twitter.get("users/@oldfordunited/tweets", pair, max_rows=5)
    assert sandbox.bills.spent() == before


def test_a_redirect_is_no_read(raw, monkeypatch, auth):
    target = raw(answer("200 OK", b'{"data": [{"id": "1"}]}'))
    server = raw(answer("302 Found", b"", f"Location: {target.url}/2/users/12/tweets"))
    monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
    Path("auth.json").write_text(json.dumps(auth | {"expires_at": 4_000_000_000}))

    with twitter.session("auth.json") as session:
        session.get(f"{server.url}/2/users/12/tweets")

    assert spent().mills == 0
