"""A login that waits: by the browser, by hand, denied, late, replaced, stopped; over real sockets."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from patience import LONG
from ports import free_port

from oint_magics import errors, twitter
from oint_magics.login import pending
from oint_magics.login.code_exchange import plan
from oint_magics.oauth import scopes
from oint_magics.oauth.authorization import request_for
from oint_magics.process import state
from oint_magics.secret import Secret
from oint_magics.tokens.response import TokenResponse
from oint_magics.tokens.source import source_of


@pytest.fixture
def app(sandbox):
    """A file that names an app whose callback is a free port here."""
    Path("auth.json").write_text(json.dumps(sandbox.app(callback=f"http://127.0.0.1:{free_port()}/callback")))
    os.chmod("auth.json", 0o600)
    return "auth.json"


@pytest.fixture
def begin(app):
    """Begin a login of the app's, and end it after the test."""
    begun = []

    def start(seconds=20.0, **changes):
        ended = []
        source = source_of(app)
        found = plan(source, None, request_for(source.read(), scopes.LEAST), interactive=True)
        waiting = pending.Login(found._replace(**changes), seconds, ended.append)
        waiting.ended = ended
        begun.append(waiting)
        waiting.begin()
        return waiting

    yield start
    for waiting in begun:
        waiting.cancel("The test is over.")
        waiting._done.wait(10)


def kept():
    return json.loads(Path("auth.json").read_text())


def visit(address):
    return requests.get(address, timeout=LONG)


def test_the_browser_brings_it(begin, sandbox):
    waiting = begin()
    assert waiting.no_redirect_because is None
    assert "not done yet" in repr(waiting.response)
    with pytest.raises(errors.LoginPending):
        waiting.response["access_token"]

    page = visit(sandbox.approve(waiting.link))

    assert page.status_code == 200
    assert waiting.wait() is waiting.response
    assert waiting.response["access_token"] == kept()["access_token"]
    assert waiting.ended[0].saved_to == "auth.json"
    assert len(waiting.ended) == 1
    with pytest.raises(requests.ConnectionError):
        visit(waiting.redirect_uri)


def test_a_pasted_address(begin, sandbox):
    """The whole address: a word alone does not tell whose login it is, and ends none."""
    waiting = begin()
    address = sandbox.approve(waiting.link)
    for text in ("nonsense", address.split("code=")[1]):
        with pytest.raises(errors.LoginMismatch):
            waiting.submit(text)

    waiting.submit(address)

    assert waiting.wait()["access_token"] == kept()["access_token"]


def test_a_wrong_address_changes_nothing(begin, sandbox):
    """Not by the browser, which may be anybody's page, and not by hand."""
    waiting, other = begin(), request_for(source_of("auth.json").read(), "tweet.read")
    address = sandbox.approve(other.link(f"{sandbox.url}/i/oauth2/authorize"))

    page = visit(address)
    assert page.status_code == 400
    assert "another login" in page.text
    assert visit(waiting.redirect_uri).status_code == 400
    assert visit(f"{waiting.redirect_uri}?error=access_denied").status_code == 400
    assert visit(f"{waiting.redirect_uri}?error=access_denied&state=x").status_code == 400
    with pytest.raises(errors.LoginMismatch):
        waiting.submit(address)

    assert not waiting.is_done
    visit(sandbox.approve(waiting.link))
    assert waiting.wait()["access_token"]


@pytest.mark.parametrize("way", ["browser", "pasted"])
def test_denied(begin, sandbox, way):
    waiting, before = begin(), kept()
    address = sandbox.approve(waiting.link, answer="deny")

    if way == "browser":
        assert "Denied" in visit(address).text
    else:
        waiting.submit(address)

    with pytest.raises(errors.LoginDenied, match="was denied"):
        waiting.wait()
    with pytest.raises(errors.LoginDenied):
        waiting.response["access_token"]
    assert "was denied" in str(waiting.response)
    assert "was denied" in waiting.response._repr_mimebundle_()["text/html"]
    assert kept() == before


def test_nobody_answers(begin):
    waiting = begin(0.3)

    with pytest.raises(errors.LoginTimedOut, match="Nobody answered"):
        waiting.wait()
    with pytest.raises(requests.ConnectionError):
        visit(waiting.redirect_uri)


def test_a_code_that_is_too_old(begin, sandbox):
    waiting = begin()
    sandbox.logins.code_lives = 0.0
    visit(sandbox.approve(waiting.link))

    with pytest.raises(errors.InvalidGrant, match="older than 30 seconds"):
        waiting.wait()
    assert "%twitter_login" in str(waiting.response)


def test_a_later_login_takes_the_place_and_the_port(begin, sandbox):
    first = begin()
    second = begin()

    with pytest.raises(errors.LoginTimedOut, match="later login"):
        first.wait()
    assert second.no_redirect_because is None
    assert visit(sandbox.approve(first.link)).status_code == 400
    visit(sandbox.approve(second.link))
    assert second.wait()["access_token"]


def test_a_taken_port_is_said_and_the_address_is_pasted(begin, sandbox):
    port = int(kept()["redirect_uri"].split(":")[2].split("/")[0])
    with socket.create_server(("127.0.0.1", port)):
        waiting = begin()
        assert "has its port" in waiting.no_redirect_because
        waiting.submit(sandbox.approve(waiting.link))

        assert waiting.wait()["access_token"]


def test_a_port_of_the_system_and_an_address_elsewhere(begin, monkeypatch):
    real = socket.socket.bind

    def bind(self, address):
        if address[1] == 80:
            raise PermissionError(13, "Permission denied")
        real(self, address)

    request = request_for(source_of("auth.json").read(), "tweet.read")
    with monkeypatch.context() as change:
        change.setattr(socket, "socket", type("Socket", (socket.socket,), {"bind": bind}))
        assert begin(request=request._replace(redirect_uri="http://127.0.0.1/cb")).no_redirect_because.startswith(
            "its port cannot be"
        )
    elsewhere = request._replace(redirect_uri="https://hut.openintegrations.dev/x")
    assert begin(request=elsewhere).no_redirect_because == "its redirect_uri is not on this machine"


def test_a_state_that_the_browser_made(begin, sandbox):
    waiting = begin()
    address = sandbox.approve(f"{waiting.link_without_state}&state=the-browsers-own-state")
    assert visit(address).status_code == 400

    for n in range(40):
        waiting.accept_state(Secret(f"state-{n}-of-another-tab"))
    waiting.accept_state(Secret("the-browsers-own-state"))

    assert visit(address).status_code == 200
    assert waiting.wait()["access_token"]


def test_browser_and_hand_at_once_are_one_exchange(begin, sandbox):
    waiting = begin()
    address, statuses = sandbox.approve(waiting.link), []
    sandbox.faults.add("slow", 0.3)

    def by_hand():
        waiting.submit(address)

    def by_browser():
        try:
            statuses.append(visit(address).status_code)
        except requests.ConnectionError:
            statuses.append(None)

    threads = [threading.Thread(target=target) for target in (by_hand, by_browser) * 5]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert waiting.wait()["access_token"] == kept()["access_token"]
    assert len(waiting.ended) == 1
    assert sandbox.accounts.counts.refused == 0


def test_the_response_is_sealed_before_and_after(begin, sandbox):
    import copy
    import pickle

    waiting = begin()
    for _ in range(2):
        assert isinstance(waiting.response, TokenResponse)
        assert copy.deepcopy(waiting.response) is waiting.response
        with pytest.raises(TypeError):
            pickle.dumps(waiting.response)
        if not waiting.is_done:
            waiting.submit(sandbox.approve(waiting.link))
            waiting.wait()
    assert (
        waiting.response["access_token"] not in f"{waiting.response!r}{waiting.response}{vars(type(waiting.response))}"
    )


def test_the_call_that_waits(sandbox, app, capsys):
    def person():
        while not state.waiting:
            time.sleep(0.02)
        visit(sandbox.approve(state.waiting[0].link))

    threading.Thread(target=person).start()
    response = twitter.login(app, timeout=LONG)

    assert response["access_token"] == kept()["access_token"]
    assert "Open this link and approve there:\nhttp://127.0.0.1" in capsys.readouterr().err
    assert twitter.me()["username"] == "sandbox"


def test_the_call_that_could_not_hear(sandbox):
    auth = sandbox.app(callback="https://hut.openintegrations.dev/x")
    with pytest.raises(errors.LoginMismatch, match="not on this machine") as caught:
        twitter.login(auth, to="profile:x")

    assert "authorization_link" in caught.value.next_step
    assert not state.waiting


def test_the_stop_button_while_nobody_answers(app):
    port = kept()["redirect_uri"].split(":")[2].split("/")[0]
    code = (
        "from oint_magics import twitter\n"
        "try: twitter.login('auth.json')\n"
        "except KeyboardInterrupt as stop: print(type(stop).__name__, stop)\n"
        f"import socket; socket.create_server(('127.0.0.1', {port})).close(); print('the port is free')\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "Open this link" in process.stderr.readline()
    process.send_signal(signal.SIGINT)

    out, err = process.communicate(timeout=LONG)
    assert out.startswith("Stopped ")
    assert out.endswith("\nthe port is free\n")
    assert "Traceback" not in err


def test_a_login_needs_a_redirect_uri_and_an_authorize_page(sandbox, monkeypatch):
    with pytest.raises(errors.AuthFieldError, match="redirect_uri is missing"):
        twitter.login({"client_id": "i"}, to="profile:x")
    monkeypatch.setenv("OINT_TWITTER_AUTHORIZE_URL", "http://evil.example/")
    with pytest.raises(errors.SettingError, match="OINT_TWITTER_AUTHORIZE_URL"):
        twitter.authorization_link({"client_id": "i", "redirect_uri": "http://127.0.0.1/"})
    monkeypatch.delenv("OINT_TWITTER_AUTHORIZE_URL")
    link = twitter.authorization_link({"client_id": "i", "redirect_uri": "http://127.0.0.1/"}, scope="opi")
    assert link.startswith("https://x.com/i/oauth2/authorize?")
    assert "mute.write" in link
    gone = sandbox.app() | {"sandbox": None}
    with pytest.raises(errors.SettingError, match="never sent to X"):
        twitter.authorization_link(gone)


@pytest.mark.parametrize(("fault", "kind"), [("refuse", errors.InvalidGrant), ("drop", errors.InDoubt)])
def test_a_stop_that_is_too_late_tells_what_became_of_it(begin, sandbox, fault, kind):
    """And never that a pair is saved which did not come."""
    waiting = begin()
    sandbox.faults.add(fault)
    threading.Thread(target=waiting.submit, args=(sandbox.approve(waiting.link),)).start()
    waiting._done.wait(10)

    with pytest.raises(kind):
        waiting.wait()
    assert waiting.cancel("again") is False


def test_a_listener_that_could_not_be_begun_leaves_no_port(begin, monkeypatch):
    from oint_magics.login import loopback_server

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    port = int(kept()["redirect_uri"].split(":")[2].split("/")[0])
    with monkeypatch.context() as change:
        change.setattr(loopback_server, "threading", SimpleNamespace(Thread=interrupted, Lock=threading.Lock))
        with pytest.raises(KeyboardInterrupt):
            begin()
    assert not state.waiting
    socket.create_server(("127.0.0.1", port)).close()
