import pytest

from oint_magics.oauth.raw_answer import is_whole

WHOLE = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\ncontent-length:2 \r\nX: y\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
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
