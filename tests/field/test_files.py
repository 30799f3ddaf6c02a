"""The file is somebody else's, and the pair in it has other names: F8 and N1 to N10."""

import json
import os
import re
from pathlib import Path

import pytest
from dotenv import dotenv_values
from field.rows import case, is_alive

from oint_magics import twitter
from oint_magics.errors import AuthError, OintError

LOG_IN = re.compile(r"log in|twitter_login|twitter\.login", re.IGNORECASE)


@pytest.fixture
def pair(sandbox):
    """A fresh pair by short names, and the sandbox's address."""
    found = sandbox.issue()
    return {"CI": found["client_id"], "CS": found["client_secret"], "AT": found["access_token"],
            "RT": found["refresh_token"], "URL": found["sandbox"]}  # fmt: skip


def filled(text, pair):
    return re.sub(r"\b(CI|CS|AT|RT|URL)\b", lambda found: pair[found[0]], text)


def tokens(text, pair, pattern):
    """Return what stands in the text of a file now where a pattern of its first form has RT and AT."""
    found = re.search(
        filled(re.escape(pattern).replace("RT", "(?P<rt>[^\"']+)").replace("AT", "(?P<at>[^\"']+)"), pair), text
    )
    return found and found.groupdict()


JSON_FILES = [
    case("N1", "camel case, milliseconds", "client_id is missing",
         '{"client_id": "CI", "client_secret": "CS", "accessToken": "AT", "refreshToken": "RT", "expiresAt": 1764160000000, "sandbox": "URL"}'),
    case("N1", "Pascal case", "client_id is missing",
         '{"ClientId": "CI", "ClientSecret": "CS", "AccessToken": "AT", "RefreshToken": "RT", "ExpiresAt": 1764160000, "sandbox": "URL"}'),
    case("N1", "with oauth2 before it", "log in",
         '{"client_id": "CI", "client_secret": "CS", "oauth2AccessToken": "AT", "oauth2RefreshToken": "RT", "sandbox": "URL"}'),
    case("N1", "with dashes, no expiry", "client_id is missing",
         '{"client-id": "CI", "client-secret": "CS", "access-token": "AT", "refresh-token": "RT", "sandbox": "URL"}'),
    case("N2", "the tokens below token", "log in",
         '{"client_id": "CI", "client_secret": "CS", "token": {"access_token": "AT", "refresh_token": "RT"}, "sandbox": "URL"}'),
    case("N2", "app and tokens below", "client_id is missing",
         '{"app": {"client_id": "CI", "client_secret": "CS"}, "tokens": {"access_token": "AT", "refresh_token": "RT", "expires_at": 1764160000.123}, "sandbox": "URL"}'),
    case("N2", "all below credentials, beside another service's", "client_id is missing",
         '{"google": {"client_id": "g", "refresh_token": "g"}, "credentials": {"client_id": "CI", "client_secret": "CS", "access_token": "AT", "refresh_token": "RT", "sandbox": "URL"}}'),
    case("N2", "the token's twin at the top", "one of the two is saved",
         '{"client_id": "CI", "client_secret": "CS", "refresh_token": "RT", "access_token": "AT", "token": {"refresh_token": "RT"}, "sandbox": "URL"}'),
    case("N3", "camel case everywhere", "client_id is missing",
         '{"clientId": "CI", "clientSecret": "CS", "accessToken": "AT", "refreshToken": "RT", "sandbox": "URL"}'),
    case("N3", "with x before it", "client_id is missing",
         '{"xClientId": "CI", "xClientSecret": "CS", "xAccessToken": "AT", "xRefreshToken": "RT", "sandbox": "URL"}'),
    case("N3", "in capitals", "client_id is missing",
         '{"TWITTER_CLIENT_ID": "CI", "TWITTER_CLIENT_SECRET": "CS", "TWITTER_ACCESS_TOKEN": "AT", "TWITTER_REFRESH_TOKEN": "RT", "TWITTER_SANDBOX": "URL"}'),
    case("N3", "below twitter", "client_id is missing",
         '{"twitter": {"clientId": "CI", "clientSecret": "CS", "refreshToken": "RT"}, "sandbox": "URL"}'),
]  # fmt: skip


@pytest.mark.parametrize("text", JSON_FILES)
def test_a_json_file_is_refreshed_and_saved_under_its_own_names(sandbox, pair, after, text):
    """Twice: what was saved is found again. No name of ours is added where the file has another spelling."""
    before = filled(text, pair)
    Path("auth.json").write_text(before)

    first = twitter.refresh("auth.json")
    second = twitter.refresh("auth.json")

    saved = Path("auth.json").read_text()
    assert second["refresh_token"] != first["refresh_token"]
    assert is_alive(sandbox, second["access_token"])
    rest = saved.replace(second["refresh_token"], pair["RT"]).replace(second["access_token"], pair["AT"])
    names = re.findall(r'"([A-Za-z_0-9-]+)":', before)
    added = [name for name in re.findall(r'"([A-Za-z_0-9-]+)":', rest) if name not in names]
    assert len(added) <= 2
    assert pair["RT"] not in saved
    assert pair["AT"] not in saved
    if not added:
        assert re.sub(r"17\d{8}(\d*\.\d|\d*)", "TIME", rest) == re.sub(r"17\d{8}(\d*\.\d+|\d*)", "TIME", before)
    else:
        more = rf',\s*"(?:{"|".join(added)})": (?:"[^"]*"|\d+)'
        assert re.sub(more, "", rest) == before
    after(f"refreshed twice, saved there{', added: ' + ', '.join(added) if added else ''}")


DOTENV = [
    case("N4", "quoted, among others, with comments", "client_id is missing",
         'DEBUG=1\n# the app\nX_CLIENT_ID="CI"\nX_CLIENT_SECRET="CS" # secret\nX_REFRESH_TOKEN="RT"\nX_SANDBOX=URL\nDB_URL="postgres://u:p@h/d?a=b#c"\n'),
    case("N4", "export, single quotes, CRLF, no end of line", "client_id is missing",
         "export TWITTER_CLIENT_ID='CI'\r\nexport TWITTER_CLIENT_SECRET='CS'\r\nTWITTER_SANDBOX=URL\r\nexport TWITTER_REFRESH_TOKEN='RT'"),
    case("N4", "bare, with access token and expiry", "client_id is missing",
         "X_CLIENT_ID=CI\nX_CLIENT_SECRET=CS\nX_ACCESS_TOKEN=AT\nX_EXPIRES_AT=1764160000000\nX_REFRESH_TOKEN=RT   # rotates\nX_SANDBOX=URL\n"),
    case("N4", "a name twice: the last counts", "client_id is missing",
         "X_CLIENT_ID=CI\nX_CLIENT_SECRET=CS\nX_REFRESH_TOKEN=stale\nX_REFRESH_TOKEN=RT\nX_SANDBOX=URL\n"),
    case("N4", "no prefix, OAUTH2 inside, BOM", "client_id is missing",
         "\ufeffCLIENT_ID=CI\nCLIENT_SECRET=CS\nOAUTH2_REFRESH_TOKEN=RT\nSANDBOX=URL\n"),
    case("N7", "with OAuth 1.0a beside it", "an API key is taken",
         "TWITTER_CLIENT_ID=CI\nTWITTER_CLIENT_SECRET=CS\nTWITTER_REFRESH_TOKEN=RT\nTWITTER_ACCESS_TOKEN=1234567890-abcdefghijabcdefghijabcdefghijabcdefghij\n"
         "TWITTER_ACCESS_TOKEN_SECRET=s\nTWITTER_API_KEY=k\nTWITTER_SANDBOX=URL\n"),
    case("N7", "the same, with consumer keys and an app-only bearer", "an API key is taken",
         "TWITTER_CLIENT_ID=CI\nTWITTER_CLIENT_SECRET=CS\nTWITTER_REFRESH_TOKEN=RT\nTWITTER_CONSUMER_KEY=k\nTWITTER_CONSUMER_SECRET=s\n"
         "TWITTER_BEARER_TOKEN=AAAAAAAAAAAAAAAAAAAAAAAA%3D\nTWITTER_ACCESS_TOKEN='987654-abcdefghijabcdefghijabcdefghijabcdefghij'\nTWITTER_SANDBOX=URL\n"),
    case("N7", "the same, both kinds of access token", "an API key is taken",
         "X_CLIENT_ID=CI\nX_CLIENT_SECRET=CS\nX_REFRESH_TOKEN=RT\nX_OAUTH2_ACCESS_TOKEN=AT\nX_ACCESS_TOKEN=123-abcdefghijabcdefghij\nX_SANDBOX=URL\n"),
    case("N7", "the same, without a prefix", "an API key is taken",
         "CLIENT_ID=CI\nCLIENT_SECRET=CS\nREFRESH_TOKEN=RT\nAPI_KEY=k\nACCESS_TOKEN=123-abcdefghijabcdefghij\nSANDBOX=URL\n"),
]  # fmt: skip


@pytest.mark.parametrize("text", DOTENV)
def test_a_dotenv_file_is_refreshed_and_every_other_byte_stays(sandbox, pair, after, text):
    before = filled(text, pair)
    Path(".env").write_bytes(before.encode())

    first = twitter.refresh(".env")
    kept = twitter.refresh(".env", if_expired=True)
    second = twitter.refresh(".env")

    saved = Path(".env").read_bytes().decode()
    assert kept["access_token"] == first["access_token"]
    assert is_alive(sandbox, second["access_token"])
    rest = saved.replace(second["refresh_token"], pair["RT"]).replace(second["access_token"], pair["AT"])
    assert re.sub(r"EXPIRES_AT=\d+", "", rest) == re.sub(r"EXPIRES_AT=\d+", "", before)
    assert "X_CLIENT_ID" not in os.environ
    after("refreshed twice, saved there; the access token is kept in the data folder")


def test_a_new_dotenv_file_is_one(sandbox):
    """Kept into a name like that; and never over another program's variables."""
    twitter.keep(sandbox.issue(), "new.env")

    assert Path("new.env").read_text().startswith("TWITTER_")
    assert is_alive(sandbox, twitter.refresh("new.env")["access_token"])
    Path(".env").write_text("DATABASE_PASSWORD=x\n")
    with pytest.raises(OintError, match="its other lines would be lost"):
        twitter.keep("new.env", ".env", replace=True)
    assert Path(".env").read_text() == "DATABASE_PASSWORD=x\n"


def test_a_first_login_appends_the_refresh_tokens_line_alone(sandbox, after):
    """A `.env` with the app alone: what a login brings is one line more, in the form of the others."""
    app = sandbox.app()
    before = f"A=1\r\nexport X_CLIENT_ID='{app['client_id']}'\r\nX_CLIENT_SECRET={app['client_secret']}\r\nX_SANDBOX={app['sandbox']}\r\nX_CALLBACK_URL={app['redirect_uri']}"
    Path(".env").write_bytes(before.encode())

    response = twitter.get_token(sandbox.approve(twitter.authorization_link(".env")), ".env")

    assert Path(".env").read_bytes().decode() == f"{before}\r\nexport X_REFRESH_TOKEN='{response['refresh_token']}'\r\n"
    assert twitter.refresh(".env", if_expired=True)["access_token"] == response["access_token"]


@pytest.mark.parametrize("give", [
    case("N5", "a variable that dotenv_values made", "client_id is missing", lambda: dotenv_values(".env")),
    case("N5", "os.environ", "client_id is missing", lambda: os.environ),
    case("N5", "dict(os.environ)", "client_id is missing", lambda: dict(os.environ)),
    case("N5", "a copy of it", "client_id is missing", lambda: os.environ.copy()),
    case("N6", "env:X_", "log in", lambda: "env:X_"),
    case("N6", "env:", "nothing is found", lambda: "env:"),
    case("N6", "env:X, without the line below", "nothing is found", lambda: "env:X"),
])  # fmt: skip
def test_variables_are_read_by_their_prefix(sandbox, pair, monkeypatch, after, give):
    """Beside another service's; a variable named for OAuth 2.0 is the same one."""
    lines = {"X_CLIENT_ID": "CI", "X_CLIENT_SECRET": "CS", "X_OAUTH2_REFRESH_TOKEN": "RT", "X_SANDBOX": "URL"}
    Path(".env").write_text("\n".join(f'{name}="{pair[value]}"' for name, value in lines.items()))
    for name, value in lines.items():
        monkeypatch.setenv(name, pair[value])
    monkeypatch.setenv("CLIENT_ID", "another service's")
    monkeypatch.setenv("GOOGLE_REFRESH_TOKEN", "another service's")
    monkeypatch.setenv("X_ACCESS_TOKEN", "1234567890-abcdefghijabcdefghijabcdefghijabcdefghij")

    response = twitter.refresh(give(), to="profile:x")

    assert is_alive(sandbox, response["access_token"])
    after("refreshed into the named profile")


REFUSED = [
    case("N6", "two complete sets", "TWITTER_ alone", {"X_CLIENT_ID": "a", "X_REFRESH_TOKEN": "SECRET1", "TWITTER_CLIENT_ID": "b", "TWITTER_REFRESH_TOKEN": "SECRET2"},
         ["X_REFRESH_TOKEN", "TWITTER_REFRESH_TOKEN", "Two complete sets"]),
    case("N6", "a set of two halves", "mixed", {"X_CLIENT_ID": "a", "TWITTER_REFRESH_TOKEN": "SECRET1"}, ["X_CLIENT_ID", "TWITTER_REFRESH_TOKEN"]),
    case("N6", "a name that looks like it", "log in", {"X_CLIENT_ID": "a", "X_REFRESHTOK": "SECRET1"}, ["X_REFRESHTOK"]),
    case("N6", "only another name for the app", "nothing is found", {"X_REFRESH_TOKEN": "SECRET1", "X_APP_CLIENT_ID_": "a"}, ["client_id"]),
]  # fmt: skip


@pytest.mark.parametrize(("variables", "words"), REFUSED)
def test_what_is_no_complete_set_is_named(monkeypatch, after, variables, words):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(AuthError) as caught:
        twitter.refresh("env:", to="profile:x")

    text = str(caught.value)
    assert all(word in text for word in words)
    assert "SECRET" not in text
    assert not LOG_IN.search(text)
    after(caught.value.what)


def test_a_file_beside_oauth_1_keys_keeps_them(sandbox, pair, after):
    """The access token of OAuth 1.0a stays where it stands; the new one stands beside it."""
    given = filled('{"client_id": "CI", "client_secret": "CS", "access_token": "123456789-abcdefghijklmnop", '
                   '"access_token_secret": "s", "refresh_token": "RT", "sandbox": "URL"}', pair)  # fmt: skip
    Path("auth.json").write_text(given)

    response = twitter.refresh("auth.json")

    saved = json.loads(Path("auth.json").read_text())
    assert saved["access_token"] == "123456789-abcdefghijklmnop"
    assert saved["oauth2_access_token"] == response["access_token"]


KINDS = [
    case("N8", "a token answer without its app", "client_id is missing",
         {"token_type": "bearer", "expires_in": 7200, "access_token": "at", "scope": ["a", "b"], "refresh_token": "rt", "expires_at": 1764160000.5},
         "token answer without its app", "add client_id"),
    case("N8", "the same, without a refresh token", "client_id is missing", {"token_type": "bearer", "access_token": "at"},
         "token answer without its app", "add client_id"),
    case("N8", "the same, below token", "client_id is missing", {"token": {"accessToken": "at", "refreshToken": "rt"}},
         "token answer without its app", "add client_id"),
    case("N8", "OAuth 1.0a keys", "client_id is missing",
         {"consumer_key": "k", "consumer_secret": "s", "access_token": "123456789-abcdefghijklmnop", "access_token_secret": "s"}, "OAuth 1.0a", "OAuth 2.0 Client ID"),
    case("N8", "API key and secret", "client_id is missing", {"api_key": "k", "api_secret_key": "s"}, "OAuth 1.0a", "OAuth 2.0 Client ID"),
    case("N8", "an app-only bearer", "client_id is missing", {"bearer_token": "A" * 22 + "xyz%3D"}, "app-only", "OAuth 2.0 Client ID"),
    case("N8", "a client file of Google's", "client_id is missing", {"installed": {"client_id": "g", "client_secret": "s"}}, "Google", "X app"),
    case("N8", "several accounts in a list", "client_id is missing",
         {"accounts": [{"client_id": "a", "refresh_token": "r1"}, {"client_id": "b", "refresh_token": "r2"}]}, "nested too deeply", "file of its own"),
    case("N8", "two tokens, two places", "client_id is missing",
         {"client_id": "a", "token": {"refresh_token": "r1"}, "tokens": {"refresh_token": "r2"}}, "More than one refresh_token", "file of its own"),
    case("N8", "two spellings, two tokens", "the first is taken",
         {"client_id": "a", "refresh_token": "r1", "refreshToken": "r2"}, "More than one refresh_token", "file of its own"),
    case("N10", "a sops file", "sent to X", {"client_id": "ENC[AES256_GCM,data:a]", "refresh_token": "ENC[AES256_GCM,data:b]", "sops": {"mac": "x"}}, "sops", "decrypt"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "what", "step"), KINDS)
def test_auth_data_of_another_kind_is_named_and_never_used(raw, monkeypatch, after, values, what, step):
    """From a file and from a mapping; nothing is sent, and nobody is told to log in."""
    seen = []
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", raw(lambda connection: seen.append(connection)).url)
    Path("auth.json").write_text(json.dumps(values))
    for given in ("auth.json", values):
        with pytest.raises(OintError) as caught:
            twitter.refresh(given, to="profile:x")

        text = str(caught.value)
        assert what in text
        assert step in text
        assert "Nothing was sent" in caught.value.what
        assert not LOG_IN.search(text)
    assert seen == []
    after(caught.value.what)


UNFILLED = ["${X_REFRESH_TOKEN}", "{{refresh_token}}", "{{ secrets.RT }}", "${{ secrets.RT }}", "ENC[AES256_GCM,data:abcd,iv:efgh,tag:ijkl,type:str]",
            "$X_REFRESH_TOKEN", "%(refresh_token)s", "<%= token %>", "op://vault/item/field", "vault:secret/data/x#token",
            "@Microsoft.KeyVault(SecretUri=https://a/b)", "REPLACE_ME", "change-me", "REFRESH_TOKEN_HERE", "your-refresh-token", "***",
            "<refresh token>", "{refresh_token}", "%X_REFRESH_TOKEN%", "$(cat token)", "TODO"]  # fmt: skip


@pytest.mark.parametrize("text", [case("N10", text, "sent to X", text) for text in UNFILLED])
@pytest.mark.parametrize("form", ["json", "env"])
def test_a_value_that_a_tool_should_have_filled_in_is_refused(after, form, text):
    if form == "json":
        Path("auth").with_suffix(".json").write_text(json.dumps({"client_id": "a", "refresh_token": text}))
    else:
        Path("auth.env").write_text(f"X_CLIENT_ID=a\nX_REFRESH_TOKEN='{text}'\n")

    with pytest.raises(AuthError, match="refresh_token still holds the placeholder") as caught:
        twitter.refresh(f"auth.{form}")

    assert text not in str(caught.value)
    assert not LOG_IN.search(str(caught.value))
    after("refused by name, nothing sent")


EXPIRY = [
    case("F8", "milliseconds", "becomes int seconds", "1764160000000", r"\d{13}"),
    case("F8", "ISO with Z", "becomes int seconds", '"2026-11-26T11:16:45Z"', r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"'),
    case("F8", "ISO without a zone, microseconds", "becomes int seconds", '"2026-11-26T11:16:45.459619"', r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}"'),
    case("F8", "ISO with an offset", "becomes int seconds", '"2026-11-26 14:16:45+03:00"', r'"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+03:00"'),
    case("F8", "float seconds", "becomes int seconds", "1764160000.123", r"\d{10}\.\d"),
    case("F8", "text", "becomes int seconds", '"1764160000"', r'"\d{10}"'),
    case("F8", "text of milliseconds", "becomes int seconds", '"1764160000000"', r'"\d{13}"'),
    case("F8", "seconds", "stays", "1764160000", r"\d{10}"),
    case("F8", "null", "becomes int seconds", "null", r"\d{10}"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), EXPIRY)
def test_the_end_keeps_its_unit_and_type(pair, after, old, new):
    text = filled(
        '{"client_id": "CI", "client_secret": "CS", "refresh_token": "RT", "access_token": "AT", "expires_at": OLD, "sandbox": "URL"}',
        pair,
    )
    Path("auth.json").write_text(text.replace("OLD", old))

    response = twitter.refresh("auth.json")

    saved = re.search(r'"expires_at": (.*), "sandbox"', Path("auth.json").read_text())[1]
    assert re.fullmatch(new, saved)
    assert json.loads(Path("auth.json").read_text())["refresh_token"] == response["refresh_token"]
    assert twitter.refresh("auth.json", if_expired=True)["access_token"] == response["access_token"]
    after(re.sub(r"\d", "9", saved))


def test_a_scope_list_stays_a_list_after_a_login(sandbox, after):
    app = sandbox.app() | {"scope": ["tweet.read", "users.read", "offline.access"]}
    Path("auth.json").write_text(json.dumps(app))

    twitter.get_token(sandbox.approve(twitter.authorization_link("auth.json")), "auth.json")

    assert json.loads(Path("auth.json").read_text())["scope"] == sorted(app["scope"])
