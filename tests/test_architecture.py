"""What ARCHITECTURE.md says of the code is so."""

import collections
import re
from pathlib import Path

import pytest

from oint_magics import twitter
from oint_magics.stores import file, journal, log_file, write_ahead

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
TREE = TEXT.split("## The tree")[1].split("```")[1]


def folders():
    """Return the text of the tree about each folder; blank for the package itself."""
    found, folder = collections.defaultdict(str), ""
    for line in TREE.splitlines():
        named = re.match(r"  (\w+)/", line)
        if named:
            folder = named[1]
        elif re.match(r"  \w", line):
            folder = ""
        found[folder] += line + "\n"
    return found


def test_the_tree_names_every_file():
    tree = folders()
    # The sandbox shares no code with the rest, and is one line there.
    paths = [path for path in (ROOT / "oint_magics").rglob("*.*") if path.suffix in (".py", ".js", ".txt", ".css")]
    missing = [
        str(path.relative_to(ROOT))
        for path in paths
        for folder in [path.parent.name if path.parent.name != "oint_magics" else ""]
        if folder != "sandbox" and not (path.name == "__init__.py" and folder)
        and not re.search(rf"\b{re.escape(path.name)}", tree[folder])
    ]  # fmt: skip
    assert missing == []


def test_every_file_in_the_tree_is_there():
    named = {(folder, name) for folder, text in folders().items() for name in re.findall(r"\b\w+\.(?:py|js)\b", text)}
    assert [each for each in sorted(named) if not (ROOT / "oint_magics" / each[0] / each[1]).exists()] == []


def test_what_it_points_to_is_there():
    paths = set(re.findall(r"`((?:tests|benchmarks)/[\w/]+(?:\.py)?)/?`", TEXT))
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_each_format_number_is_where_it_says(home):
    import importlib

    for module, name in set(re.findall(r"\| `(\w+)\.(\w*FORMAT)` \|", TEXT)):
        assert isinstance(getattr(importlib.import_module(f"oint_magics.stores.{module}"), name), int)


@pytest.fixture
def counts(monkeypatch):
    found = collections.Counter()

    def count(owner, name, label):
        really = getattr(owner, name)

        def counted(*words, **options):
            found[label] += 1
            return really(*words, **options)

        monkeypatch.setattr(owner, name, counted)

    count(file.FileStore, "_bytes", "reads the file")
    count(write_ahead.ExchangeRecord, "looked_up", "looks for a record")
    count(journal.Journal, "known", "asks the log")
    count(log_file, "_lines", "the log is read")
    return found


def test_a_plain_refresh_looks_as_often_as_it_says(auth_file, counts):
    auth_file()
    twitter.refresh("auth.json")
    counts.clear()
    twitter.refresh("auth.json")

    said = {
        words: int(number)
        for words, number in re.findall(r"(reads the file|looks for a record|asks the log|the log is read) (\d)", TEXT)
    }
    assert dict(counts) == said
