"""A shell, a real browser, and the front ends that it drives."""

import gc

import browser
import lab
import pytest
from IPython.core.interactiveshell import InteractiveShell
from patience import LONG_MS
from playwright.sync_api import expect, sync_playwright
from traitlets.config import Config

expect.set_options(timeout=LONG_MS)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@pytest.fixture(scope="module")
def the_shell(tmp_path_factory):
    """One shell, as a kernel has one; without history on disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        config = Config()
        config.HistoryManager.enabled = False
        shell = InteractiveShell.instance(config=config)
        gc.freeze()  # A shell that is reset collects garbage, and walks through all that the tests have imported.
        yield shell
        gc.unfreeze()
        InteractiveShell.clear_instance()


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


@pytest.fixture
def page(chromium):
    page = chromium.new_page(viewport={"width": 1200, "height": 1000})
    page.set_default_timeout(LONG_MS)
    frames = []
    page.on("websocket", lambda ws: ws.on("framesent", lambda data: frames.append(data)))
    page.on("websocket", lambda ws: ws.on("framereceived", lambda data: frames.append(data)))
    page.frames_seen = frames
    yield page
    page.close()
