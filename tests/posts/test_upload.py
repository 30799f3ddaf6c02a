"""Uploads: in segments, against servers that refuse, fail, cut and dawdle; and what is said when they do not end."""

import hashlib
import json
import threading
import time
from pathlib import Path

import pytest
from posts_material import gif, mp4, png

from oint_magics import errors, twitter
from oint_magics.api import progress
from oint_magics.posts import upload
from oint_magics.sandbox import answers

MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Outages are over soon."""
    monkeypatch.setattr(upload, "PAUSES", (0.0, 0.0, 0.0))


@pytest.fixture
def lines(monkeypatch):
    shown = []
    monkeypatch.setattr(progress, "_listeners", [lambda: shown.append])
    return shown


def video(size):
    """A file that begins as a video does, whose bytes all differ."""
    block = bytes(range(256)) * 4096
    Path("video.mp4").write_bytes((mp4(32) + block * (size // len(block) + 1))[:size])
    return "video.mp4"


def only(sandbox):
    (found,) = sandbox.media.uploads.values()
    return found


def test_a_file_arrives_byte_for_byte(sandbox, auth, lines):
    sandbox.media.processing = 1.0
    file = video(3 * MIB + 5)

    (media_id,) = twitter.upload(file, auth=auth)

    assert sandbox.media.uploads[media_id].digest.hexdigest() == hashlib.sha256(Path(file).read_bytes()).hexdigest()
    assert only(sandbox).segments == {0: MIB, 1: MIB, 2: MIB, 3: 5}
    assert [only(sandbox).category, only(sandbox).media_type] == ["tweet_video", "video/mp4"]
    assert lines[0] == "video.mp4: 1 MiB of 3 MiB"
    assert any("X processes it" in line for line in lines)
    assert lines[-1] == "video.mp4: uploaded"


def test_many_in_their_order(sandbox, auth):
    Path("a.png").write_bytes(png())
    found = twitter.upload(["a.png", png(5), bytearray(gif(1)), Path("a.png")], auth=auth)

    assert [sandbox.media.uploads[each].total for each in found] == [len(png()), len(png(5)), len(gif(1)), len(png())]
    assert "a.png: picture, image/png" in str(found)
    assert "<table" in found._repr_mimebundle_()["text/html"]


def test_smaller_segments_where_they_are_too_large(sandbox, auth):
    sandbox.media.processing, sandbox.media.largest = 0.0, 200_000
    file = video(MIB + 3)

    twitter.upload(file, auth=auth)

    assert only(sandbox).digest.hexdigest() == hashlib.sha256(Path(file).read_bytes()).hexdigest()
    assert sandbox.media.refused == 3  # 1 MiB, a half, a quarter
    assert set(only(sandbox).segments.values()) == {MIB // 8, 3}


def test_a_413_in_the_middle(sandbox, auth):
    sandbox.media.processing = 0.0
    file = video(4 * MIB)
    begun = sandbox.media.begin

    def first(found):
        sandbox.faults.add("413")
        return begun(found)

    sandbox.media.begin = first
    twitter.upload(file, auth=auth)

    assert only(sandbox).digest.hexdigest() == hashlib.sha256(Path(file).read_bytes()).hexdigest()
    assert len(only(sandbox).segments) == 8


def test_never_more_than_a_thousand_segments(sandbox, auth):
    """Half of 1 MiB is refused too, and a 1,000th of the file is more than that."""
    sandbox.media.processing, sandbox.media.largest = 0.0, 100
    file = video(MIB)

    with pytest.raises(errors.CallError, match="X takes no segment of") as caught:
        twitter.upload(file, auth=auth)
    assert "at most 1000 segments" in str(caught.value)

    sandbox.media.largest = MIB // 1000 + 1
    twitter.upload(file, auth=auth)
    assert len(list(sandbox.media.uploads.values())[-1].segments) == 1000


def test_an_outage_at_every_third_segment(sandbox, auth):
    sandbox.media.processing = 0.0
    file = video(6 * MIB)
    begun = sandbox.media.begin

    def first(found):
        sandbox.faults.add("503", times=2)
        return begun(found)

    sandbox.media.begin = first
    twitter.upload(file, auth=auth)

    assert only(sandbox).digest.hexdigest() == hashlib.sha256(Path(file).read_bytes()).hexdigest()


def test_an_outage_that_does_not_end(sandbox, auth):
    sandbox.media.processing = 0.0
    sandbox.media.begin = lambda _: sandbox.faults.add("503", times=9) or "1"

    with pytest.raises(errors.CallError, match="503"):
        twitter.upload(video(MIB), auth=auth)


def test_a_processing_that_fails(sandbox, auth):
    sandbox.media.processing = 0.1
    sandbox.faults.add("failed")

    with pytest.raises(errors.CallError, match="could not process video.mp4. Nothing was posted") as caught:
        twitter.upload(video(1000), auth=auth)
    assert "0.5 to 140 seconds" in str(caught.value)


def test_what_x_holds_when_stop_is_pressed(sandbox, auth, monkeypatch):
    def stop_at(words):
        def line(text):
            if words in text:
                raise KeyboardInterrupt

        monkeypatch.setattr(progress, "_listeners", [lambda: line])

    file = video(3 * MIB)
    stop_at("2 MiB of")
    with pytest.raises(
        errors.Stopped, match=r"nothing was posted. 2 MiB of 3 MiB of video.mp4 were uploaded; X deletes"
    ) as caught:
        twitter.upload(file, auth=auth)
    assert "24 hours" in str(caught.value)

    sandbox.media.processing = 60
    stop_at("X processes it")
    with pytest.raises(errors.Stopped, match=r"X holds video.mp4 as medium \d+ for 24 hours"):
        twitter.upload(file, auth=auth)


def test_a_file_that_shrinks_meanwhile(sandbox, auth, monkeypatch):
    file = video(3 * MIB)

    def line(text):
        Path(file).write_bytes(b"short")

    monkeypatch.setattr(progress, "_listeners", [lambda: line])
    with pytest.raises(errors.CallError, match="was changed during the upload"):
        twitter.upload(file, auth=auth)


def test_the_scope_is_looked_at_first(sandbox, auth_file):
    narrow = auth_file("narrow.json")
    client = sandbox.accounts.client(json.loads(Path(narrow).read_text())["client_id"])
    pair = sandbox.accounts.log_in(client, scope="tweet.read tweet.write users.read offline.access")
    values = {"client_id": client.client_id, "client_secret": client.secret, "access_token": pair.access_token,
              "refresh_token": pair.refresh_token, "scope": pair.scope, "sandbox": sandbox.url}  # fmt: skip
    Path(narrow).write_text(json.dumps(values))
    twitter.refresh(narrow)  # X's answer says what these tokens may do.

    with pytest.raises(errors.UsageError, match="lack the scope media.write. Nothing was sent") as caught:
        twitter.upload(png(), auth=narrow)
    assert 'twitter.login(scope="tweet.read tweet.write users.read offline.access media.write")' in str(caught.value)
    assert sandbox.media.uploads == {}


def test_nothing_to_upload(auth):
    with pytest.raises(errors.UsageError, match="Name what to upload"):
        twitter.upload([], auth=auth)
    for wrong in (5, object(), "", {"a": 1}):
        with pytest.raises(errors.UsageError, match="cannot be a media file. Nothing was sent"):
            twitter.upload([wrong], auth=auth)


def test_a_cut_answer_is_asked_for_again(sandbox, auth, monkeypatch):
    """The server takes a segment and its answer is lost: the segment goes again under its own number."""
    sandbox.media.processing = 0.0
    file, cut, server = video(3 * MIB), [2], sandbox._server.RequestHandlerClass
    send = server._send

    def cutting(self, reply):
        if self.path.endswith("/append") and cut and cut.pop():
            self.close_connection = True
            return
        send(self, reply)

    monkeypatch.setattr(server, "_send", cutting)
    twitter.upload(file, auth=auth)

    assert only(sandbox).digest.hexdigest() == hashlib.sha256(Path(file).read_bytes()).hexdigest()
    assert len(only(sandbox).segments) == 3


def test_two_uploads_at_once(sandbox, auth):
    sandbox.media.processing = 0.0
    found = []
    threads = [
        threading.Thread(target=lambda n=n: found.extend(twitter.upload(png(n + 1), auth=auth))) for n in range(4)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert len(set(found)) == 4


# The table: what a server does, and what becomes of the upload.


class Hard:
    """What a hard server does to each segment, in place of the sandbox's own answer; see `test_a_hard_server`."""

    def __init__(self, sandbox):
        self.sandbox, self.count, self.send = sandbox, 0, sandbox._server.RequestHandlerClass._send

    def every_third_is_out_of_service(self, handler, reply):
        self.count += 1
        self.send(handler, answers.out_of_service() if self.count % 3 == 0 else reply)

    def one_answer_is_cut(self, handler, reply):
        self.count += 1
        if self.count == 2:
            handler.close_connection = True
        else:
            self.send(handler, reply)

    def is_slow(self, handler, reply):
        time.sleep(0.3)
        self.send(handler, reply)


def row(given, wanted):
    return pytest.mark.row("1", given, f"wanted: {wanted}")


@pytest.mark.parametrize(("largest", "processing", "fault", "does", "what"), [
    pytest.param(512 * 1024, 0.0, None, None, None, marks=row("413 above a half MiB", "uploaded in smaller segments")),
    pytest.param(4 * MIB, 0.0, None, "every_third_is_out_of_service", None, marks=row("503 to every third segment", "uploaded")),
    pytest.param(4 * MIB, 0.0, None, "one_answer_is_cut", None, marks=row("a cut answer", "the segment goes again")),
    pytest.param(4 * MIB, 20.0, None, None, None, marks=row("20 s of processing", "waited for, with a line")),
    pytest.param(4 * MIB, 0.2, "failed", None, "could not process", marks=row("a processing that fails", "said; nothing posted")),
    pytest.param(4 * MIB, 0.0, None, "is_slow", None, marks=row("a slow server", "uploaded")),
])  # fmt: skip
def test_a_hard_server(sandbox, auth, monkeypatch, lines, after, largest, processing, fault, does, what):
    sandbox.media.largest, sandbox.media.processing = largest, processing
    file, hard = video(8 * MIB + 5), Hard(sandbox)
    if fault:
        sandbox.faults.add(fault)

    def send(handler, reply):
        is_segment = handler.path.endswith("/append")
        (getattr(hard, does) if does and is_segment else hard.send)(*((handler, reply)))

    monkeypatch.setattr(sandbox._server.RequestHandlerClass, "_send", send)
    if what:
        with pytest.raises(errors.CallError, match=what):
            twitter.upload(file, auth=auth)
        after("said; nothing is posted")
        return
    twitter.upload(file, auth=auth)

    found = only(sandbox)
    assert found.digest.hexdigest() == hashlib.sha256(Path(file).read_bytes()).hexdigest()
    assert any("X processes it" in line for line in lines) == (processing > 0)
    after(f"{len(found.segments)} segments, byte for byte")
