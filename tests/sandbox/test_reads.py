"""Every read of the catalogue: generated requests, right and wrong, in both vocabularies; and what each lists."""

import itertools
import json
import random
import re
from urllib.parse import urlencode

import pytest
from openapi import FILE, Description
from tidemere import MOMENT, Town

from oint_magics.sandbox import catalogue, reads

READS = [entry for entry in catalogue.entries() if entry.method == "GET" and entry.path in reads.ITEMS | reads.OTHERS]
DESCRIPTION = FILE and Description(FILE)
OWN = "2244994945"
# Field lists of each vocabulary; an unknown field is left out in silence, as X leaves it.
FIELDS = {
    "tweet.fields": ["created_at", "public_metrics", "lang", "author_id", "referenced_tweets", "entities", "attachments",
                     "conversation_id", "in_reply_to_user_id", "edit_controls", "reply_settings", "no_such_field"],
    "post.fields": ["created_at", "public_metrics", "lang", "entities", "attachments", "conversation_id", "text", "no_such_field"],
    "user.fields": ["created_at", "description", "public_metrics", "location", "protected", "verified", "no_such_field"],
    "list.fields": ["created_at", "description", "member_count", "follower_count", "private"],
    "media.fields": ["url", "width", "height", "alt_text"],
    "poll.fields": ["duration_minutes", "end_datetime", "voting_status"],
}  # fmt: skip
EXPANSIONS = {
    ("Post", "tweet"): ["author_id", "in_reply_to_user_id", "referenced_tweets.id", "referenced_tweets.id.author_id",
                        "attachments.media_keys", "attachments.poll_ids", "entities.mentions.username", "edit_history_tweet_ids"],
    ("Post", "post"): ["author_id", "in_reply_to_user_id", "referenced_posts", "attachments.media_keys", "edit_history_post_ids"],
    ("User", "tweet"): ["pinned_tweet_id", "most_recent_tweet_id"], ("User", "post"): ["pinned_post_id", "most_recent_post_id"],
    ("List", "tweet"): ["owner_id"], ("List", "post"): ["owner_id"],
}  # fmt: skip
ALWAYS = {"Post": {"id", "text"}, "User": {"id", "name", "username"}, "List": {"id", "name"}}
OLD_WORDS = re.compile(
    r'"(edit_history_tweet_ids|referenced_tweets|retweet_count|tweet_count|pinned_tweet_id|most_recent_tweet_id|tweets)":'
)
NEW_WORDS = re.compile(
    r'"(edit_history_post_ids|referenced_posts|repost_count|pinned_post_id|most_recent_post_id|posts)":'
)


@pytest.fixture(scope="module")
def town():
    town = Town()
    yield town
    town.sandbox.stop()


class Requests:
    """Random requests for every read.

    Args:
        town: what they are made for.
        seed: the same requests for the same number.
    """

    def __init__(self, town, seed):
        self.luck, self.town = random.Random(seed), town
        self.accounts, self.posts = list(town.people.of), [post.number for post in town.posts]
        self.lists = [each for each, found in town.sandbox.posts.lists.items()]

    def value(self, entry, parameter):
        pick, luck = self.luck.choice, self.luck
        of = {
            "query": lambda: pick(["bus", "#rovers -is:retweet", "line OR harbour", "from:tidemerelantern"])
            if "tweets" in entry.path else pick(["bus", "line", "tidemere"]),
            "ids": lambda: ",".join([*luck.sample(self.posts if "tweets" in entry.path else self.accounts, luck.randint(1, 20)), "1"]),
            "usernames": lambda: ",".join([*luck.sample([each.username for each in self.town.people.of.values()], 5), "nobody_at_all"]),
            "max_results": lambda: luck.randint(parameter.least, parameter.most),
            "start_time": lambda: "2026-10-27T00:00:00Z", "end_time": lambda: "2026-10-30T12:00:00.500Z",
            "since_id": lambda: pick(self.posts[-150:-80]), "until_id": lambda: pick(self.posts[-60:]),
            "max_trends": lambda: luck.randint(1, 50), "days": lambda: luck.randint(1, 90),
        }  # fmt: skip
        if parameter.values:
            return pick(parameter.values)
        return str(of[parameter.name]()) if parameter.name in of else None

    def words(self, entry):
        own = "timelines" in entry.path or entry.path.rpartition("/")[2] in (
            "bookmarks",
            "muting",
            "blocking",
            "pinned_lists",
        )
        ids = self.posts if "tweets/{id}" in entry.path else self.lists if "lists/{id}" in entry.path else self.accounts
        return {"{id}": OWN if own else self.luck.choice(ids), "{username}": "TidemereLantern", "{woeid}": "44418"}

    def right(self, entry):
        """Return the path and the parameters of a request that X takes, and its vocabulary."""
        path = entry.path.removeprefix("/2/")
        for name, word in self.words(entry).items():
            path = path.replace(name, word)
        vocabulary = self.luck.choice(["tweet", "post"])
        query = {}
        for name, parameter in entry.parameters.items():
            if parameter.place == "path" or name in ("pagination_token", "next_token"):
                continue
            if name.endswith(".fields"):
                said = f"{vocabulary}.fields" if name == "post.fields" else name
                if self.luck.random() < 0.6 and said in FIELDS:
                    query[said] = ",".join(self.luck.sample(FIELDS[said], self.luck.randint(1, 3)))
            elif name == "expansions":
                if self.luck.random() < 0.6:
                    known = EXPANSIONS[entry.gives, vocabulary]
                    query[name] = ",".join(self.luck.sample(known, self.luck.randint(1, len(known))))
            elif parameter.is_required or self.luck.random() < 0.35:
                query[name] = self.value(entry, parameter)
        query = {name: value for name, value in query.items() if value is not None}
        if query.get("since_id"):  # X takes one of the two.
            query.pop("start_time", None)
        is_said = f"{vocabulary}.fields" in query or any(
            f"_{vocabulary}" in each for each in query.get("expansions", "").split(",")
        )
        return path, query, vocabulary if is_said else None


def check(entry, query, vocabulary, answer):
    """Check that an answer has what was asked for, no more, and in its words."""
    text = json.dumps(answer)
    if vocabulary == "post":
        assert not OLD_WORDS.search(text), text
    elif vocabulary == "tweet":
        assert not NEW_WORDS.search(text), text
    data = answer.get("data", [])
    items = data if isinstance(data, list) else [data]
    asked = {"Post": query.get("post.fields", "") + "," + query.get("tweet.fields", ""), "User": query.get("user.fields", ""),
             "List": query.get("list.fields", "")}.get(entry.gives, "").split(",")  # fmt: skip
    expanded = query.get("expansions", "")
    for item in items:
        assert ALWAYS[entry.gives] <= set(item)
        more = set(item) - ALWAYS[entry.gives] - set(asked) - {"edit_history_tweet_ids"}
        assert all(each in expanded or each.split("_")[0] in expanded for each in more), (more, expanded)
        for name in asked:
            if name in ("created_at", "public_metrics", "lang", "conversation_id", "member_count", "protected"):
                assert name in item
    if not expanded:
        assert "includes" not in answer
    for kind in answer.get("includes", {}):
        assert kind in ("users", "media", "polls", "posts" if vocabulary == "post" else "tweets")
    if "max_results" in query and "meta" in answer:
        assert answer["meta"]["result_count"] == len(items) <= int(query["max_results"])


def test_right_requests(town):
    requests, described = Requests(town, 1), 0
    for n in range(3000):
        entry = READS[n % len(READS)]
        path, query, vocabulary = requests.right(entry)

        as_app = entry.scopes is None
        status, answer = town.ask(path, as_app=as_app, **query)

        assert status == 200, (path, query, answer)
        if entry.path in reads.ITEMS:
            check(entry, query, vocabulary, answer)
        # The description has one vocabulary, and the fields that it has.
        if DESCRIPTION and DESCRIPTION.has(entry.path) and vocabulary == "post" and "no_such_field" not in str(query):
            url = f"/2/{path}?{urlencode(query)}"
            found = [
                each for each in DESCRIPTION.faults_of("GET", url, None, None, status, answer)
                if "not described" not in each and "is not one of" not in each
            ]  # fmt: skip
            assert found == [], (path, query)
            described += 1
    assert described > 150 or not DESCRIPTION


WRONG = {
    "an unknown parameter": lambda luck, entry: ("no_such_parameter", "1"),
    "no number": lambda luck, entry: ("max_results", "many"),
    "too many": lambda luck, entry: ("max_results", "1001"),
    "too few": lambda luck, entry: ("max_results", "0"),
    "no time": lambda luck, entry: (luck.choice(["start_time", "end_time"]), luck.choice(["yesterday", "2026-10-27", "2026-10-27T00:00:00"])),
    "no id": lambda luck, entry: (luck.choice(["since_id", "until_id"]), luck.choice(["abc", "1" * 20, "-1", "１"])),
    "not one of its values": lambda luck, entry: (luck.choice(["exclude", "sort_order", "granularity"]), "nothing"),
    "no token": lambda luck, entry: (luck.choice(["pagination_token", "next_token"]), "never-given-to-anybody"),
    "ids that are none": lambda luck, entry: ("ids", luck.choice(["a", "1,b", "1," * 120 + "1"])),
    "names that are none": lambda luck, entry: ("usernames", luck.choice(["a b", "x" * 16, "é"])),
    "a required one that is missing": lambda luck, entry: (next((n for n, p in entry.parameters.items() if p.is_required and p.place == "query"), None), ""),
}  # fmt: skip


def test_wrong_requests(town):
    requests, refused = Requests(town, 2), dict.fromkeys(WRONG, 0)
    while sum(refused.values()) < 3000:
        kind = requests.luck.choice(list(WRONG))
        entry = requests.luck.choice(READS)
        name, value = WRONG[kind](requests.luck, entry)
        if kind != "an unknown parameter" and name not in entry.parameters:
            continue
        path, query, _ = requests.right(entry)

        status, answer = town.ask(path, as_app=entry.scopes is None, **(query | {name: value}))

        assert status == 400, (kind, path, query, name, value, answer)
        assert answer["type"] == "https://api.x.com/2/problems/invalid-request"
        assert name in [key for each in answer["errors"] for key in each["parameters"]], (kind, answer)
        refused[kind] += 1
    assert min(refused.values()) > 20


@pytest.mark.parametrize("word", ["abc", "1" * 20, "-1", "by_", "1%20"])
@pytest.mark.parametrize("path", ["users/{}", "users/{}/tweets", "tweets/{}", "lists/{}", "tweets/{}/retweeted_by"])
def test_a_word_of_a_path_that_is_no_id(town, path, word):
    status, answer = town.ask(path.format(word))

    assert status == 400
    assert answer["errors"][0]["parameters"] == {"id": [word]}


def test_what_is_not_there(town):
    for path in ("users/1", "users/1/tweets", "tweets/1", "tweets/1/liking_users", "lists/1", "lists/1/members",
                 "users/by/username/nobody_at_all"):  # fmt: skip
        status, answer = town.ask(path)
        assert (status, list(answer)) == (200, ["errors"])
        assert answer["errors"][0]["type"].endswith("/resource-not-found")
    status, answer = town.ask("users", ids=f"{OWN},1")
    assert (status, [each["id"] for each in answer["data"]], answer["errors"][0]["value"]) == (200, [OWN], "1")
    for path in ("spaces", "users/1/nothing", "dm_events", "tweets/1/2/3"):
        assert town.ask(path)[0] == 404


@pytest.mark.parametrize("path", ["timelines/reverse_chronological", "bookmarks", "muting", "blocking", "pinned_lists"])
def test_what_only_its_owner_sees(town, path):
    other = next(each for each in town.people.of if each != OWN)

    assert town.ask(f"users/{OWN}/{path}")[0] == 200
    assert town.ask(f"users/{other}/{path}")[0] == 400


def test_who_may_call(town):
    for entry in READS:
        path, query, _ = Requests(town, 3).right(entry)
        assert town.ask(path, as_app=True, **query)[0] == (200 if entry.takes_app else 403), entry.path
        assert town.ask(path, **query)[0] == (403 if entry.scopes is None else 200), entry.path
    narrow = town.sandbox.accounts.log_in(town.sandbox.accounts.client(town.client_id), town_second(), "tweet.read")
    for entry in READS:
        if entry.scopes and entry.scopes > {"tweet.read"}:
            path, query, _ = Requests(town, 3).right(entry)
            token, town.token = town.token, narrow.access_token
            status, _ = town.ask(path, **query)
            town.token = token
            assert status == 403, entry.path


def town_second():
    from oint_magics.sandbox.accounts import PEOPLE

    return PEOPLE[1]


@pytest.mark.parametrize("path", [entry.path for entry in READS if "max_results" in entry.parameters])
def test_pages_without_gaps(town, path):
    entry = next(each for each in READS if each.path == path)
    requests = Requests(town, 4)
    where, query, _ = requests.right(entry)
    where = where.replace(requests.words(entry)["{id}"], OWN) if "users/" in where and "{id}" in path else where
    query = {"query": query["query"]} if "query" in query else {}
    least, most = entry.parameters["max_results"].least, entry.parameters["max_results"].most
    if path == "/2/users/search":
        return  # Its token has another name; its pages are those of a list like any other.
    as_app = entry.scopes is None

    def pages(size):
        found, token = [], None
        while True:
            status, page = town.ask(where, as_app=as_app, max_results=size, pagination_token=token, **query)
            assert status == 200, page
            found += [each["id"] for each in page.get("data", [])]
            token = page["meta"].get("next_token")
            if token is None:
                return found

    few, many = pages(max(least, 10)), pages(most)
    assert few == many
    assert len(set(few)) == len(few) or path.endswith("retweeted_by")


def test_each_list_is_what_it_says(town):
    """Against the posts and accounts themselves."""
    now, people = town.now, town.people
    lantern = people.named("tidemerelantern").number
    posts = [post for post in town.posts if post.author.number == lantern]
    liked = max(town.posts, key=lambda post: len(post.replies) + 5 * len(post.quotes) + 5 * len(post.reposts))

    def ids(path, **query):
        return {each["id"] for each in town.all(path, **query)}

    assert ids(f"users/{lantern}/tweets", max_results=100) == {post.number for post in posts}
    assert ids(f"users/{lantern}/tweets", max_results=100, exclude="replies,retweets") == {
        post.number for post in posts if not (post.replied or post.reposted)
    }
    assert ids(f"users/{lantern}/followers") == {each.number for each in people.of.values() if lantern in each.follows}
    assert ids(f"users/{lantern}/following") == people.of[lantern].follows
    assert ids(f"tweets/{liked.number}/quote_tweets") == {post.number for post in liked.quotes}
    assert ids(f"tweets/{liked.number}/retweets") == {post.number for post in liked.reposts}
    likers = ids(f"tweets/{liked.number}/liking_users")
    assert all(liked.number in ids(f"users/{each}/liked_tweets", max_results=100) for each in sorted(likers)[:3])
    mentions = ids(f"users/{lantern}/mentions", max_results=100)
    assert mentions == {post.number for post in town.posts if "@tidemerelantern" in post.text.lower() and not post.reposted
                        and post.author.number != lantern}  # fmt: skip
    home = ids(f"users/{OWN}/timelines/reverse_chronological", max_results=100)
    assert home == {post.number for post in town.posts if post.author.number in people.of[OWN].follows | {OWN}}
    counted = town.ask("tweets", ids=liked.number, tweet__fields="public_metrics")[1]["data"][0]["public_metrics"]
    assert counted["reply_count"] == len([each for each in liked.replies if each.at <= now])
    assert now == pytest.approx(MOMENT, abs=600)


def test_a_private_list_is_seen_by_its_owner_alone(town):
    lists = town.sandbox.posts.lists.values()
    private = next(each for each in lists if each.is_private)
    assert town.ask(f"lists/{private.number}")[0] == 200
    assert "data" in town.ask(f"lists/{private.number}")[1]
    assert "errors" in town.ask(f"lists/{private.number}", as_app=True)[1]
    assert private.number not in {each["id"] for each in town.ask(f"users/{OWN}/owned_lists", as_app=True)[1]["data"]}


def test_counts_in_minutes_hours_and_days(town):
    totals = {}
    for size in ("minute", "hour", "day"):
        rows, token = [], None
        while True:
            status, page = town.ask("tweets/counts/recent", query="the", granularity=size, next_token=token)
            assert status == 200
            rows = page["data"] + rows
            token = page["meta"].get("next_token")
            if token is None:
                break
        assert rows == sorted(rows, key=lambda row: row["start"])
        assert all(row["end"] == after["start"] for row, after in itertools.pairwise(rows))
        totals[size] = sum(row["tweet_count"] for row in rows)
    assert len(set(totals.values())) == 1
    assert totals["day"] > 20


def test_the_archive_has_a_limit_of_a_second(town):
    sandbox = town.sandbox
    sandbox.limits.restrict(None)
    try:
        answers = [town.ask("tweets/search/all", as_app=True, query="bus")[0] for _ in range(2)]
        assert answers == [200, 429]
        sandbox.clock.set("+2s")
        assert town.ask("tweets/search/all", as_app=True, query="bus")[0] == 200
    finally:
        sandbox.limits.of.clear()
        sandbox.limits.of_apps.clear()
        sandbox.clock.set("-2s")
