"""`make hub`: three users on a real JupyterHub, each with a kernel, a sandbox, a login and a data folder of their own.

`python tests/hub.py FOLDER`: FOLDER holds what `make hub` installed, JupyterHub and its proxy.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import browser
import lab
import requests
from patience import LONG_MS, wait_for
from playwright.sync_api import sync_playwright
from ports import free_port

USERS = ("ada", "grace", "hedy")
CONFIG = """
c.JupyterHub.bind_url = "http://127.0.0.1:{port}/"
c.JupyterHub.hub_port = {hub}
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = "class"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{root}/{{username}}"
c.Spawner.cmd = ["{bin}/jupyterhub-singleuser"]
c.Spawner.args = ["--LabApp.expose_app_in_browser=True", "--allow-root"]
c.Spawner.environment = {{"PATH": "{bin}:" + os.environ["PATH"]}}
c.Spawner.http_timeout = c.Spawner.start_timeout = 300
c.ConfigurableHTTPProxy.command = ["{node}/node_modules/.bin/configurable-http-proxy"]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy}"
c.JupyterHub.db_url = "sqlite:///{root}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{root}/cookie"
"""
CELLS = ("%load_ext oint_magics\n%twitter_sandbox start", "%twitter_login --auth sandbox-auth.json --to profile:mine",
         "%twitter_me", "%twitter_status")  # fmt: skip


class Seat(lab.Lab):
    """One user's JupyterLab behind the hub."""

    def __init__(self, url, folder):
        self.url, self.folder, self.app = url, folder, "jupyterlab"

    def _wait_for_kernel(self, notebook):
        """The page itself tells, before each command."""

    def _log(self):
        return str(sorted(path.name for path in self.folder.iterdir()))


def start(root, place):
    """Start the hub; return its process and its address."""
    port = free_port()
    values = {"port": port, "hub": free_port(), "proxy": free_port(), "root": root, "bin": place / "bin", "node": place}
    config = root / "config.py"
    config.write_text("import os\n" + CONFIG.format(**values))
    log = (root / "hub.log").open("wb")
    command = [place / "bin" / "jupyterhub", "--config", config]
    hub = subprocess.Popen(command, cwd=root, stdout=log, stderr=log, start_new_session=True)
    url = f"http://127.0.0.1:{port}/"

    def is_there():
        assert hub.poll() is None, (root / "hub.log").read_text()[-4000:]
        try:
            return requests.get(f"{url}hub/api", timeout=5).ok
        except requests.RequestException:
            return False

    wait_for(is_there, lambda: (root / "hub.log").read_text()[-4000:], 0.5)
    return hub, url


def sit_down(context, url, root, user):
    """Log a user in, and open their notebook."""
    folder = root / user
    folder.mkdir(exist_ok=True)
    lab.notebook(folder / "class.ipynb", *CELLS)
    page = context.new_page()
    page.set_default_timeout(LONG_MS)
    page.goto(f"{url}hub/login?next=/hub/spawn")
    page.get_by_label("Username").fill(user)
    page.get_by_label("Password").fill("class")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**/user/{user}/**", timeout=LONG_MS)
    page.goto(f"{url}user/{user}/lab/tree/class.ipynb?reset")
    page.locator(".jp-Notebook").wait_for()
    return page, Seat(f"{url}user/{user}/", folder)


def take_part(page, seat):
    """Go through the notebook as a student does."""
    seat.run_cell(page, 0)
    seat.run_cell(page, 1)
    link = page.locator("a.oint-link[href]")
    link.wait_for()
    with page.context.expect_page() as opened:
        link.click()
    opened.value.get_by_role("button", name="Authorize app").click()
    page.locator("table.oint-t", has_text="after this login").wait_for()
    opened.value.close()
    seat.run_cell(page, 2)
    seat.run_cell(page, 3)
    return page.locator(".jp-Notebook").inner_text()


def main():
    place = Path(sys.argv[1]).resolve()
    root = Path(tempfile.mkdtemp())
    root.chmod(0o755)
    hub, url = start(root, place)
    try:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(
                executable_path=browser.find(), args=["--no-sandbox", "--disable-gpu"]
            )
            seats = [sit_down(chromium.new_context(), url, root, user) for user in USERS]
            texts = [take_part(*seat) for seat in seats]
            chromium.close()
    finally:
        os.killpg(hub.pid, 15)
        hub.wait(60)
    profiles = [*root.glob("*/.local/share/oint_magics/profiles/mine.json")]
    tokens = {json.loads(path.read_text())["refresh_token"] for path in profiles}
    assert len(profiles) == len(tokens) == len(USERS), profiles
    assert all(path.stat().st_mode & 0o77 == 0 for path in profiles)
    for text in texts:
        assert "Sandbox User" in text
        assert "profile:mine" in text
        assert not any(token in text for token in tokens)
    print(
        f"{len(USERS)} users: each has tokens and a data folder of their own, closed to others; no token in a notebook"
    )


if __name__ == "__main__":
    main()
