import json
import os
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

import pytest
from raw_server import answer

from oint_magics import errors, twitter
from oint_magics.stores.file import FileStore
from oint_magics.stores.write_ahead import ExchangeRecord
from oint_magics.twitter import calls


def stored(name="auth.json"):
    return json.loads(Path(name).read_text())


def profile(home, name):
    return stored(home / "oint" / "profiles" / f"{name}.json")


def test_a_file_is_refreshed_and_saved_back(sandbox, auth_file):
    before = json.loads(Path(auth_file()).read_text())

    response = twitter.refresh("auth.json")

    after = stored()
    assert sandbox.accounts.counts.refreshes == 1
    assert after == before | {k: response[k] for k in ("access_token", "refresh_token")} | {
        "expires_at": after["expires_at"]
    }
    assert list(after) == [*before, "expires_at"]
    assert response["refresh_token"] != before["refresh_token"]
    assert abs(after["expires_at"] - datetime.now(UTC).timestamp() - 7200) < 5
    assert response.saved_to == "auth.json"
    assert sandbox.accounts.bearer(response["access_token"])


def test_run_twice_and_again(sandbox, auth_file):
    auth_file()
    for _ in range(5):
        twitter.refresh("auth.json")

    assert (sandbox.accounts.counts.refreshes, sandbox.accounts.counts.reuses) == (5, 0)


@pytest.mark.parametrize("issue", [{"is_public": True}, {"secret": "s ec:r%t+/=&-~!"}, {"secret": "пароль"}])
def test_every_kind_of_client(sandbox, auth_file, issue):
    auth_file(**issue)

    assert twitter.refresh("auth.json")["token_type"] == "bearer"


def test_a_text_gets_a_profile_of_its_own_and_is_safe_to_run_again(sandbox, home):
    """The second run finds the pair that the first has saved, and the spent token is not sent."""
    text = json.dumps(sandbox.issue())

    first, second = twitter.refresh(text), twitter.refresh(text)

    assert first.saved_to == second.saved_to
    assert first.saved_to.startswith("profile:saved-")
    assert (sandbox.accounts.counts.refreshes, sandbox.accounts.counts.reuses) == (2, 0)
    assert profile(home, first.saved_to.removeprefix("profile:"))["refresh_token"] == second["refresh_token"]
    assert "%twitter_refresh --auth profile:saved-" in str(first)
    assert "followed" in str(second)


def test_nobody_watching_means_a_store_must_be_named(sandbox, monkeypatch, home):
    """Without `to` and `OINT_HOME` a script's pair would go where nobody looks: nothing is sent."""
    monkeypatch.delenv("OINT_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    with pytest.raises(errors.StoreError, match="Nothing was sent"):
        twitter.refresh(sandbox.issue())
    assert sandbox.accounts.counts.refreshes == 0

    assert calls.refresh(sandbox.issue(), interactive=True).saved_to.startswith("profile:saved-")
    assert twitter.refresh(sandbox.issue(), to="profile:mine").saved_to == "profile:mine"


def test_the_environment_gets_a_profile(sandbox, monkeypatch):
    issued = sandbox.issue()
    for key in ("client_id", "client_secret", "refresh_token"):
        monkeypatch.setenv(f"TWITTER_{key.upper()}", issued[key])
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{sandbox.url}/2/oauth2/token")

    assert twitter.refresh("env:").saved_to.startswith("profile:saved-")


def test_to_another_store(sandbox, auth_file, home):
    """The pair moves; the table says that the old place holds a spent one."""
    auth_file()

    response = twitter.refresh("auth.json", to="profile:work")

    assert response.saved_to == "profile:work"
    assert profile(home, "work")["refresh_token"] == response["refresh_token"]
    assert stored()["refresh_token"] != response["refresh_token"]
    assert "the tokens in auth.json" in str(response)


def test_to_its_own_place_by_another_spelling(sandbox, auth_file):
    auth_file()

    response = twitter.refresh("auth.json", to="./auth.json")

    assert stored()["refresh_token"] == response["refresh_token"]
    assert "spent   " not in str(response)


def test_run_twice_with_to_follows_the_pair(sandbox, auth_file, home):
    """The source's token is spent by the first run; the second refreshes its successor in the store."""
    auth_file()
    twitter.refresh("auth.json", to="profile:work")

    second = twitter.refresh("auth.json", to="profile:work")

    assert second.saved_to == "profile:work"
    assert profile(home, "work")["refresh_token"] == second["refresh_token"]
    assert (sandbox.accounts.counts.refreshes, sandbox.accounts.counts.reuses) == (2, 0)


def test_a_store_with_another_pair_is_not_overwritten(sandbox, auth_file):
    auth_file()
    twitter.keep(sandbox.issue(), "profile:work")

    with pytest.raises(errors.StoreTaken, match="nothing was sent"):
        twitter.refresh("auth.json", to="profile:work")
    assert sandbox.accounts.counts.refreshes == 0


def test_a_store_with_the_same_pair_is_its_home(sandbox, auth_file, home):
    auth_file()
    twitter.keep("auth.json", "profile:work")

    before = profile(home, "work")["refresh_token"]
    response = twitter.refresh("auth.json", to="profile:work")

    assert profile(home, "work")["refresh_token"] == response["refresh_token"] != before
    assert sandbox.accounts.counts.refreshes == 1


def test_if_expired_sends_nothing_while_the_token_is_fresh(sandbox, auth_file):
    auth_file()
    first = twitter.refresh("auth.json")

    second = twitter.refresh("auth.json", if_expired=True)

    assert sandbox.accounts.counts.refreshes == 1
    assert second["access_token"] == first["access_token"]
    assert second["refresh_token"] == first["refresh_token"]
    assert 7190 <= second["expires_in"] <= 7200
    assert second.saved_to == "auth.json"
    assert "nothing was sent" in str(second)


def test_if_expired_refreshes_an_expired_one(sandbox, auth_file):
    auth_file()
    Path("auth.json").write_text(json.dumps(stored() | {"expires_at": 1, "access_token": "no-stamp"}))

    twitter.refresh("auth.json", if_expired=True)

    assert sandbox.accounts.counts.refreshes == 1


@pytest.mark.parametrize("fault", ["refuse", "429", "html"])
def test_a_store_made_for_nothing_goes_again(sandbox, home, fault):
    """What was refused was not spent, or is dead: no profile is left behind."""
    sandbox.faults.add(fault)

    with pytest.raises(errors.ExchangeError):
        twitter.refresh(sandbox.issue(), to="profile:new")
    assert not (home / "oint" / "profiles" / "new.json").exists()


def test_in_doubt_the_store_stays(sandbox, home):
    """The token in it is the only chance left."""
    issued = sandbox.issue()
    sandbox.faults.add("drop")

    with pytest.raises(errors.InDoubt):
        twitter.refresh(issued, to="profile:new")
    assert profile(home, "new")["refresh_token"] == issued["refresh_token"]


def test_what_cannot_be_saved_is_not_sent(sandbox, auth_file, monkeypatch):
    auth_file()
    before = Path("auth.json").read_bytes()

    def fail(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(errors.StoreNotWritable, match="nothing was sent"):
        twitter.refresh("auth.json")
    assert sandbox.accounts.counts.refreshes == 0
    assert Path("auth.json").read_bytes() == before


UNWRITABLE = errors.StoreNotWritable("It cannot.", cause="No space left on device.")


def failing(*_):
    raise UNWRITABLE


def test_what_its_store_does_not_take_is_kept_on_its_way(sandbox, auth_file, monkeypatch):
    """The record has it: the next refresh saves it, there or elsewhere, and nothing is sent again."""
    auth_file()
    with (
        monkeypatch.context() as patch,
        pytest.raises(errors.NotSaved, match="The tokens are in a recovery file") as caught,
    ):
        patch.setattr(FileStore, "save", failing)
        twitter.refresh("auth.json")

    assert "No space left on device." in str(caught.value)
    assert caught.value.response["refresh_token"] not in str(caught.value)
    assert 'twitter.refresh("auth.json")' in caught.value.next_step
    response = twitter.refresh("auth.json")
    assert "repaired" in str(response)
    assert response["refresh_token"] == caught.value.response["refresh_token"]
    assert sandbox.accounts.counts.refreshes == 1


@pytest.mark.parametrize("source", ["auth.json", "copy.json", "text"])
def test_an_answer_on_its_way_goes_elsewhere_too(sandbox, auth_file, monkeypatch, source):
    """By the file's own name, by a copy's, and as text: all are the pair whose answer came."""
    sandbox.accounts.punishes_reuse = True
    text = Path(auth_file()).read_text()
    Path("copy.json").write_text(text)
    with monkeypatch.context() as patch, pytest.raises(errors.NotSaved):
        patch.setattr(FileStore, "save", failing)
        twitter.refresh("auth.json")

    response = twitter.refresh(text if source == "text" else source, to="profile:elsewhere")

    assert response.saved_to == "profile:elsewhere"
    assert "repaired" in str(response)
    assert twitter.refresh("auth.json").saved_to == "profile:elsewhere"
    assert sandbox.accounts.counts.refreshes == 2
    assert sandbox.accounts.counts.reuses == 0
    assert not list(Path(".oint").glob("exchange-*"))


def test_a_copy_is_as_much_in_doubt_as_the_file(sandbox, auth_file):
    """The second try is the copy's, and there is no third."""
    text = Path(auth_file()).read_text()
    Path("copy.json").write_text(text)
    for source in ("auth.json", "copy.json"):
        sandbox.faults.add("drop")
        with pytest.raises(errors.InDoubt, match="no answer came"):
            twitter.refresh(source)
    for source in ("auth.json", "copy.json", text):
        with pytest.raises(errors.InDoubt, match="Two attempts with this refresh token"):
            twitter.refresh(source)


def test_what_was_answered_after_its_store_had_changed_goes_to_a_profile(sandbox, auth_file, monkeypatch):
    """The record of a token that its store does not hold any more is void. The next command works."""
    auth_file()

    def fail(*_):
        raise errors.AuthSyntaxError("Gone.")

    with monkeypatch.context() as patch, pytest.raises(errors.NotSaved, match="They are in profile:rescued-") as caught:
        patch.setattr(FileStore, "save", fail)
        twitter.refresh("auth.json")

    place = caught.value.response.saved_to
    assert "Gone." in str(caught.value)
    assert f'twitter.refresh("{place}")' in str(caught.value)
    assert caught.value.response["refresh_token"] not in str(caught.value)
    assert sandbox.accounts.bearer(twitter.refresh(place)["access_token"])


def test_what_no_place_takes_is_in_this_process(sandbox, auth_file, monkeypatch):
    """Also when nobody holds the error: a form's thread, a magic."""
    auth_file()

    with monkeypatch.context() as patch, pytest.raises(errors.NotSaved, match="only this process has them") as caught:
        patch.setattr(FileStore, "save", failing)
        patch.setattr(FileStore, "create", failing)
        patch.setattr(ExchangeRecord, "is_kept", False)
        twitter.refresh("auth.json")

    assert caught.value.response.saved_to is None
    assert 'twitter.keep("unsaved:", "profile:rescued")' in str(caught.value)
    assert twitter.keep("unsaved:", "profile:rescued") == "profile:rescued"
    assert sandbox.accounts.bearer(twitter.refresh("profile:rescued")["access_token"])
    with pytest.raises(errors.AuthError):
        twitter.keep("unsaved:", "profile:again")


def test_the_old_refresh_token_is_rescued_with_the_new_access_token(raw, auth, monkeypatch):
    """An answer without a refresh token keeps the old one, also in the rescue."""
    body = json.dumps({"access_token": "new", "refresh_token": None}).encode()
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", raw(answer("200 OK", body)).url)
    Path("auth.json").write_text(json.dumps(auth))

    def fail(*_):
        raise errors.AuthSyntaxError("Gone.")

    with monkeypatch.context() as patch, pytest.raises(errors.NotSaved) as caught:
        patch.setattr(FileStore, "save", fail)
        twitter.refresh("auth.json")

    name = caught.value.response.saved_to.removeprefix("profile:")
    kept = stored(Path(os.environ["OINT_HOME"]) / "profiles" / f"{name}.json")
    assert (kept["access_token"], kept["refresh_token"]) == ("new", auth["refresh_token"])


def test_a_pair_that_somebody_put_there_meanwhile_is_not_overwritten(raw, auth, monkeypatch):
    """Another login saved its pair while the server answered: both pairs live on."""
    other = auth | {"client_id": "other-client", "refresh_token": "other-token"}
    pair = json.dumps({"access_token": "new", "refresh_token": "new-token"}).encode()

    def behaviour(connection):
        Path("auth.json").write_text(json.dumps(other))
        answer("200 OK", pair)(connection)

    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", raw(behaviour).url)
    Path("auth.json").write_text(json.dumps(auth))

    with pytest.raises(errors.NotSaved, match="They are in profile:rescued-"):
        twitter.refresh("auth.json")
    assert stored() == other


def test_if_expired_makes_no_second_copy_of_a_live_pair(sandbox, auth_file, home):
    auth_file()

    response = twitter.refresh("auth.json", to="profile:copy", if_expired=True)

    assert response.saved_to == "auth.json"
    assert not (home / "oint" / "profiles" / "copy.json").exists()
    assert twitter.refresh(sandbox.issue(), if_expired=True).saved_to is None


def test_a_response_leads_home_from_another_folder(sandbox, auth_file, tmp_path):
    auth_file()
    response = twitter.refresh("auth.json")
    os.chdir(tmp_path)

    assert twitter.refresh(response).saved_to == "work/auth.json"
    assert sandbox.accounts.counts.refreshes == 2


def test_nothing_hangs_on_an_error_of_the_api(raw, auth, monkeypatch):
    """A reporter that stores every frame's locals finds no token: the frames behind the edge are gone."""
    body = json.dumps({"access_token": "new\naccess", "refresh_token": "new"}).encode()
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", raw(answer("200 OK", body)).url)
    monkeypatch.setenv("OINT_TWITTER_AUTH", "auth.json")
    Path("auth.json").write_text(json.dumps(auth))

    with pytest.raises(errors.InDoubt) as caught:
        twitter.refresh()
    assert caught.value.__context__ is None
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[1:] == ["at_the_edge"]
    inside = traceback.walk_tb(caught.value.__traceback__)
    assert auth["refresh_token"] not in str([frame.f_locals for frame, _ in list(inside)[1:]])


def test_an_unexpected_fault_is_ours_too(auth, monkeypatch):
    monkeypatch.setattr("oint_magics.tokens.source.source_of", lambda *_: 1 / 0)

    with pytest.raises(errors.InternalError, match="ZeroDivisionError at oint_magics/twitter/calls.py, line"):
        twitter.refresh(auth)


def test_messages_name_the_host_and_xs_next_step(raw, auth, monkeypatch):
    dead = b'{"error": "invalid_request", "error_description": "Value passed for the token was invalid."}'
    server = raw(answer("400 Bad Request", dead))
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")

    with pytest.raises(errors.InvalidGrant, match=server.url.removeprefix("http://")) as caught:
        twitter.refresh(auth)
    assert "twitter.login()" in caught.value.next_step
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", "http://127.0.0.1:1/t")
    with pytest.raises(errors.NotSent, match="127.0.0.1:1"):
        twitter.refresh(auth)


def test_the_sandbox_that_is_gone_names_the_way_back(sandbox, auth_file):
    auth_file()
    Path("auth.json").write_text(json.dumps(stored() | {"sandbox": "http://127.0.0.1:1"}))

    with pytest.raises(errors.NotSent, match="%twitter_sandbox start"):
        twitter.refresh("auth.json")


def test_a_pair_of_the_sandbox_is_never_sent_to_x(auth_file):
    auth_file()
    document = stored()
    del document["sandbox"]
    Path("auth.json").write_text(json.dumps(document))

    with pytest.raises(errors.SettingError, match="never sent to X"):
        twitter.refresh("auth.json")


def test_the_first_time_every_other_copy_is_said_to_be_spent(sandbox, auth_file):
    auth_file()

    assert "another file, script or program" in str(twitter.refresh("auth.json"))
    assert "another file, script or program" not in str(twitter.refresh("auth.json"))


def test_a_file_that_others_can_read_is_said(sandbox, auth_file):
    auth_file()
    os.chmod("auth.json", 0o644)

    assert "chmod 600 auth.json" in str(twitter.refresh("auth.json"))


def test_a_missing_refresh_token_sends_nothing(raw, auth, monkeypatch):
    server = raw(answer("200 OK", b"{}"))
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", server.url)
    del auth["refresh_token"]

    with pytest.raises(errors.AuthFieldError, match="offline.access"):
        twitter.refresh(auth)
    Path("auth.json").write_text(json.dumps(auth))
    with pytest.raises(errors.AuthFieldError, match="offline.access"):
        twitter.refresh("auth.json")
    assert server.requests == []


def test_two_accounts_that_want_one_new_name(sandbox, auth_file):
    """Whoever comes second is told so; nobody gets the other's pair."""
    import threading

    sandbox.faults.add("slow", seconds=0.3, times=10)
    got = {}

    def want(name, auth):
        try:
            got[name] = twitter.refresh(auth, to="profile:new")
        except errors.OintError as error:
            got[name] = error

    pairs = {name: sandbox.issue() for name in "ab"}
    threads = [threading.Thread(target=want, args=item) for item in pairs.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    kinds = sorted(type(value).__name__ for value in got.values())
    assert kinds == ["StoreTaken", "TokenResponse"]
    assert sandbox.accounts.counts.refreshes == 1


def test_a_response_names_an_account_and_not_only_a_place(sandbox, auth_file):
    """Another pair was put into its store: the response is a pair of its own then."""
    response = twitter.refresh(auth_file())
    Path("auth.json").write_text(json.dumps(sandbox.issue()))

    again = twitter.refresh(response)

    assert again.saved_to != "auth.json"
    assert sandbox.accounts.counts.refused == 0


def test_what_was_put_into_a_new_store_meanwhile_is_not_deleted(raw, auth, monkeypatch):
    """The refresh that made the file is refused; somebody has written another account into it by then."""
    other = json.dumps(auth | {"refresh_token": "of-another-account"})

    def behaviour(connection):
        Path("new.json").write_text(other)
        answer("400 Bad Request", b'{"error": "invalid_grant"}')(connection)

    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", raw(behaviour).url)
    with pytest.raises(errors.InvalidGrant):
        twitter.refresh(auth, to="./new.json")

    assert Path("new.json").read_text() == other


def test_a_repaired_pair_ends_when_its_token_does(raw, auth, monkeypatch):
    """Its life began with the answer, not with the repair."""
    import time_machine

    body = json.dumps({"access_token": "new", "refresh_token": "newer", "expires_in": 7200}).encode()
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", raw(answer("200 OK", body)).url)
    Path("auth.json").write_text(json.dumps(auth))
    with monkeypatch.context() as patch, pytest.raises(errors.NotSaved):
        patch.setattr(FileStore, "save", failing)
        twitter.refresh("auth.json")

    with time_machine.travel(time.time() + 9000, tick=True):
        response = twitter.refresh("auth.json")
        assert "repaired" in str(response)
        assert response.expires_at.timestamp() < time.time()


@pytest.mark.parametrize("moment", ["reading", "saving"])
def test_a_journal_that_is_held_is_not_the_same_as_none(sandbox, auth_file, monkeypatch, home, moment):
    """Held while a spent text is given, it is read; held while a pair is saved, the record remembers."""
    from oint_magics.stores import locks, log_file
    from oint_magics.stores.private_folder import Folder

    sandbox.accounts.punishes_reuse = True
    monkeypatch.setattr(log_file, "_PATIENCE", 0.2)
    text = Path(auth_file()).read_text()
    twitter.refresh(sandbox.issue())  # The journal is there.
    if moment == "reading":
        twitter.refresh("auth.json")
    with Folder(home / "oint") as folder, locks.file_lock(folder, "journal", 1.0):
        twitter.refresh(text if moment == "reading" else "auth.json", if_expired=moment == "reading")
    Path("copy.json").write_text(text)

    twitter.refresh("copy.json")
    twitter.refresh("auth.json")

    assert sandbox.accounts.counts.reuses == 0
