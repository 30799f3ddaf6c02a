import codecs
import json
import os
import stat
import threading
from pathlib import Path

import no_locks
import pytest
from contract import AUTH, END, TOKENS, StoreContract, grant
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oint_magics.auth.spellings import key_of
from oint_magics.errors import AuthError, StoreError, StoreNotWritable
from oint_magics.stores import locks, open_store, private_folder


class TestFile(StoreContract):
    @pytest.fixture
    def again(self):
        return lambda: open_store("auth.json")

    @pytest.fixture
    def store(self, again):
        return again()


@pytest.fixture
def by_paths(monkeypatch):
    """A system that opens nothing by a folder's descriptor and has no flock, as Windows."""
    monkeypatch.setattr(private_folder, "BY_DESCRIPTOR", False)
    monkeypatch.setattr(locks, "BY_FLOCK", False)


@pytest.mark.usefixtures("by_paths")
class TestFileByPaths(TestFile):
    pass


class TestProfile(StoreContract):
    @pytest.fixture
    def again(self):
        return lambda: open_store("profile:work")

    @pytest.fixture
    def store(self, again):
        return again()

    def test_lies_in_the_data_folder_for_its_owner_alone(self, store, home):
        store.create(AUTH)

        path = home / "oint" / "profiles" / "work.json"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    def test_a_data_folder_that_cannot_be_made_is_said(self, store, home):
        (home / "oint").write_text("a file where the folder should be")

        with pytest.raises(StoreNotWritable):
            store.create(AUTH)


@pytest.mark.usefixtures("by_paths")
class TestProfileByPaths(TestProfile):
    pass


BEFORE = '{\r\n\t"note" : "Привет" , // mine\r\n\t\'client_id\':"an-id",\r\n\t"refresh_token" :"old","access_token": "o"\r\n}\r\n'
AFTER = (
    '{\r\n\t"note" : "Привет" , // mine\r\n\t\'client_id\':"an-id",\r\n\t"refresh_token" :"new","access_token": "new-access",'
    f'"expires_at": {int(END.timestamp())}\r\n}}\r\n'
)


@pytest.mark.parametrize(
    ("bom", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
def test_a_users_file_keeps_every_other_byte(bom, encoding):
    """Order, indent, line ends, comments, quotes, encoding and byte order mark."""
    Path("auth.json").write_bytes(bom + BEFORE.encode(encoding))

    open_store("auth.json").prove()
    assert Path("auth.json").read_bytes() == bom + BEFORE.encode(encoding)
    open_store("auth.json").save(grant(), AUTH)
    assert Path("auth.json").read_bytes() == bom + AFTER.encode(encoding)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    st.dictionaries(st.text(min_size=1).filter(lambda k: k not in ("refresh_token", "access_token", "expires_at", "client_id") and k.isprintable()),
                    st.text() | st.integers() | st.none() | st.lists(st.text())),
    st.sampled_from([None, 1, 4, "\t"]),
    TOKENS,
)  # fmt: skip
def test_saving_changes_three_keys_and_no_other(extra, indent, token):
    # hypothesis takes words from our own code: one of them is the mark of an encrypted file.
    extra = {key: value for key, value in extra.items() if key_of(key) is None and not key.startswith("sops")}
    before = extra | {"client_id": "an-id", "refresh_token": "old"}
    Path("auth.json").write_text(json.dumps(before, indent=indent))

    open_store("auth.json").save(grant(token, token), AUTH)

    after = json.loads(Path("auth.json").read_text())
    assert after == before | {"access_token": token, "refresh_token": token, "expires_at": int(END.timestamp())}
    assert list(after)[: len(before)] == list(before)


def test_a_file_that_others_can_read_is_said():
    store = open_store("auth.json")
    store.create(AUTH)
    assert store.warning() is None

    Path("auth.json").chmod(0o644)
    assert store.warning() == "others on this machine can read the file: chmod 600 auth.json"


def test_a_file_system_without_locks_is_said(monkeypatch, sandbox, auth_file):
    """In the table too, for that is where its users look."""
    from oint_magics import twitter

    no_locks.take_away(monkeypatch)
    response = twitter.refresh(auth_file())

    assert "only this machine is protected" in str(response)
    with open_store("auth.json").lock(1, lambda: None):
        Path("auth.json").chmod(0o644)
        assert open_store("auth.json").warning().startswith("others on this machine can read the file")


def test_a_file_that_became_something_else_is_not_overwritten():
    store = open_store("auth.json")
    store.create(AUTH)
    Path("auth.json").write_text("something else")

    with pytest.raises(AuthError):
        store.save(grant(), AUTH)
    assert Path("auth.json").read_text() == "something else"


def test_a_store_that_cannot_be_written_is_known_before(monkeypatch):
    """The proof is the rewriting itself."""
    store = open_store("auth.json")
    store.create(AUTH)

    def fail(*_, **__):
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(StoreNotWritable, match="Device or resource busy"):
        store.prove()
    assert json.loads(Path("auth.json").read_text())["refresh_token"] == "old"


def test_one_place_for_every_spelling():
    Path("link.json").symlink_to("auth.json")

    assert (
        len(
            {open_store(name).place for name in ("auth.json", "./auth.json", os.path.abspath("auth.json"), "link.json")}
        )
        == 1
    )
    assert open_store("profile:a").place != open_store("profile:b").place


@pytest.mark.parametrize(
    "name",
    [
        "http://x.y",
        "",
        "  ",
        "{'a': '.'}",
        "keyring:x y",
        "shared:a/b",
        "profile:a/b",
        "work",
        "env:",
        "a\0.json",
        "~no-such-user/a.json",
        "x" * 999 + ".json",
        "circle/a.json",
    ],
)
def test_what_is_no_store(name):
    Path("circle").symlink_to("circle")

    with pytest.raises(StoreError) as caught:
        open_store(name)
    assert "xxx" not in str(caught.value)


def test_a_comma_in_a_comment_is_not_mistaken_for_the_jsons():
    text = '{"client_id":"an-id","refresh_token":"old" // a, b\n ,"note":"x"}'
    Path("auth.json").write_text(text)

    open_store("auth.json").save(grant(), AUTH)

    assert open_store("auth.json").read().refresh_token.reveal() == "new"


def test_room_for_a_longer_pair_is_proven(monkeypatch):
    """The saved file may be longer than the one that is rewritten."""
    sizes = []
    sync, mine = os.fsync, threading.get_ident()

    def fsync(fd):
        if threading.get_ident() == mine:
            sizes.append(os.fstat(fd).st_size)
        sync(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    store = open_store("auth.json")
    store.create(AUTH)
    sizes.clear()

    store.prove()

    assert max(sizes) >= Path("auth.json").stat().st_size + 8192
    assert store.read().document.matches(AUTH.document)


def test_a_file_that_our_editing_does_not_understand_is_known_before(monkeypatch):
    """The trial edit of `prove` finds it while nothing is sent."""
    store = open_store("auth.json")
    store.create(AUTH)
    monkeypatch.setattr("oint_magics.auth.json_text.JsonObject.edits", lambda *_: [(0, 1, "[")])

    with pytest.raises(StoreNotWritable, match="could not be written into this file, so nothing was sent"):
        store.prove()


def test_an_existing_file_is_named_in_errors(monkeypatch):
    store = open_store("auth.json")
    store.create(AUTH)
    monkeypatch.setattr(os, "replace", lambda *_, **__: (_ for _ in ()).throw(OSError(1, "Operation not permitted")))

    with pytest.raises(StoreNotWritable, match="auth.json cannot be written") as caught:
        store.prove()
    assert "Operation not permitted" in caught.value.cause
    with pytest.raises(AuthError, match="bad.json cannot be read as auth JSON"):
        Path("bad.json").write_text("x")
        open_store("bad.json").read()


def test_a_file_of_exactly_a_mebibyte_is_read():
    text = '{"client_id":"an-id","note":"%s"}'
    Path("big.json").write_text(text % ("x" * (2**20 - len(text) + 2)))
    assert Path("big.json").stat().st_size == 2**20

    assert open_store("big.json")._content()[1].values()["client_id"] == "an-id"


def test_a_missing_folder_is_said():
    with pytest.raises(StoreNotWritable, match="its folder does not exist") as caught:
        open_store("nowhere/MARK.json").create(AUTH)
    assert "MARK" not in str(caught.value)
