"""Every request of ours and every answer of the sandbox, against X's OpenAPI description."""

import json
import types

import openapi
import pytest
from filled import fill, mine
from posts_material import gif, mp4, png

from oint_magics import errors, twitter
from oint_magics.sandbox import api, handler

if openapi.FILE is None:
    # Loudly: without the description nothing here is a judge.
    pytest.skip("X'S OPENAPI DESCRIPTION IS NOT HERE: NO REQUEST WAS COMPARED WITH IT", allow_module_level=True)

DESCRIPTION = openapi.Description(openapi.FILE)


@pytest.fixture
def calls(monkeypatch):
    """What came in and what was answered, each with what does not fit."""
    seen = []

    def answer(memory, call):
        reply = api.answer(memory, call)
        query = "&".join(f"{key}={value}" for key, value in call.query.items())
        body = None
        if call.content_type.startswith("multipart"):
            form = call.form()
            body = {key: value.decode("latin-1") for key, value in form.items()}
            if "segment_index" in body:
                body["segment_index"] = int(body["segment_index"])
        elif call.body:
            body = json.loads(call.body)
        found = DESCRIPTION.faults_of(
            call.method, f"{call.path}?{query}", call.content_type, body, reply.status, json.loads(reply.body)
        )
        seen.append((f"{call.method} {call.path}", reply.status, found))
        return reply

    monkeypatch.setattr(handler, "api", types.SimpleNamespace(answer=answer))
    return seen


def test_everything_that_is_sent_and_answered_fits(calls, sandbox, auth):
    sandbox.media.processing = 0.2
    fill(sandbox)
    first = twitter.post("Hello", auth=auth)
    twitter.post("with pictures", media=[png(), png(5)], alt=["one", "two"])
    twitter.post("a GIF", media=[gif()])
    twitter.post("a video", media=[mp4()])
    twitter.post("a poll", poll=["Tea", "Coffee"], minutes=60)
    twitter.post("a reply", reply_to=first)
    with pytest.raises(errors.CallError, match="403"):
        twitter.post("a quote", quote=first)
    with pytest.raises(errors.CallError, match="duplicate"):
        twitter.post("Hello", again=True)
    twitter.delete(first)
    twitter.get(
        "users/2244994945/tweets",
        max_rows=103,
        expansions="author_id",
        user_fields="public_metrics",
        post_fields="lang",
    )
    twitter.get("tweets/search/recent", query="Sandbox post", max_rows=30)
    twitter.get("users", ids=["2244994945", "1"])
    twitter.get("users/by/username/second")
    twitter.get("users/783214")
    twitter.get("tweets", ids=mine(sandbox))
    twitter.get(f"tweets/{mine(sandbox)}", expansions=["author_id", "in_reply_to_user_id"])

    assert {name.rpartition("/")[2] for name, _, _ in calls} >= {
        "initialize",
        "append",
        "finalize",
        "metadata",
        "upload",
        "tweets",
        "me",
    }
    # The description has the newer vocabulary's words alone, and we ask in the older one, which X takes and answers too.
    older = ("tweet.fields is no parameter", "'post_count' is a required property", "is a required property")
    faults = [(*call[:2], fault) for call in calls for fault in call[2] if not fault.endswith(older)]
    assert faults == []
    assert len(calls) > 30


def test_the_judge_sees_what_is_wrong():
    """A judge that finds nothing wrong with anything is none."""
    judge = DESCRIPTION.faults_of
    ok = {"data": {"id": "1", "text": "a"}}
    assert judge("POST", "/2/tweets", "application/json", {"text": "a"}, 201, ok) == []
    assert judge("POST", "/2/tweets", "application/json", {"text": "a", "media_ids": ["1"]}, 201, ok)
    assert judge("POST", "/2/tweets", "application/json", {"text": 5}, 201, ok)
    assert judge(
        "POST",
        "/2/tweets",
        "application/json",
        {"text": "a", "poll": {"options": ["a"], "duration_minutes": 5}},
        201,
        ok,
    )
    assert judge("POST", "/2/tweets", "application/json", None, 201, ok)
    assert judge("POST", "/2/tweets", "application/json", {"text": "a"}, 200, ok)
    assert judge("POST", "/2/tweets", "application/json", {"text": "a"}, 201, {"data": {"id": "x", "text": "a"}})
    assert judge("GET", "/2/users/1/tweets?max_results=4", None, None, 200, {"data": []})
    assert judge("GET", "/2/users/1/tweets?max=10", None, None, 200, {"data": []})
    assert judge("PUT", "/2/tweets", None, None, 200, {})
    assert judge(
        "POST", "/2/media/upload/initialize", "application/json", {"media_type": "image/x"}, 200, {"data": {"id": "1"}}
    )
