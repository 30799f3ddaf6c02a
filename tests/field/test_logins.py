"""M7, and the tokens of a sandbox, which never block real ones."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from field.rows import case, is_alive
from IPython.utils.io import capture_output
from raw_server import answer

from oint_magics import errors, twitter
from oint_magics.sandbox import Sandbox


def responding(raw, monkeypatch, refusal):
    """A server that gives a new pair for each code, and refuses to say whose it is."""
    given = []

    def behaviour(connection):
        if b"users/me" in server.requests[-1]:
            answer(refusal, json.dumps({"title": "CreditsDepleted"}).encode())(connection)
            return
        given.append(f"token-{len(given) + 1}")
        body = {"access_token": f"access-{given[-1]}", "refresh_token": given[-1], "expires_in": 7200}
        answer("200 OK", json.dumps(body).encode())(connection)

    server = raw(behaviour)
    url = server.url
    for name, path in (("TOKEN", "/t"), ("API", ""), ("AUTHORIZE", "/a")):
        monkeypatch.setenv(f"OINT_TWITTER_{name}_URL", f"{url}{path}")
    return given


def log_in(source):
    state = parse_qs(urlsplit(twitter.authorization_link(source)).query)["state"][0]
    return twitter.get_token(f"http://127.0.0.1:1/callback?state={state}&code=code-{time.monotonic_ns()}", source)


@pytest.mark.parametrize("refusal", [
    case("M7", "users/me answers 402, three logins", "a new profile each time, auth.json dead", "402 Payment Required"),
    case("M7", "users/me answers 403, three logins", "a new profile each time, auth.json dead", "403 Forbidden"),
])  # fmt: skip
@pytest.mark.parametrize("form", ["auth.json", ".env"])
def test_one_place_that_works(raw, monkeypatch, after, home, refusal, form):
    """The pair replaces the one that this login has ended; the old one is kept aside and named."""
    given = responding(raw, monkeypatch, refusal)
    app = {
        "client_id": "an-app",
        "redirect_uri": "http://127.0.0.1:1/callback",
        "refresh_token": "token-0",
        "access_token": "access-0",
    }
    lines = "".join(f"X_{key.upper()}={value}\n" for key, value in app.items())
    Path(form).write_text(lines if form == ".env" else json.dumps(app))

    responses = [log_in(form) for _ in range(3)]

    assert [each.saved_to for each in responses] == [form] * 3
    assert responses[-1]["refresh_token"] == given[-1]
    assert given[-1] in Path(form).read_text()
    assert "kept in profile:before-" in " ".join(str(responses[-1]).split())
    kept = sorted((home / "oint" / "profiles").glob("before-*.json"))
    assert len(kept) == 3  # One that nothing tells the end of is refreshed before X is asked whose it is.
    assert not any(responses[-1]["refresh_token"] in each.read_text() for each in kept)
    after("one place; the old ones aside for a week")


APP = {"client_id": "an-app", "redirect_uri": "http://127.0.0.1:1/callback"}
EIGHT_DAYS = 8 * 24 * 3600


def aged(path, *, token=None, **by):
    """Let what is kept aside be older."""
    values = json.loads(path.read_text())
    mark = values["kept_aside"]
    values["kept_aside"] = mark | {name: mark[name] - seconds for name, seconds in by.items()}
    path.write_text(json.dumps(values | ({"refresh_token": token} if token else {})))
    os.utime(path, (time.time() - EIGHT_DAYS,) * 2)


@pytest.fixture
def aside(raw, monkeypatch, home):
    """What a login has kept aside."""
    responding(raw, monkeypatch, "402 Payment Required")
    Path("auth.json").write_text(json.dumps(APP | {"refresh_token": "token-0", "access_token": "access-0"}))
    log_in("auth.json")
    (path,) = (home / "oint" / "profiles").glob("before-*.json")
    return path


def test_what_is_aside_goes_after_a_week(aside):
    aged(aside, at=EIGHT_DAYS, up=EIGHT_DAYS)

    log_in("auth.json")

    assert not aside.exists()
    assert len(list(aside.parent.glob("before-*.json"))) == 1


def test_a_person_s_own_profile_is_never_swept(aside, after):
    mine = aside.with_name("before-summer.json")
    twitter.keep(APP | {"refresh_token": "mine"}, "profile:before-summer")
    os.utime(mine, (time.time() - EIGHT_DAYS,) * 2)

    log_in("auth.json")
    assert mine.exists()


@pytest.mark.parametrize("change", [
    case("B6", "kept aside an hour ago, the clock is ten days ahead", "deleted in silence", {"at": EIGHT_DAYS}),
    case("B6", "kept aside a week ago, and refreshed since", "deleted in silence", {"at": EIGHT_DAYS, "up": EIGHT_DAYS, "token": "newer"}),
    case("B6", "kept aside just now, its file a week old", "deleted in silence", {}),
])  # fmt: skip
def test_only_what_is_ours_and_old_is_swept(aside, after, change):
    aged(aside, **change)

    log_in("auth.json")

    assert aside.exists()
    after("stays: a mark tells what is ours and how old it is")


def test_another_app_s_pair_is_never_replaced(raw, monkeypatch):
    responding(raw, monkeypatch, "402 Payment Required")
    Path("auth.json").write_text(json.dumps({"client_id": "an-app", "redirect_uri": "http://127.0.0.1:1/callback"}))
    Path("other.json").write_text(json.dumps({"client_id": "another-app", "refresh_token": "r"}))
    state = parse_qs(urlsplit(twitter.authorization_link("auth.json")).query)["state"][0]

    with pytest.raises(errors.StoreTaken):
        twitter.get_token(f"http://127.0.0.1:1/callback?state={state}&code=c", "auth.json", to="other.json")


# A sandbox that has ended.
@pytest.fixture
def ended():
    """The tokens of a sandbox that has ended."""
    server = Sandbox()
    pair = server.issue()
    server.stop()
    return pair


@pytest.fixture
def real(raw, monkeypatch, auth):
    """Auth data that is no sandbox's, and a server for it."""
    body = json.dumps({"access_token": "real-access", "refresh_token": "real-refresh", "expires_in": 7200}).encode()
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{raw(answer('200 OK', body)).url}/t")
    return auth


@pytest.mark.parametrize("replace", [
    case("7", "a refresh into a profile of an ended sandbox", "StoreTaken", lambda real: twitter.refresh(real, to="profile:default")),
    case("7", "keep over it", "StoreTaken", lambda real: twitter.keep(real, "profile:default")),
    case("7", "a fresh sandbox's pair over it", "StoreTaken", None),
])  # fmt: skip
def test_tokens_of_an_ended_sandbox_are_replaced_without_asking(sandbox, ended, real, after, replace):
    twitter.keep(ended, "profile:default")

    if replace:
        replace(real)
        assert twitter.refresh("profile:default")["access_token"] == "real-access"
    else:
        response = twitter.refresh(sandbox.issue(), to="profile:default")
        assert is_alive(sandbox, response["access_token"])
    after("replaced")


def test_tokens_of_a_running_sandbox_are_not(sandbox, real):
    twitter.keep(sandbox.issue(), "profile:default")

    with pytest.raises(errors.StoreTaken):
        twitter.refresh(real, to="profile:default")
    with pytest.raises(errors.StoreTaken):
        twitter.keep(real, "profile:default")


CALLS = [
    case("7", name, "No connection to 127.0.0.1", call) for name, call in {
        "refresh": lambda: twitter.refresh("sandbox-auth.json"), "revoke": lambda: twitter.revoke("sandbox-auth.json"),
        "login": lambda: twitter.login("sandbox-auth.json", timeout=5), "me": lambda: twitter.me("sandbox-auth.json"),
        "get": lambda: twitter.get("users/me", "sandbox-auth.json"),
    }.items()
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_an_ended_sandbox_is_said_with_what_is_next(ended, after, call):
    Path("sandbox-auth.json").write_text(json.dumps(ended | {"expires_at": int(time.time()) + 3600}))

    with pytest.raises(
        errors.NotSent, match=r"The sandbox that these tokens belong to has ended\. Nothing was sent\."
    ) as caught:
        call()
    assert "%twitter_sandbox start" in caught.value.next_step
    after(caught.value.what)


def test_the_list_says_it_too(ended):
    Path("sandbox-auth.json").write_text(json.dumps(ended))
    assert "its sandbox has ended" in str(twitter.status("sandbox-auth.json"))


def test_a_bare_refresh_says_it(shell, after):
    """`%twitter_sandbox start`, `stop`, and once more."""
    with capture_output():
        shell.run_cell("%twitter_sandbox start")
        shell.run_cell("%twitter_sandbox stop")
        result = shell.run_cell("%twitter_refresh")
    assert "has ended. Nothing was sent." in str(result.error_in_exec)


def test_the_sandbox_names_the_default_source_only_while_it_is_it(shell, real):
    with capture_output():
        assert "used where no other is named" in str(shell.run_cell("%twitter_sandbox start").result)
        twitter.refresh(real, to="profile:mine")
        assert "name it: --auth sandbox-auth.json" in str(shell.run_cell("%twitter_sandbox status").result)
        shell.run_cell("%twitter_sandbox stop")


def test_the_sandbox_as_a_program_shows_its_help():
    done = subprocess.run([sys.executable, "-m", "oint_magics.sandbox", "--help"], capture_output=True, text=True)

    assert done.returncode == 0
    assert "practise without an account" in done.stdout.replace("\n", " ")
    assert not Path("sandbox-auth.json").exists()
