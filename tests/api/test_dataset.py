"""A data set that grows: what is read again, what is refused, what stands in the file."""

import json
import os
from pathlib import Path

import pytest

from oint_magics import errors, twitter

LANTERN = "users/@tidemerelantern/tweets"
FILE = "lantern.jsonl"


@pytest.fixture
def pair(auth_file):
    return auth_file(scope="tweet.read users.read follows.read offline.access")


def pages():
    return [json.loads(line) for line in Path(FILE).read_text("ascii").splitlines()]


def read(sandbox):
    return sum(sandbox.posts.read.values())


def there(sandbox):
    author = sandbox.posts.town.people.named("tidemerelantern").number
    return [each.number for each in sandbox.posts.by(author, sandbox.clock.now())]


def test_the_second_run_reads_only_what_is_new(pair, sandbox):
    first = twitter.get(LANTERN, pair, keep=FILE, max_rows=None)
    count = read(sandbox)
    assert {row["id"] for row in first} == set(there(sandbox))

    assert len(twitter.get(LANTERN, pair, keep=FILE, max_rows=None)) == len(first)
    assert read(sandbox) == count

    sandbox.clock.set("+2d")
    rows = twitter.get(LANTERN, pair, keep=FILE, max_rows=None)
    assert {row["id"] for row in rows} == set(there(sandbox))
    assert read(sandbox) - count == len(rows) - len(first) > 0
    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), key=int, reverse=True)


def test_a_gap_is_read_first(pair, sandbox, capsys):
    assert twitter.get(LANTERN, pair, keep=FILE, max_rows=20).more
    assert "older posts are left" in capsys.readouterr().err
    sandbox.clock.set("+3d")
    twitter.get(LANTERN, pair, keep=FILE, max_rows=5)

    rows = twitter.get(LANTERN, pair, keep=FILE, max_rows=None)

    assert not rows.more
    assert {row["id"] for row in rows} == set(there(sandbox))
    ids = [post["id"] for page in pages() for post in page["data"]]
    assert len(ids) == len(set(ids)) == read(sandbox)


def test_each_line_is_a_page_of_twarc_s_with_our_note_beside(pair, sandbox):
    twitter.get(LANTERN, pair, keep=FILE, max_rows=40, max_results=10, fields="text,author.username")

    for page in pages():
        assert set(page["__twarc"]) == {"url", "version", "retrieved_at"}
        assert set(page) <= {"__oint", "__twarc", "data", "includes", "errors", "meta"}
        assert page["data"]
    text = Path(FILE).read_text()
    auth = json.loads(Path(pair).read_text())
    assert not any(auth[name] in text for name in ("access_token", "refresh_token", "client_secret"))
    assert "null" not in text
    assert "\n\n" not in text


def test_it_is_read_without_x(pair, sandbox):
    rows = twitter.get(LANTERN, pair, keep=FILE, max_rows=30, fields="created_at,author.username")
    sandbox.stop()

    again = twitter.rows(FILE)

    assert list(again) == list(rows)
    assert again[0]["author.username"] == "tidemerelantern"
    assert "Timestamp" not in str(again.frame().dtypes["created_at"])


def test_fields_are_the_file_s_where_none_are_named(pair, sandbox):
    twitter.get(LANTERN, pair, keep=FILE, max_rows=10, fields="lang")
    sandbox.clock.set("+1d")

    rows = twitter.get(LANTERN, pair, keep=FILE, max_rows=None)

    assert {tuple(row) for row in rows} == {tuple(rows[0])}
    assert "text" in rows[0]
    assert "author_id" not in rows[0]


FOREIGN = {
    "an empty object": b"{}\n", "an auth file": b'{"client_id": "a", "refresh_token": "b"}\n', "text": b"hello\n", "a brace": b"{",
    "twarc's": b'{"data": [], "meta": {}, "__twarc": {}}\n', "a blank line": b"\n", "no text": b"\xff\xfe\x00",
    "our note, another shape": b'{"__oint": {"path": "users/1/tweets"}, "data": []}\n',
    "our note, no list": b'{"__oint": {"path": "x", "params": {}, "account": "", "newest": "1", "gaps": []}, "data": {}}\n',
    "a deep one": b'{"__oint": {"path": ' + b"[" * 5000 + b"]" * 5000 + b"}}\n",
    "ours, then another line": None, "a torn middle": None,
}  # fmt: skip


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_file_is_refused_and_stays(pair, sandbox, kind):
    content = FOREIGN[kind]
    if content is None:
        twitter.get(LANTERN, pair, keep=FILE, max_rows=10, max_results=5)
        first, second = Path(FILE).read_bytes().splitlines(keepends=True)
        content = first + b'{"x": 1}\n' if "another" in kind else first[:-50] + b"\n" + second
    Path(FILE).write_bytes(content)
    before = sandbox.bills.spent()

    with pytest.raises(errors.UsageError, match="none of the data sets"):
        twitter.get(LANTERN, pair, keep=FILE)
    with pytest.raises(errors.UsageError, match="none of the data sets"):
        twitter.rows(FILE)

    assert Path(FILE).read_bytes() == content
    assert sandbox.bills.spent() == before


@pytest.mark.parametrize("name", ["auth.json", ".env", "lantern.csv", "", ".oint/x.jsonl", "{home}/oint/x.jsonl", "folder.jsonl", "link.jsonl",
                                  "hard.jsonl", "nowhere/x.jsonl", "pipe.jsonl"])  # fmt: skip
def test_places_for_no_data_set(pair, sandbox, home, name):
    Path("folder.jsonl").mkdir()
    Path(".oint").mkdir(exist_ok=True)
    Path("target").write_text("")
    Path("link.jsonl").symlink_to("target")
    Path("hard.jsonl").hardlink_to("target")
    os.mkfifo("pipe.jsonl")

    with pytest.raises(errors.OintError) as caught:
        twitter.get(LANTERN, pair, keep=name.format(home=home))

    assert "othing was sent" in str(caught.value)
    assert sandbox.bills.spent() == 0
    assert Path("target").read_text() == ""


@pytest.mark.parametrize(("path", "options", "said"), [
    ("users/@museumoftides/tweets", {}, "of another read"),
    (LANTERN, {"exclude": "replies"}, "with other parameters"),
    (LANTERN, {"fields": "lang,author.name"}, "with other parameters"),
    ("users/me", {}, "takes no since_id"),
    ("users/@tidemerelantern/followers", {}, "takes no since_id"),
    ("tweets/counts/recent", {"query": "x"}, "takes no since_id"),
    (LANTERN, {"until_id": "5"}, "takes no until_id"),
    ("tweets/search/recent", {"query": "x", "sort_order": "relevancy"}, "takes no sort_order"),
])  # fmt: skip
def test_other_reads_are_refused(pair, sandbox, path, options, said):
    twitter.get(LANTERN, pair, keep=FILE, max_rows=5)
    content, before = Path(FILE).read_bytes(), sandbox.bills.spent()

    with pytest.raises(errors.UsageError, match=said) as caught:
        twitter.get(path, pair, keep=FILE, **options)

    assert "Nothing was sent" in str(caught.value)
    assert (Path(FILE).read_bytes(), sandbox.bills.spent()) == (content, before)


@pytest.mark.parametrize("cut", [1, 100, 2000])
def test_a_torn_last_line_is_cut_off(pair, sandbox, capsys, cut):
    twitter.get(LANTERN, pair, keep=FILE, max_rows=40, max_results=10)
    data = Path(FILE).read_bytes()
    Path(FILE).write_bytes(data[:-cut])

    assert len(twitter.rows(FILE)) == 30
    rows = twitter.get(LANTERN, pair, keep=FILE, max_rows=None)

    assert "was torn" in capsys.readouterr().err
    assert {row["id"] for row in rows} == set(there(sandbox))


def test_a_torn_first_line_too(pair, sandbox):
    twitter.get(LANTERN, pair, keep=FILE, max_rows=5)
    Path(FILE).write_bytes(Path(FILE).read_bytes()[:60])

    assert len(twitter.get(LANTERN, pair, keep=FILE, max_rows=None)) == len(there(sandbox))


def test_a_search_that_was_not_read_for_a_week(pair, sandbox, capsys):
    search = {"query": "from:tidemerelantern"}
    twitter.get("tweets/search/recent", pair, keep=FILE, max_rows=None, **search)
    sandbox.clock.set("+9d")
    twitter.get("users/me", pair)  # So the time by its clock is known.

    rows = twitter.get("tweets/search/recent", pair, keep=FILE, max_rows=None, **search)

    assert "recent search has the last seven days only" in capsys.readouterr().err
    week = [
        number
        for number in there(sandbox)
        if (int(number) >> 22) / 1000 > sandbox.clock.now() - 1_288_834_974.657 - 7 * 86_400 + 300
    ]
    assert set(week) <= {row["id"] for row in rows}


def test_a_start_is_only_for_the_first_run(pair, sandbox):
    from datetime import UTC, datetime, timedelta

    start = datetime.fromtimestamp(sandbox.clock.now(), UTC) - timedelta(days=3)
    first = twitter.get("tweets/search/recent", pair, keep=FILE, max_rows=None, query="the", start_time=start)
    sandbox.clock.set("+1d")

    rows = twitter.get("tweets/search/recent", pair, keep=FILE, max_rows=None, query="the", start_time=start)

    assert len(rows) > len(first)


def test_an_error_in_the_middle_goes_on_by_itself(pair, sandbox):
    sandbox.limits.restrict(2)
    with pytest.raises(errors.RateLimited, match="what was read before is in the file"):
        twitter.get(LANTERN, pair, keep=FILE, max_rows=None, max_results=50)
    sandbox.limits.of.clear()

    rows = twitter.get(LANTERN, pair, keep=FILE, max_rows=None)

    assert len(rows) == len(there(sandbox)) == read(sandbox)
