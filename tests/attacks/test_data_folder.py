"""A5, A6, A14, A16: what is known of spent tokens, and a data folder that cannot be used."""

import _thread
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import as_nobody
import pytest
from attacks.rows import pair, row

from oint_magics import errors, secret, twitter
from oint_magics.stores import journal

TWICE = """
print(json.dumps(said(lambda: twitter.refresh("auth.json"))))
print(json.dumps(said(lambda: twitter.refresh("copy.json"))))
"""


@pytest.fixture
def theirs(strict):
    """A folder that another user can enter, with a pair and its copy."""
    folder = Path(tempfile.mkdtemp(prefix="theirs-", dir="/tmp"))
    folder.chmod(0o755)
    text = json.dumps(strict.issue(), indent=2)
    for name in ("auth.json", "copy.json"):
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("home", [
    pytest.param({}, marks=row("6", "no HOME, no passwd entry", "InternalError, or the log is lost")),
    pytest.param({"HOME": "/root"}, marks=row("6", "HOME of another user", "InternalError")),
    pytest.param({"HOME": "/proc/self"}, marks=row("6", "a HOME that takes no folder", "refresh ok; the spent copy ends the family")),
])  # fmt: skip
def test_no_data_folder_and_none_can_be_made(strict, theirs, tmp_path, home, after):
    first, second = as_nobody.run(TWICE, theirs, tmp_path, **home)

    assert "beside the file, in .oint/" in first
    assert "auth.json" in second
    assert strict.accounts.counts.reuses == strict.accounts.counts.refused == 0
    assert (theirs / ".oint" / "journal.log").stat().st_uid == as_nobody.NOBODY
    after("the log lies in .oint/, and says so; the copy is followed")


def closed(home):
    home.mkdir()
    (home / "journal.log").write_bytes(b"")
    home.chmod(0o700)


def log_of_root(home):
    home.mkdir(mode=0o755)
    for name in ("journal.size", "journal.log"):
        (home / name).write_text("")
        (home / name).chmod(0o600)


@pytest.mark.parametrize("make", [
    pytest.param(closed, marks=row("14", "OINT_HOME of root's, 0700", "sent and saved, then InternalError")),
    pytest.param(log_of_root, marks=row("6", "journal.* of root's, 0600", "refresh ok, no word; the spent copy ends the family")),
])  # fmt: skip
def test_a_log_that_is_there_and_cannot_be_read(strict, theirs, tmp_path, make, after):
    home = theirs.parent / f"{theirs.name}-home"
    make(home)
    try:
        first, second = as_nobody.run(TWICE, theirs, tmp_path, OINT_HOME=str(home))
    finally:
        shutil.rmtree(home)

    for said in (first, second):
        assert said.startswith("StoreError: The refresh log cannot be read")
        assert "Nothing was sent" in said
        assert "OINT_HOME" in said
    assert strict.accounts.counts.refreshes == 0
    after("nothing sent, OINT_HOME named")


@row("6", "a data folder that can be read and not written", "refresh ok, no word; the spent copy ends the family")
def test_a_log_that_can_be_read_and_not_written(strict, theirs, tmp_path, after, monkeypatch):
    home = theirs.parent / f"{theirs.name}-home"
    monkeypatch.setenv("OINT_HOME", str(home))
    old = (theirs / "auth.json").read_bytes()
    twitter.refresh(str(theirs / "auth.json"))
    (theirs / "older.json").write_bytes(old)
    (theirs / "copy.json").write_bytes((theirs / "auth.json").read_bytes())
    for path in [home, *home.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    shutil.rmtree(theirs / ".oint")
    code = 'print(json.dumps(said(lambda: twitter.refresh("older.json"))))\n' + TWICE
    try:
        followed, second, third = as_nobody.run(code, theirs, tmp_path, OINT_HOME=str(home))
    finally:
        shutil.rmtree(home)

    assert "followed" in followed
    assert "cannot be written" in " ".join(followed.split())
    assert "recovery file stays" in " ".join(followed.split())
    assert strict.accounts.counts.reuses == strict.accounts.counts.refused == 0
    assert second
    assert third
    after("spent copies are recognised; the recovery file stays and is told")


@pytest.mark.parametrize("setting", ["oint", "./oint", "~nosuchuser/oint"])
@row("6", "OINT_HOME is relative, or of a user who is not there", "%cd loses the log; the spent copy ends the family")
def test_a_data_folder_that_is_no_absolute_path(strict, auth_file, monkeypatch, setting, after):
    auth_file()
    monkeypatch.setenv("OINT_HOME", setting)

    with pytest.raises(errors.SettingError, match="Nothing was sent") as caught:
        twitter.refresh("auth.json")
    assert setting.startswith("~") or str(Path("oint").absolute()) in caught.value.next_step
    assert strict.accounts.counts.refreshes == 0
    after("refused, with the absolute path to set")


@row("6", "the data folder's disk is full", "refresh ok, no word; the spent copy ends the family")
def test_a_data_folder_whose_disk_is_full(strict, auth_file, home, monkeypatch, after):
    auth_file()
    shutil.copy("auth.json", "copy.json")
    (home / "oint").mkdir(mode=0o700)
    really = os.open

    def full(path, flags, *words, **options):
        there = options.get("dir_fd") is not None and os.path.realpath(f"/proc/self/fd/{options['dir_fd']}")
        if flags & os.O_CREAT and str(there or path).startswith(str(home / "oint")):
            raise OSError(28, "No space left on device")
        return really(path, flags, *words, **options)

    with monkeypatch.context() as change:
        change.setattr(os, "open", full)
        response = twitter.refresh("auth.json")

    assert "cannot be written" in str(response)
    assert list(Path(".oint").glob("exchange-*"))
    assert twitter.refresh("copy.json")["access_token"]
    assert strict.accounts.counts.reuses == strict.accounts.counts.refused == 0
    after("said in the table; the recovery file stays, and the copy is not sent")


def collide(monkeypatch):
    """Let the first ten digits of all fingerprints be equal, as a search of some seconds can make them."""
    really = secret.fingerprint
    monkeypatch.setattr(secret, "fingerprint", lambda value: "0123456789" + really(value)[10:])


@row("5", "two accounts whose tokens share the ten digits that are shown", "A's call returns B's pair")
def test_fingerprints_that_look_alike_lead_nowhere(strict, auth_file, monkeypatch, after):
    collide(monkeypatch)
    auth_file("a.json")
    auth_file("b.json", person="783214") if "person" in strict.issue.__code__.co_varnames else auth_file("b.json")
    for _ in range(3):
        for name in ("a.json", "b.json"):
            assert twitter.refresh(name).saved_to == name
    assert pair("a.json")["access_token"] != pair("b.json")["access_token"]
    assert strict.accounts.counts.refused == 0
    after("128 bits decide; each call has its own pair")


@row("5", "a text whose token shares the ten digits of a spent one", "led to a stranger's pair")
def test_a_text_that_looks_like_a_spent_token(strict, auth_file, monkeypatch, after):
    collide(monkeypatch)
    twitter.refresh(auth_file("a.json"))
    mine = strict.issue()

    assert twitter.refresh(mine, to="profile:mine").saved_to == "profile:mine"
    after("both copies would be refreshed")


@row("16", "a folder whose name is Latin-1", "InternalError each time; status: in doubt")
def test_a_folder_whose_name_is_no_text(strict, auth_file, after):
    text = Path(auth_file()).read_bytes()
    folder = Path(os.fsdecode(b"caf\xe9"))
    folder.mkdir()
    (folder / "auth.json").write_bytes(text)
    (folder / "auth.json").chmod(0o600)
    os.chdir(folder)

    for _ in range(2):
        assert twitter.refresh("auth.json").saved_to == "auth.json"
    assert twitter.status("auth.json")[0].state == "good"
    assert strict.accounts.counts.refreshes == 2
    after("refreshed twice")


@row("16", "no thread can be started", "twice, then: in doubt, though nothing was sent")
def test_a_limit_of_threads(strict, auth_file, monkeypatch, after):
    auth_file()

    def refuse(*_, **__):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as change:
        change.setattr("_thread.start_new_thread", refuse)
        for _ in range(3):
            with pytest.raises(errors.NotSent, match="nothing was sent"):
                twitter.refresh("auth.json")
    assert twitter.status("auth.json")[0].doubt is None
    assert twitter.refresh("auth.json")["access_token"]
    after("not sent, and nothing is in doubt")


@row("16", "the last thread that can be started is the one that refreshes", "in doubt, though nothing was sent")
def test_a_limit_of_threads_without_one_for_the_deadline(strict, auth_file, monkeypatch, after):
    auth_file()
    start = _thread.start_new_thread

    def refuse(function, *details):
        if function.__qualname__.startswith("_Clock"):
            raise RuntimeError("can't start new thread")
        return start(function, *details)

    monkeypatch.setattr("_thread.start_new_thread", refuse)
    assert twitter.refresh("auth.json")["access_token"]
    assert twitter.status("auth.json")[0].doubt is None
    after("refreshed: each wait has its own bound")


@row("16", "an error that is no one's between record and sending", "InternalError, and then: in doubt")
def test_an_error_of_ours_before_the_sending(strict, auth_file, monkeypatch, after):
    from oint_magics.http import token_post

    auth_file()
    with monkeypatch.context() as change:
        change.setattr(token_post, "post", lambda *_: (_ for _ in ()).throw(ZeroDivisionError))
        for _ in range(3):
            with pytest.raises(errors.InternalError):
                twitter.refresh("auth.json")
    assert not list(Path(".oint").glob("exchange-*"))
    assert twitter.refresh("auth.json")["access_token"]
    after("undone; nothing is in doubt")


@row("16", "a surrogate in the log's text", "InternalError at each later refresh")
def test_a_surrogate_in_the_text(strict, auth_file, home, after):
    twitter.refresh(auth_file())
    log = home / "oint" / "journal.log"
    log.write_text(
        log.read_text() + json.dumps({"format": 1, "at": 1.0, "spent": "a", "newest": "b", "place": "\udce9"}) + "\n"
    )

    assert twitter.refresh("auth.json")["access_token"]
    assert journal.here().known("a").place == "\udce9"
    after("read as it is")


@row("20", "the current folder was deleted", "InternalError")
def test_a_current_folder_that_is_gone(strict, auth_file, tmp_path, after):
    path = Path(auth_file()).resolve()
    gone = tmp_path / "gone"
    gone.mkdir()
    code = f"import os, requests; os.rmdir(os.getcwd()); from oint_magics import twitter; print(twitter.refresh({str(path)!r}).saved_to)"
    found = subprocess.run([sys.executable, "-c", code], cwd=gone, capture_output=True, text=True)

    assert found.stdout.strip() == str(path), found.stderr
    after("refreshed by its absolute path")


@row("20", "TZ=AAA24:30", "InternalError after a saved refresh")
def test_a_time_zone_that_no_clock_has(strict, auth_file, after):
    auth_file()
    code = "from oint_magics import twitter; print(twitter.refresh('auth.json'))"
    found = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"TZ": "AAA24:30"}, capture_output=True, text=True
    )

    assert "expires at" in found.stdout, found.stderr
    after("times in UTC")


@pytest.mark.parametrize("source", ["~nosuchuser/auth.json", "profile:" + "x" * 300])
@row("20", "a path of a user who is not there; a name of 300 characters", "InternalError")
def test_names_that_lead_nowhere(source, after):
    with pytest.raises(errors.OintError) as caught:
        twitter.refresh(source)
    assert not isinstance(caught.value, errors.InternalError)
    after("said in our words")
