"""What is known of each account without asking anybody."""

import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from raw_server import answer

from oint_magics import errors, process, twitter
from oint_magics.process import state
from oint_magics.stores import open_store

PAIR = {"token_type": "bearer", "expires_in": 7200, "access_token": "new-access", "refresh_token": "new-token"}


def test_nothing_is_known_at_first(home):
    assert list(twitter.status()) == []
    assert "%twitter_auth" in str(twitter.status())


def test_every_kind_of_place_is_listed(sandbox, auth_file, ring):
    """A file that was refreshed, profiles and keyring profiles that were kept, and the default source."""
    twitter.keep(sandbox.issue(), "profile:kept")
    twitter.keep(sandbox.issue(), "keyring:kept")
    os.mkdir("elsewhere")
    twitter.refresh(auth_file("elsewhere/a.json"))
    os.environ["OINT_TWITTER_AUTH"] = auth_file("b.json")

    state.last_used = None

    accounts = twitter.status()

    assert {account.store for account in accounts} == {"elsewhere/a.json", "b.json", "profile:kept", "keyring:kept"}
    assert accounts[0].store == "elsewhere/a.json"
    assert datetime.now(UTC) - accounts[0].refreshed_at < timedelta(minutes=1)
    for account in accounts:
        assert account.state == "good"
        assert account.expires_at > datetime.now(UTC)
        assert account.is_sandbox
        assert "offline.access" in account.scopes
        assert account.doubt is account.next_step is None
        assert account.store in str(accounts)
    assert str(accounts).count("SANDBOX") == 4


def test_nothing_is_sent_and_nothing_written(raw, auth, monkeypatch, home):
    server = raw(answer("200 OK", json.dumps(PAIR).encode()))
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    Path("auth.json").write_text(json.dumps(auth))
    before = sorted(path for path in Path().rglob("*"))

    str(twitter.status("auth.json"))

    assert server.requests == []
    assert sorted(path for path in Path().rglob("*")) == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"expires_at": 1}, "1970-01-01 00:00 UTC"),
        ({"expires_at": 1, "refresh_token": None}, "and there is no refresh token"),
        ({}, "nothing tells when it ends"),
        ({"access_token": None}, "none yet"),
        ({"expires_at": 4e9}, "2096-10-02"),
        ({"client_id": ""}, "client_id is missing"),
    ],
)
def test_each_state_in_words(auth, change, words):
    Path("auth.json").write_text(json.dumps(auth | change))

    assert words in str(twitter.status("auth.json"))


def test_a_spent_copy_names_the_place_of_its_successor(auth_file):
    text = Path(auth_file()).read_text()
    twitter.refresh("auth.json")

    (account,) = twitter.status(text)
    assert account.state == "spent: the newer token was saved in auth.json"


def test_a_store_that_is_gone_says_how_to_take_it_off_the_list(auth_file):
    twitter.refresh(auth_file())
    Path("auth.json").unlink()

    (account,) = twitter.status()
    assert account.state == "not there any more"
    assert account.next_step.endswith("%twitter_forget auth.json")
    twitter.forget("auth.json")
    assert list(twitter.status()) == []


def test_a_doubt_and_an_answer_that_waits(raw, auth, monkeypatch):
    server = raw(lambda _: None)
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    Path("auth.json").write_text(json.dumps(auth))
    with pytest.raises(errors.InDoubt):
        twitter.refresh("auth.json")
    twitter.keep(auth | {"refresh_token": "another"}, "profile:good")

    (account,) = twitter.status("auth.json")
    assert f"by process {os.getpid()} on " in account.doubt
    assert "yes: " in str(twitter.status("auth.json"))
    assert account.next_step.startswith("%twitter_refresh --auth auth.json")

    (record,) = Path(".oint").glob("exchange-*")
    body = json.dumps(PAIR).encode()
    record.write_bytes(
        record.read_bytes().rstrip(b"\0") + b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )
    monkeypatch.setenv("OINT_TWITTER_AUTH", "auth.json")
    process.reset()
    (account,) = (each for each in twitter.status() if each.store == "auth.json")
    assert account.doubt is None
    assert "an answer with new tokens came" in account.state
    assert "saves it" in account.next_step
    assert json.loads(Path("auth.json").read_text())["refresh_token"] == auth["refresh_token"]

    assert twitter.status("auth.json")[0].state == "good"
    assert json.loads(Path("auth.json").read_text())["refresh_token"] == PAIR["refresh_token"]
    assert len(server.requests) == 1


def test_the_account_in_use_is_marked(auth):
    for name in ("a", "b"):
        twitter.keep(auth | {"refresh_token": f"token-{name}"}, f"profile:{name}")
    state.last_used = open_store("profile:b").place

    accounts = twitter.status()
    assert [account.store for account in accounts if account.is_used] == ["profile:b"]
    assert "profile:b (in use)" in str(accounts)
    assert "Profiles lie in " in str(accounts)
    assert "/profiles" in str(twitter.status("profile:b"))


@pytest.mark.parametrize("call", [lambda: str(twitter.status()), lambda: str(twitter.status("profile:a"))])
def test_where_there_is_no_home_the_path_is_whole(auth, monkeypatch, home, call):
    """A container's user without an entry and without HOME."""
    import pwd

    def unknown(_):
        raise KeyError

    for name in ("a", "b"):
        twitter.keep(auth | {"refresh_token": f"token-{name}"}, f"profile:{name}")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)

    assert str(home) in call().replace("\n", "").replace(" ", "")


def test_a_frame_has_an_account_a_row(auth):
    pandas = pytest.importorskip("pandas")
    for name in ("a", "b"):
        twitter.keep(auth | {"refresh_token": f"token-{name}", "expires_at": 4e9}, f"profile:{name}")

    frame = pandas.DataFrame(twitter.status())
    assert set(frame["store"]) == {"profile:a", "profile:b"}
    assert str(frame["expires_at"].dtype).startswith("datetime64")


def test_what_wants_attention_stands_first(raw, auth, monkeypatch):
    server = raw(lambda _: None)
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    for name in ("a", "b", "c"):
        twitter.keep(auth | {"refresh_token": f"token-{name}"}, f"profile:{name}")
    with pytest.raises(errors.InDoubt):
        twitter.refresh("profile:b")

    assert twitter.status()[0].store == "profile:b"


def test_a_teams_account_is_not_looked_up_but_where_it_is_named(team, auth, raw, monkeypatch):
    twitter.keep(auth, "shared:work")
    server = raw(lambda _: None)
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    with pytest.raises(errors.InDoubt):
        twitter.refresh("shared:work")

    asked = team.run("SELECT count(*) FROM pg_stat_activity")
    monkeypatch.setenv("OINT_SHARED_STORE", "postgresql://127.0.0.1:1/nowhere")
    (account,) = twitter.status()
    assert account.store == "shared:work"
    assert "did not come to its end" in account.doubt
    assert "--auth shared:work" in account.state
    assert asked

    monkeypatch.setenv("OINT_SHARED_STORE", team.address)
    (account,) = twitter.status("shared:work")
    assert "no answer came" in account.doubt


def test_many_are_all_returned_and_fifty_shown(auth):
    for n in range(60):
        open_store(f"profile:p{n}").create(_auth(auth, n))

    accounts = twitter.status()
    assert len(accounts) == 60
    assert "10 more" in str(accounts)


def _auth(auth, n):
    from oint_magics.auth.structure import auth_of

    return auth_of(auth | {"refresh_token": f"token-{n}"})


def test_no_secret_is_shown(auth):
    Path("auth.json").write_text(json.dumps(auth))

    accounts = twitter.status("auth.json")
    shown = f"{accounts} {accounts!r} {accounts[0]!r} {accounts._repr_mimebundle_()}"
    for key in ("client_secret", "access_token", "refresh_token"):
        assert auth[key] not in shown


def test_a_refused_token_is_said(raw, auth, monkeypatch):
    dead = json.dumps({"error": "invalid_request", "error_description": "Value passed for the token was invalid."})
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", raw(answer("400 Bad Request", dead.encode())).url)
    Path("auth.json").write_text(json.dumps(auth))
    with pytest.raises(errors.InvalidGrant):
        twitter.refresh("auth.json")

    (account,) = twitter.status("auth.json")
    assert "the refresh token was refused" in account.state
    assert "log in again" in account.next_step


def test_a_refresh_under_way_is_no_doubt(raw, auth, monkeypatch):
    seen = []

    def behaviour(connection):
        code = "from oint_magics import twitter; print(twitter.status('auth.json')[0].state)"
        seen.append(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout)
        answer("200 OK", json.dumps(PAIR).encode())(connection)

    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", raw(behaviour).url)
    Path("auth.json").write_text(json.dumps(auth))
    twitter.refresh("auth.json")

    assert seen[0].startswith(f"being refreshed now by process {os.getpid()} on ")


def test_older_bytes_say_that_a_newer_pair_is_at_hand(auth_file):
    text = Path(auth_file()).read_text()
    twitter.refresh("auth.json")
    Path("auth.json").write_text(text)

    (account,) = twitter.status("auth.json")
    assert account.state == "older than the newest tokens of this store"
    assert "put back" in str(twitter.refresh("auth.json"))


def test_what_never_was_is_an_error_and_no_account():
    for name in ("profile:nope", "./nope.json"):
        with pytest.raises(errors.AuthNotFound):
            twitter.status(name)
        with pytest.raises(errors.AuthNotFound):
            twitter.forget(name)


def test_an_account_that_cannot_be_read_keeps_its_history(auth_file):
    twitter.refresh(auth_file())
    Path("auth.json").write_text("{")

    (account,) = twitter.status("auth.json")
    assert not account.is_read
    assert account.refreshed_at is not None
    assert "cannot be read as auth JSON" in account.state
    assert "in doubt" not in str(twitter.status("auth.json"))


def test_a_file_is_named_so_that_it_can_be_typed_here(auth_file):
    """Also from another folder than that in which it was refreshed."""
    os.mkdir("sub")
    twitter.refresh(auth_file("mine.json"))
    twitter.refresh(auth_file("sub/mine.json"))
    os.chdir("sub")

    names = [account.store for account in twitter.status()]
    assert sorted(names) == sorted(["mine.json", str(Path.cwd().parent / "mine.json")])
    assert all(twitter.status(name)[0].state.startswith("good") for name in names)


class TestForget:
    def test_a_profile_goes_with_its_flights_and_its_history(self, sandbox, home):
        pair = sandbox.issue()
        twitter.keep(pair, "profile:work")
        twitter.refresh("profile:work")
        sandbox.faults.add("drop")
        with pytest.raises(errors.InDoubt):
            twitter.refresh("profile:work")

        twitter.forget("profile:work")

        assert not open_store("profile:work").exists()
        assert not list(home.rglob("exchange-*"))
        assert list(twitter.status()) == []
        with pytest.raises(errors.TokenSpent, match="was deleted"):
            twitter.refresh(pair)
        token = pair["refresh_token"].encode()
        assert not [path for path in home.rglob("*") if path.is_file() and token in path.read_bytes()]

    def test_a_users_file_stays(self, auth_file, home):
        twitter.refresh(auth_file())
        assert list((home / "oint" / "newest").glob("*.json"))
        before = Path("auth.json").read_bytes()

        twitter.forget("auth.json")

        assert Path("auth.json").read_bytes() == before
        assert not list((home / "oint" / "newest").glob("*.json"))

    def test_the_flight_of_a_users_file_stays_with_it(self, raw, auth, monkeypatch):
        """An answer may lie in it."""
        monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", raw(lambda _: None).url)
        Path("auth.json").write_text(json.dumps(auth))
        with pytest.raises(errors.InDoubt):
            twitter.refresh("auth.json")

        twitter.forget("auth.json")

        assert list(Path(".oint").glob("exchange-*"))

    def test_a_teams_row_goes_for_all(self, team, auth):
        twitter.keep(auth, "shared:work")

        twitter.forget("shared:work")

        assert team.run("SELECT count(*) FROM oint_pair WHERE name <> ''") == [(0,)]

    def test_the_key_of_a_keyring_goes_too(self, ring, auth):
        twitter.keep(auth, "keyring:work")

        twitter.forget("keyring:work")

        assert ring.kept == {}

    def test_it_is_no_default_any_more(self, auth):
        twitter.keep(auth, "profile:work")
        twitter.forget("profile:work")

        with pytest.raises(errors.AuthNotFound, match="there is no default"):
            twitter.refresh()

    def test_it_waits_for_a_refresh_that_is_under_way(self, auth, monkeypatch):
        monkeypatch.setenv("OINT_TWITTER_TIMEOUT", "1")
        twitter.keep(auth, "profile:work")
        hold = (
            "import sys; from oint_magics.stores import open_store\n"
            "with open_store('profile:work').lock(5, lambda: None): print('held', flush=True); sys.stdin.read()"
        )
        words = [sys.executable, "-c", hold]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            process.stdout.readline()
            forgets = threading.Thread(target=twitter.forget, args=("profile:work",))
            forgets.start()
            forgets.join(0.3)
            assert forgets.is_alive()
            process.stdin.close()
            forgets.join()


def test_a_revoked_pair_is_revoked_whatever_was_in_doubt_before(raw, auth, monkeypatch):
    from raw_server import answer

    Path("auth.json").write_text(json.dumps(auth))
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", raw(lambda connection: connection.close()).url)
    monkeypatch.setenv("OINT_TWITTER_REVOKE_URL", raw(answer("200 OK", b'{"revoked": true}')).url)
    with pytest.raises(errors.InDoubt):
        twitter.refresh("auth.json")
    twitter.keep("auth.json", "profile:copy")
    assert twitter.status("profile:copy")[0].doubt
    twitter.revoke("auth.json")

    assert twitter.status("auth.json")[0].state.startswith("revoked")
    assert not twitter.status("auth.json")[0].doubt
