"""`make leaks`: secrets go through every path of a session, then all that it left is searched; one hit fails.

A row is a path, a column a surface: `.` is clean, `own` the user's own cell where the secret was typed as text,
and a number counts hits. The row `planted` leaks on purpose, on every surface: what is not found there fails too.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import browser
import lab
from playwright.sync_api import sync_playwright

from leaks.given import Given, Server
from leaks.search import Search

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
HERE = Path(__file__).parent

PLANT = """
import builtins, copy, logging, os, subprocess, sys, tempfile, warnings
import ipywidgets
secret = probes.given("planted")["refresh_token"]
logging.getLogger("planted").debug("leak %s", secret)
warnings.warn(secret)
print(secret)
print(secret, file=sys.__stderr__, flush=True)
display(ipywidgets.Text(value=secret))
tempfile.NamedTemporaryFile(delete=False, mode="w").write(secret)
words = [sys.executable, "-c", "import time; time.sleep(3)", secret]
child = subprocess.Popen(words, env=os.environ | {"LEAK": secret})
with open(os.environ["JUPYTER_RUNTIME_DIR"] + "/leak", "w") as file:
    file.write(secret)
class Leak(dict):
    pass
r = Leak({secret: secret})
r.secret = secret
def fail(secret):
    raise ValueError(secret)
"""


class Way:
    """One way of a secret through a session.

    Args:
        name: the path's name.
        cells: what is run, `{name}` being the path's; a probe follows.
        outcome: what the server does.
        act: what a person does in the page, or `None`.
        is_typed: whether a cell holds the secret as text.
    """

    def __init__(self, name, *cells, outcome="grant", act=None, is_typed=False):
        self.name, self.cells, self.act, self.is_typed = name, cells, act, is_typed
        self.given = Given(name, outcome)

    @property
    def slug(self):
        return "".join(c if c.isalnum() else "-" for c in self.name)

    def notebook(self, folder):
        """Write the notebook; its secrets come from files outside, but for the path that types them."""
        start = f"%load_ext oint_magics\nimport probes; probes.start({self.slug!r})"
        words = {"slug": self.slug, "text": self.given.text}
        cells = [cell.replace("{slug}", words["slug"]).replace("{text}", words["text"]) for cell in self.cells]
        return lab.notebook(folder / f"{self.slug}.ipynb", start, *cells, f"probes.take({self.slug!r}, globals())")


def paste(page, path):
    page.locator(".oint-form").wait_for()
    page.get_by_label("Paste the auth JSON").fill(path.given.text)
    page.get_by_label("Keep the pair in").fill(f"profile:{path.slug}")
    page.get_by_role("button", name="Refresh and keep").click()
    page.locator("table.oint-t", has_text="access_token").wait_for()


def paste_badly(page, path):
    page.locator(".oint-form").wait_for()
    page.get_by_label("Paste the auth JSON").fill(path.given.text.replace('"client_id"', '"x": "y", "x"'))
    page.get_by_role("button", name="Refresh and keep").click()
    page.locator(".oint-problem").wait_for()


def type_only(page, path):
    page.locator(".oint-form").wait_for()
    page.get_by_text("or fill in the fields", exact=True).click()
    for label, key in (("Client secret", "client_secret"), ("Refresh token", "refresh_token")):
        page.get_by_label(label).press_sequentially(path.given.auth[key])
    page.get_by_label("Paste the auth JSON").fill(path.given.text)


def answer_prompt(page, path):
    for label, text in (("or the whole auth JSON", path.given.text), ("keep it in", f"profile:{path.slug}")):
        box = page.locator("pre", has_text=label).locator(".jp-Stdin-input").last
        box.wait_for()
        box.fill(text)
        box.press("Enter")
    page.locator("table.oint-t", has_text="access_token").wait_for()


def plant(page, path):
    page.evaluate("(text) => localStorage.setItem('leak', text)", path.given.auth["refresh_token"])
    page.wait_for_function(lab.ALL_DONE)


def paths():
    """Return every path, with fresh secrets."""
    file = "%twitter_refresh --auth ../given/{slug}.json"
    return [
        Way("form success", "%twitter_auth", act=paste),
        Way("form bad input", "%twitter_auth", act=paste_badly),
        Way("form typed and saved before submit", "%twitter_auth", act=type_only),
        Way("file success", file),
        Way("file refused", file, outcome="refuse"),
        Way("variable", "pair = probes.given('{slug}')", "%twitter_refresh --auth pair --to profile:{slug}"),
        Way(
            "environment",
            "import os\nos.environ |= {'P_' + k.upper(): v for k, v in probes.given('{slug}').items()}",
            "%twitter_refresh --auth env:P_ --to profile:{slug}",
        ),
        Way("inline text", "%twitter_refresh --to profile:{slug} --auth {text}", is_typed=True),
        Way(
            "inline text, refused",
            "%twitter_refresh --to profile:{slug} --auth {text}",
            outcome="refuse",
            is_typed=True,
        ),
        Way("in doubt", file, outcome="drop"),
        Way("getpass", "%twitter_auth --prompt", act=answer_prompt),
        Way(
            "unexpected exception inside us",
            "import oint_magics.flying as f\n_really = f.fly\ndef fail(store, auth, **_):\n"
            "    raise ValueError(auth.refresh_token.reveal())\nimport oint_magics.refresh as g\ng.fly = fail",
            file,
        ),
        Way("hostile answer", file, outcome="echo"),
        Way("hostile refusal", file, outcome="echo refused"),
        Way("planted", PLANT, "# {text}\nfail(secret)", "r", act=plant),
    ]


class Processes(threading.Thread):
    """Looks at every process's command line and environment, again and again."""

    def __init__(self):
        super().__init__(daemon=True)
        self.seen, self.is_over = set(), False

    def run(self):
        while not self.is_over:
            for process in Path("/proc").glob("[0-9]*"):
                for name in ("cmdline", "environ"):
                    with contextlib.suppress(OSError):
                        self.seen.add((process / name).read_bytes())
            time.sleep(0.05)


# Where the user's own cell lives, and so what was typed into it.
OWN = (
    "notebook",
    "checkpoint",
    "history",
    "log",
    "exports",
    "frames",
    "other tab",
    "temporary files",
    "browser profile",
)


class Session:
    """One front end, its server and kernels at DEBUG, every file below one folder.

    Args:
        name: the front end's name in the table.
        app: the module that is started.
    """

    def __init__(self, name, app):
        self.name, self.root = name, Path(tempfile.mkdtemp(prefix="leaks-"))
        for folder in ("work", "given", "tmp", "browser", "home"):
            (self.root / folder).mkdir()
        self.paths = paths()
        self.server = Server([path.given for path in self.paths])
        for path in self.paths:
            (self.root / "given" / f"{path.slug}.json").write_text(path.given.text)
            (self.root / "given" / f"{path.slug}.json").chmod(0o600)
        self._kernel()
        self.texts = {path.slug: [] for path in self.paths}
        self.other = {path.slug: [] for path in self.paths}
        self.storage = ""
        self.app = app

    def _kernel(self):
        folder = self.root / "home" / "data" / "kernels" / "python3"
        folder.mkdir(parents=True)
        words = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--debug"]
        folder.joinpath("kernel.json").write_text(
            json.dumps({"argv": words, "display_name": "Python 3", "language": "python"})
        )

    def _environment(self):
        return {
            "PYTHONPATH": str(HERE), "PROBES": str(self.root / "probes"), "GIVEN": str(self.root / "given"),
            "TMPDIR": str(self.root / "tmp"), "OINT_HOME": str(self.root / "oint"),
            "OINT_TWITTER_TOKEN_URL": self.server.url, "OINT_TWITTER_TIMEOUT": "5",
        }  # fmt: skip

    def run(self):
        """Go every path, and end everything."""
        for path in self.paths:
            path.notebook(self.root / "work")
        jupyter = lab.Lab(self.root / "home", self.root / "work", env=self._environment(), app=self.app,
                          options=["--debug"], saves_widgets=True)  # fmt: skip
        processes = Processes()
        processes.start()
        try:
            with sync_playwright() as playwright:
                context = playwright.chromium.launch_persistent_context(
                    self.root / "browser",
                    executable_path=browser.find(),
                    args=FLAGS,
                    viewport={"width": 1100, "height": 900},
                )
                for path in self.paths:
                    self._go(context, jupyter, path)
                context.close()
        finally:
            jupyter.stop()
            processes.is_over = True
            processes.join()
            self.server.stop()
        self.processes = b"\n".join(processes.seen)
        self._export()

    def _go(self, context, jupyter, path):
        other = context.new_page()
        self._listen(other, self.other[path.slug])
        page = context.new_page()
        self._listen(page, self.texts[path.slug])
        page.set_default_timeout(25_000)
        jupyter.open(page, f"{path.slug}.ipynb")
        jupyter.open(other, f"{path.slug}.ipynb")
        page.bring_to_front()
        jupyter.run_all(page, wait=path.act is None)
        if path.act:
            path.act(page, path)
            page.wait_for_timeout(1000)
        page.locator(".jp-CodeCell").first.click()
        jupyter.save(page)
        self.storage += page.evaluate("JSON.stringify({...localStorage})")
        page.close()
        other.close()

    @staticmethod
    def _listen(page, frames):
        def socket(ws):
            ws.on("framereceived", lambda data: frames.append(data))
            ws.on("framesent", lambda data: frames.append(data) if isinstance(data, str) else None)

        page.on("websocket", socket)

    def _export(self):
        for path in self.paths:
            for kind in ("html", "markdown", "latex"):
                words = [
                    sys.executable,
                    "-m",
                    "nbconvert",
                    "--to",
                    kind,
                    "--output-dir",
                    self.root / "exports",
                    f"{path.slug}.ipynb",
                ]
                subprocess.run(words, cwd=self.root / "work", capture_output=True, check=False)

    def surfaces(self, path):
        """Return each surface with what a search finds on it for one path."""
        search = Search(path.given.secrets)
        document = json.loads((self.root / "work" / f"{path.slug}.ipynb").read_text())
        state = document["metadata"].pop("widgets", {})
        work, home = self.root / "work", self.root / "home"
        found = {
            "notebook": search.data(json.dumps(document).encode()),
            "widget state": search.data(json.dumps(state).encode()),
            "checkpoint": search.tree(work / ".ipynb_checkpoints"),
            "history": search.tree(home / "ipython"),
            "log": search.tree(home / "lab.log"),
            "jupyter's folders": search.tree(
                *(home / name for name in ("data", "run", "config", "settings", "spaces"))
            ),
            "temporary files": search.tree(self.root / "tmp"),
            "browser profile": search.tree(self.root / "browser"),
            "localStorage": search.data(self.storage.encode()),
            "processes": search.data(self.processes),
            "exports": search.tree(self.root / "exports"),
            "frames": self._frames(search, self.texts[path.slug]),
            "other tab": self._frames(search, self.other[path.slug]),
        }
        probes = self.root / "probes" / path.slug
        return found | {probe.name: search.file(probe) for probe in sorted(probes.glob("*"))}

    @staticmethod
    def _frames(search, frames):
        return search.data(b"\n".join(f.encode() if isinstance(f, str) else f for f in frames))


def verdict(path, surface, hits):
    """Return a cell of the table, and whether it is as it should be."""
    if path.name == "planted":
        return ("found", True) if hits else ("MISSED", False)
    if not hits:
        return ".", True
    return ("own", True) if path.is_typed and surface in OWN else (str(len(hits)), False)


def report(session):
    """Print the table of a session; return what is wrong in it."""
    names, rows, wrong = [], [], []
    for path in session.paths:
        found = session.surfaces(path)
        names = names or list(session.surfaces(session.paths[-1]))
        cells = []
        for surface in names:
            cell, is_right = verdict(path, surface, found.get(surface, set()))
            cells.append(cell)
            if not is_right:
                wrong.append((session.name, path.name, surface, sorted(map(str, found.get(surface, ())))[:4]))
        rows.append((path.name, cells))
    print(f"\n{session.name}")
    for number, name in enumerate(names, 1):
        print(f"  {number:2} {name}")
    print("  " + " " * 36 + " ".join(f"{n:>6}" for n in range(1, len(names) + 1)))
    for name, cells in rows:
        print(f"  {name:36}" + " ".join(f"{cell:>6}" for cell in cells))
    return wrong


def main():
    wrong = []
    chosen = sys.argv[1:] or ["jupyterlab", "notebook"]
    for name in chosen:
        session = Session(name, name)
        session.run()
        wrong += report(session)
        print(f"  kept: {session.root}" if wrong else "")
    for line in wrong:
        print("WRONG", *line)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
