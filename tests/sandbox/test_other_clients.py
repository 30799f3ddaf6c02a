"""Clients that we did not write, with no change but the host: what they log in with, and what they read."""

import inspect
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import tweepy
import xdk
from requests_oauthlib import OAuth2Session
from tidemere import EVERY_SCOPE, Town
from twarc import client2

OWN = "2244994945"


@pytest.fixture(scope="module")
def town():
    town = Town()
    yield town
    town.sandbox.stop()


FIELDS = {
    "post_fields": ["created_at", "public_metrics", "entities", "lang", "attachments", "conversation_id"],
    "user_fields": ["created_at", "public_metrics", "description", "verified"],
    "list_fields": ["created_at", "member_count", "description"],
}
READS = {
    "users": ["get_blocking", "get_bookmarks", "get_by_id", "get_by_ids", "get_by_username", "get_by_usernames", "get_followed_lists",
              "get_followers", "get_following", "get_liked_posts", "get_list_memberships", "get_me", "get_mentions", "get_muting",
              "get_owned_lists", "get_pinned_lists", "get_posts", "get_reposts_of_me", "get_timeline", "search"],
    "posts": ["get_by_id", "get_by_ids", "get_counts_all", "get_counts_recent", "get_liking_users", "get_quoted", "get_reposted_by",
              "get_reposts", "search_all", "search_recent"],
    "lists": ["get_by_id", "get_followers", "get_members", "get_posts"],
    "trends": ["get_by_woeid", "get_personalized"],
    "usage": ["get"],
}  # fmt: skip
# These take an app's own token alone.
APP_ONLY = {"get_counts_all", "get_counts_recent", "search_all", "get"}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in READS.items() for name in names])
def test_xdk_s_own_models_take_each_read(town, kind, name):
    """Each vocabulary is answered in its own words: xdk speaks the newer one, and its models want every number."""
    tokens = {"bearer_token": town.app_token} if name in APP_ONLY else {"access_token": town.token}
    method = getattr(getattr(xdk.Client(base_url=town.sandbox.url, **tokens), kind), name)
    liked = max(town.posts, key=lambda post: len(post.replies) + 5 * len(post.quotes) + 5 * len(post.reposts)).number
    of = {
        "users": {"id": OWN}, "posts": {"id": liked}, "lists": {"id": next(iter(town.sandbox.posts.lists))},
    }.get(kind, {})  # fmt: skip
    values = {
        "ids": [liked if kind == "posts" else OWN, "1"], "username": "TidemereLantern", "usernames": ["tidemerelantern", "nobody_x"],
        "query": "bus", "woeid": 44418,
    } | of | FIELDS  # fmt: skip
    known = inspect.signature(method).parameters

    found = method(**{key: value for key, value in values.items() if key in known})
    page = next(iter(found)) if inspect.isgenerator(found) or hasattr(found, "__next__") else found

    assert page is not None
    document = page.model_dump()
    assert (
        document.get("data")
        or document.get("meta")
        or name in ("get_bookmarks", "get_muting", "get_blocking", "get_pinned_lists")
    )


def test_xdk_logs_in_and_refreshes_by_its_header_alone(town, monkeypatch):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # Its own switch for http.
    app = town.sandbox.app()
    client = xdk.Client(base_url=town.sandbox.url, authorization_base_url=f"{town.sandbox.url}/i", client_id=app["client_id"],
                        client_secret=app["client_secret"], redirect_uri=app["redirect_uri"], scope=EVERY_SCOPE)  # fmt: skip
    link = client.oauth2_auth.get_authorization_url("a state")
    back = town.sandbox.approve(link)

    first = client.oauth2_auth.exchange_code(parse_qs(urlsplit(back).query)["code"][0])

    assert first["access_token"]
    assert client.oauth2_auth.refresh_token()["access_token"] != first["access_token"]


@pytest.mark.parametrize("is_public", [False, True])
def test_requests_oauthlib(town, monkeypatch, is_public):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # The library's own switch for http.
    monkeypatch.setenv("OAUTHLIB_RELAX_TOKEN_SCOPE", "1")
    app = town.sandbox.app(is_public=is_public)
    client = OAuth2Session(app["client_id"], redirect_uri=app["redirect_uri"], scope=EVERY_SCOPE.split(), pkce="S256")
    link, _ = client.authorization_url(f"{town.sandbox.url}/i/oauth2/authorize")
    back = town.sandbox.approve(link)
    token_url = f"{town.sandbox.url}/2/oauth2/token"
    proof = {"include_client_id": True} if is_public else {"client_secret": app["client_secret"]}

    monkeypatch.setattr(client, "_state", parse_qs(urlsplit(link).query)["state"][0])
    first = client.fetch_token(token_url, authorization_response=back, **proof)
    basic = None if is_public else requests.auth.HTTPBasicAuth(app["client_id"], app["client_secret"])
    second = client.refresh_token(token_url, auth=basic, **({"client_id": app["client_id"]} if is_public else {}))

    assert second["access_token"] != first["access_token"]
    assert client.get(f"{town.sandbox.url}/2/users/me").json()["data"]["username"] == "sandbox"


@pytest.fixture
def to_sandbox(town, monkeypatch):
    """Other clients name X's host in their code: let their requests go to the sandbox, with nothing else changed."""
    send = requests.Session.request

    def request(self, method, url, **more):
        return send(self, method, url.replace("https://api.twitter.com", town.sandbox.url), **more)

    monkeypatch.setattr(requests.Session, "request", request)


def test_tweepy(town, to_sandbox):
    client = tweepy.Client(town.token)

    found = client.get_users(usernames=["tidemerelantern", "nobody_x"], user_fields="public_metrics")
    assert (found.data[0].username, len(found.errors)) == ("tidemerelantern", 1)
    timeline = client.get_users_tweets(
        found.data[0].id, max_results=10, expansions=["author_id"], tweet_fields=["public_metrics"]
    )
    assert {"retweet_count", "impression_count"} <= set(timeline.data[0].public_metrics)
    assert timeline.includes["users"][0].username == "tidemerelantern"
    assert client.search_recent_tweets("#tides", max_results=10).data
    assert client.get_recent_tweets_count("bus", granularity="day").meta["total_tweet_count"] > 0
    pages = tweepy.Paginator(client.get_users_followers, found.data[0].id, max_results=5)
    assert len(list(pages.flatten())) == len(town.people.followers(str(found.data[0].id)))
    with pytest.raises(tweepy.BadRequest, match="max_results"):
        client.get_users_tweets(found.data[0].id, max_results=4)
    with pytest.raises(tweepy.Forbidden):
        tweepy.Client(town.app_token).get_home_timeline(user_auth=False)


def test_tweepy_s_own_app_only_token(town, to_sandbox):
    keys = town.sandbox.keys(town.client_id)

    token = tweepy.OAuth2AppHandler(keys["api_key"], keys["api_key_secret"])._bearer_token

    assert token == town.app_token


def test_twarc(town, to_sandbox):
    client = client2.Twarc2(bearer_token=town.app_token)

    pages = list(client.timeline("tidemerelantern"))  # By its name, as people type it.
    lantern = town.people.named("tidemerelantern").number
    assert sum(len(page["data"]) for page in pages) == len(town.sandbox.posts.by(lantern, town.now))
    assert next(iter(client.search_recent("#tides")))["data"][0]["public_metrics"]["retweet_count"] >= 0
    assert next(iter(client.counts_recent("bus")))["meta"]["total_tweet_count"] > 0
    assert next(iter(client.followers("tidemerelantern")))["data"]
    assert [page["errors"][0]["value"] for page in client.tweet_lookup(["1"])] == ["1"]
