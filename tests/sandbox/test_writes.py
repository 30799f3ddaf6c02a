"""What changes something: who may, what it answers, and what is seen of it afterwards."""

import pytest
from tidemere import Town

OWN = "2244994945"


@pytest.fixture
def town():
    town = Town()
    yield town
    town.sandbox.stop()


def ids(town, path):
    return [each["id"] for each in town.ask(path)[1].get("data", [])]


def test_bookmarks_reposts_and_mutes(town):
    post = town.posts[-1].number
    person = town.people.named("idasandvik").number
    for path, body, there, word in (
        ("bookmarks", {"tweet_id": post}, post, "bookmarked"),
        ("muting", {"target_user_id": person}, person, "muting"),
    ):
        assert town.ask(f"users/{OWN}/{path}", method="POST", body=body)[1] == {"data": {word: True}}
        assert ids(town, f"users/{OWN}/{path}") == [there]
        assert town.ask(f"users/{OWN}/{path}/{there}", method="DELETE")[1] == {"data": {word: False}}
        assert ids(town, f"users/{OWN}/{path}") == []
    before = town.ask(f"tweets/{post}", tweet__fields="public_metrics")[1]["data"]["public_metrics"]["retweet_count"]
    assert town.ask(f"users/{OWN}/retweets", method="POST", body={"tweet_id": post})[1]["data"]["retweeted"]
    after = town.ask(f"tweets/{post}", tweet__fields="public_metrics")[1]["data"]["public_metrics"]["retweet_count"]
    assert after == before + 1
    assert OWN in ids(town, f"tweets/{post}/retweeted_by")
    assert town.ask(f"users/{OWN}/retweets/{post}", method="DELETE")[1] == {"data": {"retweeted": False}}
    assert OWN not in ids(town, f"tweets/{post}/retweeted_by")


def test_a_list_from_its_beginning_to_its_end(town):
    made = town.ask("lists", method="POST", body={"name": "Mine", "description": "a", "private": True})
    number = made[1]["data"]["id"]
    person = town.people.named("corvinash").number

    assert made[0] == 201
    assert town.ask(f"lists/{number}/members", method="POST", body={"user_id": person})[1] == {
        "data": {"is_member": True}
    }
    assert ids(town, f"lists/{number}/members") == [person]
    assert set(ids(town, f"lists/{number}/tweets")) <= {
        post.number for post in town.posts if post.author.number == person
    }
    assert town.ask(f"lists/{number}", method="PUT", body={"name": "Ours"})[1] == {"data": {"updated": True}}
    assert town.ask(f"lists/{number}")[1]["data"]["name"] == "Ours"
    for path, word in (("followed_lists", "following"), ("pinned_lists", "pinned")):
        assert town.ask(f"users/{OWN}/{path}", method="POST", body={"list_id": number})[1] == {"data": {word: True}}
        assert number in ids(town, f"users/{OWN}/{path}")
        assert town.ask(f"users/{OWN}/{path}/{number}", method="DELETE")[1] == {"data": {word: False}}
        assert number not in ids(town, f"users/{OWN}/{path}")
    assert town.ask(f"lists/{number}/members/{person}", method="DELETE")[1] == {"data": {"is_member": False}}
    assert town.ask(f"lists/{number}", method="DELETE")[1] == {"data": {"deleted": True}}
    assert "errors" in town.ask(f"lists/{number}")[1]


def test_replies_to_one_s_own_posts_are_hidden(town):
    mine = town.sandbox.posts.by(OWN, town.now)
    reply = next(each for post in town.posts for each in post.replies if each.root in mine)
    other = next(each for post in town.posts for each in post.replies if each.root not in mine)

    assert town.ask(f"tweets/{reply.number}/hidden", method="PUT", body={"hidden": True}) == (
        200,
        {"data": {"hidden": True}},
    )
    assert town.ask(f"tweets/{other.number}/hidden", method="PUT", body={"hidden": True})[0] == 403
    assert town.ask(f"tweets/{reply.number}/hidden", method="PUT", body={"hidden": 1})[0] == 400


@pytest.mark.parametrize("plan", ["self-serve", "enterprise"])
def test_what_self_serve_plans_may_not_do(plan):
    town = Town(plan=plan)
    try:
        post, person = town.posts[-1].number, town.people.named("tidemeretides").number
        asked = [
            ("POST", f"users/{OWN}/likes", {"tweet_id": post}), ("DELETE", f"users/{OWN}/likes/{post}", None),
            ("POST", f"users/{OWN}/following", {"target_user_id": person}), ("DELETE", f"users/{OWN}/following/{person}", None),
        ]  # fmt: skip
        statuses = [town.ask(path, method=method, body=body)[0] for method, path, body in asked]
        statuses.append(town.ask("tweets", method="POST", body={"text": "look", "quote_tweet_id": post})[0])

        assert statuses == ([200] * 4 + [201] if plan == "enterprise" else [403] * 5)
        quotes = [each["id"] for each in town.all(f"tweets/{post}/quote_tweets")]
        assert len(quotes) == (plan == "enterprise")
    finally:
        town.sandbox.stop()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "users/783214/bookmarks", {"tweet_id": "1"}, 400),
        ("DELETE", "users/783214/muting/1", None, 400),
        ("POST", f"users/{OWN}/bookmarks", {}, 400),
        ("POST", f"users/{OWN}/bookmarks", {"tweet_id": 1}, 400),
        ("POST", f"users/{OWN}/bookmarks", {"tweet_id": "1", "more": 1}, 400),
        ("POST", f"users/{OWN}/bookmarks", {"tweet_id": "1"}, 200),
        ("POST", f"users/{OWN}/retweets", {"tweet_id": "abc"}, 400),
        ("POST", f"users/{OWN}/muting", [], 400),
        ("POST", "lists", {}, 400),
        ("POST", "lists", {"name": "x" * 26}, 400),
        ("POST", "lists", {"name": "a", "more": 1}, 400),
        ("POST", "lists", {"name": "a", "description": "x" * 101}, 400),
        ("PUT", "lists/abc", {"name": "a"}, 400),
        ("DELETE", "lists/1", None, 200),
    ],
)
def test_what_is_wrong(town, method, path, body, status):
    found = town.ask(path, method=method, body=body)

    assert found[0] == status
    assert "errors" in found[1]


def test_somebody_else_s_list(town):
    number = next(each.number for each in town.sandbox.posts.lists.values() if each.owner != OWN)

    assert town.ask(f"lists/{number}", method="DELETE")[0] == 403
    assert town.ask(f"lists/{number}", method="PUT", body={"name": "a"})[0] == 403
    assert town.ask(f"lists/{number}/members", method="POST", body={"user_id": OWN})[0] == 403
