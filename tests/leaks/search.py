"""Finds a text in whatever a session leaves behind: raw, encoded, compressed, in archives and in databases' pages."""

import base64
import contextlib
import gzip
import io
import json
import zipfile
import zlib
from urllib.parse import quote, quote_plus

import ahocorasick

from oint_magics.display.table import as_markdown

# The heads of zlib streams that are in use; gzip has its own.
_ZLIB_HEADS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_GZIP_HEAD = b"\x1f\x8b\x08"
_ZIP_HEAD = b"PK\x03\x04"
_DEEPEST = 3


def spellings(secret):
    """Return the bytes by which a secret may stand in a file, each with the name of its encoding."""
    raw = secret.encode()
    found = {secret.encode("utf-16-le"): "UTF-16", secret.encode("utf-16-be"): "UTF-16"}
    found |= {quote(secret, safe="").encode(): "URL-quoted", quote_plus(secret).encode(): "URL-quoted"}
    found |= {json.dumps(secret)[1:-1].encode(): "JSON", raw.hex().encode(): "hex", raw.hex().upper().encode(): "hex"}
    found |= {as_markdown(secret).encode(): "Markdown"}
    for shift in range(3):
        # Whole groups of three bytes alone: what stands before and after the secret is not known.
        whole = base64.b64encode(raw[shift : shift + (len(raw) - shift) // 3 * 3])
        found |= {whole: "base64", whole.translate(bytes.maketrans(b"+/", b"-_")): "base64"}
    found |= {raw[::-1]: "reversed", raw: "raw"}
    return {spelling: name for spelling, name in found.items() if len(spelling) >= 8}


class Search:
    """A search for some secrets, all at once.

    Args:
        secrets: name to text; each is long enough to be found by no accident.
    """

    def __init__(self, secrets):
        self._automaton = ahocorasick.Automaton()
        for name, text in secrets.items():
            for spelling, encoding in spellings(text).items():
                self._automaton.add_word(spelling.decode("latin-1"), (name, encoding))
        self._automaton.make_automaton()

    def data(self, data, depth=0):
        """Return what is found in bytes: pairs of a secret's name and its encoding."""
        found = {hit for _, hit in self._automaton.iter(data.decode("latin-1"))}
        if depth < _DEEPEST:
            for inner in _inside(data):
                found |= {(name, f"compressed {encoding}") for name, encoding in self.data(inner, depth + 1)}
        return found

    def files(self, *roots):
        """Return what is found in files and below folders: triples of name, encoding and path."""
        hits = set()
        for root in roots:
            for path in root.rglob("*") if root.is_dir() else [root]:
                if path.is_file() and not path.is_symlink():
                    hits |= {(*hit, path.name) for hit in self._file(path)}
        return hits

    def _file(self, path):
        try:
            return self.data(path.read_bytes())
        except OSError:
            return set()  # Gone meanwhile.


def _inside(data):
    """Yield what unpacks out of bytes, wherever in them it begins."""
    yield from _archive(data)
    for head, unpack in [*((head, _zlib) for head in _ZLIB_HEADS), (_GZIP_HEAD, _gzip)]:
        at = data.find(head)
        while at >= 0:
            inner = unpack(data[at:])
            if inner:
                yield inner
            at = data.find(head, at + 1)


def _archive(data):
    if _ZIP_HEAD in data:
        with contextlib.suppress(
            zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, zlib.error, ValueError
        ):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for name in archive.namelist():
                    yield archive.read(name)


def _zlib(data):
    with contextlib.suppress(zlib.error):
        return zlib.decompressobj().decompress(data, 64 * 1024 * 1024)
    return b""


def _gzip(data):
    with contextlib.suppress(zlib.error, OSError, EOFError):
        return zlib.decompressobj(wbits=31).decompress(data, 64 * 1024 * 1024)
    with contextlib.suppress(Exception):
        return gzip.decompress(data)
    return b""
