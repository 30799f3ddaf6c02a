"""Places that take no new file, or stop to: real mounts and attributes, as far as the machine lets us make them."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import mounts
import pytest
from patience import LONG, wait_for
from raw_server import answer

from oint_magics import errors, twitter
from oint_magics.stores import open_store

PAIR = {"token_type": "bearer", "expires_in": 7200, "access_token": "new-access", "refresh_token": "new-token"}
REFRESH = """
import sys
from oint_magics import twitter
try:
    print("table", twitter.refresh(sys.argv[1]).saved_to)
except Exception as error:
    print(type(error).__name__, error, getattr(error, "response", None) and dict(error.response))
"""


@pytest.fixture
def server(raw, monkeypatch):
    server = raw(answer("200 OK", json.dumps(PAIR).encode()))
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    return server


@pytest.fixture
def file(auth):
    Path("there").mkdir()
    path = Path("there/auth.json")
    path.write_text(json.dumps(auth))
    path.chmod(0o600)
    return path


def mounted(script, code=REFRESH, source="there/auth.json"):
    """Run a refresh after a shell script has made the mounts; return what it said."""
    return mounts.mounted(script, code, source)


@mounts.needed
def test_a_single_file_that_is_mounted(server, file):
    """As containers mount a secret: the file can be written, and not replaced."""
    node = file.stat().st_ino

    assert mounted("mount --bind there/auth.json there/auth.json").startswith("table there/auth.json")

    assert "new-token" in file.read_text()
    assert file.stat().st_ino == node
    assert len(server.requests) == 1


@mounts.needed
def test_a_folder_that_can_only_be_read(server, file):
    said = mounted("mount --bind there there; mount -o remount,bind,ro there")

    assert said.startswith("StoreNotWritable")
    assert "Read-only file system" in said
    assert server.requests == []


@mounts.needed
def test_a_folder_that_can_only_be_read_and_a_pair_that_is_fresh(server, file, auth):
    """Where nothing has to be sent, nothing has to be written."""
    file.write_text(json.dumps(auth | {"expires_at": time.time() + 3600}))
    code = REFRESH.replace("sys.argv[1])", "sys.argv[1], if_expired=True)")

    assert mounted("mount --bind there there; mount -o remount,bind,ro there", code=code).startswith("table")
    assert server.requests == []


@mounts.needed
@pytest.mark.parametrize("left", [0, 4, 12, 20])
def test_a_disk_with_little_room(server, file, left):
    """A few kilobytes, and nothing: what was sent was saved, and what could not be saved was not sent."""
    said = mounted(f"""
        cp there/auth.json kept.json
        mount -t tmpfs -o size=64k none there
        cp -p kept.json there/auth.json
        dd if=/dev/zero of=there/full bs=1k 2>/dev/null || true
        truncate -s -{left}k there/full
    """)

    assert said.startswith(("table", "StoreNotWritable")), said
    assert len(server.requests) == said.startswith("table")
    if left == 0:
        assert "No space left on device" in said


@mounts.needed
def test_a_disk_that_fills_while_the_server_answers(raw, file, monkeypatch, home):
    """The store's disk and the data folder's: the pair is in the record, and the next run saves it from there."""

    def behaviour(connection):
        Path("now").touch()
        wait_for(lambda: Path("filled").exists(), "the disk is not full")
        answer("200 OK", json.dumps(PAIR).encode())(connection)

    server = raw(behaviour)
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    monkeypatch.setenv("OINT_HOME", str(Path("there/home").resolve()))
    code = f"""
import os, threading, time
def fill():
    while not os.path.exists("now"):
        time.sleep(0.01)
    with open("there/full", "wb", buffering=0) as full:
        try:
            while True:
                full.write(bytes(512))
        except OSError:
            pass
    open("filled", "w").close()
threading.Thread(target=fill).start()
{REFRESH}
os.unlink("there/full")
again = twitter.refresh(sys.argv[1])
print("again", again["access_token"], "repaired" in str(again))
"""
    said = mounted(
        "cp -p there/auth.json kept.json; mount -t tmpfs -o size=512k none there; cp -p kept.json there/auth.json",
        code=code,
    )

    assert said.startswith(
        "NotSaved The refresh succeeded, but there/auth.json could not be written. The tokens are in a recovery file."
    ), said
    assert "again new-access True" in said
    assert len(server.requests) == 1


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0 or not shutil.which("chattr"), reason="root's alone")
def test_a_file_that_must_not_be_changed(server, file):
    if subprocess.run(["chattr", "+i", file], capture_output=True).returncode:
        pytest.skip("this file system has no such attribute")
    try:
        with pytest.raises(errors.StoreNotWritable, match="nothing was sent"):
            twitter.refresh(file)
    finally:
        subprocess.run(["chattr", "-i", file], check=True)
    assert server.requests == []


@pytest.mark.skipif(os.name != "posix", reason="no such rights there")
@pytest.mark.parametrize("mode", [0o500, 0o555])
def test_a_folder_without_the_right_to_write(server, file, mode):
    """The file is written in place, its state lies in the data folder; root's capabilities are dropped for this."""
    Path("code.py").write_text(REFRESH)
    file.parent.chmod(mode)
    dropped = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    words = [*dropped, sys.executable, "code.py", "there/auth.json"]
    done = subprocess.run(words, capture_output=True, text=True)
    file.parent.chmod(0o700)

    assert done.stdout.startswith("table there/auth.json"), done.stdout + done.stderr
    assert "new-token" in file.read_text()
    assert os.listdir("there") == ["auth.json"]


def test_the_workshop_deleted_while_the_server_answers(raw, file, monkeypatch):
    """`rm -r .oint` in the middle, and another process that finds no lock there: no token is sent twice."""
    others = []

    def behaviour(connection):
        shutil.rmtree("there/.oint", ignore_errors=bool(others))
        if not others:
            Path("code.py").write_text(REFRESH.replace("try:", "open('begun', 'w').close()\ntry:"))
            words = [sys.executable, "code.py", "there/auth.json"]
            others.append(subprocess.Popen(words, stdout=subprocess.PIPE, text=True))
            wait_for(Path("begun").exists, "the other process did not begin")
            time.sleep(1)  # It waits for the token's lock by now; where it does not, it finds the new one.
        answer("200 OK", json.dumps(PAIR).encode())(connection)

    server = raw(behaviour)
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")

    assert twitter.refresh(file)["access_token"] == "new-access"
    said = others[0].communicate(timeout=LONG)[0]

    assert len({request.split(b"\r\n\r\n")[1] for request in server.requests}) == len(server.requests), said
    assert said.startswith("table")
    assert open_store(str(file)).read().refresh_token.reveal() == "new-token"


class TestClock:
    """The system's clock jumps, forward and back, while the server answers: nothing waits by it."""

    @pytest.mark.parametrize("days", [-400, -1, 1, 400])
    def test_in_the_middle_of_a_refresh(self, raw, file, monkeypatch, days):
        import time_machine

        moves = []

        def behaviour(connection):
            moves[0].shift(days * 24 * 3600)
            answer("200 OK", json.dumps(PAIR).encode())(connection)

        monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{raw(behaviour).url}/t")
        with time_machine.travel(time.time(), tick=True) as traveller:
            moves.append(traveller)
            start = time.monotonic()
            response = twitter.refresh(file)
            assert twitter.refresh(file, if_expired=True)["access_token"] == response["access_token"]
            assert time.monotonic() - start < 100
            assert 7100 < (response.expires_at.timestamp() - time.time()) <= 7200
        assert open_store(str(file)).read().refresh_token.reveal() == "new-token"

    @pytest.mark.parametrize("days", [-400, 400])
    def test_between_a_lost_answer_and_the_next_run(self, raw, file, monkeypatch, days):
        import time_machine

        monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{raw(lambda _: None).url}/t")
        with pytest.raises(errors.InDoubt):
            twitter.refresh(file)
        text = file.read_text()
        pairs = [PAIR, PAIR | {"access_token": "a2", "refresh_token": "r2"}]
        server = raw(lambda connection: answer("200 OK", json.dumps(pairs.pop(0)).encode())(connection))
        monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")

        with time_machine.travel(time.time() + days * 24 * 3600, tick=True):
            assert twitter.refresh(file)["access_token"] == "new-access"
            assert twitter.refresh(text)["refresh_token"] == "r2"
