import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oint_magics.oauth.raw_answer import is_whole, read

WHOLE = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\ncontent-length:2 \r\nX: y\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nX-Trailer: 1\r\n\r\n",
    b"\r\nHTTP/2 200\r\nContent-Length: 2\r\n\r\n{}",
]


@pytest.mark.parametrize("data", WHOLE)
def test_an_answer_is_whole_with_its_last_byte_and_not_before(data):
    assert is_whole(data)
    assert is_whole(bytearray(data))
    for end in range(len(data)):
        assert not is_whole(data[:end])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n\r\nno length: it ends with the connection",
        b"HTTP/1.1 200 OK\r\nX-Content-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
def test_an_answer_that_does_not_say_its_end_is_never_whole(data):
    assert not is_whole(data)


BODY = b'{"access_token": "a", "refresh_token": "r"}'


def answer(*lines, body=BODY):
    return b"\r\n".join((*lines, b"", b"")) + body


def deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


LENGTH = b"Content-Length: %d" % len(BODY)
READ = {
    "plain": answer(b"HTTP/1.1 200 OK", LENGTH),
    "two interim answers": answer(b"HTTP/1.1 102 Processing", b"", b"HTTP/1.1 103 Hints", b"A: b", b"", b"HTTP/1.1 200 OK", LENGTH),
    "120 header lines": answer(b"HTTP/1.1 200 OK", *[b"X-%d: y" % n for n in range(120)], LENGTH),
    "a header of 70 KB": answer(b"HTTP/1.1 200 OK", b"X: " + b"y" * 70_000, LENGTH),
    "HTTP/2": answer(b"HTTP/2 200", LENGTH),
    "a blank line first": b"\r\n" + answer(b"HTTP/1.1 200 OK", LENGTH),
    "bare line feeds": answer(b"HTTP/1.1 200 OK", LENGTH).replace(b"\r\n", b"\n"),
    "204 with a body": answer(b"HTTP/1.1 204 No Content", LENGTH),
    "no length": answer(b"HTTP/1.1 200 OK"),
    "a length one too short": answer(b"HTTP/1.1 200 OK", b"Content-Length: %d" % (len(BODY) - 1)),
    "a length that is none": answer(b"HTTP/1.1 200 OK", b"Content-Length: many"),
    "gzip": answer(b"HTTP/1.1 200 OK", b"Content-Encoding: gzip", body=gzip.compress(BODY)),
    "gzip that is not said": answer(b"HTTP/1.1 200 OK", body=gzip.compress(BODY)),
    "gzip that is none": answer(b"HTTP/1.1 200 OK", b"Content-Encoding: gzip"),
    "deflate": answer(b"HTTP/1.1 200 OK", b"Content-Encoding: deflate", body=zlib.compress(BODY)),
    "raw deflate": answer(b"HTTP/1.1 200 OK", b"Content-Encoding: deflate", body=deflate(BODY)),
    "chunks": answer(b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked", body=b"5\r\n" + BODY[:5] + b"\r\n%x\r\n" % len(BODY[5:]) + BODY[5:] + b"\r\n0\r\n\r\n"),
    "chunked, and it is not": answer(b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked"),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_a_body_is_read_whatever_a_server_did_to_it(name):
    assert read(READ[name]).body == BODY


@pytest.mark.parametrize("name", READ)
def test_no_answer_breaks_the_reader_wherever_it_is_cut(name):
    for end in range(0, len(READ[name]), max(1, len(READ[name]) // 300)):
        found = read(READ[name][:end], "cut")
        assert found is None or found.status in (200, 204)


@pytest.mark.parametrize(
    ("data", "ended", "broken"),
    [
        (answer(b"HTTP/1.1 200 OK", b"Content-Length: 99"), None, "its answer was cut off"),
        (answer(b"HTTP/1.1 200 OK", b"Content-Length: 99"), "it was late", "it was late"),
        (answer(b"HTTP/1.1 200 OK"), "it was late", "it was late"),
        (answer(b"HTTP/1.1 200 OK"), None, None),
        (answer(b"HTTP/1.1 200 OK", LENGTH), "it was late", None),
        (READ["chunks"][:-9], None, "its answer was cut off"),
        (answer(b"HTTP/1.1 200 OK", body=b"x" * 2**20 + b"y"), None, "its answer is larger than 1 MiB and was cut off"),
        (answer(b"HTTP/1.1 200 OK", b"Content-Encoding: gzip", body=gzip.compress(b"x" * 2**26)), None, "its answer is larger than 1 MiB and was cut off"),
    ],
)  # fmt: skip
def test_says_why_a_body_ended_early(data, ended, broken):
    assert read(data, ended).broken == broken


@pytest.mark.parametrize(
    "data", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 20", b"HTTP/1.1 200 OK\r\nA: b\r\n", b"SSH-2.0\r\n\r\n"]
)
def test_what_is_no_answer_is_none(data):
    assert read(data) is None


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data):
    for start in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"):
        is_whole(start + data)
        read(start + data)
