"""What users install: the wheel with what it declares and no more, in each Python that this machine has.

Our own environments have more in them, and so hide what is not declared. None of these has setuptools, nor a pip: ours
installs into them.
"""

import json
import re
import shutil
from pathlib import Path

import matrix
import pytest
from fresh import Environment

from oint_magics.notebook.magic_table import MAGICS

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
README = (ROOT / "README.md").read_text("utf-8")
# Those that a program can run to their end: in another one a person logs in, in another one a person solves exercises.
NOTEBOOKS = ("01_first_refresh", "05_from_opi", "04_post", "03_explore")
# What the extras bring, and the library that a session can be made for.
OPTIONAL = {"keyring", "cryptography", "psycopg", "yaml", "httpx"}
NAMES = """
from importlib.metadata import distributions
print(*(each.name.lower().replace("_", "-") for each in distributions()))
"""
IMPORT_ALL = """
import importlib, pkgutil, oint_magics
print(oint_magics.__file__)
for each in pkgutil.walk_packages(oint_magics.__path__, "oint_magics."):
    try:
        each.name.endswith("__main__") or importlib.import_module(each.name)
    except ModuleNotFoundError as error:
        print(error.name)
"""


@pytest.fixture(scope="module", params=matrix.pythons(), ids=lambda path: Path(path).resolve().name)
def clean(request, wheel, tmp_path_factory):
    """An environment with the wheel and what it declares; the tests below add to it, one after another.

    Nothing is compiled before it is used: most of it never is.
    """
    folder = tmp_path_factory.mktemp("clean")
    environment = Environment(folder, request.param)
    environment.pip("install", "--quiet", "--no-compile", wheel)
    yield environment
    shutil.rmtree(folder)  # Hundreds of megabytes, of which pytest would keep those of three runs.


def add(environment, *words):
    new = sorted(set(words) - environment.added)
    if new:
        environment.pip("install", "--quiet", "--no-compile", *new)
        environment.added |= set(new)


def said_to_install(text):
    """Return the packages that a text tells its reader to install."""
    found = re.search(r"`%?pip install (?:\. )?([\w ]+)`", text)
    return found[1].split() if found else []


def test_it_needs_nothing_that_is_not_declared(clean):
    names = set(clean.run("-I", "-c", NAMES).split())
    assert "oint-magics" in names
    assert not names & {"setuptools", "pip", "wheel"}

    clean.pip("check")
    file, *missing = clean.run("-I", "-c", IMPORT_ALL).splitlines()
    assert "site-packages" in file
    assert set(missing) <= OPTIONAL


def test_the_help_of_each_magic(clean):
    cells = ["%load_ext oint_magics", *(f"%{name}?" for name in MAGICS)]

    found = json.loads(clean.run("-I", HERE / "in_ipython.py", given=json.dumps(cells)).splitlines()[-1])

    for each in found[1:]:
        assert each["error"] is None
        assert each["cell"].strip("?") in each["said"]
        assert "Docstring" in each["said"]


def test_the_lines_of_the_readme(clean):
    add(clean, *said_to_install(README))
    block = README.split("lines that work without an account")[1].split("```")[1]
    cells = re.findall(r"(?m)^In \[\d+\]: (.*)$", block)
    assert cells[0] == "%load_ext oint_magics"

    found = json.loads(clean.run("-I", HERE / "in_ipython.py", given=json.dumps(cells)).splitlines()[-1])

    assert not [each for each in found if each["error"]]
    assert "SANDBOX tokens" in found[2]["said"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_with_what_it_says_that_it_needs(clean, tmp_path, name):
    path = ROOT / "notebooks" / f"{name}.ipynb"
    add(clean, "nbclient", "ipykernel", *said_to_install(path.read_text("utf-8")))

    clean.run("-I", HERE / "in_nbclient.py", path, tmp_path)


def test_what_was_added_fits_together(clean):
    clean.pip("check")
