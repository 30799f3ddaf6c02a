"""Our own calls of the API: what leaves this machine, by which way, and what never shows."""

import contextlib
import gzip
import json
import os
import pickle
import time
from pathlib import Path

import pytest
from raw_server import answer

from oint_magics import errors, settings
from oint_magics.auth.structure import auth_of
from oint_magics.http.api import Api, form_of, json_of
from oint_magics.http.deadline import Exchange

TOKEN = "an-access-token-of-forty-characters-00000"
OK = answer("200 OK", b'{"data": {"id": "1"}}', "Content-Type: application/json")


class Provider:
    name = "a test"

    def __init__(self, auth, newer=None):
        self.now, self.newer, self.refused = auth, newer, []

    def auth(self):
        return self.now

    def after_401(self, refused, at=None):
        self.refused.append((refused.reveal(), at))
        return self.newer


@pytest.fixture
def given(auth):
    return auth_of(auth | {"access_token": TOKEN, "expires_at": int(time.time()) + 3600})


@pytest.fixture
def api(given, monkeypatch, raw):
    """Return calls that go to a server of a behaviour, and the server."""

    def start(behaviour, newer=None):
        server = raw(behaviour)
        monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
        return Api(Provider(given, newer)), server

    return start


@pytest.mark.parametrize(("path", "params", "line"), [
    ("/2/users/me", {}, "GET /2/users/me"),
    ("/2/users/ü b/tweets", {"a": "ü &=", "b": "1,2"}, "GET /2/users/%C3%BC%20b/tweets?a=%C3%BC+%26%3D&b=1%2C2"),
    ("/2/tweets?ids=1", {"b": "2"}, "GET /2/tweets?ids=1&b=2"),
    ("/2/users/a%2Fb", {}, "GET /2/users/a%2Fb"),
    ("/2/users/a#b", {}, "GET /2/users/a%23b"),
])  # fmt: skip
def test_the_line_that_is_sent(api, path, params, line):
    calls, server = api(OK)
    with calls:
        assert calls.ask(path, params).document == {"data": {"id": "1"}}

    sent = server.requests[0].decode()
    assert sent.startswith(f"{line} HTTP/1.1\r\n")
    assert f"Authorization: Bearer {TOKEN}\r\n" in sent
    assert "User-Agent: oint_magics\r\n" in sent


def test_bodies(api):
    calls, server = api(OK)
    calls.ask("/2/tweets", {}, method="POST", body=json_of({"text": "ü"}))
    calls.ask("/2/media/upload/1/append", {}, method="POST",
              body=form_of({"segment_index": "0", "media": ("media", b"\x00\xff", "application/octet-stream")}))  # fmt: skip

    first, second = server.requests
    assert b"Content-Type: application/json\r\n" in first
    assert json.loads(first.partition(b"\r\n\r\n")[2]) == {"text": "ü"}
    assert b'name="segment_index"\r\n\r\n0\r\n' in second
    assert b'name="media"; filename="media"\r\nContent-Type: application/octet-stream\r\n\r\n\x00\xff\r\n' in second


def test_a_refused_token_is_replaced_once(api, auth):
    newer = auth_of(auth | {"access_token": "another", "expires_at": int(time.time()) + 3600})
    calls, server = api(answer("401 Unauthorized", b"{}", "Date: Sun, 01 Nov 2026 09:00:00 GMT"), newer)
    reply = calls.ask("/2/tweets", {}, method="POST", body=json_of({"text": "a"}))

    assert reply.status == 401
    assert [each.decode().partition("Bearer ")[2].partition("\r")[0] for each in server.requests] == [TOKEN, "another"]
    assert [each.partition(b"\r\n\r\n")[2] for each in server.requests] == [b'{"text": "a"}'] * 2
    refused, at = calls._provider.refused[0]
    assert (refused, at.year) == (TOKEN, 2026)
    assert [each.reveal() for each in reply.held] == [TOKEN, "another"]


def test_a_redirect_is_an_answer(api, raw):
    other = raw(OK)
    calls, _ = api(answer("302 Found", b"", f"Location: {other.url}/2/users/me"))

    assert calls.ask("/2/users/me", {}).status == 302
    assert other.requests == []


def test_a_token_of_another_kind_goes_to_its_own_server(given, auth, raw, monkeypatch):
    """The pair of a source may change between two pages."""
    x, sandbox = raw(OK), raw(OK)
    monkeypatch.setenv("OINT_TWITTER_API_URL", x.url)
    other = auth_of({"client_id": "sandbox-app", "access_token": "sandbox-token", "refresh_token": "sandbox-b",
                     "expires_at": int(time.time()) + 3600, "sandbox": sandbox.url})  # fmt: skip
    assert other.is_sandbox
    provider = Provider(given)
    with Api(provider) as calls:
        for provider.now in (given, other, given, other):
            with contextlib.suppress(errors.CallError):
                calls.ask("/2/users/me", {})

    assert all(TOKEN.encode() not in each for each in sandbox.requests)
    assert all(b"sandbox-token" not in each for each in x.requests)


def test_a_compressed_answer_and_a_page(api):
    calls, _ = api(answer("200 OK", gzip.compress(b'{"data": 1}'), "Content-Encoding: gzip"))
    assert calls.ask("/2/users/me", {}).document == {"data": 1}
    calls, _ = api(answer("403 Forbidden", b"  <html>"))
    assert (calls.ask("/2/users/me", {}).document, calls.ask("/2/users/me", {}).is_page) == (None, True)


@pytest.mark.parametrize("body", [b"not gzip", b""])
def test_a_damaged_answer(api, body):
    calls, _ = api(answer("200 OK", body, "Content-Encoding: gzip"))
    if body:
        with pytest.raises(errors.CallError, match="No answer") as caught:
            calls.ask("/2/users/me", {})
        assert caught.value.is_sent
    else:
        assert calls.ask("/2/users/me", {}).document is None


def test_no_proxy_is_asked_for_what_is_on_this_machine(api, raw, monkeypatch):
    proxy = raw(OK)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    calls, server = api(OK)
    calls.ask("/2/users/me", {})

    assert (len(server.requests), proxy.requests) == (1, [])


def test_on_the_way_to_x_a_proxy_sees_a_tunnel(given, raw, monkeypatch):
    proxy = raw(answer("407 Proxy Authentication Required", b""))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    with pytest.raises(errors.CallError, match="asks for a user and a password") as caught:
        Api(Provider(given)).ask("/2/users/me", {})

    assert not caught.value.is_sent
    assert proxy.requests[0].startswith(b"CONNECT api.x.com:443 ")
    assert TOKEN.encode() not in proxy.requests[0]


@pytest.mark.parametrize(("name", "value"), [("HTTPS_PROXY", "http://:bad"), ("REQUESTS_CA_BUNDLE", "/not/there")])
def test_a_setting_that_cannot_be_used(given, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(errors.SettingError, match=rf"{name} cannot be used\. Nothing was sent"):
        Api(Provider(given)).ask("/2/users/me", {})


def test_nothing_shows_the_token(api, caplog, capsys):
    calls, _ = api(lambda connection: None)
    with pytest.raises(errors.CallError) as caught:
        calls.ask("/2/users/me", {})

    shown = f"{caught.value!r} {caught.value} {vars(caught.value)} {calls!r} {vars(calls)} {caplog.text} {capsys.readouterr()}"
    assert TOKEN not in shown
    assert caught.value.__context__ is None
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(calls)


def test_a_deadline_that_is_over_sends_nothing(api):
    calls, server = api(OK)
    exchange = Exchange(settings.timeout())
    exchange.give_up()
    with pytest.raises(errors.CallError, match="Nothing was sent"):
        calls.ask("/2/users/me", {}, exchange=exchange)
    assert server.requests == []


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_child_process_uses_a_connection_of_its_own(sandbox, auth_file):
    from oint_magics.twitter import calls as ways

    with Api(ways.current(auth_file())) as calls:
        assert calls.ask("/2/users/me", {}).status == 200
        child = os.fork()
        if child == 0:
            os._exit(0 if calls.ask("/2/users/me", {}).status == 200 else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert calls.ask("/2/users/me", {}).status == 200
    assert Path("auth.json").exists()
