"""Posts: checked, sent once, shown; and the account they go to has to be said."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import time_machine
from filled import OTHER, mine
from posts_material import gif, mp4, png
from raw_server import answer

from oint_magics import errors, twitter
from oint_magics.posts import claims
from oint_magics.process import reset, state
from oint_magics.secret import Secret
from oint_magics.stores import ages, journal

TWEETS = "/2/tweets"


@pytest.fixture
def x(raw, monkeypatch):
    """A server in X's place with a behaviour, and a file with a good pair for it."""

    def start(behaviour):
        def behave(connection):
            request = server.requests[-1]
            if b"/2/users/me" in request:
                answer("200 OK", b'{"data": {"id": "7", "name": "N", "username": "real"}}')(connection)
            else:
                behaviour(connection)

        server = raw(behave)
        monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
        Path("x.json").write_text(json.dumps({
            "client_id": "a", "refresh_token": "r" * 40, "access_token": "t" * 40, "expires_at": 4_000_000_000,
            "scope": "tweet.read tweet.write users.read media.write offline.access",
        }))  # fmt: skip
        return server

    return start


def sent(server):
    return [request for request in server.requests if request.startswith(b"POST /2/tweets")]


def made(sandbox):
    return [post["text"] for post in sandbox.posts.made.values()]


def test_a_post_is_x_s_data_and_a_table(sandbox, auth):
    found = twitter.post("Hello", auth=auth)

    assert found["id"] in sandbox.posts.made
    assert dict(found) == {"id": found["id"], "text": "Hello", "edit_history_tweet_ids": [found["id"]]}
    assert json.loads(json.dumps(found)) == found
    assert [found.already_posted, found.is_preview, found.link] == [False, False, None]
    for words in ("SANDBOX", "@sandbox", "Hello", "$0.015"):
        assert words in str(found)
    assert "<table" in found._repr_mimebundle_()["text/html"]
    assert made(sandbox) == ["Hello"]


def test_a_cell_run_twice_posts_once(sandbox, auth):
    first, second = twitter.post("Hello", auth=auth), twitter.post("Hello", auth=auth)

    assert second.already_posted
    assert second["id"] == first["id"]
    assert "Already posted" in str(second)
    assert "--again" in str(second)
    assert sandbox.posts.tried == 1


def test_another_post_is_another_one(sandbox, auth, picture):
    for more in ({}, {"media": picture}, {"poll": ["a", "b"]}, {"reply_to": mine(sandbox)}):
        sandbox.posts.made.clear()  # The sandbox refuses one text twice, as X does.
        assert not twitter.post("Hello", auth=auth, **more).already_posted
    assert sandbox.posts.tried == 4


def test_again_posts_it_again(sandbox, auth):
    twitter.post("Hello", auth=auth)
    sandbox.posts.made.clear()

    assert not twitter.post("Hello", auth=auth, again=True).already_posted
    assert twitter.post("Hello", auth=auth).already_posted
    assert sandbox.posts.tried == 2


def test_deleted_and_posted_again(sandbox, auth):
    first = twitter.post("Hello", auth=auth)
    gone = twitter.delete(first)

    assert gone == {"deleted": True}
    assert "$0.010" in str(gone)
    assert made(sandbox) == []
    assert not twitter.post("Hello", auth=auth).already_posted


def test_a_day_later_it_is_posted_again(sandbox, auth):
    twitter.post("Hello", auth=auth)
    sandbox.posts.made.clear()
    claim = next(Path(os.environ["OINT_HOME"], "posts").glob("claim-*"))
    values = json.loads(claim.read_text())

    def older(seconds):
        return json.dumps(values | {name: values[name] - 24 * 3600 - seconds for name in ("at", "up")})

    claim.write_text(older(-60))
    assert twitter.post("Hello", auth=auth).already_posted
    claim.write_text(older(60))
    assert not twitter.post("Hello", auth=auth).already_posted


def test_a_day_later_by_the_clock(x, monkeypatch):
    """After a restart of the machine, which says no more of when it was."""
    server = x(answer("201 Created", b'{"data": {"id": "1", "text": "Hello"}}'))
    twitter.post("Hello", auth="x.json")
    monkeypatch.setattr(ages, "_boot", lambda: "another start")
    with time_machine.travel(__import__("time").time() + 23 * 3600, tick=True):
        assert twitter.post("Hello", auth="x.json").already_posted
    with time_machine.travel(__import__("time").time() + 25 * 3600, tick=True):
        assert not twitter.post("Hello", auth="x.json").already_posted
    assert len(sent(server)) == 2


def test_nothing_of_the_post_is_kept(auth):
    twitter.post("A text that nobody else shall read", auth=auth)

    for file in Path(os.environ["OINT_HOME"], "posts").iterdir():
        assert b"nobody" not in file.read_bytes()
        assert os.name != "posix" or file.stat().st_mode & 0o77 == 0


def test_a_link_at_x(x):
    server = x(answer("201 Created", b'{"data": {"id": "123", "text": "Hello", "edit_history_post_ids": ["123"]}}'))

    found = twitter.post("Hello", auth="x.json")

    assert found.link == "https://x.com/i/status/123"
    assert found.link in str(found)
    assert "@real" in str(found)
    assert "X bills" in str(found)
    assert json.loads(sent(server)[0].partition(b"\r\n\r\n")[2]) == {"text": "Hello"}


@pytest.mark.parametrize(("text", "price"), [
    ("Hello", "$0.015"), ("see https://example.org", "$0.200, for a post with a link"), ("example.com", "the post costs $0.200"),
])  # fmt: skip
def test_a_preview_sends_nothing(sandbox, auth, picture, text, price):
    found = twitter.post(text, auth=auth, media=[picture], alt=["A square"], preview=True)

    assert found.is_preview
    assert "id" not in found
    for words in ("Preview: nothing was posted", "@sandbox", " of 280", "picture.png: picture, image/png", "A square"):
        assert words in str(found)
    assert (price if "example" in text else "$0.020") in str(found) or "$0.205" in str(found)
    assert (sandbox.posts.tried, sandbox.media.uploads) == (0, {})


def test_media_with_alt_texts(sandbox, auth, picture):
    found = twitter.post("", auth=auth, media=[picture, png(5)], alt=["first", ""])

    uploads = list(sandbox.media.uploads.values())
    assert [each.alt_text for each in uploads] == ["first", ""]
    post = sandbox.posts.made[found["id"]]
    assert post["attachments"]["media_keys"] == [f"3_{number}" for number in sandbox.media.uploads]
    assert "$0.020" in str(found)


def test_media_that_x_has_already(sandbox, auth):
    uploaded = twitter.upload([png(), png(5)], auth=auth)

    twitter.post("a", auth=auth, media=uploaded)
    twitter.post("b", auth=auth, media=str(uploaded[0]))

    assert len(sandbox.media.uploads) == 2


def test_a_reply_by_id_address_and_post(sandbox, auth):
    first = twitter.post("first", auth=auth)
    for n, given in enumerate((first, first["id"], int(first["id"]), f"https://x.com/i/status/{first['id']}?s=20",
                               f"https://twitter.com/sandbox/status/{first['id']}")):  # fmt: skip
        reply = twitter.post(f"reply {n}", auth=auth, reply_to=given)
        assert sandbox.posts.made[reply["id"]]["conversation_id"] == first["id"]


@pytest.mark.parametrize(("wanted", "words"), [
    ({"text": ""}, "The post is empty"),
    ({"text": "  \n"}, "The post is empty"),
    ({"text": "x" * 281}, "281 of 280"),
    ({"text": 5}, "must be text"),
    ({"text": "a", "poll": ["a"]}, "2 to 4 answers, and here are 1"),
    ({"text": "a", "poll": ["a", "b" * 26]}, "1 to 25 characters"),
    ({"text": "a", "poll": ["a", "b"], "minutes": 4}, "5 to 10080"),
    ({"text": "a", "poll": ["a", "b"], "minutes": "60"}, "5 to 10080"),
    ({"text": "a", "minutes": 60}, "there is none"),
    ({"text": "a", "poll": ["a", "b"], "media": [png()]}, "exclude each other"),
    ({"text": "a", "poll": ["a", "b"], "quote": "1"}, "exclude each other"),
    ({"text": "a", "media": [png()] * 5}, "up to four pictures"),
    ({"text": "a", "media": [png(), mp4()]}, "or one video"),
    ({"text": "a", "media": [gif(), gif(4)]}, "one GIF"),
    ({"text": "a", "media": ["missing.png"]}, "cannot be read"),
    ({"text": "a", "media": ["http://example.org/a.png"]}, "https://"),
    ({"text": "a", "media": [png()], "alt": ["a", "b"]}, "alt texts: 2; media: 1"),
    ({"text": "a", "media": [png()], "alt": ["a" * 1001]}, "1,001 characters"),
    ({"text": "a", "alt": [5]}, "alt must be a list of texts"),
    ({"text": "a", "reply_to": "https://example.org/status/1"}, "reply_to must be the id"),
    ({"text": "a", "quote": "abc"}, "quote must be the id"),
])  # fmt: skip
def test_what_x_would_not_take_is_not_sent(sandbox, auth, wanted, words):
    with pytest.raises(errors.UsageError) as caught:
        twitter.post(**wanted, auth=auth)

    assert words in str(caught.value)
    assert "Nothing was sent" in str(caught.value)
    assert (sandbox.posts.tried, sandbox.media.uploads, sandbox.accounts.counts.refreshes) == (0, {}, 0)


# Which account.


def test_no_post_before_an_account_was_named(sandbox, auth):
    for call in (
        lambda: twitter.post("Hello"),
        lambda: twitter.post("Hello", preview=True),
        lambda: twitter.delete("1"),
    ):
        twitter.me(auth)  # Used, and not named by a post.
        with pytest.raises(errors.UsageError, match="Name the account that posts. Nothing was sent") as caught:
            call()
        assert 'auth="auth.json"' in str(caught.value)
    assert sandbox.posts.tried == 0

    twitter.post("Hello", auth=auth)
    assert twitter.post("Another")["text"] == "Another"


def test_another_account_used_since_has_to_be_named(sandbox, auth, auth_file):
    twitter.post("Hello", auth=auth)
    twitter.me(auth_file("other.json"))

    with pytest.raises(errors.UsageError, match="another account was used since the last post"):
        twitter.post("More")
    twitter.me(auth)
    twitter.post("More")
    assert made(sandbox) == ["Hello", "More"]


def test_a_mapping_names_no_store(sandbox, auth, auth_file, monkeypatch):
    """What it posted as cannot be found again, and a store that was used before is not meant."""
    twitter.me(auth_file("other.json"))
    twitter.post("Hello", auth=json.loads(Path(auth).read_text()))

    with pytest.raises(errors.UsageError, match="Name the account"):
        twitter.post("More")


def test_a_default_account_is_nobody_s_wish_to_post(x, monkeypatch):
    server = x(answer("201 Created", b'{"data": {"id": "1", "text": "Hello"}}'))
    twitter.keep("x.json", "profile:default")
    reset()
    monkeypatch.setenv("OINT_TWITTER_AUTH", "profile:default")

    with pytest.raises(errors.UsageError, match="Name the account"):
        twitter.post("Hello")
    assert server.requests == []


def test_tokens_without_the_scope(x):
    """By X's last answer; of what a file says, X decides (`tests/field/test_causes.py`)."""
    server = x(answer("201 Created", b"{}"))
    values = json.loads(Path("x.json").read_text())
    token = Secret(values["refresh_token"]).fingerprint()
    journal.here().keep(token, str(Path("x.json").resolve()), "tweet.read users.read offline.access")

    with pytest.raises(errors.UsageError, match="lack the scope tweet.write. Nothing was sent"):
        twitter.post("Hello", auth="x.json")
    assert server.requests == []


def test_whose_account_it_is_is_asked_once(x):
    server = x(answer("201 Created", b'{"data": {"id": "1", "text": "a"}}'))
    for n in range(3):
        twitter.post(f"post {n}", auth="x.json")

    assert [request.split()[1] for request in server.requests].count(b"/2/users/me") == 1


# What X says, and does not say.


@pytest.mark.parametrize(("status", "body", "words"), [
    ("402 Pay", {"title": "CreditsDepleted", "detail": "no credits"}, "buy credits"),
    ("403 No", {"detail": "You are not allowed to create a Tweet with duplicate content."}, "has the same text"),
    ("403 No", {"detail": "Reply to this conversation is not allowed because you have not been mentioned or quoted you"}, "reply only to posts"),
    ("403 No", {"detail": "Quoting posts is not permitted"}, "quotes are no longer"),
    ("403 No", {"detail": "Forbidden"}, "X does not say why: a missing scope, the app's permissions, or the account."),
    ("429 No", {"title": "Too Many Requests"}, "run it again"),
    ("400 No", {"detail": "One or more parameters to your request was invalid."}, "parameter"),
])  # fmt: skip
def test_a_refusal_in_words_and_the_claim_is_free_again(x, status, body, words):
    replies = [answer(status, json.dumps(body).encode()), answer("201 Created", b'{"data": {"id": "1", "text": "a"}}')]
    server = x(lambda connection: replies[len(sent(server)) - 1](connection))

    with pytest.raises(errors.CallError) as caught:
        twitter.post("Hello", auth="x.json")
    assert words in str(caught.value)
    assert "Nothing was posted" in str(caught.value)
    assert not isinstance(caught.value, errors.PostInDoubt)

    assert not twitter.post("Hello", auth="x.json").already_posted


@pytest.mark.parametrize("behaviour", [
    answer("503 Unavailable", b"{}"), answer("500 Error", b"x"), answer("504 Gateway", b"<html>"),
    answer("201 Created", b"no JSON"), answer("201 Created", b'{"data": {}}'), answer("201 Created", b"{}"),
    answer("201 Created", b'{"data": {"id": "1"}}', length=1000), lambda connection: connection.close(),
], ids=range(8))  # fmt: skip
def test_a_lost_answer_is_said_and_nothing_is_sent_again(x, behaviour):
    server = x(behaviour)

    with pytest.raises(errors.PostInDoubt, match="not known whether it is there") as first:
        twitter.post("Hello", auth="x.json")
    assert "https://x.com/real" in str(first.value)
    with pytest.raises(errors.PostInDoubt, match="sent before, and no answer is known. Nothing was sent now") as second:
        twitter.post("Hello", auth="x.json")
    assert f"process {os.getpid()}" in str(second.value)
    assert "again=True" in str(second.value)
    assert len(sent(server)) == 1


def test_no_connection_is_no_doubt(x, monkeypatch):
    x(answer("201 Created", b'{"data": {"id": "1", "text": "a"}}'))
    twitter.post("first", auth="x.json")
    url = os.environ["OINT_TWITTER_API_URL"]
    monkeypatch.setenv("OINT_TWITTER_API_URL", "http://127.0.0.1:9")
    with pytest.raises(errors.CallError, match="Nothing was posted") as caught:
        twitter.post("Hello", auth="x.json")
    assert not isinstance(caught.value, errors.PostInDoubt)

    monkeypatch.setenv("OINT_TWITTER_API_URL", url)
    assert not twitter.post("Hello", auth="x.json").already_posted


def test_a_refused_token_is_renewed_and_the_post_sent_once(x, monkeypatch):
    def behaviour(connection):
        request = server.requests[-1]
        if b"/token" in request.split(b"\r\n")[0]:
            pair = {"token_type": "bearer", "expires_in": 7200, "access_token": "new-access", "refresh_token": "new"}
            answer("200 OK", json.dumps(pair).encode())(connection)
        elif b"new-access" in request:
            answer("201 Created", b'{"data": {"id": "1", "text": "Hello"}}')(connection)
        else:
            answer("401 No", b'{"title": "Unauthorized"}')(connection)

    server = x(behaviour)
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/token")

    assert not twitter.post("Hello", auth="x.json").already_posted
    assert [b"new-access" in request for request in sent(server)] == [False, True]


def test_a_sandbox_that_has_ended(sandbox, auth):
    twitter.post("Hello", auth=auth)
    sandbox.stop()
    state.users.clear()

    with pytest.raises(errors.NotSent, match="has ended. Nothing was sent"):
        twitter.post("More", auth=auth)


def test_without_a_data_folder_nothing_is_posted(x, monkeypatch):
    server = x(answer("201 Created", b'{"data": {"id": "1", "text": "a"}}'))
    Path("file").write_text("")
    monkeypatch.setenv("OINT_HOME", str(Path("file").resolve() / "inner"))

    with pytest.raises(errors.StoreNotWritable, match="nothing was posted"):
        twitter.post("Hello", auth="x.json")
    assert sent(server) == []


def test_two_threads_at_once_post_once(sandbox, auth):
    found = []
    threads = [threading.Thread(target=lambda: found.append(twitter.post("Hello", auth=auth))) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert sandbox.posts.tried == 1
    assert [each.already_posted for each in found].count(False) == 1
    assert len({each["id"] for each in found}) == 1


def test_two_processes_at_once_post_once(sandbox, auth):
    code = f"from oint_magics import twitter; print(twitter.post('Hello', auth={auth!r})['id'])"
    processes = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    ids = {each.communicate()[0] for each in processes}

    assert sandbox.posts.tried == 1
    assert ids == {next(iter(sandbox.posts.made)) + "\n"}


def test_a_claim_where_files_cannot_be_locked(sandbox, auth, monkeypatch):
    """The claim itself is made by one process alone."""
    name = claims.name_of(["a"])
    claims.begin(name, is_replacing=False)
    with pytest.raises(claims.ClaimTaken):
        claims.begin(name, is_replacing=False)
    claims.begin(name, is_replacing=True)
    assert claims.found(name).post_id is None
    claims.confirm(name, "5")
    assert claims.found(name).post_id == "5"
    claims.drop_post("6")
    assert claims.found(name)
    claims.drop_post("5")
    assert claims.found(name) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"format": 1}', b"\0" * 100])
def test_a_damaged_claim_says_that_something_was_sent(sandbox, auth, content):
    twitter.post("Hello", auth=auth)
    claim = next(Path(os.environ["OINT_HOME"], "posts").glob("claim-*"))
    claim.write_bytes(content)

    with pytest.raises(errors.PostInDoubt):
        twitter.post("Hello", auth=auth)
    assert sandbox.posts.tried == 1


def test_a_claim_of_another_version(sandbox, auth):
    twitter.post("Hello", auth=auth)
    claim = next(Path(os.environ["OINT_HOME"], "posts").glob("claim-*"))
    claim.write_text('{"format": 99}')

    with pytest.raises(errors.StoreError, match="format that this version"):
        twitter.post("Hello", auth=auth)


def test_a_claim_that_leads_elsewhere_is_none(sandbox, auth):
    """A planted link is not followed."""
    Path("secret.txt").write_text("mine")
    twitter.post("Hello", auth=auth)
    claim = next(Path(os.environ["OINT_HOME"], "posts").glob("claim-*"))
    claim.unlink()
    claim.symlink_to(Path("secret.txt").resolve())
    sandbox.posts.made.clear()

    with pytest.raises((errors.PostInDoubt, errors.StoreError)):
        twitter.post("Hello", auth=auth)
    assert Path("secret.txt").read_text() == "mine"


# Deletions.


def test_what_cannot_be_deleted(sandbox, auth):
    for given, kind, words in (("abc", errors.UsageError, "post_id must be the id"), (None, errors.UsageError, "post_id must be"),
                               (mine(sandbox, OTHER), errors.CallError, "not authorized"), ("5", errors.CallError, "Could not find")):  # fmt: skip
        with pytest.raises(kind, match=words):
            twitter.delete(given, auth=auth)


def test_x_answers_that_nothing_was_deleted(x):
    x(answer("200 OK", b'{"data": {"deleted": false}}'))

    with pytest.raises(errors.CallError, match="X did not delete the post"):
        twitter.delete("5", auth="x.json")
