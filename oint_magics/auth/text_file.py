"""A text file's bytes: UTF-8, UTF-8 with BOM (1C writes it), UTF-16 with BOM; put back as they were."""

from __future__ import annotations

import codecs
from typing import NamedTuple

from oint_magics.errors import AuthSyntaxError

_BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class TextFile(NamedTuple):
    """A file's text, and how it is written.

    Attributes:
        text: the text, without byte order mark.
        encoding: its encoding.
        bom: the byte order mark, or nothing.
    """

    text: str
    encoding: str
    bom: bytes

    def __repr__(self) -> str:
        return f"TextFile({self.encoding})"

    def blanks(self, count: int) -> bytes:
        """Return line ends in this file's encoding, of about so many bytes: behind a text they say nothing."""
        newline = "\n".encode(self.encoding)
        return newline * (count // len(newline))

    def encoded(self, text: str) -> bytes:
        """Return another text in this file's encoding and with its byte order mark."""
        return self.bom + text.encode(self.encoding)


def decoded(data: bytes, label: str) -> TextFile:
    """Return a file's bytes as text.

    Args:
        data: the bytes.
        label: what messages call the file.

    Raises:
        AuthSyntaxError: it is no text in one of these encodings.
    """
    bom = next((mark for mark in _BOMS if data.startswith(mark)), b"")
    encoding = _BOMS.get(bom, "utf-8")
    try:
        return TextFile(data[len(bom) :].decode(encoding), encoding, bom)
    except UnicodeDecodeError as error:
        position = error.start + len(bom) + 1
    # Raised out here: the decoder's error holds the bytes.
    raise AuthSyntaxError(
        f"{label} cannot be read as text.",
        cause=f"it is not UTF-8, and not UTF-16 with a byte order mark (byte {position}).",
        next_step="save it as UTF-8",
    )


def is_dotenv_name(name: str) -> bool:
    """Tell whether a file's name or path is that of a dotenv file: `.env`, `NAME.env`, `.env.NAME`, `.envrc`."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].lower()
    return last.endswith(".env") or last.startswith(".env.") or last == ".envrc"
