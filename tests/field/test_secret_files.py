"""U7: secrets in files of their own, as Docker and Kubernetes mount them, and paths where a secret is expected."""

import base64
import json
import os
import random
from pathlib import Path

import pytest
from field.rows import case, is_alive, read
from raw_server import answer

from oint_magics import twitter
from oint_magics.auth import secret_file
from oint_magics.auth.structure import is_token
from oint_magics.errors import AuthError, StoreError
from oint_magics.notebook.given import Given

SENT = "sent to X as a token; log in again"
IGNORED = "rename it to refresh_token"
PAIR = {"token_type": "bearer", "expires_in": 7200, "access_token": "new-access", "refresh_token": "new-token"}


@pytest.fixture
def server(raw, monkeypatch):
    server = raw(answer("200 OK", json.dumps(PAIR).encode()))
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    return server


@pytest.fixture
def app(sandbox, monkeypatch):
    """A pair of the sandbox, each value in a file; a setting names the sandbox, as no variable does."""
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{sandbox.url}/2/oauth2/token")
    issued = sandbox.issue()
    for name in ("client_id", "client_secret", "refresh_token"):
        Path(name).write_text(issued[name] + "\n")
    return issued


def given(kind, values, monkeypatch):
    """Return a source that holds these variables."""
    if kind == "env:":
        for name, value in values.items():
            monkeypatch.setenv(name, value)
    elif kind == ".env":
        Path(".env").write_text("".join(f"{name}='{value}'\n" for name, value in values.items()))
    elif kind == "auth.json":
        Path(kind).write_text(json.dumps(values))
    return values if kind == "a mapping" else "env:MY_" if kind == "env:" and "MY_CLIENT_ID" in values else kind


@pytest.mark.parametrize("text", [
    case("U7", "the file holds a line of a .env file", SENT, "X_REFRESH_TOKEN=TOKEN"),
    case("U7", "the file holds an exported variable", SENT, "export X_REFRESH_TOKEN='TOKEN'"),
    case("U7", "the file holds JSON", SENT, '{"refresh_token": "TOKEN"}'),
])  # fmt: skip
def test_a_file_with_more_than_the_secret_is_refused(app, sandbox, monkeypatch, after, text):
    Path("refresh_token").write_text(text.replace("TOKEN", app["refresh_token"]) + "\n")
    values = {f"X_{name.upper()}_FILE": name for name in ("client_id", "client_secret", "refresh_token")}

    with pytest.raises(AuthError) as caught:
        twitter.refresh(given("env:", values, monkeypatch), to="profile:x")

    assert "not the secret alone" in caught.value.cause
    assert app["refresh_token"] not in str(caught.value)
    assert sandbox.accounts.counts.refreshes == 0
    after(caught.value.cause)


def test_a_token_that_ends_like_base64_is_the_secret_alone(server, monkeypatch):
    Path("rt").write_text("an_old_token_in_base64==\n")
    values = {"X_CLIENT_ID": "a-client-id", "X_REFRESH_TOKEN_FILE": "rt"}
    assert twitter.refresh(given("env:", values, monkeypatch), to="profile:x")["refresh_token"]


def test_a_variable_that_is_empty_names_no_file(server, monkeypatch):
    """Compose files set what they do not use to nothing."""
    values = {"X_CLIENT_ID": "a-client-id", "X_CLIENT_SECRET": "s" * 40, "X_REFRESH_TOKEN_FILE": ""}
    with pytest.raises(AuthError) as caught:
        twitter.refresh(given("env:", values, monkeypatch), to="profile:x")
    assert "names a file" not in str(caught.value)
    assert server.requests == []


@pytest.mark.parametrize(("kind", "name", "value"), [
    case("U7", "env: X_REFRESH_TOKEN=/run/secrets/rt", SENT, "env:", "X_REFRESH_TOKEN", "/run/secrets/rt"),
    case("U7", ".env TWITTER_REFRESH_TOKEN=file:/run/secrets/rt", SENT, ".env", "TWITTER_REFRESH_TOKEN", "file:/run/secrets/rt"),
    case("U7", "mapping X_REFRESH_TOKEN=@rt", SENT, "a mapping", "X_REFRESH_TOKEN", "@rt"),
    case("U7", "auth.json refresh_token: C:\\secrets\\rt", SENT, "auth.json", "refresh_token", "C:\\secrets\\rt"),
    case("U7", "env:MY_ MY_REFRESH_TOKEN=./rt", SENT, "env:", "MY_REFRESH_TOKEN", "./rt"),
    case("U7", ".env X_CLIENT_SECRET=~/secrets/cs", SENT, ".env", "X_CLIENT_SECRET", "~/secrets/cs"),
    case("U7", "mapping X_CLIENT_ID=$HOME/id", SENT, "a mapping", "X_CLIENT_ID", "$HOME/id"),
    case("U7", "auth.json refresh_token: a file that is there", SENT, "auth.json", "refresh_token", "rt.txt"),
])  # fmt: skip
def test_a_path_is_refused_before_it_is_sent(server, monkeypatch, after, kind, name, value):
    Path("rt.txt").write_text("x")
    prefix = name.lower().partition("client" if "client" in name.lower() else "refresh")[0]
    start = name[: len(prefix)]
    style = str.upper if name.isupper() else str
    values = {start + style(key): key for key in ("client_id", "client_secret", "refresh_token")} | {name: value}

    with pytest.raises(AuthError) as caught:
        twitter.refresh(given(kind, values, monkeypatch), to="profile:x")

    assert caught.value.what.startswith(f"{name} is not filled in: it holds a path, not ")
    assert caught.value.what.endswith("Nothing was sent.")
    assert value not in str(caught.value)
    assert server.requests == []
    assert (f"{name}_FILE" in caught.value.next_step) == name.isupper()
    after(caught.value.what)


@pytest.mark.parametrize(("kind", "prefix", "in_files"), [
    case("U7", "env: X_REFRESH_TOKEN_FILE alone", IGNORED, "env:", "X_", ("refresh_token",)),
    case("U7", "env: all three by TWITTER_…_FILE", IGNORED, "env:", "TWITTER_", ("client_id", "client_secret", "refresh_token")),
    case("U7", "env:MY_ MY_REFRESH_TOKEN_FILE", IGNORED, "env:", "MY_", ("refresh_token",)),
    case("U7", ".env with X_CLIENT_ID_FILE and X_REFRESH_TOKEN_FILE", IGNORED, ".env", "X_", ("client_id", "refresh_token")),
    case("U7", "mapping, all in files", IGNORED, "a mapping", "X_", ("client_id", "client_secret", "refresh_token")),
])  # fmt: skip
def test_a_file_is_read(sandbox, app, monkeypatch, after, kind, prefix, in_files):
    names = ("client_id", "client_secret", "refresh_token")
    values = {
        f"{prefix}{name.upper()}{'_FILE' * (name in in_files)}": str(Path(name).absolute())
        if name in in_files
        else app[name]
        for name in names
    }
    source = given(kind, values, monkeypatch)

    first = twitter.refresh(source, to="profile:x")
    again = twitter.refresh(source, to="profile:x")

    assert is_alive(sandbox, again["access_token"])
    assert first["refresh_token"] != again["refresh_token"]
    assert Path("refresh_token").read_text() == app["refresh_token"] + "\n"
    after("read; refreshed twice into profile:x; the secret's file is as it was")


@pytest.mark.parametrize("kind", ["env:", ".env", "a mapping"])
@pytest.mark.parametrize("name", ["X_REFRESH_TOKEN", "X_CLIENT_SECRET", "X_CLIENT_ID"])
def test_a_value_and_its_file_are_refused_by_name(server, app, monkeypatch, kind, name):
    values = {
        "X_CLIENT_ID": "a",
        "X_REFRESH_TOKEN": "b",
        name: "c",
        f"{name}_FILE": str(Path("refresh_token").absolute()),
    }

    with pytest.raises(AuthError, match="Both are set") as caught:
        twitter.refresh(given(kind, values, monkeypatch), to="profile:x")

    assert f"{name}_FILE" in caught.value.what
    assert f"{name} " in caught.value.what or f"{name}." in caught.value.what
    assert server.requests == []


@pytest.mark.parametrize(("make", "words"), [
    case("U7", "X_REFRESH_TOKEN_FILE: no such file", IGNORED, lambda path: None, "no such file"),
    case("U7", "X_REFRESH_TOKEN_FILE: a folder", IGNORED, Path.mkdir, "folder"),
    case("U7", "X_REFRESH_TOKEN_FILE: an empty file", IGNORED, lambda path: path.write_text("\n"), "empty"),
    case("U7", "X_REFRESH_TOKEN_FILE: 65 KiB", IGNORED, lambda path: path.write_text("x" * 66_000), "larger than 64 KiB"),
    case("U7", "X_REFRESH_TOKEN_FILE: a pipe", IGNORED, os.mkfifo, "not a file"),
])  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_in_words(server, monkeypatch, after, make, words):
    path = Path("the-place-of-the-secret")
    make(path)

    with pytest.raises(
        AuthError, match="X_REFRESH_TOKEN_FILE names a file that cannot be used. Nothing was sent"
    ) as caught:
        twitter.refresh(
            given("env:", {"X_CLIENT_ID": "a", "X_REFRESH_TOKEN_FILE": str(path)}, monkeypatch), to="profile:x"
        )

    assert words in caught.value.cause
    assert str(path) not in str(caught.value)
    assert server.requests == []
    after(caught.value.cause)


def test_one_line_end_is_stripped_and_no_more(server, monkeypatch):
    Path("rt").write_bytes(b"\xef\xbb\xbfa-token\r\n")
    values = {"X_CLIENT_ID": "a", "X_REFRESH_TOKEN_FILE": "rt"}
    twitter.refresh(given("env:", values, monkeypatch), to="profile:x")
    assert b"refresh_token=a-token&" in server.requests[0] + b"&"

    Path("rt").write_bytes(b"other\n\n")
    with pytest.raises(AuthError, match="line break"):
        twitter.refresh("env:", to="profile:y")


def test_only_the_files_of_the_set_that_is_used_are_read(server, monkeypatch):
    """The file of another prefix may belong to another program, and be closed to us."""
    values = {"X_CLIENT_ID": "a", "X_REFRESH_TOKEN": "b", "TWITTER_ACCESS_TOKEN_FILE": "/nowhere/at"}
    twitter.refresh(given("env:", values, monkeypatch), to="profile:x")
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", ["X_REFRESH_TOKEN_FILE", "X_ACCESS_TOKEN_FILE"])
def test_new_tokens_are_not_saved_into_a_secrets_file(server, name):
    """Saved as a variable beside it, they would be a second, contradicting value."""
    Path("rt").write_text("a-token")
    values = {"X_CLIENT_ID": "a", "X_REFRESH_TOKEN": "b"} | {name: "rt"}
    if name == "X_REFRESH_TOKEN_FILE":
        del values["X_REFRESH_TOKEN"]
    text = "".join(f"{key}={value}\n" for key, value in values.items())
    Path(".env").write_text(text)

    with pytest.raises(StoreError, match=f"the file that {name} names. Nothing was sent") as caught:
        twitter.refresh(".env")

    assert server.requests == []
    assert 'to="NAME.json"' in caught.value.next_step
    assert (Path(".env").read_text(), Path("rt").read_text()) == (text, "a-token")


def test_a_refresh_beside_an_app_in_files_is_saved_into_the_env_file(sandbox, app):
    Path(".env").write_text(
        f"X_CLIENT_ID_FILE=client_id\nX_CLIENT_SECRET_FILE=client_secret\nX_REFRESH_TOKEN={app['refresh_token']}\n"
    )
    twitter.refresh(".env")
    again = twitter.refresh(".env")

    assert is_alive(sandbox, again["access_token"])
    assert f"X_REFRESH_TOKEN={again['refresh_token']}" in Path(".env").read_text()


def test_a_token_is_added_under_the_prefix_of_an_app_in_a_file(app):
    """As after a first login."""
    from oint_magics.auth.document import edited, read_document

    document = read_document("X_CLIENT_ID_FILE=client_id\n", ".env")
    assert edited(document, {"refresh_token": "new"}) == "X_CLIENT_ID_FILE=client_id\nX_REFRESH_TOKEN=new\n"


@pytest.mark.parametrize("values", [
    case("U7", "auth.json with refresh_token_file", IGNORED, {"client_id": "a", "refresh_token_file": "/run/secrets/rt"}),
    case("U7", "auth.json with refreshTokenFile", IGNORED, {"clientId": "a", "refreshTokenFile": "rt"}),
    case("U7", "auth.json with X_REFRESH_TOKEN_FILE beside client_id", IGNORED, {"client_id": "a", "X_REFRESH_TOKEN_FILE": "rt"}),
])  # fmt: skip
def test_elsewhere_a_file_is_named_for_what_it_is(server, after, values):
    """A file that came from anybody does not make us read another one."""
    Path("rt").write_text("a-token")
    Path("auth.json").write_text(json.dumps(values))

    with pytest.raises(AuthError, match="refresh_token is missing. Nothing was sent") as caught:
        twitter.refresh("auth.json")

    assert "names a file" in caught.value.cause
    assert "rename" not in caught.value.next_step
    assert server.requests == []
    assert read("auth.json") == values
    after(caught.value.cause)


def test_the_panel_says_it_of_what_is_typed():
    given = Given()
    given.type("refresh_token", "/run/secrets/rt")
    item = next(item for item in given.items() if item.key == "refresh_token")
    assert (item.state, item.text) == ("wrong", "a path, not the value itself")


def test_a_token_is_no_path():
    """Tokens of other servers are standard base64, and some begin with a slash; X's own have neither sign."""
    chance = random.Random(7)
    for size in (32, 48, 91):
        for _ in range(3000):
            text = "/" + base64.b64encode(chance.randbytes(size)).decode()
            assert is_token(text)
    for text in ("a.b.c", "AAA/BBB==", "/", "//", "x@y", "1//0gabc-_", "ya29.a0Af_x/y"):
        assert not secret_file.is_path(text, is_token=True)
    assert not secret_file.is_path("@ecret", is_token=False)
    assert secret_file.is_path("@/run/secrets/cs", is_token=False)
    assert secret_file.is_path("\\\\server\\share\\rt", is_token=True)
    assert not is_token("/run/secrets/rt")
