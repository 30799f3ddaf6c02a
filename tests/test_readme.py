"""The README says what is there, and shows what a reader will see."""

import os
import re
from pathlib import Path

import pytest

from oint_magics import errors, settings, twitter
from oint_magics.http import endpoints
from oint_magics.notebook.usage import USAGES

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("usage", USAGES.values(), ids=list(USAGES))
def test_each_magic_stands_with_all_that_it_takes(usage):
    assert usage.text in TEXT.replace("\\|", "|")


def test_each_error_of_its_table_exists():
    names = re.findall(r"`([A-Z]\w+)`", TEXT.split("| error |")[1].split("\n\n")[0])

    assert len(names) >= 10
    assert all(issubclass(getattr(errors, name), errors.OintError) for name in names)


def test_each_setting_stands_there_and_no_other():
    modules = (settings.__file__, endpoints.__file__)
    read = {name for module in modules for name in re.findall(r"\bOINT_\w+", Path(module).read_text("utf-8"))}

    assert set(re.findall(r"OINT_\w+", TEXT)) == read


def test_each_file_it_points_to_is_there():
    for path in re.findall(r"\]\((docs/[^)]+)\)|`(notebooks/[^`]+)`", TEXT):
        assert (ROOT / next(filter(None, path))).exists()


def test_the_table_it_shows_is_the_table_one_sees(monkeypatch, raw, auth):
    """Row names and their order, as in the first screen."""
    import json

    from raw_server import answer

    shown = TEXT.split("Out[2]:\n")[1].split("```")[0].splitlines()
    pair = {
        "token_type": "bearer",
        "expires_in": 7200,
        "access_token": "a" * 40,
        "scope": "x",
        "refresh_token": "b" * 40,
    }
    monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", raw(answer("200 OK", json.dumps(pair).encode())).url)
    Path("auth.json").write_text(json.dumps(auth | {"expires_at": 1}))
    os.chmod("auth.json", 0o600)

    seen = str(twitter.refresh("auth.json")).splitlines()

    assert seen[0] == shown[0]
    assert [line[:15] for line in seen[1:]] == [line[:15] for line in shown[1:]]


def test_its_python_runs(sandbox, auth_file):
    auth_file()
    twitter.keep(sandbox.issue(), "profile:old")

    for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL):
        exec(compile(block, "README.md", "exec"), {})
