"""What becomes of an error at the edge: ours, or the caller's own."""

import importlib.metadata
import os
import re
import signal
import subprocess
import sys
import tomllib
from http import HTTPStatus
from pathlib import Path

import pytest
import requests

from oint_magics import errors, twitter
from oint_magics.error_boundary import error_boundary
from oint_magics.packages import PACKAGES

MARK = "MARKER5ecret"


def test_an_error_of_an_enumeration_is_not_the_caller_s():
    """The system's own handlers are members of one; its class stands in the traceback of every failed look-up."""
    with pytest.raises(errors.InternalError) as caught:
        error_boundary(lambda: HTTPStatus(MARK))()
    assert MARK not in str(caught.value)


class Handler:
    def __call__(self, *_):
        raise LookupError("mine")


def test_a_handler_that_is_an_object_is_the_caller_s():
    before = signal.signal(signal.SIGUSR1, Handler())
    try:
        with pytest.raises(LookupError, match="mine"):
            error_boundary(lambda: signal.raise_signal(signal.SIGUSR1))()
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize(
    ("module", "package"),
    [("filetype", "filetype"), ("dotenv", "python-dotenv"), ("anywidget", "anywidget"), ("pkg_resources", "pkg_resources")],
)  # fmt: skip
def test_a_package_that_is_missing_is_named(monkeypatch, module, package):
    for name in [each for each in sys.modules if each.split(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(errors.PackageMissing) as caught:
        error_boundary(lambda: __import__(module))()

    assert str(caught.value) == (
        f"The Python package {package} is missing.\nCause: it is not installed here.\nNext:  %pip install {package}"
    )


def test_a_package_that_is_missing_in_a_public_call(monkeypatch, sandbox, auth_file):
    """Nothing is sent, nothing is called a bug."""
    Path("picture.bin").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    monkeypatch.setitem(sys.modules, "filetype", None)
    auth = auth_file()

    with pytest.raises(errors.PackageMissing, match="filetype is missing"):
        twitter.post("A picture", auth=auth, media="picture.bin")

    assert sandbox.posts.tried == 0


def test_each_package_we_stand_on_is_named_as_it_is_installed():
    """A module of another name than its package would send somebody to a stranger's package."""
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    ours = {name_of(words) for words in sum(extras, project["dependencies"])}
    for module, found in importlib.metadata.packages_distributions().items():
        packages = {*map(name_of, found)}
        if ours & packages and not module.startswith("_"):
            assert name_of(PACKAGES.get(module, module)) in packages, module


def name_of(words):
    return re.match(r"[\w.-]*\w", words)[0].lower().replace("_", "-")


@pytest.mark.parametrize(
    ("error", "first", "step"),
    [
        (ImportError("cannot import name 'x' from 'requests'", name="requests", path=requests.__file__), "The Python package requests cannot", "--force-reinstall requests"),
        (ModuleNotFoundError("No module named 'requests.x'", name="requests.x"), "The Python package requests cannot", "--force-reinstall requests"),
        (ModuleNotFoundError("No module named '_sqlite3'", name="_sqlite3"), "Python's own module _sqlite3 cannot", "another Python"),
        (ModuleNotFoundError("No module named 'oint_magics.new'", name="oint_magics.new"), "oint_magics cannot import a part", "restart the kernel"),
    ],
)  # fmt: skip
def test_what_cannot_be_imported(error, first, step):
    def fail():
        raise error

    with pytest.raises(errors.PackageMissing) as caught:
        error_boundary(fail)()

    assert caught.value.what.startswith(first)
    assert step in caught.value.next_step


@pytest.mark.parametrize("name", [None, "", f"{MARK} 1", f"{MARK}!", f"/{MARK}", MARK * 20])
def test_what_is_no_name_of_a_module_is_not_shown(name):
    def fail():
        raise ImportError(MARK, name=name)

    with pytest.raises(errors.InternalError) as caught:
        error_boundary(fail)()

    assert MARK not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("secrets", "twitter.authorization_link({'client_id': 'a' * 34, 'redirect_uri': 'http://127.0.0.1/'})"),
        ("platformdirs", "sys.platform = 'darwin'; twitter.status()"),  # Linux's place for data is known without it.
        ("requests", "twitter.session(Sandbox().issue())"),
        ("urllib3", "twitter.session(Sandbox().issue())"),
    ],
)
def test_a_file_of_the_user_s_in_place_of_a_module(name, call):
    """Beside a notebook, Python takes it for the module of that name."""
    Path(f"{name}.py").write_text("TOKEN = 'x'\n")
    code = f"""
import sys
sys.path[1:1] = {sys.path!r}
from oint_magics import twitter
if {name != "secrets"}:
    from oint_magics.sandbox import Sandbox
{call}
"""
    env = {key: value for key, value in os.environ.items() if key != "OINT_HOME"}

    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, env=env)

    assert f"PackageMissing: The Python package {name} cannot be imported." in done.stderr
    assert f"{name}.py in this folder has the same name." in done.stderr
