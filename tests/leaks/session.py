"""What every session has: a home of its own, a server, a team's database, and the search of all that it left."""

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import browser
import lab
from cryptography.fernet import Fernet
from playwright.sync_api import sync_playwright
from postgres import Postgres

from leaks.given import Server
from leaks.search import Search
from leaks.ways import runs, ways

HERE = Path(__file__).parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FOLDERS = {"HOME": "home", "JUPYTER_CONFIG_DIR": "home/config", "JUPYTER_DATA_DIR": "home/data", "TMPDIR": "tmp",
           "JUPYTER_RUNTIME_DIR": "home/run", "IPYTHONDIR": "home/ipython", "OINT_HOME": "oint",
           "PROBES": "probes", "GIVEN": "given"}  # fmt: skip


class Processes(threading.Thread):
    """Looks at every process's command line and environment, again and again: often while it is new.

    What a process was started with stays as it is, but a new one may still be its parent's copy.
    """

    def __init__(self):
        super().__init__(daemon=True)
        self.seen, self.is_over = set(), False
        self._looks = {}

    def run(self):
        while not self.is_over:
            there = {path.name: path for path in Path("/proc").glob("[0-9]*")}
            self._looks = {name: self._looks.get(name, 0) + 1 for name in there}
            for name, process in there.items():
                if self._looks[name] < 20 or self._looks[name] % 20 == 0:
                    self._look(process)
            time.sleep(0.05)

    def _look(self, process):
        for name in ("cmdline", "environ"):
            with contextlib.suppress(OSError):
                self.seen.add((process / name).read_bytes())

    def stop(self):
        self.is_over = True
        self.join()
        return b"\n".join(self.seen)


class Session:
    """One front end and its kernels at DEBUG; every file lies below one folder.

    Args:
        name: the front end's name.
    """

    # Where the user's own cell lives, and so what was typed into it.
    own = frozenset({"history", "log", "%logstart", "temporary files"})
    # Where the address that a person opened is kept by what it was opened with.
    visited = frozenset()

    def __init__(self, name):
        self.name, self.root = name, Path(tempfile.mkdtemp(prefix="leaks-"))
        for folder in ("work", "given", "tmp", "home/run"):
            (self.root / folder).mkdir(parents=True)
        self.ways = ways()
        self.runs = runs(self.ways)
        self.server = Server([way.given for way in self.ways])
        self.postgres = Postgres()
        for way in self.ways:
            for ending, text in way.given.files.items():
                path = self.root / "given" / f"{way.slug}.{ending}"
                path.parent.mkdir(exist_ok=True)
                path.write_text(text)
                path.chmod(0o600)

    def environment(self):
        """Return what the front end is started with."""
        return {name: str(self.root / place) for name, place in FOLDERS.items()} | {
            "PYTHONPATH": f"{HERE}:{HERE.parent}", "PYTHON_KEYRING_BACKEND": "ring.Ring",
            "OINT_TWITTER_TOKEN_URL": f"{self.server.url}/2/oauth2/token", "OINT_TWITTER_TIMEOUT": "5",
            "OINT_TWITTER_REVOKE_URL": f"{self.server.url}/2/oauth2/revoke", "OINT_TWITTER_API_URL": self.server.url,
            "OINT_TWITTER_AUTHORIZE_URL": f"{self.server.url}/i/oauth2/authorize",
            "OINT_SHARED_STORE": self.postgres.address, "OINT_SHARED_KEY": Fernet.generate_key().decode(),
        }  # fmt: skip

    def run(self):
        """Go every path, and end everything."""
        processes = Processes()
        processes.start()
        try:
            self.go()
        finally:
            self.processes = processes.stop()
            self.server.stop()
            self.postgres.run("CHECKPOINT")
        self.after()

    def go(self):
        """Go every path."""
        raise NotImplementedError

    def after(self):
        """Do what is done with the files later."""

    def not_gone(self):
        """Return the paths whose token should have come to the server and did not, or the other way round."""
        return [way for way in self.ways if way.given.is_sent != self.sends(way)]

    def sends(self, way):
        """Return whether a path ends in a request."""
        return way.sends

    def found(self):
        """Search everything that is left.

        Returns:
            Each surface's hits: the path with the secret's name, the encoding, and the file where there is one.
        """
        secrets = {(way.name, key): text for way in self.ways for key, text in way.given.secrets.items()}
        return self.search(Search(secrets))

    def search(self, search):
        """Return each surface with what a search finds on it."""
        home = self.root / "home"
        found = {
            "history": search.files(home / "ipython"),
            "jupyter's folders": search.files(
                *(home / name for name in ("data", "run", "config", "settings", "spaces"))
            ),
            "temporary files": search.files(self.root / "tmp"),
            "processes": search.data(self.processes),
            "team's database": search.files(self.postgres.folder),
        }
        probes = sorted((self.root / "probes").glob("*/*"))
        for probe in probes:
            found[probe.name] = found.get(probe.name, set()) | search.files(probe)
        return found

    def close(self):
        self.postgres.stop()


class NotebookSession(Session):
    """A session that leaves notebooks: each run has its own, and all are exported afterwards."""

    own = Session.own | {"notebook", "exports", "PDF text"}

    def __init__(self, name):
        super().__init__(name)
        folder = self.root / "home" / "data" / "kernels" / "python3"
        folder.mkdir(parents=True)
        words = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--debug"]
        spec = {"argv": words, "display_name": "Python 3", "language": "python"}
        folder.joinpath("kernel.json").write_text(json.dumps(spec))
        for run in self.runs:
            lab.notebook(self.notebook(run), *run.cells)

    def notebook(self, run):
        return self.root / "work" / f"{run.slug}.ipynb"

    def after(self):
        exports = self.root / "exports"
        for kind in ("html", "markdown"):
            names = [self.notebook(run).name for run in self.runs]
            words = [sys.executable, "-m", "nbconvert", "--to", kind, "--output-dir", exports, *names]
            subprocess.run(words, cwd=self.root / "work", capture_output=True, check=True)
        self._print(exports)

    def _print(self, exports):
        """Print every page to PDF, and keep the text that is in it."""
        import pypdf

        (self.root / "pdf").mkdir()
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser.find(), args=FLAGS)
            page = chromium.new_page()
            page.route(lambda url: not url.startswith("file:"), lambda route: route.abort())
            for run in self.runs:
                page.goto((exports / f"{run.slug}.html").as_uri())
                path = self.root / "pdf" / f"{run.slug}.pdf"
                page.pdf(path=path)
                pages = pypdf.PdfReader(path).pages
                # A long word is broken wherever the line ends.
                path.with_suffix(".txt").write_text("".join(p.extract_text() for p in pages).replace("\n", ""))
            chromium.close()

    def search(self, search):
        notebooks = [json.loads(self.notebook(run).read_text()) for run in self.runs]
        # What IPython shows of a cell beside the cell itself: never the user's own text.
        outputs = [cell["outputs"] for notebook in notebooks for cell in notebook["cells"]]
        states = [notebook["metadata"].pop("widgets", {}) for notebook in notebooks]
        return {
            "notebook": search.data(json.dumps(notebooks).encode()),
            "outputs": search.data(json.dumps(outputs).encode()),
            "widget state": search.data(json.dumps(states).encode()),
            "exports": search.files(self.root / "exports"),
            "PDF text": search.files(*(self.root / "pdf").glob("*.txt")),
            "log": search.files(*self.logs()),
        } | super().search(search)

    def logs(self):
        """Return the files that the server and the kernels logged to."""
        return [self.root / "home" / "lab.log"]
