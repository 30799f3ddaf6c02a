"""`--out`: an existing file is overwritten only if it is a result of `--out` (B17)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from field.rows import case, row

from oint_magics import errors, settings, twitter
from oint_magics.opi import run as opi

LINK = "GetAuthorizationLink --auth auth.json"
REFRESH = "RefreshToken --auth auth.json"


def oint(line):
    """Run one command of OPI's, and return what it shows."""
    (outcome,) = opi.run(f"oint twitter {line}", to=None, interactive=False)
    return outcome.value


@pytest.fixture
def auth(auth_file):
    return auth_file()


def other(sandbox):
    return json.dumps(sandbox.issue())


FILES = [
    case("B17", "two accounts in a file", "overwritten", "two.json", lambda s: f'{{"a": {other(s)}, "b": {other(s)}}}'),
    case("B17", "the same, in a list", "overwritten", "two.json", lambda s: f"[{other(s)}, {other(s)}]"),
    case("B17", "JSON lines", "overwritten", "all.jsonl", lambda s: f"{other(s)}\n{other(s)}\n"),
    case("B17", "one account, in other words", "overwritten", "one.txt", lambda s: f"token = {other(s)}"),
    case("B17", "xurl's store", "overwritten", ".xurl", lambda _: "apps:\n  a:\n    oauth2_tokens:\n      me: {oauth2: {refresh_token: r}}\n"),
    case("B17", "an app's .env", "overwritten", ".env", lambda _: "DATABASE_URL=postgres://u:p@h/d\n"),
    case("B17", "the same, its example", "overwritten", ".env.example", lambda _: "SECRET_KEY=\n"),
    case("B17", "a sealed keyring file, copied", "overwritten", "work.sealed", lambda _: "oint-sealed-1\nAAAA\n"),
    case("B17", "a refresh log, copied", "overwritten", "journal.log", lambda _: '{"format": 1}\n'),
    case("B17", "a program", "overwritten", "model.py", lambda _: "print('hello')\n"),
    case("B17", "an empty file", "overwritten", "lock", lambda _: ""),
    case("B17", "bytes", "overwritten", "a.bin", lambda _: "\x00\x01"),
]  # fmt: skip


@pytest.mark.parametrize("line", [LINK, REFRESH], ids=["link", "tokens"])
@pytest.mark.parametrize(("name", "content"), FILES)
def test_a_file_that_is_no_result_stays(sandbox, auth, after, line, name, content):
    before = content(sandbox)
    Path(name).write_text(before)

    with pytest.raises(errors.UsageError, match="Nothing was sent.") as caught:
        oint(f"{line} --out {name}")

    assert Path(name).read_text() == before
    assert sandbox.accounts.counts.refreshes == 0
    after(caught.value.what)


@pytest.mark.parametrize("name", [
    case("B17", "the home of a user who is not there", "a place where tokens are kept", "~nobody-of-this-name/x"),
    case("B17", "a circle of links", "a place where tokens are kept", "circle"),
])  # fmt: skip
def test_what_is_no_path_is_said_to_be_none(auth, after, name):
    Path("circle").symlink_to("circle")

    with pytest.raises(errors.UsageError, match="cannot be written. Nothing was sent.") as caught:
        oint(f"{LINK} --out {name}")
    after(caught.value.cause)


def linked(link):
    link("auth.json", "alias.json")
    return "alias.json"


def through_a_folder():
    os.mkdir("folder")
    return "folder/../auth.json"


SOURCES = [
    case("B17", "the file of --auth", "refused", lambda: "auth.json"),
    case("B17", "its absolute path", "refused", lambda: os.path.abspath("auth.json")),
    case("B17", "the same by way of a folder", "refused", through_a_folder),
    case("B17", "a symbolic link to it", "refused", lambda: linked(os.symlink)),
    case("B17", "a hard link to it", "refused", lambda: linked(os.link)),
    case("B17", "the same from the home folder", "a folder named ~", lambda: linked_at_home()),
]


def linked_at_home():
    os.symlink(os.path.abspath("auth.json"), Path.home() / "mine.json")
    return "~/mine.json"


@pytest.mark.parametrize("make", SOURCES)
def test_the_source_stays_by_every_name(sandbox, auth, after, make):
    name = make()
    before = Path(auth).read_text()

    with pytest.raises(errors.UsageError, match="where tokens are kept. Nothing was sent") as caught:
        oint(f"{REFRESH} --out {name}")

    assert Path(auth).read_text() == before
    assert sandbox.accounts.counts.refreshes == 0
    after(caught.value.what)


@row("B17", "a file that --auth names, and whose tokens are unreadable", "overwritten")
def test_a_source_that_is_broken_stays(after):
    Path("auth.json").write_text('{"client_id": "a", "refresh_token": "r"')
    with pytest.raises(errors.UsageError, match="where tokens are kept") as caught:
        oint(f"{LINK} --out auth.json")
    assert Path("auth.json").read_text().endswith('"r"')
    after(caught.value.what)


@row("B17", "the new file of --to", "tokens overwritten by the result")
@pytest.mark.parametrize("to", ["./new.json", "profile:new"])
def test_a_store_to_be_made_is_not_the_result_s_file(sandbox, auth, after, to):
    out = "new.json" if to == "./new.json" else settings.data_folder() / "profiles" / "new.json"
    with pytest.raises(errors.UsageError, match="where tokens are kept. Nothing was sent") as caught:
        oint(f"{REFRESH} --to {to} --out {out}")
    assert not Path(out).exists()
    assert sandbox.accounts.counts.refreshes == 0
    after(caught.value.what)


PLACES = [
    case("B17", "a new file in the data folder", "written", lambda: settings.data_folder() / "new.json"),
    case("B17", "a profile, by its path", "written", lambda: settings.data_folder() / "profiles" / "default.json"),
    case("B17", "the refresh log itself", "overwritten", lambda: settings.data_folder() / "journal.log"),
    case("B17", "a new file in .oint/", "written", lambda: Path(".oint") / "exchange-0"),
    case("B17", "the same, another spelling", "written", lambda: Path("x") / ".." / ".oint" / "new"),
    case("B17", "a link that leads there", "written", lambda: leading_to(settings.data_folder() / "new.json")),
    case("B17", "a store's name", "refused", lambda: "profile:work"),
]


def leading_to(path):
    os.symlink(path, "harmless.json")
    return "harmless.json"


@pytest.mark.parametrize("make", PLACES)
def test_nothing_is_written_among_our_own_files(sandbox, auth, after, make):
    os.mkdir("x")
    twitter.refresh(auth)
    (settings.data_folder() / "profiles").mkdir(parents=True, exist_ok=True)
    path = Path(make())
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(errors.UsageError, match="where tokens are kept. Nothing was sent") as caught:
        oint(f"{REFRESH} --out {path}")
    assert (path.read_bytes() if path.exists() else None) == before
    assert sandbox.accounts.counts.refreshes == 1
    after(caught.value.what)


COMMANDS = [
    case("B17", "a refresh, again", "overwritten", f"{REFRESH} --out result.json", "result.json"),
    case("B17", "a link, again", "overwritten", f"{LINK} --out link.txt", "link.txt"),
    case("B17", "a post, again", "overwritten", 'CreateTextTweet --text "Grüße" --auth auth.json --out post.json', "post.json"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "name"), COMMANDS)
def test_a_cell_can_be_run_again_also_in_a_new_kernel(sandbox, auth, after, line, name):
    oint(line)
    oint(line)
    there = "import sys; from oint_magics.opi import run; list(run.run(sys.argv[1], to=None, interactive=False))"
    subprocess.run([sys.executable, "-c", there, f"oint twitter {line}"], check=True, timeout=120)
    assert Path(name).read_bytes()
    Path(name).write_text(Path(name).read_text() + "mine")
    with pytest.raises(errors.UsageError, match="is not a result of --out, or was changed since"):
        oint(line)
    assert Path(name).read_text().endswith("mine")
    after("overwritten, also from another process; not once it was edited")


@row("B17", "a result that became a store", "refused")
def test_a_result_that_became_a_store_stays(sandbox, auth, after):
    oint(f"{REFRESH} --out result.json")
    pair = json.loads(Path("auth.json").read_text())
    Path("result.json").unlink()
    twitter.keep(pair, "./result.json")
    before = Path("result.json").read_text()
    with pytest.raises(errors.UsageError, match="not a result") as caught:
        oint(f"{LINK} --out result.json")
    assert Path("result.json").read_text() == before
    after(caught.value.what)


@row("B17", "a pipe", "waits for ever")
def test_what_is_no_file_is_named(auth, after):
    os.mkfifo("pipe")
    os.mkdir("folder")
    for name in ("pipe", "folder"):
        with pytest.raises(errors.UsageError, match="cannot be written. Nothing was sent") as caught:
            oint(f"{LINK} --out {name}")
    after(str(caught.value).replace("\n", " "))


def test_a_second_command_does_not_write_over_the_first_one_s_store(sandbox, auth):
    lines = f"oint twitter {REFRESH} --to ./new.json\noint twitter {LINK} --out new.json"
    with pytest.raises(errors.UsageError, match="Command 2 of 2: The file of --out is not a result"):
        list(opi.run(lines, to=None, interactive=False))
    assert "refresh_token" in json.loads(Path("new.json").read_text())


def test_without_a_data_folder_a_result_is_written_once(sandbox, auth, monkeypatch):
    Path("no folder").write_text("")
    monkeypatch.setenv("OINT_HOME", str(Path("no folder").absolute() / "x"))
    oint(f"{LINK} --out link.txt")
    with pytest.raises(errors.UsageError, match="not a result"):
        oint(f"{LINK} --out link.txt")


@pytest.mark.parametrize("note", ['{"format": 99, "digest": "x"}', "[" * 4000, "no JSON", "[]"])
def test_a_note_that_is_not_known_makes_no_file_a_result(sandbox, auth, note):
    oint(f"{LINK} --out link.txt")
    (path,) = (settings.data_folder() / "results").iterdir()
    path.write_text(note)
    before = Path("link.txt").read_text()
    with pytest.raises(errors.OintError, match="Nothing was sent"):
        oint(f"{LINK} --out link.txt")
    if "99" in note:
        Path("link.txt").unlink()
        with pytest.raises(errors.StoreError, match="a format that this version"):
            oint(f"{LINK} --out link.txt")
    else:
        assert Path("link.txt").read_text() == before
    assert path.read_text() == note


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_after_the_post_is_said(sandbox, auth_file):
    """The post is made, and is the result."""
    line = f'oint twitter CreateTextTweet --text "Hello" --auth {auth_file()} --out /dev/full'

    (outcome,) = opi.run(line, to=None, interactive=False)

    assert outcome.value["id"]
    assert "could not be written: No space left on device" in outcome.note
    assert len(sandbox.posts.made) == 1
