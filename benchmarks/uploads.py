"""A large upload beside a bare loop of requests with the same segments: throughput and memory.

`python benchmarks/uploads.py [MIB]`, 512 unless told; the sandbox is a process of its own. Both take turns. The loop
neither hashes the file, nor looks at it, nor can go on after a fault.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import show

MIB = int(sys.argv[1]) if len(sys.argv) > 1 else 512
SERVER = """
import sys, time
from pathlib import Path
from oint_magics.sandbox import Sandbox
sandbox = Sandbox()
sandbox.media.processing = 0.0
sandbox.limits.of.clear()
sandbox.write_auth(Path.cwd())
print(sandbox.url, flush=True)
sys.stdin.read()
"""
OURS = """
import resource, time
from oint_magics import twitter
twitter.upload(SMALL, auth="sandbox-auth.json")
idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
begun = time.perf_counter()
twitter.upload("video.mp4", auth="sandbox-auth.json")
print(time.perf_counter() - begun, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle) / 1024)
"""
BARE = """
import json, time
import requests
auth = json.load(open("sandbox-auth.json"))
session = requests.Session()
session.headers["Authorization"] = "Bearer " + auth["access_token"]
api = auth["sandbox"] + "/2/media/upload/"
begun = time.perf_counter()
with open("video.mp4", "rb") as file:
    size = file.seek(0, 2)
    file.seek(0)
    wanted = {"media_type": "video/mp4", "media_category": "tweet_video", "total_bytes": size}
    number = session.post(api + "initialize", json=wanted).json()["data"]["id"]
    for n, piece in enumerate(iter(lambda: file.read(1024 * 1024), b"")):
        session.post(api + number + "/append", data={"segment_index": n}, files={"media": piece}).raise_for_status()
session.post(api + number + "/finalize").raise_for_status()
print(time.perf_counter() - begun, 0)
"""
SMALL = "SMALL = b'\\x89PNG\\r\\n\\x1a\\n' + bytes(2000)"


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return tuple(map(float, done.stdout.split()))


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    os.environ["OINT_HOME"] = f"{folder}/home"
    with Path("video.mp4").open("wb") as video:
        video.write(b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41")
        video.writelines(bytes([n % 251]) * (1024 * 1024 - (32 if n == 0 else 0)) for n in range(MIB))
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    server.stdout.readline()
    ours, bare = [], []
    for _ in range(3):
        bare.append(run(BARE))
        ours.append(run(f"{SMALL}\n{OURS}"))
    mine, theirs = (statistics.median(time for time, _ in each) for each in (ours, bare))
    show(
        f"A video of {MIB} MiB, three times each in turns",
        ("what", "figure"),
        [
            ("throughput, beside a bare loop of requests", f"{theirs / mine:.2f}"),
            ("memory above an idle process", f"{max(memory for _, memory in ours):.1f} MiB"),
            ("MiB a second, ours", f"{MIB / mine:.0f}"),
        ],
    )
    server.stdin.close()
    server.wait()
    os.chdir("/")
