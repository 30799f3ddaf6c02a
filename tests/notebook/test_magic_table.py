"""A magic that is added to the table is covered: registered, helped, completed, and no secret in its line is shown."""

import json

import pytest
from field.test_lines import run

from oint_magics.errors import OintError, UsageError
from oint_magics.notebook.choices import offered
from oint_magics.notebook.magic_table import MAGICS, OPTIONS, Magic

SECRET = "MARK3ER5ecretOfForty0Characters0000000003"
AUTH = json.dumps({"client_id": "CI", "refresh_token": SECRET}, indent=1)
PROBE = Magic(
    "twitter_probe",
    '%twitter_probe "NOTE" [--auth SOURCE] [--deep]',
    "Probe an account.",
    "commands.me",
    "NOTE  what it is about\n",
    values=("--auth",),
    flags=("--deep",),
)
NOTE = PROBE._replace(name="twitter_jot", words=("text",), text_name="text", is_cell=True, text="%twitter_jot TEXT")


@pytest.fixture
def probed(shell, monkeypatch):
    """The shell with two magics more in the table."""
    for name in ("TOKEN", "API", "REVOKE", "AUTHORIZE"):  # What is made up here goes to no server.
        monkeypatch.setenv(f"OINT_TWITTER_{name}_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("OINT_TWITTER_TIMEOUT", "1")
    monkeypatch.setitem(MAGICS, PROBE.name, PROBE)
    monkeypatch.setitem(MAGICS, NOTE.name, NOTE)
    shell.run_line_magic("reload_ext", "oint_magics")
    yield shell
    shell.run_line_magic("unload_ext", "oint_magics")


def test_it_is_registered_and_helped(probed):
    for kind, name in (("line", "twitter_probe"), ("line", "twitter_jot"), ("cell", "twitter_jot")):
        assert probed.magics_manager.magics[kind][name].__doc__.startswith("Probe an account.\n\n    %twitter_")
    assert "twitter_probe" not in probed.magics_manager.magics["cell"]


def test_tab_knows_its_options(probed):
    assert [each.text for each in offered("x = %twitter_probe ", {}).choices] == ["--auth", "--deep"]


@pytest.mark.parametrize("mode", ["Plain", "Context", "Verbose"])
@pytest.mark.parametrize("cell", [
    f"%twitter_probe --auth {AUTH}\n1/0", f"1/0\n%twitter_probe --auth {AUTH}", f"twitter_probe --auth {AUTH}", f"%tiwtter_probe --auth {AUTH}",
    f"x = %twitter_probe --auth {AUTH}\nundefined", f"%time %twitter_probe {AUTH}", f"%twitter_prob --auth {AUTH[:-1]}", f"twitter_probe {AUTH}",
    f"%twitter_jot --auth {AUTH}\n1/0", f"%%twitter_probe --auth {AUTH}\nx", f"%time twitter_probe --auth {AUTH[:-3]}\n1/0", f"# %twitter_probe --auth {AUTH}",
])  # fmt: skip
def test_nothing_of_its_line_is_shown(probed, mode, cell):
    probed.run_line_magic("xmode", mode)

    said = run(probed, cell)[2] + run(probed, "%tb")[2]

    assert not [n for n in range(31) if SECRET[n : n + 10] in said], said


def test_its_text_is_the_cell_below_it(probed):
    from oint_magics.notebook.inline import take_out

    body = f'%%twitter_jot --auth auth.json\nuse {{"refresh_token": "{SECRET}"}}\n'.splitlines(keepends=True)

    assert take_out(body) == body


def test_each_option_says_what_it_is():
    assert {option for magic in MAGICS.values() for option in magic.values + magic.flags} == set(OPTIONS)


def test_each_row_names_a_command_that_is_there():
    from importlib import import_module

    for magic in MAGICS.values():
        module, _, name = magic.command.rpartition(".")
        assert callable(getattr(import_module(f"oint_magics.notebook.{module}"), name))


def test_a_wrong_line_names_the_usage(probed):
    _, error, _ = run(probed, "%twitter_probe --wrong")

    assert isinstance(error, UsageError)
    assert isinstance(error, OintError)
    assert PROBE.text in str(error)
