"""No front end's mathematics changes a text of ours: in JupyterLab, in Notebook 7, and in the pages that nbconvert makes.

Beside our tables are texts without a mark. They must become mathematics: else the page has none, and a test shows nothing.
"""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from panel_steps import drop
from playwright.sync_api import expect

from oint_magics import twitter
from oint_magics.display.grid import Grid
from oint_magics.display.table import Row, Table
from oint_magics.display.text import escaped

ROOT = Path(__file__).parent.parent.parent
POST = "Hello $5 and $10"
TEXTS = (
    POST,
    "$$x$$, $y$ and $ z",
    r"\(x\) or \[y\], \begin{equation}z\end{equation}, \ref{a}",
    r"\$5 and \$10, C:\\x, \\(x\\)",
    "@@0@@ `$1` *a* _b_ ~~c~~ [d](e) <f> $2|$3 **$4**",
    "\"q\" 'r' -- --- ... &amp; &#36;1 and &#36;2 www.example.com a@example.com",
)
TABLE = Table("Table of $1 and $2", tuple(Row(text, text) for text in TEXTS))
GRID = Grid("Grid of $1 and $2", ("$3 and $4", "$5 and $6"), tuple((text, text) for text in TEXTS), "$7 and $8")
WORDS = {
    TABLE: [TABLE.caption, *(word for row in TABLE.rows for word in row[:2])],
    GRID: [GRID.caption, *GRID.columns, *(word for line in GRID.lines for word in line), GRID.note],
}
MATHEMATICS = "mjx-container, .MathJax, .MathJax_Preview, script[type^='math/']"
TEXT_OF = """(element) => {
  const copy = element.cloneNode(true);
  copy.querySelectorAll("style").forEach((style) => style.remove());
  return copy.textContent;
}"""
COPIED = "(cell) => { getSelection().selectAllChildren(cell); return getSelection().toString(); }"
UNMARKED = f"from IPython.display import HTML, Markdown\nHTML('<p>{POST}</p>')", f"Markdown('{POST}')"
LIVE = (
    "%load_ext oint_magics\n%twitter_sandbox start",
    f'%twitter_post "{POST}" --preview --auth sandbox-auth.json',
    "%twitter_auth",
)


def pages():
    """Return every text of ours that a front end renders as Markdown."""
    tutorials = [nbformat.read(path, 4) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    files = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    cells = [cell.source for each in tutorials for cell in each.cells if cell.cell_type == "markdown"]
    return [*cells, *(path.read_text("utf-8") for path in sorted(files))]


def document(preview, *last):
    """Return a notebook with each table in each face, the preview, all pages, and the texts without a mark."""
    faces = [{kind: each.mimebundle()[kind]} for each in WORDS for kind in ("text/html", "text/markdown")]
    unmarked = [{"text/html": f"<p>{POST}</p>"}, {"text/markdown": POST}]
    shown = [new_code_cell("", outputs=[new_output("display_data", each)]) for each in (*faces, preview, *unmarked)]
    cells = [*shown, *map(new_markdown_cell, pages()), new_markdown_cell(POST), *map(new_code_cell, last)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


@pytest.fixture
def preview(auth_file):
    return twitter.post(POST, auth=auth_file(), preview=True)._repr_mimebundle_()


def squeezed(text):
    return "".join(text.split())


def check(outputs, cells):
    """Check that each output of ours shows its text and no mathematics, and that the others are mathematics."""
    expected = [words for words in WORDS.values() for _ in ("text/html", "text/markdown")]
    for number, words in enumerate(expected):
        text = outputs.nth(number).evaluate(TEXT_OF)
        assert squeezed(text) == squeezed("".join(escaped(word, 2000) for word in words))
        expect(outputs.nth(number).locator(MATHEMATICS)).to_have_count(0)
    check_preview(outputs.nth(len(expected)))
    for number in (1, 2):
        expect(outputs.nth(len(expected) + number).locator(MATHEMATICS).first).to_be_attached()
    count = len(pages())
    expect(cells).to_have_count(count + 1)
    expect(cells.nth(count).locator(MATHEMATICS).first).to_be_attached()
    assert [cells.nth(n).locator(MATHEMATICS).all_text_contents() for n in range(count)] == [[]] * count


def check_preview(output):
    expect(output.locator(MATHEMATICS)).to_have_count(0)
    assert output.locator("td", has_text="Hello").evaluate(COPIED) == POST
    assert re.search(r"\$0\.015 for a post$", output.locator("td", has_text="for a post").evaluate(COPIED))


@pytest.mark.parametrize("jupyter", ["jupyterlab", "notebook"], indirect=True)
def test_in_front_ends(jupyter, page, preview):
    """As a notebook that was sent shows it, through the sanitizer; and what is run."""
    last = (*LIVE, *UNMARKED)
    notebook = document(preview, *last)
    nbformat.write(notebook, jupyter.folder / "a.ipynb")
    jupyter.open(page, "a.ipynb")
    expect(page.locator(".jp-MarkdownCell .jp-RenderedMarkdown:not(:empty)")).to_have_count(len(pages()) + 1)
    code = page.locator(".jp-CodeCell")
    first_run = len(notebook.cells) - len(pages()) - 1 - len(last)
    for number in range(first_run, first_run + len(last)):
        jupyter.run_cell(page, number)

    drop(page, (jupyter.folder / "sandbox-auth.json").read_text(), f"{POST}.json")
    panel = page.locator(".oint-form")
    expect(panel).to_contain_text(f"{POST}.json")
    # What was drawn before these is typeset before these.
    for number in (3, 4):
        output = code.nth(first_run + number).locator(".jp-OutputArea-output")
        expect(output.locator(MATHEMATICS).first).to_be_attached()
    check(code.locator(".jp-OutputArea-output"), page.locator(".jp-MarkdownCell .jp-RenderedMarkdown"))
    check_preview(code.nth(first_run + 1).locator(".jp-OutputArea-output"))
    expect(panel.locator(MATHEMATICS)).to_have_count(0)
    expect(page.locator(".tex2jax_ignore.mathjax_ignore > .oint-form")).to_have_count(1)


def mathjax():
    """Return the address of the MathJax 2 that Jupyter's own servers use; a page of nbconvert's loads it from elsewhere."""
    folder = Path(importlib.util.find_spec("jupyter_server_mathjax").origin).parent
    return f"{(folder / 'static' / 'MathJax.js').as_uri()}?config=TeX-AMS-MML_HTMLorMML-full,Safe"


@pytest.mark.parametrize(("template", "outputs", "cells"), [
    ("lab", ".jp-OutputArea-output", ".jp-MarkdownCell .jp-RenderedMarkdown"),
    ("classic", ".output_subarea", ".text_cell_render"),
])  # fmt: skip
def test_in_pages_of_nbconvert(page, preview, tmp_path, template, outputs, cells):
    nbformat.write(document(preview), tmp_path / "a.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", f"--template={template}"]
    subprocess.run(
        [*command, f"--HTMLExporter.mathjax_url={mathjax()}", tmp_path / "a.ipynb"], check=True, capture_output=True
    )
    page.goto((tmp_path / "a.html").as_uri())
    expect(page.locator(cells).last.locator(MATHEMATICS).first).to_be_attached()
    page.evaluate("new Promise((done) => MathJax.Hub.Queue(() => done()))")

    check(page.locator(outputs), page.locator(cells))
