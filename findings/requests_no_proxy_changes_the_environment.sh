#!/usr/bin/env bash
# requests 2.34.2: a request whose `proxies` has the key "no_proxy" sets the environment variable no_proxy of the whole
# process for a moment, while it asks the system whether to bypass a proxy. Other threads, and programs that they start
# meanwhile, see it; what a user had set there comes back afterwards.
# Seen: inside of the look, os.environ["no_proxy"] is the value of this one request; before and after, the user's.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check requests==2.34.2
no_proxy=the.users.own "$work/venv/bin/python" - <<'PY'
import os
import threading

import requests.utils

inside, go_on = threading.Event(), threading.Event()


def look(host):
    """What requests asks on every system: here it only waits, so that another thread can look round."""
    inside.set()
    go_on.wait(60)
    return False


requests.utils.proxy_bypass = look
session = requests.Session()
thread = threading.Thread(
    target=session.merge_environment_settings,
    args=("http://www.example.org/", {"no_proxy": "of.one.request"}, None, None, None),
)
before = os.environ["no_proxy"]
thread.start()
inside.wait(60)
meanwhile = os.environ["no_proxy"]
go_on.set()
thread.join()
print(f"before: {before}; meanwhile, in another thread: {meanwhile}; after: {os.environ['no_proxy']}")
assert (before, meanwhile, os.environ["no_proxy"]) == ("the.users.own", "of.one.request", "the.users.own"), "it has changed"
PY
