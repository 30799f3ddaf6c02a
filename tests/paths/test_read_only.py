"""B30: file and data folder lie on a disk that turns read-only in the middle of a refresh, and the program ends."""

import collections
import errno
import json
import os
import shutil
from pathlib import Path

import pytest
from field.rows import case
from paths.test_faults import READ_ONLY, Nursery, pytestmark  # noqa: F401 - needs the shim too

from oint_magics import errors, twitter
from oint_magics.sandbox import Sandbox
from oint_magics.secret import Secret
from oint_magics.stores import last_place, open_store, record_head


@pytest.fixture(scope="module")
def nursery(tmp_path_factory):
    nursery = Nursery(tmp_path_factory.mktemp("read-only"))
    yield nursery
    nursery.stop()


@pytest.fixture
def disk(nursery, monkeypatch):
    """The disk, new, with the working folder and the data folder on it; and a server that punishes reuse."""
    sandbox = Sandbox()
    sandbox.accounts.punishes_reuse = True

    def renew(source):
        shutil.rmtree(nursery.folder, ignore_errors=True)
        (nursery.folder / "work").mkdir(parents=True)
        monkeypatch.chdir(nursery.folder / "work")
        monkeypatch.setenv("OINT_HOME", str(nursery.folder / "home"))
        twitter.keep(sandbox.issue(), source, replace=True)

    yield sandbox, renew
    sandbox.stop()


@pytest.mark.parametrize(("source", "number"), [
    case("B30", "the disk turns read-only between request and answer: a file", "lost", "./auth.json", errno.EROFS),
    case("B30", "the same: a profile", "lost", "profile:work", errno.EROFS),
    case("B30", "the disk fails between request and answer", "lost", "./auth.json", errno.EIO),
])  # fmt: skip
def test_no_account_is_lost(nursery, disk, after, source, number):
    sandbox, renew = disk
    renew(source)
    total = nursery.run(source)["count"]
    said = collections.Counter()
    for at in range(1, total + 1):
        renew(source)
        told = nursery.run(source, at, READ_ONLY, number)["said"]
        memory = list(Path(os.environ["XDG_RUNTIME_DIR"]).rglob("exchange-*"))
        said[f"{told.partition(':')[0]}{', in memory' if memory else ''}"] += 1
        if memory and "NotSaved" in told:
            assert str(memory[0]) in told.replace("\n", " "), told
            assert "in this machine's memory" in told

        twitter.refresh(source)

        assert sandbox.accounts.counts.reuses == sandbox.accounts.counts.refused == 0, (at, told)
        assert not list(Path(os.environ["XDG_RUNTIME_DIR"]).rglob("exchange-*")), (at, told)
    assert said["NotSaved, in memory"] >= 1, said
    after(", ".join(f"{count} {each}" for each, count in sorted(said.items())))


@pytest.mark.parametrize("planted", ["of another token", "of another format", "no record"])
def test_what_lies_in_memory_is_believed_as_a_record_is(sandbox, auth_file, planted):
    auth_file()
    folder = Path(os.environ["XDG_RUNTIME_DIR"]) / f"oint_magics-{os.getuid()}"
    folder.mkdir(mode=0o700)
    token = Secret(json.loads(Path("auth.json").read_text())["refresh_token"])
    head = {"format": 2} if planted == "of another format" else {"format": 1, "mac": "0" * 64, "since": 1, "by": "x"}
    text = "no record" if planted == "no record" else json.dumps(head)
    answer = 'HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{"access_token":"a","refresh_token":"b"}'
    file = folder / f"exchange-{token.fingerprint()}"
    file.write_text(f"{text}\n{answer}")
    file.chmod(0o600)

    if planted == "of another format":
        with pytest.raises(errors.StoreError, match="does not know. Nothing was sent"):
            twitter.refresh("auth.json")
        return
    assert twitter.refresh("auth.json")["access_token"] != "a"
    assert sandbox.accounts.counts.refreshes == 1


@pytest.mark.parametrize("then", ["without the variable", "with another folder"])
def test_the_next_run_finds_it_whatever_its_environment(monkeypatch, tmp_path, then):
    """A cron job has no XDG_RUNTIME_DIR, or its own."""
    shared = tmp_path / "shm"
    shared.mkdir()
    monkeypatch.setattr(last_place, "_USUAL", (os.environ["XDG_RUNTIME_DIR"], str(shared)))
    assert last_place.write("exchange-x", b"the record")

    if then == "without the variable":
        monkeypatch.delenv("XDG_RUNTIME_DIR")
    else:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert last_place.read("exchange-x")[1] == b"the record"
    last_place.remove("exchange-x")
    assert last_place.read("exchange-x") is None


def test_a_later_exchange_does_not_meet_what_an_earlier_one_left_in_memory(home):
    record = open_store("profile:work").records.of(Secret("a-token"))
    last_place.write(
        "exchange-" + Secret("a-token").fingerprint(), record_head.new(Secret("a-token"), "work.json", 1, [])
    )
    assert record.found() is not None
    (home / "oint" / "profiles").mkdir(parents=True)
    record.begin(2)
    record.append(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    record.close()

    assert open_store("profile:work").records.of(Secret("a-token")).found().answer.body == b"{}"
