"""Takes the pictures of this folder in a real JupyterLab: `python docs/pictures/take.py`."""

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
from playwright.sync_api import sync_playwright  # noqa: E402

START = "%load_ext oint_magics\n%twitter_sandbox start\n%twitter_sandbox fault slow 2"
LOGIN = "%twitter_login --auth sandbox-auth.json --to profile:first"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def cell(page, number):
    return page.locator(".jp-CodeCell").nth(number)


def take(page, server, folder, theme):
    """Take every picture in one theme."""
    server.open(page, "01_first_refresh.ipynb")
    server.run_all(page)
    page.mouse.move(1, 1)
    cell(page, 1).screenshot(path=HERE / f"table-{theme}.png")
    page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0")
    page.screenshot(path=HERE / f"notebook-{theme}.png")

    server.open(page, "form.ipynb")
    server.run_all(page)
    page.locator(".oint-form").wait_for()
    cell(page, 1).screenshot(path=HERE / f"form-{theme}.png")
    page.evaluate("document.body.style.zoom = 2")
    page.locator(".oint-form").screenshot(path=HERE / f"form-200-{theme}.png")
    page.evaluate("document.body.style.zoom = 1")
    auth = json.loads((folder / "sandbox-auth.json").read_text())
    page.get_by_label("Paste the auth JSON").fill(json.dumps(auth | {"client_secret": None}))
    page.get_by_label("Keep the pair in").fill("profile:work")
    page.get_by_role("button", name="Refresh and keep").click()
    page.locator(".oint-form[aria-busy=true]").wait_for()
    page.wait_for_timeout(300)
    cell(page, 1).screenshot(path=HERE / f"form-busy-{theme}.png")
    page.locator(".oint-problem").wait_for()
    cell(page, 1).screenshot(path=HERE / f"form-refused-{theme}.png")
    page.get_by_text("or fill in the fields", exact=True).click()
    page.get_by_label("Client secret").fill(auth["client_secret"])
    page.get_by_role("button", name="Refresh and keep").click()
    page.locator("table.oint-t", has_text="access_token").wait_for()
    page.mouse.move(1, 1)
    cell(page, 1).screenshot(path=HERE / f"form-done-{theme}.png")
    reopened(page, server, folder, theme)
    login(page, server, theme)


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


def login(page, server, theme):
    """Take the login as it waits, with an address that is not its own, and done."""
    server.open(page, "login.ipynb")
    server.run_all(page)
    link = page.locator("a.oint-link[href]")
    link.wait_for()
    cell(page, 1).screenshot(path=HERE / f"login-{theme}.png")
    page.get_by_label("paste the whole address").fill("https://x.com/home")
    page.get_by_role("button", name="Take the address").click()
    page.locator(".oint-problem").wait_for()
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
            server = lab.Lab(home / "lab", folder, theme=name, saves_widgets=True)
            scheme = {"color_scheme": theme}
            page = chromium.new_page(viewport={"width": 1150, "height": 900}, **scheme)
            take(page, server, folder, theme)
            page.close()
            server.stop()
            shutil.rmtree(home, ignore_errors=True)
        chromium.close()


if __name__ == "__main__":
    main()
