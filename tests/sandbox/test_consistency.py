"""What several calls say of one thing is the same, also after posts, likes and reposts come and go."""

import random
import socket
import time
from urllib.parse import urlsplit

import pytest
from patience import LONG
from tidemere import Town

from oint_magics.sandbox.accounts import PEOPLE

OWN, OTHER = "2244994945", "783214"


@pytest.fixture
def town():
    town = Town(plan="enterprise")
    yield town
    town.sandbox.stop()


def metrics(town, number):
    return town.ask(f"tweets/{number}", tweet__fields="public_metrics")[1]["data"]["public_metrics"]


def likers(town, number):
    return [each["id"] for each in town.ask(f"tweets/{number}/liking_users")[1].get("data", [])]


def test_no_post_has_more_likers_than_likes(town):
    posts = random.Random(1).sample(town.posts, 300) + town.posts[-50:]
    town.sandbox.limits.restrict(10**6)

    found = [(metrics(town, post.number)["like_count"], len(likers(town, post.number))) for post in posts]

    assert not [pair for pair in found if pair[1] > pair[0]]
    assert sum(count for _, count in found) > 100


def test_a_like_counts_once_and_ends(town):
    number = next(post.number for post in reversed(town.posts) if OWN not in likers(town, post.number))
    before = metrics(town, number)["like_count"]

    for _ in range(2):
        town.ask(f"users/{OWN}/likes", "POST", body={"tweet_id": number})
    assert metrics(town, number)["like_count"] == before + 1
    assert OWN in likers(town, number)
    assert number in [post["id"] for post in town.ask(f"users/{OWN}/liked_tweets")[1]["data"]]
    for _ in range(2):
        town.ask(f"users/{OWN}/likes/{number}", "DELETE")
    assert metrics(town, number)["like_count"] == before
    assert OWN not in likers(town, number)


def test_a_like_of_the_town_can_be_taken_back(town):
    number = next(post.number for post in town.posts if OWN in likers(town, post.number))
    before = metrics(town, number)["like_count"]

    town.ask(f"users/{OWN}/likes/{number}", "DELETE")

    assert metrics(town, number)["like_count"] == before - 1
    assert OWN not in likers(town, number)
    town.ask(f"users/{OWN}/likes", "POST", body={"tweet_id": number})
    assert metrics(town, number)["like_count"] == before


def test_links_in_a_text_are_links(town):
    text = "see https://a.example/b?c=1 and HTTPS://other.example #tag"
    made = town.ask("tweets", "POST", body={"text": text})[1]["data"]

    post = town.ask(f"tweets/{made['id']}", tweet__fields="entities")[1]["data"]

    urls = post["entities"]["urls"]
    assert [each["expanded_url"] for each in urls] == ["https://a.example/b?c=1", "HTTPS://other.example"]
    assert all(post["text"][each["start"] : each["end"]] == each["url"] for each in urls)
    assert "a.example" not in post["text"]
    for query in ("from:sandbox has:links see", "url:a.example"):
        assert [each["id"] for each in town.ask("tweets/search/recent", query=query)[1]["data"]] == [made["id"]]


def test_the_newest_post_stays_the_newest_when_days_go_by(town):
    town.ask("tweets", "POST", body={"text": "Soon old"})
    town.sandbox.clock.set("+3d")
    town.token = town.sandbox.accounts.log_in(town.sandbox.accounts.client(town.client_id)).access_token

    me = town.ask("users/me", user__fields="most_recent_tweet_id")[1]["data"]

    assert me["most_recent_tweet_id"] == town.ask(f"users/{OWN}/tweets")[1]["data"][0]["id"]


def test_reposts_of_the_town_end_and_those_of_a_post_that_is_gone(town):
    mine = next(post for post in town.posts if post.reposted and post.author.number == OWN)
    town.ask(f"users/{OWN}/retweets/{mine.reposted.number}", "DELETE")
    assert "data" not in town.ask(f"tweets/{mine.number}")[1]
    assert OWN not in [each["id"] for each in town.ask(f"tweets/{mine.reposted.number}/retweeted_by")[1].get("data", [])]  # fmt: skip

    own = next(post for post in town.posts if post.author.number == OWN and post.reposts)
    theirs = [each.number for each in own.reposts]
    assert town.ask(f"tweets/{own.number}", "DELETE")[1] == {"data": {"deleted": True}}
    assert [number for number in [own.number, *theirs] if "data" in town.ask(f"tweets/{number}")[1]] == []


def test_a_repost_of_a_repost_is_one_of_the_first(town):
    theirs = next(post for post in town.posts if post.reposted and OWN not in [each.author.number for each in post.reposted.reposts])  # fmt: skip

    town.ask(f"users/{OWN}/retweets", "POST", body={"tweet_id": theirs.number})

    found = town.ask(f"users/{OWN}/tweets", expansions="referenced_tweets.id")[1]["data"][0]
    assert found["referenced_tweets"] == [{"type": "retweeted", "id": theirs.reposted.number}]
    assert found["text"].count("RT @") == 1


def test_a_private_list_is_seen_by_its_owner_alone(town):
    lantern = town.people.named("tidemerelantern").number
    before = town.ask(f"users/{lantern}", user__fields="public_metrics")[1]["data"]["public_metrics"]["listed_count"]
    number = town.ask("lists", "POST", body={"name": "Mine", "private": True})[1]["data"]["id"]
    town.ask(f"lists/{number}/members", "POST", body={"user_id": lantern})
    query = {"query": f"list:{number} OR zzz"}
    assert town.ask("tweets/search/recent", **query)[1]["meta"]["result_count"] > 0
    after = town.ask(f"users/{lantern}", user__fields="public_metrics")[1]["data"]["public_metrics"]["listed_count"]

    accounts = town.sandbox.accounts
    other = next(each for each in accounts.clients() if each.client_id == town.client_id)
    town.token = accounts.log_in(other, PEOPLE[1], "tweet.read users.read list.read").access_token
    assert town.ask("tweets/search/recent", **query)[1]["meta"]["result_count"] == 0
    assert after == before


def test_who_may_answer_is_kept(town):
    number = town.ask("tweets", "POST", body={"text": "a", "reply_settings": "following"})[1]["data"]["id"]

    assert town.ask(f"tweets/{number}", tweet__fields="reply_settings")[1]["data"]["reply_settings"] == "following"


def test_an_earlier_version_of_an_edited_post_is_found(town):
    edited = next(post for post in town.posts if post.edits)

    assert town.ask(f"tweets/{edited.edits[0]}")[1]["data"]["edit_history_tweet_ids"][0] == edited.edits[0]


def test_an_unknown_expansion_does_not_change_the_vocabulary(town):
    found = town.ask(f"users/{OTHER}/tweets", expansions="foo_post,author_id", tweet__fields="public_metrics")[1]

    assert "retweet_count" in found["data"][0]["public_metrics"]


def test_what_is_cheaper(town):
    """A reply to who has mentioned me, and what the owner of the app reads of its own."""
    spent = town.sandbox.bills.spent
    mention = next(post for post in town.posts if "@sandbox" in post.text and post.author.number != OWN and not post.reposted)  # fmt: skip
    before = spent()
    assert town.ask("tweets", "POST", body={"text": "Thanks!", "reply": {"in_reply_to_tweet_id": mention.number}})[0] == 201  # fmt: skip
    assert str(spent() - before) == "0.010"

    accounts = town.sandbox.accounts
    town.token = accounts.log_in(accounts.client(town.client_id), PEOPLE[1], "tweet.read users.read").access_token
    before = spent()
    rows = town.ask(f"users/{OTHER}/tweets")[1]["data"]
    assert str(spent() - before) == f"{len(rows) * 0.005:.3f}"


def test_a_like_is_billed_for_each_post(town):
    lone = [post for post in reversed(town.posts) if len(likers(town, post.number)) > 1][:2]
    town.sandbox.clock.set("+1d")
    town.token = town.sandbox.accounts.log_in(town.sandbox.accounts.client(town.client_id), scope="like.read tweet.read users.read").access_token  # fmt: skip
    before = town.sandbox.bills.spent()

    found = [len(likers(town, post.number)) for post in lone]

    assert str(town.sandbox.bills.spent() - before) == f"{sum(found) * 0.001:.3f}"


@pytest.mark.parametrize("lengths", [["500"], ["16", "17"]])
def test_a_body_that_is_not_whole_does_nothing(town, lengths):
    address = urlsplit(town.sandbox.url)
    head = ["POST /2/tweets HTTP/1.1", f"Host: {address.netloc}", f"Authorization: Bearer {town.token}",
            "Content-Type: application/json", *(f"Content-Length: {each}" for each in lengths), "", ""]  # fmt: skip
    with socket.create_connection((address.hostname, address.port), timeout=LONG) as connection:
        connection.sendall("\r\n".join(head).encode() + b'{"text":"trunc"}')
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as file:
            assert file.readline().split()[1] == b"400"
    assert town.sandbox.posts.made == {}


@pytest.mark.parametrize("move", ["+30d", "-30d"])
def test_a_window_ends_by_this_machine_s_time(town, move):
    town.sandbox.limits.restrict(5)
    town.sandbox.limits.of["/2/users/me"] = 5
    town.sandbox.clock.set(move)
    left = town.sandbox.limits.take(OWN, "GET", "/2/users/me", is_app=False)

    assert 0 < left.reset - time.time() <= 901
