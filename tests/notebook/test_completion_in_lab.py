"""The same positions in a real JupyterLab: Tab is pressed, and what the list shows is read."""

import json
import re

import lab
from patience import LONG_MS, wait_for
from positions import POSITIONS, READS

SETUP = """%load_ext oint_magics
import json, pathlib
from oint_magics import twitter
from oint_magics.sandbox import Sandbox
server = Sandbox()
for name in ("profile:work",):
    twitter.keep(server.issue(), name)
pathlib.Path("a folder").mkdir()
for name in ("mine.json", "my app.json", "a folder/deep.json"):
    size = pathlib.Path(name).write_text(json.dumps(server.issue()))
mine = server.issue()
posted = twitter.post("Hello", auth="mine.json")"""
# One that fits alone is put in without a list.
LISTED = {line: texts for line, texts in POSITIONS.items() if len(texts) > 1}
TYPED = """(text) => {
  const panel = [...jupyterapp.shell.widgets("main")].find((widget) => widget.sessionContext);
  const cell = panel.content.widgets[1];
  panel.content.activeCellIndex = 1;
  panel.content.mode = "edit";
  cell.model.sharedModel.setSource(text);
  cell.editor.focus();
  const lines = text.split("\\n");
  cell.editor.setCursorPosition({line: lines.length - 1, column: lines.at(-1).length});
}"""


def test_what_the_list_shows(jupyter, page):
    folder = jupyter.folder / "completion"
    folder.mkdir()
    lab.notebook(folder / "a.ipynb", SETUP, "")
    jupyter.open(page, "completion/a.ipynb")
    jupyter.run_cell(page, 0)
    items = page.locator(".jp-Completer-item:visible")
    for line, texts in LISTED.items():
        page.evaluate(TYPED, line)
        page.keyboard.press("Tab")
        items.first.wait_for(timeout=LONG_MS)

        def ours(line=line, texts=texts):
            """JupyterLab lists the words of the editor too, behind what the kernel offers."""
            shown = [
                re.sub("^[\"']|[\"']$", "", each) for each in page.locator(".jp-Completer-match").all_inner_texts()
            ]
            return [each for each in shown if each in texts or each not in line]

        wait_for(lambda: sorted(ours()) == sorted(texts), lambda: f"{line}: {json.dumps(ours())}")
        page.keyboard.press("Escape")
        items.first.wait_for(state="hidden", timeout=LONG_MS)


READ = """() => {
  const panel = [...jupyterapp.shell.widgets("main")].find((widget) => widget.sessionContext);
  return panel.content.widgets[1].model.sharedModel.getSource();
}"""


def test_what_the_list_shows_in_a_read(jupyter, page):
    folder = jupyter.folder / "completion-of-reads"
    folder.mkdir()
    lab.notebook(folder / "a.ipynb", "%load_ext oint_magics\nfrom oint_magics import twitter", "")
    jupyter.open(page, "completion-of-reads/a.ipynb")
    jupyter.run_cell(page, 0)
    items = page.locator(".jp-Completer-item:visible")
    for text, there, other in READS:
        page.evaluate(TYPED, text)
        page.keyboard.press("Tab")

        def shown():
            return page.locator(".jp-Completer-match:visible").all_inner_texts()

        def is_there(text=text, there=there):
            """One that fits alone is put in without a list."""
            source = page.evaluate(READ)
            return there in [each.strip("\"'") for each in shown()] or (source != text and there in source)

        wait_for(is_there, lambda text=text: f"{text}: {json.dumps(shown()[:20])}, {page.evaluate(READ)}")
        assert other not in shown()
        page.keyboard.press("Escape")
        wait_for(lambda: not items.count(), "the list stays")
