"""The login in a real front end, by a real browser: approved, denied, pasted, reopened."""

import http.server
import json
import re
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import lab
import pytest
from panel_steps import paste
from patience import LONG_MS
from playwright.sync_api import expect
from ports import free_port

from oint_magics import twitter

APP = """%load_ext oint_magics
import json
from oint_magics.sandbox import Sandbox
server = Sandbox()
size = open("auth.json", "w").write(json.dumps(server.app(callback={callback!r})))"""
FRONT_ENDS = pytest.mark.parametrize("jupyter", ["jupyterlab", "notebook"], indirect=True)


@pytest.fixture
def login(jupyter, page, request):
    """A notebook whose second cell begins a login; the page at it."""
    callback = f"http://127.0.0.1:{free_port()}/callback"
    name = re.sub(r"\W", "_", request.node.name)[:60]
    folder = jupyter.folder / name
    folder.mkdir()
    more = [mark.args[0] for mark in request.node.iter_markers("last_cell")]
    lab.notebook(folder / "login.ipynb", APP.format(callback=callback), "%twitter_login --auth auth.json", *more)
    jupyter.open(page, f"{name}/login.ipynb")
    jupyter.run_all(page, wait=not more)
    page.locator("a.oint-link[href]").wait_for()
    page.auth, page.notebook, page.callback = folder / "auth.json", folder / "login.ipynb", callback
    return page


class Elsewhere(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"mine")

    def log_message(self, *_):
        pass


def answered(page, button):
    """Click the link, answer the page as a person does, and return the tab and the address that it ends at."""
    addresses = []
    page.context.on("request", lambda request: addresses.append(request.url))
    with page.context.expect_page() as opened:
        page.locator("a.oint-link").click()
    tab = opened.value
    tab.get_by_role("button", name=button).click()
    tab.wait_for_load_state()
    return tab, next(url for url in addresses if url.startswith(page.callback))


def table(page):
    found = page.locator("table.oint-t", has_text="after this login")
    found.wait_for()
    return found


def saved(page, jupyter, address):
    """Save the notebook; nothing of the login is in it but the table."""
    page.locator(".jp-CodeCell").first.click()
    jupyter.save(page, page.notebook)
    text = page.notebook.read_text()
    pair = json.loads(page.auth.read_text())
    query = parse_qs(urlsplit(address).query)
    for secret in (pair["access_token"], pair["refresh_token"], pair["client_secret"], *query["state"], *query["code"]):
        assert secret not in text
        texts = [frame for frame in page.frames_seen if isinstance(frame, str)]
        assert not any(secret in frame for frame in texts)
    outputs = json.loads(text)["cells"][1]["outputs"]
    assert sorted(outputs[0]["data"]) == ["text/html", "text/markdown", "text/plain"]
    assert not any("".join(value) for value in outputs[1]["data"].values())
    assert len(outputs) == 2


@FRONT_ENDS
def test_approved_and_nobody_touches_the_notebook(login, jupyter):
    tab, address = answered(login, "Authorize app")

    expect(tab.get_by_role("heading")).to_have_text("Back to the notebook")
    table(login)
    assert login.locator(".oint-form").count() == 0
    saved(login, jupyter, address)


@FRONT_ENDS
def test_denied(login):
    tab, _ = answered(login, "Cancel")

    expect(tab.get_by_role("heading")).to_have_text("Denied")
    login.locator("table.oint-t", has_text="The login was denied").wait_for()
    expect(login.locator("table.oint-t")).to_contain_text("%twitter_login")
    assert "access_token" not in json.loads(login.auth.read_text())


@FRONT_ENDS
@pytest.mark.parametrize("place", [("127.0.0.2", 0), ("127.0.0.1", 0)], ids=["elsewhere", "port taken"])
def test_the_pasted_address(jupyter, page, chromium, place):
    """Where no answer comes by itself; a wrong address first, which changes nothing."""
    host, _ = place
    server = http.server.ThreadingHTTPServer((host, 0), Elsewhere)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        name = f"pasted_{jupyter.app}_{host[-1]}"
        (jupyter.folder / name).mkdir()
        page.callback = f"http://{host}:{server.server_port}/callback"
        page.auth, page.notebook = jupyter.folder / name / "auth.json", jupyter.folder / name / "login.ipynb"
        lab.notebook(page.notebook, APP.format(callback=page.callback), "%twitter_login --auth auth.json")
        jupyter.open(page, f"{name}/login.ipynb")
        jupyter.run_all(page)
        page.locator("a.oint-link[href]").wait_for()
        expect(page.get_by_role("status")).to_contain_text("cannot send the answer back")

        tab, address = answered(page, "Authorize app")
        assert tab.url == address
        field = page.get_by_label("Then paste the address")
        field.fill("https://x.com/i/oauth2/authorize?state=MARKED")
        page.get_by_role("button", name="Use this address").click()
        expect(page.get_by_role("status")).to_contain_text("not the address that X sent")
        expect(field).to_be_focused()
        expect(field).to_have_value("")
        paste(page, address, "Then paste the address")

        table(page)
        saved(page, jupyter, address)
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.last_cell("import time; time.sleep(300)")
def test_it_ends_while_another_cell_runs(login):
    answered(login, "Authorize app")

    table(login)
    assert "[*]" in login.locator(".jp-CodeCell .jp-InputPrompt").last.inner_text()


@pytest.mark.last_cell("r = _; r")
def test_the_pending_value_becomes_the_response(login, jupyter):
    expect(login.locator(".jp-OutputArea").last).to_contain_text("not done yet")
    answered(login, "Authorize app")
    table(login)

    jupyter.run_last(login)

    expect(login.locator("table.oint-t").last).to_contain_text("after this login")


def test_run_again_the_earlier_link_is_worth_nothing(login, jupyter):
    first = login.locator("a.oint-link").get_attribute("href")
    jupyter.run_cell(login, 1)
    login.wait_for_function("(old) => document.querySelector('a.oint-link[href]')?.href !== old", arg=first)
    link = login.locator("a.oint-link[href]")
    link.wait_for()
    assert login.locator(".oint-form").count() == 1

    answered(login, "Authorize app")

    table(login)


@pytest.mark.parametrize("which", ["authorize page", "front page"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_pages_of_the_sandbox(chromium, sandbox, scheme, which):
    from axe_playwright_python.sync_playwright import Axe

    page = chromium.new_page(color_scheme=scheme, viewport={"width": 390, "height": 700})
    try:
        link = twitter.authorization_link(sandbox.app(), scope="opi")
        page.goto(link if which == "authorize page" else sandbox.url)
        report = Axe().run(page)
        assert report.violations_count == 0, report.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    finally:
        page.close()


def test_axe_finds_nothing_and_the_keyboard_is_enough(login):
    from axe_playwright_python.sync_playwright import Axe

    report = Axe().run(login, context=".oint-form")
    assert report.violations_count == 0, report.generate_report()
    login.locator("a.oint-link").focus()
    order = []
    for _ in range(2):
        login.keyboard.press("Tab")
        order.append(
            login.evaluate("document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent")
        )
    assert order == ["Nothing happens? Paste the address where you end", "Use this address"]
    login.get_by_label("Nothing happens?").fill("https://x.com/i/oauth2/authorize?state=MARKED")
    login.keyboard.press("Enter")
    expect(login.get_by_role("status")).to_contain_text("not the address that X sent")
    report = Axe().run(login, context=".oint-form")
    assert report.violations_count == 0, report.generate_report()


def test_twice_as_large_nothing_is_cut(login):
    login.set_viewport_size({"width": 640, "height": 800})
    login.evaluate("document.documentElement.style.fontSize = '200%'")
    login.locator(".oint-form").evaluate("(e) => { e.style.fontSize = '200%'; }")

    assert login.locator(".oint-form").evaluate("(e) => e.scrollWidth <= e.clientWidth")


def test_the_address_is_a_field_that_nothing_remembers(login):
    field = login.locator(".oint-form input")
    assert field.get_attribute("type") == "password"
    assert field.get_attribute("autocomplete") == "off"
    assert login.locator("a.oint-link").get_attribute("rel") == "noopener noreferrer"


def test_the_login_notebook_is_done_by_a_person(chromium, tmp_path):
    """`notebooks/02_login.ipynb`, top to bottom: the one thing that a program does not do is to approve."""
    (tmp_path / "nb").mkdir()
    source = Path(__file__).parent.parent.parent / "notebooks" / "02_login.ipynb"
    (tmp_path / "nb" / source.name).write_text(source.read_text())
    server = lab.Lab(tmp_path / "lab", tmp_path / "nb")
    page = chromium.new_page()
    page.set_default_timeout(LONG_MS)
    try:
        server.open(page, source.name)
        cells = page.locator(".jp-CodeCell")
        for number in range(cells.count()):
            server.run_cell(page, number)
            link = page.locator("a.oint-link[href]")
            if "%twitter_login" in cells.nth(number).locator(".jp-InputArea-editor").inner_text():
                link.wait_for()
                page.callback = json.loads((tmp_path / "nb" / "sandbox-auth.json").read_text())["redirect_uri"]
                answered(page, "Authorize app")
                expect(link).to_have_count(0, timeout=LONG_MS)
        shown = page.locator(".jp-Notebook").inner_text()
        assert shown.count("after this login") == 2
        for text in ("@sandbox", "were revoked on", "checked: client secret", "opens nothing"):
            assert text in shown
        assert "Traceback" not in shown
    finally:
        page.close()
        server.stop()
