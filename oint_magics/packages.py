"""A module that cannot be imported, in words: which package is missing, and the command that brings it."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from oint_magics.errors import PackageMissing

# The packages whose module has another name.
PACKAGES = {"dotenv": "python-dotenv", "socks": "pysocks", "yaml": "pyyaml"}


def module_of(error: Exception) -> str | None:
    """Return the name of the module that could not be imported, or that is a file of the user's instead.

    Args:
        error: any error; `None` is returned for one that comes from elsewhere.
    """
    if isinstance(error, ImportError):
        # No module that is imported here has a name that was typed.
        name = (error.name or "").split(".")[0]
        return name if name.isascii() and name.isidentifier() and len(name) <= 100 else None
    if isinstance(error, AttributeError) and isinstance(error.obj, ModuleType) and _file_here(error.obj.__name__):
        return error.obj.__name__
    return None


def not_imported(module: str) -> PackageMissing:
    """Return the error for a module that cannot be imported, with the command that helps.

    Args:
        module: its name, without those of its parts.
    """
    package = PACKAGES.get(module, module)
    what, cause = f"The Python package {package} cannot be imported.", "it is damaged, or its version is wrong."
    step = f"%pip install --upgrade --force-reinstall {package}, and restart the kernel"
    if module == "oint_magics":
        what, cause = "oint_magics cannot import a part of itself.", "it is damaged, or another version was installed."
        step = "restart the kernel; if that does not help, install oint_magics again"
    elif file := _file_here(module):
        cause, step = f"{file} in this folder has the same name.", f"rename {file}, and restart the kernel"
    elif module in sys.stdlib_module_names:
        what, cause = f"Python's own module {module} cannot be imported.", "this Python was built without it."
        step = "use another Python"
    elif sys.modules.get(module) is None and find_spec(module) is None:
        what, cause = f"The Python package {package} is missing.", "it is not installed here."
        step = f"%pip install {package}"
    return PackageMissing(what, cause=cause, next_step=step)


def _file_here(module: str) -> str | None:
    """Return the name of the file that a module was imported from, if it is in the current folder."""
    try:
        path = Path(getattr(sys.modules.get(module), "__file__", None) or "").absolute()
        return path.name if path.parent == Path.cwd() else None
    except OSError:  # The current folder is no more.
        return None
