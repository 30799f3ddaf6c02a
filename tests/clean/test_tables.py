"""Rows and data sets in the libraries that people take them to, each in an environment of its own.

pyarrow is not among our own packages: with it, pandas keeps texts in another way.
"""

import json
import shutil
import sys
from pathlib import Path

import pytest
from fresh import Environment

HERE = Path(__file__).parent
TIME = {"pandas, rows.frame()": "datetime64[us, UTC]", "polars, of the frame": "Datetime(time_unit='us', time_zone='UTC')",
        "pyarrow, of the frame": "timestamp[us, tz=UTC]", "duckdb, of the frame": "TIMESTAMP WITH TIME ZONE"}  # fmt: skip


@pytest.fixture
def made(wheel, tmp_path_factory):
    """Make an environment with the wheel and some packages."""
    folders = []

    def make(*packages):
        folders.append(tmp_path_factory.mktemp("tables"))
        environment = Environment(folders[-1], sys.executable)
        environment.pip("install", "--quiet", "--no-compile", wheel, *packages)
        return environment

    yield make
    for folder in folders:
        shutil.rmtree(folder)  # Hundreds of megabytes.


def test_four_libraries_take_the_rows(made):
    environment = made("pandas>=3", "polars>=2", "pyarrow", "duckdb")

    number, tables = json.loads(environment.run("-I", HERE / "as_tables.py").splitlines()[-1])

    for name, release, count, types in tables:
        print(f"{name} {release}: {', '.join(types)}")
        assert (name, count) == (name, number)
        assert types[1] == TIME.get(name, types[1])
    assert len(tables) == 8


def test_twarc_and_its_csv_take_a_data_set(made):
    environment = made("twarc", "twarc-csv", "pandas<3", "setuptools<81")  # twarc imports pkg_resources

    number, found = json.loads(environment.run("-I", HERE / "as_tables.py", "twarc").splitlines()[-1])

    assert [(name, count) for name, _, count, _ in found] == [("twarc2 flatten", number), ("twarc-csv", number)]
