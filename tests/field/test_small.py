"""Small ones (U23), JSON without end (B22), and programs without stderr, whole messages or UTF-8 (B23)."""

import contextlib
import io
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests
from field.rows import case, is_alive, row
from IPython.utils.capture import capture_output
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from oint_magics import errors, settings, twitter
from oint_magics.notebook.connect import ConnectPanel
from oint_magics.notebook.given import Given
from oint_magics.opi import run as opi
from oint_magics.opi import values
from oint_magics.posts.draft import post_id
from oint_magics.twitter import logins

ID = "1990000000000000001"
ADDRESSES = [
    case("U23", "x.com/i/web/status/ID", "refused", f"https://x.com/i/web/status/{ID}"),
    case("U23", "the same, twitter.com, with a query", "refused", f"https://twitter.com/i/web/status/{ID}?s=20&t=a"),
    case("U23", "the same, without https", "refused", f"x.com/i/web/status/{ID}"),
    case("U23", "x.com/bob/status/ID", "refused", f"x.com/bob/status/{ID}"),
    case("U23", "the same by http, mobile, with a picture", "refused", f"http://mobile.twitter.com/bob/status/{ID}/photo/1"),
    case("U23", "the same, m., capitals, a fragment", "refused", f"HTTPS://M.X.com/Bob/status/{ID}#m"),
    case("U23", "an old address, statuses", "refused", f"www.twitter.com/bob/statuses/{ID}"),
    case("U23", "x.com/i/status/ID", "taken", f"https://x.com/i/status/{ID}"),
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_post_s_address_is_taken_in_every_form(sandbox, auth_file, after, address):
    auth = auth_file()
    assert post_id(address, "quote") == ID
    for call in (lambda: twitter.delete(address, auth=auth), lambda: twitter.post("a", reply_to=address, auth=auth)):
        with pytest.raises(errors.CallError):  # The sandbox has no such post; X's own words say so.
            call()
    after("taken")


@pytest.mark.parametrize(
    "address",
    [f"https://evil.com/x.com/bob/status/{ID}", f"https://x.com.evil.com/bob/status/{ID}", f"x.com/status/{ID}",
     f"https://x.com/bob/status/{ID}9999", f"ftp://x.com/bob/status/{ID}", f"x.com/i/web/web/status/{ID}"],
)  # fmt: skip
def test_what_is_no_post_s_address_is_refused(address):
    with pytest.raises(errors.UsageError, match="Nothing was sent"):
        post_id(address, "quote")


ENVRC = [
    case("U23", ".envrc", "silence", ".envrc"),
    case("U23", ".envrc in a folder", "silence", "project/.envrc"),
    case("U23", ".ENVRC", "silence", ".ENVRC"),
]


def envrc(path, values):
    Path(path).parent.mkdir(exist_ok=True)
    lines = "".join(f"export X_{key.upper()}={value}\n" for key, value in values.items() if key != "scope")
    Path(path).write_text(f"# shellcheck shell=bash\nuse nix\nPATH_add bin\n{lines}dotenv_if_exists\n")
    Path(path).chmod(0o600)


@pytest.mark.parametrize("name", ENVRC)
def test_direnv_is_named_after_a_change(sandbox, after, name):
    pair = sandbox.issue()
    envrc(name, pair)

    found = twitter.refresh(name)

    assert "direnv allow" in " ".join(str(found).split())
    text = Path(name).read_text()
    assert f"export X_REFRESH_TOKEN={found['refresh_token']}\n" in text
    assert text.startswith("# shellcheck shell=bash\nuse nix\nPATH_add bin\n")
    assert "direnv" not in str(twitter.refresh(name, if_expired=True))
    after("the table says: direnv does not load the changed file until you run: direnv allow")


@row("U23", ".envrc after a login", "silence")
def test_direnv_is_named_after_a_login(sandbox, after):
    app = sandbox.app()
    envrc(".envrc", app)
    address = sandbox.approve(twitter.authorization_link(".envrc"))
    assert "direnv allow" in " ".join(str(twitter.get_token(address, ".envrc")).split())
    after("said in the login's table")


class Recorder:
    """What vcrpy's stub does: it stands before urllib3's connection, and answers in its place."""

    def __init__(self, *args, **kwargs):
        self.__dict__["real"] = self._baseclass(*args, **kwargs)

    def request(self, *args, **kwargs):
        raise AssertionError("this would be in the cassette")

    def getresponse(self, *_, **__):
        raise AssertionError("this would come out of the cassette")


class RecordedHTTP(Recorder, HTTPConnection):
    _baseclass = HTTPConnection


class RecordedHTTPS(Recorder, HTTPSConnection):
    _baseclass = HTTPSConnection


@contextlib.contextmanager
def replaced(http, https):
    """Put classes in the place of urllib3's connections, as vcrpy does; return the name of their library."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HTTPConnectionPool, "ConnectionCls", http)
        patch.setattr(HTTPSConnectionPool, "ConnectionCls", https)
        yield Recorder.__module__


@contextlib.contextmanager
def vcrpy():
    vcr = pytest.importorskip("vcr")
    with vcr.use_cassette("cassette.yaml", record_mode="all"):
        yield "vcr"


RECORDERS = [
    case("U23", "vcrpy's cassette around our calls", "InternalError", vcrpy),
    case("U23", "a stub as vcrpy's", "InternalError", lambda: replaced(RecordedHTTP, RecordedHTTPS)),
    case("U23", "a stub that is no connection", "InternalError", lambda: replaced(Recorder, Recorder)),
    case("U23", "the same for https alone", "real calls", lambda: replaced(HTTPConnection, RecordedHTTPS)),
]


@pytest.mark.parametrize("recorder", RECORDERS)
def test_a_recorder_is_named_and_nothing_is_sent(sandbox, auth_file, after, recorder):
    """One sentence, from each call; a session from before is refused, too, and one of somebody else's with our bearer."""
    auth = auth_file()
    before = Path(auth).read_text()
    ours, foreign = twitter.session(auth), requests.Session()
    foreign.auth = twitter.bearer(auth)
    api = ours.api
    calls = [
        lambda: twitter.refresh(auth), lambda: twitter.me(auth), lambda: twitter.get("users/me", auth), lambda: twitter.revoke(auth),
        lambda: twitter.post("Hello", auth=auth), lambda: twitter.delete(ID, auth=auth), lambda: twitter.session(auth),
        lambda: ours.get(f"{api}/2/users/me"), lambda: foreign.get(f"{api}/2/users/me"),
    ]  # fmt: skip

    for call in calls:
        with recorder() as name, pytest.raises(errors.NotSent) as caught:
            call()
        assert name.partition(".")[0] in caught.value.what
        assert caught.value.what.endswith("Nothing was sent.")
    assert Path(auth).read_text() == before
    assert (sandbox.accounts.counts.refreshes, sandbox.posts.tried) == (0, 0)
    pair = json.loads(before)
    recorded = Path("cassette.yaml").read_text() if Path("cassette.yaml").exists() else ""
    assert not any(pair[key] in recorded for key in ("access_token", "refresh_token", "client_secret"))
    after(caught.value.what)


def test_a_connection_class_that_sends_by_itself_is_none(sandbox, auth_file, monkeypatch):
    """People put one with other socket options in urllib3's place; their sessions use it, and it records nothing."""

    class KeptAlive(HTTPConnection):
        def connect(self):
            self.was_used = used.append(1)
            super().connect()

    used = []
    monkeypatch.setattr(HTTPConnectionPool, "ConnectionCls", KeptAlive)
    assert is_alive(sandbox, twitter.refresh(auth_file())["access_token"])
    assert twitter.me("auth.json")
    assert not used  # Both go by connections of our own.
    with twitter.session("auth.json") as session:
        assert session.get("https://api.x.com/2/users/me").status_code == 200
    assert used


DEEP = 100_000
NESTED = [
    case("B22", "a list 100,000 deep", "InternalError", "[" * DEEP + "]" * DEEP),
    case("B22", "the same, cut off", "InternalError", "[" * DEEP),
    case("B22", "objects in it, 100,000 deep", "InternalError", '[{"a":' * DEEP),
    case("B22", "in single quotes", "InternalError", "['a'," + "['a'," * DEEP),
    case("B22", "a list in a list", "taken as text", "['a',['b']]"),
    case("B22", "an object in a list", "taken as text", "[{'a':'b'}]"),
]


@pytest.mark.parametrize("text", NESTED)
@pytest.mark.parametrize("as_file", [False, True], ids=["in the line", "in a file"])
def test_a_list_without_end_is_refused_in_words(sandbox, auth_file, after, text, as_file):
    auth = auth_file()
    if as_file:
        Path("list.json").write_text(text)
    given = "list.json" if as_file else text.replace('"', "'")
    lines = [
        f'CreatePollTweet --text a --options "{given}" --duration 5',
        f'CreateImageTweet --text a --pictures "{given}"',
        f'CreateCustomTweet --text a --media "{given}"',
        f'UploadAttachmentsArray --files "{given}" --type tweet_image',
    ]
    for line in lines:
        with pytest.raises(errors.UsageError, match="A list cannot be read. Nothing was sent") as caught:
            list(opi.run(f"oint twitter {line} --auth {auth}", to=None, interactive=False))
    assert sandbox.posts.tried == 0
    after(" ".join(str(caught.value).splitlines()[:2]))


AUTH = [
    case("B22", "an object 100,000 deep, as auth data", "refused", '{"a":' * DEEP),
    case("B22", "a list 100,000 deep in it", "refused", '{"client_id": "a", "b": ' + "[" * DEEP),
    case("B22", "the same, closed", "refused", '{"client_id": "a", "b": ' + "[" * DEEP + "]" * DEEP + "}"),
]


@pytest.mark.parametrize("text", AUTH)
def test_auth_data_without_end_is_refused_in_words(shell, after, text):
    Path("auth.json").write_text(text)
    calls = [
        lambda: twitter.refresh(text),
        lambda: twitter.refresh("auth.json"),
        lambda: Given().take(text.encode()),
        lambda: Given().take(text.encode(), "auth.json"),
        lambda: list(opi.run(f"oint twitter RefreshToken --auth '{text}'", to=None, interactive=False)),
        lambda: in_cell(shell, f"%twitter_refresh --auth {text}"),
        lambda: in_cell(shell, f"oint twitter RefreshToken --auth '{text}'"),
    ]
    for call in calls:
        with pytest.raises(errors.AuthError) as caught:
            call()
    after(" ".join(str(caught.value).splitlines()[:2]))


def in_cell(shell, cell):
    with capture_output():
        result = shell.run_cell(cell)
    if error := result.error_in_exec or result.error_before_exec:
        raise error


@row("B22", "a claim of a post 4,000 deep", "InternalError")
def test_a_claim_that_is_nonsense_still_says_that_something_was_sent(sandbox, auth_file, after):
    auth = auth_file()
    twitter.post("Hello", auth=auth)
    (claim,) = (settings.data_folder() / "posts").glob("claim-*")
    claim.write_text("[" * 4000)
    with pytest.raises(errors.PostInDoubt, match="Nothing was sent now") as caught:
        twitter.post("Hello", auth=auth)
    after(caught.value.what)


class Broken(io.StringIO):
    def write(self, _):
        raise OSError(9, "Bad file descriptor")


def closed():
    found = io.StringIO()
    found.close()
    return found


STREAMS = [
    case("B23", "sys.stderr is None (pythonw)", "InternalError", lambda: None),
    case("B23", "a closed stderr (a service)", "InternalError", closed),
    case("B23", "a stderr that cannot be written", "InternalError", Broken),
]


@pytest.mark.parametrize("stream", STREAMS)
def test_a_login_without_a_place_for_its_link(sandbox, monkeypatch, after, stream):
    """It does not begin to listen; the way that needs no stderr is named, and goes."""
    app = sandbox.app()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stream())
        with pytest.raises(errors.UsageError) as caught:
            twitter.login(app, to="profile:x", timeout=60)
        assert "Nothing was sent." in caught.value.what
        assert "twitter.authorization_link" in str(caught.value)
        assert not [each for each in threading.enumerate() if each.name == "oint_magics login"]
        address = sandbox.approve(twitter.authorization_link(app))
        assert is_alive(sandbox, twitter.get_token(address, app, to="profile:x")["access_token"])
    after(caught.value.what)


PYTHONW = """
import sys, threading
sys.stdin = sys.stdout = sys.stderr = None
from oint_magics import twitter
wrong = []
threading.excepthook = lambda args: wrong.append(args.exc_type.__name__)
try:
    twitter.refresh("auth.json"), twitter.status(), twitter.post("Hello", auth="auth.json"), twitter.get("users/me", max_rows=1)
    from IPython.core.interactiveshell import InteractiveShell
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "oint_magics")
    shell.run_line_magic("twitter_post", '"Again" --media picture.png --auth auth.json')
except BaseException as error:
    wrong.append(f"{type(error).__name__}: {error}")
open("wrong", "w").write("\\n".join(wrong))
"""


@row("B23", "a whole program without stdin, stdout and stderr", "works, but for the login")
def test_a_program_without_a_console(sandbox, auth_file, after):
    from posts_material import png

    auth_file()
    Path("picture.png").write_bytes(png())
    subprocess.run([sys.executable, "-c", PYTHONW], timeout=120)
    assert Path("wrong").read_text() == ""
    after("refresh, status, post, get, upload and magics work")


PARTS = [
    case("B23", "submit with one part", "an uncaught exception in a thread", "submit", [b"profile:x"]),
    case("B23", "submit with none", "an uncaught exception in a thread", "submit", []),
    case("B23", "an address with none", "InternalError", "address", []),
    case("B23", "a field with one part", "InternalError", "field", [b"client_id"]),
    case("B23", "a file with one part", "InternalError", "file", [b"{}"]),
    case("B23", "a text with none", "InternalError", "text", []),
]


@pytest.mark.parametrize(("kind", "parts"), PARTS)
def test_a_message_with_too_few_parts_is_named(after, kind, parts):
    said, wrong = heard(ConnectPanel(), kind, parts)
    assert wrong == []
    assert "did not arrive whole. Nothing was sent." in said["problem"]["what"]
    after(said["problem"]["what"])


def heard(panel, kind, parts):
    """Let a panel hear a message; return the last view that it sends, and what its threads did not catch."""
    sent, wrong, before = [], [], set(threading.enumerate())
    panel.send = lambda content, *_: sent.append(content)
    hook, threading.excepthook = threading.excepthook, lambda args: wrong.append(args.exc_type)
    try:
        panel.hear(kind, parts)
        for thread in set(threading.enumerate()) - before:
            thread.join(60)
    finally:
        threading.excepthook = hook
    return [each for each in sent if each["kind"] == "view"][-1], wrong


BYTES = [
    case(
        "B23", "an action that is no UTF-8", "an uncaught exception in a thread", "submit", [b"profile:x", b"\xff\xfe"]
    ),
    case("B23", "a store that is no UTF-8", "refused", "submit", [b"\xff\xfe", b"refresh"]),
    case("B23", "a text that is no UTF-8", "refused", "text", [b'{"client_id": "\xff"}']),
    case("B23", "a file that is no UTF-8, its name neither", "refused", "file", [b"\xff.env", b"X_CLIENT_ID=\xe9"]),
    case("B23", "a field that is no UTF-8", "refused", "field", [b"client_id\xff", b"\xff"]),
]


@pytest.mark.parametrize(("kind", "parts"), BYTES)
def test_bytes_that_are_no_utf_8_reach_no_thread_s_end(after, kind, parts):
    said, wrong = heard(ConnectPanel(), kind, parts)
    assert wrong == []
    problem = said["problem"] or {"what": "nothing was taken"}
    assert "unexpected" not in problem["what"]
    after(problem["what"])


FILES = [
    case("B23", "auth.json", "refused", "auth.json", b'{"client_id": "\xff"}'),
    case("B23", ".env", "refused", ".env", b"X_CLIENT_ID=a\nX_REFRESH_TOKEN=\xe9\n"),
    case("B23", ".envrc in Latin 1", "refused", ".envrc", "# Schlüssel\nexport X_CLIENT_ID=a\n".encode("latin-1")),
]


@pytest.mark.parametrize(("name", "content"), FILES)
def test_a_file_that_is_no_utf_8_is_named(after, name, content):
    Path(name).write_bytes(content)
    for call in (lambda: twitter.refresh(name), lambda: list(opi.run(f"oint twitter RefreshToken -a {name}", to=None, interactive=False))):  # fmt: skip
        with pytest.raises(errors.AuthSyntaxError, match=f"{name} cannot be read as text") as caught:
            call()
    after(caught.value.what)


LISTS = [
    case("B23", "a list of OPI in a file that is no UTF-8", "its name is taken as the text", b"['\xff']"),
    case("B23", "the same in Latin 1", "its name is taken as the text", "['Grüße','b']".encode("latin-1")),
    case("B23", "a picture in its place", "its name is taken as the text", b"\x89PNG\r\n\x1a\n"),
]


@pytest.mark.parametrize("content", LISTS)
def test_a_list_s_file_that_is_no_utf_8_is_named(after, content):
    Path("list.json").write_bytes(content)
    with pytest.raises(errors.AuthSyntaxError, match="list.json cannot be read as text") as caught:
        values.items("list.json")
    assert values.files("list.json") == [Path("list.json")]
    after(caught.value.what)


HALF = "\udcff\ud83d"
PASTED = [
    case(
        "B23", "a pasted state that is no UTF-8", "InternalError", f"http://127.0.0.1:8080/callback?state={HALF}&code=a"
    ),
    case("B23", "a pasted code that is none", "refused", f"http://127.0.0.1:8080/callback?state=a&code={HALF}"),
    case("B23", "a pasted word that is none", "refused", HALF),
    case("B23", "percent signs that are none", "refused", "http://127.0.0.1:8080/callback?state=%ff&code=a"),
]


@pytest.mark.parametrize("text", PASTED)
def test_a_pasted_address_that_is_no_utf_8_leaves_the_login_waiting(sandbox, after, text):
    app = sandbox.app()
    twitter.authorization_link(app)
    with pytest.raises(errors.LoginMismatch):
        twitter.get_token(text, app)
    waiting = logins.begun(logins.planned(app, to="profile:x", scope=None), 60)
    try:
        with pytest.raises(errors.LoginMismatch) as caught:
            waiting.submit(text)
        assert not waiting.has_address
    finally:
        waiting.cancel("The test is done.")
    after(caught.value.what)


VALUES = [
    case("B23", "a client id in the environment", "refused", "X_CLIENT_ID"),
    case("B23", "a refresh token there", "refused", "X_REFRESH_TOKEN"),
    case("B23", "OINT_HOME", "refused", "OINT_HOME"),
    case("B23", "OINT_TWITTER_AUTH", "refused", "OINT_TWITTER_AUTH"),
    case("B23", "OINT_TWITTER_TOKEN_URL", "refused", "OINT_TWITTER_TOKEN_URL"),
]


@pytest.mark.parametrize("name", VALUES)
def test_a_variable_that_is_no_utf_8_is_one_sentence(monkeypatch, after, name):
    monkeypatch.setenv("X_CLIENT_ID", "an-app")
    monkeypatch.setenv("X_REFRESH_TOKEN", "r" * 40)
    monkeypatch.setenv(name, "\udcff\udce9")
    with pytest.raises(errors.OintError) as caught:
        twitter.refresh(None if name == "OINT_TWITTER_AUTH" else "env:X_", to=None)
    assert not isinstance(caught.value, errors.InternalError)
    after(caught.value.what)


@row("B23", "a parameter of a read", "InternalError")
@pytest.mark.parametrize("params", [{"query": HALF}, {HALF: "a"}, {"ids": ["1", HALF]}], ids=["value", "name", "list"])
def test_half_a_character_in_a_parameter_is_named(sandbox, auth_file, after, params):
    with pytest.raises(errors.UsageError, match="half a character, as of an emoji. Nothing was sent") as caught:
        twitter.get("users/me", auth_file(), unchecked=True, **params)
    after(caught.value.what)
