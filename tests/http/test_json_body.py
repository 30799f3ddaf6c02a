"""The object of an answer's body: what is none, and half characters."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oint_magics.http.json_body import object_of


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"{", b'{"a":' + b"1" * 5000 + b"}", b"[" * 100_000, b"\xff{}"])
def test_what_is_no_object(body):
    assert object_of(body) is None


@pytest.mark.parametrize(("text", "whole"), [
    (r"\ud83d\ude00", "\U0001f600"), (r"a \ud83d", "a \ufffd"), (r"\uDE00 b", "\ufffd b"), (r"\\ud83d", r"\ud83d"),
    (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
])  # fmt: skip
def test_half_a_character_is_replaced(text, whole):
    assert object_of(f'{{"{text}": ["{text}", {{"a": "{text}"}}]}}'.encode()) == {whole: [whole, {"a": whole}]}


@given(st.dictionaries(st.text(st.characters()), st.text(st.characters()), max_size=3))
def test_what_comes_can_be_encoded_and_a_whole_text_stays(document):
    found = object_of(json.dumps(document).encode())

    json.dumps(found, ensure_ascii=False).encode()
    assert all(value == "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in document[key])
               for key, value in found.items() if key in document)  # fmt: skip
