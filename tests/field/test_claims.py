"""B27: the key of the claims, and a claim that cannot be synced."""

import contextlib
import errno
import json
import os
import time
from pathlib import Path

import pytest
import time_machine
from field.rows import case
from raw_server import answer

from oint_magics import errors, twitter
from oint_magics.posts import claims

DAMAGES = [
    case("B27", "posts/key deleted", "posted twice", lambda key: key.unlink()),
    case("B27", "posts/key cut to 5 bytes", "posted twice", lambda key: key.write_bytes(key.read_bytes()[:5])),
    case("B27", "posts/key emptied", "posted twice", lambda key: key.write_bytes(b"")),
    case("B27", "posts/key over 64 bytes", "posted twice", lambda key: key.write_bytes(key.read_bytes() * 3)),
    case("B27", "posts/key one byte longer", "posted twice", lambda key: key.write_bytes(key.read_bytes() + b"\n")),
    case("B27", "a folder in the place of posts/key", "InternalError", lambda key: (key.unlink(), key.mkdir())),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_key_that_is_not_the_key_is_refused(sandbox, auth_file, home, after, damage):
    twitter.post("Hello", auth=auth_file())
    damage(home / "oint" / "posts" / "key")

    with pytest.raises(errors.StoreError, match="othing was posted") as caught:
        twitter.post("Hello")

    assert len(sandbox.posts.made) == 1
    assert twitter.post("Hello", preview=True).is_preview
    after(caught.value.what.rpartition("/")[2])


def test_a_new_folder_gets_a_key(sandbox, auth_file, home):
    (home / "oint" / "posts").mkdir(parents=True, mode=0o700)

    twitter.post("Hello", auth=auth_file())

    assert len((home / "oint" / "posts" / "key").read_bytes()) == 32


@pytest.mark.parametrize("text", [
    case("B27", "a claim of deeply nested JSON", "InternalError", "[" * 100_000),
    case("B27", "a claim of nested objects", "InternalError", '{"a":' * 50_000),
    case("B27", "a claim that is a list", "InternalError", "[1, 2]"),
])  # fmt: skip
def test_a_damaged_claim_says_that_something_was_sent(sandbox, auth_file, home, monkeypatch, after, text):
    monkeypatch.setattr(claims, "_LARGEST", 1024 * 1024)
    twitter.post("Hello", auth=auth_file())
    (claim,) = (home / "oint" / "posts").glob("claim-*")
    claim.write_text(text)

    with pytest.raises(errors.PostInDoubt):
        twitter.post("Hello")
    assert len(sandbox.posts.made) == 1
    after("not sent again")


@pytest.mark.parametrize("again", [
    case("B27", "the folder's sync fails after the claim", '"was sent before", which is untrue', False),
    case("B27", "the same with --again over an earlier post", "the earlier claim is lost", True),
])  # fmt: skip
def test_a_claim_that_cannot_be_synced_is_taken_back(sandbox, auth_file, monkeypatch, after, again):
    twitter.post("Hello" if again else "Another", auth=auth_file())
    made, real = len(sandbox.posts.made), claims.Folder.sync

    def fail(folder):
        if folder.path.name == "posts":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(folder)

    monkeypatch.setattr(claims.Folder, "sync", fail)
    with pytest.raises(errors.StoreNotWritable, match="nothing was posted"):
        twitter.post("Hello", again=again)
    assert len(sandbox.posts.made) == made

    monkeypatch.setattr(claims.Folder, "sync", real)
    found = twitter.post("Hello")
    assert found.already_posted == again
    assert len(sandbox.posts.made) == made + (not again)
    after("taken back: the next run posts" if not again else "the earlier claim is back")


DAY = 24 * 3600
CLOCKS = [
    case("B16", "posted with a clock two days behind, then it is put right", "a second post", -2 * DAY, 0),
    case("B16", "posted, then the clock jumps two days ahead", "a second post", 0, 2 * DAY),
    case("B16", "posted with a clock ten days ahead, then it is put right", "already posted", 10 * DAY, 0),
]


@pytest.mark.parametrize("is_in_doubt", [False, True], ids=["posted", "in doubt"])
@pytest.mark.parametrize(("posted", "now"), CLOCKS)
def test_a_clock_that_is_put_right_posts_nothing_twice(raw, auth, monkeypatch, after, posted, now, is_in_doubt):
    def behave(connection):
        if b"POST" in server.requests[-1] and not is_in_doubt:
            answer("201 Created", b'{"data": {"id": "7", "text": "Hello"}}')(connection)
        elif b"GET" in server.requests[-1]:
            answer("200 OK", b'{"data": {"id": "7", "name": "N", "username": "real"}}')(connection)

    server = raw(behave)
    monkeypatch.setenv("OINT_TWITTER_API_URL", server.url)
    Path("auth.json").write_text(json.dumps(auth | {"expires_at": int(time.time()) + 30 * DAY}))

    def post():
        with contextlib.suppress(errors.PostInDoubt):
            return twitter.post("Hello", auth="auth.json").already_posted
        return "in doubt"

    with time_machine.travel(time.time() + posted, tick=True):
        first = post()
    with time_machine.travel(time.time() + now, tick=True):
        second = post()

    assert (first, second) == (("in doubt", "in doubt") if is_in_doubt else (False, True))
    assert len([request for request in server.requests if request.startswith(b"POST /2/tweets")]) == 1
    after("known as sent: the younger of two ages counts")
