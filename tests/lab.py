"""A real JupyterLab on loopback, in a home of its own, and what a person does in it."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import expect

ALL_DONE = """() => [...document.querySelectorAll(".jp-CodeCell")]
    .every((cell) => /\\[\\d+\\]/.test(cell.querySelector(".jp-InputPrompt").innerText))"""

BEGUN = """() => [...document.querySelectorAll(".jp-CodeCell")]
    .some((cell) => /\\[(\\*|\\d+)\\]/.test(cell.querySelector(".jp-InputPrompt").innerText))"""


class Lab:
    """A JupyterLab (or Notebook) server whose every file lies below one folder."""

    def __init__(
        self, home, folder, *, theme="JupyterLab Light", env=None, app="jupyterlab", options=(), saves_widgets=False
    ):
        self.home, self.folder, self.app = Path(home), Path(folder), app
        self._set("@jupyter-widgets/jupyterlab-manager/plugin", saveState=saves_widgets)
        self._set("@jupyterlab/apputils-extension/themes", theme=theme)
        self._set("@jupyterlab/apputils-extension/notification", fetchNews="false", checkForUpdates=False)
        self._set("@jupyterlab/notebook-extension/tracker", windowingMode="none")
        self.log = (self.home / "lab.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", app, "--no-browser", "--allow-root", "--IdentityProvider.token=",
             "--ServerApp.port=0", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={self.folder}", *options],
            env=os.environ | self._places() | (env or {}), cwd=self.folder, stdout=self.log, stderr=self.log,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self.url = self._address()

    def _set(self, plugin, **values):
        path = self.home / "settings" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))

    def _places(self):
        names = {"HOME": "", "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "run",
                 "IPYTHONDIR": "ipython", "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "spaces",
                 "OINT_HOME": "oint"}  # fmt: skip
        return {name: str(self.home / place) for name, place in names.items()}

    def _address(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for path in (self.home / "run").glob("jpserver-*.json"):
                return json.loads(path.read_text())["url"]
            assert self.process.poll() is None, (self.home / "lab.log").read_text()
            time.sleep(0.1)
        raise TimeoutError((self.home / "lab.log").read_text())

    def open(self, page, notebook):
        """Open a notebook and wait until its kernel is there."""
        address = f"lab/tree/{notebook}?reset" if self.app == "jupyterlab" else f"notebooks/{notebook}"
        page.goto(self.url + address)
        page.locator(".jp-Notebook").wait_for(timeout=60_000)
        idle = page.get_by_text("| Idle") if self.app == "jupyterlab" else page.locator("[data-status=idle]").first
        idle.wait_for(timeout=60_000)
        self._wait_for_kernel(notebook)

    def _wait_for_kernel(self, notebook):
        """Wait until the server knows of a kernel that listens to a front end: what is shown may be older."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for session in requests.get(f"{self.url}api/sessions", timeout=30).json():
                kernel = session["kernel"]
                is_it = session["path"].endswith(Path(notebook).name) and Path(notebook).parent.name in session["path"]
                if is_it and kernel["connections"] and kernel["execution_state"] == "idle":
                    return
            time.sleep(0.2)
        raise TimeoutError(notebook)

    def run_all(self, page, *, wait=True):
        """Run every cell, and wait until each is done.

        A front end whose kernel is not connected yet forgets what it is told, or asks for a kernel.
        """
        for _ in range(10):
            if page.locator(".jp-Dialog").count():
                page.keyboard.press("Escape")
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
            with contextlib.suppress(PlaywrightTimeout):
                page.wait_for_function(BEGUN, timeout=3_000)
                break
        if wait:
            try:
                page.wait_for_function(ALL_DONE, timeout=30_000)
            except PlaywrightTimeout:
                page.screenshot(path="/tmp/try/stuck.png")
                import shutil

                shutil.copy(self.home / "lab.log", "/tmp/try/stuck.log")
                raise

    def run_cell(self, page, number):
        """Run one cell, and wait until it is done."""
        cell = page.locator(".jp-CodeCell").nth(number)
        cell.locator(".jp-Cell-inputWrapper").click()
        page.keyboard.press("Control+Enter")
        expect(cell.locator(".jp-InputPrompt").first).to_have_text(re.compile(r"\[\d+\]"), timeout=30_000)

    def run_last(self, page):
        """Run the last cell once more, and wait until every one is done."""
        page.locator(".jp-CodeCell").last.click()
        page.keyboard.press("Control+Enter")
        page.wait_for_function(ALL_DONE, timeout=30_000)

    def save(self, page):
        """Save the notebook as a person does, and return it."""
        page.keyboard.press("Control+s")
        page.wait_for_function("() => !document.querySelector('.jp-mod-dirty')", timeout=10_000)
        time.sleep(0.5)

    def stop(self):
        """End the server and its kernels."""
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()


def notebook(path, *cells):
    """Write a notebook of code cells."""
    import nbformat

    # A cell that fails must not keep the ones below it from running.
    tags = {"tags": ["raises-exception"]}
    document = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell, metadata=tags) for cell in cells])
    document.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(document, path)
    return Path(path)
