"""The search: its answers against a second reader of the same posts, and X's refusals."""

import random
import re

import pytest
from tidemere import Town

from oint_magics.sandbox import queries

SEARCH = "tweets/search/recent"
FIELDS = ("author_id,created_at,lang,conversation_id,in_reply_to_user_id,referenced_tweets,entities,attachments,"
          "public_metrics")  # fmt: skip


@pytest.fixture(scope="module")
def town():
    town = Town()
    yield town
    town.sandbox.stop()


@pytest.fixture(scope="module")
def documents(town):
    """Every post of the last seven days as the API gives it, read account by account."""
    found = {}
    for number in town.people.of:
        for each in town.all(
            f"users/{number}/tweets", max_results=100, tweet__fields=FIELDS, start_time="2026-10-25T09:00:00Z"
        ):
            found[each["id"]] = each
    return list(found.values())


def reference(post, kind):
    return next((each["id"] for each in post.get("referenced_tweets", []) if each["type"] == kind), None)


def words(text):
    return re.findall(r"[a-zäöüß0-9é]+(?:['’][a-zäöüß0-9é]+)*", text.lower())


class Second:
    """A second reader: it makes a random query and knows by itself which documents it means."""

    def __init__(self, town, documents, seed):
        self.town, self.documents, self.luck = town, documents, random.Random(seed)
        self.names = {each.number: each.username for each in town.people.of.values()}

    def own_text(self, post):
        return "" if reference(post, "retweeted") else re.sub(r"\s*https://t\.co/\w{10}", "", post["text"])

    def word(self):
        word = self.luck.choice(["the", "harbour", "line", "der", "rovers", "sea", "is", "again", "STORM", "coffee"])
        return word, lambda post: word.lower() in words(self.own_text(post))

    def phrase(self):
        phrase = self.luck.choice(["at the", "the harbour", "line 4", "Tea helps", "zwölf grad am hafen"])
        wanted = words(phrase)

        def test(post):
            found = words(self.own_text(post))
            return any(found[n : n + len(wanted)] == wanted for n in range(len(found)))

        return f'"{phrase}"', test

    def tag(self):
        tag = self.luck.choice(["rovers", "TIDES", "museumoftides", "nothing"])
        return (
            f"#{tag}",
            lambda post: (
                tag.lower()
                in {
                    each["tag"].lower()
                    for each in post.get("entities", {}).get("hashtags", [])
                    if not reference(post, "retweeted")
                }
            ),
        )

    def mention(self):
        name = self.luck.choice(["tidemerebuses", "TidemereLantern", "mira_tollan"])
        return (
            f"@{name}",
            lambda post: (
                not reference(post, "retweeted")
                and name.lower() in {each["username"].lower() for each in post.get("entities", {}).get("mentions", [])}
            ),
        )

    def author(self):
        name = self.luck.choice(list(self.names.values()))
        return f"from:{name}", lambda post: self.names[post["author_id"]] == name

    def to(self):
        name = self.luck.choice(["tidemerebuses", "tidemerelantern", "saffronbell"])
        return f"to:{name}", lambda post: self.names.get(post.get("in_reply_to_user_id")) == name

    def likes(self):
        least = self.luck.choice([1, 5, 20])
        return f"min_likes:{least}", lambda post: post["public_metrics"]["like_count"] >= least

    def reposts_of(self):
        name = self.luck.choice(["tidemerelantern", "idasandvik", "tidemererovers"])
        return (
            f"retweets_of:{name}",
            lambda post: reference(post, "retweeted") and post["text"].startswith(f"RT @{name}:"),
        )

    def condition(self):
        return self.luck.choice([
            ("is:reply", lambda post: reference(post, "replied_to")),
            ("is:quote", lambda post: reference(post, "quoted")),
            ("is:retweet", lambda post: reference(post, "retweeted")),
            ("lang:de", lambda post: post["lang"] == "de"),
            ("has:media", lambda post: "media_keys" in post.get("attachments", {}) and not reference(post, "retweeted")),
            ("has:hashtags", lambda post: "hashtags" in post.get("entities", {}) and not reference(post, "retweeted")),
        ])  # fmt: skip

    def one(self):
        kinds = (self.word, self.phrase, self.tag, self.mention, self.author, self.to, self.likes, self.reposts_of)
        return self.luck.choice(kinds)()

    def both(self, depth):
        """Return terms side by side: one that finds, and up to two that are conditions, negated or in parentheses."""
        parts = [self.one() if depth == 0 or self.luck.random() < 0.7 else self.group(depth)]
        for _ in range(self.luck.randrange(3)):
            text, test = self.luck.choice((self.condition, self.one))()
            if self.luck.random() < 0.4:
                parts.append((f"-{text}", lambda post, test=test: not test(post)))
            else:
                parts.append((text, test))
        self.luck.shuffle(parts)
        return " ".join(text for text, _ in parts), lambda post: all(test(post) for _, test in parts)

    def group(self, depth):
        text, test = self.either(depth - 1)
        return f"({text})", test

    def either(self, depth=2):
        parts = [self.both(depth) for _ in range(self.luck.choice([1, 1, 2, 3]))]
        return " OR ".join(text for text, _ in parts), lambda post: any(test(post) for _, test in parts)


def test_a_hundred_queries_by_a_second_reader(town, documents):
    found = 0
    for seed in range(100):
        query, test = Second(town, documents, seed).either()
        wanted = {post["id"] for post in documents if test(post)}

        answered = {post["id"] for post in town.all(SEARCH, query=query, max_results=100)}
        counted = town.ask("tweets/counts/recent", query=query, granularity="day")[1]["meta"]["total_tweet_count"]

        assert answered == wanted, query
        assert counted == len(wanted), query
        found += bool(wanted)
    assert found > 60


@pytest.mark.parametrize(
    "query",
    ["is:reply", "-bus", "lang:de has:media", "bus OR is:reply", "bus OR -tide", "(bus", "bus)", "(bus) OR", "OR bus", "bus OR OR tide",
     "()", '"bus', '""', "nothing:bus", "min_likes:x", "is:nothing", "has:nothing", "x" * 513],
)  # fmt: skip
def test_what_x_does_not_take(town, query):
    status, answer = town.ask(SEARCH, query=query)

    assert status == 400
    assert answer["errors"][0]["parameters"] == {"query": [query]}
    assert answer["type"].endswith("/invalid-request")


def test_and_binds_tighter_than_or(town):
    def found(query):
        return {each["id"] for each in town.all(SEARCH, query=query, max_results=100)}

    assert found("line 4 OR tea helps") == found("(line 4) OR (tea helps)") != found("line (4 OR tea) helps")


def test_a_long_query_is_for_the_archive(town):
    query = "bus OR " * 100 + "bus"

    assert town.ask("tweets/search/all", as_app=True, query=query)[0] == 200
    assert town.ask(SEARCH, query=query)[0] == 400


def test_only_the_last_seven_days(town):
    assert town.ask(SEARCH, query="bus", start_time="2026-10-20T00:00:00Z")[0] == 400
    assert town.ask(SEARCH, query="bus", end_time="2026-11-01T08:59:59Z")[0] == 400
    found = town.all(SEARCH, query="the OR line OR der", max_results=100, tweet__fields="created_at")
    assert min(each["created_at"] for each in found) >= "2026-10-25T09:00"
    status, all_ = town.ask(
        "tweets/search/all", as_app=True, query="#tidemerestorm", max_results=500, tweet__fields="created_at"
    )
    assert status == 200
    assert max(each["created_at"] for each in all_["data"]) < "2026-09-20"


def test_any_text_is_taken_or_refused_in_words(town):
    luck = random.Random(5)
    for _ in range(500):
        query = "".join(
            luck.choice(['"', "(", ")", "-", " OR ", " ", "bus", "#a", "from:x", "is:reply", "é", "😀"])
            for _ in range(12)
        )
        try:
            queries.read(query, 512)
        except queries.WrongQuery as error:
            assert str(error)
