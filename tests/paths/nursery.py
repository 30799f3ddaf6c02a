"""Forks a process for each line that it reads, imports done and the shim loaded; says how it ended.

A line is JSON: the folder to be in, the environment, the source, and the trap: when, what, with which errno.
"""

import ctypes
import itertools
import json
import os
import sys

import cryptography.fernet  # noqa: F401
import psycopg  # noqa: F401

from oint_magics import twitter
from oint_magics.http import token_post  # noqa: F401
from oint_magics.twitter import calls  # noqa: F401

shim = ctypes.CDLL(os.environ["LD_PRELOAD"])


def child(order, pipe):
    os.chdir(order["folder"])
    os.environ.update(order["environment"])
    shim.shim_arm(*order["trap"])
    try:
        twitter.refresh(order["source"])
        said = "table"
    except BaseException as error:
        said = f"{type(error).__name__}: {error}"
    count, grew = shim.shim_count(), list(iter(map(shim.shim_grew, itertools.count()).__next__, 0))
    shim.shim_arm(0, 0, 0)
    os.write(pipe, json.dumps({"said": said, "count": count, "grew": grew}).encode())
    os._exit(0)


for line in sys.stdin:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        child(json.loads(line), writer)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read()
    os.waitpid(pid, 0)
    print(told or json.dumps({"said": "killed", "count": 0}), flush=True)
