"""A table of several columns, in the same three faces as `oint_magics.display.table`."""

from __future__ import annotations

import shutil
import textwrap
from typing import NamedTuple, Self

from oint_magics.display.table import NO_MATH, STYLE, as_html, as_markdown, columns_of
from oint_magics.display.text import escaped

_LONGEST_CELL = 2000
_GAP = 2
# Words stay whole; where there is no room for that each line is a block, and each cell says what it is.
_WIDE, _COMPACT = 60, 42


def _style(kind: str, width: int) -> str:
    """Return the rules of a kind of grid: below a width, in em, each line is a block whose cells say what they are."""
    table = f".oint table.{kind}"
    return (
        f".oint.oint-w{{container-type:inline-size}}{table} :is(th,td){{overflow-wrap:break-word}}"
        f"@container(max-width:{width}em){{{table} thead{{display:none}}"
        f"{table} tr{{display:block;padding:.3em 0}}"
        f"{table} :is(td,th[scope=row]){{display:block;border:0;padding:.1em 0;min-width:0!important;"
        "max-width:none!important;width:auto!important;text-align:left!important;white-space:normal!important;overflow-wrap:anywhere}"
        f"{table} th[scope=row]{{font-weight:bold;opacity:1}}{table} td:empty{{display:none}}"
        f'{table} td::before{{content:attr(data-name) ": ";opacity:.75}}}}'
    )


# Words stay whole; where there is no room for that each line is a block.
_STYLE = ".oint table.oint-g td{min-width:6.5em}.oint table.oint-g td:last-child{min-width:10em}" + _style(
    "oint-g", _WIDE
)
# Many short cells, and at most one long one, which is cut at one line.
_STYLE_COMPACT = (
    ".oint table.oint-c td[align=right]{text-align:right;font-variant-numeric:tabular-nums}"
    ".oint table.oint-c th[align=right]{text-align:right}"
    ".oint table.oint-c{max-width:72em}.oint table.oint-c :is(td:not([data-name=scopes]),th){white-space:nowrap}"
    ".oint table.oint-c :is(td[data-name=text],td[data-name=about]){width:100%;max-width:0;overflow:hidden;"
    "text-overflow:ellipsis}" + _style("oint-c", _COMPACT)
)


class Linked(str):
    """A cell's text that is a link.

    Args:
        text: the text.
        address: where it leads to.
    """

    __slots__ = ("address",)
    address: str

    def __new__(cls, text: str, address: str) -> Self:
        made = super().__new__(cls, text)
        made.address = address
        return made


class Grid(NamedTuple):
    """Lines under named columns; every text in them is shown as text, whatever it holds.

    Attributes:
        caption: what it shows.
        columns: their names; the first one's cells name the lines.
        lines: a text for each column; blank for nothing.
        note: what is said below it; blank for nothing.
        numbers: the names of the columns that are aligned at the right; with some, the cells are close together.
    """

    caption: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    note: str = ""
    numbers: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return self.text()

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return self.mimebundle()

    def mimebundle(self) -> dict[str, str]:
        """Return the three faces by MIME type, as IPython wants them."""
        return {"text/plain": self.text(), "text/html": self.html(), "text/markdown": self.markdown()}

    def html(self) -> str:
        """Return the table as HTML that stays right after a sanitizer."""
        head = "".join(f'<th scope="col"{self._aligned(name)}>{as_html(name)}</th>' for name in self.columns)
        rows = "".join(f"<tr>{self._cells(line)}</tr>\n" for line in self.lines)
        note = f"<div>{as_html(self.note)}</div>\n" if self.note else ""
        style, kind = (_STYLE_COMPACT, "oint-c") if self.numbers else (_STYLE, "oint-g")
        return (
            f'<div class="oint oint-w {NO_MATH}"><style>{STYLE}{style}</style>\n<table class="oint-t {kind}">\n'
            f"<caption>{as_html(self.caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
            f"<tbody>\n{rows}</tbody>\n</table>\n{note}</div>"
        )

    def _cells(self, line: tuple[str, ...]) -> str:
        names = zip(self.columns[1:], line[1:], strict=True)
        cells = "".join(
            f'<td data-name="{as_html(name)}"{self._aligned(name)}>{_linked(text)}</td>' if text else "<td></td>"
            for name, text in names
        )
        return f'<th scope="row">{_linked(line[0])}</th>{cells}'

    def _aligned(self, name: str) -> str:
        # As an attribute: a sanitizer drops what the style says.
        return ' align="right"' if name in self.numbers else ""

    def markdown(self) -> str:
        """Return the table as Markdown, which the PDF export takes."""
        lines = (self.columns, *self.lines)
        head, *rows = ("| " + " | ".join(map(as_markdown, line)) + " |" for line in lines)
        note = f"\n{as_markdown(self.note)}\n" if self.note else ""
        return "\n".join([f"**{as_markdown(self.caption)}**\n", head, self._rule(), *rows]) + f"\n{note}"

    def _rule(self) -> str:
        return "".join("|--:" if name in self.numbers else "|:--" for name in self.columns) + "|"

    def text(self) -> str:
        """Return the table as plain text, as wide as the terminal at most."""
        width = shutil.get_terminal_size((100, 24)).columns
        lines = [tuple(escaped(cell, _LONGEST_CELL) for cell in line) for line in (self.columns, *self.lines)]
        widths = _widths(lines, width)
        right = [name in self.numbers for name in self.columns]
        shown = _beside(lines, widths, right) if widths else self._blocks(lines, width)
        note = textwrap.wrap(escaped(self.note, _LONGEST_CELL), width, break_on_hyphens=False)
        return "\n".join(line.rstrip() for line in (escaped(self.caption, _LONGEST_CELL), *shown, *note))

    def _blocks(self, lines: list[tuple[str, ...]], width: int) -> list[str]:
        """Return each line as a block, with one cell in each row."""
        shown: list[str] = []
        for first, *rest in lines[1:]:
            shown.append(first)
            for name, text in zip(self.columns[1:], rest, strict=True):
                shown += (
                    textwrap.wrap(f"{name}: {text}", width, initial_indent="  ", subsequent_indent="    ")
                    if text
                    else []
                )
        return shown


def _widths(lines: list[tuple[str, ...]], width: int) -> list[int]:
    """Return how wide each column is, the widest ones wrapped until all have room; nothing where words would break."""
    columns = list(zip(*lines, strict=True))
    widths = [max(map(columns_of, column)) for column in columns]
    least = [max(columns_of(word) for text in column for word in text.split() or [""]) for column in columns]
    while sum(widths) + _GAP * (len(widths) - 1) > width:
        can_wrap = [number for number, most in enumerate(widths) if most > least[number]]
        if not can_wrap:
            return []
        widths[max(can_wrap, key=widths.__getitem__)] -= 1
    return widths


def _linked(text: str) -> str:
    if not isinstance(text, Linked):
        return as_html(text)
    return f'<a href="{as_html(text.address)}" target="_blank" rel="noopener noreferrer">{as_html(text)}</a>'


def _beside(lines: list[tuple[str, ...]], widths: list[int], right: list[bool]) -> list[str]:
    """Return lines whose cells stand beside each other."""
    shown = []
    for line in lines:
        cells = [
            textwrap.wrap(text, most, break_on_hyphens=False) or [""] for text, most in zip(line, widths, strict=True)
        ]
        for number in range(max(map(len, cells))):
            parts = [cell[number] if number < len(cell) else "" for cell in cells]
            blanks = [" " * (most - columns_of(part)) for part, most in zip(parts, widths, strict=True)]
            padded = (
                blank + part if is_right else part + blank
                for part, blank, is_right in zip(parts, blanks, right, strict=True)
            )
            shown.append((" " * _GAP).join(padded))
    return shown
