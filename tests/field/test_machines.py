"""Machines as they are: F1 to F7. Real users and mounts where the machine lets us make them."""

import errno
import json
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

import as_nobody
import mounts
import pytest
from field.rows import case
from raw_server import answer

from oint_magics import errors, twitter
from oint_magics.stores import atomic, in_place

PAIR = {"token_type": "bearer", "expires_in": 7200, "access_token": "new-access", "refresh_token": "new-token"}
REFRESH = """
import json, sys
from oint_magics import twitter
try:
    print("table", str(twitter.refresh(sys.argv[1])).replace("\\n", " "))
except Exception as error:
    print(type(error).__name__, error)
"""
SAID = "print(json.dumps(said(lambda: 'table ' + str(twitter.refresh('auth.json')))))"


def is_root():
    return hasattr(os, "geteuid") and os.geteuid() == 0


roots = pytest.mark.skipif(not is_root(), reason="SKIPPED: only root can be other users, F1, F6 and F7 are not tried")


@pytest.fixture
def server(raw, monkeypatch):
    pairs = iter(range(1, 100))

    def behaviour(connection):
        number = next(pairs)
        body = PAIR | {"access_token": f"access-{number}", "refresh_token": f"token-{number}"}
        answer("200 OK", json.dumps(body).encode())(connection)

    server = raw(behaviour)
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", f"{server.url}/t")
    return server


@pytest.fixture
def reachable(monkeypatch):
    """A folder that every user can enter, as `.`."""
    folder = Path(tempfile.mkdtemp(prefix="field-", dir="/tmp"))
    folder.chmod(0o755)
    monkeypatch.chdir(folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def file(reachable, auth):
    Path("app").mkdir()
    path = Path("app/auth.json")
    path.write_text(json.dumps(auth))
    path.chmod(0o600)
    return path


def token(path):
    return json.loads(Path(path).read_text())["refresh_token"]


def describe(path):
    found = os.stat(path)
    return f"uid {found.st_uid}, gid {found.st_gid}, mode {stat.S_IMODE(found.st_mode):o}"


# F1: somebody else's group, owner or mode.
@roots
@pytest.mark.parametrize(("owner", "group", "mode", "folder"), [
    case("F1", "Jupyter's image: own file, a group that is not mine, 600", "refused", 1000, 1000, 0o600, (1000, 1000, 0o755)),
    case("F1", "the same, 640", "refused", 1000, 1000, 0o640, (1000, 1000, 0o755)),
    case("F1", "the same, 664: the group goes on reading", "refused", 1000, 1000, 0o664, (1000, 1000, 0o755)),
    case("F1", "another owner's file that my group may write", "refused", 2000, 100, 0o660, (2000, 100, 0o770)),
    case("F1", "root's folder, own file", "refused", 1000, 100, 0o600, (0, 0, 0o755)),
])  # fmt: skip
def test_an_owner_or_group_that_cannot_be_given(server, file, reachable, tmp_path, after, owner, group, mode, folder):
    """Run as uid 1000, gid 100, without other groups: refreshed, and never more open than before."""
    os.chown(file, owner, group)
    file.chmod(mode)
    os.chown("app", *folder[:2])
    Path("app").chmod(folder[2])
    home = reachable / "theirs"
    home.mkdir()
    os.chown(home, 1000, 100)

    said = as_nobody.run(SAID, file.parent, tmp_path, uid=1000, gid=100, is_theirs=False, OINT_HOME=str(home / "oint"),
                         OINT_TWITTER_TOKEN_URL=os.environ["OINT_TWITTER_TOKEN_URL"])  # fmt: skip

    assert said[0].startswith("table"), said
    assert token(file) == "token-1"
    now = file.stat()
    assert now.st_uid == owner
    assert stat.S_IMODE(now.st_mode) & ~mode == 0
    if mode & 0o070:
        assert (now.st_gid, stat.S_IMODE(now.st_mode)) == (group, mode)
    after(f"refreshed; {describe(file)}")


# F2, F3: attributes and modes that cannot be copied.
def fails(number):
    def call(*_, **__):
        raise OSError(number, os.strerror(number))

    return call


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's calls")
@pytest.mark.parametrize("calls", [
    case("F2", "WSL: an attribute of the system's that nobody may set", "refused",
         {"listxattr": lambda *_, **__: ["system.wsl_case_sensitive"], "getxattr": lambda *_, **__: b"1", "setxattr": fails(errno.EACCES)}),
    case("F2", "WSL: fchmod is not permitted", "refused", {"fchmod": fails(errno.EPERM)}),
    case("F2", "fchown is not permitted", "refused", {"fchown": fails(errno.EPERM)}),
    case("F2", "a folder that cannot be synced", "refused", {"fsync": fails(errno.EINVAL)}),
    case("F3", "sshfs, Drive: no attributes", "refused", {"listxattr": fails(errno.EOPNOTSUPP)}),
    case("F3", "SELinux: an attribute that root set", "refused",
         {"listxattr": lambda *_, **__: ["security.anything"], "getxattr": lambda *_, **__: b"1", "setxattr": fails(errno.EPERM)}),
    case("F3", "an attribute that cannot be read", "refused", {"listxattr": lambda *_, **__: ["user.x"], "getxattr": fails(errno.ENODATA)}),
    case("F3", "no room for an attribute", "refused",
         {"listxattr": lambda *_, **__: ["user.x"], "getxattr": lambda *_, **__: b"1", "setxattr": fails(errno.ENOSPC)}),
])  # fmt: skip
def test_what_cannot_be_copied_is_left(server, file, monkeypatch, after, calls):
    for name, call in calls.items():
        monkeypatch.setattr(os, name, call)

    twitter.refresh("app/auth.json")

    assert token(file) == "token-1"
    assert sorted(os.listdir("app")) == [".oint", "auth.json"]
    after(f"refreshed; mode {stat.S_IMODE(file.stat().st_mode):o}")


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's access lists")
def test_an_access_list_that_cannot_be_copied_opens_nothing(server, file, monkeypatch):
    """With one, the group's bits are its mask: without it they would open the file to the group."""
    file.chmod(0o640)
    monkeypatch.setattr(os, "listxattr", lambda *_, **__: ["system.posix_acl_access"])
    monkeypatch.setattr(os, "getxattr", lambda *_, **__: b"x")
    monkeypatch.setattr(os, "setxattr", fails(errno.EOPNOTSUPP))
    node = file.stat().st_ino

    twitter.refresh("app/auth.json")

    assert token(file) == "token-1"
    assert file.stat().st_ino == node


# F4: one file mounted into a container.
def mounted(script, code=REFRESH, source="app/auth.json"):
    """Run a refresh after a shell script has made the mounts; return what it said."""
    return mounts.mounted(script, code, source)


@mounts.needed
@pytest.mark.parametrize("script", [
    case("F4", "mount --bind auth.json app/auth.json", "refused", "touch app/auth.json; mount --bind auth.json app/auth.json"),
    case("F4", "the same, from another disk", "refused",
         "mkdir disk; mount -t tmpfs none disk; cp -p auth.json disk/; mount --bind disk/auth.json app/auth.json"),
    case("F4", "the same, over a link to it", "refused",
         "touch app/real.json; rm app/auth.json; ln -s real.json app/auth.json; mount --bind auth.json app/real.json"),
    case("F4", "the same, app a read-only folder", "refused",
         "mount --bind app app; mount -o remount,bind,ro app; mount --bind auth.json app/auth.json"),
])  # fmt: skip
def test_a_single_file_that_is_mounted(server, file, after, script):
    """Written in place; twice, so that what was saved is found again."""
    shutil.copy(file, "auth.json")
    code = REFRESH + "again = twitter.refresh(sys.argv[1]); print(open(sys.argv[1]).read().count('token-2'))"

    said = mounted(script, code)

    assert said.startswith("table"), said
    assert said.strip().endswith("1")
    if "tmpfs" in script:
        assert "only the mounted file survives" in said
    after("written in place")


@mounts.needed
@pytest.mark.parametrize("left", [0, 8, 24])
def test_a_mounted_file_on_a_full_disk(server, file, left):
    """What was sent was saved, and what could not be saved was not sent."""
    said = mounted(f"""
        mkdir disk; mount -t tmpfs -o size=64k none disk; cp -p app/auth.json disk/
        dd if=/dev/zero of=disk/full bs=1k 2>/dev/null || true
        truncate -s -{left}k disk/full
        mount --bind disk/auth.json app/auth.json
    """)

    assert said.startswith(("table", "StoreNotWritable")), said
    assert len(server.requests) == said.startswith("table")


@mounts.needed
@pytest.mark.skipif(
    not (shutil.which("bindfs") and os.path.exists("/dev/fuse")), reason="SKIPPED: no bindfs here, FUSE is not tried"
)
@pytest.mark.parametrize("options", [
    case("F3", "FUSE without attributes, chown and chmod denied", "refused", "--xattr-none --chown-deny --chmod-deny"),
    case("F3", "FUSE that ignores chown and chmod", "refused", "--xattr-none --chown-ignore --chmod-ignore"),
    case("F3", "FUSE that shows every file open", "refused", "--perms=a+rwX --chmod-ignore"),
])  # fmt: skip
def test_a_fuse_mount(server, file, after, options):
    code = REFRESH + "again = twitter.refresh(sys.argv[1]); print(open(sys.argv[1]).read().count('token-2'))"

    said = mounted(f"mkdir seen; bindfs {options} app seen", code, "seen/auth.json")

    assert said.startswith("table"), said
    assert said.strip().endswith("1")
    assert token(file) == "token-2"
    after("refreshed")


# F5: hard links.
@pytest.mark.parametrize("name", [
    case("F5", "ln auth.json opi.json, refresh auth.json", "the links part", "app/auth.json"),
    case("F5", "the same, by a symbolic link", "the links part", "link.json"),
    case("F5", "the same, by the other name", "the links part", "app/opi.json"),
    case("F5", "three links, one in another folder", "the links part", "elsewhere.json"),
])  # fmt: skip
def test_hard_links_stay_one_file(server, file, after, name):
    os.link(file, "app/opi.json")
    os.link(file, "elsewhere.json")
    os.symlink("app/auth.json", "link.json")

    first = twitter.refresh(name)
    twitter.refresh(name)

    assert first["refresh_token"] == "token-1"
    assert token("app/auth.json") == token("app/opi.json") == token("elsewhere.json") == "token-2"
    assert file.stat().st_nlink == 3
    after("both names hold the new pair")


# F6: root first, then the user.
@roots
@pytest.mark.parametrize(("whose", "first"), [
    case("F6", "sudo, root's own data folder", "refused", "root", "file"),
    case("F6", "sudo -E: the user's data folder, made by root", "refused", "user", "file"),
    case("F6", "the user's data folder is there already", "refused", "made", "file"),
    case("F6", "root makes the file, too", "refused", "user", "dotenv"),
])  # fmt: skip
def test_root_first_and_then_the_user(server, file, reachable, tmp_path, monkeypatch, after, whose, first):
    """What root makes in a user's folder is the user's."""
    os.chown("app", 1000, 1000)
    if first == "dotenv":
        file.unlink()
        file = Path("app/.env")
        file.write_text("X_CLIENT_ID=a\nX_REFRESH_TOKEN=b\n")
    os.chown(file, 1000, 1000)
    theirs = reachable / "theirs"
    theirs.mkdir()
    os.chown(theirs, 1000, 1000)
    if whose == "made":
        (theirs / "oint").mkdir(mode=0o700)
        os.chown(theirs / "oint", 1000, 1000)
    if whose != "root":
        monkeypatch.setenv("OINT_HOME", str(theirs / "oint"))
    twitter.refresh(file)

    code = SAID.replace("auth.json", file.name)
    said = as_nobody.run(code, file.parent, tmp_path, uid=1000, gid=1000, is_theirs=False, OINT_HOME=str(theirs / "oint"),
                         OINT_TWITTER_TOKEN_URL=os.environ["OINT_TWITTER_TOKEN_URL"])  # fmt: skip

    assert said[0].startswith("table"), said
    assert "token-2" in file.read_text()
    owners = {path.stat().st_uid for folder in (Path("app"), theirs) for path in folder.rglob("*")}
    assert owners == {1000}
    after("works; all that root made there is the user's")


# F7: no home, and a user without a name.
@roots
@pytest.mark.parametrize("variables", [
    case("F7", "no HOME, uid without a name", "InternalError", {}),
    case("F7", "HOME is /", "InternalError", {"HOME": "/"}),
    case("F7", "HOME is not there", "InternalError", {"HOME": "/nonexistent"}),
    case("F7", "HOME is blank", "InternalError", {"HOME": ""}),
])  # fmt: skip
def test_no_home_and_no_name(server, file, tmp_path, after, variables):
    said = as_nobody.run(SAID, file.parent, tmp_path, uid=12346, gid=12346,
                         OINT_TWITTER_TOKEN_URL=os.environ["OINT_TWITTER_TOKEN_URL"], **variables)  # fmt: skip

    assert said[0].startswith("table"), said
    assert token(file) == "token-1"
    after("refreshed; the log lies in .oint/")


# A file that is written in place, killed in the middle.
class TestKilled:
    OLD, NEW = b'{"refresh_token": "old", "note": "as it was"}', b'{"refresh_token": "a-new-one", "note": "as it was"}'

    @pytest.fixture
    def left(self, file):
        """Leave the copy that a killed writer leaves, and a file with any mixture of both."""
        os.link(file, "app/other.json")

        def leave(content, copy=None):
            file.write_bytes(self.OLD)
            held = []
            real, in_place._overwrite = (
                in_place._overwrite,
                lambda *_: held.append(1) or (_ for _ in ()).throw(KeyboardInterrupt),
            )
            try:
                atomic.replace(file, self.NEW)
            except KeyboardInterrupt:
                pass
            finally:
                in_place._overwrite = real
            assert held
            if copy is not None:
                Path("app/.oint/auth.json.whole").write_bytes(copy)
            file.write_bytes(content)
            return file

        return leave

    def mixtures(self):
        for at in range(0, len(self.NEW) + 1, 3):
            yield self.NEW[:at] + self.OLD[at:]
        yield self.NEW[: len(self.OLD) + 1]
        yield self.NEW + b"\n" * 50

    def test_the_next_holder_completes_every_mixture(self, left):
        for content in self.mixtures():
            file = left(content)
            assert in_place.read(file.resolve()) == self.NEW
            in_place.complete(file.resolve())
            assert file.read_bytes() == self.NEW
            assert not Path("app/.oint/auth.json.whole").exists()

    @pytest.mark.parametrize(
        "content",
        [
            b"{}",
            b"",
            b'{"refresh_token": "a-new-one"}',
            b'{"refresh_token": "old"}',
            b'{"refresh_token": "somebody else wrote this since, after the kill"}',
        ],
    )
    def test_what_somebody_wrote_since_stays(self, left, content):
        file = left(content)
        assert in_place.read(file.resolve()) is None
        in_place.complete(file.resolve())
        assert file.read_bytes() == content
        assert not Path("app/.oint/auth.json.whole").exists()

    @pytest.mark.parametrize(
        "copy", [b"", b"{}\n", b'{"format": 1, "old": 1, "new": 1, "sum": "x"}\nab', b"\xff" * 100]
    )
    def test_a_copy_that_is_not_whole_is_not_used(self, left, copy):
        """The file had not been touched then."""
        file = left(self.OLD, copy)
        in_place.complete(file.resolve())
        assert file.read_bytes() == self.OLD


def test_a_full_disk_in_the_middle_leaves_the_old_bytes(server, file, monkeypatch):
    os.link(file, "other.json")
    before = file.read_bytes()
    real, fails_now = os.ftruncate, [True]

    def ftruncate(descriptor, size):
        if fails_now and os.fstat(descriptor).st_nlink > 1:
            fails_now.pop()
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor, size)

    monkeypatch.setattr(os, "ftruncate", ftruncate)
    with pytest.raises(errors.StoreNotWritable, match="nothing was sent"):
        twitter.refresh("app/auth.json")

    assert file.read_bytes() == before
    assert server.requests == []
