"""Input that is odd and possible: each is answered, in X's form, and none ends a connection or loses anything."""

import base64
import json
import threading

import pytest
import requests
from patience import LONG
from posts_material import png
from tidemere import Town

from oint_magics.sandbox import Sandbox

OWN, OTHER = "2244994945", "783214"


@pytest.fixture
def town():
    town = Town()
    yield town
    town.sandbox.stop()


@pytest.fixture(scope="module")
def still():
    """One for those who change nothing."""
    town = Town()
    yield town
    town.sandbox.stop()


def pages(town, path, size, between=lambda _: None, **query):
    """Return the ids of all pages, with something done between two of them."""
    found, token = [], None
    while True:
        status, page = town.ask(path, max_results=size, pagination_token=token, **query)
        assert status == 200, page
        found.append([each["id"] for each in page.get("data", [])])
        token = page["meta"].get("next_token")
        if token is None:
            return found
        between(found)


def chained(found):
    return [each for page in found for each in page]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_bookmarks_come_in_their_order_and_none_is_lost(town, size):
    posts = [town.posts[-n].number for n in (6, 2, 10, 4, 8)]
    for number in posts:
        assert town.ask(f"users/{OWN}/bookmarks", "POST", body={"tweet_id": number})[0] == 200

    assert chained(pages(town, f"users/{OWN}/bookmarks", size)) == posts[::-1]


@pytest.mark.parametrize("which", [0, 1])
def test_an_account_that_goes_between_two_pages_takes_no_other_with_it(town, which):
    numbers = [each.number for each in town.people.of.values() if each.number != OWN][:6]
    for number in numbers:
        assert town.ask(f"users/{OWN}/muting", "POST", body={"target_user_id": number})[0] == 200

    def unmute(found):
        if len(found) == 1:
            assert town.ask(f"users/{OWN}/muting/{found[0][which]}", "DELETE")[0] == 200

    found = chained(pages(town, f"users/{OWN}/muting", 2, unmute))

    assert set(found) == set(numbers)


def test_posts_that_come_and_go_between_two_pages(town):
    def change(found):
        town.ask("tweets", "POST", body={"text": f"Between {len(found)}"})
        if len(found) == 1:
            town.ask(f"tweets/{found[0][-1]}", "DELETE")

    before = [post.number for post in town.posts if post.author.number == OWN][::-1]

    assert chained(pages(town, f"users/{OWN}/tweets", 5, change)) == before


BODIES = {
    "deep": "[" * 100_000,
    "no object": "[1]",
    "a list as a text": {"text": ["a"]},
    "an id that is a number": {"text": "a", "reply": {"in_reply_to_tweet_id": 5}},
    "more in a reply": {"text": "a", "reply": {"in_reply_to_tweet_id": "5", "more": 1}},
    "more in a poll": {"text": "a", "poll": {"options": ["a", "b"], "duration_minutes": 60, "more": 1}},
    "more in media": {"text": "a", "media": {"media_ids": ["1"], "more": 1}},
    "media by number": {"text": "a", "media": {"media_ids": [1]}},
    "true as minutes": {"text": "a", "poll": {"options": ["a", "b"], "duration_minutes": True}},
    "another setting": {"text": "a", "reply_settings": "zzz"},
    "a place that is a number": {"text": "a", "geo": 5},
    "a flag that is a text": {"text": "a", "nullcast": "x"},
    "blanks": {"text": "  \n"},
    "a quote that is a list": {"text": "a", "quote_tweet_id": [1]},
    "a quote of nothing": {"text": "a", "quote_tweet_id": "1"},
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_x_s_description_does_not_have(name):
    town = Town(plan="enterprise")
    body = BODIES[name]
    try:
        answer = requests.post(f"{town.sandbox.url}/2/tweets", data=body if isinstance(body, str) else json.dumps(body),
                               headers={"Authorization": f"Bearer {town.token}", "Content-Type": "application/json"}, timeout=LONG)  # fmt: skip
        assert (answer.status_code, answer.json()["title"]) == (400, "Invalid Request")
        assert town.sandbox.posts.made == {}
    finally:
        town.sandbox.stop()


UPLOADS = [
    ("initialize", {"media_category": [], "media_type": "image/png", "total_bytes": 5}),
    ("initialize", {"media_category": "tweet_image", "media_type": {}, "total_bytes": 5}),
    ("initialize", {"media_category": "tweet_image", "media_type": "image/png", "total_bytes": True}),
    ("", {"media": "\ud800", "media_category": "tweet_image"}),
]


@pytest.mark.parametrize(("call", "body"), UPLOADS)
def test_uploads_of_another_type(still, call, body):
    address = f"{still.sandbox.url}/2/media/upload/{call}".rstrip("/")

    answer = requests.post(address, json=body, headers={"Authorization": f"Bearer {still.token}"}, timeout=LONG)

    assert answer.status_code == 400


def test_a_segment_with_an_endless_number(still):
    about = {"media_category": "tweet_image", "media_type": "image/png", "total_bytes": 5}
    number = still.ask("media/upload/initialize", "POST", body=about)[1]["data"]["id"]

    status, _ = still.ask(f"media/upload/{number}/append", "POST", body={"segment_index": "9" * 5000, "media": "aaaa"})

    assert status == 400


def test_json_is_json_in_any_case_of_letters(still):
    body = {"media": base64.b64encode(png()).decode(), "media_category": "tweet_image"}
    headers = {"Authorization": f"Bearer {still.token}", "Content-Type": "Application/JSON"}

    answer = requests.post(f"{still.sandbox.url}/2/media/upload", data=json.dumps(body), headers=headers, timeout=LONG)

    assert answer.status_code == 200


def test_a_verifier_of_half_a_character(still):
    app = still.sandbox.app()
    asked = {"client_id": app["client_id"], "redirect_uri": app["redirect_uri"], "response_type": "code", "scope": "tweet.read",
             "state": "s", "code_challenge": "c" * 43, "code_challenge_method": "S256"}  # fmt: skip
    link = requests.Request("GET", f"{still.sandbox.url}/i/oauth2/authorize", params=asked).prepare().url
    code = still.sandbox.approve(link).partition("code=")[2]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": app["redirect_uri"],
        "code_verifier": "\ud800",
    }

    answer = requests.post(f"{still.sandbox.url}/2/oauth2/token", json=form, auth=(app["client_id"], app["client_secret"]), timeout=LONG)  # fmt: skip

    assert answer.status_code == 400


QUERIES = ["(" * 340 + "a" + ")" * 340, "b " + "-(" * 200 + "a" + ")" * 200, "from:", "is:", "lang:", "url:", "#", "@", "$", "-", "bus -", "bus lang:"]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_queries_that_are_none(still, query):
    status, answer = still.ask("tweets/search/all", as_app=True, query=query)

    assert (status, answer["errors"][0]["parameters"]) == (400, {"query": [query]})


@pytest.mark.parametrize("query", ["((bus))", "-#tides bus", '"bus"', "from:sandbox"])
def test_queries_that_are_some(still, query):
    assert still.ask("tweets/search/all", as_app=True, query=query)[0] == 200


TIMES = [
    ("tweets/counts/all", {"query": "a", "granularity": "minute", "start_time": "0001-01-01T00:00:00Z"}, True),
    ("tweets/counts/all", {"query": "a", "end_time": "2099-01-01T00:00:00Z"}, True),
    ("tweets/search/all", {"query": "a", "end_time": "2099-01-01T00:00:00Z"}, True),
    ("tweets/search/recent", {"query": "a", "start_time": "2099-01-01T00:00:00Z"}, False),
    (f"users/{OWN}/tweets", {"start_time": "2001-01-01T00:00:00Z"}, False),
]


@pytest.mark.parametrize(("path", "query", "as_app"), TIMES)
def test_times_before_x_and_to_come(still, path, query, as_app):
    assert still.ask(path, as_app=as_app, **query)[0] == 400


def test_counts_by_the_minute_of_some_years_make_one_page(still):
    query = {"query": "bus", "granularity": "minute", "start_time": "2016-01-01T00:00:00Z"}

    status, page = still.ask("tweets/counts/all", as_app=True, **query)

    assert (status, len(page["data"])) == (200, 744)
    assert page["meta"]["next_token"]


@pytest.mark.parametrize("query", ["id=1", "foo=", "foo", "max_results=", "tweet.fields="])
def test_parameters_without_a_value_and_with_the_name_of_a_word_of_the_path(still, query):
    address = f"{still.sandbox.url}/2/users/{OWN}/tweets?{query}"

    answer = requests.get(address, headers={"Authorization": f"Bearer {still.token}"}, timeout=LONG)

    assert answer.status_code == 400
    assert list(answer.json()["errors"][0]["parameters"]) == [query.partition("=")[0]]


def test_a_page_token_of_endless_digits(still):
    token = base64.b32encode(b"page:" + b"9" * 5000 + b":1").decode().lower().rstrip("=")

    assert still.ask(f"users/{OWN}/tweets", pagination_token=token)[0] == 400


@pytest.mark.parametrize("text", ["2126-11-30T00:00Z", "2005-01-01T00:00Z", "9999-12-31T23:59Z", "+999999d", "-9000d"])
def test_a_clock_that_no_id_of_x_fits(still, text):
    with pytest.raises(ValueError, match="2011"):
        still.sandbox.clock.set(text)

    assert still.ask("users/me")[0] == 200


def test_a_town_that_sleeps_for_years_begins_anew(town):
    assert town.posts
    town.sandbox.clock.set("2090-01-01T00:00Z")
    town.token = town.sandbox.accounts.log_in(town.sandbox.accounts.client(town.client_id)).access_token

    status, page = town.ask(f"users/{OTHER}/tweets", tweet__fields="created_at")

    assert status == 200
    assert page["data"][0]["created_at"].startswith(("2089", "2090"))


def test_lists_by_many_threads(town):
    """Each gets an id of its own, and a search that looks at them meanwhile is answered."""
    made, statuses = [], []

    def make(n):
        for k in range(40):
            page = town.ask("lists", "POST", body={"name": f"{n} {k}"})[1]
            made.append(page["data"]["id"])
            if k % 3 == 0:
                statuses.append(town.ask(f"lists/{page['data']['id']}", "DELETE")[0])

    def read():
        for _ in range(40):
            statuses.append(town.ask("tweets/search/recent", query="list:5 OR bus")[0])
            statuses.append(town.ask("users/me", user__fields="public_metrics")[0])

    town.sandbox.limits.restrict(10**6)
    threads = [threading.Thread(target=make, args=(n,)) for n in range(3)] + [threading.Thread(target=read) for _ in range(2)]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)

    assert len(set(made)) == len(made) == 120
    assert set(statuses) == {200}


@pytest.mark.parametrize("host", ["LOCALHOST", "127.0.0.1", "localhost:99"])
def test_names_of_this_machine(still, host):
    assert requests.get(f"{still.sandbox.url}/", headers={"Host": host}, timeout=LONG).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1:80@evil.example", "127.0.0.1.example", "127.0.0.1:x"])
def test_other_names(still, host):
    assert requests.get(f"{still.sandbox.url}/", headers={"Host": host}, timeout=LONG).status_code == 403


def test_a_secret_of_the_caller_s_as_it_is_and_form_encoded():
    sandbox = Sandbox()
    try:
        for secret in ("a+b%41c", "plain", "ä ö"):
            auth = sandbox.issue(secret=secret)
            for given in (secret, requests.utils.quote(secret, safe="")):
                proof = base64.b64encode(f"{auth['client_id']}:{given}".encode()).decode()
                form = {"grant_type": "refresh_token", "refresh_token": auth["refresh_token"]}
                answer = requests.post(f"{sandbox.url}/2/oauth2/token", data=form, headers={"Authorization": f"Basic {proof}"}, timeout=LONG)  # fmt: skip
                assert answer.status_code == 200
                auth |= answer.json()
    finally:
        sandbox.stop()
