"""The documentation's settings: Sphinx, myst-nb, furo. Two parts are made anew each time: the tutorials, the errors."""

import inspect
import re
import shutil
from pathlib import Path

from oint_magics import errors
from oint_magics.oauth import cause_rows
from oint_magics.oauth.cause import ALL, API, TOKEN

HERE = Path(__file__).parent
_ABOUT = """A message says what happened, the cause, and the next command. Its type says what became of the old refresh
token. All are in `oint_magics.errors`; each is an `OintError`, except `Stopped`, which is a `KeyboardInterrupt`."""
project = "oint_magics"
copyright = "the oint_magics maintainers"  # noqa: A001 - Sphinx' own name
extensions = ["myst_nb"]
exclude_patterns = ["pictures", "_build", "README.md"]
suppress_warnings = ["mystnb.unknown_mime_type"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
nb_execution_mode = "off"
html_theme = "furo"
html_title = "oint_magics"
html_copy_source = False
html_show_sourcelink = False
# Their blocks hold magics, prompts and placeholders: no language of Pygments' is all of them.
highlight_language = "none"


def tutorials():
    """Copy the notebooks here, without what a run of them left."""
    folder = HERE / "tutorials"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path in sorted((HERE.parent / "notebooks").glob("*.ipynb")):
        (folder / path.name).write_text(path.read_text("utf-8").replace("../docs/", "../"), "utf-8")


def error_page():
    """Return the page of all errors, from the classes and the tables that the code itself uses."""
    classes = [each for _, each in inspect.getmembers(errors, inspect.isclass) if each.__module__ == errors.__name__]
    lines = ["# Errors A–Z", "", _ABOUT, ""]
    lines += ["## By type", "", "| error | when | the old refresh token |", "|:--|:--|:--|"]
    for each in sorted(classes, key=lambda each: each.__name__):
        first = inspect.getdoc(each).split("\n\n")[0].replace("\n", " ")
        lines.append(f"| `{each.__name__}` | {first} | {getattr(each, 'became', '')} |")
    lines += [
        "",
        "## What X says",
        "",
        "A row is found by X's own words, else by the error code, else by the status.",
        "",
    ]
    lines += ["| X's words | at | type | cause | next |", "|:--|:--|:--|:--|:--|"]
    for row in cause_rows.ROWS:
        calls = "any call" if len(row.calls) == len(ALL) else ", ".join(row.calls)
        kinds = [f"`{row.kind.__name__}`"] * bool(set(row.calls) & set(TOKEN))
        kinds += ["`CallError`"] * bool(set(row.calls) & set(API))
        lines.append(f"| {row.says} | {calls} | {', '.join(kinds)} | {_code(row.cause)} | {_code(row.next_step)} |")
    return "\n".join(lines) + "\n"


def _code(text):
    """Mark magics as code, and dollars, two of which would be mathematics."""
    return re.sub(r"(%twitter_\w+|\$\w*)", r"`\1`", text)


def setup(_):
    tutorials()
    (HERE / "errors.md").write_text(error_page(), "utf-8")
