"""Takes the pictures of this folder in a real JupyterLab: `python docs/pictures/take.py`."""

import contextlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import browser  # noqa: E402 - found only after the line above
import lab  # noqa: E402
import panel_steps  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

START = "%load_ext oint_magics\n%twitter_sandbox start\n%twitter_sandbox fault slow 2"
STATUS = """%load_ext oint_magics
import json
from oint_magics import twitter
from oint_magics.sandbox import Sandbox
server = Sandbox()
for name in ("work", "class", "old"):
    place = twitter.keep(server.issue(), f"profile:{name}")
answers = [twitter.refresh("profile:work"), twitter.revoke("profile:old"), twitter.refresh("profile:class")]"""
LOGIN = "%twitter_login --auth sandbox-auth.json --to profile:first"
READS = {
    "rows": "%twitter_get users/@tidemerelantern/tweets --max-rows 40",
    "rows-cut": "%twitter_get users/@tidemerelantern/tweets --max-rows all",
    "read-error": "%twitter_get users/@tidemerelantern/tweets exclude=replys",
    "read-preview": "%twitter_get users/@tidemerelantern/tweets --preview --max-rows all",
    "usage": "%twitter_usage",
}
SIZE, WIDE = {"width": 1150, "height": 900}, {"width": 1500, "height": 900}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def cell(page, number):
    return page.locator(".jp-CodeCell").nth(number)


@contextlib.contextmanager
def narrow(page, height=800):
    """A page of a phone's width, its side bar closed as a person does."""
    page.set_viewport_size({"width": 390, "height": height})
    page.evaluate("jupyterapp.shell.collapseLeft()")
    page.wait_for_timeout(300)
    yield
    page.set_viewport_size(SIZE)
    page.evaluate("jupyterapp.shell.expandLeft()")


def take(page, server, folder, theme):
    """Take every picture in one theme."""
    server.open(page, "01_first_refresh.ipynb")
    server.run_all(page)
    page.mouse.move(1, 1)
    cell(page, 1).screenshot(path=HERE / f"table-{theme}.png")
    page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0")
    page.screenshot(path=HERE / f"notebook-{theme}.png")

    panel(page, server, folder, theme)
    reopened(page, server, folder, theme)
    login(page, server, theme)
    reads(page, server, theme)
    server.open(page, "status.ipynb")
    server.run_all(page)
    page.set_viewport_size(WIDE)
    page.wait_for_timeout(300)
    cell(page, 1).screenshot(path=HERE / f"status-{theme}.png")
    with narrow(page):
        cell(page, 1).screenshot(path=HERE / f"status-390-{theme}.png")


def panel(page, server, folder, theme):
    """Take the panel in each of its states."""
    server.open(page, "form.ipynb")
    server.run_all(page)
    shown = page.locator(".oint-form")
    shown.wait_for()

    def shot(name):
        page.wait_for_timeout(300)
        shown.screenshot(path=HERE / f"{name}-{theme}.png")

    shot("form")
    page.evaluate("document.body.style.zoom = 2")
    shot("form-200")
    page.evaluate("document.body.style.zoom = 1")
    with narrow(page):
        shot("form-390")
    auth = json.loads((folder / "sandbox-auth.json").read_text())
    panel_steps.drop(page, json.dumps(auth)[:60])
    page.locator(".oint-say-problem").wait_for()
    shot("form-typo")
    panel_steps.drop(
        page, json.dumps({key: auth[key] for key in ("client_id", "client_secret", "redirect_uri", "sandbox")})
    )
    page.get_by_role("button", name="Log in at X").wait_for()
    shot("form-app")
    panel_steps.drop(page, json.dumps(auth | {"client_secret": None}))
    panel_steps.item(page, "Refresh token").wait_for()
    shot("form-given")
    with narrow(page):
        shot("form-given-390")
    panel_steps.press(page)
    page.locator(".oint-form[aria-busy=true]").wait_for()
    shot("form-busy")
    page.locator(".oint-say-problem").wait_for()
    shot("form-refused")
    panel_steps.type_values(page, client_secret=auth["client_secret"])
    page.keyboard.press("Tab")
    panel_steps.press(page)
    page.locator("table.oint-t", has_text="access_token").wait_for()
    page.mouse.move(1, 1)
    cell(page, 1).screenshot(path=HERE / f"form-done-{theme}.png")


def reopened(page, server, folder, theme):
    """Save a notebook with the form in it, and open it again with another kernel."""
    lab.notebook(folder / "again.ipynb", "%load_ext oint_magics", "%twitter_auth")
    server.open(page, "again.ipynb")
    server.run_all(page)
    page.locator(".oint-form").wait_for()
    cell(page, 0).click()
    server.save(page, folder / "again.ipynb")
    page.goto("about:blank")
    (folder / "again.ipynb").rename(folder / "copy.ipynb")
    server.open(page, "copy.ipynb")
    page.get_by_text("Not connected to a kernel").wait_for(timeout=20_000)
    cell(page, 1).screenshot(path=HERE / f"form-reopened-{theme}.png")


def reads(page, server, theme):
    """Take rows, rows that a budget has cut, an error, a preview, and what was spent."""
    server.open(page, "reads.ipynb")
    server.run_all(page)
    page.mouse.move(1, 1)
    page.wait_for_timeout(500)
    for number, name in enumerate(READS, 1):
        cell(page, number).screenshot(path=HERE / f"{name}-{theme}.png")
    with narrow(page, 1800):
        for number, name in enumerate(READS, 1):
            cell(page, number).screenshot(path=HERE / f"{name}-390-{theme}.png")


def login(page, server, theme):
    """Take the login as it waits, with an address that is not its own, and done."""
    server.open(page, "login.ipynb")
    server.run_all(page)
    link = page.locator("a.oint-link[href]")
    link.wait_for()
    cell(page, 1).screenshot(path=HERE / f"login-{theme}.png")
    page.get_by_label("paste the address").fill("https://x.com/home")
    page.get_by_role("button", name="Use this address").click()
    page.locator(".oint-say-problem").wait_for()
    cell(page, 1).screenshot(path=HERE / f"login-refused-{theme}.png")
    with page.context.expect_page() as opened:
        link.click()
    opened.value.screenshot(path=HERE / f"login-page-{theme}.png")
    opened.value.get_by_role("button", name="Authorize app").click()
    page.locator("table.oint-t", has_text="after this login").wait_for()
    page.mouse.move(1, 1)
    cell(page, 1).screenshot(path=HERE / f"login-done-{theme}.png")


def main():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser.find(), args=FLAGS)
        for name, theme in (("JupyterLab Light", "light"), ("JupyterLab Dark", "dark")):
            home = Path(tempfile.mkdtemp())
            folder = home / "work"
            folder.mkdir()
            shutil.copy(ROOT / "notebooks" / "01_first_refresh.ipynb", folder)
            lab.notebook(folder / "form.ipynb", START, "%twitter_auth")
            lab.notebook(folder / "login.ipynb", "%load_ext oint_magics\n%twitter_sandbox start", LOGIN)
            first = "%load_ext oint_magics\n%twitter_sandbox start\n%env OINT_TWITTER_BUDGET=1.30"
            lab.notebook(folder / "reads.ipynb", first, *READS.values())
            lab.notebook(folder / "status.ipynb", STATUS, "%twitter_status")
            server = lab.Lab(home / "lab", folder, theme=name, saves_widgets=True)
            scheme = {"color_scheme": theme}
            page = chromium.new_page(viewport=SIZE, **scheme)
            take(page, server, folder, theme)
            page.close()
            server.stop()
            shutil.rmtree(home, ignore_errors=True)
        chromium.close()


if __name__ == "__main__":
    main()
