"""The sandbox's posts and media: X's rules, limits, errors, processing, and faults on demand."""

import base64
import io

import pytest
import requests
from filled import OTHER, mine
from patience import LONG
from posts_material import gif, png


def call(sandbox, auth, method, path, **more):
    headers = {"Authorization": f"Bearer {auth['access_token']}"}
    return requests.request(method, f"{sandbox.url}/2/{path}", headers=headers, timeout=LONG, **more)


def post(sandbox, auth, **body):
    return call(sandbox, auth, "POST", "tweets", json=body)


@pytest.fixture
def auth(sandbox):
    return sandbox.issue()


def begin(sandbox, auth, size, category="tweet_image", kind="image/png"):
    wanted = {"media_category": category, "media_type": kind, "total_bytes": size}
    return call(sandbox, auth, "POST", "media/upload/initialize", json=wanted)


def append(sandbox, auth, number, segment, data):
    return call(
        sandbox, auth, "POST", f"media/upload/{number}/append", data={"segment_index": segment}, files={"media": data}
    )


def uploaded(sandbox, auth, data, category="tweet_image", kind="image/png"):
    number = begin(sandbox, auth, len(data), category, kind).json()["data"]["id"]
    append(sandbox, auth, number, 0, data)
    return number, call(sandbox, auth, "POST", f"media/upload/{number}/finalize").json()["data"]


def test_a_post_comes_first_in_the_timeline_and_goes_again(sandbox, auth):
    made = post(sandbox, auth, text="Hello").json()["data"]
    first = call(sandbox, auth, "GET", "users/2244994945/tweets").json()["data"][0]
    assert first == {"id": made["id"], "text": "Hello", "edit_history_tweet_ids": [made["id"]]}
    assert call(sandbox, auth, "GET", f"tweets/{made['id']}").json()["data"]["text"] == "Hello"
    assert (
        call(sandbox, auth, "GET", "tweets/search/recent", params={"query": "hello from:sandbox"}).json()["meta"][
            "result_count"
        ]
        == 1
    )

    assert call(sandbox, auth, "DELETE", f"tweets/{made['id']}").json() == {"data": {"deleted": True}}
    assert "errors" in call(sandbox, auth, "GET", f"tweets/{made['id']}").json()
    assert "errors" in call(sandbox, auth, "DELETE", f"tweets/{made['id']}").json()


@pytest.mark.parametrize(("body", "status"), [
    ({}, 400), ({"text": ""}, 400), ({"text": 5}, 400), ({"text": "x" * 281}, 400), ({"text": "日" * 141}, 400),
    ({"text": "a", "unknown": 1}, 400), ({"text": "a", "poll": {"options": ["a"], "duration_minutes": 60}}, 400),
    ({"text": "a", "poll": {"options": ["a", "b" * 26], "duration_minutes": 60}}, 400),
    ({"text": "a", "poll": {"options": ["a", "b"], "duration_minutes": 4}}, 400), ({"text": "a", "poll": 5}, 400),
    ({"text": "a", "media": {"media_ids": ["1"]}}, 400), ({"text": "a", "media": {"media_ids": []}}, 400), ({"text": "a", "media": 5}, 400),
    ({"text": "a", "quote_tweet_id": "1"}, 403), ({"text": "a", "reply": {"in_reply_to_tweet_id": "1"}}, 400), ({"text": "a", "reply": 5}, 400),
    ({"text": "a", "poll": {"options": ["a", "b"], "duration_minutes": 60}, "quote_tweet_id": "1"}, 400),
    ({"text": "x" * 280}, 201), ({"text": "日" * 140}, 201), ({"text": "see https://example.org/" + "a" * 300}, 201),
    ({"text": "a", "poll": {"options": ["a", "b"], "duration_minutes": 60}}, 201),
    ({"text": "a", "reply": {"in_reply_to_tweet_id": "one of mine"}}, 201),
])  # fmt: skip
def test_what_x_takes_as_a_post(sandbox, auth, body, status):
    if isinstance(body.get("reply"), dict) and body["reply"]["in_reply_to_tweet_id"] == "one of mine":
        body = body | {"reply": {"in_reply_to_tweet_id": mine(sandbox)}}
    reply = post(sandbox, auth, **body)
    assert reply.status_code == status, reply.text
    if status != 201:
        assert reply.headers["Content-Type"].startswith("application/problem+json")


def test_no_json_is_no_post(sandbox, auth):
    for body in (b"{", b"[]", b"5"):
        assert call(sandbox, auth, "POST", "tweets", data=body).status_code == 400


def test_a_duplicate_is_refused(sandbox, auth):
    assert post(sandbox, auth, text="a").status_code == 201
    again = post(sandbox, auth, text="a")
    assert (again.status_code, "duplicate content" in again.json()["detail"]) == (403, True)


def test_a_reply_to_somebody_else_wants_a_mention(sandbox, auth):
    theirs = mine(sandbox, OTHER)
    assert post(sandbox, auth, text="a", reply={"in_reply_to_tweet_id": theirs}).status_code == 403


def test_somebody_else_s_post_cannot_be_deleted(sandbox, auth):
    theirs = mine(sandbox, OTHER)
    assert call(sandbox, auth, "DELETE", f"tweets/{theirs}").status_code == 403


def test_a_medium_in_segments(sandbox, auth):
    data = png(30, 30)
    number = begin(sandbox, auth, len(data)).json()["data"]["id"]
    for at in range(0, len(data), 50):
        assert append(sandbox, auth, number, at // 50, data[at : at + 50]).json()["data"]["expires_at"] > 1_700_000_000
    assert append(sandbox, auth, number, 0, data[:50]).status_code == 200  # once more: not counted again
    done = call(sandbox, auth, "POST", f"media/upload/{number}/finalize").json()["data"]

    assert (done["id"], done["size"], "processing_info" in done) == (number, len(data), False)
    made = post(sandbox, auth, text="a", media={"media_ids": [number]}).json()["data"]
    assert "https://t.co/" in made["text"]
    shown = call(sandbox, auth, "GET", f"tweets/{made['id']}", params={"expansions": "attachments.media_keys"}).json()
    assert shown["includes"]["media"] == [{"media_key": f"3_{number}", "type": "photo"}]


def test_a_medium_in_one_piece_and_as_base64(sandbox, auth):
    data = png()
    whole = call(
        sandbox, auth, "POST", "media/upload", data={"media_category": "tweet_image"}, files={"media": io.BytesIO(data)}
    )
    text = call(
        sandbox,
        auth,
        "POST",
        "media/upload",
        json={"media_category": "tweet_image", "media": base64.b64encode(data).decode()},
    )
    for reply in (whole, text):
        assert sandbox.media.uploads[reply.json()["data"]["id"]].total == len(data)
    for wrong in ({"media_category": "x", "media": "YQ=="}, {"media_category": "tweet_image", "media": "%"}, {}):
        assert call(sandbox, auth, "POST", "media/upload", json=wrong).status_code == 400


@pytest.mark.parametrize(("wanted", "status"), [
    ({"media_category": "tweet_image", "media_type": "image/png", "total_bytes": 5 * 1024**2}, 200),
    ({"media_category": "tweet_image", "media_type": "image/png", "total_bytes": 5 * 1024**2 + 1}, 400),
    ({"media_category": "tweet_gif", "media_type": "image/gif", "total_bytes": 15 * 1024**2 + 1}, 400),
    ({"media_category": "tweet_video", "media_type": "video/mp4", "total_bytes": 512 * 1024**2 + 1}, 400),
    ({"media_category": "tweet_video", "media_type": "image/png", "total_bytes": 5}, 400),
    ({"media_category": "banner", "media_type": "image/png", "total_bytes": 5}, 400),
    ({"media_category": "tweet_image", "media_type": "image/png"}, 400),
    ({"media_category": "tweet_image", "media_type": "image/png", "total_bytes": 0}, 400),
])  # fmt: skip
def test_x_s_limits(sandbox, auth, wanted, status):
    assert call(sandbox, auth, "POST", "media/upload/initialize", json=wanted).status_code == status


def test_segments_that_do_not_fit(sandbox, auth):
    number = begin(sandbox, auth, 100).json()["data"]["id"]
    assert append(sandbox, auth, number, 1000, b"a").status_code == 400
    assert append(sandbox, auth, "5", 0, b"a").json()["errors"]
    assert append(sandbox, auth, number, 0, b"a" * (4 * 1024**2 + 1)).status_code == 413
    assert append(sandbox, auth, number, 0, b"a").status_code == 200
    assert "add up" in call(sandbox, auth, "POST", f"media/upload/{number}/finalize").json()["errors"][0]["message"]


def test_processing_at_its_own_pace(sandbox, auth):
    sandbox.media.processing = 3600.0
    number, done = uploaded(sandbox, auth, gif(), "tweet_gif", "image/gif")
    assert done["processing_info"]["state"] in ("pending", "in_progress")
    assert done["processing_info"]["check_after_secs"] >= 1
    assert post(sandbox, auth, text="early", media={"media_ids": [number]}).status_code == 400

    def state():
        asked = {"command": "STATUS", "media_id": number}
        return call(sandbox, auth, "GET", "media/upload", params=asked).json()["data"]["processing_info"]["state"]

    assert state() in ("pending", "in_progress")
    sandbox.media.uploads[number].ready_at = 0.0
    assert state() == "succeeded"
    assert post(sandbox, auth, text="late", media={"media_ids": [number]}).status_code == 201


def test_a_processing_that_fails_on_demand(sandbox, auth):
    sandbox.media.processing = 0.0
    sandbox.faults.add("failed")
    number, done = uploaded(sandbox, auth, gif(), "tweet_gif", "image/gif")
    assert done["processing_info"]["state"] == "failed"
    assert post(sandbox, auth, text="a", media={"media_ids": [number]}).status_code == 400


def test_alt_texts(sandbox, auth):
    number, _ = uploaded(sandbox, auth, png())

    def describe(text):
        return call(
            sandbox, auth, "POST", "media/metadata", json={"id": number, "metadata": {"alt_text": {"text": text}}}
        )

    assert describe("A square").json()["data"]["associated_metadata"] == {"alt_text": {"text": "A square"}}
    assert [describe(text).status_code for text in ("", "a" * 1001)] == [400, 400]
    assert sandbox.media.uploads[number].alt_text == "A square"


@pytest.mark.parametrize(("fault", "status"), [("402", 402), ("403", 403), ("503", 503), ("duplicate", 403)])
def test_faults_on_demand_come_once(sandbox, auth, fault, status):
    sandbox.faults.add(fault)
    assert post(sandbox, auth, text="a").status_code == status
    assert post(sandbox, auth, text="a").status_code == 201


def test_a_segment_too_large_on_demand(sandbox, auth):
    number = begin(sandbox, auth, 5).json()["data"]["id"]
    sandbox.faults.add("413")
    assert [append(sandbox, auth, number, 0, b"12345").status_code for _ in range(2)] == [413, 200]


def test_limits_of_posts(sandbox, auth):
    sandbox.limits.restrict(1)
    replies = [post(sandbox, auth, text=f"post {n}") for n in range(2)]
    assert [reply.status_code for reply in replies] == [201, 429]
    assert replies[1].headers["x-rate-limit-remaining"] == "0"


def test_scopes(sandbox, auth):
    client = sandbox.accounts.client(auth["client_id"])
    narrow = {"access_token": sandbox.accounts.log_in(client, scope="tweet.read users.read").access_token}
    assert post(sandbox, narrow, text="a").status_code == 403
    assert begin(sandbox, narrow, 5).status_code == 403


def test_people(sandbox, auth):
    found = call(sandbox, auth, "GET", "users", params={"ids": "783214,5"}).json()
    assert [user["username"] for user in found["data"]] == ["second"]
    assert found["errors"][0]["resource_id"] == "5"
    assert call(sandbox, auth, "GET", "users/by/username/SANDBOX").json()["data"]["id"] == "2244994945"
    assert call(sandbox, auth, "GET", "users/783214").json()["data"]["name"] == "Second Sandbox User"
    assert "errors" in call(sandbox, auth, "GET", "users/by/username/nobody").json()
    assert call(sandbox, auth, "GET", "users").status_code == 400


def test_a_body_that_no_call_takes_is_not_read(sandbox):
    large = requests.Request("POST", f"{sandbox.url}/2/tweets", headers={"Content-Length": str(2**40)}).prepare()
    with requests.Session() as session:
        assert session.send(large, timeout=LONG).status_code == 413


def test_the_search_wants_a_query(sandbox, auth):
    assert call(sandbox, auth, "GET", "tweets/search/recent").status_code == 400
    assert call(sandbox, auth, "GET", "tweets/search/recent", params={"query": "nothing like this"}).json() == {
        "meta": {"result_count": 0}
    }
