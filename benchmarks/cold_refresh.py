"""A cold process that refreshes a file, beside plain scripts that post the same and write the file."""

import json
import os
import tempfile
from pathlib import Path

from measure import peak, quartiles, show

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
BARE = """
import base64, http.client, json, urllib.parse
with open("auth.json") as file:
    auth = json.load(file)
form = {"grant_type": "refresh_token", "refresh_token": auth["refresh_token"], "client_id": auth["client_id"]}
basic = base64.b64encode(f"{auth['client_id']}:{auth['client_secret']}".encode()).decode()
connection = http.client.HTTPConnection(auth["sandbox"].removeprefix("http://"), timeout=30)
headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {basic}"}
connection.request("POST", "/2/oauth2/token", urllib.parse.urlencode(form), headers)
answer = json.loads(connection.getresponse().read())
auth |= {key: answer[key] for key in ("access_token", "refresh_token")}
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
        os.environ["OINT_HOME"] = f"{folder}/oint"
        auth = Path("auth.json")
        found = quartiles(
            {"requests": PLAIN, "http.client": BARE, "ours": OURS},
            30,
            before=lambda: auth.write_text(json.dumps(sandbox.issue(), indent=2)),
        )
        memory = {name: peak(source) for name, source in (("requests", PLAIN), ("http.client", BARE), ("ours", OURS))}
        os.chdir("/")
    rows = [
        (
            what,
            *(f"{values[name]:.0f}" for name in ("requests", "http.client", "ours")),
            f"{values['ours'] / values['requests']:.2f}",
            most,
        )
        for what, values, most in (
            ("lower quartile of 30, in turns, ms", found, "0.75"),
            ("peak memory, MiB", memory, "0.85"),
        )
    ]
    show(
        "a cold process that refreshes a file, beside scripts that post the same",
        ("what", "requests", "http.client", "twitter.refresh", "ours / requests", "wanted at most"),
        rows,
    )
    sandbox.stop()
