import json
from pathlib import Path

import pytest

from oint_magics import twitter
from oint_magics.errors import AuthError, AuthFieldError, AuthNotFound, OintError, SettingError, StoreError
from oint_magics.tokens.source import source_of

GOOD = {"client_id": "an-id", "refresh_token": "a-token"}
STRICT = json.dumps(GOOD)
OPI = "{'client_id':'an-id','refresh_token':'a-token'}"


def test_a_mapping_is_taken_as_an_object():
    source = source_of(GOOD)

    assert source.read().client_id == "an-id"
    assert source.store is None
    assert not source.is_inline


@pytest.mark.parametrize(
    "text",
    [STRICT, OPI, f"'{STRICT}'", f'"{STRICT}"', f'"{OPI}"', f"'{OPI}'", f"  {OPI}  ", f'" {OPI} "', f'"{OPI}',
     '"' + STRICT.replace('"', '\\"') + '"', STRICT.replace('"', '\\"')],
)  # fmt: skip
def test_text_is_read_in_every_quoting(text):
    """Strict or OPI's, bare or in one pair of quotes, or with a shell's backslashes."""
    source = source_of(text)

    assert source.read().refresh_token.reveal() == "a-token"
    assert source.is_inline
    assert source.store is None


@pytest.mark.parametrize("given", ["name", "$name", "{name}", "{ name }"])
@pytest.mark.parametrize("value", [GOOD, STRICT, OPI, Path("auth.json"), "auth.json"])
def test_a_variable_is_taken_as_an_object(given, value):
    """Its text never enters the line, so it is not inline."""
    Path("auth.json").write_text(STRICT)

    source = source_of(given, {"name": value})

    assert source.read().refresh_token.reveal() == "a-token"
    assert not source.is_inline


def test_a_variable_comes_before_a_file_of_that_name():
    Path("name").write_text(STRICT)

    assert source_of("name", {"name": GOOD}).store is None
    assert source_of("name", {}).store is not None
    assert source_of("name").store is not None


@pytest.mark.parametrize(
    "given", ["auth.json", Path("auth.json"), "my folder/auth.json", "Папка\\auth.json", "~/auth.json"]
)
def test_files(given, home):
    """A path, with blanks, Cyrillic, backslashes or a tilde."""
    for path in (Path("auth.json"), Path("my folder/auth.json"), Path("Папка/auth.json"), home / "auth.json"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(STRICT)

    source = source_of(given)

    assert source.read().client_id == "an-id"
    assert source.store is not None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_file_encodings(encoding):
    """1C writes a byte order mark; Windows' editors write UTF-16."""
    Path("auth.json").write_bytes(json.dumps(GOOD | {"note": "Привет"}, ensure_ascii=False).encode(encoding))

    assert source_of("auth.json").read().client_id == "an-id"


def test_the_environment(monkeypatch):
    monkeypatch.setenv("TWITTER_CLIENT_ID", "an-id")
    monkeypatch.setenv("TWITTER_CLIENT_SECRET", "")
    monkeypatch.setenv("MY_REFRESH_TOKEN", "mine")
    monkeypatch.setenv("MY_CLIENT_ID", "my-id")

    assert source_of("env:").read().client_id == "an-id"
    assert source_of("env:").read().client_secret is None
    assert source_of("env:MY_").read().refresh_token.reveal() == "mine"
    monkeypatch.setenv("a-bCLIENT_ID", "x")
    for nothing in ("env:OTHER_", "env:=", "env:a b", "env:a-b"):
        with pytest.raises(AuthNotFound, match="environment holds no auth"):
            source_of(nothing)


def test_the_environment_may_tell_the_expiry(monkeypatch):
    monkeypatch.setenv("MY_CLIENT_ID", "x")
    monkeypatch.setenv("MY_EXPIRES_AT", "1795435200")

    assert source_of("env:MY_").read().expires_at is not None


def test_a_profile():
    twitter.keep(GOOD, "profile:work")

    assert source_of("profile:work").read().client_id == "an-id"


@pytest.mark.parametrize(
    "name", ["profile:", "profile:../x", "profile:a/b", "profile:..", "profile:.", "profile:a b", "profile:a\\b"]
)
def test_a_profiles_name_is_never_a_path(name):
    with pytest.raises(StoreError, match="A store cannot have this name"):
        source_of(name)


def test_a_response_with_a_home_leads_there(sandbox, auth_file):
    response = twitter.refresh(auth_file())

    assert source_of(response).store.label == "auth.json"
    assert source_of("r", {"r": response}).read().refresh_token.reveal() == response["refresh_token"]


MARK = "MARKER5ecret"
BAD = {
    f"http://x/{MARK}": (AuthNotFound, "A web address cannot be a source"),
    f"HTTPS://x/{MARK}": (AuthNotFound, "A web address cannot be a source"),
    MARK: (AuthNotFound, "Nothing is found"),
    f"{MARK}.json": (AuthNotFound, "Nothing is found"),
    f"{{{MARK}}}": (AuthNotFound, "a variable of that name"),
    f"${MARK}": (AuthNotFound, "a variable of that name"),
    "": (AuthNotFound, "Nothing is found"),
    "   ": (AuthNotFound, "Nothing is found"),
    f"a\0{MARK}": (AuthNotFound, "Nothing is found"),
    MARK * 500: (AuthNotFound, "Nothing is found"),
    f'["{MARK}"]': (AuthNotFound, "Nothing is found"),
    f'{{"client_id": "{MARK}': (AuthError, "no closing quote"),
    f'{{"client_id": "x", "refresh_token": "{MARK} "}}': (AuthFieldError, "spaces or quotes around it"),
    f"keyring:{MARK} x": (StoreError, "A store cannot have this name"),
    f"shared:{MARK}": (SettingError, "OINT_SHARED_STORE is not set"),
}


@pytest.mark.parametrize("given", BAD, ids=range(len(BAD)))
def test_bad_sources_get_their_own_message_and_no_echo(given):
    kind, words = BAD[given]

    with pytest.raises(kind) as caught:
        source_of(given, {"other": 1})

    assert words in str(caught.value)
    assert caught.value.next_step
    assert MARK not in str(caught.value)


def test_what_was_looked_for_is_said():
    for given, variables, words in (
        ("x", {}, "a variable, and a file"),
        ("x", None, "looked for a file"),
        ("a.b", {}, "looked for a file"),
    ):
        with pytest.raises(AuthNotFound, match=words):
            source_of(given, variables)


def test_the_byte_that_is_no_text_is_named():
    Path("a.json").write_bytes(b'\xef\xbb\xbf{"a": "\xff"}')

    with pytest.raises(AuthError, match=r"\(byte 11\)"):
        source_of("a.json").read()


def test_bad_files():
    """Each says what is wrong with the file, and nothing of what is in it."""
    files = {
        "empty.json": (b"", "the text is empty"),
        "list.json": (f'["{MARK}"]'.encode(), "a list stands where one object is wanted"),
        "cp1251.json": (f'{{"{MARK}": "Привет"}}'.encode("cp1251"), "not UTF-8"),
        "utf16.json": (STRICT.encode("utf-16-le"), "line 1, column 2"),
        "cut.json": (f'{{"client_id": "{MARK}"'.encode(), "cut off"),
        "huge.json": (b"{" + b" " * 2**20, "larger than 1 MiB"),
    }  # fmt: skip
    for name, (data, words) in files.items():
        Path(name).write_bytes(data)
        with pytest.raises(AuthError) as caught:
            source_of(name).read()
        assert words in str(caught.value), name
        assert MARK not in str(caught.value)
    Path("folder.json").mkdir()
    with pytest.raises(AuthError, match="it is not a file"):
        source_of("folder.json").read()


def test_a_pipe_is_no_file_and_is_not_waited_for(tmp_path):
    __import__("os").mkfifo(tmp_path / "pipe.json")
    with pytest.raises(AuthError, match="it is not a file"):
        source_of(tmp_path / "pipe.json").read()


@pytest.mark.parametrize("given", [5, None, [GOOD], b"{}", object()])
def test_other_types_are_named_by_their_type(given):
    with pytest.raises(OintError, match="type"):
        source_of(given)
    with pytest.raises(OintError, match="type"):
        source_of("x", {"x": given})
