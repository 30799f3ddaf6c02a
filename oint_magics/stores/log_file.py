"""The refresh log's files: `journal.log` in a folder, its lock, and what is known of its length.

Entries are added under the log's own lock. If the disk has no locks, each machine writes a separate file, and all of
them are read. `journal.size` holds the length of the log and the checksum of that part: if another program has cut or
changed the log, nothing is sent.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import socket
import stat
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from oint_magics.stores import formats, locks, log_lines
from oint_magics.stores.log_lines import Lines, line_of
from oint_magics.stores.private_folder import Folder, data_folder, reason_of, synced, write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_NAME, _LOCK, _OLD = "journal.log", "journal", "journal.log.old"
# The database of the format before, made from its text.
_DATABASE = "journal.sqlite"
# The files of machines without locks; copies that other programs make (`journal (1).log`) have other names.
_OF_A_MACHINE = re.compile(r"journal-[\w-]+\.log", re.ASCII)
_PATIENCE = 15.0
_LARGEST = 1 << 30
_SIZE_FORMAT = 1
# What was read last of each folder.
_read: dict[Path, tuple[object, Lines | None]] = {}


class _Part(NamedTuple):
    """How long a log was, and the checksum (CRC-32) of that part."""

    size: int
    sum: int

    @classmethod
    def of(cls, text: bytes) -> _Part:
        return cls(len(text), zlib.crc32(text))

    def begins(self, text: bytes) -> bool:
        return len(text) >= self.size and zlib.crc32(memoryview(text)[: self.size]) == self.sum


def stamp(path: Path) -> object:
    """Return something that differs when the log of a folder was written in between, or `None` where there is none."""
    found = []
    with contextlib.suppress(OSError), Folder(path) as folder:
        for name in folder.names("journal"):
            there = folder.stat(name) if name.endswith(".log") else None
            found += [(name, there.st_ino, there.st_size, there.st_mtime_ns)] if there else []
    return tuple(found) or None


def lines(path: Path) -> Lines | None:
    """Return the lines of a folder's log, or `None` where there is none.

    Raises:
        StoreError: it is there and cannot be read, or is damaged, or of another format.
    """
    now = stamp(path)
    last = _read.get(path)
    if last is None or last[0] != now or now is None:
        _read[path] = last = (now, _lines(path))
    return last[1]


def forget() -> None:
    """Clear the cache, so that each log is read again, as in a new process."""
    _read.clear()


def add(path: Path, make: Callable[[Lines], dict[str, Any] | None]) -> bool:
    """Add an entry to the log of a folder, which is made where it is not there; tell whether it holds it now.

    Args:
        path: the folder.
        make: returns the entry, given what the log says until now, or `None` for none.

    Raises:
        OSError: the folder cannot be made.
        StoreBusy: another process holds the log all the time.
        StoreError: as `lines` does.
    """
    data_folder(path)
    try:
        with Folder(path) as folder, _held(folder) as has_locks:
            known = lines(path)
            entry = make(known or Lines(()))
            if entry is None:
                return known is not None
            if has_locks and _is_to_be_joined(folder):
                _replace(folder, entry)
            else:
                _append(folder, _NAME if has_locks else _own_name(), line_of(entry), is_alone=has_locks)
    except OSError as error:
        reason_of(error)
        return False
    return True


def _is_to_be_joined(folder: Folder) -> bool:
    """Tell whether the log must be rewritten: there is none, it has the older format, or it has many single lines."""
    text = folder.read(_NAME, _LARGEST)
    return not text or not folder.stat(_size_of(_NAME)) or Lines([text]).is_long


@contextlib.contextmanager
def _held(folder: Folder) -> Iterator[bool]:
    """Hold the log; yield whether the disk has locks."""
    with locks.file_lock(folder, _LOCK, _PATIENCE) as has_locks:
        yield has_locks


def _own_name() -> str:
    """Return the name of this machine's file where there are no locks."""
    name = "".join(c if c.isalnum() else "-" for c in socket.gethostname())[:60]
    return f"journal-{name or 'machine'}.log"


def _lines(path: Path) -> Lines | None:
    texts: dict[str, bytes] = {}
    for _ in range(10):
        sizes = _sizes(path)
        texts = _texts(path)
        if sizes == _sizes(path):  # Else it was written meanwhile.
            break
    for name in (*texts, *(each for each in sizes if each not in texts)):
        _check(path / name, texts.get(name), sizes.get(name))
    try:
        return Lines(texts.values()) if texts else None
    except log_lines.Newer:
        raise formats.newer("The refresh log", path / _NAME) from None


def _check(path: Path, text: bytes | None, parts: list[_Part] | None) -> None:
    """Refuse a file that is not what it was, and lines after that which say nothing that is known."""
    part = next((part for part in parts or () if text is not None and part.begins(text)), None)
    if text is None or (parts is not None and part is None):
        what = "it is gone" if text is None else "another program has cut or changed it"
        step = f"if that was on purpose, delete {_size_of(path.name)} beside it"
        formats.unreadable(path, what, step)
    try:
        log_lines.check(text[part.size :] if part else text)
    except log_lines.Newer:
        raise formats.newer("The refresh log", path) from None
    except log_lines.Damaged:
        formats.unreadable(path, "a line of it is damaged")


def _size_of(name: str) -> str:
    return f"{name.removesuffix('.log')}.size"


def _sizes(path: Path) -> dict[str, list[_Part]]:
    """Return the lengths that each file of the log may have: one of them is right."""
    found: dict[str, list[_Part]] = {}
    name, problem = _NAME, None
    try:
        with Folder(path) as folder:
            for each in folder.names("journal"):
                log = f"{each.removesuffix('.size')}.log"
                if each.endswith(".size") and (log == _NAME or _OF_A_MACHINE.fullmatch(log)):
                    name = each
                    parts = _size(folder, each)
                    found |= {log: parts} if parts else {}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        problem = error
    if problem is not None:
        formats.unreadable(path / name, reason_of(problem))
    return found


def _size(folder: Folder, name: str) -> list[_Part] | None:
    """Return how long a file may be; `None` where nothing is known of it."""
    known: Any = None
    with contextlib.suppress(ValueError, RecursionError):  # It was written while the power went.
        known = json.loads(folder.read(name, 4096) or b"null")
    if not isinstance(known, dict):
        return None
    if known.get("format") != _SIZE_FORMAT:
        raise formats.newer("The refresh log", folder.path / name)
    with contextlib.suppress(KeyError, TypeError, ValueError):
        return [_Part(int(size), int(total)) for size, total in known["parts"]]
    return None


def _texts(path: Path) -> dict[str, bytes]:
    """Return the log's texts by their names, the oldest first.

    Raises:
        StoreError: one cannot be read, or the database of the format before is there without its text.
    """
    problem: OSError | None = None
    name = _NAME
    found: dict[str, bytes] = {}
    try:
        with Folder(path) as folder:
            names = folder.names("journal")
            own = [each for each in names if _OF_A_MACHINE.fullmatch(each)]
            for name in (_OLD, _NAME, *own):
                if name in names:
                    found[name] = _text(folder, name)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        problem = error
    if problem is not None:
        formats.unreadable(path / name, reason_of(problem))
    if _DATABASE in names and not found:
        formats.unreadable(path / _DATABASE, "its text copy (journal.log) is not there")
    return found


def _text(folder: Folder, name: str) -> bytes:
    there = folder.stat(name)
    if there is not None and stat.S_ISLNK(there.st_mode):
        raise OSError(errno.EINVAL, "it is a link")
    text = folder.read(name, _LARGEST)
    if text is None:
        raise OSError(errno.EINVAL, "it is not a file")
    if not text and name == _NAME:
        raise OSError(errno.EINVAL, "it is empty")
    return text


def _append(folder: Folder, name: str, line: bytes, *, is_alone: bool) -> None:
    """Add a line to a file, and note how long it is now.

    Args:
        folder: the file's folder.
        name: the file's name.
        line: the line.
        is_alone: whether no other process writes it now. If so, an incomplete last line is removed; else it is ended.
    """
    descriptor = folder.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0))
    try:
        text = folder.read(name, _LARGEST) or b""
        last = text[text.rfind(b"\n") + 1 :]
        is_cut = is_alone and not log_lines.is_entry(last)
        if last and is_cut:
            os.ftruncate(descriptor, len(text) - len(last))
        write_all(descriptor, b"\n" * (last != b"" and not is_cut) + line)
        synced(descriptor)
    finally:
        os.close(descriptor)
    text = folder.read(name, _LARGEST) or b""
    # Without locks, another process may just be writing the last line.
    _note(folder, name, _Part.of(text[: text.rfind(b"\n") + 1]))


def _replace(folder: Folder, entry: dict[str, Any]) -> None:
    """Rewrite the log: joined lines, then the entry. Until the rename, `journal.size` allows either log."""
    for name in folder.names("journal."):
        if name.endswith(".new"):  # Of a process that died while it did the same.
            folder.remove(name)
    old = folder.read(_NAME, _LARGEST) or b""
    text = Lines([folder.read(_OLD, _LARGEST) or b"", old]).joined(entry)
    if old:
        _note(folder, _NAME, _Part.of(old), _Part.of(text))
    folder.write(_NAME, text)
    folder.sync()
    _note(folder, _NAME, _Part.of(text))
    for name in (_OLD, _DATABASE, f"{_DATABASE}-journal"):
        folder.remove(name)


def _note(folder: Folder, name: str, *parts: _Part) -> None:
    """Note how long a file may be; without a note, each of its lines is looked at."""
    text = json.dumps({"format": _SIZE_FORMAT, "parts": parts})
    folder.write(_size_of(name), text.encode(), is_synced=False)
