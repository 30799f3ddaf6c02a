"""Auth data typed into a cell, taken out of it before IPython takes the cell apart.

IPython prints lines of a cell: the one that is no Python, and those around any line that fails. So what follows a
magic of ours and may be a secret is replaced by a handle, which the magic exchanges for the text again. The user's own
cell and its history stay as they are.
"""

from __future__ import annotations

import contextlib
import linecache
import re
from typing import TYPE_CHECKING, Any

from oint_magics.notebook.cell_syntax import KEYED_LEFT, LEFT, wrong
from oint_magics.notebook.handles import HANDLE, handle
from oint_magics.notebook.magic_table import MAGICS
from oint_magics.notebook.secret_places import is_mentioned, is_open, line_end, magic, places

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    # Given a cell's lines, returns them with handles.
    Extractor = Callable[[list[str]], list[str]]

_CALL = re.compile(r"(run_(?:line|cell)_magic\().*twitter_.*")
_CELL_MAGICS = re.compile(r"\s*(?:%%(?!twitter)\w[^\n]*\n\s*)+")
# Cell magics whose bodies are cells of their own.
RUNS_PYTHON = ("time", "timeit", "capture", "prun", "debug", "mprun", "memit", "snakeviz", "px")
_RUNS_PYTHON = re.compile(rf"\s*%%(?:{'|'.join(RUNS_PYTHON)})\b")
# The bodies of these are other programs' or files' own, and none of our magics runs in them.
DATA_CELL = re.compile(
    r"\s*%%(?:writefile|file|html|HTML|markdown|latex|svg|SVG|js|javascript|bash|sh|script|perl|ruby|sx|system|cmd)\b|\s*%%!"
)


# The extractors before this one, in their order; each is given what the one before it has left.
_first: list[Extractor] = []


def register(shell: InteractiveShell, *first: Extractor) -> None:
    """Take auth data out of every cell, and out of what IPython's own frames keep of it.

    Args:
        shell: IPython's.
        first: what takes text out of a cell before anything else looks at it, in this order.
    """
    _first[:] = first
    shell.input_transformers_cleanup[:0] = first
    shell.input_transformers_cleanup.extend([take_out, hold_open])
    _clean_running_cell()
    shell.events.register("pre_run_cell", _before)
    shell.events.register("post_run_cell", _after)


def unregister(shell: InteractiveShell) -> None:
    """Undo `register`."""
    ours = (*_first, take_out, hold_open)
    shell.input_transformers_cleanup[:] = [each for each in shell.input_transformers_cleanup if each not in ours]
    for event, callback in (("pre_run_cell", _before), ("post_run_cell", _after)):
        with contextlib.suppress(ValueError):  # It was not there.
            shell.events.unregister(event, callback)


def _clean_running_cell() -> None:
    """Take auth data out of what tracebacks show of the cell that loads the extension, transformed before it came."""
    # IPython before 8 keeps the lines in a cache of its own, too.
    for cache in (linecache.cache, getattr(linecache, "_ipython_cache", {})):
        for name, entry in list(cache.items()):
            if len(entry) == 4 and any("twitter_" in line and _CALL.search(line) for line in entry[2]):
                lines = [_CALL.sub(r"\1'…')", line) for line in entry[2]]
                cache[name] = (*entry[:2], lines, entry[3])


def _before(info: Any) -> None:
    """Keep the cell's text from the frame that runs it, which a debugger shows; `info` is IPython's."""
    lines = info.raw_cell.splitlines(keepends=True)
    for extractor in (*_first, take_out):
        lines = extractor(lines)
    info.raw_cell = "".join(lines)


def _after(result: Any) -> None:
    """Let go of the frames behind an error of the compiler: IPython's own hold the cell, and no line of it ran."""
    if isinstance(result.error_before_exec, SyntaxError) and "inline:" in result.info.raw_cell:
        from oint_magics.errors import forget_frames

        forget_frames(result.error_before_exec)


def take_out(lines: list[str]) -> list[str]:
    """Return a cell's lines with a handle in the place of each text behind our magics that may be a secret.

    A cell that is no Python afterwards, and still holds what looks like auth data, becomes a line that says so.

    Args:
        lines: the cell, each line with its end.
    """
    text = "".join(lines)
    if _is_text_cell(text):
        # What is below its line is the post, whatever it looks like.
        end = line_end(text, text.index("%%"))
        return (_taken(text[:end])[0] + text[end:]).splitlines(keepends=True)
    if not is_mentioned(text) or DATA_CELL.match(text):
        return lines
    found, is_damaged = _taken(text)
    left = (LEFT if magic().search(text) else KEYED_LEFT).search(HANDLE.sub("", found))
    # A cell magic gets the cell below it as one text: some run it as a cell of its own, for others it is no Python.
    above = _CELL_MAGICS.match(found)
    if (is_damaged or left) and (above is None or _RUNS_PYTHON.match(above[0])):
        instead = wrong(found[above.end() :] if above else found, "twitter_refresh")
        if instead is not None:
            return instead
    return lines if found == text else found.splitlines(keepends=True)


def _is_text_cell(text: str) -> bool:
    """Tell whether a cell begins with a cell magic that takes the lines below it as text."""
    found = re.match(r"\s*%%(\w+)", text)
    known = MAGICS.get(found[1]) if found else None
    return known is not None and bool(known.text_name)


# The terminal asks whether a cell is complete while it is typed; that must see the cell itself.
take_out.has_side_effects = True  # type: ignore[attr-defined]  # IPython's own protocol


def hold_open(lines: list[str]) -> list[str]:
    """Return a cell that is still typed, incomplete as long as the JSON behind a magic of ours is not closed.

    IPython takes a magic's line for complete, would run it, and would take the lines that follow for other cells.
    """
    return [*lines, "(\n"] if is_open("".join(lines)) else lines


def _taken(text: str) -> tuple[str, bool]:
    """Return a cell with handles, of as many lines as before; and whether one stands for incomplete JSON."""
    done, at, is_damaged = "", 0, False
    for place in places(text):
        space = "" if text[place.start - 1].isspace() or text[place.start - 1] == "=" else " "
        done += text[at : place.start] + space + handle(place.text) + "\n" * place.lines
        at, is_damaged = place.end, is_damaged or not place.is_whole
    return done + text[at:], is_damaged
