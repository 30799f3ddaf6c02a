"""Tab in a read: thirty positions, in a magic's line and in a call of Python."""

import pytest

from oint_magics.notebook.choices import offered

# What is typed up to the cursor; a text that is offered; one that is not.
POSITIONS = [
    ("%twitter_get ", "users/me", "query="),
    ("%twitter_get us", "users/me/tweets", "tweets"),
    ("%twitter_get users/", "users/me", "tweets"),
    ("%twitter_get users/@mus", "users/@mus/tweets", "users/me/tweets"),
    ("%twitter_get users/@museumoftides/", "users/@museumoftides/mentions", "users/me/mentions"),
    ("%twitter_get users/me/men", "users/me/mentions", "users/me/tweets"),
    ("%twitter_get tweets/sea", "tweets/search/recent", "users/me"),
    ("%twitter_get tweets/search/recent ", "query=", "users/me"),
    ("%twitter_get tweets/search/recent q", "query=", "max_results="),
    ("%twitter_get tweets/search/recent query=x ", "max_results=", "query="),
    ("%twitter_get tweets/search/recent query=x sort_order=", "sort_order=recency", "max_results="),
    ("%twitter_get tweets/search/recent query=x sort_order=rel", "sort_order=relevancy", "sort_order=recency"),
    ("%twitter_get users/me/tweets exclude=", "exclude=replies", "max_results="),
    ("%twitter_get users/me/tweets exclude=replies,", "exclude=replies,retweets", "exclude=replies,replies"),
    ("%twitter_get users/me/tweets tweet.fields=cre", "tweet.fields=created_at", "tweet.fields=lang"),
    ("%twitter_get users/me/tweets expansions=", "expansions=author_id", "author_id"),
    ("%twitter_get users/me/tweets --fields ", "created_at", "users/me"),
    ("%twitter_get users/me/tweets --fields auth", "author.username", "created_at"),
    ("%twitter_get users/me/tweets --fields created_at,pub", "created_at,public_metrics", "public_metrics"),
    ("%twitter_get users/me/tweets --", "--max-rows", "exclude="),
    ("%twitter_get users/me/tweets --max-rows ", "all", "exclude="),
    ("%twitter_get tweets/counts/recent query=x granularity=", "granularity=day", "granularity=week"),
    ("rows = %twitter_get users/me/li", "users/me/liked_tweets", "users/me"),
    ("%twitter_usage --", "--auth", "--fields"),
    ('twitter.get("', "users/me", "query="),
    ('rows = twitter.get("users/me/men', "users/me/mentions", "users/me/tweets"),
    ("twitter.get('tweets/sea", "tweets/search/recent", "users/me"),
    ('twitter.get("tweets/search/recent", ', "query=", "users/me"),
    ('twitter.get("tweets/search/recent", qu', "query=", "max_rows="),
    ('twitter.get("users/me/tweets", exclude="', "replies", "users/me"),
    ('twitter.get("users/me/tweets", fields="created_at,', "created_at,lang", "lang"),
    ('twitter.get(\n    "users/me/tweets",\n    max_rows=5,\n    tweet_f', "tweet_fields=", "exclude="),
]  # fmt: skip


@pytest.mark.parametrize(("text", "there", "other"), POSITIONS)
def test_what_is_offered(text, there, other):
    choices = [each.text for each in offered(text, {}).choices]

    assert there in choices
    assert other not in choices


@pytest.mark.parametrize("text", ['other.get("', 'twitter.get("users/me"', 'twitter.get("users/me")', 'x = twitter.get("users/me")\nprint("',
                                  "twitter.get(path, "])  # fmt: skip
def test_elsewhere_nothing_is_ours(text):
    assert offered(text, {}) is None


def test_a_path_tells_what_it_gives_and_its_price():
    about = {each.text: each.about for each in offered("%twitter_get ", {}).choices}

    assert about["users/me/tweets"] == "posts, $0.005 each"
    assert about["tweets/counts/recent"] == "rows, $0.005 a call"
    assert "no price listed" in about["usage/tweets"]


def test_it_reads_no_file_and_asks_nobody(monkeypatch):
    def refuse(*_):
        raise AssertionError

    offered("%twitter_get ", {})  # The catalogue is read once.
    monkeypatch.setattr("socket.socket", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    for text, *_ in POSITIONS:
        assert offered(text, {}).choices
