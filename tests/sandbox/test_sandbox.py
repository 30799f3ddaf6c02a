"""The sandbox as X: asked with plain requests, not with our client."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests
from patience import LONG, wait_for

from oint_magics.sandbox import AUTH_FILE, Sandbox

DEAD = {"error": "invalid_request", "error_description": "Value passed for the token was invalid."}


def ask(sandbox, auth, **changes):
    form = {
        "grant_type": "refresh_token",
        "refresh_token": auth["refresh_token"],
        "client_id": auth["client_id"],
    } | changes
    basic = (auth["client_id"], auth["client_secret"]) if "client_secret" in auth else None
    return requests.post(
        f"{sandbox.url}/2/oauth2/token", data={k: v for k, v in form.items() if v}, auth=basic, timeout=LONG
    )


def me(sandbox, token):
    return requests.get(f"{sandbox.url}/2/users/me", headers={"Authorization": f"Bearer {token}"}, timeout=LONG)


@pytest.mark.parametrize("is_public", [False, True])
def test_each_refresh_token_works_once(sandbox, is_public):
    auth = sandbox.issue(is_public=is_public)

    first = ask(sandbox, auth)
    assert first.status_code == 200
    assert list(first.json()) == ["token_type", "expires_in", "access_token", "scope", "refresh_token"]
    assert first.json()["expires_in"] == 7200
    again = ask(sandbox, auth)
    assert (again.status_code, again.json()) == (400, DEAD)
    assert ask(sandbox, auth | {"refresh_token": first.json()["refresh_token"]}).status_code == 200


def test_its_ids_and_tokens_look_like_xs_and_carry_the_mark(sandbox):
    from oint_magics.auth import token_format

    auth = sandbox.issue()

    assert auth["client_id"].startswith("sandbox-")
    assert token_format.kind_of(auth["client_id"].removeprefix("sandbox-")) == "a client id"
    assert token_format.kind_of(auth["access_token"]) == "an access token"
    assert token_format.kind_of(auth["refresh_token"]) == "a refresh token"


REFUSALS = [
    ({"grant_type": None}, 400, "invalid_request", "Missing required parameter [grant_type]."),
    ({"refresh_token": None}, 400, "invalid_request", "Missing required parameter [refresh_token]."),
    ({"client_id": "unmarked"}, 400, "invalid_client", "Value passed for the client id was invalid."),
    ({"refresh_token": "junk"}, 400, "invalid_request", "Value passed for the token was invalid."),
    ({"grant_type": "password"}, 400, "unsupported_grant_type", "The grant type is not supported."),
]


@pytest.mark.parametrize(("changes", "status", "error", "description"), REFUSALS)
def test_refuses_in_xs_words(sandbox, changes, status, error, description):
    answer = ask(sandbox, sandbox.issue(), **changes)

    assert (answer.status_code, answer.json()) == (status, {"error": error, "error_description": description})


def test_an_app_without_a_secret_names_itself_in_the_form(sandbox):
    answer = ask(sandbox, sandbox.issue(is_public=True), client_id=None)

    missing = {"error": "invalid_request", "error_description": "Missing required parameter [client_id]."}
    assert (answer.status_code, answer.json()) == (400, missing)


@pytest.mark.parametrize("header", [None, "Basic", "Basic !!!", "Bearer x", "Basic eDp5"])
def test_a_confidential_client_needs_its_basic_header(sandbox, header):
    """Also with the secret in the body, as X."""
    auth = sandbox.issue()
    form = {"grant_type": "refresh_token", "refresh_token": auth["refresh_token"], "client_id": auth["client_id"],
            "client_secret": auth["client_secret"]}  # fmt: skip

    answer = requests.post(f"{sandbox.url}/2/oauth2/token", data=form, headers={"Authorization": header}, timeout=LONG)

    assert answer.status_code == 401
    assert answer.json() == {"error": "unauthorized_client", "error_description": "Missing valid authorization header"}
    assert sandbox.accounts.counts.refreshes == 0


def test_another_apps_token_is_dead(sandbox):
    one, other = sandbox.issue(), sandbox.issue()

    assert ask(sandbox, one, refresh_token=other["refresh_token"]).json() == DEAD
    assert ask(sandbox, other).status_code == 200


def test_users_me(sandbox):
    auth = sandbox.issue()

    assert me(sandbox, auth["access_token"]).json()["data"]["username"] == "sandbox"
    for token in ("junk", "", auth["refresh_token"]):
        answer = me(sandbox, token)
        assert answer.status_code == 401
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json() == {
            "title": "Unauthorized",
            "detail": "Unauthorized",
            "type": "about:blank",
            "status": 401,
        }
    sandbox.accounts.expire_access_tokens()
    assert me(sandbox, auth["access_token"]).status_code == 401


def test_an_access_token_ends():
    sandbox = Sandbox(expires_in=1)
    auth = sandbox.issue()
    wait_for(lambda: me(sandbox, auth["access_token"]).status_code == 401, "it does not end", 0.1)
    sandbox.stop()


def test_punished_reuse_ends_the_family(sandbox):
    auth = sandbox.issue()
    pair = ask(sandbox, auth).json()
    assert ask(sandbox, auth).json() == DEAD
    assert me(sandbox, pair["access_token"]).status_code == 200

    sandbox.accounts.punishes_reuse = True
    ask(sandbox, auth)

    assert ask(sandbox, auth | {"refresh_token": pair["refresh_token"]}).json() == DEAD
    assert me(sandbox, pair["access_token"]).status_code == 401
    assert sandbox.accounts.counts.reuses == 2


def test_one_winner_among_sixteen(sandbox):
    """Check and rotate are one decision."""
    auth, statuses = sandbox.issue(), []
    threads = [threading.Thread(target=lambda: statuses.append(ask(sandbox, auth).status_code)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200] + [400] * 15


def test_faults_come_in_turn_and_are_used_up(sandbox):
    auth = sandbox.issue()
    for name in ("refuse", "429", "html"):
        sandbox.faults.add(name, seconds=60)
    assert sandbox.faults.names() == ["refuse", "429", "html"]

    assert ask(sandbox, auth).json() == DEAD
    limited = ask(sandbox, auth)
    assert limited.status_code == 429
    assert 55 <= int(limited.headers["x-rate-limit-reset"]) - time.time() <= 60
    page = ask(sandbox, auth)
    assert (page.status_code, page.headers["Content-Type"]) == (403, "text/html; charset=UTF-8")
    assert "Cloudflare" in page.text
    assert ask(sandbox, auth).status_code == 200
    assert sandbox.accounts.counts.refreshes == 1


def test_slow_and_drop(sandbox):
    auth = sandbox.issue()
    sandbox.faults.add("slow", seconds=0.3)
    start = time.monotonic()
    pair = ask(sandbox, auth).json()
    assert time.monotonic() - start >= 0.3

    sandbox.faults.add("drop")
    with pytest.raises(requests.ConnectionError):
        ask(sandbox, auth | {"refresh_token": pair["refresh_token"]})
    assert sandbox.accounts.counts.refreshes == 2
    assert ask(sandbox, auth | {"refresh_token": pair["refresh_token"]}).json() == DEAD


def test_a_fault_that_does_not_exist(sandbox):
    with pytest.raises(ValueError, match="no such fault"):
        sandbox.faults.add("dance")


@pytest.mark.parametrize("path", ["/i", "/oauth2", "/2/nowhere"])
def test_other_paths_are_not_there(sandbox, path):
    assert requests.get(sandbox.url + path, timeout=LONG).status_code == 404
    assert requests.post(sandbox.url + path, data={}, timeout=LONG).status_code == 404


# A process of its own: whatever runs beside a test may write to this one's output.
ASKED = """
import requests
from oint_magics.sandbox import Sandbox
sandbox = Sandbox()
answers = [requests.post(f"{sandbox.url}/2/oauth2/token", data=data, timeout=300) for data in (sandbox.issue(), "%" * 10)]
print(sandbox.url, len(answers))
sandbox.stop()
"""


def test_listens_on_loopback_alone_and_logs_nothing():
    done = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=True)

    assert re.fullmatch(r"http://127\.0\.0\.1:\d+ 2\n", done.stdout)
    assert done.stderr == ""


def test_its_auth_file(sandbox):
    path = sandbox.write_auth(Path.cwd())

    assert path.name == AUTH_FILE
    assert os.stat(path).st_mode & 0o777 == 0o600
    first = json.loads(path.read_text())
    assert first["sandbox"] == sandbox.url
    assert ask(sandbox, first).status_code == 200
    sandbox.write_auth(Path.cwd())
    assert json.loads(path.read_text())["client_id"] != first["client_id"]
    assert os.listdir() == [AUTH_FILE]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"client_id": "mine"}', '{"client_id": 5}', "5"])
def test_a_file_that_no_sandbox_made_stays(sandbox, content):
    Path(AUTH_FILE).write_text(content)

    with pytest.raises(FileExistsError):
        sandbox.write_auth(Path.cwd())
    assert Path(AUTH_FILE).read_text() == content


def test_stops_at_once():
    sandbox = Sandbox()
    start = time.monotonic()
    sandbox.stop()

    assert time.monotonic() - start < 60
    with pytest.raises(requests.ConnectionError):
        requests.get(sandbox.url, timeout=2)


def test_shares_no_code_with_the_client():
    code = "import sys; import oint_magics.sandbox; print(*[m for m in sys.modules if m.startswith('oint_magics')])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert all(name == "oint_magics" or name.startswith("oint_magics.sandbox") for name in found)
