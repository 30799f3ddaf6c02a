"""Where the bearer goes and where not, by real requests; and inside client libraries that others wrote."""

import copy
import json
import logging
import pickle
import threading
import time
from pathlib import Path

import pytest
import requests
import tweepy
from raw_server import answer
from requests.adapters import HTTPAdapter

from oint_magics import errors, twitter
from oint_magics.auth.structure import auth_of
from oint_magics.http import endpoints
from oint_magics.http.bearer import MaskedHeader

TOKEN = "an-access-token-of-forty-characters-00000"


@pytest.fixture
def x(auth, monkeypatch, raw):
    """A server in the place of X's API, and a pair that goes there."""

    def start(behaviour):
        server = raw(behaviour)
        monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
        Path("auth.json").write_text(json.dumps(auth | {"expires_at": int(time.time()) + 3600}))
        return server

    return start


def sent(server):
    return b"\n".join(server.requests).decode()


OK = answer("200 OK", b'{"data": {"id": "1"}}', "Content-Type: application/json")


def test_the_api_gets_the_token(x):
    server = x(OK)
    with twitter.session("auth.json") as client:
        assert client.api == server.url
        assert client.get(f"{client.api}/2/users/me").json() == {"data": {"id": "1"}}
    assert f"Authorization: Bearer {TOKEN}\r\n" in sent(server)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.x.com/2/users/me",
        "https://api.x.com.evil.example/2/users/me",
        "https://api.x.com@evil.example/2/users/me",
        "https://user@api.x.com/2/users/me",
        "https://api.x.com:8443/2/users/me",
        "https://xapi.x.com/2/users/me",
        "https://x.com/2/users/me",
        "https://evil.example/api.x.com",
        "https://аpi.x.com/2/users/me",
        "ftp://api.x.com/",
        "http://127.0.0.1:1/2/users/me",
        "http://[::1",
    ],
)
def test_who_does_not_get_it(auth, url):
    pair = auth_of(auth)

    assert not endpoints.takes_bearer(url, pair)


@pytest.mark.parametrize(
    "url", ["https://api.x.com/2/users/me", "https://API.X.COM/2/x", "https://api.twitter.com:443/2/users/me"]
)
def test_who_gets_it(auth, url):
    assert endpoints.takes_bearer(url, auth_of(auth))


def test_the_sandbox_s_pair_goes_to_the_sandbox_alone(sandbox):
    pair = auth_of(sandbox.issue())

    assert endpoints.takes_bearer(f"{sandbox.url}/2/users/me", pair)
    for url in ("https://api.x.com/2/users/me", "http://127.0.0.1:1/2/users/me"):
        assert not endpoints.takes_bearer(url, pair)


def test_a_redirect_to_another_host_leaves_it_behind(x, raw):
    elsewhere = raw(answer("200 OK", b"{}"))
    for status in ("302 Found", "307 Temporary Redirect", "308 Permanent Redirect"):
        x(answer(status, b"", f"Location: {elsewhere.url}/2/users/me"))
        client = twitter.session("auth.json")
        assert client.get(f"{client.api}/2/users/me").status_code == 200
        other = requests.Session()
        other.auth = twitter.bearer("auth.json")
        other.get(f"{client.api}/2/users/me")
    assert "Authorization" not in sent(elsewhere)
    assert TOKEN not in sent(elsewhere)
    assert len(elsewhere.requests) == 6


def test_a_redirect_within_the_api_keeps_it(x):
    moved = answer("302 Found", b"", "Location: /2/users/me?again=1")
    server = x(lambda connection: (OK if "again" in sent(server) else moved)(connection))
    client = twitter.session("auth.json")

    assert client.get(f"{client.api}/2/users/me").status_code == 200
    assert sent(server).count(f"Bearer {TOKEN}") == 2


def test_no_netrc_replaces_it_and_none_is_read(x, home):
    server = x(OK)
    (home / ".netrc").write_text("machine 127.0.0.1 login me password MARKED\n")
    (home / ".netrc").chmod(0o600)

    client = twitter.session("auth.json")
    client.get(f"{client.api}/2/users/me")

    assert f"Authorization: Bearer {TOKEN}\r\n" in sent(server)


def test_a_proxy_of_the_environment_sees_nothing_that_goes_to_this_machine(x, raw, monkeypatch):
    proxy, server = raw(answer("502 No", b"")), x(OK)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)

    client = twitter.session("auth.json")
    assert client.get(f"{client.api}/2/users/me").status_code == 200
    other = requests.Session()
    other.auth = twitter.bearer("auth.json")
    with pytest.raises(errors.SettingError, match="proxy"):
        other.get(f"{client.api}/2/users/me")

    assert proxy.requests == []
    assert len(server.requests) == 1


def test_a_proxy_on_the_way_to_x_sees_a_tunnel(auth, raw, monkeypatch):
    proxy = raw(answer("200 Connection established"))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    Path("auth.json").write_text(json.dumps(auth | {"expires_at": int(time.time()) + 3600}))

    with pytest.raises(requests.RequestException):  # It speaks no TLS.
        twitter.session("auth.json").get("https://api.x.com/2/users/me")

    assert sent(proxy).startswith("CONNECT api.x.com:443")
    assert "Bearer" not in sent(proxy)


def refreshing(sandbox, name="auth.json"):
    """Give the store a token that says nothing of its age and opens nothing."""
    values = json.loads(Path(name).read_text()) | {
        "access_token": "no-token-at-all",
        "expires_at": int(time.time()) + 999,
    }
    Path(name).write_text(json.dumps(values))
    return values


def test_a_refused_token_is_replaced_once(sandbox, auth_file):
    refreshing(sandbox, auth_file())
    client = twitter.session("auth.json")

    reply = client.get(f"{client.api}/2/users/me")

    assert reply.status_code == 200
    assert [each.status_code for each in reply.history] == [401]
    assert sandbox.accounts.counts.refreshes == 1
    sandbox.accounts.expire_access_tokens()
    assert client.get(f"{client.api}/2/users/me").status_code == 401  # younger than a minute
    assert sandbox.accounts.counts.refreshes == 1


def test_the_second_try_is_sent_as_the_first_was(sandbox, auth_file):
    """The same limits, checks and proxies, the cookies that came meanwhile, and nothing but the token is another."""
    refreshing(sandbox, auth_file())
    seen = []

    class Look(HTTPAdapter):
        def send(self, request, **options):
            seen.append((request, request.headers["Authorization"].encode(), options))
            return super().send(request, **options)

    client = twitter.session("auth.json")
    client.mount("http://", Look())
    reply = client.get(f"{client.api}/2/users/me", timeout=7, verify="/no/such/bundle", headers={"X-Mine": "1"})

    (first, token, options), (again, other, options_again) = seen
    assert reply.status_code == 200
    assert options == options_again
    assert (options["timeout"], options["verify"], options["proxies"]) == (7, "/no/such/bundle", {})
    assert token != other
    assert reply.request.url == again.url
    assert again.headers["X-Mine"] == first.headers["X-Mine"]
    assert list(again.headers) == list(first.headers)
    stored = json.loads(Path("auth.json").read_text())["access_token"]
    assert other == f"Bearer {stored}".encode()
    for shown in (reply.request, reply.history[0].request):
        assert "…" in shown.headers["Authorization"]
        assert stored not in json.dumps(dict(shown.headers))
    assert stored not in repr([again.headers, first.headers, reply.history])


def test_a_request_can_be_sent_again_by_its_owner_and_by_a_redirect(sandbox, auth_file, x, home):
    """What is shown of a request is a copy; no `.netrc` takes the token's place on the way."""
    (home / ".netrc").write_text("machine 127.0.0.1 login me password MARKED\n")
    (home / ".netrc").chmod(0o600)
    moved = answer("302 Found", b"", "Location: /2/users/me?again=1")
    server = x(lambda connection: (OK if b"again" in server.requests[-1] else moved)(connection))
    client = twitter.session("auth.json")
    prepared = client.prepare_request(requests.Request("GET", f"{client.api}/2/users/me"))

    for _ in range(2):
        reply = client.send(prepared)
        assert reply.status_code == 200
        assert TOKEN not in json.dumps([dict(each.request.headers) for each in (reply, *reply.history)])
    assert sent(server).count(f"Authorization: Bearer {TOKEN}\r\n") == 4
    assert "Basic" not in sent(server)


def test_a_redirect_asks_no_proxy_for_what_is_on_this_machine(x, raw, monkeypatch):
    proxy = raw(answer("502 No", b""))
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    moved = answer("302 Found", b"", "Location: /2/b")
    server = x(lambda connection: (OK if b"/2/b" in server.requests[-1] else moved)(connection))

    client = twitter.session("auth.json")
    assert client.get(f"{client.api}/2/a").status_code == 200
    assert proxy.requests == []


def test_what_goes_wrong_holds_nothing_of_what_was_sent(x, monkeypatch):
    import traceback

    x(OK)
    monkeypatch.setenv("OINT_TWITTER_API_URL", "http://127.0.0.1:1")
    try:
        twitter.session("auth.json").get("http://127.0.0.1:1/2/users/me")
    except requests.ConnectionError as error:
        found = error
    shown = "".join(traceback.TracebackException.from_exception(found, capture_locals=True).format())
    assert TOKEN not in shown
    assert found.__context__ is found.__cause__ is None
    assert TOKEN not in json.dumps(dict(found.request.headers))


def test_a_cookie_of_the_refusal_goes_with_the_second_try(x, monkeypatch):
    def behave(connection):
        if b"Bearer new-access" in server.requests[-1]:
            OK(connection)
        elif server.requests[-1].startswith(b"POST"):
            answer("200 OK", b'{"access_token": "new-access", "refresh_token": "r2", "expires_in": 99}')(connection)
        else:
            answer("401 No", b"{}", "Set-Cookie: a=b")(connection)

    server = x(behave)
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/token")
    client = twitter.session("auth.json")

    assert client.get(f"{client.api}/2/users/me").status_code == 200
    assert b"Cookie: a=b\r\n" in server.requests[-1]


def test_a_body_is_sent_again_where_that_can_be_done(sandbox, auth_file):
    refreshing(sandbox, auth_file())
    client = twitter.session("auth.json")
    assert client.post(f"{client.api}/2/spaces", json={"text": "x"}).status_code == 404
    with client.get(f"{client.api}/2/users/me", data=iter([b"a", b"b"])) as reply:
        assert reply.status_code in (200, 401)


def test_nothing_shows_the_token(x, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    server = x(answer("403 No", b"{}"))
    bearer = twitter.bearer("auth.json")
    client = requests.Session()
    client.auth = bearer
    reply = client.get(f"{server.url}/2/users/me")
    header = MaskedHeader(auth_of({"client_id": "i", "access_token": TOKEN}).access_token)

    headers = {"Authorization": header}
    shown = [f"{header}", "Authorization: " + header, json.dumps(headers), f"{header}", header[:60], repr(bearer), str(vars(bearer)), repr(client.auth), repr(reply.request.headers), str(dict(reply.request.headers)),
             reply.request.headers["Authorization"], repr(header), str(header), f"{header}",
             caplog.text, *capsys.readouterr()]  # fmt: skip
    assert TOKEN not in "".join(shown)
    assert header.encode() == f"Bearer {TOKEN}".encode()
    for each in (bearer, header, twitter.session("auth.json")):
        with pytest.raises(TypeError):
            pickle.dumps(each)
    with pytest.raises(TypeError):
        copy.deepcopy(bearer)


def test_every_wait_has_an_end(x, monkeypatch):
    monkeypatch.setenv("OINT_TWITTER_TIMEOUT", "1")
    x(lambda _: time.sleep(300))
    client = twitter.session("auth.json")
    begun = time.monotonic()

    with pytest.raises(requests.ReadTimeout):
        client.get(f"{client.api}/2/users/me")
    assert time.monotonic() - begun < 100


def test_an_expired_token_is_refreshed_for_eight_threads_once(sandbox, auth_file):
    name = auth_file()
    Path(name).write_text(json.dumps(json.loads(Path(name).read_text()) | {"expires_at": 1}))
    client, statuses = twitter.session(name), []
    client.mount("http://", HTTPAdapter(pool_maxsize=8))

    def work():
        statuses.extend(client.get(f"{client.api}/2/users/me").status_code for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [200] * 40
    assert sandbox.accounts.counts.refreshes == 1


def test_tweepy_with_one_line(sandbox, auth_file):
    """With the sandbox's pair its requests for X go to the sandbox, refreshed where that is due."""
    refreshing(sandbox, auth_file())
    client = tweepy.Client(bearer_token="placeholder")
    client.session = twitter.session("auth.json")

    assert client.get_me(user_auth=False).data.username == "sandbox"
    posts = client.get_users_tweets("2244994945", max_results=50, user_auth=False)
    assert len(posts.data) == 50
    assert sandbox.accounts.counts.refreshes == 1


def test_xdk_with_one_line(sandbox, auth_file, home):
    import xdk  # Takes a second, of every run that collects this file.

    (home / ".netrc").write_text("machine 127.0.0.1 login me password MARKED\n")
    refreshing(sandbox, auth_file())
    client = xdk.Client(access_token="placeholder")
    client.session = twitter.session("auth.json")

    assert client.users.get_me().data.username == "sandbox"
    assert sandbox.accounts.counts.refreshes == 1


def test_tweepy_with_a_pair_of_x(auth, monkeypatch):
    """The same request, kept from X by an adapter that looks at what would have gone there."""
    seen = []

    class Look(HTTPAdapter):
        def send(self, request, **_):
            seen.append((request.url, request.headers["Authorization"].encode()))
            raise requests.ConnectionError

    Path("auth.json").write_text(json.dumps(auth | {"expires_at": int(time.time()) + 3600}))
    client = tweepy.Client(bearer_token="placeholder")
    client.session = twitter.session("auth.json")
    client.session.mount("https://", Look())

    with pytest.raises(requests.ConnectionError):
        client.get_me(user_auth=False)
    assert seen == [("https://api.twitter.com/2/users/me", f"Bearer {TOKEN}".encode())]


def test_an_answer_can_be_copied_and_pickled(sandbox, auth_file):
    """As any answer of requests: for another process, or a cache of one's own."""
    auth_file()
    client = twitter.session("auth.json")
    reply = client.get(f"{client.api}/2/users/me")

    for again in (pickle.loads(pickle.dumps(reply)), copy.deepcopy(reply)):
        assert again.json() == reply.json()


def test_requests_own_ways_of_calling(sandbox, auth_file):
    auth_file()
    client = twitter.session("auth.json")

    assert client.request("GET", f"{client.api}/2/users/me", None, None, None, None, None, None, 30).status_code == 200
    assert client.merge_environment_settings(url=client.api, proxies={}, stream=None, verify=None, cert=None)


def test_adapters_of_a_user_s_own_outlive_a_fork(sandbox, auth_file):
    """Their settings stay, and their connections are new."""
    auth_file()
    client = twitter.session("auth.json")
    mine = HTTPAdapter(max_retries=7)
    client.mount(client.api, mine)
    client.get(f"{client.api}/2/users/me")
    before = mine.poolmanager

    client.after_fork()

    assert client.get_adapter(client.api) is mine
    assert mine.max_retries.total == 7
    assert mine.poolmanager is not before
    assert client.get(f"{client.api}/2/users/me").status_code == 200
