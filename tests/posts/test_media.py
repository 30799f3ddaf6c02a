"""What a medium is, by its bytes; and X's limits."""

import os
from pathlib import Path

import pytest
from posts_material import gif, mp4, png

from oint_magics.errors import UsageError
from oint_magics.posts.media import LARGEST, medium, size_of, type_of

MIB = 1024 * 1024
TYPES = {
    "image/jpeg": [b"\xff\xd8\xff\xe0\0\x10JFIF", b"\xff\xd8\xff\xe1\0\x10Exif", b"\xff\xd8\xff\xdb"],
    "image/png": [png()],
    "image/gif": [gif(), b"GIF87a\x01\0\x01\0"],
    "image/webp": [b"RIFF\x24\0\0\0WEBPVP8 ", b"RIFF\x24\0\0\0WEBPVP8L", b"RIFF\x24\0\0\0WEBPVP8X"],
    "image/bmp": [b"BM\x36\0\0\0\0\0\0\0"],
    "image/tiff": [b"II*\0\x08\0\0\0\0\0\0\0", b"MM\0*\0\0\0\x08\0\0\0\0"],
    "video/mp4": [b"\0\0\0\x20ftyp" + brand + b"\0\0\x02\0" + brand for brand in (b"isom", b"mp42", b"avc1", b"iso6", b"dash", b"M4V ")],
    "video/quicktime": [b"\0\0\0\x14ftypqt  \0\0\x02\0qt  ", b"\0\0\0\x08wide\0\0", b"\0\0\x10\0moov\0\0", b"\0\0\x10\0mdat\0\0"],
    "video/webm": [b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm"],
    "video/mp2t": [(b"\x47" + b"\0" * 187) * 4],
}  # fmt: skip


@pytest.mark.parametrize(("expected", "head"), [(kind, head) for kind, heads in TYPES.items() for head in heads])
def test_the_type_is_read_from_the_bytes(expected, head):
    assert type_of(head + b"\0" * 400) == expected


@pytest.mark.parametrize("content", [b"hello", b"%PDF-1.7", b"<svg xmlns='x'/>", b"\0" * 500,
                                     b"\0\0\0\x20ftypM4A \0\0\0\0M4A ", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"ID3\3\0"])  # fmt: skip
def test_what_x_does_not_take_is_refused(content):
    with pytest.raises(UsageError, match=r"is no picture, GIF or video|no GIF") as caught:
        medium(content, "medium 1")
    assert "Nothing was sent" in str(caught.value)


def test_the_name_says_nothing():
    Path("video.mp4").write_bytes(png())
    Path("noname").write_bytes(mp4())

    assert medium(Path("video.mp4"), "video.mp4").media_type == "image/png"
    assert medium(Path("noname"), "noname").category == "tweet_video"


@pytest.mark.parametrize(
    ("content", "most"),
    [(png(), "tweet_image"), (gif(), "tweet_gif"), (mp4(), "tweet_video")],
    ids=["picture", "GIF", "video"],
)
def test_a_limit_holds_to_the_byte(content, most):
    limit = LARGEST[most]
    Path("m").write_bytes(content)
    os.truncate("m", limit)
    if most == "tweet_gif":
        Path("m").write_bytes(content[:-1] + b"\x21\xfe" + b"\x00" * (limit - len(content) - 2) + b";")
    assert medium(Path("m"), "m").size == limit

    with Path("m").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(UsageError, match="too large") as caught:
        medium(Path("m"), "m")
    assert f"at most {size_of(limit)}" in str(caught.value)


def test_a_gif_that_does_not_move_is_a_picture():
    assert medium(gif(1), "a").category == "tweet_image"
    assert medium(gif(2), "a").category == "tweet_gif"
    assert medium(gif(1), "a", "tweet_image").category == "tweet_image"


@pytest.mark.parametrize("content", [gif(351), gif(2, 1281, 8), gif(2, 8, 1081)])
def test_a_gif_that_x_does_not_take(content):
    with pytest.raises(UsageError, match="too long or too large"):
        medium(content, "a")


def test_a_kind_that_does_not_fit():
    assert medium(png(), "a", "tweet_image").category == "tweet_image"
    for content, kind in ((png(), "tweet_video"), (mp4(), "tweet_image"), (png(), "banner"), (gif(), "tweet_image")):
        with pytest.raises(UsageError, match=r"cannot be uploaded as that kind|cannot be a tweet_image"):
            medium(content, "a", kind)


def test_what_is_no_file(tmp_path):
    os.mkfifo("pipe")
    for name in ("missing.png", ".", "pipe"):
        with pytest.raises(UsageError, match="cannot be read") as caught:
            medium(Path(name), name)
        assert "Nothing was sent" in str(caught.value)


def test_the_same_bytes_have_the_same_digest():
    Path("a").write_bytes(png())
    assert medium(Path("a"), "a").digest == medium(png(), "b").digest != medium(png(5), "b").digest


@pytest.mark.parametrize(
    ("size", "text"), [(5, "5 bytes"), (1024, "1 KiB"), (1536, "1.5 KiB"), (5 * MIB, "5 MiB"), (512 * MIB, "512 MiB")]
)
def test_sizes_in_words(size, text):
    assert size_of(size) == text
