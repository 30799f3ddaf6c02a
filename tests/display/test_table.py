import html
import html.parser
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oint_magics.display.table import Row, Table
from oint_magics.display.text import escaped

ODD = "a|b <i>c</i> & `d` *e* _f_ [g](h) \\ \x1b[31m \u202e é 漢字\n\r$x$ ~~y~~ <script>alert(1)</script> \"q\" 'r'"
TABLE = Table("A <caption>", (Row("name", "value"), Row(ODD, ODD), Row("code", ODD, is_code=True), Row("empty", "")))


class Reader(html.parser.HTMLParser):
    """Collects tags and the texts of cells."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("th", "td", "caption"):
            self.texts.append("")

    def handle_data(self, data):
        if self.texts:
            self.texts[-1] += data


def test_html_is_a_table_with_caption_and_scopes():
    """What a screen reader needs, in what survives a sanitizer."""
    tags = Reader(TABLE.html()).tags

    assert [tag for tag, _ in tags if tag not in ("div", "style", "code")] == ["table", "caption", "tbody"] + [
        "tr",
        "th",
        "td",
    ] * 4
    assert all(attrs == {"scope": "row"} for tag, attrs in tags if tag == "th")


def test_html_has_no_script_no_id_no_handler_and_no_colour():
    text = TABLE.html().replace("&#x27;", "").replace("in srgb,currentColor", "")
    for word in ("<script", " id=", "javascript:", "#", "rgb", "<i>"):
        assert word not in text, word
    assert all(not name.startswith("on") for _, attrs in Reader(text).tags for name in attrs)


@given(st.text(max_size=200), st.text(max_size=200))
def test_html_cells_hold_the_visible_text_and_nothing_else(name, value):
    """Whatever a value holds, it is text: no tag appears that we did not write."""
    found = Reader(Table("c", (Row(name, value),)).html())

    assert [tag for tag, _ in found.tags] == ["div", "style", "table", "caption", "tbody", "tr", "th", "td"]
    assert found.texts[1].strip() == escaped(name, 2000).strip()
    assert found.texts[2].strip() == escaped(value, 2000).strip()


@given(st.lists(st.tuples(st.text(max_size=80), st.text(max_size=80)), min_size=1, max_size=5))
def test_markdown_has_one_line_a_row(rows):
    """No value breaks out of its cell, or has a character that some Markdown takes for markup or mathematics."""
    lines = Table("c", tuple(Row(*row) for row in rows)).markdown().split("\n")

    assert len(lines) == 4 + len(rows) + 1
    for line, row in zip(lines[4:-1], rows, strict=True):
        for cell, text in zip(re.fullmatch(r"\| (.*) \| (.*) \|", line).groups(), row, strict=True):
            bare = re.sub(r"<span>&#(?:36|92);</span>|&#\d+;", "", cell)
            assert not set(bare) & set(string.punctuation)
            assert html.unescape(re.sub(r"</?span>", "", cell)) == escaped(text, 2000)


@given(st.lists(st.tuples(st.text(max_size=80), st.text(max_size=300)), max_size=5))
def test_plain_text_is_harmless_in_a_terminal(rows):
    text = Table("c", tuple(Row(*row) for row in rows)).text()

    assert all(c.isprintable() or c == "\n" or c.isspace() for c in text)
    assert "\x1b" not in text


def test_plain_text_is_aligned():
    table = Table("Caption", (Row("a", "one"), Row("longer", "two"), Row("漢字", "three"), Row("scope", "word " * 30)))

    assert table.text().splitlines() == [
        "Caption",
        "a       one",
        "longer  two",
        "漢字    three",
        "scope   " + ("word " * 14).strip(),
        "        " + ("word " * 14).strip(),
        "        word word",
    ]
    assert repr(table) == table.text()


@pytest.mark.parametrize("face", ["html", "markdown", "text"])
def test_a_megabyte_becomes_a_line(face):
    table = Table("c", (Row("n" * 10**6, "v" * 10**6),))

    assert len(getattr(table, face)()) < 12_000
    assert "1,000,000 characters" in html.unescape(getattr(table, face)())


def test_the_three_faces():
    assert sorted(TABLE._repr_mimebundle_(include=None, exclude=None)) == ["text/html", "text/markdown", "text/plain"]
