"""U13, U14, U16: sizes of pages, lists that never end, half an answer."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from field.rows import case
from filled import mine
from raw_server import answer

from oint_magics import errors, twitter


@pytest.fixture
def api(raw, monkeypatch, auth):
    """A server in the place of X's API: `reply` makes an answer of the query of each request."""

    def start(reply):
        asked = []

        def behave(connection):
            target = urlsplit(server.requests[-1].split()[1].decode())
            asked.append({name: values[-1] for name, values in parse_qs(target.query).items()})
            status, document = reply(asked[-1])
            answer(status, json.dumps(document).encode())(connection)

        server = raw(behave)
        monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
        Path("auth.json").write_text(json.dumps(auth | {"expires_at": 4_000_000_000}))
        return asked

    return start


MORE = "--max-rows all (max_rows=None) reads them all"


def get(path, **more):
    return twitter.get(path, "auth.json", **more)


def a_list(default, least=1, token="pagination_token", count=1500):
    """Return what a list of X's answers, page by page."""

    def reply(query):
        size = int(query.get("max_results", default))
        if size < least or {"pagination_token", "next_token"} & set(query) - {token}:
            return "400 Bad Request", {"title": "Invalid Request", "detail": "no such parameter"}
        begin = int(query.get(token, "t0")[1:])
        data = [{"id": str(number)} for number in range(begin, min(begin + size, count))]
        more = {"next_token": f"t{begin + size}"} if begin + size < count else {}
        return "200 OK", {"data": data, "meta": {"result_count": len(data)} | more}

    return reply


# U13: sizes.
@pytest.mark.parametrize(("path", "wanted", "read", "server"), [
    case("U13", "search, max_rows=15", "20 rows billed", "tweets/search/recent?query=x", 15, 15, a_list(10, 10)),
    case("U13", "retweets, max_rows=15", "100 rows billed", "tweets/1/retweets", 15, 15, a_list(100)),
    case("U13", "dm_events, max_rows=15", "100 rows billed", "dm_events", 15, 15, a_list(100)),
    case("U13", "dm_events with somebody, max_rows=7", "100 rows billed", "dm_conversations/with/5/dm_events", 7, 7, a_list(100)),
    case("U13", "reposts_of_me, max_rows=15", "100 rows billed", "users/reposts_of_me", 15, 15, a_list(100)),
    case("U13", "users/search, max_rows=15", "100 rows billed", "users/search?query=x", 15, 15, a_list(100, token="next_token")),
    case("U13", "users/search, max_rows=1200: two pages", "status 400: it takes next_token", "users/search?query=x", 1200, 1200, a_list(100, token="next_token")),
    case("U13", "tweet.fields in the path, max_rows=15", "20 rows billed", "users/1/tweets?tweet.fields=lang", 15, 15, a_list(10, 5)),
    case("U13", "max_results in the path, max_rows=23", "30 rows billed", "users/1/tweets?max_results=10&tweet.fields=lang", 23, 23, a_list(10, 5)),
    case("U13", "a whole address, max_rows=15", "20 rows billed", "https://api.x.com/2/tweets/1/quote_tweets?expansions=author_id", 15, 15, a_list(10, 10)),
    case("U13", "liking_users, max_rows=3", "10 rows billed, 3 given", "tweets/1/liking_users", 3, 3, a_list(100)),
])  # fmt: skip
def test_no_row_too_many_is_billed(api, after, capsys, path, wanted, read, server):
    asked = api(server)

    rows = get(path, max_rows=wanted)

    assert [row["id"] for row in rows] == [str(number) for number in range(read)]
    assert sum(int(query["max_results"]) for query in asked) == read
    assert capsys.readouterr().err == f"{urlsplit(path).path.removeprefix('/2/')}: {read} of more: {MORE}.\n"
    after(f"{read} rows billed")


@pytest.mark.parametrize(("path", "wanted", "least", "server"), [
    case("U13", "search, max_rows=3", "10 rows billed, 3 given, silence", "tweets/search/recent?query=x", 3, 10, a_list(10, 10)),
    case("U13", "quote_tweets, max_rows=9", "10 rows billed, 9 given, silence", "tweets/1/quote_tweets", 9, 10, a_list(10, 10)),
    case("U13", "mentions, max_rows=1", "5 rows billed, 1 given, silence", "users/1/mentions", 1, 5, a_list(10, 5)),
])  # fmt: skip
def test_a_smallest_page_that_is_larger_is_said_and_nothing_paid_is_dropped(api, after, capsys, path, wanted, least, server):  # fmt: skip
    asked = api(server)

    rows = get(path, max_rows=wanted)

    note = f"{least} rows for max_rows={wanted}: X's smallest page here is {least}, and each row is billed"
    assert len(rows) == int(asked[0]["max_results"]) == least
    more = f"{least} of more: {MORE}"
    assert rows.notes == (note, more)
    shown = path.partition("?")[0]
    assert capsys.readouterr().err == f"{shown}: {note}.\n{shown}: {more}.\n"
    after(note)


@pytest.mark.parametrize(("path", "more"), [
    case("U13", "max_results in the path and beside it", "both sent", "users/1/tweets?max_results=5", {"max_results": 50}),
    case("U13", "fields in the path and beside it", "both sent", "users/1/tweets?tweet.fields=lang", {"tweet_fields": "text"}),
    case("U13", "ids twice in the path", "both sent", "tweets?ids=1&ids=2", {}),
])  # fmt: skip
def test_a_parameter_with_two_values_is_refused(api, after, path, more):
    asked = api(a_list(10))

    with pytest.raises(errors.UsageError) as caught:
        get(path, **more)

    assert asked == []
    after(caught.value.what)


def test_a_place_of_one_s_own_is_for_the_first_page(api):
    """A copied address often has its page's token."""
    asked = api(a_list(10, 10))

    assert len(get("tweets/search/recent?query=x&pagination_token=t50", max_rows=150)) == 150
    assert [query["pagination_token"] for query in asked] == ["t50", "t150"]
    asked = api(lambda query: a_list(10, token="next_token" if "next_token" in query else "pagination_token")(query))
    assert len(get("tweets/search/recent", query="x", next_token="t50", max_rows=150)) == 150
    assert [query.get("next_token") for query in asked] == ["t50", None]


# U14: no end.
def a_loop(pages, limited_after=()):
    """Return a list that gives its last page again under ever new tokens, and refuses some requests for their number."""
    count = 0

    def reply(query):
        nonlocal count
        count += 1
        if count in limited_after:
            return "429 Too Many Requests", {"title": "Too Many Requests"}
        at = int(query.get("pagination_token", "t0").partition("-")[0][1:])
        following = f"t{min(at + 1, len(pages) - 1)}-{count}"
        return "200 OK", {"data": pages[at], "meta": {"next_token": following}}

    return reply


def page_of(*numbers):
    return [{"id": str(number)} for number in numbers]


COUNTS = [{"start": "2026-11-01", "tweet_count": 0}, {"start": "2026-11-02", "tweet_count": 0}]
ENDS = "reading ended after 3 pages in a row without a new row"


@pytest.mark.parametrize(("pages", "rows", "requests", "repeats"), [
    case("U14", "one page again and again", "never ends", [page_of(1, 2)], 2, 4, 6),
    case("U14", "two pages, then the second again and again", "never ends", [page_of(1, 2), page_of(3)], 3, 5, 3),
    case("U14", "parts of an earlier page again and again", "never ends", [page_of(1, 2, 3), page_of(2, 1)], 3, 4, 6),
    case("U14", "with empty pages between", "never ends", [page_of(1), [], page_of(1), [], page_of(1), [], page_of(1)], 1, 7, 3),
    case("U14", "counts, which have no id: all are kept", "never ends", [COUNTS], 8, 4, 0),
])  # fmt: skip
def test_a_list_that_repeats_ends(api, after, capsys, pages, rows, requests, repeats):
    asked = api(a_loop(pages))

    found = get("tweets/1/quote_tweets")

    assert len(found) == rows
    assert len(asked) == requests
    assert found.repeats == repeats
    assert found.notes[0] == ENDS
    assert f"tweets/1/quote_tweets: {ENDS}.\n" in capsys.readouterr().err
    after(f"{rows} rows after {requests} pages: {'; '.join(found.notes)}")


@pytest.mark.parametrize("limited_after", [
    case("U14", "a limit between the pages, and resume", "never ends, rows twice", (3,)),
    case("U14", "a limit after every page, and resume", "never ends, rows twice", tuple(range(2, 99, 2))),
    case("U14", "a limit before the last page, and resume", "never ends, rows twice", (5,)),
])  # fmt: skip
def test_a_list_that_repeats_ends_after_a_resume_too(api, after, limited_after):
    asked = api(a_loop([page_of(1, 2), page_of(3)], limited_after))
    error, limits = None, 0
    while True:
        try:
            rows = get("tweets/1/quote_tweets", resume=error)
            break
        except errors.RateLimited as limited:
            error, limits = limited, limits + 1

    assert rows == page_of(1, 2, 3)
    assert len(asked) - limits == 5
    assert rows.repeats == 3
    assert rows.notes[0] == ENDS
    after(f"3 rows after 5 pages and {limits} limits")


def test_an_error_can_be_resumed_from_twice(api):
    api(a_loop([page_of(1, 2), page_of(3)], limited_after=(2,)))
    with pytest.raises(errors.RateLimited) as caught:
        get("tweets/1/quote_tweets")

    for _ in range(2):
        assert get("tweets/1/quote_tweets", resume=caught.value) == page_of(1, 2, 3)


@pytest.mark.parametrize("data", [
    case("U14", "equal counts on two pages", "kept", [{"tweet_count": 0}]),
    case("U14", "equal names without ids on two pages", "kept", [{"trend_name": "x"}, {"trend_name": "x"}]),
])  # fmt: skip
def test_what_has_no_id_is_never_a_repeat(api, after, capsys, data):
    replies = [{"data": data, "meta": {"next_token": "b"}}, {"data": data}]
    api(lambda _: ("200 OK", replies.pop(0)))

    rows = get("tweets/counts/recent", query="x")

    assert rows == data * 2
    assert rows.repeats == 0
    assert capsys.readouterr().err == ""
    after("kept")


def test_a_few_rows_that_come_again_are_dropped_and_said(api, capsys):
    replies = [{"data": page_of(1, 2), "meta": {"next_token": "b"}}, {"data": page_of(2, 3)}]
    api(lambda _: ("200 OK", replies.pop(0)))

    assert get("users/1/tweets") == page_of(1, 2, 3)
    assert capsys.readouterr().err == "users/1/tweets: dropped 1 row that X gave again.\n"


def test_empty_pages_end_too(api):
    """`next_token` may come with an empty page; fifty of them are no list."""
    count = 0

    def reply(query):
        nonlocal count
        count += 1
        return "200 OK", {"meta": {"result_count": 0, "next_token": f"t{count}"}}

    asked = api(reply)
    with pytest.raises(errors.CallError, match="50 empty pages"):
        get("users/1/tweets")
    assert len(asked) == 50


@pytest.mark.parametrize("document", [{"meta": {"result_count": 0}}, {}, {"data": []}, {"data": None}, {"errors": []}])
def test_no_rows_are_no_error(api, capsys, document):
    api(lambda _: ("200 OK", document))

    assert get("users/1/tweets", max_rows=5) == []
    assert capsys.readouterr().err == ""


# U16: half an answer.
def problem(kind, value, parameter="ids", **more):
    title = {"resource-not-found": "Not Found Error"}.get(kind, "Authorization Error")
    return {
        "value": value, "resource_id": value, "parameter": parameter, "resource_type": "tweet", "section": "data",
        "title": title, "detail": f"Sorry: [{value}].", "type": f"https://api.x.com/2/problems/{kind}",
    } | more  # fmt: skip


GONE, CLOSED = "resource-not-found", "not-authorized-for-resource"
HALF = {"data": page_of(1, 3), "errors": [problem(GONE, "2"), problem(CLOSED, "4")]}
REFERRED = {
    "data": page_of(1, 3),
    "errors": [problem(GONE, "9", "referenced_tweets.id"), problem(CLOSED, "8", "referenced_tweets.id")],
}
A_FIELD = {"data": page_of(1), "errors": [problem("not-authorized-for-field", "1", field="non_public_metrics")]}


@pytest.mark.parametrize(("path", "document", "rows", "said", "values"), [
    case("U16", "two of four posts", "2 rows, silence", "tweets?ids=1,2,3,4", HALF, 2, "2 of 4: not found 2, not authorized 4", ["2", "4"]),
    case("U16", "a handle that is gone", "1 row, silence", "users/by?usernames=museum,gone",
         {"data": page_of(1), "errors": [problem(GONE, "gone", "usernames")]}, 1, "1 of 2: not found gone", ["gone"]),
    case("U16", "all four posts", "CallError", "tweets?ids=1,2,3,4",
         {"errors": [problem(GONE, each) for each in "123"] + [problem(CLOSED, "4")]}, 0, "0 of 4: not found 1, 2, 3, not authorized 4", ["1", "2", "3", "4"]),
    case("U16", "X does not name the parameter", "1 row, silence", "tweets?ids=1,2",
         {"data": page_of(1), "errors": [problem("disallowed-resource", "2", None)]}, 1, "1 of 2: not allowed 2", ["2"]),
    case("U16", "posts that a timeline's posts refer to", "2 rows, silence", "users/1/tweets?expansions=referenced_tweets.id", REFERRED, 2,
         "X left out: not found 9, not authorized 8", ["9", "8"]),
    case("U16", "a field of one's own posts only", "1 row, silence", "tweets/1?tweet.fields=non_public_metrics", A_FIELD, 1,
         "X left out fields: not authorized non_public_metrics", ["1"]),
])  # fmt: skip
def test_what_x_left_out_is_said(api, after, capsys, path, document, rows, said, values):
    api(lambda _: ("200 OK", document))

    found = get(path)

    assert len(found) == rows
    assert [each["value"] for each in found.missing] == values
    assert all(each["reason"] and each["type"] and each["title"] for each in found.missing)
    assert found.notes == (said,)
    assert capsys.readouterr().err == f"{path.partition('?')[0]}: {said}.\n"
    after(said)


@pytest.mark.parametrize("document", [
    case("U16", "one post that is not there", "CallError", {"errors": [problem(GONE, "1", "id")]}),
    case("U16", "an old error with status 200", "CallError", {"errors": [{"message": "Rate limit exceeded", "code": 88}]}),
])  # fmt: skip
def test_one_thing_that_is_not_there_is_an_error(api, after, document):
    """There is no row to take: `twitter.get("tweets/1")[0]` would be an error of another kind."""
    api(lambda _: ("200 OK", document))

    with pytest.raises(errors.CallError) as caught:
        get("tweets/1")
    after(f"CallError: {caught.value.what}")


def test_what_is_missing_on_several_pages_and_after_a_resume_is_there_once(api, capsys):
    first = {"data": page_of(1), "errors": [problem(GONE, "9", "referenced_tweets.id")], "meta": {"next_token": "b"}}
    last = {"data": page_of(2), "errors": [problem(GONE, "9", "referenced_tweets.id"), problem(GONE, "8", "referenced_tweets.id")]}  # fmt: skip
    replies = [("200 OK", first), ("503 Service Unavailable", {}), ("200 OK", last)]
    api(lambda _: replies.pop(0))
    with pytest.raises(errors.CallError) as caught:
        get("users/1/tweets")
    assert [each["value"] for each in caught.value.rows.missing] == ["9"]

    rows = get("users/1/tweets", resume=caught.value)

    assert rows == page_of(1, 2)
    assert [each["value"] for each in rows.missing] == ["9", "8"]
    assert capsys.readouterr().err == "users/1/tweets: X left out: not found 9, 8.\n"


def test_a_page_of_which_nothing_is_left_is_an_empty_page(api):
    """A page of likes whose posts are all gone has `errors`, `meta` and no `data`: the list continues."""
    hidden = {"errors": [problem(GONE, "9", "")], "meta": {"result_count": 0, "next_token": "b"}}
    replies = [hidden, {"data": page_of(1), "meta": {"result_count": 1}}]
    api(lambda _: ("200 OK", replies.pop(0)))

    rows = get("users/1/liked_tweets")

    assert rows == page_of(1)
    assert [each["value"] for each in rows.missing] == ["9"]


@pytest.mark.parametrize("stream", [None, "closed"])
def test_a_process_without_stderr_reads_all_the_same(api, monkeypatch, stream):
    import io
    import sys

    api(lambda _: ("200 OK", HALF))
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed if stream else None)

    assert len(get("tweets?ids=1,2,3,4").missing) == 2


def test_the_sandbox_leaves_out_what_is_not_there(auth_file, sandbox, capsys):
    number = mine(sandbox)

    rows = twitter.get("tweets", auth_file(), ids=[number, "5"])

    assert [row["id"] for row in rows] == [number]
    assert capsys.readouterr().err == "tweets: 1 of 2: not found 5.\n"
