"""A table in three faces: HTML for notebooks, Markdown for exports, plain text for terminals."""

from __future__ import annotations

import html
import re
import string
import textwrap
from typing import NamedTuple
from unicodedata import combining, east_asian_width

from oint_magics.display.text import escaped

_LONGEST_CELL = 2000
_WIDTH = 78
# No colour of its own, so it is right in light and dark, also where a sanitizer drops the style.
STYLE = (
    ".oint table.oint-t{border-collapse:collapse;color:inherit;background:transparent;margin:.4em 0}"
    ".oint table.oint-t caption{caption-side:top;text-align:left;font-weight:bold;color:inherit;padding:.2em 0;"
    "white-space:nowrap}"
    "@media(max-width:40em){.oint table.oint-t caption{white-space:normal}}"
    ".oint table.oint-t th,.oint table.oint-t td{text-align:left;vertical-align:top;padding:.25em .9em .25em 0;"
    "border:0;border-bottom:1px solid;border-color:color-mix(in srgb,currentColor 20%,transparent);"
    "background:transparent;color:inherit;white-space:normal;overflow-wrap:anywhere;max-width:60em}"
    ".oint table.oint-t th[scope=row]{font-weight:normal;white-space:nowrap;opacity:.75}"
)
# MathJax 2 (nbconvert's pages) leaves the first class alone, MathJax 3 (JupyterLab, Notebook 7) the second one. pandas
# marks a frame with the same two: https://pandas.pydata.org/docs/user_guide/options.html (display.html.use_mathjax).
NO_MATH = "tex2jax_ignore mathjax_ignore"
# Any of these is markup, a link, a typographic quote or mathematics to some renderer of Markdown.
_PUNCTUATION = re.compile(f"[{re.escape(string.punctuation)}]")
# What mathematics begins with.
_MATH = "$\\"


class Row(NamedTuple):
    """One line of a table: what it is, its text, and whether that is code rather than words."""

    name: str
    value: str
    is_code: bool = False


class Table(NamedTuple):
    """A caption and its rows; every text in them is shown as text, whatever it holds."""

    caption: str
    rows: tuple[Row, ...]

    def __repr__(self) -> str:
        return self.text()

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return self.mimebundle()

    def mimebundle(self) -> dict[str, str]:
        """Return the three faces by MIME type, as IPython wants them."""
        return {"text/plain": self.text(), "text/html": self.html(), "text/markdown": self.markdown()}

    def html(self) -> str:
        """Return the table as HTML that stays right after a sanitizer: caption, `scope`, no script, no ids."""
        rows = "".join(f'<tr><th scope="row">{as_html(row.name)}</th><td>{_cell(row)}</td></tr>\n' for row in self.rows)
        return (
            f'<div class="oint {NO_MATH}"><style>{STYLE}</style>\n<table class="oint-t">\n'
            f"<caption>{as_html(self.caption)}</caption>\n<tbody>\n{rows}</tbody>\n</table></div>"
        )

    def markdown(self) -> str:
        """Return the table as Markdown, which the PDF export takes."""
        rows = "\n".join(f"| {as_markdown(row.name)} | {as_markdown(row.value)} |" for row in self.rows)
        return f"**{as_markdown(self.caption)}**\n\n| | |\n|:--|:--|\n{rows}\n"

    def text(self) -> str:
        """Return the table as plain text, at most 78 columns wide where its words allow."""
        names = [escaped(row.name, _LONGEST_CELL) for row in self.rows]
        column = min(max(map(columns_of, names), default=0), 24) + 2
        lines = [escaped(self.caption, _LONGEST_CELL)]
        for name, row in zip(names, self.rows, strict=True):
            wrapped = textwrap.wrap(escaped(row.value, _LONGEST_CELL), _WIDTH - column, break_on_hyphens=False) or [""]
            lines.append(name + " " * max(2, column - columns_of(name)) + wrapped[0])
            lines += [" " * column + more for more in wrapped[1:]]
        return "\n".join(line.rstrip() for line in lines)


def _cell(row: Row) -> str:
    return f"<code>{as_html(row.value)}</code>" if row.is_code else as_html(row.value)


def as_html(text: str) -> str:
    """Return a text for HTML, each character of it to be seen."""
    return html.escape(escaped(text, _LONGEST_CELL), quote=True)


def as_markdown(text: str) -> str:
    """Return a text for Markdown, the same."""
    return _PUNCTUATION.sub(_as_reference, escaped(text, _LONGEST_CELL))


def _as_reference(found: re.Match[str]) -> str:
    """Return a character as a reference, which no renderer takes for markup.

    A front end looks for mathematics again in the page that was rendered, where a character in its own element begins
    none.
    """
    reference = f"&#{ord(found[0])};"
    return f"<span>{reference}</span>" if found[0] in _MATH else reference


def columns_of(text: str) -> int:
    """Return how many columns a terminal gives a text."""
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)
