"""The sandbox's authorize page, code exchange and revocation: asked with plain requests and RFC 7636's own example."""

import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from patience import LONG

from oint_magics.sandbox import Sandbox

# RFC 7636, appendix B.
VERIFIER, CHALLENGE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
SCOPE = "tweet.read users.read offline.access"


def query(app, **changes):
    asked = {
        "response_type": "code",
        "client_id": app["client_id"],
        "redirect_uri": app["redirect_uri"],
        "scope": SCOPE,
        "state": "a state & more",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return {key: value for key, value in (asked | changes).items() if value is not None}


def page(sandbox, app, **changes):
    return requests.get(f"{sandbox.url}/i/oauth2/authorize", params=query(app, **changes), timeout=LONG)


def answer(sandbox, app, answer="approve", person="2244994945", **changes):
    ticket = re.search(r'name="ticket" value="([^"]+)"', page(sandbox, app, **changes).text)[1]
    form = {"ticket": ticket, "answer": answer, "person": person}
    return requests.post(f"{sandbox.url}/i/oauth2/authorize", data=form, allow_redirects=False, timeout=LONG)


def came_back(reply):
    return {key: values[0] for key, values in parse_qs(urlsplit(reply.headers["Location"]).query).items()}


def exchange(sandbox, app, code, /, **changes):
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": app["redirect_uri"],
        "code_verifier": VERIFIER,
        "client_id": app["client_id"],
    } | changes
    basic = (app["client_id"], app["client_secret"]) if "client_secret" in app else None
    form = {key: value for key, value in form.items() if value is not None}
    return requests.post(f"{sandbox.url}/2/oauth2/token", data=form, auth=basic, timeout=LONG)


def logged_in(sandbox, app, **changes):
    return exchange(sandbox, app, came_back(answer(sandbox, app, **changes))["code"]).json()


def me(sandbox, token):
    return requests.get(f"{sandbox.url}/2/users/me", headers={"Authorization": f"Bearer {token}"}, timeout=LONG)


@pytest.mark.parametrize("is_public", [False, True])
def test_approved_and_exchanged(sandbox, is_public):
    app = sandbox.app(is_public=is_public, callback="http://127.0.0.1:1/callback?mine=1")

    reply = answer(sandbox, app)
    back = came_back(reply)
    pair = exchange(sandbox, app, back["code"]).json()

    assert reply.headers["Location"].startswith("http://127.0.0.1:1/callback?mine=1&state=")
    assert back["state"] == "a state & more"
    assert list(pair) == ["token_type", "expires_in", "access_token", "scope", "refresh_token"]
    assert set(pair["scope"].split()) == set(SCOPE.split())
    assert me(sandbox, pair["access_token"]).json()["data"]["username"] == "sandbox"


def test_two_sandboxes_send_the_browser_to_two_ports(sandbox):
    other = Sandbox()
    try:
        assert sandbox.app()["redirect_uri"] == sandbox.app()["redirect_uri"] != other.app()["redirect_uri"]
    finally:
        other.stop()


def test_the_page_says_in_words_what_the_app_asks_for(sandbox):
    text = page(sandbox, sandbox.app(), scope="tweet.read tweet.write offline.access new.scope<b>").text

    for words in ("SANDBOX", "Things this app can view", "All the posts you can view", "Things this app can do",
                  "Post and repost for you.", "until you revoke access", "new.scope&lt;b&gt;"):  # fmt: skip
        assert words in text


def test_denied(sandbox):
    back = came_back(answer(sandbox, sandbox.app(), "deny"))

    assert (back["error"], back["state"], "code" in back) == ("access_denied", "a state & more", False)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "another"},
        {"redirect_uri": "http://127.0.0.1:1/callback/"},
        {"redirect_uri": "http://localhost:1/callback"},
        {"response_type": "token"},
        {"state": None},
        {"code_challenge": None},
        {"code_challenge_method": "S512"},
        {"scope": None},
    ],
)
def test_what_is_wrong_ends_on_xs_one_page(sandbox, changes):
    reply = page(sandbox, sandbox.app(callback="http://127.0.0.1:1/callback"), **changes)

    assert reply.status_code == 400
    assert "You weren't able to give access to the App." in reply.text


def test_the_page_is_text_whatever_is_asked_and_is_answered_once(sandbox):
    app = sandbox.app()

    assert "<script" not in page(sandbox, app, scope="<script>alert(1)</script>").text
    ticket = re.search(r'name="ticket" value="([^"]+)"', page(sandbox, app).text)[1]
    form = {"ticket": ticket, "answer": "approve"}
    replies = [
        requests.post(f"{sandbox.url}/i/oauth2/authorize", data=form, allow_redirects=False, timeout=LONG)
        for _ in range(2)
    ]
    assert [reply.status_code for reply in replies] == [302, 400]


REFUSALS = [
    ({"code": None}, "Missing required parameter [code]."),
    ({"redirect_uri": None}, "Missing required parameter [redirect_uri]."),
    ({"code_verifier": None}, "Missing required parameter [code_verifier]."),
    ({"code": "never-given"}, "Value passed for the authorization code was invalid."),
    ({"code_verifier": "x" * 43}, "Value passed for the code verifier did not match the code challenge."),
    (
        {"redirect_uri": "http://127.0.0.1:1/other"},
        "Value passed for the redirect uri did not match the uri of the authorization code.",
    ),
]


@pytest.mark.parametrize(("changes", "text"), REFUSALS)
def test_an_exchange_that_is_refused(sandbox, changes, text):
    app = sandbox.app()
    code = came_back(answer(sandbox, app))["code"]

    reply = exchange(sandbox, app, code, **changes)

    assert (reply.status_code, reply.json()) == (400, {"error": "invalid_request", "error_description": text})


def test_a_code_works_once_for_its_app_and_not_for_long(sandbox):
    app, other = sandbox.app(), sandbox.app()
    code = came_back(answer(sandbox, app))["code"]
    assert exchange(sandbox, app, code).status_code == 200
    assert exchange(sandbox, app, code).status_code == 400
    assert exchange(sandbox, other, came_back(answer(sandbox, app))["code"]).status_code == 400

    sandbox.logins.code_lives = 0.1
    code = came_back(answer(sandbox, app))["code"]
    time.sleep(0.2)  # Its end is a time: a slow machine makes it only surer.
    assert exchange(sandbox, app, code).status_code == 400


def test_plain_challenges_and_a_secret_that_is_missing(sandbox):
    app = sandbox.app()
    asked = {"code_challenge": VERIFIER, "code_challenge_method": "plain"}
    code = came_back(answer(sandbox, app, **asked))["code"]
    assert exchange(sandbox, app, code).status_code == 200

    code = came_back(answer(sandbox, app))["code"]
    reply = exchange(sandbox, {**app, "client_secret": "wrong"}, code)
    assert (reply.status_code, reply.json()["error"]) == (401, "unauthorized_client")


def test_without_offline_access_there_is_no_refresh_token(sandbox):
    pair = logged_in(sandbox, sandbox.app(), scope="tweet.read users.read")

    assert "refresh_token" not in pair


def test_a_new_login_of_one_person_ends_the_earlier_and_not_the_others(sandbox):
    app = sandbox.app()
    first, second = logged_in(sandbox, app), logged_in(sandbox, app, person="783214")
    third = logged_in(sandbox, app)

    assert me(sandbox, first["access_token"]).status_code == 401
    assert me(sandbox, second["access_token"]).json()["data"]["username"] == "second"
    assert me(sandbox, third["access_token"]).status_code == 200


def revoke(sandbox, app, token, **changes):
    form = {"token": token, "client_id": app["client_id"]} | changes
    basic = (app["client_id"], app["client_secret"])
    form = {key: value for key, value in form.items() if value is not None}
    return requests.post(f"{sandbox.url}/2/oauth2/revoke", data=form, auth=basic, timeout=LONG)


def test_a_revocation_ends_one_token(sandbox):
    auth = sandbox.issue()
    form = {"grant_type": "refresh_token", "refresh_token": auth["refresh_token"], "client_id": auth["client_id"]}

    reply = revoke(sandbox, auth, auth["access_token"])
    assert (reply.status_code, reply.json()) == (200, {"revoked": True})
    assert me(sandbox, auth["access_token"]).status_code == 401
    new = requests.post(f"{sandbox.url}/2/oauth2/token", data=form,
                        auth=(auth["client_id"], auth["client_secret"]), timeout=LONG).json()  # fmt: skip
    assert revoke(sandbox, auth, new["refresh_token"]).json() == {"revoked": True}
    form["refresh_token"] = new["refresh_token"]
    assert requests.post(f"{sandbox.url}/2/oauth2/token", data=form,
                         auth=(auth["client_id"], auth["client_secret"]), timeout=LONG).status_code == 400  # fmt: skip
    assert me(sandbox, new["access_token"]).status_code == 200


def test_a_revocation_wants_its_app(sandbox):
    auth, other = sandbox.issue(), sandbox.issue()

    assert revoke(sandbox, other, auth["access_token"]).json() == {"revoked": True}
    assert me(sandbox, auth["access_token"]).status_code == 200
    assert revoke(sandbox, {**auth, "client_secret": "wrong"}, auth["access_token"]).status_code == 401
    assert revoke(sandbox, auth, None).json()["error_description"] == "Missing required parameter [token]."


# How X's own and other clients name the app and send the fields: a header, `client_id` beside them, JSON.
WAYS = {
    "header alone": (True, False, False),
    "header and client_id": (True, True, False),
    "header, as JSON": (True, False, True),
    "header and client_id, as JSON": (True, True, True),
    "client_id alone": (False, True, False),
    "client_id alone, as JSON": (False, True, True),
}
CONFIDENTIAL = [name for name, (has_header, *_) in WAYS.items() if has_header]
PUBLIC = [name for name in WAYS if name not in CONFIDENTIAL]
BOTH = [(name, False) for name in CONFIDENTIAL] + [(name, True) for name in PUBLIC]


def send(sandbox, path, app, way, **form):
    has_header, has_id, is_json = WAYS[way]
    form |= {"client_id": app["client_id"]} if has_id else {}
    basic = (app["client_id"], app["client_secret"]) if has_header else None
    return requests.post(sandbox.url + path, **{"json" if is_json else "data": form}, auth=basic, timeout=LONG)


@pytest.mark.parametrize(("way", "is_public"), BOTH)
def test_each_way_logs_in_refreshes_and_revokes(sandbox, way, is_public):
    app = sandbox.app(is_public=is_public)
    code = came_back(answer(sandbox, app, code_challenge_method="s256"))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": app["redirect_uri"],
            "code_verifier": VERIFIER}  # fmt: skip

    first = send(sandbox, "/2/oauth2/token", app, way, **form).json()
    second = send(sandbox, "/2/oauth2/token", app, way, grant_type="refresh_token",
                  refresh_token=first["refresh_token"]).json()  # fmt: skip
    assert me(sandbox, second["access_token"]).status_code == 200
    ended = send(sandbox, "/2/oauth2/revoke", app, way, token=second["access_token"])

    assert ended.json() == {"revoked": True}
    assert me(sandbox, second["access_token"]).status_code == 401


@pytest.mark.parametrize("way", PUBLIC)
def test_an_app_with_a_secret_is_not_named_by_its_id_alone(sandbox, way):
    auth = sandbox.issue()

    reply = send(sandbox, "/2/oauth2/token", auth, way, grant_type="refresh_token", refresh_token=auth["refresh_token"])

    assert (reply.status_code, reply.json()["error"]) == (401, "unauthorized_client")


def test_a_header_of_another_app_proves_nothing(sandbox):
    auth, other = sandbox.issue(), sandbox.issue()
    form = {"grant_type": "refresh_token", "refresh_token": auth["refresh_token"], "client_id": auth["client_id"]}

    reply = requests.post(f"{sandbox.url}/2/oauth2/token", data=form,
                          auth=(other["client_id"], other["client_secret"]), timeout=LONG)  # fmt: skip

    assert (reply.status_code, reply.json()["error"]) == (401, "unauthorized_client")
    assert sandbox.accounts.counts.refreshes == 0


@pytest.mark.parametrize("body", ["", "[]", "5", "{", '{"grant_type": 5}', '{"client_id": ["a"]}', "[" * 100_000])
def test_a_json_body_without_fields(sandbox, body):
    kind = {"Content-Type": "application/json; charset=utf-8"}

    for path in ("/2/oauth2/token", "/2/oauth2/revoke"):
        reply = requests.post(sandbox.url + path, data=body, headers=kind, timeout=LONG)
        assert reply.status_code in (400, 413)
    assert "client_id" in requests.post(sandbox.url + path, data="{}", headers=kind, timeout=LONG).text


@pytest.mark.parametrize(("way", "is_taken"), [(way, way == "header and client_id") for way in CONFIDENTIAL])
def test_the_old_strictness_is_a_fault(sandbox, way, is_taken):
    auth = sandbox.issue()
    form = {"grant_type": "refresh_token", "refresh_token": auth["refresh_token"]}
    sandbox.faults.add("strict")

    reply = send(sandbox, "/2/oauth2/token", auth, way, **form)

    assert is_taken == (reply.status_code == 200)
    if not is_taken:
        assert reply.json()["error_description"] == "Missing required parameter [client_id]."
        assert send(sandbox, "/2/oauth2/token", auth, way, **form).status_code == 200


@pytest.fixture
def keys(sandbox):
    return sandbox.keys(sandbox.app()["client_id"])


def own_token(sandbox, keys, **form):
    basic = (keys["api_key"], keys["api_key_secret"])
    form = {"grant_type": "client_credentials"} | form
    return requests.post(f"{sandbox.url}/oauth2/token", data=form, auth=basic, timeout=LONG)


def test_an_apps_own_token(sandbox, keys):
    reply = own_token(sandbox, keys)

    token = reply.json()["access_token"]
    assert reply.json() == {"token_type": "bearer", "access_token": token}
    assert token.startswith("sandbox-")
    assert own_token(sandbox, keys).json()["access_token"] == token
    assert own_token(sandbox, sandbox.keys(sandbox.app()["client_id"])).json()["access_token"] != token


def test_what_an_apps_own_token_opens(sandbox, keys):
    header = {"Authorization": f"Bearer {own_token(sandbox, keys).json()['access_token']}"}

    for path in ("users?ids=783214", "users/783214", "users/by/username/second", "users/783214/tweets",
                 "tweets/search/recent?query=post", "tweets?ids=1", "tweets/1"):  # fmt: skip
        reply = requests.get(f"{sandbox.url}/2/{path}", headers=header, timeout=LONG)
        assert reply.status_code == 200, reply.text
    for method, path in (("GET", "users/me"), ("POST", "tweets"), ("DELETE", "tweets/1"), ("GET", "media/upload")):
        reply = requests.request(method, f"{sandbox.url}/2/{path}", headers=header, timeout=LONG)
        assert (reply.status_code, reply.json()["title"]) == (403, "Unsupported Authentication")


def test_an_app_has_limits_of_its_own(sandbox, keys):
    auth = sandbox.issue()
    tokens = own_token(sandbox, keys).json()["access_token"], auth["access_token"]

    replies = [
        requests.get(f"{sandbox.url}/2/users/1", headers={"Authorization": f"Bearer {each}"}, timeout=LONG)
        for each in tokens
    ]

    assert [reply.headers["x-rate-limit-limit"] for reply in replies] == ["300", "900"]
    assert [reply.headers["x-rate-limit-remaining"] for reply in replies] == ["299", "899"]


@pytest.mark.parametrize(
    ("changes", "form", "code"),
    [
        ({"api_key_secret": "wrong"}, {}, 99),
        ({"api_key": "wrong"}, {}, 99),
        ({}, {"grant_type": "refresh_token"}, 170),
        ({}, {"grant_type": ""}, 170),
    ],
)
def test_a_refused_request_for_an_apps_own_token(sandbox, keys, changes, form, code):
    reply = own_token(sandbox, keys | changes, **form)

    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (403, code)


def test_a_client_id_is_no_api_key(sandbox):
    app = sandbox.app()

    reply = own_token(sandbox, {"api_key": app["client_id"], "api_key_secret": app["client_secret"]})

    assert (reply.status_code, reply.json()["errors"][0]["label"]) == (403, "authenticity_token_error")
    with pytest.raises(LookupError):
        sandbox.keys("another")
