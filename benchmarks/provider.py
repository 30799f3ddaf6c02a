"""The whole life of a token at a certified OpenID provider that we did not write: code + PKCE over loopback.

`python benchmarks/provider.py FOLDER` installs oidc-provider from npm into the folder and logs in there by
`twitter.login`, uses, refreshes, checks and revokes the pair, with a confidential and a public client. The endpoints
are settings, and nothing else is different.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import requests
from measure import show

from oint_magics import errors, process, twitter

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from ports import free_port

PACKAGE = "oidc-provider@^9"
SECRET = "s ec:r%t+/=&-~!"  # what a Basic header without form-encoding would not carry


def install(folder):
    """Install the provider from npm, once."""
    if not (folder / "node_modules" / "oidc-provider").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}')
        npm = shutil.which("npm") or sys.exit("npm is not here: the provider comes from npm")
        subprocess.run([npm, "install", "--no-audit", "--no-fund", "--silent", PACKAGE], cwd=folder, check=True)


def client(name, secret):
    """Return a client as the provider wants it."""
    return {
        "client_id": name,
        "redirect_uris": [f"http://127.0.0.1:{free_port()}/callback"],
        "application_type": "native",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        **({"client_secret": secret} if secret else {"token_endpoint_auth_method": "none"}),
    }


def person(link):
    """Log in and consent on the provider's own pages, until the browser is sent back to the loopback address."""
    browser = requests.Session()
    page = browser.get(link, timeout=10)
    for _ in range(4):
        form = re.search(r'<form[^>]*action="([^"]+)"', page.text)
        if form is None:
            return
        fields = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', page.text))
        page = browser.post(form[1], data=fields | {"login": "somebody", "password": "x"}, timeout=10)


def logged_in(name):
    """Log in by the blocking call, while a person answers the pages."""

    def answer():
        while not process.state.waiting:  # a person reads the link off the screen
            time.sleep(0.02)
        person(process.state.waiting[0].link)

    threading.Thread(target=answer).start()
    return twitter.login(f"{name}.json", scope="openid offline_access", timeout=30)


def life(name, issuer):
    """Return each step's name and result."""
    response = logged_in(name)
    yield "login (code + PKCE)", "pair saved" if response.saved_to == f"{name}.json" else "?"
    with twitter.session(f"{name}.json") as session:
        yield "session", session.get(f"{issuer}/me").json()["sub"]
    tokens = {response["refresh_token"]}
    for _ in range(5):
        tokens.add(twitter.refresh(f"{name}.json")["refresh_token"])
    yield "5 refreshes", f"{len(tokens)} refresh tokens"
    checks = {row.name: row.value for row in twitter.status(f"{name}.json", check=True)[0].checks}
    yield "check", f"id {checks.get('client id')}, secret {checks.get('client secret')}"
    yield "revoke", "both" if str(twitter.revoke(f"{name}.json")).count(" revoked\n") == 2 else "?"
    for what, call in (("session", session.get), ("refresh", lambda _: twitter.refresh(f"{name}.json"))):
        try:
            yield f"{what} after it", str(call(f"{issuer}/me"))
        except errors.TokenSpent as error:
            yield f"{what} after it", f"refused, explained: {error.next_step}"


@contextlib.contextmanager
def serving(folder, clients):
    """Run the provider with some clients, and a folder with a file for each; yield its address and its counts.

    The counts are there when it has ended: how many grants it refused, and how many it ended for reuse.
    """
    folder, counts = Path(folder).absolute(), {}
    install(folder)
    words = ["node", Path(__file__).with_suffix(".mjs"), folder, json.dumps(clients)]
    with (
        tempfile.TemporaryDirectory() as work,
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
    ):
        issuer = server.stdout.readline().strip()
        os.chdir(work)
        os.environ |= {
            "OINT_HOME": f"{work}/home",
            "OINT_TWITTER_AUTHORIZE_URL": f"{issuer}/auth",
            "OINT_TWITTER_TOKEN_URL": f"{issuer}/token",
            "OINT_TWITTER_REVOKE_URL": f"{issuer}/token/revocation",
            "OINT_TWITTER_API_URL": issuer,
        }
        for each in clients:
            auth = {key: each[key] for key in ("client_id", "client_secret") if key in each}
            path = Path(f"{each['client_id']}.json")
            path.write_text(json.dumps(auth | {"redirect_uri": each["redirect_uris"][0]}))
            path.chmod(0o600)
        try:
            yield issuer, counts
        finally:
            os.chdir("/")
            server.stdin.close()
            counts |= json.loads(server.stdout.read().splitlines()[-1])


def version(folder):
    """Return the provider's version."""
    return json.loads((Path(folder) / "node_modules" / "oidc-provider" / "package.json").read_text())["version"]


def main(folder):
    """Run it for both kinds of clients; return the rows."""
    folder = Path(folder).absolute()
    rows = []
    clients = [client("confidential", SECRET), client("public", None)]
    with serving(folder, clients) as (issuer, _):
        for each in clients:
            rows += [(each["client_id"], *step) for step in life(each["client_id"], issuer)]
    show(f"the life of a token at oidc-provider {version(folder)}", ("client", "step", "result"), rows)
    return [list(row) for row in rows]


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ".venv/provider")
