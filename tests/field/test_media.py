"""Media files as notebooks have them (U19), and texts of Premium accounts (U20)."""
# ruff: noqa: SIM115 - files are given open; `kept` closes them

import hashlib
import io
import json
import sys
import tempfile
from pathlib import Path

import pytest
from field.rows import case, row
from IPython.utils.capture import capture_output
from posts_material import gif, mp4, png
from raw_server import answer

from oint_magics import errors, twitter
from oint_magics.posts.given import opened
from oint_magics.posts.media import MediaId

ID = 1980000000000000000
KEPT = []


def kept(file):
    """Let a file be closed when its test ends."""
    KEPT.append(file)
    return file


@pytest.fixture(autouse=True)
def nothing_stays_open():
    yield
    while KEPT:
        KEPT.pop().close()


def figure(height=2):
    from matplotlib.figure import Figure

    found = Figure(figsize=(2, height))
    found.add_subplot().plot([1, 3, 2])
    return found


def image(mode="RGB"):
    from PIL import Image

    return Image.new(mode, (4, 4))


def buffer(content, at=0):
    found = io.BytesIO(content)
    found.seek(at)
    return found


def on_disk(content, at=0):
    Path("on_disk.png").write_bytes(content)
    found = kept(open("on_disk.png", "rb"))
    found.seek(at)
    return found


def unflushed(content):
    found = kept(tempfile.NamedTemporaryFile())
    found.write(content)
    return found


def spooled(content):
    found = kept(tempfile.SpooledTemporaryFile(max_size=10))
    found.write(content)
    return found


TAKEN = [
    case("U19", "a BytesIO, read to its end", "refused", lambda: buffer(png(), len(png())), png()),
    case("U19", "a BytesIO at its start", "refused", lambda: buffer(gif()), gif()),
    case("U19", "a BytesIO in the middle, a video", "refused", lambda: buffer(mp4(), 7), mp4()),
    case("U19", "a file opened with rb", "refused", lambda: on_disk(png()), png()),
    case("U19", "the same, read to its end", "refused", lambda: on_disk(png(), len(png())), png()),
    case("U19", "a temporary file that is not flushed", "refused", lambda: unflushed(png()), png()),
    case("U19", "a spooled temporary file", "refused", lambda: spooled(png(9, 9)), png(9, 9)),
    case("U19", "a memoryview of a buffer", "taken", lambda: io.BytesIO(png()).getbuffer(), png()),
]


@pytest.mark.parametrize(("make", "content"), TAKEN)
def test_what_a_notebook_has_is_taken_from_its_start(sandbox, auth_file, after, make, content):
    """Its position is as it was, and the same bytes are the same post, however they are given."""
    auth, given = auth_file(), make()
    sandbox.media.processing = 0.0
    position = given.tell() if hasattr(given, "tell") else None

    first = twitter.post("Hello", media=given, auth=auth)
    second = twitter.post("Hello", media=[content], auth=auth)

    assert not first.already_posted
    assert second.already_posted
    if position is not None:
        assert given.tell() == position
    after("taken; the same bytes are the same post")


DRAWN = [
    case("U19", "a matplotlib figure", "refused", figure),
    case("U19", "an image of Pillow", "refused", image),
    case("U19", "a figure of a class of one's own", "refused", lambda: own_figure()),
]


def own_figure():
    from matplotlib.figure import Figure

    return type("Chart", (Figure,), {})(figsize=(1, 1))


@pytest.mark.parametrize("make", DRAWN)
def test_what_is_drawn_is_a_picture(sandbox, auth_file, shell, after, make):
    """By name in a magic, too; drawn again it is the same post."""
    auth_file()
    shell.user_ns["chart"] = make()

    first = run(shell, '%twitter_post "A chart" --media {chart} --auth auth.json')
    shell.user_ns["chart"] = make()
    second = run(shell, '%twitter_post "A chart" --media {chart} --auth auth.json')

    assert not first.already_posted
    assert second.already_posted
    assert "image/png" in str(first)
    after("posted as a PNG; drawn again it is not posted twice")


def run(shell, cell):
    with capture_output() as captured:
        result = shell.run_cell(cell)
    error = result.error_in_exec or result.error_before_exec
    if error:
        raise error
    assert "Traceback" not in captured.stdout
    return result.result


IDS = [
    case("U19", "an id as int", "refused", lambda number: number),
    case("U19", "an id of numpy, as pandas has it", "refused", lambda number: __import__("numpy").int64(number)),
    case("U19", "an id as text", "taken", str),
]


@pytest.mark.parametrize("write", IDS)
def test_a_media_id_is_taken_in_every_form(sandbox, auth_file, after, write):
    auth = auth_file()
    (there,) = twitter.upload(buffer(png()), auth=auth)

    post = twitter.post("Hello", media=write(int(there)), auth=auth)

    assert not post.already_posted
    assert sandbox.posts.made[post["id"]]["attachments"]["media_keys"]
    after("taken")


REFUSED = [
    case("U19", "empty bytes", "is no picture", lambda: b"", "medium 1 is empty"),
    case("U19", "an empty BytesIO", "refused by its type", lambda: io.BytesIO(), "medium 1 is empty"),
    case("U19", "an empty file, opened", "refused by its type", lambda: on_disk(b""), "on_disk.png is empty"),
    case("U19", "the path of an empty file", "is no picture", lambda: Path(on_disk(b"").name), "on_disk.png is empty"),
    case("U19", "a file opened as text", "refused by its type", lambda: kept(open(on_disk(png()).name)), "opened as text"),
    case("U19", "a StringIO", "refused by its type", lambda: io.StringIO("a"), "opened as text"),
    case("U19", "a temporary file of text", "refused by its type", lambda: kept(tempfile.NamedTemporaryFile("w+")), "opened as text"),
    case("U19", "a closed file", "refused by its type", lambda: closed(on_disk(png())), "it is closed"),
    case("U19", "a closed BytesIO", "refused by its type", lambda: closed(buffer(png())), "it is closed"),
    case("U19", "a file open for writing", "refused by its type", lambda: kept(open("new.png", "wb")), "open for writing alone"),
    case("U19", "a short number", "refused by its type", lambda: 5, "15 to 19 digits"),
    case("U19", "a number that a table has made inexact", "refused by its type", lambda: 1.98e18, "type float"),
    case("U19", "true", "refused by its type", lambda: True, "15 to 19 digits"),
    case("U19", "axes instead of their figure", "refused by its type", lambda: figure().axes[0], "of axes: ax.figure"),
    case("U19", "an image that no PNG can hold", "refused by its type", lambda: image("CMYK"), "cannot write it as PNG"),
    case("U19", "a text in a buffer", "refused by its type", lambda: buffer(b"hello"), "is no picture, GIF or video"),
]  # fmt: skip


def closed(file):
    file.close()
    return file


@pytest.mark.parametrize(("make", "words"), REFUSED)
def test_what_cannot_be_taken_is_named_as_what_it_is(sandbox, auth_file, after, make, words):
    for act in (lambda: twitter.post("Hello", media=make(), auth=auth), lambda: twitter.upload([make()], auth=auth)):
        auth = auth_file()
        with pytest.raises(errors.UsageError) as caught:
            act()
        assert words in str(caught.value)
        assert "Nothing was sent." in str(caught.value).splitlines()[0]
    assert sandbox.posts.tried == 0
    after(str(caught.value).splitlines()[0])


def test_a_large_file_is_copied_in_pieces_and_no_further_than_x_takes_it():
    """What no program of X's takes is not copied at all: a device that never ends, for one."""

    class Endless(io.RawIOBase):
        read_so_far = 0

        def readable(self):
            return True

        def seekable(self):
            return True

        def tell(self):
            return 0

        def seek(self, *_):
            return 0

        def read(self, size=-1):
            assert 0 <= size <= 1024 * 1024
            self.read_so_far += size
            return (png() if self.read_so_far == size else b"").ljust(size, b"\0")

    endless = Endless()
    with pytest.raises(errors.UsageError, match="too large"), opened([endless]):
        pass
    assert endless.read_so_far < 8 * 1024 * 1024
    if Path("/dev/zero").exists():
        with open("/dev/zero", "rb") as zeros, pytest.raises(errors.UsageError, match="is no picture"), opened([zeros]):
            pass


def test_a_file_that_changes_later_is_sent_as_it_was():
    file = kept(tempfile.NamedTemporaryFile())
    file.write(png())
    with opened([file]) as (found,):
        file.truncate(0)
        with found.opened() as copy:
            assert hashlib.sha256(copy.read()).hexdigest() == found.digest
        assert found.name == Path(file.name).name
    assert not Path(found.content).exists()


def test_nothing_of_matplotlib_or_pillow_is_imported(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] in ("matplotlib", "PIL")]:
        monkeypatch.delitem(sys.modules, name)
    with opened([io.BytesIO(png()), MediaId(ID)]) as found:
        assert len(found) == 2
    with pytest.raises(errors.UsageError), opened([object()]):
        pass
    assert not {"matplotlib", "PIL"} & set(sys.modules)


@pytest.fixture
def premium(raw, monkeypatch):
    """A server in X's place that takes any length, and a file with a good pair for it."""

    def behave(connection):
        if b"/2/users/me" in server.requests[-1]:
            answer("200 OK", b'{"data": {"id": "7", "name": "N", "username": "real"}}')(connection)
        else:
            answer("201 Created", b'{"data": {"id": "1990000000000000001", "text": "a"}}')(connection)

    server = raw(behave)
    monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
    Path("x.json").write_text(
        json.dumps({"client_id": "a", "refresh_token": "r" * 40, "access_token": "t" * 40, "expires_at": 4_000_000_000})
    )
    return server


def posted(server):
    return [json.loads(each.split(b"\r\n\r\n", 1)[1]) for each in server.requests if each.startswith(b"POST /2/tweets")]


LONG = [
    case("U20", "600 characters", "no way", "a" * 600),
    case("U20", "281 characters", "no way", "b" * 281),
    case("U20", "150 Chinese characters and a link", "no way", "日" * 150 + " https://example.org/x"),
    case("U20", "25,000 characters", "no way", "c" * 25_000),
]


@pytest.mark.parametrize("words", LONG)
def test_over_280_x_decides_if_it_is_told_to(premium, shell, after, words):
    with pytest.raises(errors.UsageError) as caught:
        twitter.post(words, auth="x.json")
    assert "over 280: only Premium accounts can post it, and long=True lets X decide" in str(caught.value)
    assert posted(premium) == []

    preview = twitter.post(words, auth="x.json", long=True, preview=True)
    assert "over 280: only Premium accounts can post it" in " ".join(str(preview).split())
    assert ("$0.200" in str(preview)) == ("https://" in words)
    shell.user_ns["words"] = words
    post = run(shell, "%twitter_post {words} --long --auth x.json")

    assert not post.already_posted
    assert [each["text"] for each in posted(premium)] == [words]
    assert run(shell, "%twitter_post {words} --auth x.json --long").already_posted
    after("error and preview name Premium; with --long it was posted, once")


@row("U20", "25,001 characters, with --long", "no way")
def test_there_is_an_end_with_the_option_too(premium, after):
    with pytest.raises(errors.UsageError, match="25,001 of 25,000 characters. Nothing was sent") as caught:
        twitter.post("a" * 25_001, auth="x.json", long=True)
    assert "shorten it by 1" in str(caught.value)
    assert "Premium" not in str(caught.value)
    with pytest.raises(errors.UsageError) as caught:
        twitter.post("a" * 25_001, auth="x.json")
    assert "Premium" not in str(caught.value)
    assert premium.requests == []
    after("refused, 25,001 of 25,000")


@row("U20", "600 characters, account without Premium, with --long", "no way")
def test_x_s_refusal_comes_with_what_it_may_mean(sandbox, auth_file, after):
    auth = auth_file()
    with pytest.raises(errors.CallError) as caught:
        twitter.post("a" * 600, auth=auth, long=True)
    assert "Nothing was posted" in str(caught.value)
    assert "over 280: only Premium accounts can post it" in str(caught.value)
    with pytest.raises(errors.CallError) as caught:
        twitter.post("Hello", auth=auth, reply_to="1")
    assert "Premium" not in str(caught.value)
    after("X's words, and: over 280 only Premium accounts can post it")


def test_a_short_text_is_the_same_post_with_and_without_the_option(sandbox, auth_file):
    auth = auth_file()
    assert "5 of 280" in str(twitter.post("Hello", auth=auth, long=True, preview=True))
    twitter.post("Hello", auth=auth, long=True)
    assert twitter.post("Hello", auth=auth).already_posted


def test_opi_s_command_lines_have_no_such_option(sandbox, shell, auth_file):
    auth_file()
    with pytest.raises(errors.UsageError) as caught:
        run(shell, f'%oint twitter CreateTextTweet --text "{"a" * 281}" --auth auth.json')
    assert "long=True" in str(caught.value)
    assert "--long" not in str(caught.value)
