"""What an import brings with it, and which way the imports run."""

import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "oint_magics"
HEAVY = (
    "IPython",
    "ipywidgets",
    "anywidget",
    "requests",
    "urllib3",
    "traitlets",
    "filelock",
    "platformdirs",
    "emoji",
    "typing",
    "json",
)


def loaded(code):
    """Return the names of the modules that a fresh process has loaded after some code."""
    found = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}; print(*sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(found.stdout.split())


@pytest.mark.parametrize("code", ["import oint_magics", "from oint_magics import twitter"])
def test_the_front_doors_bring_nothing_heavy(code):
    assert not loaded(code) & set(HEAVY)


def test_a_refresh_brings_no_notebook():
    modules = loaded("from oint_magics.http import token_post; from oint_magics.twitter import calls")

    assert not modules & {"IPython", "ipywidgets", "anywidget", "traitlets"}


def test_loading_the_extension_brings_only_the_magics():
    """No form, no value classes, no requests before a magic needs them."""
    shell = "from IPython.core.interactiveshell import InteractiveShell as S; s = S.instance()"
    more = loaded(f"{shell}; s.run_line_magic('load_ext', 'oint_magics')") - loaded(shell)

    ours = {name for name in more if name.startswith("oint_magics")}
    assert ours == {"oint_magics", "oint_magics.notebook", "oint_magics.notebook.completion",
                    "oint_magics.notebook.magics", "oint_magics.notebook.inline", "oint_magics.notebook.handles",
                    "oint_magics.notebook.secret_places", "oint_magics.notebook.cell_syntax", "oint_magics.notebook.magic_table",
                        "oint_magics.notebook.foreign_cells",
                    "oint_magics.notebook.oint_cells", "oint_magics.error_boundary", "oint_magics.api", "oint_magics.api.progress"}  # fmt: skip
    assert not more & {"requests", "ipywidgets", "anywidget"}


def test_only_what_makes_connections_names_requests():
    users = {p.parent.name for p in PACKAGE.rglob("*.py") if "import requests" in p.read_text("utf-8")}

    assert users == {"http"}


def test_modules_stay_small():
    """Median at most 120 lines, none over 400; two folders deep, never three."""
    sizes = sorted(len(path.read_text("utf-8").splitlines()) for path in PACKAGE.rglob("*.py"))

    assert sizes[len(sizes) // 2] <= 120
    assert sizes[-1] <= 400
    assert max(len(path.relative_to(PACKAGE).parts) for path in PACKAGE.rglob("*.py")) == 2
    assert not list(PACKAGE.rglob("util*.py"))
