import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from oint_magics import errors, twitter
from oint_magics.process import state
from oint_magics.twitter import calls


def test_the_public_names():
    assert twitter.__all__ == [
        "authorization_link", "bearer", "delete", "forget", "get", "get_token", "keep", "login", "me", "post", "refresh",
        "revoke", "rows", "session", "status", "upload",
    ]  # fmt: skip


def test_without_a_source_the_last_used_one_is_taken(sandbox, auth_file):
    auth_file("a.json")
    auth_file("b.json")
    twitter.refresh("a.json")
    twitter.refresh("b.json")

    assert twitter.refresh().saved_to == "b.json"


def test_the_last_used_one_is_found_from_another_folder(sandbox, auth_file, tmp_path):
    auth_file()
    twitter.refresh("auth.json")
    os.chdir(tmp_path)

    assert twitter.refresh().saved_to == os.path.join("work", "auth.json")


def test_then_the_setting_then_the_default_profile(sandbox, auth_file, monkeypatch):
    twitter.keep(sandbox.issue(), "profile:default")
    state.last_used = None
    assert calls.default_source() == "profile:default"

    monkeypatch.setenv("OINT_TWITTER_AUTH", auth_file())
    assert twitter.refresh().saved_to == "auth.json"


def test_a_setting_that_names_nothing_is_named(monkeypatch):
    monkeypatch.setenv("OINT_TWITTER_AUTH", "missing.json")

    with pytest.raises(errors.AuthNotFound, match="OINT_TWITTER_AUTH names nothing"):
        twitter.refresh()


def test_keeping_a_store_in_itself_changes_no_byte(sandbox):
    text = "// mine\n" + json.dumps(sandbox.issue())
    Path("auth.json").write_text(text, encoding="utf-16")

    assert twitter.keep("auth.json", "./auth.json") == "./auth.json"
    assert Path("auth.json").read_text(encoding="utf-16") == text


def test_without_any_the_ways_are_named():
    assert calls.default_source() is None
    with pytest.raises(errors.AuthNotFound, match="%twitter_auth opens the panel"):
        twitter.refresh()


def test_keep_makes_a_home(sandbox, auth_file, home):
    auth_file()

    assert twitter.keep("auth.json", "profile:work") == "profile:work"

    kept = home / "oint" / "profiles" / "work.json"
    assert json.loads(kept.read_text()) == json.loads(Path("auth.json").read_text())
    assert calls.default_source() == "profile:work"
    assert twitter.keep("auth.json", "profile:work") == "profile:work"


def test_keep_does_not_overwrite_unless_told(sandbox, auth_file):
    auth_file()
    twitter.keep(sandbox.issue(), "profile:work")

    with pytest.raises(errors.StoreTaken, match="replace=True"):
        twitter.keep("auth.json", "profile:work")
    assert twitter.keep("auth.json", "profile:work", replace=True) == "profile:work"


def test_keep_writes_a_new_file_for_its_owner_alone(sandbox):
    """And nothing goes there but the ten keys, the expiry and the sandbox's mark."""
    issued = sandbox.issue()
    twitter.keep(issued | {"note": "Привет", "other_secret": "mine"}, "new.json")

    assert os.stat("new.json").st_mode & 0o777 == 0o600
    assert json.loads(Path("new.json").read_text()) == issued


def test_keep_does_not_overwrite_what_is_no_auth(sandbox):
    Path("notes.txt").write_text("mine")

    with pytest.raises(errors.AuthError):
        twitter.keep(sandbox.issue(), "notes.txt")
    assert Path("notes.txt").read_text() == "mine"


def test_dict_gives_xs_json(raw, auth, monkeypatch):
    from raw_server import answer

    document = {
        "token_type": "bearer",
        "expires_in": 7200,
        "access_token": "a",
        "scope": "x y",
        "refresh_token": "b",
        "é": [1.5],
    }
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", raw(answer("200 OK", json.dumps(document).encode())).url)

    assert dict(twitter.refresh(auth, to="profile:x")) == document


WAITING = """
import sys, threading, os, signal, time, traceback
from pathlib import Path
from oint_magics import twitter
from oint_magics.stores import open_store
auth = __import__("json").loads(Path("auth.json").read_text())
store = open_store("profile:work")
with store.lock(5, lambda: None):
    # Until it is heard: one that falls into a destructor is lost, as Python has it.
    def press():
        while not heard: time.sleep(0.4); heard or os.kill(os.getpid(), signal.SIGINT)
    heard = []
    threading.Thread(target=press, daemon=True).start()
    try:
        twitter.refresh(dict(auth), to="profile:work")
    except KeyboardInterrupt as stop:
        heard.append(1)
        seen = traceback.TracebackException.from_exception(stop, capture_locals=True)
        text = "".join(line for frame in seen.stack[1:] for line in [repr(frame.locals)]) + repr(stop.__context__) + str(stop)
        print(type(stop).__name__, str(stop), any(str(auth[key]) in text for key in ("client_secret", "refresh_token")))
"""


def test_the_stop_button_shows_nothing_of_what_was_given(auth):
    """Pressed while another process holds the store: nothing is sent, and no frame of ours hangs on the error."""
    Path("auth.json").write_text(json.dumps(auth))

    said = subprocess.run([sys.executable, "-c", WAITING], capture_output=True, text=True).stdout

    assert said.startswith("Stopped stopped before anything else was sent")
    assert said.strip().endswith("False")


@pytest.mark.parametrize(
    "call",
    [
        lambda: twitter.refresh("profile:x", to=5),
        lambda: twitter.forget(5),
        lambda: twitter.keep({"client_id": "i"}, None),
        lambda: twitter.authorization_link({"client_id": "i", "redirect_uri": "http://127.0.0.1/"}, scope=5),
        lambda: twitter.get_token(None, {"client_id": "i"}),
        lambda: twitter.login({"client_id": "i", "redirect_uri": "http://127.0.0.1/"}, to="profile:x", timeout="a"),
        lambda: twitter.login({"client_id": "i", "redirect_uri": "http://127.0.0.1/"}, to="profile:x", timeout=-1),
        lambda: twitter.get(None, {"client_id": "i", "access_token": "x", "expires_at": 4e9}),
        lambda: twitter.refresh(nonsense=1),
    ],
)
def test_a_wrong_argument_is_the_user_s(call):
    with pytest.raises(errors.UsageError):
        call()


def test_what_is_not_there_becomes_no_default(auth_file):
    twitter.me(auth_file())
    with pytest.raises(errors.AuthNotFound):
        twitter.me("profile:tpyo")

    assert twitter.me()["username"] == "sandbox"
