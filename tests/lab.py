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
from patience import LONG, LONG_MS, wait_for
from playwright.sync_api import TimeoutError as PlaywrightTimeout

ALL_DONE = """() => [...document.querySelectorAll(".jp-CodeCell")]
    .every((cell) => /\\[\\d+\\]/.test(cell.querySelector(".jp-InputPrompt").innerText))"""

CONNECTED = """() => {
  window.theNotebook = [...(window.jupyterapp?.shell.widgets("main") ?? [])].find((widget) => widget.sessionContext);
  return window.theNotebook?.sessionContext.session?.kernel?.connectionStatus === "connected";
}"""

COMMAND = """([command, active]) => {
  const {content} = window.theNotebook;
  const code = content.widgets.filter((cell) => cell.model.type === "code")[active];
  content.activeCellIndex = content.widgets.indexOf(code);
  void jupyterapp.commands.execute(command);
}"""

OPEN = """async (path) => {
  for (const widget of [...jupyterapp.shell.widgets("main")]) widget.dispose();
  await jupyterapp.commands.execute("docmanager:open", {path, factory: "Notebook"});
}"""


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
             "--ServerApp.port=0", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={self.folder}",
             "--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True", *options],
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
        def found():
            assert self.process.poll() is None, self._log()
            for path in (self.home / "run").glob("jpserver-*.json"):
                with contextlib.suppress(ValueError):  # It is still being written.
                    return json.loads(path.read_text())["url"]
            return None

        return wait_for(found, self._log, 0.1)

    def _log(self):
        return (self.home / "lab.log").read_text(errors="replace")[-4000:]

    def open(self, page, notebook):
        """Open a notebook and wait until its kernel is there.

        A JupyterLab that is open in the page opens it as it opens any file; to load it anew takes longest.
        """
        is_open = page.url.startswith(f"{self.url}lab/") and page.evaluate("'jupyterapp' in window")
        if is_open:
            page.evaluate(OPEN, notebook)
        elif self.app == "jupyterlab":
            page.goto(f"{self.url}lab/tree/{notebook}?reset")
        else:
            page.goto(f"{self.url}notebooks/{notebook}")
        page.locator(".jp-Notebook").wait_for(timeout=LONG_MS)
        idle = page.get_by_text("| Idle") if self.app == "jupyterlab" else page.locator("[data-status=idle]").first
        idle.wait_for(timeout=LONG_MS)
        self._wait_for_kernel(notebook)

    def _wait_for_kernel(self, notebook):
        """Wait until the server knows of a kernel that listens to a front end: what is shown may be older."""
        name, folder = Path(notebook).name, Path(notebook).parent.name

        def found():
            sessions = requests.get(f"{self.url}api/sessions", timeout=LONG).json()
            mine = [each["kernel"] for each in sessions if each["path"].endswith(name) and folder in each["path"]]
            return any(kernel["connections"] and kernel["execution_state"] == "idle" for kernel in mine)

        wait_for(found, lambda: f"no idle kernel for {notebook}: {self._log()}", 0.2)

    def run_all(self, page, *, wait=True):
        """Run every cell, and wait until each is done."""
        self._command(page, "notebook:run-all-cells")
        if wait:
            self._wait_until_done(page)

    def _command(self, page, command, active=0):
        """Give a command, as a menu does: once, when the page has its kernel; before, it would be forgotten."""
        try:
            page.wait_for_function(CONNECTED, timeout=LONG_MS)
        except PlaywrightTimeout:
            raise TimeoutError(f"no kernel in the page:\n{self._seen(page)}\n{self._log()}") from None
        page.evaluate(COMMAND, [command, active])

    def _wait_until_done(self, page):
        try:
            page.wait_for_function(ALL_DONE, timeout=LONG_MS)
        except PlaywrightTimeout:
            raise TimeoutError(f"cells that are not done:\n{self._seen(page)}\n{self._log()}") from None

    @staticmethod
    def _seen(page):
        """Return what stands in the page's cells."""
        return "\n---\n".join(cell.inner_text()[:500] for cell in page.locator(".jp-CodeCell").all())

    def run_cell(self, page, number):
        """Run one cell, and wait until it is done."""
        prompt = page.locator(".jp-CodeCell").nth(number).locator(".jp-InputPrompt").first
        wait_for(lambda: "*" not in prompt.inner_text(), lambda: self._seen(page), 0.1)
        before = prompt.inner_text()
        self._command(page, "notebook:run-cell", number)
        done = re.compile(r"\[\d+\]")

        def found():
            now = prompt.inner_text()
            return now != before and done.search(now)

        wait_for(found, lambda: f"{self._seen(page)}\n{self._log()}", 0.1)

    def run_last(self, page):
        """Run the last cell once more, and wait until every one is done."""
        self._wait_until_done(page)
        self.run_cell(page, page.locator(".jp-CodeCell").count() - 1)
        self._wait_until_done(page)

    def save(self, page, notebook):
        """Save the notebook as a person does, and wait until it and its checkpoint are written.

        With jupyter-collaboration the server saves by itself, and may have done so before.
        """
        path = self.folder / notebook
        files = (path, path.parent / ".ipynb_checkpoints" / f"{path.stem}-checkpoint.ipynb")
        before = [_written_at(each) for each in files]
        page.keyboard.press("Control+s")
        page.wait_for_function("() => !document.querySelector('.jp-mod-dirty')", timeout=LONG_MS)
        end = time.monotonic() + 10
        while time.monotonic() < end and any(_written_at(f) == at for f, at in zip(files, before, strict=True)):
            time.sleep(0.05)

    def stop(self):
        """End the server and its kernels."""
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()


def _written_at(path):
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def notebook(path, *cells):
    """Write a notebook of code cells."""
    import nbformat

    # A cell that fails must not keep the ones below it from running.
    tags = {"tags": ["raises-exception"]}
    document = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell, metadata=tags) for cell in cells])
    document.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(document, path)
    return Path(path)
