"""A9, A17 to A20: folders that others can write, the team's database, copies at rest, planted links."""

import ctypes
import json
import multiprocessing
import os
import shutil
import tempfile
import time
from pathlib import Path

import as_nobody
import psycopg
import pytest
from attacks.rows import pair, row

from oint_magics import errors, twitter
from oint_magics.sandbox import AUTH_FILE, Sandbox
from oint_magics.stores import open_store

SECONDS = float(os.environ.get("SWAP_SECONDS", "2"))
RENAME_EXCHANGE = 2


def swap(folder, theirs, is_over):
    """Exchange `.oint` with a folder of another user's, again and again, as that user."""
    os.setgroups([])
    os.setgid(as_nobody.NOBODY)
    os.setuid(as_nobody.NOBODY)
    rename = ctypes.CDLL(None, use_errno=True).renameat2
    mine, other = str(Path(folder) / ".oint").encode(), str(theirs).encode()
    while not is_over.is_set():
        rename(-100, mine, -100, other, RENAME_EXCHANGE)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be two users")
@pytest.mark.parametrize("bait", [
    pytest.param("a file with the next version's name", marks=row("9", "`.oint` is swapped for a folder with a bait in it", "within 40 s all of auth.json in another user's file")),
    pytest.param("a link", marks=row("9", "the same, the bait is a link", "the same")),
])  # fmt: skip
def test_a_folder_that_another_user_swaps(strict, monkeypatch, after, bait):
    folder = Path(tempfile.mkdtemp(prefix="shared-", dir="/tmp"))
    folder.chmod(0o777)
    theirs = folder / "theirs"
    theirs.mkdir(mode=0o777)
    stolen = folder / "stolen"
    stolen.write_bytes(b"")
    baits = [f"auth.json.{os.getpid()}.new", "auth.json.lock", "auth.json.holder"]
    for name in baits:
        (theirs / name).symlink_to(stolen) if bait == "a link" else (theirs / name).write_bytes(b"")
    for path in [theirs, stolen, *theirs.iterdir()]:
        os.chown(path, as_nobody.NOBODY, as_nobody.NOBODY, follow_symlinks=False)
        if not path.is_symlink():
            path.chmod(0o777)
    monkeypatch.chdir(folder)
    Path("auth.json").write_text(json.dumps(strict.issue()))
    Path("auth.json").chmod(0o600)
    is_over = multiprocessing.Event()
    thief = multiprocessing.get_context("fork").Process(target=swap, args=(folder, theirs, is_over))
    thief.start()
    try:
        done, end = 0, time.monotonic() + SECONDS
        while time.monotonic() < end or not done:
            try:
                twitter.refresh("auth.json")
                done += 1
            except errors.NotSaved as error:  # Swapped in the moment of the save.
                if error.response.saved_to is None:
                    continue  # It lies in the record, and the next refresh saves it.
                rescued = open_store(error.response.saved_to).path.read_bytes()
                assert strict.accounts.bearer(json.loads(rescued)["access_token"])
                Path("auth.json").write_bytes(rescued)
            except errors.StoreError as error:
                assert "othing was sent" in str(error)
    finally:
        is_over.set()
        thief.join(30)
        thief.kill()
    secrets = [value.encode() for key, value in pair().items() if "token" in key or "secret" in key]
    elsewhere = [
        stolen,
        *(path for path in folder.rglob("*") if path.is_file() and path.stat().st_uid == as_nobody.NOBODY),
    ]
    for path in elsewhere:
        assert not any(secret in path.read_bytes() for secret in secrets)
    assert strict.accounts.counts.reuses == 0
    assert strict.accounts.bearer(pair()["access_token"])
    shutil.rmtree(folder)
    after(f"{done} refreshes, 0 bytes elsewhere, 0 reuses")


@row("17", "the port is written out in OINT_SHARED_STORE", "refuses for ever: the pair lives in another database")
def test_another_address_of_the_same_database(strict, team, monkeypatch, after):
    twitter.keep(strict.issue(), "shared:work")
    twitter.refresh("shared:work")
    monkeypatch.setenv("OINT_SHARED_STORE", f"{team.address}&application_name=other")

    assert twitter.refresh("shared:work")["access_token"]
    assert strict.accounts.counts.refreshes == 2
    after("the same row, refreshed")


@row("17", "a copy of the team's pair, under the new address", "the same")
def test_a_copy_under_another_address(strict, team, monkeypatch, after):
    issued = strict.issue()
    twitter.keep(issued, "shared:work")
    twitter.refresh("shared:work")
    monkeypatch.setenv("OINT_SHARED_STORE", f"{team.address}&application_name=other")

    assert twitter.refresh(issued).saved_to == "shared:work"
    assert strict.accounts.counts.reuses == 0
    after("led to the row")


def test_a_row_of_an_unknown_format_is_left_alone(strict, team):
    twitter.keep(strict.issue(), "shared:work")
    team.run("UPDATE oint_pair SET format = 2 WHERE name = 'work'")

    with pytest.raises(errors.StoreError, match="does not know. Nothing was sent"):
        twitter.refresh("shared:work")
    assert strict.accounts.counts.refreshes == 0


HOSTILE = "\x1b[2J\u202eNext:  paste your OINT_SHARED_KEY at http://evil.example\n" + "x" * 5000


@pytest.mark.parametrize("column", [
    pytest.param("sent_by", marks=row("18", "a mark's sender with control characters and 5 KB", "shown unchanged in InDoubt")),
    pytest.param("holder", marks=row("18", "a holder with the same", "shown unchanged in StoreBusy")),
])  # fmt: skip
def test_words_from_the_database_are_shown_as_text(strict, team, monkeypatch, column, after):
    twitter.keep(strict.issue(), "shared:work")
    token = open_store("shared:work").read().refresh_token.fingerprint()
    with psycopg.connect(team.address) as connection:
        if column == "sent_by":
            connection.execute("UPDATE oint_pair SET exchange = %s, sent_by = %s, sent_at = now(), tries = 1 WHERE name = 'work'", [f"{token} x", HOSTILE])  # fmt: skip
        else:
            connection.execute("UPDATE oint_pair SET lease = 'x', holder = %s, until = now() + interval '1 hour' WHERE name = 'work'", [HOSTILE])  # fmt: skip
    monkeypatch.setenv("OINT_TWITTER_TIMEOUT", "1")

    with pytest.raises((errors.InDoubt, errors.StoreBusy)) as caught:
        twitter.refresh("shared:work")
    said = str(caught.value)
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert len(said) < 1000
    assert len(said.splitlines()) == 3
    after("written out, and cut")


@row("20", "a trigger that keeps the old row", "the pair is lost")
def test_a_trigger_that_keeps_the_old_row(strict, team, after):
    twitter.keep(strict.issue(), "shared:work")
    team.run(
        "CREATE FUNCTION keep_old() RETURNS trigger AS 'BEGIN NEW.content := OLD.content; RETURN NEW; END' LANGUAGE plpgsql"
    )
    team.run("CREATE TRIGGER keep_old BEFORE UPDATE ON oint_pair FOR EACH ROW EXECUTE FUNCTION keep_old()")
    try:
        with pytest.raises(errors.StoreError):
            twitter.refresh("shared:work")
    finally:
        team.run("DROP TRIGGER keep_old ON oint_pair; DROP FUNCTION keep_old")
    assert strict.accounts.counts.refreshes == 0
    after("seen by the proof; nothing was sent")


@row("19", "keep, delete the file, revoke, forget", "newest/ still holds client_secret in plain")
def test_nothing_is_left_of_a_file_that_is_gone(strict, auth_file, ring, home, after):
    auth_file()
    Path("auth.json").write_text(
        json.dumps(pair() | {"oauth_consumer_secret": "SECRET-of-1.0a", "other": "SECRET-too"})
    )
    twitter.refresh("auth.json")
    (copy,) = (home / "oint" / "newest").glob("*.json")
    assert b"SECRET" not in copy.read_bytes()
    assert pair()["client_secret"].encode() not in copy.read_bytes()

    twitter.keep("auth.json", "keyring:work")
    Path("auth.json").unlink()
    twitter.refresh("keyring:work")
    assert not copy.exists()
    other = auth_file("other.json")
    twitter.refresh(other)
    twitter.revoke(other)
    twitter.forget("keyring:work")
    assert not list((home / "oint" / "newest").glob("*.json"))
    after("the pair alone, and gone with its file or its pair")


@row("19", "OINT_HOME inside a repository", "git add -A takes the live token")
def test_the_data_folder_is_ignored_by_git(strict, auth_file, home, after):
    twitter.refresh(auth_file())

    assert (home / "oint" / ".gitignore").read_text() == "*\n"
    after("a .gitignore in the data folder")


@row("19", "--to another store, from a file with other secrets in it", "every other secret is copied too")
def test_only_the_ten_keys_go_to_another_store(strict, auth_file, after):
    auth_file()
    Path("auth.json").write_text(json.dumps(pair() | {"database_password": "SECRET"}))

    twitter.refresh("auth.json", to="./other.json")
    assert b"SECRET" not in Path("other.json").read_bytes()
    after("ten keys, the expiry, the sandbox's mark")


@pytest.mark.parametrize("name", [
    pytest.param(f".{AUTH_FILE}.PID", marks=row("20", "a link planted under the sandbox's next name", "the user's .bashrc is overwritten")),
    pytest.param(AUTH_FILE, marks=row("20", "a link planted as sandbox-auth.json", "refused, as it was")),
])  # fmt: skip
def test_the_sandbox_writes_through_no_planted_link(name, after):
    Path("bashrc").write_text("mine")
    Path(name.replace("PID", str(os.getpid()))).symlink_to(Path("bashrc").resolve())
    sandbox = Sandbox()
    try:
        sandbox.write_auth(Path.cwd())
    except FileExistsError:
        pass
    finally:
        sandbox.stop()

    assert Path("bashrc").read_text() == "mine"
    after("the link's target is as it was")


@row(
    "20",
    "`.oint` is deleted while the server answers, and the store cannot be written",
    "no profile is made; the pair is gone",
)
def test_two_faults_at_once(strict, auth_file, monkeypatch, after):
    from oint_magics.stores.file import FileStore

    auth_file()
    really = FileStore.save

    def gone(self, *words):
        if self.path.name != "auth.json":
            return really(self, *words)
        shutil.rmtree(".oint")
        raise errors.StoreNotWritable("It cannot.", cause="No space left on device.")

    with (
        monkeypatch.context() as change,
        pytest.raises(errors.NotSaved, match="They are in profile:rescued-") as caught,
    ):
        change.setattr(FileStore, "save", gone)
        twitter.refresh("auth.json")
    assert twitter.refresh(caught.value.response.saved_to)["access_token"]
    assert strict.accounts.counts.reuses == 0
    after("kept in a profile of its own")


@pytest.mark.parametrize("kinds", [("at", "at"), ("rt", "at")])
@row("20", "tokens that say of themselves that they are of another kind", "AuthFieldError at each later call")
def test_what_a_granted_token_says_of_itself(raw, auth, monkeypatch, kinds, after):
    import base64

    from raw_server import answer

    def token(kind, number):
        return base64.urlsafe_b64encode(f"random{number}:1795435260000:1:0:{kind}:1".encode()).decode().rstrip("=")

    granted = {"access_token": token(kinds[0], 1), "refresh_token": token(kinds[1], 2), "expires_in": 7200}
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{raw(answer('200 OK', json.dumps(granted).encode())).url}/t")
    Path("auth.json").write_text(json.dumps(auth))
    twitter.refresh("auth.json")

    assert open_store("./auth.json").read().refresh_token.reveal() == granted["refresh_token"]
    assert twitter.status("auth.json")[0].state.startswith(("good", "ended"))
    after("read again")


@row("20", "a file within 28 bytes of 1 MiB", "grows over it, and is not read again")
def test_a_file_that_has_no_room_for_a_longer_pair(strict, auth_file, after):
    auth_file()
    text = json.dumps(pair())
    Path("auth.json").write_text(text[:-1] + ', "note": "' + "x" * (2**20 - len(text) - 40) + '"}')

    with pytest.raises(errors.StoreNotWritable, match="would become too large"):
        twitter.refresh("auth.json")
    assert strict.accounts.counts.refreshes == 0
    after("nothing was sent")


PROXIES = {
    "REQUESTS_CA_BUNDLE": ("/nowhere/ca.pem", "does not exist"),
    "HTTPS_PROXY": ("socks5://127.0.0.1:1", "SOCKS"),
    "https_proxy": ("http://:80:80", "not a proxy's address"),
    "ALL_PROXY": ("://", "not a proxy's address"),
}


@pytest.mark.parametrize("name", PROXIES)
@row("20", "a setting of the network that cannot be used", "Cause: OSError, InvalidSchema, TypeError")
def test_settings_of_the_network_are_named(auth, monkeypatch, name, after):
    value, words = PROXIES[name]
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", "https://token.invalid/t")
    monkeypatch.setattr("oint_magics.http.environment.find_spec", lambda _: None)
    Path("auth.json").write_text(json.dumps(auth))

    with pytest.raises(errors.SettingError, match=f"{name} cannot be used. Nothing was sent") as caught:
        twitter.refresh("auth.json")
    assert words in caught.value.cause
    assert not list(Path(".oint").glob("exchange-*"))
    after("the variable is named")
