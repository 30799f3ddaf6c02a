"""Clients that we did not write, with no change but the host: client by client, call by call."""

import contextlib
import io

import peers
import pytest
import requests
import tweepy
from posts_material import png
from tidemere import Town
from twarc import client2

from oint_magics.sandbox import front_page

HOSTS = ("https://api.twitter.com", "https://api.x.com")


@pytest.fixture(scope="module")
def town():
    town = Town()
    yield town
    town.sandbox.stop()


@pytest.fixture
def to_sandbox(town, monkeypatch):
    """Send what goes to X's host on to the sandbox, at the connection, with nothing else changed."""
    send = requests.adapters.HTTPAdapter.send

    def here(self, request, **more):
        for host in HOSTS:
            request.url = request.url.replace(host, town.sandbox.url)
        return send(self, request, **more)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", here)
    for switch in ("OAUTHLIB_INSECURE_TRANSPORT", "OAUTHLIB_RELAX_TOKEN_SCOPE", "AUTHLIB_INSECURE_TRANSPORT"):
        monkeypatch.setenv(switch, "1")  # The libraries' own, for http and for scopes in another order.


@pytest.mark.parametrize("call", peers.CALLS)
@pytest.mark.parametrize("name", peers.PEERS)
def test_each_client_and_call(town, to_sandbox, name, call):
    kind = peers.PEERS[name]
    if call in peers.LACKS.get(kind, {}):
        where, word = peers.LACKS[kind][call]
        assert not [each for each in dir(where) if word in each]
        print(f"{name:<28}{call:<10}does not apply")
        return
    client = kind(town)
    posts, lantern = town.sandbox.posts, town.people.named("tidemerelantern").number

    if call == "login":
        assert client.tokens["access_token"]
        assert client.tokens["refresh_token"]
    elif call == "refresh":
        first = dict(client.tokens)
        second = client.refresh()
        assert second["access_token"] != first["access_token"]
        assert second["refresh_token"] != first["refresh_token"]
    elif call == "me":
        assert client.me() == "sandbox"
    elif call == "timeline":
        newest = sorted((post.number for post in posts.by(lantern, town.now)), key=int, reverse=True)
        assert client.timeline(lantern) == newest[:10]
    elif call == "search":
        _, found = town.ask("tweets/search/recent", query=peers.QUERY)
        assert client.search() == [post["id"] for post in found["data"]]
    elif call == "post":
        number = client.post(f"The ferry is late, says {name}")
        assert town.ask(f"tweets/{number}")[1]["data"]["text"] == f"The ferry is late, says {name}"
    elif call == "delete":
        number = town.ask("tweets", "POST", body={"text": f"Gone soon, says {name}"})[1]["data"]["id"]
        assert client.delete(number) is True
        assert "data" not in town.ask(f"tweets/{number}")[1]
    elif call == "media":
        assert town.sandbox.media.category(client.media(png()), "2244994945") == "tweet_image"
    else:
        with pytest.raises(Exception, match=r"max_results|400"):
            client.errors(lantern)
    print(f"{name:<28}{call:<10}works")


@pytest.mark.parametrize(
    ("name", "shown"), [("xdk", "Sandbox User"), ("tweepy", "sandbox"), ("twarc", "The Tidemere Lantern")]
)
def test_the_lines_that_the_sandbox_prints(town, monkeypatch, tmp_path, name, shown):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "")  # Put back when the lines have set it.
    town.sandbox.write_auth(tmp_path, peers.EVERY_SCOPE)
    said = io.StringIO()

    with contextlib.redirect_stdout(said):
        exec(front_page.LINES[name], {})

    assert shown in said.getvalue()


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
