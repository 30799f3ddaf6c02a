"""M2 to M4, M6 to M9: networks, clocks, X's other answers, pasted addresses, client libraries."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from field.rows import case, is_alive
from raw_server import answer

from oint_magics import errors, twitter
from oint_magics.errors import AppRefused, InDoubt, LoginMismatch, SettingError
from oint_magics.oauth.authorization import doubt, redirect_in


# M2: settings of the network.
@pytest.mark.parametrize(("name", "value"), [
    case("M2", "SOCKS without its package", "Cause: InvalidSchema", "HTTPS_PROXY", "socks5h://127.0.0.1:1080"),
    case("M2", "the same by all_proxy", "Cause: InvalidSchema", "all_proxy", "socks5://127.0.0.1:1080"),
    case("M2", "a CA bundle that is not there", "Cause: OSError", "REQUESTS_CA_BUNDLE", "/gone/cacert.pem"),
    case("M2", "an empty CA bundle", "Cause: OSError", "REQUESTS_CA_BUNDLE", "empty.pem"),
    case("M2", "a CA bundle that is no certificate", "Cause: SSLError", "CURL_CA_BUNDLE", "text.pem"),
    case("M2", "a proxy's address without a host", "tried 3 times", "HTTPS_PROXY", "http://"),
])  # fmt: skip
def test_a_setting_that_cannot_be_used_is_named_once(auth, monkeypatch, after, name, value):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    Path("empty.pem").write_text("")
    Path("text.pem").write_text("no certificate")
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", "https://unreachable.invalid/2/oauth2/token")
    Path("auth.json").write_text(json.dumps(auth))
    start = time.monotonic()

    with pytest.raises(SettingError) as caught:
        twitter.refresh("auth.json")

    assert caught.value.what == f"{name} cannot be used. Nothing was sent."
    assert time.monotonic() - start < 30
    after(caught.value.cause)


# M3: a clock that is behind.
@pytest.mark.parametrize("hours", [
    case("M3", "three hours behind, expires_at an hour ago by the true clock", "still good", 3),
    case("M3", "ten minutes behind", "still good", 1 / 6),
    case("M3", "two days behind", "still good", 48),
    case("M3", "a year behind, as a board without a battery", "still good", 24 * 365),
])  # fmt: skip
def test_a_clock_that_is_behind(sandbox, after, hours):
    import time_machine

    Path("auth.json").write_text(json.dumps(sandbox.issue() | {"expires_at": int(time.time()) - 3600}))
    # Only what this process takes for the time; the sandbox's stamps are the true ones.
    with time_machine.travel(datetime.now(UTC) - timedelta(hours=hours), tick=True):
        token = json.loads(Path("auth.json").read_text())["access_token"]
        response = twitter.refresh("auth.json", if_expired=True)
    assert response["access_token"] != token
    after("refreshed")


def test_the_clock_is_said(raw, auth, monkeypatch):
    """X's stamp in the new token is later than this machine's clock."""
    import base64

    stamp = int((time.time() + 3 * 3600) * 1000)
    token = base64.urlsafe_b64encode(f"random:{stamp}:1:1:at:1".encode()).decode().rstrip("=")
    body = json.dumps({"access_token": token, "refresh_token": "r2", "expires_in": 7200}).encode()
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{raw(answer('200 OK', body)).url}/t")
    Path("auth.json").write_text(json.dumps(auth))

    assert "this machine's is 3 h behind X's" in str(twitter.refresh("auth.json")).replace("\n", " ").replace("  ", "")


# M4: X's other error formats.
def problem(**values):
    return json.dumps(values).encode()


ANSWERS = [
    case("M4", "401 problem", "not the token endpoint", "401 Unauthorized",
         problem(title="Unauthorized", type="about:blank", status=401), AppRefused, "Unauthorized", "client_id and client_secret"),
    case("M4", "403 client-not-enrolled", "not the token endpoint", "403 Forbidden",
         problem(title="Client Forbidden", detail="must use keys from an App attached to a Project", reason="client-not-enrolled",
                 type="https://api.twitter.com/2/problems/client-forbidden"), AppRefused, "attached to a Project", "Pay-per-use"),
    case("M4", "402 CreditsDepleted", "not the token endpoint", "402 Payment Required",
         problem(title="CreditsDepleted", detail="no credits", type="about:blank"), AppRefused, "no credits", "buy credits"),
    case("M4", "400 code 32", "not the token endpoint", "400 Bad Request",
         problem(errors=[{"message": "Could not authenticate you.", "code": 32}]), AppRefused, "Could not authenticate you", "client_id and client_secret"),
    case("M4", "403 suspended, without a type", "not the token endpoint", "403 Forbidden",
         problem(title="Forbidden", detail="This app is suspended."), AppRefused, "suspended", "developer console"),
    case("M4", "402 without words of a kind", "not the token endpoint", "402 Payment Required", problem(title="Payment Required"),
         AppRefused, "Payment Required", "buy credits"),
    case("M4", "200 with a proxy's page", "unknown", "200 OK", b"<html><body>Sign in to the network</body></html>", InDoubt, "unknown", "proxy or filter"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind", "words", "step"), ANSWERS)
def test_x_s_words_and_what_they_mean(raw, auth, monkeypatch, after, status, body, kind, words, step):
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{raw(answer(status, body)).url}/t")
    Path("auth.json").write_text(json.dumps(auth))

    with pytest.raises(kind) as caught:
        twitter.refresh("auth.json")

    text = str(caught.value)
    assert words in text
    assert step in text
    assert json.loads(Path("auth.json").read_text()) == auth
    after(text.splitlines()[0])


def test_a_refused_app_is_tried_again_when_it_has_credits(raw, auth, monkeypatch):
    """Nothing was spent: the same token goes on when the app may again."""
    answers = [
        ("402 Payment Required", problem(title="CreditsDepleted")),
        ("200 OK", problem(access_token="a2", refresh_token="r2")),
    ]
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{raw(lambda c: answer(*answers.pop(0))(c)).url}/t")
    Path("auth.json").write_text(json.dumps(auth))
    with pytest.raises(AppRefused):
        twitter.refresh("auth.json")

    assert twitter.refresh("auth.json")["refresh_token"] == "r2"


# M6: pasted addresses.
ADDRESS = "http://127.0.0.1:8080/callback?state=St-1_x&code=Co-de_1"
PASTED = [
    case("M6", name, "refused, or the login is lost", text) for name, text in {
        "a full stop": ADDRESS + ".", "in parentheses": f"({ADDRESS})", "in backticks": f"`{ADDRESS}`", "&amp;": ADDRESS.replace("&", "&amp;"),
        "\\u0026": ADDRESS.replace("&", "\\u0026"), "percent-encoded as a whole": quote(ADDRESS, safe=""), "[u](u)": f"[{ADDRESS}]({ADDRESS})",
        "in two lines": ADDRESS[:40] + "\n" + ADDRESS[40:], "two lines, indented": ADDRESS[:40] + "\r\n   " + ADDRESS[40:], "<u>": f"<{ADDRESS}>,",
        "curly quotes": f"“{ADDRESS}”.", "escaped for a shell": ADDRESS.replace("&", "\\&").replace("?", "\\?"), "the query alone": ADDRESS.split("?")[1],
        "as it is": ADDRESS,
    }.items()
]  # fmt: skip


@pytest.mark.parametrize("text", PASTED)
def test_a_pasted_address_is_repaired(after, text):
    found = redirect_in(text)

    assert found.state.reveal() == "St-1_x"
    assert found.code.reveal() == "Co-de_1"
    after("taken")


@pytest.mark.parametrize("text", [case("M6", name, "the login ends", text) for name, text in {
    "a blank in the middle": ADDRESS[:50] + " " + ADDRESS[50:], "cut by an editor": ADDRESS[:-3] + "…", "a sentence around it": f"my address is {ADDRESS} I think",
    "two addresses": f"{ADDRESS}&state=x", "an invisible sign": ADDRESS[:-3] + "\u200b" + ADDRESS[-3:], "without its state": ADDRESS.replace("state=St-1_x&", "")}.items()])  # fmt: skip
def test_what_stays_unclear_is_refused_before_the_login_ends(sandbox, after, text):
    with pytest.raises(LoginMismatch) as caught:
        redirect_in(text)
    assert "Co-de" not in str(caught.value)
    after(caught.value.cause)


# M8: impossible client ids.
@pytest.mark.parametrize(("client_id", "words"), [
    case("M8", "the app's number", "X's page alone tells", "27134532", "is a number"),
    case("M8", "an API key of 25 letters", "X's page alone tells", "AbCdEfGhIjKlMnOpQrStUvWxY", "API key"),
    case("M8", "a client id of X's", "nothing", "dGhpcy1pcy1ub3QtYS1jbGllbnQ6MTpjaQ", None),
    case("M8", "another server's client id", "nothing", "my-client", None),
])  # fmt: skip
def test_an_impossible_client_id_is_doubted(after, client_id, words):
    found = doubt(client_id)
    assert found is None if words is None else words in found
    after(found or "nothing")


# M9: httpx.
@pytest.fixture
def api(sandbox, auth_file):
    """A call's address, three minutes after the login: a younger token that is refused is not refreshed."""
    import time_machine

    auth_file()
    with time_machine.travel(time.time() + 180, tick=True):
        yield f"{sandbox.url}/2/users/me"


@pytest.mark.parametrize("is_expired", [case("M9", "a good token", "TypeError", False), case("M9", "a 401 first", "TypeError", True)])  # fmt: skip
def test_httpx(sandbox, api, after, is_expired):
    if is_expired:
        sandbox.accounts.expire_access_tokens()
    bearer = twitter.bearer("auth.json")

    with httpx.Client(auth=bearer) as client:
        assert client.get(api).json()["data"]["username"] == "sandbox"
        assert client.post(api, content=b"x").status_code in (404, 405)
    assert is_alive(sandbox, json.loads(Path("auth.json").read_text())["access_token"])
    after("works")


@pytest.mark.parametrize("is_expired", [case("M9", "AsyncClient", "TypeError", False), case("M9", "AsyncClient, a 401 first", "TypeError", True)])  # fmt: skip
def test_httpx_async(sandbox, api, after, is_expired):
    """The refresh runs in a thread: the loop goes on."""
    if is_expired:
        sandbox.accounts.expire_access_tokens()
    beats = []

    async def beat():
        while True:
            beats.append(1)
            await asyncio.sleep(0.001)

    async def go():
        heart = asyncio.create_task(beat())
        async with httpx.AsyncClient(auth=twitter.bearer("auth.json")) as client:
            found = (await client.get(api)).json()["data"]["username"]
        heart.cancel()
        return found

    assert asyncio.run(go()) == "sandbox"
    assert len(beats) > 1
    after("works")


def test_httpx_sends_the_token_to_nobody_else(raw, api):
    seen = []

    def behaviour(connection):
        seen.append(connection)
        answer("200 OK", b"{}")(connection)

    server = raw(behaviour)
    with httpx.Client(auth=twitter.bearer("auth.json")) as client:
        assert "authorization" not in client.get(f"{server.url}/x").request.headers
        own = client.build_request("GET", f"{server.url}/x", headers={"Authorization": "Basic mine"})
        client.send(own)
        assert own.headers["authorization"] == "Basic mine"
    with pytest.raises(errors.OintError), httpx.Client(auth=twitter.bearer("gone.json")) as client:
        client.get(api)
