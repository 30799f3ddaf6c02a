"""From a code to the saved pair: where it goes, what stays, what is said."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from patience import LONG, wait_for
from ports import free_port
from raw_server import answer

from oint_magics import errors, twitter
from oint_magics.oauth import scopes
from oint_magics.oauth.authorization import redirect_in
from oint_magics.process import state
from oint_magics.sandbox import Sandbox
from oint_magics.stores import journal, open_store

SECOND = "783214"


def logins():
    """Return where the records of logins lie."""
    return Path(os.environ["OINT_HOME"]) / "logins"


@pytest.fixture
def app(sandbox):
    """A file that names an app of the sandbox, without a pair."""
    callback = f"http://127.0.0.1:{free_port()}/callback"
    Path("auth.json").write_text(json.dumps(sandbox.app(callback=callback), indent=2))
    os.chmod("auth.json", 0o600)
    return "auth.json"


def log_in(sandbox, auth, *, to=None, scope=None, **page):
    link = twitter.authorization_link(auth, scope=scope)
    return twitter.get_token(sandbox.approve(link, **page), auth, to=to)


def kept(name="auth.json"):
    return json.loads(Path(name).read_text())


def test_a_first_pair_is_saved_where_the_app_stands(sandbox, app):
    before = kept()

    response = log_in(sandbox, app)

    assert response.saved_to == "auth.json"
    after = kept()
    assert {key: after[key] for key in before} == before
    assert (after["access_token"], after["refresh_token"]) == (response["access_token"], response["refresh_token"])
    assert set(after) - set(before) == {"access_token", "refresh_token", "expires_at", "scope"}
    assert set(after["scope"].split()) == set(scopes.LEAST.split())
    assert Path(app).read_text().startswith('{\n  "redirect_uri"')
    assert "after this login" in str(response)
    assert sandbox.accounts.bearer(after["access_token"])
    assert [family.place for family in journal.here().families()] == [str(Path(app).resolve())]
    assert twitter.me()["username"] == "sandbox"  # what was used last
    assert twitter.refresh()["access_token"] != after["access_token"]
    assert not list(logins().glob("exchange-*"))


def test_an_app_that_is_no_store_wants_a_place(sandbox):
    auth = sandbox.app(is_public=True)
    link = twitter.authorization_link(auth)
    code = sandbox.approve(link)
    del os.environ["OINT_HOME"]
    with pytest.raises(errors.StoreError, match="There is no place to save"):
        twitter.get_token(code, auth)

    response = twitter.get_token(code, auth, to="./first.json")

    assert response.saved_to == "./first.json"
    assert kept("first.json")["client_id"] == auth["client_id"]
    assert os.stat("first.json").st_mode & 0o777 == 0o600


def test_a_text_gets_a_profile_of_its_own_and_finds_it_again(sandbox):
    auth = json.dumps(sandbox.app())

    first, second = log_in(sandbox, auth), log_in(sandbox, auth)

    assert first.saved_to == second.saved_to
    assert first.saved_to.startswith("profile:login-")


@pytest.mark.parametrize("store", ["profile:work", "keyring:work", "shared:work"])
def test_every_kind_of_store(sandbox, app, store, ring, team):
    response = log_in(sandbox, app, to=store)

    assert response.saved_to == store
    assert open_store(store).read().access_token.reveal() == response["access_token"]
    assert "access_token" not in kept()
    again = log_in(sandbox, store)
    assert again.saved_to == store
    assert twitter.refresh(store)["refresh_token"] != again["refresh_token"]


def test_the_same_account_again_takes_the_place_of_its_pair(sandbox, app):
    """The new login has ended the old pair at X; a copy of it says so."""
    log_in(sandbox, app)
    Path("copy.json").write_text(json.dumps(kept()))

    new = log_in(sandbox, app)

    assert new.saved_to == "auth.json"
    assert kept()["refresh_token"] == new["refresh_token"]
    assert len(list(Path().glob("*.json"))) == 2
    with pytest.raises(errors.InvalidGrant):
        twitter.refresh("copy.json")
    assert twitter.refresh(app)["refresh_token"]


def test_the_same_account_is_known_by_its_id_where_the_old_pair_lives_on(sandbox, app, monkeypatch):
    """Copies of the old pair are led to the new one."""
    log_in(sandbox, app)
    Path("copy.json").write_text(json.dumps(kept()))
    monkeypatch.setattr("oint_magics.sandbox.accounts.Family.end", lambda _: None)

    response = log_in(sandbox, app)

    assert response.saved_to == "auth.json"
    assert "account        @sandbox" in str(response)
    assert twitter.refresh("copy.json").saved_to == "auth.json"


def test_another_account_gets_a_store_of_its_own(sandbox, app):
    first = dict(log_in(sandbox, app))

    response = log_in(sandbox, app, person=SECOND)

    assert response.saved_to == "profile:second"
    assert kept()["refresh_token"] == first["refresh_token"]
    assert "account        @second" in str(response)
    assert "auth.json holds another account's tokens, and keeps them" in str(response)
    assert "other stores" not in str(response)
    assert twitter.me(app)["username"] == "sandbox"
    assert twitter.me("profile:second")["username"] == "second"
    again = log_in(sandbox, app, person=SECOND)
    assert again.saved_to == "profile:second"


def test_another_account_s_profile_of_that_name_is_kept_too(sandbox, app):
    other = log_in(sandbox, sandbox.app(), to="profile:second")  # the first person's, by chance so named
    log_in(sandbox, app)

    response = log_in(sandbox, app, person=SECOND)

    assert response.saved_to.startswith("profile:second-")
    assert open_store("profile:second").read().access_token.reveal() == other["access_token"]


def test_a_pair_of_which_nothing_tells_whose_it_is_is_kept(sandbox, app):
    log_in(sandbox, app, scope="offline.access")  # users/me answers 403
    before = kept()

    response = log_in(sandbox, app, person=SECOND, scope=scopes.LEAST)

    assert response.saved_to == "profile:second"
    assert kept() == before
    assert "may be another account's" in str(response)


def test_a_new_pair_of_which_nothing_tells_whose_it_is_gets_a_name_of_its_own(sandbox, app):
    log_in(sandbox, app)
    before = kept()

    response = log_in(sandbox, app, person=SECOND, scope="offline.access")

    assert response.saved_to.startswith("profile:login-")
    assert kept() == before


@pytest.mark.parametrize("end", ["refused", "revoked", "expired without a refresh token"])
def test_a_dead_pair_is_written_over(sandbox, app, end):
    log_in(sandbox, app, scope=None if end != "expired without a refresh token" else "tweet.read users.read")
    if end == "refused":
        sandbox.accounts.end_all()
        with pytest.raises(errors.InvalidGrant):
            twitter.refresh(app)
    elif end == "revoked":
        twitter.revoke(app)
    else:
        Path(app).write_text(json.dumps(kept() | {"expires_at": 1}))

    response = log_in(sandbox, app, person=SECOND)

    assert response.saved_to == "auth.json"
    assert twitter.me(app)["username"] == "second"


def test_an_expired_pair_is_refreshed_to_see_whose_it_is(sandbox, app):
    log_in(sandbox, app)
    Path(app).write_text(json.dumps(kept() | {"expires_at": 1}))
    refreshes = sandbox.accounts.counts.refreshes

    response = log_in(sandbox, app, person=SECOND)

    assert response.saved_to == "profile:second"
    assert sandbox.accounts.counts.refreshes == refreshes + 1
    assert sandbox.accounts.counts.reuses == 0
    assert twitter.refresh(app)["refresh_token"]


def test_a_login_without_offline_access_keeps_no_refresh_token_of_before(sandbox, app):
    log_in(sandbox, app)
    twitter.revoke(app)

    response = log_in(sandbox, app, scope="tweet.read users.read")

    assert response.saved_to == "auth.json"
    assert kept()["refresh_token"] is None
    assert "cannot be refreshed" in " ".join(str(response).split())
    assert "offline.access was not asked for" in " ".join(str(response).split())
    assert "media.write was not asked for" in " ".join(str(response).split())


def test_scopes_that_were_not_given_are_said(sandbox, app, monkeypatch):
    monkeypatch.setattr("oint_magics.sandbox.token_endpoint.sorted", lambda words: ["users.read"], raising=False)

    assert "scopes lost    offline.access tweet.read" in str(
        log_in(sandbox, app, scope="tweet.read users.read offline.access")
    )


def test_other_stores_of_the_app_are_marked(sandbox, app):
    """Those of this app alone, and not the ones that are known to be dead; a refresh that works clears the mark."""
    log_in(sandbox, app, to="profile:dead")
    twitter.revoke("profile:dead")
    log_in(sandbox, app)
    twitter.keep(app, "profile:work")
    twitter.keep(sandbox.issue(), "profile:other-app")

    response = log_in(sandbox, app, to="profile:new")

    assert "probably ended by this login, where they are of this account: auth.json, profile:work" in " ".join(
        str(response).split()
    ).replace(str(Path.cwd()) + "/", "")
    states = {account.store: account.state for account in twitter.status()}
    assert "probably ended by a later login" in states["auth.json"]
    assert "probably ended by a later login" in states["profile:work"]
    assert "probably" not in states["profile:other-app"] + states["profile:new"] + states["profile:dead"]
    assert "--check" in next(a.next_step for a in twitter.status() if a.store == "auth.json")


def test_copies_of_the_new_pair_and_spent_ones_are_not_marked(sandbox, app):
    log_in(sandbox, app, to="profile:old")
    twitter.keep("profile:old", "profile:spent")
    twitter.refresh("profile:old")  # the copy in profile:spent is known to be spent
    log_in(sandbox, app, to="profile:new")
    twitter.keep("profile:new", "profile:copy")
    twitter.keep(sandbox.app(), "profile:no-pair")

    response = log_in(sandbox, "profile:new")

    assert response.saved_to == "profile:new"
    states = {account.store: account.state for account in twitter.status()}
    assert "spent" in states["profile:spent"]
    assert "probably" not in states["profile:spent"] + states["profile:no-pair"]
    assert "probably ended" in states["profile:old"]


def test_a_store_of_another_app_is_refused(sandbox, app):
    twitter.keep(sandbox.issue(), "profile:other")
    link = twitter.authorization_link(app)

    with pytest.raises(errors.StoreTaken, match="another app's tokens"):
        twitter.get_token(sandbox.approve(link), app, to="profile:other")


def test_a_pair_of_an_ended_sandbox_is_in_nobody_s_way(sandbox, app):
    """Each sandbox has apps of its own; the tutorial of yesterday must not end that of today."""
    earlier = Sandbox()
    twitter.keep(earlier.issue(), "profile:first")
    earlier.stop()

    assert log_in(sandbox, app, to="profile:first").saved_to == "profile:first"
    assert twitter.me("profile:first")["username"] == "sandbox"


def test_what_was_granted_is_what_is_known_of_the_scopes(sandbox, app):
    log_in(sandbox, app, scope="users.read tweet.read offline.access")

    assert set(twitter.status(app)[0].scopes) == {"users.read", "tweet.read", "offline.access"}
    assert set(twitter.refresh(app).scopes) == {"users.read", "tweet.read", "offline.access"}
    before = kept()["scope"]
    twitter.refresh(app)
    assert kept()["scope"] == before
    log_in(sandbox, app, to="profile:new", scope="opi")
    assert set(twitter.status("profile:new")[0].scopes) == set(scopes.OPI.split())


def test_a_folder_that_is_not_there_is_said_before_anybody_approves(sandbox, app):
    with pytest.raises(errors.StoreNotWritable, match="folder does not exist"):
        twitter.login(app, to="./no/such/folder.json", timeout=1)


def test_a_store_that_cannot_be_written_is_found_before_the_code_is_sent(sandbox, app, monkeypatch):
    link = twitter.authorization_link(app)
    address = sandbox.approve(link)
    with monkeypatch.context() as change:
        change.setattr("oint_magics.stores.atomic.replace", read_only)
        with pytest.raises(errors.StoreNotWritable):
            twitter.get_token(address, app)

    assert twitter.get_token(address, app)["access_token"]  # the code was not used


def code_of(address):
    return address.split("code=")[1]


def test_a_code_that_was_used_or_is_too_old(sandbox, app):
    link = twitter.authorization_link(app)
    address = sandbox.approve(link)
    sandbox.logins.code_lives = 0.0

    with pytest.raises(errors.InvalidGrant, match="older than 30 seconds, was used before") as caught:
        twitter.get_token(address, app)

    assert "twitter.login()" in caught.value.next_step
    assert caught.value.error == "invalid_request"
    assert kept() == sandbox_app(kept())
    sandbox.logins.code_lives = 30.0
    assert twitter.get_token(sandbox.approve(link), app)  # the link itself is still good


def sandbox_app(values):
    return {key: value for key, value in values.items() if key not in ("access_token", "refresh_token", "expires_at")}


def test_a_redirect_uri_that_changed_meanwhile(sandbox, app):
    link = twitter.authorization_link(app)
    address = sandbox.approve(link)

    state.begun[-1] = state.begun[-1]._replace(redirect_uri="http://127.0.0.1:8080/other")
    with pytest.raises(errors.InvalidGrant, match="redirect_uri is not the one that the login began with"):
        twitter.get_token(address, app)


def test_a_verifier_of_another_attempt(sandbox, app):
    first, second = twitter.authorization_link(app), twitter.authorization_link(app)

    with pytest.raises(errors.InvalidGrant, match="another attempt"):
        twitter.get_token(code_of(sandbox.approve(first)), app)  # a code alone is taken for the newest link's
    assert twitter.get_token(sandbox.approve(first), app)["access_token"]
    assert twitter.get_token(code_of(sandbox.approve(second)), app)["access_token"]


def test_an_address_of_nobody_s_login(sandbox, app):
    with pytest.raises(errors.LoginMismatch, match="No login of this app was begun"):
        twitter.get_token("a-code", app)
    address = sandbox.approve(twitter.authorization_link(app))
    state = address.split("state=")[1].split("&")[0]

    with pytest.raises(errors.LoginMismatch, match="another login") as caught:
        twitter.get_token(address.replace(state, "x" * 43), app)
    assert state not in str(caught.value)
    with pytest.raises(errors.LoginDenied):
        twitter.get_token(sandbox.approve(twitter.authorization_link(app), answer="deny"), app)
    assert twitter.get_token(address, app)


OUTCOMES = {
    "no answer": (lambda c: c.close(), errors.InDoubt),
    "500": (answer("500 Oh", b"{}"), errors.InDoubt),
    "cut": (answer("200 OK", b'{"access_token": "x', length=999), errors.InDoubt),
    "429": (answer("429 Too Many", b"{}", "Retry-After: 60"), errors.TryLater),
    "404": (answer("404 No", b""), errors.NotTokenEndpoint),
    "foreign refusal": (answer("400 Bad", b'{"error": "invalid_grant"}'), errors.InvalidGrant),
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_an_exchange_that_brings_no_pair_leaves_nothing_behind(raw, auth, monkeypatch, name):
    behaviour, kind = OUTCOMES[name]
    server = raw(behaviour)
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    Path("auth.json").write_text(json.dumps(auth | {"redirect_uri": "http://127.0.0.1/cb"}))
    before = Path("auth.json").read_bytes()
    twitter.authorization_link("auth.json")

    with pytest.raises(kind) as caught:
        twitter.get_token("MARKED-code", "auth.json")

    assert "MARKED" not in str(caught.value)
    assert "refresh token" not in str(caught.value)
    assert Path("auth.json").read_bytes() == before
    assert not list(logins().glob("exchange-*"))
    sent = server.requests[0].decode()
    assert "grant_type=authorization_code" in sent
    assert "code=MARKED-code" in sent
    assert "code_verifier=" in sent
    assert "redirect_uri=http%3A%2F%2F127.0.0.1%2Fcb" in sent
    assert "client_secret" not in sent.split("\r\n\r\n")[1]
    assert "Authorization: Basic " in sent


def test_a_server_that_echoes_code_and_verifier_is_not_repeated(raw, auth, monkeypatch):
    def echo(connection):
        body = server.requests[-1].split(b"\r\n\r\n")[1].decode()
        text = json.dumps({"error": "invalid_request", "error_description": body}).encode()
        answer("400 Bad", text)(connection)

    server = raw(echo)
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    Path("auth.json").write_text(json.dumps(auth | {"redirect_uri": "http://127.0.0.1/cb"}))

    twitter.authorization_link("auth.json")
    verifier = state.begun[-1].verifier.reveal()
    with pytest.raises(errors.TokenRefused) as caught:
        twitter.get_token("short-code", "auth.json")

    shown = f"{caught.value} {caught.value!r} {vars(caught.value)}"
    assert "short-code" not in shown
    assert verifier not in shown


def test_a_pair_that_its_store_does_not_take_is_saved_by_the_next_login(sandbox, app, monkeypatch):
    with monkeypatch.context() as change:
        change.setattr("oint_magics.stores.file.FileStore.save", fail_to_save)
        with pytest.raises(errors.NotSaved, match="The tokens are in a recovery file") as caught:
            log_in(sandbox, app)
    assert "access_token" not in kept()

    response = twitter.login(app)

    assert response["access_token"] == caught.value.response["access_token"]
    assert "repaired" in str(response)
    assert kept()["access_token"] == response["access_token"]
    assert not list(logins().glob("exchange-*"))


def read_only(*_):
    raise OSError(30, "Read-only file system")


def fail_to_save(*_, **__):
    raise errors.StoreNotWritable("No.", cause="the disk is full.")


KILLED = """
import os, signal, sys
sys.path[:0] = [{tests!r}]
from oint_magics.login import code_exchange
from oint_magics import twitter
from oint_magics.sandbox import Sandbox
import json
server = Sandbox()
json.dump(server.app(callback="http://127.0.0.1:{port}/callback"), open("auth.json", "w"))
address = server.approve(twitter.authorization_link("auth.json"))
code_exchange.save_login = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)
print(server.url, flush=True)
twitter.get_token(address, "auth.json")
"""


def test_a_login_that_was_killed_before_its_pair_was_saved_is_finished_by_the_next():
    done = subprocess.run(
        [sys.executable, "-c", KILLED.format(tests=str(Path(__file__).parent), port=free_port())], capture_output=True
    )
    assert done.returncode == -signal.SIGKILL
    assert "access_token" not in kept()
    assert list(logins().glob("exchange-login-*"))

    response = twitter.login("auth.json")

    assert "which did not save it" in str(response)
    assert kept()["access_token"] == response["access_token"]
    assert not list(logins().glob("exchange-*"))


@pytest.fixture
def left(sandbox, app, monkeypatch):
    """Leave the answer of a login behind, as a process does that dies before the save."""

    def leave(**page):
        with monkeypatch.context() as change:
            change.setattr("oint_magics.login.code_exchange.save_login", fail_to_save)
            with pytest.raises(errors.StoreNotWritable):
                log_in(sandbox, app, **page)
        assert list(logins().glob("exchange-login-*"))

    return leave


def test_what_was_left_behind_takes_no_working_pair_s_place(sandbox, app, left, monkeypatch):
    live = dict(log_in(sandbox, app))
    monkeypatch.setattr("oint_magics.sandbox.accounts.Family.end", lambda _: None)
    left()

    with pytest.raises(errors.LoginTimedOut):
        twitter.login(app, timeout=0.2)

    assert kept()["access_token"] == live["access_token"]
    assert not list(logins().glob("exchange-login-*"))


def test_what_was_left_behind_of_another_account_gets_a_store_of_its_own(sandbox, app, left):
    live = dict(log_in(sandbox, app))
    left(person=SECOND)

    assert twitter.login(app, timeout=0.2).saved_to == "profile:second"

    assert kept()["access_token"] == live["access_token"]
    assert twitter.me("profile:second")["username"] == "second"
    assert not list(logins().glob("exchange-login-*"))


def test_a_refresh_leaves_a_login_s_answer_alone(sandbox, app, monkeypatch):
    """It is no token's record."""
    log_in(sandbox, app)
    record = open_store(app).login_records.of_login("login-x")
    record.begin(1)
    body = json.dumps({"refresh_token": "a-new-one"}).encode()
    record.append(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    record.close()

    twitter.refresh(app)

    assert [path.name for path in logins().glob("exchange-*")] == ["exchange-login-x"]


def test_the_stop_button_waits_for_the_save(sandbox, app):
    sandbox.faults.add("slow", 3.0)
    code = (
        "from oint_magics import process, twitter; import sys, json\n"
        "from oint_magics.oauth.authorization import AuthorizationRequest; from oint_magics.secret import Secret\n"
        "request = json.loads(sys.stdin.read())\n"
        "process.state.begun.append(AuthorizationRequest(*request[:3], Secret(request[3]), Secret(request[4])))\n"
        "print('ready', flush=True)\n"
        "try: twitter.get_token(request[5], 'auth.json')\n"
        "except KeyboardInterrupt as stop: print('Stopped:', stop)\n"
    )

    address = sandbox.approve(twitter.authorization_link(app))
    request = state.begun[-1]
    given = [*request[:3], request.verifier.reveal(), request.state.reveal(), address]
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdin.write(json.dumps(given))
    process.stdin.close()
    assert process.stdout.readline() == "ready\n"
    wait_for(lambda: not sandbox.faults.names(), "the code was not sent")
    process.send_signal(signal.SIGINT)

    assert "the stop came too late" in process.stdout.read()
    assert process.wait(LONG) == 0
    process.stdout.close()
    assert sandbox.accounts.bearer(kept()["access_token"])


def is_alive(sandbox, refresh_token):
    return any(family.refresh_token == refresh_token for family in sandbox.accounts._families)


def second_pair(sandbox, auth):
    client = sandbox.accounts.client(auth["client_id"])
    from oint_magics.sandbox.accounts import PEOPLE

    pair = sandbox.accounts.log_in(client, PEOPLE[1])
    return auth | {"access_token": pair.access_token, "refresh_token": pair.refresh_token}


def test_another_app_s_pair_of_the_same_account_is_kept(sandbox, app):
    """A profile that has the account's name, and one that was named while the login waited."""
    other = second_pair(sandbox, sandbox.app())
    twitter.keep(other, "profile:second")
    log_in(sandbox, app)

    response = log_in(sandbox, app, person=SECOND)

    assert response.saved_to.startswith("profile:second-")
    assert open_store("profile:second").read().client_id == other["client_id"]
    link = twitter.authorization_link(app)
    address = sandbox.approve(link, person=SECOND)
    from oint_magics.login.code_exchange import exchange_code, plan
    from oint_magics.tokens.source import source_of

    planned = plan(source_of(app), "profile:main", state.begun[-1], interactive=True)
    twitter.keep(second_pair(sandbox, sandbox.app()), "profile:main")
    before = open_store("profile:main").read().document.reveal()
    assert exchange_code(planned, redirect_in(address).code).saved_to != "profile:main"
    assert open_store("profile:main").read().document.reveal() == before


def test_a_file_stays_the_one_that_was_named(sandbox, app):
    """Whatever the current folder is when it is read again."""
    log_in(sandbox, app)
    session, here = twitter.session(app), Path.cwd()
    address = sandbox.approve(twitter.authorization_link(app))
    from oint_magics.login.code_exchange import exchange_code, plan
    from oint_magics.tokens.source import source_of

    planned = plan(source_of(app), None, state.begun[-1], interactive=True)
    Path("two").mkdir()
    os.chdir("two")
    other = json.dumps(second_pair(sandbox, sandbox.app()))
    Path("auth.json").write_text(other)

    assert session.get(f"{session.api}/2/users/me").json()["data"]["username"] == "sandbox"
    assert twitter.me()["username"] == "sandbox"
    exchange_code(planned, redirect_in(address).code)
    assert Path("auth.json").read_text() == other
    assert json.loads((here / "auth.json").read_text())["access_token"]


def test_a_refusal_of_once_does_not_make_a_pair_dead(sandbox, app):
    log_in(sandbox, app)
    sandbox.faults.add("refuse")
    with pytest.raises(errors.InvalidGrant):
        twitter.refresh(app)

    assert log_in(sandbox, app, person=SECOND).saved_to == "profile:second"
    assert is_alive(sandbox, kept()["refresh_token"])


def test_a_kept_answer_is_not_written_over_by_another_login(sandbox, app, left):
    left(person=SECOND)
    log_in(sandbox, app)

    assert list(logins().glob("exchange-login-*"))
    assert twitter.login(app, timeout=0.2).saved_to == "profile:second"
    assert not list(logins().glob("exchange-login-*"))


def test_where_x_cannot_be_asked_nothing_is_dropped(sandbox, app, left):
    live = dict(log_in(sandbox, app))
    left(person=SECOND)
    sandbox.limits.of["/2/users/me"] = 0

    response = twitter.login(app, timeout=0.2)

    assert response.saved_to.startswith("profile:login-")
    assert kept()["access_token"] == live["access_token"]
    assert not list(logins().glob("exchange-login-*"))


def test_a_pair_that_came_between_the_choice_and_the_save_is_kept(sandbox, app, monkeypatch):
    from oint_magics.login import code_exchange

    came, choose = [], code_exchange.choose

    def home(*given, **options):
        found = choose(*given, **options)
        if not came:
            pair = sandbox.accounts.log_in(sandbox.accounts.client(kept()["client_id"]))
            came.append(pair)
            values = kept() | {"access_token": pair.access_token, "refresh_token": pair.refresh_token}
            Path(app).write_text(json.dumps(values))
        return found

    monkeypatch.setattr(code_exchange, "choose", home)

    assert log_in(sandbox, app, person=SECOND).saved_to == "profile:second"
    assert kept()["refresh_token"] == came[0].refresh_token


def test_another_account_of_a_keyring_goes_to_the_keyring(sandbox, app, ring):
    twitter.keep(app, "keyring:k")
    log_in(sandbox, "keyring:k")

    response = log_in(sandbox, "keyring:k", person=SECOND)

    assert response.saved_to == "keyring:second"
    for path in Path(os.environ["OINT_HOME"]).rglob("*"):
        if path.is_file():
            assert response["refresh_token"].encode() not in path.read_bytes()


def test_a_code_is_sent_once(sandbox, app):
    address = sandbox.approve(twitter.authorization_link(app))
    twitter.get_token(address, app)

    with pytest.raises(errors.LoginMismatch, match="was sent before"):
        twitter.get_token(address, app)
    assert twitter.me(app)["username"] == "sandbox"


def test_an_api_that_drips_holds_nobody(sandbox, app, monkeypatch):
    log_in(sandbox, app)
    monkeypatch.setenv("OINT_TWITTER_TIMEOUT", "1")
    monkeypatch.setattr("oint_magics.login.ownership.owner", lambda *_: time.sleep(300))
    begun = time.monotonic()

    assert log_in(sandbox, app, person=SECOND).saved_to.startswith("profile:login-")
    assert time.monotonic() - begun < 200


def test_a_forgotten_profile_keeps_no_answer_of_a_login(sandbox, app, monkeypatch):
    with monkeypatch.context() as change:
        change.setattr("oint_magics.login.code_exchange.save_login", fail_to_save)
        with pytest.raises(errors.StoreNotWritable):
            log_in(sandbox, app, to="profile:p")
    assert list(logins().glob("exchange-login-*"))

    twitter.forget("profile:p")

    assert not list(logins().glob("exchange-login-*"))
