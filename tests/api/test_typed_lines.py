"""Lines as people type them: what happens, and that nothing is sent where they are wrong. `-rP` prints the table."""

from datetime import UTC, datetime, timedelta

import pytest
from field.rows import case

from oint_magics import errors, twitter
from oint_magics.sandbox.handler import Handler

LANTERN = "users/@tidemerelantern"
# A line, and what it gives: at least so many rows, and a column that they have.
RIGHT = [
    (LANTERN, 1, "username"),
    ("users/by/username/tidemerelantern", 1, "username"),
    ("users/by/username/@tidemerelantern", 1, "username"),
    ("users/by usernames=tidemerelantern,museumoftides", 2, "username"),
    ("users/by usernames=@tidemerelantern,@museumoftides", 2, "username"),
    ("users/me", 1, "username"),
    ("/2/users/me", 1, "username"),
    ("2/users/me", 1, "username"),
    ("https://api.x.com/2/users/me", 1, "username"),
    (f"{LANTERN}/tweets", 100, "public_metrics.like_count"),
    (f"{LANTERN}/tweets/", 100, "created_at"),
    (f"{LANTERN}/tweets --max-rows 7", 7, "lang"),
    (f"{LANTERN}/tweets --max-rows all", 300, "text"),
    (f"{LANTERN}/tweets exclude=replies", 100, "text"),
    (f"{LANTERN}/tweets exclude=replies,retweets --max-rows 20", 20, "text"),
    (f"{LANTERN}/tweets start_time={{yesterday}}", 1, "created_at"),
    (f"{LANTERN}/tweets start_time={{moment}} end_time={{later}}", 1, "created_at"),
    (f"{LANTERN}/tweets max_results=5 --max-rows 10", 10, "text"),
    (f"{LANTERN}/tweets --fields created_at,public_metrics", 100, "public_metrics.reply_count"),
    (f"{LANTERN}/tweets --fields created_at,author.username --max-rows 5", 5, "author.username"),
    (f"{LANTERN}/tweets tweet.fields=lang --max-rows 5", 5, "lang"),
    (f"{LANTERN}/tweets post.fields=lang --max-rows 5", 5, "lang"),
    (f"{LANTERN}/tweets tweet_fields=lang --max-rows 5", 5, "lang"),
    (f"{LANTERN}/tweets?tweet.fields=lang --max-rows 5", 5, "lang"),
    (f"{LANTERN}/tweets expansions=referenced_tweets.id --max-rows 100", 100, "quoted.text"),
    ("users/me/mentions", 0, None),
    ("users/me/tweets --max-rows 5", 5, "text"),
    ('tweets/search/recent query="the"', 50, "text"),
    ('posts/search/recent query="the" --max-rows 10', 10, "text"),
    ('tweets/search/recent query="from:tidemerelantern -is:retweet lang:en" --max-rows 10', 10, "text"),
    ("tweets/search/recent query={words} --max-rows 10", 10, "text"),
    ("tweets/counts/recent query=the granularity=day", 7, "tweet_count"),
    (f"{LANTERN}/tweets --max-rows 5 --auth auth.json", 5, "text"),
    ("tweets ids={ids}", 3, "text"),
    ("tweets ids={first}", 1, "text"),
    (f"{LANTERN}/tweet --unchecked", None, None),
]  # fmt: skip
# A line, and what is said.
WRONG = [
    ("", "Name the path to read"),
    ("users/tidemerelantern/tweets", "by its handle: users/@tidemerelantern/tweets"),
    ("user/me", "the nearest one is users/me"),
    (f"{LANTERN}/tweet", "the nearest one is users/{id}/tweets"),
    ("search/recent query=x", "the nearest one is tweets/search/recent"),
    ("tweets/search query=x", "did you mean tweets/search/"),
    ("tweets/search/recent", "needs query"),
    ("tweets", "needs ids"),
    ("tweets ids=abc", "ids are digits"),
    ("tweets/abc", "takes ids, and ids are digits there"),
    ("users/@museum-of-tides", "no handle of an account"),
    (f"{LANTERN}/tweets max_result=5", "did you mean max_results?"),
    (f"{LANTERN}/tweets limit=5", "did you mean --max-rows (max_rows=…)?"),
    (f"{LANTERN}/tweets --limit 5", "Did you mean --max-rows?"),
    (f"{LANTERN}/tweets since=2026-11-01", "did you mean start_time?"),
    ("tweets/search/recent q=ferry", "did you mean query?"),
    ("tweets/search/recent ferry", "a value with spaces stands in quotes"),
    ("tweets/search/recent query=ferry OR boat", "a value with spaces stands in quotes"),
    (f"{LANTERN}/tweets --fields created_at,likes", "did you mean public_metrics?"),
    (f"{LANTERN} --fields followers_count", "did you mean public_metrics?"),
    (f"{LANTERN}/tweets --fields author.followers_count", "did you mean author.public_metrics?"),
    (f"{LANTERN}/tweets max_results=4", "a whole number from 5 to 100"),
    (f"{LANTERN}/tweets max_results=ten", "a whole number from 5 to 100"),
    (f"{LANTERN}/tweets exclude=replys", "did you mean replies?"),
    (f"{LANTERN}/tweets --fields crated_at", "did you mean created_at?"),
    (f"{LANTERN}/tweets --fields author.user_name", "did you mean author.username?"),
    (f"{LANTERN}/tweets tweet.fields=likes", "does not take that word"),
    (f"{LANTERN}/tweets expansions=author", "did you mean author_id?"),
    (f"{LANTERN}/tweets start_time=yesterday", "is no time that X takes"),
    (f"{LANTERN}/tweets start_time=2026-13-01", "is no time that X takes"),
    (f"{LANTERN}/tweets start_time=01.11.2026", "is no time that X takes"),
    (f"{LANTERN}/tweets start_time={{naive}}", "does not say its zone"),
    (f"{LANTERN}/tweets --max-rows ten", "a whole number, or all"),
    (f"{LANTERN}/tweets --max-rows 0", "a whole number, or all"),
    (f"{LANTERN}/tweets --max-row 5", "option that this magic does not have. Did you mean --max-rows"),
    ("tweets/counts/recent query=x granularity=hourly", "did you mean hour?"),
    ("tweets/search/recent query=x query=y", "is given twice"),
    ("tweets/search/recent?query=x query=y", "is given twice"),
    ("users/me/bookmarks", "needs the scope bookmark.read"),
    ("users/me/followers", "needs the scope follows.read"),
    ("tweets/search/all query=x", "takes an app's own bearer token alone"),
    ("usage/tweets", "takes an app's own bearer token alone"),
    ("tweets ids={floats}", "a number with a decimal point"),
    (f"{LANTERN}/tweets {{nothing}}", ""),
]  # fmt: skip


@pytest.fixture
def asked(monkeypatch):
    """The paths that came to the sandbox."""
    found, answer = [], Handler.handle_one_request

    def noted(self):
        answer(self)
        if getattr(self, "path", None):
            found.append(self.path)

    monkeypatch.setattr(Handler, "handle_one_request", noted)
    return found


@pytest.fixture
def line(shell, asked, auth_file, sandbox):
    """Read a line of the magic; return its value."""
    twitter.refresh(auth_file())  # So it is known what X has granted.
    now = datetime.now(UTC)
    day = timedelta(days=1)
    lantern = sandbox.posts.town.people.named("tidemerelantern").number
    ids = [each.number for each in sandbox.posts.by(lantern, sandbox.clock.now())[:3]]
    shell.user_ns |= {
        "yesterday": (now - 3 * day).date(), "moment": now - 3 * day, "later": now - day,
        "naive": datetime(2026, 11, 1),  # noqa: DTZ001 - that is the case
        "words": "the -is:retweet", "ids": ids, "first": ids[0],
        "floats": [float(each) for each in ids],
    }  # fmt: skip

    asked.clear()

    def read(text):
        source = "" if "--auth" in text or not text else " --auth auth.json"
        return shell.run_line_magic("twitter_get", text + source)

    return read


@pytest.mark.parametrize(("typed", "number", "column"), [
    case("28", f"%twitter_get {typed}", "no magic", typed, number, column) for typed, number, column in RIGHT
])  # fmt: skip
def test_right_lines(line, after, typed, number, column):
    if number is None:
        with pytest.raises(errors.CallError, match="404"):
            line(typed)
        after("sent as it is; X has no such path")
        return
    rows = line(typed)

    assert len(rows) >= number
    assert column is None or column in rows[0]
    after(f"{len(rows)} rows, ${rows.cost:.3f}")


@pytest.mark.parametrize(("typed", "said"), [
    case("28", f"%twitter_get {typed}", "paid, or X's words", typed, said) for typed, said in WRONG
])  # fmt: skip
def test_wrong_lines(line, asked, after, typed, said):
    with pytest.raises(errors.OintError) as caught:
        line(typed)

    assert said in str(caught.value)
    assert asked == []
    assert "othing was sent" in str(caught.value) or typed.endswith("{nothing}")
    after(str(caught.value).split("\n", maxsplit=1)[0])


def test_there_are_sixty():
    assert len(RIGHT) + len(WRONG) >= 60
