"""U3: a folder and a file that a group shares, and two of its members."""

import json
import os
import shutil
import stat
import tempfile
from pathlib import Path

import as_nobody
import pytest
from field.rows import case, read
from raw_server import answer

GROUP, FIRST, SECOND = 3000, 2001, 2002
SAID = "print(json.dumps(said(lambda: twitter.refresh('auth.json'))))"

pytestmark = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be two users")


@pytest.fixture
def shared(auth):
    """A file of the first user's in a folder of the group's."""
    folder = Path(tempfile.mkdtemp(prefix="shared-"))
    (folder / "auth.json").write_text(json.dumps(auth))
    for path in (folder, folder / "auth.json"):
        os.chown(path, FIRST, GROUP)
    (folder / "auth.json").chmod(0o660)
    folder.chmod(0o2770)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def server(raw, monkeypatch):
    """Gives a new pair each time."""
    count = iter(range(1, 99))

    def behaviour(connection):
        number = next(count)
        pair = {"access_token": f"access-{number}", "refresh_token": f"token-{number}", "expires_in": 7200}
        answer("200 OK", json.dumps(pair).encode())(connection)

    return raw(behaviour)


def refreshed_by(uid, folder, server, tmp_path, code=SAID):
    home = folder / f"home-{uid}"
    if not home.exists():
        home.mkdir(mode=0o700)
        os.chown(home, uid, GROUP)
    (said,) = as_nobody.run(
        code, folder, tmp_path, uid=uid, gid=GROUP, is_theirs=False, HOME=str(home), OINT_HOME=str(home / "oint"),
        OINT_TWITTER_TOKEN_URL=f"{server.url}/t",
    )  # fmt: skip
    return said


def sent(server):
    return [request.split(b"refresh_token=")[-1].split(b"&")[0].decode() for request in server.requests]


@pytest.mark.parametrize("umask", [
    case("U3", "a setgid folder of a group, file 660: one member refreshes, then another", "make the folder writable … or profile:NAME", "022"),
    case("U3", "the same with umask 077", "make the folder writable … or profile:NAME", "077"),
])  # fmt: skip
def test_members_of_a_group_take_turns(shared, server, tmp_path, after, auth, umask):
    code = f"os.umask(0o{umask}); {SAID}"
    for number, uid in enumerate((FIRST, SECOND, FIRST, SECOND), 1):
        said = refreshed_by(uid, shared, server, tmp_path, code)
        assert "Error" not in said, said
        assert "others on this machine" not in said
        assert read(shared / "auth.json")["refresh_token"] == f"token-{number}"
    assert sent(server)[1:] == ["token-1", "token-2", "token-3"]
    for path in [shared, *shared.rglob("*")]:
        assert path.stat().st_gid == GROUP, path
        assert not path.stat().st_mode & 0o007, path
    after("each refreshes what the one before has saved; nobody else can read it")


def test_an_answer_that_one_has_left_is_saved_by_the_other(shared, server, tmp_path, after):
    """The first is killed between the answer and the save."""
    code = (
        "from oint_magics.stores.file import FileStore\n"
        "FileStore.save = lambda *_: os._exit(0 * os.write(1, b'\"killed\"\\n'))\n" + SAID
    )
    assert refreshed_by(FIRST, shared, server, tmp_path, code) == "killed"

    said = refreshed_by(SECOND, shared, server, tmp_path)

    assert "repaired" in said, said
    assert read(shared / "auth.json")["refresh_token"] == "token-1"
    assert len(server.requests) == 1


def test_two_members_at_once_send_one_token_once(shared, server, tmp_path):
    """The lock is the folder's, and so one for both."""
    import threading

    said = {}
    threads = [
        threading.Thread(target=lambda uid=uid: said.update({uid: refreshed_by(uid, shared, server, tmp_path)}))
        for uid in (FIRST, SECOND)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(sent(server))) == len(server.requests)
    assert all("Error" not in each for each in said.values()), said


@pytest.mark.parametrize("how", [
    case("U3", "the file is the group's, the folder is not setgid", "make the folder writable … or profile:NAME", "folder"),
    case("U3", "the folder is the group's, the file is 640", "make the folder writable … or profile:NAME", "file"),
    case("U3", "others may read the file", "make the folder writable … or profile:NAME", "others"),
])  # fmt: skip
def test_what_is_not_shared_is_said(shared, server, tmp_path, after, how):
    if how == "folder":
        shared.chmod(0o770)
    else:
        (shared / "auth.json").chmod(0o640 if how == "file" else 0o664)
    assert "Error" not in refreshed_by(FIRST, shared, server, tmp_path)

    said = refreshed_by(SECOND, shared, server, tmp_path)

    assert ".oint/ beside the file belongs to user 2001, so nothing was sent" in said, said
    assert "a team's account lives in shared:NAME" in said
    assert "profile:" not in said
    assert len(server.requests) == 1
    after("`.oint/` belongs to the first user; shared:NAME, or how to share by a group")


def test_the_folder_is_shared_after_it_was_private(shared, server, tmp_path):
    shared.chmod(0o770)
    refreshed_by(FIRST, shared, server, tmp_path)
    assert stat.S_IMODE((shared / ".oint").stat().st_mode) == 0o700
    shared.chmod(0o2770)
    refreshed_by(FIRST, shared, server, tmp_path)

    assert "Error" not in refreshed_by(SECOND, shared, server, tmp_path)
    assert Path(shared / "auth.json").stat().st_mode & 0o777 == 0o660
