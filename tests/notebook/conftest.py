"""A real browser, and the front ends that it drives."""

import browser
import lab
import pytest
from patience import LONG_MS
from playwright.sync_api import expect, sync_playwright

expect.set_options(timeout=LONG_MS)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@pytest.fixture(scope="module")
def chromium():
    assert browser.find(), "no browser: run `make test`, which finds or brings one"
    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=browser.find(), args=FLAGS)
        yield instance
        instance.close()


@pytest.fixture(scope="module", params=["jupyterlab"])
def jupyter(tmp_path_factory, request):
    server = lab.Lab(tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("work"), app=request.param)
    yield server
    server.stop()


SIZE = {"width": 1200, "height": 1000}


@pytest.fixture(scope="module")
def window(chromium):
    """One window for all pages of a module, and each JupyterLab's page, which tests share: it takes seconds to load."""
    window = chromium.new_context(viewport=SIZE)
    yield window, {}
    window.close()


@pytest.fixture
def page(window, request):
    window, shared = window
    jupyter = request.getfixturevalue("jupyter") if "jupyter" in request.fixturenames else None
    is_shared = jupyter is not None and jupyter.app == "jupyterlab"
    page = shared.pop(jupyter.url, None) if is_shared else None
    page = page or _listening(window.new_page())
    page.frames_seen.clear()
    page.set_viewport_size(SIZE)
    failed = request.session.testsfailed
    yield page
    is_shared = is_shared and request.session.testsfailed == failed
    for each in window.pages:
        if each not in shared.values() and not (is_shared and each is page):
            each.close()
    if is_shared:
        shared[jupyter.url] = page


def _listening(page):
    page.set_default_timeout(LONG_MS)
    page.frames_seen = frames = []
    page.on("websocket", lambda ws: ws.on("framesent", lambda data: frames.append(data)))
    page.on("websocket", lambda ws: ws.on("framereceived", lambda data: frames.append(data)))
    return page
