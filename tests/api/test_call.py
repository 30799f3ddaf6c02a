"""Calls of the API: pages, rows, limits, and what is said when X refuses."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from filled import fill
from patience import LONG, wait_for
from raw_server import answer

from oint_magics import errors, twitter
from oint_magics.api import progress

POSTS = "users/2244994945/tweets"
ME = {"id": "2244994945", "name": "Sandbox User", "username": "sandbox"}


@pytest.fixture
def pair(auth_file):
    return auth_file()


@pytest.fixture
def ids(sandbox):
    """The ids of 250 posts, the newest first."""
    return fill(sandbox)


@pytest.fixture
def lines(monkeypatch):
    """Every line that a piece of work shows."""
    shown = []
    monkeypatch.setattr(progress, "_listeners", [lambda: shown.append])
    return shown


def test_whose_token_it_is(pair):
    found = twitter.me(pair)

    assert found == ME
    assert "SANDBOX account" in str(found)
    assert 'scope="row"' in found._repr_mimebundle_()["text/html"]


def test_one_answer_is_one_row(pair, ids, lines):
    row = twitter.get("users/me", pair)[0]
    assert {name: row[name] for name in ("id", "name", "username")} == ME
    assert twitter.get("/2/users/me", pair, user_fields=["public_metrics"])[0]["public_metrics.tweet_count"] == 250
    assert lines == []


def test_all_pages_without_gaps(pair, ids, lines):
    fields = ["public_metrics", "in_reply_to_user_id"]
    rows = twitter.get(POSTS, pair, max_results=100, max_rows=None, tweet_fields=fields)

    assert [row["id"] for row in rows] == ids
    assert all(isinstance(row["id"], str) for row in rows)
    assert lines == [
        f"{POSTS}: 100 rows in 1 page…",
        f"{POSTS}: 200 rows in 2 pages…",
        f"{POSTS}: 250 rows in 3 pages",
    ]
    likes = sum(row["public_metrics.like_count"] for row in rows)
    assert pd.DataFrame(rows)["public_metrics.like_count"].sum() == likes > 0
    assert pl.DataFrame(rows, infer_schema_length=None).height == 250
    assert rows[0]["in_reply_to_user_id"] == "783214"
    assert rows[1]["in_reply_to_user_id"] is None


def test_enough_rows(pair, ids, sandbox):
    assert len(twitter.get(POSTS, pair, max_rows=7)) == 7
    assert len(twitter.get(POSTS, pair, max_rows=10)) == 10
    calls = sandbox.limits._calls["2244994945", "/2/users/{id}/tweets", 900.0][1]
    assert calls == 2


@pytest.mark.parametrize("rows", [0, -1, 2.5, "7", True])
def test_a_number_of_rows_that_is_none(pair, rows):
    with pytest.raises(errors.UsageError, match="max_rows"):
        twitter.get(POSTS, pair, max_rows=rows)


def test_a_rate_limit_is_raised_with_its_end_and_the_rows_so_far(pair, ids, sandbox, lines):
    sandbox.limits.of["/2/users/{id}/tweets"] = 2
    begun = time.monotonic()

    with pytest.raises(errors.RateLimited) as caught:
        twitter.get(POSTS, pair, max_results=100, max_rows=None)

    assert time.monotonic() - begun < 100
    assert len(caught.value.rows) == 200
    assert caught.value.status == 429
    assert 0 < (caught.value.retry_at - datetime.now(UTC)).total_seconds() < 910
    assert f"{caught.value.retry_at:%H:%M:%S} UTC" in str(caught.value)
    assert "of 2 calls" in str(caught.value)
    assert "200 rows" in str(caught.value)


@pytest.mark.parametrize(
    "path", ["", "  ", "/", "2/", "https://evil.example/2/users/me", "users/../../x", "//evil.example/x"]
)
def test_a_path_that_is_none(pair, path):
    with pytest.raises((errors.UsageError, errors.CallError)) as caught:
        twitter.get(path, pair)
    assert "evil" not in str(caught.value)


REFUSED = {
    "400": ("400 No", {"title": "Invalid Request", "errors": [{"message": "The `x` parameter is bad"}]}, "x` parameter is bad"),
    "401": ("401 No", {"title": "Unauthorized", "status": 401}, "%twitter_login"),
    "402": ("402 No", {"title": "CreditsDepleted"}, "credits"),
    "403": ("403 No", {"detail": "Forbidden"}, "scope"),
    "404": ("404 No", {}, 'a path is like "users/me"'),
    "500": ("500 No", {}, "docs.x.com/status"),
    "503": ("503 No", {"title": "Service Unavailable"}, "tokens are good"),
    "200 with errors": ("200 OK", {"errors": [{"detail": "Could not find user"}]}, "Could not find user"),
    "a redirect": ("302 Found", {}, "status 302"),
}  # fmt: skip


@pytest.fixture
def api(raw, auth, monkeypatch):
    def start(behaviour):
        server = raw(behaviour)
        monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
        monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/token")
        Path("auth.json").write_text(json.dumps(auth | {"expires_at": int(time.time()) + 3600}))
        return server

    return start


@pytest.mark.parametrize("name", REFUSED)
def test_every_refusal_in_words(api, name):
    status, body, words = REFUSED[name]
    # A 401 is followed by one refresh, whose refusal would be the error.
    server = api(lambda c: answer(status, json.dumps(body).encode(), "Location: http://127.0.0.1:1/")(c))
    if name == "401":
        values = json.loads(Path("auth.json").read_text()) | {"refresh_token": None}
        Path("auth.json").write_text(json.dumps(values))

    with pytest.raises(errors.OintError) as caught:
        twitter.get("users/me", "auth.json")

    assert words in str(caught.value) or name == "401"
    assert len([r for r in server.requests if r.startswith(b"GET")]) == 1


def test_words_that_hold_a_token_are_not_repeated(api, auth):
    body = {"detail": f"bad {auth['access_token']} \x1b[31m", "title": "<b>"}
    api(answer("403 No", json.dumps(body).encode()))

    with pytest.raises(errors.CallError) as caught:
        twitter.get("users/me", "auth.json")
    assert auth["access_token"] not in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[1]", b"null", b"{" * 50_000, b'{"data": 7}', b'{"data": [1, "x", null]}']
)
def test_answers_that_are_no_rows(api, body):
    api(answer("200 OK", body))

    if body.startswith(b'{"'):
        assert twitter.get("users/me", "auth.json") == []
    else:  # Nobody must take a cut page for the last one.
        with pytest.raises(errors.CallError, match="cannot be read"):
            twitter.get("users/me", "auth.json")
    with pytest.raises(errors.CallError):
        twitter.me("auth.json")


def test_no_answer(api):
    api(lambda connection: connection.close())

    with pytest.raises(errors.CallError, match="No answer") as caught:
        twitter.get("users/me", "auth.json")
    assert caught.value.status is None
    assert caught.value.__context__ is None


def test_pages_that_never_end_end_with_what_repeats(api):
    """A server that gives the same token again and again; a row that comes again is dropped."""
    server = api(answer("200 OK", b'{"data": [{"id": "1"}], "meta": {"next_token": "same"}}'))

    with pytest.raises(errors.CallError, match="same page") as caught:
        twitter.get("users/me", "auth.json")

    assert len(server.requests) == 2
    assert caught.value.rows == [{"id": "1"}]
    assert caught.value.rows.repeats == 1


def test_the_token_ends_on_the_way(api, auth):
    first = answer("200 OK", b'{"data": [{"id": "1"}], "meta": {"next_token": "2"}}')

    def behave(connection):
        count = len(server.requests)
        if count == 1:
            values = json.loads(Path("auth.json").read_text()) | {"expires_at": 1}
            Path("auth.json").write_text(json.dumps(values))
            first(connection)
        else:
            answer("400 Bad", b'{"error": "invalid_grant"}')(connection)

    server = api(behave)

    with pytest.raises(errors.CallError, match="could not be refreshed") as caught:
        twitter.get("users/me", "auth.json")
    assert caught.value.rows == [{"id": "1"}]


STOPPED = """
import sys, threading, os, signal, time
from oint_magics import twitter
from oint_magics.api import progress
def line(text):
    print(text, flush=True)
    if "200 rows" in text and "…" in text: os.kill(os.getpid(), signal.SIGINT)
progress.listen(lambda: line)
rows = twitter.get({path!r}, "auth.json", max_results=100, max_rows=None)
print(len(rows), type(rows).__name__)
"""


def test_the_stop_button_returns_the_rows_so_far(pair, ids):
    done = subprocess.run(
        [sys.executable, "-c", STOPPED.format(path=POSTS)], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-2:] == [f"{POSTS}: stopped; 200 rows in 2 pages", "200 Rows"]
    assert done.stderr == ""


def test_the_stop_button_while_x_does_not_answer(api):
    server = api(lambda _: time.sleep(LONG))
    code = "from oint_magics import twitter; print('ready', flush=True); print(twitter.get('users/me', 'auth.json'))"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    process.stdout.readline()
    wait_for(lambda: server.requests, "nothing was sent")
    process.send_signal(signal.SIGINT)

    assert process.communicate(timeout=LONG)[0] == "[]\n"


def test_names_and_values_as_x_wants_them(api):
    server = api(answer("200 OK", b'{"data": []}'))

    twitter.get(
        "x",
        "auth.json",
        tweet_fields=["a", "b"],
        user_fields="c",
        expansions=None,
        exclude=("d",),
        is_it=True,
        n=3,
        unchecked=True,
    )

    line = server.requests[0].split(b"\r\n")[0].decode()
    assert line == "GET /2/x?tweet.fields=a%2Cb&user.fields=c&exclude=d&is_it=true&n=3 HTTP/1.1"


def test_a_stop_at_any_moment_loses_no_page(api, monkeypatch):
    """The stop falls into each line that takes a page, one after another."""
    from oint_magics.api import pages

    last = {"data": [{"id": "3"}], "meta": {}}
    body = [*({"data": [{"id": f"{n}"}], "meta": {"next_token": f"t{n}"}} for n in range(3)), last]
    right, stops = pages.Call._take, 0
    for at in range(1, 25):
        left, asked = at, 0

        def line(frame, event, _):
            nonlocal left, stops
            left -= event == "line"
            if left == 0 and event == "line":
                sys.settrace(None)
                stops += 1
                raise KeyboardInterrupt
            return line

        def take(self, *words):
            sys.settrace(line if left > 0 else None)
            try:
                right(self, *words)
            finally:
                sys.settrace(None)

        def behave(connection):
            nonlocal asked
            request = server.requests[-1].decode()
            number = int(request.partition("_token=t")[2][:1] or -1) + 1
            asked += 1
            answer("200 OK", json.dumps(body[number]).encode())(connection)

        server = api(behave)
        monkeypatch.setattr(pages.Call, "_take", take)
        rows = twitter.get("users/12/tweets", "auth.json", max_rows=None)
        monkeypatch.setattr(pages.Call, "_take", right)
        if rows.more:
            rows = twitter.get("users/12/tweets", "auth.json", max_rows=None, resume=rows)
        assert ([row["id"] for row in rows], rows.repeats, asked) == (["0", "1", "2", "3"], 0, 4), at
    assert stops > 8


def test_rows_that_are_continued_are_not_changed_by_the_next_ones(pair, ids):
    one = twitter.get(POSTS, pair, max_rows=20)
    two = twitter.get(POSTS, pair, max_rows=40, resume=one)
    two[0]["note"] = "mine"

    assert "note" not in one[0]
