"""Pictures, GIFs and what looks like a video."""

import struct
import zlib


def png(width=4, height=4, more=b""):
    """Return a picture."""

    def part(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\xc8\x1e\x1e" * width for _ in range(height))
    head = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"") + more


def gif(frames=3, width=8, height=8):
    """Return a GIF of so many frames."""
    frame = (
        b"\x21\xf9\x04\x00\x0a\x00\x00\x00\x2c"
        + struct.pack("<HHHHB", 0, 0, width, height, 0)
        + b"\x02\x03\x44\x01\x05\x00"
    )
    return (
        b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\x00\x00" + b"\0\0\0\xff\xff\xff" + frame * frames + b";"
    )


def mp4(size=1000):
    """Return what begins as a video does."""
    return (b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41" + b"\0" * size)[:size]
