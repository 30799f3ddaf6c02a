"""A process of another user: everything is imported by root, for whom Python's own folder may be closed to others."""

import json
import os
import subprocess
import sys

import pytest

NOBODY = 54321
CODE = """
import json, os, sys, logging, importlib, pkgutil
import oint_magics, requests, platformdirs
for package in ("auth", "oauth", "http", "display", "stores", "tokens", "api", "login", "accounts", "twitter"):
    importlib.import_module("oint_magics." + package)
    for each in pkgutil.iter_modules([os.path.join(os.path.dirname(oint_magics.__file__), package)]):
        try: importlib.import_module(f"oint_magics.{package}.{each.name}")
        except ImportError: pass
from oint_magics import errors, twitter
from oint_magics.sandbox import Sandbox
warm = Sandbox()
os.environ["OINT_HOME"] = sys.argv[2]
twitter.refresh(warm.issue())
warm.stop()
environment = json.loads(sys.argv[1])
os.environ.update(environment)
for name in ("OINT_HOME", "HOME"):
    if name not in environment: os.environ.pop(name, None)
uid, gid = int(sys.argv[3]), int(sys.argv[4])
os.setgroups([]); os.setresgid(gid, gid, gid); os.setresuid(uid, uid, uid)
def said(call):
    try: return str(call())
    except errors.OintError as error: return f"{type(error).__name__}: {error}"
"""


def run(code, folder, tmp_path, *, uid=NOBODY, gid=NOBODY, is_theirs=True, **environment):
    """Run code as that user in a folder of theirs; return the lines that it printed as JSON.

    Args:
        code: what to run; `said(call)` gives the table, or the error's lines.
        folder: where; it becomes the user's.
        tmp_path: where root warms up.
        uid: the user.
        gid: their only group.
        is_theirs: whether the folder becomes theirs; else it stays as it is.
        environment: what is set; `HOME` and `OINT_HOME` are not, unless they are here.
    """
    if not hasattr(os, "seteuid") or os.geteuid() != 0:
        pytest.skip("only root can become another user")
    for path in [folder, *folder.rglob("*")] if is_theirs else ():
        os.chown(path, uid, gid)
    words = [
        sys.executable,
        "-c",
        f"{CODE}\n{code}",
        json.dumps(environment),
        str(tmp_path / "warm"),
        str(uid),
        str(gid),
    ]
    found = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    return [json.loads(line) for line in found.stdout.splitlines()]
