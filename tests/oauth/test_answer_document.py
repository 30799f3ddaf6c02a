import json

import pytest

from oint_magics.oauth.answer_document import document_in, pair_in

PAIR = {"access_token": "new-access", "refresh_token": "new-token", "expires_in": 7200}
TEXT = json.dumps(PAIR)

STRICT = {
    "plain": TEXT.encode(),
    "a byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-16 without a mark": TEXT.encode("utf-16-le"),
    "a raw line break in another key": TEXT.replace("{", '{"note": "a\nb", ').encode(),
    "a Latin-1 byte in another key": TEXT.replace("{", '{"note": "é", ').encode("latin-1"),
    "NaN beside": TEXT.replace("{", '{"n": NaN, ').encode(),
    "an endless number beside": TEXT.replace("{", '{"n": %s, ' % ("9" * 5000)).encode(),
}
LENIENT = {
    "a comment behind": (TEXT + "\n<!-- edge -->").encode(),
    "a prefix": b")]}'\n" + TEXT.encode(),
    "a trailing comma": TEXT.replace("}", ",}").encode(),
    "single quotes": TEXT.replace('"', "'").encode(),
    "deep nesting beside": TEXT.replace("{", '{"deep": %s, ' % ("[" * 100_000)).encode(),
    "cut behind the pair": TEXT[:-8].encode(),
    "inside another object": json.dumps({"data": PAIR, "meta": {}}).encode(),
    "twice the same": json.dumps([PAIR, PAIR]).encode(),
}


@pytest.mark.parametrize("name", STRICT)
def test_what_only_looks_strange_is_read(name):
    assert PAIR.items() <= document_in(STRICT[name]).items()


@pytest.mark.parametrize("name", LENIENT)
def test_a_whole_pair_is_found_wherever_it_stands(name):
    found = pair_in(LENIENT[name])

    assert (found["access_token"], found["refresh_token"]) == ("new-access", "new-token")


@pytest.mark.parametrize(
    "body",
    [b"", b"text", b"[]", b"{}", b"\xff\xfe\x00", TEXT[:50].encode(), b'{"access_token": "a"}',
     json.dumps([PAIR, PAIR | {"refresh_token": "another"}])[1:].replace("}", "").encode()],
)  # fmt: skip
def test_half_a_pair_and_two_pairs_are_none(body):
    assert pair_in(body) == {}
