"""Clients that we did not write, with our session, against the sandbox."""

import base64
import hashlib

import pytest
import tweepy
import xdk
from filled import fill
from posts_material import png
from twarc.client2 import Twarc2

from oint_magics import twitter

PLACEHOLDER = "the session has the token"


@pytest.fixture
def tweepy_client(auth):
    client = tweepy.Client(PLACEHOLDER)
    client.session = twitter.session(auth)
    return client


@pytest.fixture
def xdk_client(auth):
    client = xdk.Client(access_token=PLACEHOLDER)
    client.session = twitter.session(auth)
    return client


@pytest.fixture
def twarc_client(auth):
    client = Twarc2(bearer_token=PLACEHOLDER)
    client.client = twitter.session(auth)
    return client


def test_tweepy(tweepy_client, sandbox):
    assert tweepy_client.get_me(user_auth=False).data.username == "sandbox"
    made = tweepy_client.create_tweet(text="by tweepy", user_auth=False)
    assert [post["text"] for post in sandbox.posts.made.values()] == ["by tweepy"]
    assert tweepy_client.delete_tweet(made.data["id"], user_auth=False).data == {"deleted": True}
    assert sandbox.posts.made == {}


def test_tweepy_reads(tweepy_client, sandbox):
    fill(sandbox)
    found = tweepy_client.get_users_tweets(
        "2244994945", max_results=5, expansions="author_id", tweet_fields="public_metrics"
    )
    assert len(found.data) == 5
    assert found.includes["users"][0].username == "sandbox"
    assert len(tweepy_client.search_recent_tweets("Sandbox post", max_results=10).data) == 10


def test_xdk_posts(xdk_client, sandbox):
    from xdk.posts.models import CreateRequest

    made = xdk_client.posts.create(body=CreateRequest(text="by xdk"))
    number = made.data["id"] if isinstance(made.data, dict) else made.data.id
    assert sandbox.posts.made[number]["text"] == "by xdk"
    xdk_client.posts.delete(number)
    assert sandbox.posts.made == {}


def test_xdk_uploads(xdk_client, sandbox):
    from xdk.media.models import AppendUploadRequest, InitializeUploadRequest

    data = png(40, 40)
    begun = xdk_client.media.initialize_upload(
        body=InitializeUploadRequest(media_category="tweet_image", media_type="image/png", total_bytes=len(data))
    )
    number = begun.data["id"] if isinstance(begun.data, dict) else begun.data.id
    xdk_client.media.append_upload(
        id=number, body=AppendUploadRequest(segment_index=0, media=base64.b64encode(data).decode())
    )
    xdk_client.media.finalize_upload(id=number)

    assert sandbox.media.uploads[number].digest.hexdigest() == hashlib.sha256(data).hexdigest()
    assert sandbox.media.uploads[number].is_ready


def test_twarc(twarc_client, sandbox):
    fill(sandbox)
    pages = list(twarc_client.timeline("2244994945"))
    assert sum(len(page["data"]) for page in pages) == 250
    assert pages[0]["includes"]["users"][0]["username"] == "sandbox"
    found = next(iter(twarc_client.search_recent("Sandbox post 200")))
    assert found["data"]
    assert [post["text"] for post in found["data"]] == ["Sandbox post 200"]
    users = [user for page in twarc_client.user_lookup(["2244994945", "783214"]) for user in page["data"]]
    assert [user["username"] for user in users] == ["sandbox", "second"]
