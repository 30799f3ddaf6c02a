"""A call by `twitter.session`, against one by a bare `requests.Session` with a fixed header: keep-alive, loopback."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests
from measure import show

from oint_magics import twitter

# In a process of its own, so that the client's work alone is what differs.
SERVER = """
import json, sys
from oint_magics.sandbox import Sandbox
sandbox = Sandbox()
sandbox.limits.of.clear()
print(json.dumps(sandbox.issue()), flush=True)
sys.stdin.read()
"""
ROUNDS, CALLS = 60, 50


def took(client, url):
    """Return how long some calls take, in microseconds each."""
    start = time.perf_counter()
    for _ in range(CALLS):
        assert client.get(url, timeout=30).status_code == 200
    return (time.perf_counter() - start) / CALLS * 1e6


def main():
    """Measure both in turns; return the ratio of the medians."""
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as server,
    ):
        os.chdir(folder)
        auth = json.loads(server.stdout.readline())
        Path("auth.json").write_text(json.dumps(auth | {"expires_at": int(time.time()) + 7200}))
        ours, bare = twitter.session("auth.json"), requests.Session()
        bare.headers["Authorization"] = f"Bearer {auth['access_token']}"
        url = f"{ours.api}/2/users/me"
        times = {bare: [], ours: []}
        for n in range(ROUNDS):
            for client in (bare, ours) if n % 2 else (ours, bare):
                times[client].append(took(client, url))
        server.stdin.close()
        os.chdir("/")
    low, high = statistics.median(times[bare]), statistics.median(times[ours])
    ratio = statistics.median(b / a for a, b in zip(times[bare], times[ours], strict=True))
    row = ("GET /2/users/me", f"{low:.0f}", f"{high:.0f}", f"{ratio:.3f}", "1.05")
    show(
        f"a call ({ROUNDS} rounds of {CALLS}, in turns)",
        ("what", "bare µs", "ours µs", "ratio", "wanted at most"),
        [row],
    )
    return ratio


if __name__ == "__main__":
    main()
