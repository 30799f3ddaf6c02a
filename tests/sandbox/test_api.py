"""The API behind the sandbox's tokens: pages, fields, limits and refusals in X's shapes."""

import time

import pytest
import requests
from filled import fill
from patience import LONG, wait_for


def get(sandbox, auth, path, **params):
    return requests.get(
        f"{sandbox.url}/2/{path}",
        params=params,
        headers={"Authorization": f"Bearer {auth['access_token']}"},
        timeout=LONG,
    )


def timeline(sandbox, auth, **params):
    return get(sandbox, auth, "users/2244994945/tweets", **params)


def test_a_timeline_in_pages_without_gaps(sandbox):
    auth, ids, token = sandbox.issue(), [], None
    fill(sandbox)
    for _ in range(10):
        page = timeline(sandbox, auth, max_results=100, pagination_token=token).json()
        ids += [post["id"] for post in page["data"]]
        token = page["meta"].get("next_token")
        if token is None:
            break

    assert len(ids) == len(set(ids)) == 250
    assert ids == sorted(ids, reverse=True)
    assert page["meta"] == {"result_count": 50, "newest_id": ids[200], "oldest_id": ids[-1]}


def test_fields_come_where_they_are_asked_for(sandbox):
    auth = sandbox.issue()
    fill(sandbox)

    bare = timeline(sandbox, auth).json()["data"]
    full = timeline(sandbox, auth, **{"tweet.fields": "created_at,public_metrics,in_reply_to_user_id"}).json()["data"]

    assert [len(bare), len(full)] == [10, 10]
    assert set(bare[0]) == {"id", "text", "edit_history_tweet_ids"}
    assert set(full[0]["public_metrics"]) == {"retweet_count", "reply_count", "like_count", "quote_count",
                                              "bookmark_count", "impression_count"}  # fmt: skip
    assert ["in_reply_to_user_id" in post for post in full].count(True) == 1
    assert get(sandbox, auth, "users/me", **{"user.fields": "public_metrics"}).json()["data"]["public_metrics"]


@pytest.mark.parametrize("params", [{"max_results": 4}, {"max_results": 101}, {"max_results": "x"},
                                    {"pagination_token": "never"}])  # fmt: skip
def test_what_x_does_not_take(sandbox, params):
    reply = timeline(sandbox, sandbox.issue(), **params)

    assert reply.status_code == 400
    assert reply.json()["title"] == "Invalid Request"
    assert list(params) == list(reply.json()["errors"][0]["parameters"])


def test_a_window_counts_each_person_and_begins_anew(sandbox):
    auth = sandbox.issue()
    sandbox.limits.of["/2/users/me"], sandbox.limits.window = 3, 60.0

    replies = [get(sandbox, auth, "users/me") for _ in range(4)]

    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    assert [reply.headers["x-rate-limit-remaining"] for reply in replies] == ["2", "1", "0", "0"]
    assert 0 < int(replies[3].headers["x-rate-limit-reset"]) - time.time() <= 61
    assert replies[3].json()["title"] == "Too Many Requests"
    assert timeline(sandbox, auth).status_code == 200
    sandbox.limits.window = 0.1
    wait_for(lambda: get(sandbox, auth, "users/me").status_code == 200, "the window does not end")


def test_no_token_another_path_and_a_missing_scope(sandbox):
    auth = sandbox.issue()
    narrow = sandbox.accounts.log_in(sandbox.accounts.client(auth["client_id"]), scope="tweet.read")

    assert get(sandbox, {"access_token": "x"}, "users/me").json()["title"] == "Unauthorized"
    missing = get(sandbox, {"access_token": "x"}, "spaces")
    assert missing.status_code == 404
    assert "does not have this call" in missing.json()["detail"]
    assert get(sandbox, {"access_token": narrow.access_token}, "users/me").json()["title"] == "Forbidden"
