"""The README and the pages say what is there, and every block of code in them runs."""

import re
import runpy
from pathlib import Path

import pytest
from IPython.utils.capture import capture_output
from posts_material import png

from oint_magics import errors, settings, twitter
from oint_magics.http import endpoints
from oint_magics.notebook.magic_table import MAGICS

ROOT = Path(__file__).parent.parent
PAGES = {path.name: path.read_text("utf-8") for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
README = PAGES["README.md"]
BLOCK = re.compile(r"^```(\S*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_readme_is_one_screen_or_two():
    assert len(README.splitlines()) <= 120


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_two_commands_stand_on_the_first_screen(command):
    """With what each does and how long it takes."""
    (line,) = [line for line in README.splitlines()[:24] if line.startswith(f"| `{command}` |")]

    assert re.search(r"second|minute", line.split("|")[3])
    assert f"\n{command.removeprefix('make ')}:" in (ROOT / "Makefile").read_text("utf-8")


def test_no_address_is_a_placeholder():
    for name, text in PAGES.items():
        assert not re.search(r"://…", text), name


@pytest.mark.parametrize("usage", MAGICS.values(), ids=list(MAGICS))
def test_each_magic_stands_with_all_that_it_takes(usage):
    assert usage.text in README.replace("\\|", "|")


def test_each_setting_stands_there_and_no_other():
    modules = (settings.__file__, endpoints.__file__)
    read = {name for module in modules for name in re.findall(r"\bOINT_\w+", Path(module).read_text("utf-8"))}

    assert set(re.findall(r"OINT_\w+", PAGES["stores.md"])) == read


def test_each_link_leads_to_a_file():
    for name, text in PAGES.items():
        folder = ROOT if name == "README.md" else ROOT / "docs"
        for path in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            assert (folder / path).exists(), f"{name}: {path}"


def test_each_file_that_is_named_is_there():
    for name, text in PAGES.items():
        for path in re.findall(r"`((?:tests|benchmarks|notebooks|docs)/[\w./-]+)`", text):
            assert (ROOT / path).exists(), f"{name}: {path}"


def test_the_page_of_errors_has_each_of_them():
    page = runpy.run_path(str(ROOT / "docs" / "conf.py"))["error_page"]()
    found = re.findall(r"^\| `(\w+)` \| (.*) \| (.*) \|$", page, re.MULTILINE)
    names = {name for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, BaseException)}

    assert page == (ROOT / "docs" / "errors.md").read_text("utf-8"), "make docs writes it anew"
    assert {name for name, _, _ in found} == names
    assert [name for name, _, _ in found] == sorted(names)
    assert all(about for _, about, _ in found)
    for kind in (errors.ExchangeError, errors.StoreError, errors.AuthError, errors.LoginError):
        for each in kind.__subclasses__():
            assert each.became, each


def test_the_table_it_shows_is_the_table_one_sees(sandbox, auth_file):
    shown = README.split("answers with a table:\n\n```\n")[1].split("```")[0].splitlines()

    seen = str(twitter.refresh(auth_file("sandbox-auth.json"))).splitlines()

    assert seen[0] == shown[0]
    assert [line[:15] for line in seen] == [line[:15] for line in shown]


@pytest.mark.parametrize("name", [name for name, text in PAGES.items() if "```python" in text])
def test_python_runs(sandbox, auth_file, name):
    auth_file()
    twitter.keep(sandbox.issue(), "profile:old")
    twitter.refresh("auth.json")

    for kind, block in BLOCK.findall(PAGES[name]):
        if kind == "python":
            exec(compile(block, name, "exec"), {})


def cells(text):
    """Return the cells of a page: a prompt's lines are cells of their own, and so are a block's magics."""
    for kind, block in BLOCK.findall(text):
        if kind:
            continue
        if block.startswith("In ["):
            yield from re.sub(r"(?m)^In \[\d+\]: ", "", block).splitlines()
        elif block.startswith("%"):
            yield from block.splitlines()
        elif block.startswith("oint "):
            yield block


@pytest.mark.parametrize("name", [name for name, text in PAGES.items() if [*cells(text)]])
def test_cells_run(sandbox, shell, auth_file, monkeypatch, name, request):
    """In a shell where nobody is; what wants somebody says so."""
    if "shared:" in "".join(cells(PAGES[name])):
        request.getfixturevalue("team")
    auth_file()
    Path("chart.png").write_bytes(png())
    twitter.keep(sandbox.issue(), "profile:old")
    try:
        for cell in cells(PAGES[name]):
            with capture_output() as captured:
                result = shell.run_cell(cell)
            error = result.error_in_exec or result.error_before_exec
            assert error is None or isinstance(error, errors.NotInteractive), f"{cell}: {captured.stdout}"
            if "%twitter_auth" in cell or "%twitter_login" in cell:
                twitter.keep(sandbox.issue(), "profile:default", replace=True)  # What a person gets from it.
    finally:
        shell.run_cell("%twitter_sandbox stop")
