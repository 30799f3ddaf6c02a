"""B2, B3, B5, B7, B11: an account is held by whatever uses up, copies, ends or deletes its tokens."""

import json
import os
import subprocess
import sys
from pathlib import Path

import mounts
import pytest
from attacks.rows import pair
from field.rows import case
from patience import LONG, wait_for

from oint_magics import errors, twitter
from oint_magics.stores import locks
from oint_magics.stores.file import FileStore

REFRESH = "import sys; from oint_magics import twitter; print(twitter.refresh(sys.argv[1])['access_token'])"


def in_flight(strict, place, home):
    """Start a process that refreshes, and return it when its token is under way."""
    strict.faults.add("slow", 1.0)
    process = subprocess.Popen([sys.executable, "-c", REFRESH, place], stdout=subprocess.PIPE, text=True)
    wait_for(lambda: list((home / "oint" / "exchanges").glob("[0-9a-f]*")), "no token was sent")
    return process


def done(process):
    said = process.communicate(timeout=LONG)[0].strip()
    assert process.returncode == 0
    return said


def is_alive(strict, place):
    return strict.accounts.bearer(json.loads(path_of(place).read_text())["access_token"]) is not None


def path_of(place):
    return Path(os.environ["OINT_HOME"], "profiles", f"{place.removeprefix('profile:')}.json")


# B5: a spent pair is never copied.
@pytest.mark.parametrize("start", [
    case("B5", "keep while another process refreshes the source", "copies the spent pair: ok", "keep"),
    case("B5", "the same, over an older copy of the pair", "copies the spent pair: ok", "replace"),
    case("B5", "keep after a kill between answer and save", "copies the spent pair: ok", "killed"),
])  # fmt: skip
def test_a_copy_is_made_of_the_newest(strict, home, monkeypatch, after, start):
    twitter.keep(strict.issue(), "profile:a")
    process = None
    if start == "killed":
        with monkeypatch.context() as patch, pytest.raises(errors.NotSaved):
            patch.setattr(FileStore, "save", lambda *_: (_ for _ in ()).throw(errors.StoreNotWritable("It cannot.")))
            twitter.refresh("profile:a")
    else:
        if start == "replace":
            twitter.keep("profile:a", "profile:b")
        process = in_flight(strict, "profile:a", home)

    twitter.keep("profile:a", "profile:b", replace=start == "replace")

    if process:
        done(process)
    assert strict.accounts.counts.refreshes == 1
    assert is_alive(strict, "profile:b")
    path_of("profile:a").unlink()
    twitter.refresh("profile:b")
    assert strict.accounts.counts.reuses == strict.accounts.counts.refused == 0
    after("the newest pair is copied")


# B11: what is revoked is the newest.
@pytest.mark.parametrize("revoked", [
    case("B11", "revoke of a copy while another copy is refreshed", '"revoked"; a new pair lives on', "profile:b"),
    case("B11", "revoke of the file that is being refreshed", '"revoked"; a new pair lives on', "profile:a"),
    case("B11", "revoke of a text with the same pair", '"revoked"; a new pair lives on', None),
])  # fmt: skip
def test_what_is_revoked_is_the_newest(strict, home, after, revoked):
    issued = strict.issue()
    for place in ("profile:a", "profile:b"):
        twitter.keep(issued, place)
    process = in_flight(strict, "profile:a", home)

    table = str(twitter.revoke(revoked or json.dumps(issued)))

    newest = done(process)
    assert table.count(" revoked\n") == 2
    assert strict.accounts.bearer(newest) is None
    assert strict.accounts.counts.reuses == 0
    for place in ("profile:a", "profile:b"):
        with pytest.raises(errors.OintError):
            twitter.refresh(place)
    after("both tokens of the newest pair are revoked")


def test_what_is_deleted_is_not_refreshed_meanwhile(strict, home):
    twitter.keep(strict.issue(), "profile:a")
    process = in_flight(strict, "profile:a", home)

    twitter.forget("profile:a")

    assert done(process)
    assert not path_of("profile:a").exists()


# B3: a response as a source is its own family, or an error.
@pytest.fixture
def two(strict, auth_file):
    """A response of A's; by now its file holds tokens of B's."""
    auth_file()
    response = twitter.refresh("auth.json")
    Path("auth.json").write_text(json.dumps(strict.issue()))
    return response, pair()


@pytest.mark.parametrize("use", [
    case("B3", "keep(response), whose file holds another account's tokens", "copies B's", lambda r: twitter.keep(r, "profile:x")),
    case("B3", "me(response), the same", "says B", twitter.me),
    case("B3", "revoke(response), the same", "ends B's living pair", twitter.revoke),
    case("B3", "session(response), the same", "acts as B", lambda r: twitter.session(r).get(f"{r['sandbox']}/2/users/me") if "sandbox" in r else twitter.me(r)),
])  # fmt: skip
def test_a_response_is_its_own_family(strict, two, after, use):
    response, other = two

    use(response)

    assert pair() == other
    assert strict.accounts.bearer(other["access_token"]) is not None
    if path_of("profile:x").exists():
        assert json.loads(path_of("profile:x").read_text())["access_token"] == response["access_token"]
    twitter.refresh("auth.json")
    assert strict.accounts.counts.reuses == strict.accounts.counts.refused == 0
    after("A's own tokens, and B's are as they were")


def test_a_response_whose_file_was_refreshed_since_is_the_file(strict, auth_file):
    auth_file()
    response = twitter.refresh("auth.json")
    newest = twitter.refresh("auth.json")

    twitter.keep(response, "profile:x")

    assert json.loads(path_of("profile:x").read_text())["access_token"] == newest["access_token"]


# B7: a second place for the token's lock.
def locks_that_are_a_file(home):
    (home / "oint").mkdir(mode=0o700)
    (home / "oint" / "locks").write_text("")


def no_data_folder(home):
    (home / "oint").write_text("")


@pytest.mark.parametrize("damage", [
    case("B7", "a file in the place of locks/, two copies at once", "dead, 3 of 3", locks_that_are_a_file),
    case("B7", "no data folder can be made, one file by two names", "dead, 3 of 3", no_data_folder),
])  # fmt: skip
def test_two_copies_without_a_lock_in_the_data_folder(strict, home, after, damage):
    damage(home)
    text = json.dumps(strict.issue())
    for name in ("a.json", "b.json"):
        Path(name).write_text(text)
        Path(name).chmod(0o600)
    strict.faults.add("slow", 0.5)
    code = "import sys\nfrom oint_magics import twitter\ntry: twitter.refresh(sys.argv[1])\nexcept Exception as e: print(e)"

    if damage is no_data_folder:  # Nothing leads from one copy to another then; a lock of the file itself does.
        Path("b.json").unlink()
        os.link("a.json", "b.json")
    processes = [subprocess.Popen([sys.executable, "-c", code, name]) for name in ("a.json", "b.json")]
    for process in processes:
        assert process.wait(LONG) == 0

    assert strict.accounts.counts.reuses == 0
    after("one after the other")


def test_without_any_lock_it_is_said_before_anything_is_sent(strict, auth_file, monkeypatch):
    def refuse():
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(locks, "_machine_folder", refuse)
    monkeypatch.setattr(locks, "_temporary_folder", refuse)

    with pytest.raises(errors.StoreNotWritable, match="two programs could send the same token. Nothing was sent"):
        twitter.refresh(auth_file())
    assert strict.accounts.counts.refreshes == 0


# B2: a file that was replaced outside.
CODE = "import sys\nfrom oint_magics import twitter\ntry: print('table', twitter.refresh(sys.argv[1])['scope'])\nexcept Exception as e: print(type(e).__name__, e)"


@mounts.needed
@pytest.mark.parametrize("script", [
    case("B2", "mounted alone, then replaced outside by a rename", "dead", "cp -p auth.json new; mv new auth.json"),
    case("B2", "mounted alone, then deleted outside and made anew", "dead", "cp -p auth.json new; rm auth.json; mv new auth.json"),
    case("B2", "mounted alone, then deleted outside", "dead", "rm auth.json"),
])  # fmt: skip
def test_a_file_that_was_replaced_outside(strict, auth_file, after, script):
    auth_file()
    Path("app").mkdir()

    said = mounts.mounted(f"touch app/auth.json; mount --bind auth.json app/auth.json; {script}", CODE, "app/auth.json")

    assert said.startswith("StoreNotWritable app/auth.json was replaced outside"), said
    assert "Nothing was sent" in said
    assert strict.accounts.counts.refreshes == 0
    after(said.splitlines()[0])


LOSING = """
import os
from oint_magics import twitter
from oint_magics.stores import log_file
log_file.add = lambda *_: os.kill(os.getpid(), 9)
twitter.refresh("auth.json")
"""


def test_a_link_that_the_log_misses_is_told_by_the_record(strict, auth_file):
    """A process died between the save and the log; the file went on, and a copy of its first tokens is used."""
    text = Path(auth_file()).read_text()
    Path("copy.json").write_text(text)
    twitter.refresh("auth.json")
    assert subprocess.run([sys.executable, "-c", LOSING]).returncode == -9
    newest = twitter.refresh("auth.json")

    assert twitter.refresh("copy.json", if_expired=True)["access_token"] == newest["access_token"]
    assert twitter.refresh("copy.json").saved_to == "auth.json"
    assert strict.accounts.counts.reuses == 0
    assert not list(Path(".oint").glob("exchange-*"))


SLOW = """
import time
from oint_magics import twitter
from oint_magics.stores import log_file
add = log_file.add
def slow(*details):
    print("saved", flush=True)
    time.sleep(2)
    return add(*details)
log_file.add = slow
twitter.refresh("a.json")
"""


def test_a_pair_that_is_saved_and_not_yet_in_the_log(strict, auth_file):
    """Whoever has a copy waits for whoever holds the store."""
    auth_file("a.json")
    Path("b.json").write_text(Path("a.json").read_text())
    twitter.refresh("a.json")
    process = subprocess.Popen([sys.executable, "-c", SLOW], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "saved\n"

    assert twitter.refresh("b.json").saved_to == "a.json"
    assert process.wait(LONG) == 0
    process.stdout.close()
    assert strict.accounts.counts.reuses == 0


def test_what_is_refreshed_just_now_is_not_swept(strict, home, monkeypatch):
    """Kept aside by a login a week ago, and found to be good after all."""
    from oint_magics.login import aside
    from oint_magics.stores import open_store

    twitter.keep(strict.issue(), "profile:mine")
    kept = aside.keep(open_store("profile:mine").read())
    monkeypatch.setattr(aside, "_A_WEEK", -1.0)
    process = in_flight(strict, kept.label, home)

    aside.sweep()

    newest = done(process)
    assert json.loads(path_of(kept.label).read_text())["access_token"] == newest
