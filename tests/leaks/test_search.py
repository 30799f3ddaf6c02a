"""The search itself: what it does not find, a session would be called clean of."""

import base64
import contextlib
import gzip
import io
import json
import sqlite3
import zipfile
import zlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaks.search import Search
from oint_magics.display.table import as_markdown

SECRET = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S")), min_size=16, max_size=60)
AROUND = st.binary(max_size=50)


def zipped(data):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside", data)
    return target.getvalue()


SPELLED = {
    "raw": str.encode,
    "UTF-16": lambda text: text.encode("utf-16"),
    "URL-quoted": lambda text: quote(text, safe="").encode(),
    "JSON": lambda text: json.dumps({"key": text}).encode(),
    "hex": lambda text: text.encode().hex().encode(),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(text.encode()),
    "Markdown": lambda text: as_markdown(text).encode(),
    "reversed": lambda text: text[::-1].encode(),
}
PACKED = {"zlib": zlib.compress, "fast zlib": lambda data: zlib.compress(data, 1), "gzip": gzip.compress, "zip": zipped}


@pytest.mark.parametrize("spelling", SPELLED)
@given(secret=SECRET, before=AROUND, after=AROUND)
def test_a_spelling_is_found_wherever_it_stands(spelling, secret, before, after):
    assert Search({"it": secret}).data(before + SPELLED[spelling](secret) + after)


@given(secret=SECRET, before=AROUND, after=AROUND)
def test_base64_is_found_whatever_was_encoded_with_it(secret, before, after):
    assert Search({"it": secret}).data(base64.b64encode(before + secret.encode() + after))


@pytest.mark.parametrize("packing", PACKED)
@given(secret=SECRET, before=AROUND, after=AROUND)
def test_what_is_compressed_is_unpacked_wherever_it_begins(packing, secret, before, after):
    assert Search({"it": secret}).data(before + PACKED[packing](b"before" + secret.encode()) + after)


def test_an_archive_in_an_archive_is_unpacked():
    assert Search({"it": "a secret of some length"}).data(zipped(gzip.compress(b"x a secret of some length x")))


def test_a_deleted_row_of_sqlite_is_found(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "pages.sqlite")) as database:
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("CREATE TABLE history (source)")
        database.executemany("INSERT INTO history VALUES (?)", [("a secret of some length",), ("else",)])
        database.commit()
        database.execute("DELETE FROM history WHERE rowid = 1")
    hits = Search({"it": "a secret of some length", "other": "another of some length"}).files(tmp_path)
    assert hits == {("it", "raw", "pages.sqlite")}


@given(data=st.binary(max_size=300))
def test_nothing_is_found_where_nothing_is(data):
    assert Search({"it": "a secret of some length"}).data(data) == set()
