"""A cold process that refreshes a file, against a plain script that posts the same and writes the file."""

import json
import os
import tempfile
from pathlib import Path

from measure import quartiles, show

from oint_magics.sandbox import Sandbox

PLAIN = """
import json, os, requests
with open("auth.json") as file:
    auth = json.load(file)
form = {"grant_type": "refresh_token", "refresh_token": auth["refresh_token"], "client_id": auth["client_id"]}
answer = requests.post(auth["sandbox"] + "/2/oauth2/token", data=form, timeout=30,
                       auth=(auth["client_id"], auth["client_secret"]))
answer.raise_for_status()
auth |= {key: answer.json()[key] for key in ("access_token", "refresh_token")}
with open("auth.json", "w") as file:
    json.dump(auth, file, indent=2)
"""
OURS = """
from oint_magics import twitter
twitter.refresh("auth.json")
"""

if __name__ == "__main__":
    sandbox = Sandbox()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        auth = Path("auth.json")
        found = quartiles(
            {"plain requests": PLAIN, "oint_magics": OURS},
            41,
            before=lambda: auth.write_text(json.dumps(sandbox.issue(), indent=2)),
        )
        os.chdir("/")
    plain, ours = found["plain requests"], found["oint_magics"]
    row = ("twitter.refresh(file)", f"{plain:.0f}", f"{ours:.0f}", f"{ours / plain:.2f}", "1.20")
    show(
        "cold refresh (lower quartiles of 41, in turns)",
        ("what", "plain ms", "ours ms", "ratio", "wanted at most"),
        [row],
    )
    sandbox.stop()
