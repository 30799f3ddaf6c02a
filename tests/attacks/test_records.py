"""A3 and A4: records that others wrote, and answers that lie whole on the disk."""

import gzip
import json
import os
import shutil
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest
from attacks.rows import pair, row
from field.rows import case
from patience import wait_for

from oint_magics import errors, twitter
from oint_magics.auth.structure import auth_of
from oint_magics.secret import Secret
from oint_magics.stores import open_store
from oint_magics.tokens.exchange import unfinished

REFRESH = "from oint_magics import twitter; twitter.refresh('auth.json')"
NOBODY = 54321


def answered(grant):
    body = json.dumps(grant).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def record_of(name="auth.json"):
    store = open_store(f"./{name}")
    return store.records.of(store.read().refresh_token)


def left_by_a_killed_run(grant, name="auth.json"):
    """Leave what a run leaves that was killed after the answer; return its file."""
    record = record_of(name)
    record.begin(1)
    record.append(answered(grant))
    record.close()
    return Path(record.file)


@pytest.fixture
def attacker(strict):
    """Another account's pair, as an attacker has one."""
    return {"token_type": "bearer", "expires_in": 7200} | {
        key: value for key, value in strict.issue().items() if key in ("access_token", "refresh_token")
    }


def planted_plainly(attacker):
    """Everything that a table tells: the fingerprint."""
    Path(".oint").mkdir(mode=0o700, exist_ok=True)
    name = Secret(pair()["refresh_token"]).fingerprint()
    head = {"format": 1, "by": "process 4242 on laptop", "since": time.time(), "tries": 1, "store": "auth.json", "leases": [], "nonce": "00", "mac": "00"}  # fmt: skip
    path = Path(".oint") / f"exchange-{name}"
    path.write_bytes(json.dumps(head).encode() + b"\n" + answered(attacker))
    path.chmod(0o600)


def without_a_mac(attacker):
    planted_plainly(attacker)
    path = next(Path(".oint").glob("exchange-*"))
    head, _, raw = path.read_bytes().partition(b"\n")
    known = json.loads(head)
    del known["mac"]
    path.write_bytes(json.dumps(known).encode() + b"\n" + raw)


def made_elsewhere_and_renamed(attacker):
    """A true record of the attacker's own token."""
    Path("theirs").mkdir()
    Path("theirs/auth.json").write_text(json.dumps(pair() | {"refresh_token": "the-attacker-s-own"}))
    made = left_by_a_killed_run(attacker, "theirs/auth.json")
    Path(".oint").mkdir(mode=0o700, exist_ok=True)
    name = Secret(pair()["refresh_token"]).fingerprint()
    shutil.copy(made, f".oint/exchange-{name}")


def a_true_one_whose_head_was_edited(attacker):
    path = left_by_a_killed_run(attacker)
    path.write_bytes(path.read_bytes().replace(b'"tries": 1', b'"tries": 2'))


def a_true_one_that_others_can_write(attacker):
    left_by_a_killed_run(attacker).chmod(0o666)


def a_true_one_of_another_user(attacker):
    if os.geteuid() != 0:
        pytest.skip("only root may give files away")
    path = left_by_a_killed_run(attacker)
    os.chown(path, NOBODY, NOBODY)
    Path("auth.json").chmod(0o600)


def a_link_to_one(attacker):
    path = left_by_a_killed_run(attacker)
    path.rename("moved")
    path.symlink_to(Path("moved").resolve())


def a_hard_link_to_one(attacker):
    path = left_by_a_killed_run(attacker)
    os.link(path, "second name")


PLANTED = [planted_plainly, without_a_mac, made_elsewhere_and_renamed, a_true_one_whose_head_was_edited,
           a_true_one_that_others_can_write, a_true_one_of_another_user, a_link_to_one, a_hard_link_to_one]  # fmt: skip


@pytest.mark.parametrize("plant", [
    pytest.param(plant, marks=row("3", f"a recovery file: {plant.__name__.replace('_', ' ')}", "the attacker's pair is saved over the live one"))
    for plant in PLANTED
])  # fmt: skip
def test_a_record_that_is_not_proved_is_ignored_and_said(strict, auth_file, attacker, plant, after):
    auth_file()
    live = pair()
    plant(attacker)

    response = twitter.refresh("auth.json")

    assert "ignored" in str(response)
    assert ".oint" in str(response)
    assert response["access_token"] != attacker["access_token"]
    assert strict.accounts.counts.reuses == 0
    assert pair()["refresh_token"] not in (attacker["refresh_token"], live["refresh_token"])
    after("ignored and said; the account's own pair is refreshed")


@row("3", "a login's record beside the file", "login returns the attacker's pair, no page was opened")
def test_a_login_s_record_beside_the_file_is_nobody_s(strict, attacker, after):
    app = strict.app()
    Path("auth.json").write_text(json.dumps(app))
    Path(".oint").mkdir(mode=0o700)
    name = Secret(Secret(app["client_id"]).fingerprint()).reveal()
    head = {"format": 1, "by": "x", "since": time.time(), "tries": 1, "store": "auth.json", "leases": [], "nonce": "0", "mac": ""}  # fmt: skip
    Path(f".oint/exchange-login-{name}-x").write_bytes(json.dumps(head).encode() + b"\n" + answered(attacker))

    with pytest.raises(errors.LoginTimedOut):
        twitter.login("auth.json", timeout=0.5)
    assert "refresh_token" not in pair()
    after("nobody looks there; the login waits for its page")


@pytest.mark.parametrize("is_other_home", [False, True])
def test_a_real_one_is_believed_in_any_data_folder(strict, auth_file, monkeypatch, is_other_home):
    """A container is started again with another one; no key is stored, so any process that has the token can tell."""
    auth_file()
    left_by_a_killed_run(NEW)
    if is_other_home:
        monkeypatch.setenv("OINT_HOME", str(Path("another").resolve()))

    assert "repaired" in str(twitter.refresh("auth.json"))
    assert pair()["refresh_token"] == "new-token"
    assert strict.accounts.counts.refreshes == 0


def test_a_file_system_without_modes_has_its_records_believed(strict, auth_file, monkeypatch):
    """A Windows disk under WSL shows every file as open to all."""
    auth_file()
    left_by_a_killed_run(NEW).chmod(0o666)
    monkeypatch.setattr("oint_magics.stores.private_folder.Folder.has_modes", lambda _: False)

    assert "repaired" in str(twitter.refresh("auth.json"))


@pytest.mark.parametrize("kind", [
    case("B12", "a record of another format", "deleted", "record"),
    case("B12", "a note of a record of another format", "InternalError", "note"),
    case("B12", "a copy of the newest tokens of another format, older bytes in the file", "overwritten, and something is sent", "copy"),
    case("B12", "the same, the file as it was", "overwritten, and something is sent", "copy of a good file"),
    case("B12", "a file's next text of another format", "deleted", "whole"),
])  # fmt: skip
def test_what_has_an_unknown_format_is_left_alone_and_nothing_is_sent(strict, auth_file, home, after, kind):
    auth_file()
    if kind == "record":
        path = left_by_a_killed_run({"access_token": "a"})
        path.write_bytes(path.read_bytes().replace(b'"format": 1', b'"format": 2'))
    elif kind == "note":
        left_by_a_killed_run({"access_token": "a"})
        (path,) = (home / "oint" / "exchanges").iterdir()
        path.write_text('{"format": 2, "where": "ever"}')
    elif kind == "whole":
        Path(".oint").mkdir(mode=0o700)
        path = Path(".oint/auth.json.whole")
        path.write_text('{"format": 2, "what": "ever"}\n')
        path.chmod(0o600)
    else:
        old = Path("auth.json").read_bytes()
        twitter.refresh("auth.json")
        if kind == "copy":
            Path("auth.json").write_bytes(old)
        (path,) = (home / "oint" / "newest").glob("*.json")
        path.write_text('{"format": 2}')
    before, asked = path.read_bytes(), strict.accounts.counts.refreshes

    with pytest.raises(errors.StoreError, match="does not know. Nothing was sent"):
        twitter.refresh("auth.json")
    assert path.read_bytes() == before
    assert strict.accounts.counts.refreshes == asked
    after("left alone, and nothing is sent")


@pytest.mark.parametrize("text", [
    case("B12", "a note that is a list", "InternalError", "[]"),
    case("B12", "a note that is a number", "InternalError", "7"),
    case("B12", "a note nested 100,000 deep", "InternalError", "[" * 100_000),
])  # fmt: skip
def test_a_note_that_is_no_object_tells_nothing(strict, auth_file, home, after, text):
    auth_file()
    left_by_a_killed_run(NEW)
    (path,) = (home / "oint" / "exchanges").iterdir()
    path.write_text(text)

    assert "repaired" in str(twitter.refresh("auth.json"))
    after("repaired by the record itself")


def test_what_another_version_left_is_not_swept(strict, auth_file, home):
    """By a refresh of the same store, by one of another file, and by forgetting."""
    twitter.keep(strict.issue(), "profile:a")
    folder = home / "oint" / "profiles" / ".oint"
    folder.mkdir(mode=0o700, exist_ok=True)
    record = folder / f"exchange-{'0' * 32}"
    record.write_text('{"format": 2, "store": "a.json"}\n')
    copy = home / "oint" / "newest" / "other.json"
    copy.parent.mkdir(mode=0o700)
    copy.write_text('{"format": 2, "place": "/nowhere/at/all"}')
    for path in (record, copy):
        path.chmod(0o600)

    twitter.refresh("profile:a")
    twitter.refresh(auth_file())
    twitter.forget("profile:a")

    assert record.exists()
    assert copy.exists()


@pytest.mark.parametrize("end", [
    case("B14", "killed between write and rename, then a refresh", "the newest tokens stay in .oint/", "refresh"),
    case("B14", "killed between write and rename, then forget", "the newest tokens stay in .oint/", "forget"),
    case("B14", "killed between write and rename, then revoke", "the newest tokens stay in .oint/", "revoke"),
])  # fmt: skip
def test_what_was_written_and_not_renamed_goes(strict, home, after, end):
    twitter.keep(strict.issue(), "profile:a")
    twitter.refresh("profile:a")
    torn = home / "oint" / "profiles" / ".oint" / "a.json.4242.new"
    torn.write_text((home / "oint" / "profiles" / "a.json").read_text())

    {"refresh": twitter.refresh, "forget": twitter.forget, "revoke": twitter.revoke}[end]("profile:a")

    assert not torn.exists()
    after("gone: whoever holds the store removes it")


@row("3", "a refresh log that came with the folder: ten digits of the token, and the attacker's file", "not tried")
def test_a_planted_log_leads_nowhere(strict, auth_file, attacker, after):
    """The ten digits stand in every published table; a log of the format before knows tokens by no more."""
    auth_file()
    Path("evil.json").write_text(json.dumps(pair() | attacker))
    mine, theirs = (Secret(p["refresh_token"]).fingerprint() for p in (pair(), attacker))
    Path(".oint").mkdir(mode=0o700)
    lines = [[mine[:10], theirs, str(Path("evil.json").resolve()), time.time()], [mine[:10], theirs[:10], str(Path("evil.json").resolve()), time.time()]]  # fmt: skip
    Path(".oint/journal.log").write_text("".join(json.dumps(line) + "\n" for line in lines))
    Path(".oint/journal.log").chmod(0o600)

    response = twitter.refresh("auth.json")
    assert response.saved_to == "auth.json"
    assert response["access_token"] != attacker["access_token"]
    assert twitter.refresh("auth.json").saved_to == "auth.json"
    after("not believed: ten digits count in the data folder alone")


NEW = {"token_type": "bearer", "expires_in": 7200, "access_token": "new-access", "refresh_token": "new-token"}
BODY = json.dumps(NEW).encode()


def deflated(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def whole(body=BODY, *lines, status=b"HTTP/1.1 200 OK", before=b"", length=None):
    size = len(body) if length is None else length
    head = (status, b"Content-Type: application/json", b"Content-Length: %d" % size, *lines)
    return before + b"\r\n".join((*head, b"", b"")) + body


def chunked(*pieces, end=b"0\r\n\r\n"):
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + end


def beside(text):
    return BODY.replace(b"{", b"{" + text + b", ", 1)


HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </s.css>; rel=preload\r\n\r\n"
# Answers in which a whole pair stands that can be read.
READABLE = {
    "plain": whole(),
    "gzip": whole(gzip.compress(BODY), b"Content-Encoding: gzip"),
    "x-gzip": whole(gzip.compress(BODY), b"Content-Encoding: x-gzip"),
    "gzip, not said": whole(gzip.compress(BODY)),
    "gzip, twice": whole(gzip.compress(gzip.compress(BODY)), b"Content-Encoding: gzip, gzip"),
    "deflate": whole(zlib.compress(BODY), b"Content-Encoding: deflate"),
    "raw deflate": whole(deflated(BODY), b"Content-Encoding: deflate"),
    "an encoding that is not so": whole(BODY, b"Content-Encoding: gzip"),
    "identity": whole(BODY, b"Content-Encoding: identity"),
    "100 before": whole(before=b"HTTP/1.1 100 Continue\r\n\r\n"),
    "102 before": whole(before=b"HTTP/1.1 102 Processing\r\n\r\n"),
    "103 before": whole(before=HINTS),
    "three interim answers": whole(before=HINTS * 3),
    "120 header lines": whole(BODY, *[b"X-%d: y" % n for n in range(120)]),
    "a header of 70 KB": whole(BODY, b"X-Long: " + b"y" * 70_000),
    "a header that is none": whole(BODY, b"this is no header"),
    "a folded header": whole(BODY, b"X-Folded: a\r\n  b"),
    "a header in Latin-1": whole(BODY, b"X-Name: caf\xe9"),
    "HTTP/2": whole(status=b"HTTP/2 200"),
    "HTTP/1.0": whole(status=b"HTTP/1.0 200 OK"),
    "no reason": whole(status=b"HTTP/1.1 200"),
    "201": whole(status=b"HTTP/1.1 201 Created"),
    "206": whole(status=b"HTTP/1.1 206 Partial Content"),
    "204 with a body": whole(status=b"HTTP/1.1 204 No Content"),
    "a blank line first": whole(before=b"\r\n"),
    "bare line feeds": whole().replace(b"\r\n", b"\n"),
    "no length": b"HTTP/1.1 200 OK\r\n\r\n" + BODY,
    "a length one too short": whole(length=len(BODY) - 1),
    "a length that is none": whole().replace(b"Content-Length: %d" % len(BODY), b"Content-Length: many"),
    "a length of zero": whole(length=0),
    "two lengths": whole(BODY, b"Content-Length: %d" % len(BODY)),
    "one chunk": chunked(BODY),
    "many chunks": chunked(*[BODY[n : n + 1] for n in range(len(BODY))]),
    "chunks with a trailer": chunked(BODY, end=b"0\r\nX-Sum: 1\r\n\r\n"),
    "chunks with an extension": chunked(BODY).replace(b"\r\n{", b";a=b\r\n{", 1),
    "chunked, not said": chunked(BODY).replace(b"Transfer-Encoding: chunked", b"Transfer-Encoding: CHUNKED"),
    "chunked that is not": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + BODY,
    "chunks and gzip": chunked(gzip.compress(BODY)).replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n", 1),
    "text/html": whole(BODY, b"Content-Type: text/html"),
    "a byte order mark": whole(b"\xef\xbb\xbf" + BODY),
    "UTF-16": whole(BODY.decode().encode("utf-16")),
    "UTF-16, no mark": whole(BODY.decode().encode("utf-16-le")),
    "UTF-32": whole(BODY.decode().encode("utf-32")),
    "a comment behind": whole(BODY + b"<!-- edge -->"),
    "text behind": whole(BODY + b"\nOK"),
    "zeros behind": whole(BODY + bytes(9)),
    "a prefix": whole(b")]}'\n" + BODY),
    "another prefix": whole(b"while(1);" + BODY),
    "a callback": whole(b"callback(" + BODY + b");"),
    "blanks around": whole(b"\n\n  " + BODY + b"\n\n"),
    "a trailing comma": whole(BODY.replace(b"}", b",}")),
    "single quotes": whole(BODY.replace(b'"', b"'")),
    "a comment inside": whole(beside(b"/* hello */")[: -0 or None].replace(b"/* hello */, ", b"/* hello */ ")),
    "a Latin-1 byte beside": whole(beside(b'"name": "caf\xe9"')),
    "a raw line break beside": whole(beside(b'"note": "a\nb"')),
    "a tab beside": whole(beside(b'"note": "a\tb"')),
    "NaN beside": whole(beside(b'"n": NaN')),
    "Infinity beside": whole(beside(b'"n": -Infinity')),
    "an endless number beside": whole(beside(b'"n": ' + b"9" * 5000)),
    "deep nesting beside": whole(beside(b'"d": ' + b"[" * 50_000 + b"]" * 50_000)),
    "deep nesting that is cut": whole(beside(b'"d": ' + b"[" * 50_000)),
    "a key twice": whole(beside(b'"scope": "a", "scope": "b"')),
    "error beside": whole(beside(b'"error": "none"')),
    "a lone surrogate beside": whole(beside(b'"s": "\\ud800"')),
    "a bad escape beside": whole(beside(b'"s": "\\x"')),
    "cut behind the pair": b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" + BODY[:-1],
    "cut chunks behind the pair": chunked(BODY, end=b"5\r\nab"),
    "inside another object": whole(json.dumps({"data": NEW}).encode()),
    "in a list": whole(json.dumps([NEW]).encode()),
    "a life in text": whole(BODY.replace(b"7200", b'"7200"')),
    "a number for a token": whole(BODY.replace(b'"new-token"', b"12345678901234567890")),
}
# Answers that a person can read a pair out of, and we do not.
KEPT = {
    "brotli": whole(b"\x0b\x02\x80" + b"\x00" * 40, b"Content-Encoding: br"),
    "not ASCII": whole(BODY.replace(b"new-token", "nеw-tоken".encode())),
    "an access token that is a number": whole(BODY.replace(b'"new-access"', b"5")),
    "two pairs": whole(json.dumps([NEW, NEW | {"refresh_token": "another"}]).encode()),
    "form-encoded": whole(b"access_token=new-access&refresh_token=new-token&expires_in=7200"),
    "XML-like text": whole(b"access_token: new-access, refresh_token: new-token"),
    "keys in another case": whole(BODY.replace(b"access_token", b"accessToken").replace(b"refresh_token", b"refreshToken")),
    "a token over lines": whole(BODY.replace(b"new-token", b"new-\\ntoken")),
}  # fmt: skip


@pytest.fixture
def served(raw, auth, monkeypatch):
    def start(data):
        server = raw(lambda connection: connection.sendall(data))
        monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
        Path("auth.json").write_text(json.dumps(auth))
        return server

    return start


def test_there_are_as_many_odd_answers_as_were_asked_for():
    assert len(READABLE) + len(KEPT) >= 78


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=row("4", name, "not read, or read and lost after a kill")) for name in READABLE
])  # fmt: skip
def test_a_pair_in_an_odd_answer_is_saved_live_and_after_a_kill(served, name, after, monkeypatch):
    server = served(READABLE[name])
    wanted = "12345678901234567890" if name == "a number for a token" else "new-token"

    assert twitter.refresh("auth.json")["access_token"] == "new-access"
    assert pair()["refresh_token"] == wanted

    monkeypatch.setenv("OINT_HOME", str(Path("another").resolve()))
    Path("auth.json").write_text(json.dumps(pair() | {"refresh_token": "another-of-this-account"}))
    record = record_of()
    record.begin(1)
    record.append(READABLE[name])
    record.close()
    assert "repaired" in str(twitter.refresh("auth.json"))
    assert pair()["refresh_token"] == wanted
    assert len(server.requests) == 1
    after("saved, live and from the record")


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=row("4", name, "sent a second time, and the answer deleted")) for name in KEPT
])  # fmt: skip
def test_an_answer_that_cannot_be_read_is_kept_and_named_and_not_sent_again(served, name, after):
    server = served(KEPT[name])

    with pytest.raises(errors.AnswerUnreadable, match="The answer is kept") as caught:
        twitter.refresh("auth.json")
    (path,) = Path(".oint").glob("exchange-*")
    assert str(path.resolve()) in str(caught.value)
    for _ in range(2):
        with pytest.raises(errors.AnswerUnreadable, match="Nothing was sent"):
            twitter.refresh("auth.json")
    assert len(server.requests) == 1

    served(READABLE["plain"])
    assert twitter.refresh("auth.json", try_old=True)["access_token"] == "new-access"
    (kept,) = Path(".oint").glob("kept-*")
    assert KEPT[name] in kept.read_bytes()
    after("kept, its place named, sent again with --try-old alone, and kept then too")


@row("4", "an HTML page with status 200", "unchanged: outcome unknown, tried once more")
def test_a_page_is_tried_once_more(served, after):
    server = served(whole(b"<!DOCTYPE html><html>Welcome to this hotel</html>"))
    for _ in range(2):
        with pytest.raises(errors.InDoubt) as caught:
            twitter.refresh("auth.json")
        assert type(caught.value) is errors.InDoubt
    with pytest.raises(errors.InDoubt, match="Nothing was sent"):
        twitter.refresh("auth.json")
    assert len(server.requests) == 2
    after("outcome unknown, tried once more")


@row("4", "gzip, killed before the save", "sent a second time, InvalidGrant, no record left")
def test_a_process_killed_with_a_compressed_answer(raw, auth, monkeypatch, after):
    data = whole(gzip.compress(BODY), b"Content-Encoding: gzip")
    server = raw(lambda connection: (connection.sendall(data[:-1]), time.sleep(300)))
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    Path("auth.json").write_text(json.dumps(auth))
    with subprocess.Popen([sys.executable, "-c", REFRESH]) as process:
        wait_for(
            lambda: any(data[:-9] in p.read_bytes() for p in Path(".oint").glob("exchange-*[0-9a-f]")),
            "no answer",
            0.01,
        )
        process.kill()

    assert "repaired" in str(twitter.refresh("auth.json"))
    assert pair()["refresh_token"] == "new-token"
    assert len(server.requests) == 1
    after("saved from the record, nothing sent")


def test_a_killed_run_is_finished_whatever_is_asked_for(auth_file, strict):
    """`if_expired` with a token that is still good, a session, the status: the stored pair is spent."""
    for ask in (
        lambda: twitter.refresh("auth.json", if_expired=True),
        lambda: twitter.session("auth.json"),
        lambda: twitter.status("auth.json"),
        lambda: twitter.me("auth.json"),
    ):
        auth_file()
        sent = auth_of(pair())
        granted = strict.accounts.log_in(strict.accounts.client(sent.client_id))
        left_by_a_killed_run({"access_token": granted.access_token, "refresh_token": granted.refresh_token})

        ask()

        assert pair()["refresh_token"] == granted.refresh_token
        assert unfinished(open_store("./auth.json"), auth_of(pair())) is None
    assert strict.accounts.counts.refreshes == 0


def test_the_list_only_reports(auth_file, monkeypatch):
    auth_file()
    monkeypatch.setenv("OINT_TWITTER_AUTH", "auth.json")
    left_by_a_killed_run(NEW)
    before = Path("auth.json").read_bytes()

    assert "an answer with new tokens came" in str(twitter.status())
    assert Path("auth.json").read_bytes() == before


@pytest.mark.parametrize("end", [
    case("B13", "an answer that is kept aside, --try-old, then revoke", "kept-exchange-… holds the plain tokens for ever", "revoke"),
    case("B13", "the same, then forget of the file", "kept-exchange-… holds the plain tokens for ever", "forget"),
    case("B13", "the same of a profile", "kept-exchange-… holds the plain tokens for ever", "profile"),
])  # fmt: skip
def test_an_answer_that_is_kept_is_listed_and_ends(raw, auth, home, monkeypatch, after, end):
    from raw_server import answer

    odd = b"access_token=a-token&refresh_token=odd-token"
    good = json.dumps({"access_token": "new-access", "refresh_token": "new-token", "expires_in": 7200}).encode()
    answers = iter([odd, good, b"{}", b"{}", b"{}"])
    server = raw(lambda connection: answer("200 OK", next(answers))(connection))
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    monkeypatch.setenv("OINT_TWITTER_REVOKE_URL", f"{server.url}/r")
    source = "profile:work" if end == "profile" else "auth.json"
    twitter.keep(auth, "profile:work") if end == "profile" else Path("auth.json").write_text(json.dumps(auth))
    with pytest.raises(errors.AnswerUnreadable):
        twitter.refresh(source)
    twitter.refresh(source, try_old=True)
    folder = home / "oint" / "profiles" / ".oint" if end == "profile" else Path(".oint")
    (kept,) = folder.glob("kept-*")
    assert b"odd-token" in kept.read_bytes()

    said = str(twitter.status(source))
    assert "an earlier answer that cannot be read is kept" in " ".join(said.split())
    assert kept.name[:20] in said

    twitter.revoke(source) if end == "revoke" else twitter.forget(source)

    assert not list(folder.glob("kept-*"))
    after("listed by status; ends with revoke and forget")
