"""B4, B9, B25: the newest tokens of every kind of store come back, wherever the older bytes lie."""

import json
import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from attacks.rows import pair
from field.rows import case
from patience import wait_for

from oint_magics import errors, twitter
from oint_magics.secret import Secret
from oint_magics.stores import newest

A_DAY = 24 * 3600


def copies(home):
    return sorted((home / "oint" / "newest").glob("*.json"))


def a_day_later(home):
    """Let the copies be swept by the next refresh."""
    (home / "oint" / "newest" / "swept").unlink(missing_ok=True)


def aged(path, days):
    """Let a copy look as one whose store was last seen some days ago, also by the machine's start."""
    note = json.loads(path.read_text())
    at = time.time() - days * A_DAY
    path.write_text(json.dumps(note | {"at": at, "boot": "another"}))
    os.utime(path, (at, at))


def no_loss(strict):
    return strict.accounts.counts.reuses == strict.accounts.counts.refused == 0


# B4: older content comes back, in each kind of store.
@pytest.mark.parametrize(("place", "file"), [
    case("B4", "a profile from a backup", "TokenSpent; the newest pair is on no disk", "profile:a", "profiles/a.json"),
    case("B4", "an encrypted profile from a backup", "TokenSpent; the newest pair is on no disk", "keyring:a", "keyring/a.sealed"),
    case("B4", "a file from a backup", "put back, from a copy of that file's", "auth.json", None),
])  # fmt: skip
def test_a_backup_of_any_store(strict, ring, home, after, place, file):
    path = home / "oint" / file if file else Path("auth.json")
    twitter.keep(strict.issue(), place)
    old = path.read_bytes()
    for _ in range(2):
        twitter.refresh(place)
    path.write_bytes(old)

    assert "put back" in str(twitter.refresh(place))
    path.write_bytes(old)
    assert twitter.me(place)

    assert no_loss(strict)
    after("the newest tokens are put back first")


@pytest.mark.parametrize("acts", [
    case("B4", "a row after a failover to an asynchronous standby", "TokenSpent; another machine kills the family", 1),
    case("B4", "the same, three refreshes behind", "TokenSpent; another machine kills the family", 3),
    case("B4", "the same, and the row is not there at all", "does not exist", 0),
])  # fmt: skip
def test_a_row_after_a_failover(strict, team, home, after, acts):
    issued = strict.issue()
    twitter.keep(issued, "shared:work")
    row = "UPDATE oint_pair SET generation = %s, content = %s, exchange = NULL WHERE name = 'work'"
    ((generation, content),) = team.run("SELECT generation, content FROM oint_pair WHERE name = 'work'")
    for _ in range(acts or 2):
        last = twitter.refresh("shared:work")
    if acts:
        team.run(row.replace("%s", "{}").format(generation, f"'{content}'"))
        twitter.refresh("shared:work")
    else:
        team.run("DELETE FROM oint_pair WHERE name = 'work'")
        twitter.refresh(json.dumps(issued), to="shared:work")  # An older text of the same family.

    newer = twitter.refresh("shared:work")
    assert newer["refresh_token"] != last["refresh_token"]
    assert no_loss(strict)
    assert all(last["refresh_token"].encode() not in path.read_bytes() for path in home.rglob("*") if path.is_file())
    after("the newest tokens are put back first")


def test_copies_of_what_is_encrypted_are_encrypted(strict, ring, team, home):
    for place in ("keyring:a", "shared:work"):
        twitter.keep(strict.issue(), place)
        last = twitter.refresh(place)
        assert len(copies(home)) == 1
        assert last["refresh_token"].encode() not in copies(home)[0].read_bytes()
        twitter.forget(place)
        assert copies(home) == []


def test_a_pair_that_is_encrypted_is_not_put_back_into_a_plain_file(strict, ring, home):
    issued = strict.issue()
    twitter.keep(issued, "keyring:a")
    twitter.refresh("keyring:a")
    (home / "oint" / "keyring" / "a.sealed").unlink()
    Path("auth.json").write_text(json.dumps(issued))

    with pytest.raises(errors.TokenSpent, match="Nothing was sent"):
        twitter.refresh("auth.json")
    assert pair()["refresh_token"] == issued["refresh_token"]


# B9: a disk that is not there for a moment.
@pytest.mark.parametrize("away", [
    case("B9", "the file's disk is unmounted for a moment, another file is refreshed", "the copy is gone, and the account", "disk"),
    case("B9", "a path that is only in a container", "the copy is gone, and the account", "container"),
    case("B9", "the file is renamed for a moment", "the copy is gone, and the account", "name"),
])  # fmt: skip
def test_a_disk_that_is_away_for_a_moment(strict, auth_file, home, after, away):
    folder = Path("disk")
    folder.mkdir()
    (folder / "auth.json").write_text(json.dumps(strict.issue()))
    old = (folder / "auth.json").read_bytes()
    twitter.refresh("disk/auth.json")
    away_to = folder if away == "disk" else folder / "auth.json"
    away_to.rename("away")

    a_day_later(home)
    twitter.refresh(auth_file("other.json"))
    a_day_later(home)
    twitter.refresh("other.json")

    if away == "container":
        folder.mkdir(exist_ok=True)
    else:
        Path("away").rename(away_to)
    (folder / "auth.json").write_bytes(old)
    assert "put back" in str(twitter.refresh("disk/auth.json"))
    assert no_loss(strict)
    after("the copy stays until its store was not seen for 30 days")


# B25: the file lies elsewhere by now.
@pytest.mark.parametrize("how", [
    case("B25", "the project's folder is moved, older bytes at the new path", "TokenSpent, log in again", "moved"),
    case("B25", "the file is mounted at another path, older bytes there", "TokenSpent, log in again", "mounted"),
    case("B25", "the old path holds another account's tokens by now", "TokenSpent, log in again", "taken"),
    case("B25", "the older bytes are given as a text", "TokenSpent, log in again", "text"),
])  # fmt: skip
def test_older_bytes_at_another_path(strict, auth_file, home, after, how):
    Path("project").mkdir()
    Path("project/auth.json").write_text(json.dumps(strict.issue()))
    old = Path("project/auth.json").read_text()
    for _ in range(2):
        last = twitter.refresh("project/auth.json")
    if how == "taken":
        Path("project/auth.json").write_text(json.dumps(strict.issue()))
    else:
        shutil.move("project", "moved")
    a_day_later(home)
    twitter.refresh(auth_file("other.json"))
    Path("new").mkdir()
    Path("new/auth.json").write_text(old)
    source = old if how == "text" else "new/auth.json"

    newer = twitter.refresh(source)
    assert newer["refresh_token"] != last["refresh_token"]
    again = twitter.refresh(source)

    assert again["refresh_token"] != newer["refresh_token"]
    assert no_loss(strict)
    after("the newest tokens are found by their family, and put back there")


def test_what_was_forgotten_does_not_come_back(strict, auth_file):
    auth_file()
    shutil.copy("auth.json", "copy.json")
    twitter.refresh("auth.json")
    twitter.forget("auth.json")

    with pytest.raises(errors.TokenSpent, match="deleted with twitter.forget"):
        twitter.refresh("copy.json")


# The end of a copy.
def test_a_copy_ends_when_its_store_was_not_seen_for_30_days(strict, auth_file, home):
    twitter.refresh(auth_file("gone.json"))
    (gone,) = copies(home)
    twitter.refresh(auth_file("there.json"))
    (there,) = set(copies(home)) - {gone}
    Path("gone.json").unlink()
    for path in (gone, there):
        aged(path, 31)

    a_day_later(home)
    twitter.refresh(auth_file("other.json"))

    assert not gone.exists()
    assert there.exists()
    assert time.time() - there.stat().st_mtime < A_DAY


def test_a_clock_that_is_ahead_ends_no_copy(strict, auth_file, home):
    """By the machine's start it is young; a file that this run of the machine did not write has its time alone."""
    twitter.refresh(auth_file("gone.json"))
    Path("gone.json").unlink()
    (gone,) = copies(home)
    at = time.time() - 31 * A_DAY
    gone.write_text(json.dumps(json.loads(gone.read_text()) | {"at": at}))
    os.utime(gone, (at, at))

    a_day_later(home)
    twitter.refresh(auth_file("other.json"))

    assert gone.exists()


def test_of_two_accounts_in_one_place_the_earlier_ends(strict, auth_file, home):
    twitter.refresh(auth_file())
    (first,) = copies(home)
    Path("auth.json").write_text(json.dumps(strict.issue()))
    twitter.refresh("auth.json")
    (second,) = set(copies(home)) - {first}
    aged(first, 31)

    a_day_later(home)
    twitter.refresh(auth_file("other.json"))

    assert not first.exists()
    assert second.exists()


def test_what_was_written_and_not_renamed_goes_after_a_day(strict, auth_file, home):
    twitter.refresh(auth_file())
    folder = home / "oint" / "newest"
    for name, days in (("a.json.1.new", 2), ("b.json.1.new", 0)):
        (folder / name).write_text("{}")
        at = time.time() - days * A_DAY
        os.utime(folder / name, (at, at))

    a_day_later(home)
    twitter.refresh("auth.json")

    assert [path.name for path in folder.glob("*.new")] == ["b.json.1.new"]


def test_a_copy_under_another_token_s_name_is_not_believed(strict, auth_file, home):
    """Who renames copies mixes accounts."""
    twitter.refresh(auth_file())
    (copy,) = copies(home)
    token = Secret("another")
    copy.rename(copy.with_name(f"{token.fingerprint()}.json"))

    assert newest.kept(token.fingerprint(), None) is None


# Another program, or another machine, may have refreshed a copy's pair since.
def test_a_pair_that_another_program_has_refreshed_is_not_put_back(strict, auth_file, home, monkeypatch):
    """Two data folders share a file: what one of them knows as the newest was used by the other."""
    auth_file()
    old = Path("auth.json").read_bytes()
    twitter.refresh("auth.json")
    with monkeypatch.context() as there:
        there.setenv("OINT_HOME", str(home / "elsewhere"))
        twitter.refresh("auth.json")
    last = twitter.refresh("auth.json")
    Path("auth.json").write_bytes(old)

    with pytest.raises(errors.TokenSpent, match="Nothing was sent") as caught:
        twitter.refresh("auth.json")
    assert "may have refreshed them since" in " ".join(caught.value.cause.split())
    assert no_loss(strict)
    Path("auth.json").write_text(json.dumps(json.loads(old) | {"refresh_token": last["refresh_token"]}))
    assert twitter.refresh("auth.json")


def test_an_expired_pair_of_a_team_s_is_put_back_only_if_somebody_says_so(strict, team, home):
    twitter.keep(strict.issue(), "shared:work")
    ((generation, content),) = team.run("SELECT generation, content FROM oint_pair WHERE name = 'work'")
    strict.accounts.expires_in = 1
    ends_at = twitter.refresh("shared:work").expires_at
    wait_for(lambda: datetime.now(UTC) > ends_at, "the access token does not end")
    team.run(f"UPDATE oint_pair SET generation = {generation}, content = '{content}' WHERE name = 'work'")

    with pytest.raises(errors.TokenSpent, match="Nothing was sent") as caught:
        twitter.refresh("shared:work")
    assert "try_old" in caught.value.next_step
    assert twitter.refresh("shared:work", try_old=True)
    assert no_loss(strict)


def test_a_plain_copy_of_what_is_encrypted_now_is_not_left(strict, auth_file, ring, home):
    last = twitter.refresh(auth_file())
    twitter.keep("auth.json", "keyring:k")
    Path("auth.json").unlink()

    assert all(last["refresh_token"].encode() not in path.read_bytes() for path in copies(home))
    twitter.forget("keyring:k")
    assert copies(home) == []


def test_forget_of_a_file_that_was_moved_deletes_its_copy(strict, auth_file, home):
    twitter.refresh(auth_file())
    Path("auth.json").rename("moved.json")
    twitter.forget("moved.json")
    assert copies(home) == []


def test_another_account_over_a_copy_leaves_the_first_one_s_insurance(strict, auth_file, home):
    auth_file()
    old = Path("auth.json").read_bytes()
    twitter.refresh("auth.json")
    shutil.copy("auth.json", "b.json")
    other = strict.issue() | {key: json.loads(old)[key] for key in ("client_id", "client_secret")}
    twitter.keep(other, "b.json", replace=True)
    Path("auth.json").write_bytes(old)

    assert "put back" in str(twitter.refresh("auth.json"))
    assert no_loss(strict)


@pytest.mark.parametrize(
    "odd", [{"place": ["x"]}, {"place": {}}, {"up": -(10**400)}, {"file": 7}, {"at": "x"}, {"place": "a\0b"}]
)
def test_an_odd_note_does_not_disturb_a_refresh(strict, auth_file, home, odd):
    twitter.refresh(auth_file())
    (copy,) = copies(home)
    other = copy.with_name(f"{'0' * 32}.json")
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    other.write_text(json.dumps({"format": 1, "place": "/p", "boot": boot, "up": 1.0} | odd))
    at = time.time() - 40 * A_DAY
    os.utime(other, (at, at))
    a_day_later(home)

    assert twitter.refresh("auth.json")["access_token"]
