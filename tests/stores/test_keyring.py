"""An encrypted profile: the contract of all stores, and the keyrings that must not be trusted."""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest
from contract import AUTH, StoreContract, grant
from field.rows import case
from patience import LONG
from raw_server import answer

from oint_magics import twitter
from oint_magics.errors import InDoubt, NotSaved, StoreError
from oint_magics.stores import locks, open_store, private_folder


@pytest.mark.usefixtures("ring")
class TestKeyring(StoreContract):
    @pytest.fixture
    def again(self):
        return lambda: open_store("keyring:work")

    @pytest.fixture
    def store(self, again):
        return again()


class TestKeyringByPaths(TestKeyring):
    @pytest.fixture(autouse=True)
    def by_paths(self, monkeypatch):
        """As Windows is."""
        monkeypatch.setattr(private_folder, "BY_DESCRIPTOR", False)
        monkeypatch.setattr(locks, "BY_FLOCK", False)


@pytest.fixture
def store(ring):
    store = open_store("keyring:work")
    store.create(AUTH)
    return store


def test_the_file_shows_no_word_and_the_keyring_holds_the_key_alone(store, ring, home):
    store.save(grant("access-MARK", "refresh-MARK"), AUTH)

    path = home / "oint" / "keyring" / "work.sealed"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for word in (b"an-id", b"old", b"MARK", b"token"):
        assert word not in path.read_bytes()
    (((_, name), key),) = ring.kept.items()
    assert path.read_bytes().startswith(b"oint-1 " + name.encode() + b"\n")
    assert len(key) == 44


def test_a_file_is_bound_to_its_name(store, ring, home):
    folder = home / "oint" / "keyring"
    shutil.copy(folder / "work.sealed", folder / "other.sealed")

    with pytest.raises(StoreError, match="keyring:other cannot be decrypted"):
        open_store("keyring:other").read()


@pytest.mark.parametrize("key", [None, "", "MARK", "k" * 43 + "="])
def test_a_lost_key_is_said_and_no_new_one_is_made(store, ring, key):
    if key is None:
        ring.kept.clear()
    else:
        ring.kept = dict.fromkeys(ring.kept, key)
    before = dict(ring.kept)

    for act in (store.read, store.prove, lambda: store.save(grant(), AUTH)):
        with pytest.raises(StoreError, match="keyring:work cannot be decrypted") as caught:
            act()
        assert "MARK" not in str(caught.value)
    assert ring.kept == before


def test_a_keyring_that_forgets_is_found_out_before_anything_is_kept_in_it(ring):
    ring.forgets = True

    with pytest.raises(StoreError, match="does not give it back"):
        open_store("keyring:work").create(AUTH)
    assert not open_store("keyring:work").exists()
    assert ring.kept == {}


def test_a_locked_keyring_is_said(ring, monkeypatch):
    def locked(*_):
        raise keyring.errors.KeyringLocked("MARK")

    monkeypatch.setattr(ring, "get_password", locked)
    with pytest.raises(StoreError, match=r"locked, or does not work here \(KeyringLocked\)") as caught:
        open_store("keyring:work").create(AUTH)
    assert "MARK" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "backend", ["keyring.backends.null.Keyring", "keyring.backends.fail.Keyring", "keyrings.alt.file.PlaintextKeyring"]
)
def test_a_keyring_that_keeps_plain_text_or_nothing_is_refused(backend, home):
    """By the way that users choose one, in a process of its own."""
    code = (
        "from oint_magics import twitter\n"
        "try: twitter.keep({'client_id': 'an-id', 'refresh_token': 'MARK'}, 'keyring:work')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    environment = os.environ | {"PYTHON_KEYRING_BACKEND": backend}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True).stdout

    assert said.startswith("StoreError")
    assert "profile:NAME" in said
    assert not [path for path in home.rglob("*") if path.is_file() and b"MARK" in path.read_bytes()]


def test_of_a_chain_the_first_that_can_be_trusted_serves(ring, monkeypatch):
    import keyrings.alt.file
    from keyring.backends import chainer

    plain = keyrings.alt.file.PlaintextKeyring()
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [plain, ring])
    keyring.set_keyring(chainer.ChainerBackend())

    open_store("keyring:work").create(AUTH)

    assert [service for service, _ in ring.kept] == ["oint_magics"]


def test_removing_takes_the_key_along(store, ring):
    store.remove()

    assert ring.kept == {}
    assert not store.exists()


def test_a_refresh_and_its_answer_on_the_way_are_encrypted(ring, sandbox, auth_file, home):
    twitter.keep(auth_file(), "keyring:work")

    response = twitter.refresh("keyring:work")

    assert response.saved_to == "keyring:work"
    assert open_store("keyring:work").read().refresh_token.reveal() == response["refresh_token"]
    for path in home.rglob("*"):
        if path.is_file():
            assert response["refresh_token"].encode() not in path.read_bytes()


needs_a_desktop = pytest.mark.skipif(
    not all(map(shutil.which, ("gnome-keyring-daemon", "dbus-run-session", "dbus-send"))),
    reason="gnome-keyring is not installed",
)


def on_a_desktop(code, path=""):
    """Run code with GNOME's own keyring, unlocked, over D-Bus; return what it said.

    The daemon leaves its first process before it has its name on the bus: who asks then makes the bus start another
    one, which is locked.
    """
    Path("code.py").write_text(code)
    ask = "dbus-send --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner"
    script = (
        "echo -n secret | gnome-keyring-daemon --unlock --components=secrets >/dev/null; "
        f"until {ask} string:org.freedesktop.secrets | grep -q true; do sleep 0.05; done; "
        f'"{sys.executable}" code.py'
    )
    words = ["dbus-run-session", "--", "sh", "-c", script]
    with tempfile.TemporaryDirectory() as folder:  # Its socket's path must not be long.
        env = os.environ | {"PYTHONPATH": path, "XDG_RUNTIME_DIR": folder}
        done = subprocess.run(words, capture_output=True, text=True, timeout=LONG, env=env)
    return done.stdout, done.stderr


SIX = """
import subprocess, sys
one = "from oint_magics import twitter; twitter.keep({'client_id': 'an-id', 'refresh_token': 'old'}, 'keyring:' + sys.argv[1])"
processes = [subprocess.Popen([sys.executable, "-c", "import sys; " + one, f"p{n}"]) for n in range(6)]
assert [process.wait() for process in processes] == [0] * 6
from oint_magics.stores import open_store
print(*(open_store(f"keyring:p{n}").read().refresh_token.reveal() for n in range(6)))
import keyring
print(*(type(each).__module__ for each in getattr(keyring.get_keyring(), "backends", [keyring.get_keyring()])))
"""


@needs_a_desktop
def test_the_keyring_of_a_desktop(home, after):
    """B20: six profiles are made at once."""
    said, problem = on_a_desktop(SIX)

    assert said.split()[:6] == ["old"] * 6, problem


@needs_a_desktop
@pytest.mark.parametrize(("package", "module"), [
    case("B20", "keyrings.google-artifactregistry-auth is installed", "cannot be decrypted … log in again",
         "keyrings.google-artifactregistry-auth", "keyrings.gauth"),
    case("B20", "keyrings.codeartifact is installed", "cannot be decrypted … log in again", "keyrings.codeartifact", "keyrings.codeartifact"),
    case("B20", "artifacts-keyring is installed", "cannot be decrypted … log in again", "artifacts-keyring", "artifacts_keyring"),
])  # fmt: skip
def test_with_a_package_for_a_private_index(home, after, tmp_path, package, module):
    """Its backend comes before the desktop's, and neither keeps nor has anything."""
    words = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(tmp_path / "more"), package]
    subprocess.run(words, check=True, capture_output=True)

    said, problem = on_a_desktop(SIX, str(tmp_path / "more"))

    assert said.split()[:6] == ["old"] * 6, problem
    assert module in said, said
    after("six profiles made at once work")


class OfAnIndex(keyring.backend.KeyringBackend):
    """As the packages for private indexes are."""

    priority = 9

    def get_password(self, service, username):
        return None

    def set_password(self, service, username, password):
        raise NotImplementedError


class Locked(OfAnIndex):
    def get_password(self, service, username):
        raise keyring.errors.KeyringLocked("MARK")


@pytest.fixture
def chain(ring, monkeypatch):
    """Let the system's keyring be a chain of some backends."""
    from keyring.backends import chainer

    def put(*backends):
        monkeypatch.setattr(chainer.ChainerBackend, "backends", list(backends))
        keyring.set_keyring(chainer.ChainerBackend())

    return put


def test_one_that_only_reads_leaves_the_writing_to_the_next(chain, ring):
    chain(OfAnIndex(), ring)
    store = open_store("keyring:work")
    store.create(AUTH)

    assert len(ring.kept) == 1
    assert store.read().refresh_token.reveal() == "old"
    store.remove()
    assert ring.kept == {}


def test_no_login_is_proposed_while_one_of_them_is_locked(store, chain, ring):
    ring.kept.clear()
    chain(OfAnIndex(), Locked(), ring)

    with pytest.raises(StoreError, match=r"locked, or does not work here \(KeyringLocked\)") as caught:
        store.read()
    assert "login" not in str(caught.value)
    assert "MARK" not in str(caught.value)


def test_a_locked_one_does_not_hide_the_key_of_another(store, chain, ring):
    chain(Locked(), ring)
    assert store.read().refresh_token.reveal() == "old"


def test_where_all_of_them_only_read_nothing_is_kept(chain):
    chain(OfAnIndex())
    with pytest.raises(StoreError, match="only read"):
        open_store("keyring:work").create(AUTH)
    assert not open_store("keyring:work").exists()


def test_a_spent_text_leads_into_the_encrypted_profile(ring, sandbox):
    pair = sandbox.issue()
    twitter.keep(pair, "keyring:work")
    first = twitter.refresh("keyring:work")

    assert twitter.refresh(pair, if_expired=True)["access_token"] == first["access_token"]
    assert twitter.refresh(pair).saved_to == "keyring:work"


def test_one_name_in_two_data_folders_has_two_keys(store, ring, monkeypatch, home):
    """The keyring is one for all of them; forgetting one must not close the other."""
    with monkeypatch.context() as there:
        there.setenv("OINT_HOME", str(home / "elsewhere"))
        other = open_store("keyring:work")
        other.create(AUTH)
        assert len(ring.kept) == 2
        other.remove()

    assert store.read().refresh_token.reveal() == "old"


def test_a_keyring_that_locks_itself_while_the_server_answers_loses_nothing(ring, raw, auth, monkeypatch):
    """The key is fetched before anything is sent: the answer is in the record, and the next run saves it."""
    pair = {"access_token": "new-access", "refresh_token": "new-token", "expires_in": 7200}
    get = ring.get_password

    def behaviour(connection):
        ring.get_password = lambda *_: (_ for _ in ()).throw(keyring.errors.KeyringLocked)
        answer("200 OK", json.dumps(pair).encode())(connection)

    server = raw(behaviour)
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    twitter.keep(auth, "keyring:work")
    with pytest.raises(NotSaved, match="The tokens are in a recovery file"):
        twitter.refresh("keyring:work")

    ring.get_password = get
    response = twitter.refresh("keyring:work")
    assert "repaired" in str(response)
    assert response["refresh_token"] == "new-token"
    assert len(server.requests) == 1


def test_a_keyring_that_locks_itself_and_an_answer_that_is_cut(ring, raw, auth, monkeypatch):
    def behaviour(connection):
        ring.get_password = lambda *_: (_ for _ in ()).throw(keyring.errors.KeyringLocked)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")

    get = ring.get_password
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", raw(behaviour).url)
    with pytest.raises(InDoubt):
        twitter.refresh(auth, to="keyring:work")

    ring.get_password = get
    assert open_store("keyring:work").exists()
    assert "in doubt" in str(twitter.status("keyring:work"))


def test_a_profile_whose_key_is_lost_can_be_deleted_and_made_again(store, ring, sandbox):
    ring.kept.clear()
    with pytest.raises(StoreError, match="cannot be decrypted") as caught:
        twitter.refresh("keyring:work")
    assert "twitter.forget" in caught.value.next_step

    twitter.forget("keyring:work")

    twitter.keep(sandbox.issue(), "keyring:work")
    assert twitter.refresh("keyring:work")["access_token"]
