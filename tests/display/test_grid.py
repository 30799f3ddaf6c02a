"""Lines under columns, in three faces."""

import re
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oint_magics.display.grid import Grid
from oint_magics.display.table import columns_of

SCOPES = "tweet.read tweet.write users.read media.write offline.access"
LINES = (
    ("profile:work (in use)", "good", "2026-11-27 04:17 UTC", SCOPES, ""),
    ("a.json", "ended", "", "", "log in again: %twitter_login"),
)
GRID = Grid("Accounts", ("account", "state", "expires", "scopes", "next"), LINES, "Profiles lie in ~/x.")  # fmt: skip


@pytest.mark.parametrize("width", [30, 60, 80, 100, 200])
def test_text_is_as_wide_as_the_terminal_and_breaks_no_word(monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    text = GRID.text()
    assert max(map(columns_of, text.splitlines())) <= width
    for line in LINES:
        for word in " ".join(line).split():
            assert word in text
    assert text.splitlines()[-1] == "Profiles lie in ~/x."


def test_a_wide_terminal_has_a_line_for_each(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert len(GRID.text().splitlines()) == 5


def test_a_narrow_terminal_has_a_block_for_each(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    assert "\n  state: good\n" in GRID.text()
    assert "next: \n" not in GRID.text()


def test_html_names_lines_and_columns():
    text = GRID.html()
    assert text.count('scope="col"') == 5
    assert text.count('scope="row"') >= 2
    assert "<script" not in text
    assert " id=" not in text


def test_markdown_has_as_many_cells_in_every_line():
    lines = [line for line in GRID.markdown().splitlines() if line.startswith("|")]
    assert len(lines) == 4
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1


@given(st.lists(st.tuples(*[st.text(max_size=60)] * 3), max_size=4), st.integers(10, 150))
def test_whatever_a_cell_holds_is_text(lines, width):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        grid = Grid("c", ("a", "b", "d"), tuple(lines))
        assert not any(category(c) in ("Cc", "Cf", "Cs") for c in grid.text().replace("\n", ""))
        assert re.findall(r"<(?!/?(?:div|style|table|caption|thead|tbody|tr|th|td)\b)", grid.html()) == []
