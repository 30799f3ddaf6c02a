"""U9 to U12: what X's refusals mean, at every kind of call; scopes; caps and daily limits; three causes that were lost."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from field.rows import case
from posts_material import png
from raw_server import answer

from oint_magics import errors, twitter
from oint_magics.api import collected, progress
from oint_magics.http import environment
from oint_magics.oauth import causes, scopes
from oint_magics.oauth.cause import API, TOKEN
from oint_magics.oauth.cause_rows import ROWS
from oint_magics.secret import Secret
from oint_magics.stores import journal
from oint_magics.stores.log_lines import Lines

PROBLEMS = "https://api.x.com/2/problems"
LACKS = "the token lacks a scope; a login can ask for more"
PARAMETER = "a parameter has a name or a value that this call does not take"
WINDOW = "this window is used up: the time of the 15-minute window"
NO_TIME = "this window is used up: in fifteen minutes"
USER = b'{"data": {"id": "7", "name": "N", "username": "real"}}'
POST = ("twitter.post", lambda: twitter.post("Hello", auth="auth.json"))
READ = ("twitter.get", lambda: twitter.get("users/7/tweets", "auth.json"))
DELETE = ("twitter.delete", lambda: twitter.delete("1234567890", auth="auth.json"))
UPLOAD = ("twitter.upload", lambda: twitter.upload(png(), auth="auth.json"))


def problem(**values):
    return json.dumps(values).encode()


def forbidden(detail):
    return problem(title="Forbidden", detail=detail, type="about:blank", status=403)


@pytest.fixture
def x(raw, auth, monkeypatch):
    """A server in X's place that says who it is, and refuses every other call as told; a file with good tokens."""

    def start(status, body, *headers, scope=None, granted=None):
        def behave(connection):
            request = server.requests[-1]
            if b"/2/users/me" in request:
                answer("200 OK", USER)(connection)
            elif request.startswith(b"POST /token"):
                pair = {"access_token": "a" * 40, "refresh_token": "s" * 40, "expires_in": 7200}
                answer("200 OK", problem(**pair, **({"scope": granted} if granted else {})))(connection)
            else:
                answer(status, body, *fresh(headers))(connection)

        server = raw(behave)
        monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
        monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/token")
        known = auth | {"expires_at": int(time.time()) + 3600} | ({"scope": scope} if scope else {})
        Path("auth.json").write_text(json.dumps(known))
        return server

    return start


def refused(call):
    with pytest.raises(errors.CallError) as caught:
        call()
    return caught.value


def _before(name, status):
    if name == "duplicate content":
        return "a post of this account has the same text"
    return {"400 No": PARAMETER, "429 No": NO_TIME}.get(status, LACKS)


# U9: X's words first, and what each means.
REFUSALS = [
    ("not permitted", POST, "403 No", forbidden("You are not permitted to perform this action."), "a reply or a quote", "--reply-to"),
    ("not permitted", DELETE, "403 No", forbidden("You are not permitted to perform this action."), "only the account that made", "check the id"),
    ("not permitted", READ, "403 No", forbidden("You are not permitted to perform this action."), "X does not say why", "console"),
    ("one cashtag", POST, "403 No", forbidden("Posts are limited to a maximum of one cashtag."), "one cashtag", "take the $"),
    ("one cashtag, by a code", POST, "403 No", problem(errors=[{"code": 403, "message": "only one Cashtag is allowed"}]), "one cashtag", "take the $"),
    ("cashtags in 400", POST, "400 No", problem(title="Invalid Request", detail="too many cashtags"), "one cashtag", "take the $"),
    ("user suspended", READ, "403 No", forbidden("User has been suspended: [museum]."), "has suspended the account that was asked for", "leave"),
    ("user suspended, code 63", POST, "403 No", problem(errors=[{"code": 63, "message": "User has been suspended"}]), "X has suspended", "open https://x.com"),
    ("own account suspended", POST, "403 No", problem(errors=[{"code": 64, "message": "Your account is suspended"}]), "suspended this account.", "open https://x.com"),
    ("a video too long", POST, "403 No", forbidden("This user is not allowed to post a video longer than 2 minutes"), "videos of that length", "cut the video"),
    ("a video of 140 minutes", POST, "403 No", forbidden("This user is not allowed to post a video longer than 140 minutes."), "videos of that length", "cut the video"),
    ("a video, at the upload", UPLOAD, "403 No", forbidden("not allowed to upload a Video longer than 2 minutes"), "videos of that length", "cut the video"),
    ("326 locked", POST, "403 No", problem(errors=[{"code": 326, "message": "To protect our users this account is temporarily locked."}]), "locked this account", "unlock"),
    ("326 without words", READ, "403 No", problem(errors=[{"code": 326}]), "locked this account", "unlock"),
    ("locked, without a code", DELETE, "403 No", forbidden("This account is temporarily locked. Please log in to unlock it."), "locked this account", "unlock"),
    ("app-only bearer", READ, "403 No", problem(title="Unsupported Authentication", detail="Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.", type=f"{PROBLEMS}/unsupported-authentication"), "app-only bearer", "a user's tokens"),
    ("app-only, by its type alone", POST, "403 No", problem(title="Forbidden", type=f"{PROBLEMS}/unsupported-authentication"), "app-only bearer", "a user's tokens"),
    ("a user's token, the other way", READ, "403 No", problem(title="Unsupported Authentication", detail="Authenticating with OAuth 2.0 User Context is forbidden for this endpoint.", type=f"{PROBLEMS}/unsupported-authentication"), "takes an app-only bearer", "choose a call"),
    ("SpendCapReached", POST, "403 No", problem(title="SpendCapReached", detail="Your enrolled account [1] has reached its billing cycle spend cap."), "spending limit", "raise the limit"),
    ("spend-cap-reached", READ, "403 No", problem(title="Forbidden", detail="Your monthly spend cap has been reached.", type=f"{PROBLEMS}/spend-cap-reached"), "spending limit", "raise the limit"),
    ("SpendCapReached in 429", READ, "429 No", problem(title="SpendCapReached"), "spending limit", "raise the limit"),
    ("187 duplicate", POST, "403 No", problem(errors=[{"code": 187, "message": "Status is a duplicate."}]), "has the same text", "change the text"),
    ("187 without words", POST, "403 No", problem(errors=[{"code": 187}]), "has the same text", "change the text"),
    ("duplicate content", POST, "403 No", forbidden("You are not allowed to create a Tweet with duplicate content."), "has the same text", "change the text"),
    ("media IDs", POST, "400 No", problem(title="Invalid Request", detail="One or more parameters to your request was invalid.", errors=[{"message": "Your media IDs are invalid.", "parameters": {}}]), "deleted a media file", "upload the file again"),
    ("a media ID", POST, "400 No", problem(errors=[{"message": "The media ID is invalid"}]), "deleted a media file", "upload the file again"),
    ("media IDs in capitals", POST, "400 No", problem(title="YOUR MEDIA IDS ARE INVALID."), "deleted a media file", "upload the file again"),
    ("261 the app may not write", POST, "403 No", problem(errors=[{"code": 261, "message": "Application cannot perform write actions. Contact support."}]), "restricted this app", "console"),
    ("261 without words", UPLOAD, "403 No", problem(errors=[{"code": 261}]), "restricted this app", "console"),
    ("344 daily limit", POST, "403 No", problem(errors=[{"code": 344, "message": "You have reached your daily limit for sending Tweets and messages."}]), "as many posts as X allows in a day", "post it later"),
    ("344 in new words", POST, "403 No", forbidden("You have reached your daily limit for sending posts."), "as many posts as X allows in a day", "post it later"),
    ("226 automated", POST, "403 No", problem(errors=[{"code": 226, "message": "This request looks like it might be automated."}]), "takes it for spam", "in other words"),
    ("226, a deletion", DELETE, "403 No", problem(errors=[{"code": 226}]), "takes it for spam", "post it later"),
    ("385 a reply to nothing", POST, "403 No", problem(errors=[{"code": 385, "message": "You attempted to reply to a Tweet that is deleted or not visible to you."}]), "the post to reply to is deleted", "without --reply-to"),
    ("a reply to nothing, in new words", POST, "403 No", forbidden("You attempted to reply to a Post that is deleted or not visible to you."), "the post to reply to is deleted", "without --reply-to"),
    ("a cap of a day", READ, "429 No", problem(title="UsageCapExceeded", detail="Usage cap exceeded: Daily", period="Daily", type=f"{PROBLEMS}/usage-capped"), "cap for this day", "tomorrow"),
    ("not enrolled", READ, "403 No", problem(title="Client Forbidden", reason="client-not-enrolled", type=f"{PROBLEMS}/client-forbidden"), "in no package", "Pay-per-use"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "status", "body", "cause", "step"),
    [case("U9", f"{name}: {call[0]}", _before(name, rest[0]), call[1], *rest) for name, call, *rest in REFUSALS],
)
def test_x_s_words_and_what_they_mean(x, after, call, status, body, cause, step):
    x(status, body, scope=scopes.OPI)

    error = refused(call)

    assert error.status == int(status[:3])
    assert cause in error.cause
    assert step in error.next_step
    assert "scope" not in str(error)
    assert "log in" not in error.cause + error.next_step
    assert "twitter.login" not in str(error)
    said = json.loads(body)
    words = said.get("detail") or (said.get("errors") or [{}])[0].get("message") or said.get("title")
    assert (words or "").rstrip(".") in error.what
    after(error.cause)


PAGES = {
    "Cloudflare's page": b"<!DOCTYPE html><html><title>Attention Required! | Cloudflare</title>SECRET-PAGE</html>",
    "a page after blank lines": b"\n\n  <html><body>SECRET-PAGE Sorry, you have been blocked</body></html>",
    "a page without a type": b"<h1>SECRET-PAGE</h1>",
}


@pytest.mark.parametrize("call", [POST, READ, UPLOAD], ids=lambda call: call[0])
@pytest.mark.parametrize("page", [case("U9", name, LACKS, body) for name, body in PAGES.items()])
def test_an_edge_block_is_named_and_its_page_is_not_shown(x, after, page, call):
    x("403 Forbidden", page, "Content-Type: text/html")

    error = refused(call[1])

    assert "edge network" in error.cause
    assert error.next_step == "run it again from another network, or later"
    assert error.status == 403
    assert "SECRET-PAGE" not in str(error)
    assert "scope" not in str(error)
    after(error.cause)


def test_an_edge_block_of_a_refresh_has_the_same_cause(x, raw, monkeypatch):
    x("403 No", b"")
    page = raw(answer("403 Forbidden", PAGES["Cloudflare's page"]))
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{page.url}/token")

    with pytest.raises(errors.TryLater, match="Your tokens are unchanged") as caught:
        twitter.refresh("auth.json")
    assert "edge network" in caught.value.cause
    assert "another network" in caught.value.next_step


def test_x_s_words_are_shown_without_secrets_and_escaped(x, auth):
    x("403 No", forbidden(f"maximum of one cashtag {auth['access_token']} \x1b[31m<b>"))

    error = refused(POST[1])

    assert auth["access_token"] not in str(error)
    assert "\x1b" not in str(error)
    assert "one cashtag" in error.cause


# "lacks a scope" only if X said what these tokens may do.
def know(granted):
    """Let the refresh log know what X said of the tokens in the file."""
    token = Secret(json.loads(Path("auth.json").read_text())["refresh_token"])
    journal.here().keep(token.fingerprint(), str(Path("auth.json").resolve()), granted)


NARROW = "tweet.read users.read offline.access"


@pytest.mark.parametrize(("call", "granted", "missing"), [
    case("U9", "403 Forbidden, X said: no follows.read", LACKS, lambda: twitter.get("users/7/followers", "auth.json"), NARROW, "follows.read"),
    case("U9", "403 Forbidden, X said: no bookmark.read", LACKS, lambda: twitter.get("users/7/bookmarks", "auth.json"), NARROW, "bookmark.read"),
    case("U9", "403 Forbidden, X said: no users.read", LACKS, READ[1], "tweet.read", "users.read"),
])  # fmt: skip
def test_a_scope_is_named_if_x_said_that_it_is_missing(x, after, call, granted, missing):
    server = x("403 No", forbidden("Forbidden"))
    know(granted)

    with pytest.raises(errors.UsageError) as caught:
        call()

    error = caught.value
    assert f"needs the scope {missing}, which these tokens lack. Nothing was sent." in error.what
    assert error.next_step == f'log in again: twitter.login(scope="{granted} {missing}")'
    assert server.requests == []
    after(error.what)


@pytest.mark.parametrize(("granted", "words"), [
    case("U9", "403 Forbidden, nothing is known", LACKS, None, "X does not say why: a missing scope"),
    case("U9", "403 Forbidden, X said: all of them", LACKS, scopes.OPI, "The tokens' scopes are enough."),
    case("U9", "403 Forbidden, X said: what a read needs", LACKS, "tweet.read users.read", "The tokens' scopes are enough."),
])  # fmt: skip
def test_no_scope_is_named_that_may_be_there(x, after, granted, words):
    x("403 No", forbidden("Forbidden"), scope="like.read")
    if granted:
        know(granted)

    error = refused(READ[1])

    assert words in error.cause
    assert "twitter.login" not in str(error)
    after(error.cause)


# U10: what X answered last counts; what a file says is what somebody once wrote there.
@pytest.mark.parametrize("scope", [
    case("U10", "the file says OPI's eighteen, X grants media.write", "these tokens lack media.write: log in", scopes.OPI),
    case("U10", "the file says one scope, X grants media.write", "these tokens lack media.write: log in", "like.read"),
    case("U10", "the file says nothing, X grants media.write", "uploaded", None),
])  # fmt: skip
def test_what_x_granted_last_is_what_counts(x, after, scope):
    server = x("402 No", problem(title="CreditsDepleted"), scope=scope, granted=scopes.LEAST)
    twitter.refresh("auth.json")

    error = refused(UPLOAD[1])

    assert error.status == 402
    assert server.requests[-1].startswith(b"POST /2/media/upload/initialize")
    assert json.loads(Path("auth.json").read_text()).get("scope") == scope
    after("the upload is asked of X; the file's scope stays as it was")


@pytest.mark.parametrize(("call", "scope"), [
    case("U10", "only the file speaks: an upload", "refused here", UPLOAD[1], scopes.OPI),
    case("U10", "only the file speaks: a post", "refused here", POST[1], NARROW),
    case("U10", "only the file speaks: a deletion", "refused here", DELETE[1], "tweet.read"),
])  # fmt: skip
def test_where_only_the_file_speaks_x_decides(x, after, call, scope):
    server = x("403 No", forbidden("Forbidden"), scope=scope)

    error = refused(call)

    assert error.status == 403
    assert b"/2/users/me" not in server.requests[-1].split(b"\r\n")[0]
    assert "twitter.login" not in str(error)
    after(error.cause)


@pytest.mark.parametrize("place", [
    case("U10", "a file, a new process", "by the file", "auth.json"),
    case("U10", "a profile, a new process", "by the profile", "profile:work"),
    case("U10", "a keyring, a new process", "by the keyring", "keyring:work"),
])  # fmt: skip
def test_it_is_known_after_a_restart(x, ring, after, place):
    from oint_magics import process

    server = x("200 OK", b"{}", scope=scopes.LEAST, granted=NARROW)
    if place != "auth.json":
        twitter.keep("auth.json", place)
    twitter.refresh(place)
    process.reset()

    with pytest.raises(errors.UsageError, match=r"lack the scope media\.write\. Nothing was sent\.") as caught:
        twitter.upload(png(), auth=place)
    assert f'twitter.login(scope="{NARROW} media.write")' in str(caught.value)
    assert not [request for request in server.requests if b"/2/media" in request]
    assert twitter.status(place)[0].scopes == tuple(NARROW.split())
    assert twitter.refresh(place, if_expired=True).scopes == tuple(NARROW.split())
    after("X's last answer, from the refresh log")


def test_a_refresh_that_says_nothing_of_scopes_changes_nothing_and_joined_lines_know_it(x, home):
    x("200 OK", b"{}", scope=scopes.LEAST)
    know(NARROW)
    twitter.refresh("auth.json")
    path = home / "oint" / "journal.log"
    path.write_bytes(Lines([path.read_bytes()]).joined())
    path.with_suffix(".size").unlink()

    with pytest.raises(errors.UsageError, match="lack the scope media.write"):
        UPLOAD[1]()


def test_a_note_of_scopes_stays_and_is_taken_back_by_a_blank_one():
    log = journal.here()
    log.record("t0", "t1", "/a", "a b")
    log.record("t1", "t2", "/a", "a b")
    log.record("t2", "t3", "/a")
    assert [log.known(f"t{n}").scope for n in range(4)] == ["a b"] * 4

    log.record("t3", "t4", "/a", "")
    assert log.known("t4").scope is None


def test_the_table_names_what_was_gained_once(x):
    x("200 OK", b"{}", scope=scopes.OPI, granted=f"{scopes.OPI} media.write")

    assert "scopes gained" in str(twitter.refresh("auth.json"))
    Path("auth.json").write_text(Path("auth.json").read_text())
    assert "scopes gained" not in str(twitter.refresh("auth.json", if_expired=True))


_BEFORE = {"blanks": "two scopes", "commas and blanks": 'scopes, one of them named "tweet.read,"'}
FORMS = {"blanks": " ", "commas": ",", "commas and blanks": ", ", "plus signs": "+", "%20": "%20"}


@pytest.mark.parametrize("between", [case("U10", f"scopes with {name}", _BEFORE.get(name, "one scope of that whole name"), sign) for name, sign in FORMS.items()])  # fmt: skip
def test_each_separator_is_read_and_the_file_keeps_its_own(x, after, between):
    text = between.join(["tweet.read", "users.read"])
    x("200 OK", b"{}", scope=text, granted="users.read tweet.read")

    response = twitter.refresh("auth.json")

    assert "scopes lost" not in str(response)
    assert "scopes gained" not in str(response)
    assert json.loads(Path("auth.json").read_text())["scope"] == text
    assert scopes.wanted(None, text) == "tweet.read users.read"
    assert "scope=tweet.read%20users.read&" in twitter.authorization_link(
        {"client_id": "a", "redirect_uri": "http://127.0.0.1:1/", "scope": text}
    ).replace("+", "%20")
    after("tweet.read and users.read")


@pytest.mark.parametrize("between", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("name", ["auth.json", ".env"])
def test_a_login_writes_scopes_in_the_file_s_form(between, name):
    from oint_magics.auth.document import edited, read_document

    text = between.join(["tweet.read", "users.read"])
    lines = f'X_CLIENT_ID=a\nX_REFRESH_TOKEN=r\nX_SCOPE="{text}"\n'
    document = read_document(json.dumps({"client_id": "a", "scope": text}) if name == "auth.json" else lines, name)

    after = document.reread(edited(document, {"scope": "tweet.read media.write dm.read"}))

    assert after.values()["scope"] == between.join(["tweet.read", "media.write", "dm.read"])
    assert after.auth().scope == "tweet.read media.write dm.read"


# U11: a cap is no window.
CAPPED = problem(account_id=1, product_name="standard-basic", title="UsageCapExceeded", period="Monthly", scope="Product",
                 detail="Usage cap exceeded: Monthly product cap", type="https://api.twitter.com/2/problems/usage-capped")  # fmt: skip


def in_seconds(seconds):
    """Return a time from now on, in Unix seconds."""
    return int(time.time()) + seconds


def fresh(headers):
    """Return headers with the time as it is when they are sent: cases are made long before that."""
    return [re.sub(r"<in (\d+) s>", lambda found: str(in_seconds(int(found[1]))), each) for each in headers]


def left(limit, remaining, reset, kind="x-rate-limit"):
    return [f"{kind}-limit: {limit}", f"{kind}-remaining: {remaining}", f"{kind}-reset: <in {reset} s>"]


@pytest.mark.parametrize("wait", [False, True])
@pytest.mark.parametrize(("body", "headers"), [
    case("U11", "usage-capped, 39999 of 40000 left", "this window is used up; wait=True never ends", CAPPED, left(40000, 39999, 500)),
    case("U11", "usage-capped without headers", f"{NO_TIME}; wait=True never ends", CAPPED, []),
    case("U11", "39999 of 40000 left, about:blank", "this window is used up; wait=True never ends", problem(title="Too Many Requests"), left(40000, 39999, 500)),
    case("U11", "usage-capped and nothing left", "this window is used up; wait=True never ends", CAPPED, left(15, 0, 500)),
])  # fmt: skip
def test_a_cap_of_the_month_is_raised_at_once(x, monkeypatch, after, body, headers, wait):
    x("429 No", body, *headers)
    monkeypatch.setattr(collected.time, "sleep", lambda _: pytest.fail("it waits"))

    error = refused(lambda: twitter.get("users/7/tweets", "auth.json", wait=wait))

    assert not isinstance(error, errors.RateLimited)
    assert error.status == 429
    assert "the app's cap for this month" in error.cause
    assert "window is used up" not in str(error)
    assert " UTC" not in str(error)
    after(error.cause)


def test_a_capped_refresh_has_the_same_cause(x, raw, monkeypatch):
    x("429 No", b"")
    server = raw(answer("429 No", CAPPED, *left(40000, 39999, 500)))
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/token")

    with pytest.raises(errors.TryLater, match="Your tokens are unchanged") as caught:
        twitter.refresh("auth.json")
    assert "cap for this month" in caught.value.cause
    assert caught.value.retry_at is None


# U12: limits of 24 hours, and `retry-after`.
USER_DAY, APP_DAY = "x-user-limit-24hour", "x-app-limit-24hour"
DAILY = [
    ("the account's 24 hours", [*left(100, 60, 600), *left(25, 0, 80_000, USER_DAY)], 80_000, "this account's limit of 25 calls in 24 hours"),
    ("the app's 24 hours", [*left(100, 60, 600), *left(10_000, 0, 90_000, APP_DAY), *left(25, 3, 70_000, USER_DAY)], 90_000, "the app's limit of 10000 calls in 24 hours"),
    ("both 24 hours", [*left(10_000, 0, 90_000, APP_DAY), *left(25, 0, 95_000, USER_DAY)], 95_000, "this account's limit"),
    ("the window and 24 hours", [*left(100, 0, 600), *left(25, 0, 80_000, USER_DAY)], 80_000, "this account's limit"),
    ("only retry-after: 7200", ["retry-after: 7200"], 7200, "X asks to wait"),
    ("retry-after, some calls left", [*left(100, 60, 600), "Retry-After: 90000"], 90_000, "X asks to wait"),
    ("the window alone", left(75, 0, 600), 600, "this window of 75 calls"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("headers", "seconds", "cause"),
    [
        case("U12", name, NO_TIME if name in ("both 24 hours", "only retry-after: 7200") else WINDOW, *rest)
        for name, *rest in DAILY
    ],
)
@pytest.mark.parametrize("call", [POST, READ], ids=lambda call: call[0])
def test_the_limit_that_is_used_up_is_named_with_its_end(x, after, call, headers, seconds, cause):
    begun = datetime.now(UTC)
    x("429 No", problem(title="Too Many Requests"), *headers)

    error = refused(call[1])

    assert isinstance(error, errors.RateLimited)
    assert abs((error.retry_at - begun).total_seconds() - seconds) < 100
    assert error.cause.startswith(cause)
    assert "fifteen minutes" not in str(error)
    is_today = error.retry_at.date() == datetime.now(UTC).date()
    day = "" if is_today else f" on {error.retry_at:%Y-%m-%d}"
    assert f"run it again after {error.retry_at:%H:%M:%S} UTC{day}" in error.next_step
    assert is_today or f"{error.retry_at:%Y-%m-%d}" in str(error)
    after(f"{error.cause[:60]}… {error.next_step}")


def test_retry_after_may_be_a_date(x):
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    x("429 No", b"", f"Retry-After: {format_datetime(at, usegmt=True)}")

    error = refused(READ[1])

    assert error.retry_at == at
    assert f"on {at:%Y-%m-%d}" in error.next_step


@pytest.mark.parametrize("headers", [[], ["retry-after: soon"], ["x-rate-limit-reset: 99999999999999"], ["retry-after: ²"]])  # fmt: skip
def test_headers_that_tell_nothing(x, headers):
    x("429 No", b"", *headers)

    error = refused(READ[1])

    assert isinstance(error, errors.RateLimited)
    assert error.retry_at is None
    assert "X does not say which limit" in error.cause


def test_a_wait_of_a_day_is_said_with_its_date(x, monkeypatch):
    lines = []
    x("429 No", b"", *left(25, 0, 80_000, USER_DAY))
    monkeypatch.setattr(progress, "_listeners", [lambda: lines.append])

    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(collected.time, "sleep", stop)
    assert twitter.get("users/7/tweets", "auth.json", wait=True) == []
    end = datetime.fromtimestamp(in_seconds(80_000), UTC)
    assert end.date() == datetime.now(UTC).date() or f"on {end:%Y-%m-%d}" in lines[0]


# Three causes that had been lost.
CODE_99 = [
    problem(errors=[{"code": 99, "label": "authenticity_token_error", "message": "Unable to verify your credentials"}]),
    problem(errors=[{"code": 99, "label": "authenticity_token_error"}]),
    problem(errors=[{"code": 99, "message": "Unable to verify your credentials"}]),
]


@pytest.mark.parametrize("body", [case("2.2", name, "the address is wrong, or a proxy answered" if name == "code 99 without one" else "X does not let this app do that", body) for name, body in
                                  zip(("code 99 with a message", "code 99 without one", "code 99 without a label"), CODE_99, strict=True)])  # fmt: skip
def test_the_wrong_token_address_is_named(raw, auth, monkeypatch, after, body):
    server = raw(answer("403 Forbidden", body))
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/oauth2/token")
    Path("auth.json").write_text(json.dumps(auth))

    with pytest.raises(errors.NotTokenEndpoint, match="Your tokens were not used") as caught:
        twitter.refresh("auth.json")

    assert "X's other token endpoint, for app-only bearers" in caught.value.cause
    assert "OINT_TWITTER_TOKEN_URL" in caught.value.next_step
    assert "https://api.x.com/2/oauth2/token" in caught.value.next_step
    assert json.loads(Path("auth.json").read_text()) == auth
    after(caught.value.cause)


GOOGLE = {"client_id": "1-a.apps.googleusercontent.com", "project_id": "p", "token_uri": "https://oauth2.googleapis.com/token",
          "client_secret": "GOCSPX-x", "redirect_uris": ["http://localhost"]}  # fmt: skip
GOOGLE_FILES = [
    ("installed", "named", {"installed": GOOGLE}),
    ("web, scopes beside it", "client_id is missing", {"web": GOOGLE, "scopes": ["https://www.googleapis.com/auth/drive"]}),
    ("installed, a redirect beside it", "client_id is missing", {"installed": GOOGLE, "redirect_uri": "http://localhost"}),
    ("a user's file of Google's", "Google's token is sent to X", GOOGLE | {"refresh_token": "1//0a", "token": "ya29.a"}),
    ("its inside alone", "refresh_token is missing", GOOGLE),
]  # fmt: skip


@pytest.mark.parametrize("values", [case("N8", name, before, each) for name, before, each in GOOGLE_FILES])  # fmt: skip
def test_a_client_file_of_google_is_named(raw, monkeypatch, after, values):
    server = raw(answer("400 No", b"{}"))
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    Path("client.json").write_text(json.dumps(values))

    for use in (twitter.refresh, twitter.authorization_link, lambda source: twitter.keep(source, "profile:g")):
        with pytest.raises(
            errors.AuthFieldError, match="client file of Google's, not of X's. Nothing was sent"
        ) as caught:
            use("client.json")
    assert server.requests == []
    after(caught.value.what)


PROXIES = ("http://", ":8080", "   ", "http:// ", "8080", "http:8080", "''", "http://user:password@", "h :80")


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "all_proxy"])
@pytest.mark.parametrize(
    "value",
    [
        case(
            "M2",
            f"a proxy {value!r}",
            "a refresh: named, or tried 3 times; a call: the network (InvalidProxyURL)",
            value,
        )
        for value in PROXIES
    ],
)
def test_a_proxy_without_an_address_is_named(auth, monkeypatch, after, name, value):
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", "https://unreachable.invalid/2/oauth2/token")
    monkeypatch.setenv("OINT_TWITTER_API_URL", "https://unreachable.invalid")
    Path("auth.json").write_text(json.dumps(auth | {"expires_at": int(time.time()) + 3600}))

    for call in (lambda: twitter.refresh("auth.json"), lambda: twitter.me("auth.json"), POST[1]):
        with pytest.raises(errors.SettingError) as caught:
            call()
        assert caught.value.what == f"{name} cannot be used. Nothing was sent."
        assert "password" not in str(caught.value)
    after(caught.value.cause)


@pytest.mark.parametrize("value", ["proxy:3128", "localhost:3128", "http://[::1]:3128", "10.0.0.1:80", "http://a_b.corp:1"])  # fmt: skip
def test_a_proxy_with_an_address_is_used(monkeypatch, value):
    monkeypatch.setenv("HTTPS_PROXY", value)
    whole = value if "://" in value else f"http://{value}"

    assert environment.proxy("https://api.x.com/2") == whole
    assert environment.checked({"https": value}, "https://api.x.com/2") == {"https": whole}


# The table itself.
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.says} {row.calls[0]}")
def test_each_row_is_found_by_its_own_words(row):
    """No row is hidden by one before it."""
    status, words = 403, row.says
    if row.says.startswith("status "):
        status, words = (int(row.says.split()[1]) if row.says[7].isdigit() else 500), ""
    code = "".join(c for c in words.partition("code ")[2] if c.isdigit())
    documents = [{"title": words.partition(" (code")[0], "errors": [{"code": int(code)}] if code else []},
                 {"error": words.partition(" (other")[0], "error_description": words}]  # fmt: skip
    found = [
        causes.cause_of(call, status, each, is_page="page" in row.says)
        for call in row.calls
        for each in (documents if words else [{}])
    ]

    assert row in found
    assert row.calls
    assert set(row.calls) <= {*TOKEN, *API}
    assert row.cause.endswith(".")
    assert not row.next_step.endswith(".")
