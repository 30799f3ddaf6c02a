"""Reading without paying twice: no row more than asked for, none read twice, and what stands beside the rows."""

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from filled import fill
from raw_server import answer

from oint_magics import errors, twitter
from oint_magics.api import progress
from oint_magics.api.expansions import expanded

POSTS = "users/2244994945/tweets"


@pytest.fixture
def pair(auth_file, sandbox):
    fill(sandbox)
    return auth_file()


@pytest.fixture
def lines(monkeypatch):
    """Every line that a piece of work shows."""
    shown = []
    monkeypatch.setattr(progress, "_listeners", [lambda: shown.append])
    return shown


@pytest.mark.parametrize(
    ("wanted", "read"), [(15, 15), (12, 12), (7, 7), (103, 103), (101, 101), (200, 200), (3, 5), (104, 104)]
)
def test_no_more_is_read_than_is_wanted(pair, sandbox, capsys, wanted, read):
    """X's smallest page is five posts: three cannot be had alone, and no row that was paid is dropped."""
    rows = twitter.get(POSTS, pair, max_rows=wanted)

    assert len(rows) == sum(sandbox.posts.read.values()) == read
    note = "5 rows for max_rows=3: X's smallest page here is 5, and each row is billed"
    more = f"{read} of more: --max-rows all (max_rows=None) reads them all"
    assert rows.notes == ((note, more) if wanted == 3 else (more,))
    assert capsys.readouterr().err == (f"{POSTS}: {note}.\n" if wanted == 3 else "") + f"{POSTS}: {more}.\n"


def test_all_rows_are_read_in_the_largest_pages(pair, sandbox):
    assert len(twitter.get(POSTS, pair, max_rows=None)) == 250
    assert sandbox.limits._calls["2244994945", "/2/users/{id}/tweets", 900.0][1] == 3


def test_a_size_of_one_s_own_is_the_most(pair, sandbox):
    assert len(twitter.get(POSTS, pair, max_rows=23, max_results=10)) == 23
    assert sum(sandbox.posts.read.values()) == 23
    assert sandbox.limits._calls["2244994945", "/2/users/{id}/tweets", 900.0][1] == 3


def test_a_call_whose_sizes_are_not_known_is_asked_as_it_is(raw, monkeypatch, auth):
    server = raw(answer("200 OK", b'{"data": [{"id": "1"}, {"id": "2"}, {"id": "3"}]}'))
    monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
    Path("auth.json").write_text(json.dumps(auth | {"expires_at": 4_000_000_000}))

    rows = twitter.get("new/call", "auth.json", max_rows=2, query="x", unchecked=True)

    assert len(rows) == 3
    assert rows.notes == ("3 rows for max_rows=2: X takes no page size for this call",)
    assert parse_qs(urlsplit(server.requests[0].split()[1].decode()).query) == {"query": ["x"]}


@pytest.mark.parametrize("window", [1, 2, 24])
def test_a_limit_in_the_middle_is_resumed_without_reading_twice(pair, sandbox, window):
    fill(sandbox, 2500)
    sandbox.limits.restrict(window)
    error = None
    for _ in range(30):
        try:
            rows = twitter.get(POSTS, pair, max_rows=2500, resume=error, tweet_fields="lang")
            break
        except errors.RateLimited as limited:
            error = limited
            sandbox.limits.restrict(window)

    assert len(rows) == len({row["id"] for row in rows}) == 2500
    assert set(sandbox.posts.read.values()) == {1}
    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)


def test_a_limit_is_waited_for(raw, monkeypatch, auth, lines):
    page = answer("200 OK", b'{"data": [{"id": "1"}], "meta": {"next_token": "b"}}')
    last = answer("200 OK", b'{"data": [{"id": "2"}]}')

    def behave(connection):
        reset = f"x-rate-limit-reset: {int(datetime.now(UTC).timestamp()) + 1}"
        replies = [page, answer("429 No", b"{}", reset), answer("429 No", b"{}", reset), last]
        replies[len(server.requests) - 1](connection)

    server = raw(behave)
    monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
    Path("auth.json").write_text(json.dumps(auth | {"expires_at": 4_000_000_000}))

    assert twitter.get("users/1/tweets", "auth.json", wait=True) == [{"id": "1"}, {"id": "2"}]
    assert len(server.requests) == 4
    assert any("X takes more calls after" in line and "UTC" in line for line in lines)


def test_stop_while_a_limit_is_waited_for_gives_the_rows_so_far(pair, sandbox, monkeypatch):
    sandbox.limits.restrict(1)

    def line(text):
        if "X takes more calls" in text:
            raise KeyboardInterrupt

    monkeypatch.setattr(progress, "_listeners", [lambda: line])

    assert len(twitter.get(POSTS, pair, wait=True)) == 100


def test_an_outage_is_resumed_too(pair, sandbox):
    assert len(twitter.get(POSTS, pair, max_rows=100)) == 100
    sandbox.posts.read.clear()
    sandbox.faults.add("503")
    with pytest.raises(errors.CallError, match="503") as first:
        twitter.get(POSTS, pair)
    assert first.value.rows == ()

    rows = twitter.get(POSTS, pair, max_rows=None, resume=first.value)

    assert len(rows) == 250
    assert set(sandbox.posts.read.values()) == {1}


def test_an_error_of_another_call_is_refused(pair, sandbox):
    sandbox.limits.restrict(1)
    with pytest.raises(errors.RateLimited) as caught:
        twitter.get(POSTS, pair, max_rows=None)
    assert "resume=error" in str(caught.value)
    sandbox.limits.restrict(None)

    for path, more in ((POSTS, {"tweet_fields": "lang"}), ("users/783214/tweets", {})):
        with pytest.raises(errors.UsageError, match="belongs to another call"):
            twitter.get(path, pair, resume=caught.value, **more)
    for wrong in (ValueError("x"), errors.InternalError("x"), errors.CallError("x"), "text"):
        with pytest.raises(errors.UsageError, match="resume takes the error"):
            twitter.get(POSTS, pair, resume=wrong)


def test_an_expansion_brings_its_columns(pair, sandbox):
    rows = twitter.get(
        POSTS, pair, max_rows=50, expansions=["author_id", "in_reply_to_user_id"], user_fields="public_metrics"
    )

    assert {row["author.username"] for row in rows} == {"sandbox"}
    assert {row["author_id"] for row in rows} == {"2244994945"}
    followers = len(sandbox.posts.people.followers("2244994945"))
    assert rows[0]["author.public_metrics.followers_count"] == followers > 0
    assert [row["in_reply_to_user.username"] for row in rows if row["in_reply_to_user_id"]] == ["second"]
    assert rows[1]["in_reply_to_user.username"] is None


def test_what_an_expansion_does_not_find_is_left_out():
    page = {"includes": {"users": [{"id": "1", "name": "A"}], "places": [{"id": "p", "country": "X"}], "other": 5}}
    objects = [{"author_id": "1", "geo": {"place_id": "p"}}, {"author_id": "2"}, {}]

    found = expanded(page, objects, "author_id,geo.place_id,attachments.media_keys,referenced_tweets.id")

    geo = {"place_id": "p", "place": [{"id": "p", "country": "X"}]}
    assert found[0] == {"author_id": "1", "author": {"name": "A"}, "geo": geo}
    assert found[1]["author_id"] == "2"
    assert "author" not in found[1]
    assert objects[0] == {"author_id": "1", "geo": {"place_id": "p"}}
    assert expanded({}, objects, "author_id") is objects
    assert expanded(page, objects, "") is objects


def test_a_wait_without_a_time_is_a_window(raw, monkeypatch, auth):
    """X does not always say when: fifteen minutes are a window."""
    import time_machine

    from oint_magics.api import collected

    replies = [answer("429 No", b"{}"), answer("200 OK", b'{"data": [{"id": "1"}]}')]
    server = raw(lambda connection: replies[len(server.requests) - 1](connection))
    monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
    Path("auth.json").write_text(json.dumps(auth | {"expires_at": 4_000_000_000}))
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        monkeypatch.setattr(collected.time, "sleep", clock.shift)
        begun = datetime.now(UTC)
        rows = twitter.get("users/me", "auth.json", wait=True)
        assert (datetime.now(UTC) - begun).total_seconds() == pytest.approx(901, abs=2)

    assert rows == [{"id": "1"}]
