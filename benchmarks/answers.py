"""Random answers, read live off a socket and again from the recovery file: do both say the same?

`python benchmarks/answers.py [ANSWERS]`, 10,000 unless told: whole and cut, encoded, chunked, with interim answers, in
pieces of random sizes; half of them carry a pair.
"""

import contextlib
import gzip
import json
import os
import random
import socket
import sys
import tempfile
import threading
import time
import zlib
from datetime import UTC, datetime
from pathlib import Path

from measure import show

from oint_magics.auth.structure import auth_of
from oint_magics.errors import InDoubt, OintError
from oint_magics.http.watch import Watch
from oint_magics.oauth import token_endpoint
from oint_magics.stores import open_store

AUTH = {"client_id": "an-id", "client_secret": "a-secret", "access_token": "old", "refresh_token": "old-token"}
PAIR = {"token_type": "bearer", "expires_in": 7200, "access_token": "new-access", "refresh_token": "new-token"}
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"


def body(chance):
    """Return a body: a pair, a refusal, a page, or anything."""
    kinds = [
        json.dumps(PAIR).encode(),
        json.dumps([{"data": PAIR}]).encode(),
        json.dumps({"error": "invalid_request"}).encode(),
        b"<html>a page</html>",
        chance.randbytes(chance.randrange(60)),
    ]
    return chance.choices(kinds, weights=(5, 1, 2, 1, 1))[0]


def answer(chance):
    """Return a random answer's bytes."""
    data, lines = body(chance), [b"X-%d: y" % n for n in range(chance.choice([0, 0, 1, 120]))]
    pack = chance.choice([None, None, gzip.compress, zlib.compress])
    if pack:
        data = pack(data)
        lines += [b"Content-Encoding: " + (b"gzip" if pack is gzip.compress else b"deflate")] * chance.randrange(2)
    if chance.random() < 0.3:
        lines.append(b"Transfer-Encoding: chunked")
        data = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces(data, chance)) + b"0\r\n\r\n"
    elif chance.random() < 0.7:
        lines.append(b"Content-Length: %d" % max(0, len(data) + chance.choice([0, 0, 0, -1, 5])))
    status = chance.choice([b"200 OK"] * 6 + [b"400 Bad Request", b"429 Slow", b"500 Oh", b"204 None"])
    whole = HINTS * chance.choice([0, 0, 1, 2]) + b"\r\n".join([b"HTTP/1.1 " + status, *lines, b"", b""]) + data
    return whole[: chance.randrange(len(whole) + 1)] if chance.random() < 0.2 else whole


def pieces(data, chance):
    """Yield data in pieces of random sizes."""
    while data:
        size = chance.randrange(1, 60)
        yield data[:size]
        data = data[size:]


def both(record, data, chance):
    """Return what is read live, and what is found again."""
    ours, theirs = socket.socketpair()
    watch = Watch(time.monotonic() + 60, record)

    def serve():
        with theirs, contextlib.suppress(OSError):  # What comes after the answer's end, nobody takes.
            for piece in pieces(data, chance):
                theirs.sendall(piece)

    server = threading.Thread(target=serve)
    server.start()
    with ours:
        watch.take(ours)
    server.join()
    record.close()
    found = record.found()
    return watch.answer(), found.answer


def said(read, auth):
    """Return what an answer means: a pair, or the error's type."""
    if read is None:
        return InDoubt.__name__
    try:
        grant = token_endpoint.read_grant(read, auth, "host", datetime.now(UTC))
    except OintError as error:
        return type(error).__name__
    return grant.refresh_token.reveal()


def main(answers):
    """Read each both ways; count what differs."""
    counts, differ = {}, 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["OINT_HOME"] = f"{folder}/home"
        Path("auth.json").write_text(json.dumps(AUTH))
        store, auth = open_store("./auth.json"), auth_of(AUTH)
        for number in range(answers):
            chance = random.Random(number)
            record = store.records.of(auth.refresh_token)
            record.begin(1)
            live, found = both(record, answer(chance), chance)
            record.discard()
            meanings = said(live, auth), said(found, auth)
            differ += meanings[0] != meanings[1]
            counts[meanings[0]] = counts.get(meanings[0], 0) + 1
        os.chdir("/")
    show(
        f"{answers} answers, live and recorded; they differ in {differ}", ("meaning", "answers"), sorted(counts.items())
    )
    return differ


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)))
