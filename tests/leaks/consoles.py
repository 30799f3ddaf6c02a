"""Sessions without a page: nbclient, and IPython in a terminal."""

import os
import subprocess
import sys

import pexpect
from patience import LONG

from leaks.session import NotebookSession, Session


class NbclientSession(NotebookSession):
    """Each notebook is run by a program, which saves the widgets' state with it."""

    def go(self):
        names = [self.notebook(run).name for run in self.runs]
        words = [
            sys.executable,
            "-m",
            "jupyter",
            "execute",
            "--inplace",
            "--allow-errors",
            "--NbClientApp.log_level=DEBUG",
            *names,
        ]
        with (self.root / "home" / "lab.log").open("wb") as log:
            subprocess.run(words, cwd=self.root / "work", env=os.environ | self.environment(), stdout=log, stderr=log,
                           stdin=subprocess.DEVNULL, check=True)  # fmt: skip

    def search(self, search):
        found = super().search(search)
        del found["history"]  # nbclient's kernels have theirs in memory.
        return found

    def sends(self, way):
        return way.sends and way.act is None  # Nobody is there to answer.


class TerminalSession(Session):
    """Each run has an IPython of its own; a person types the cells, and answers what is asked."""

    own = Session.own | {"scrollback"}
    visited = frozenset({"scrollback"})
    _prompt = r"In \[\d+\]: $"
    _more = r"\.\.\.: $"
    _question = r"\(hidden[^)]*\): $|on one line: $"

    def go(self):
        (self.root / "screens").mkdir()
        for run in self.runs:
            with (self.root / "screens" / run.slug).open("wb") as screen:
                self._go(run, screen)

    def _go(self, run, screen):
        words = ["-m", "IPython", "--no-banner", "--simple-prompt", "--colors=NoColor",
                 "--HistoryManager.enabled=True"]  # fmt: skip
        # As wide as any line: what a terminal breaks would hide from the search.
        child = pexpect.spawn(sys.executable, words, env=os.environ | self.environment() | {"TERM": "dumb"},
                              cwd=self.root / "work", timeout=LONG, dimensions=(50, 4000), logfile=screen)  # fmt: skip
        child.logfile, child.logfile_read = None, screen
        child.expect(self._prompt)
        answers = list(run.answers)
        for cell in run.cells:
            for line in [line for line in cell.split("\n") if line or "\n" in cell]:
                child.sendline(line)
                stop = None
                while self._comes(child, stop) == 2:
                    answer = answers.pop(0)
                    answer = answer(child.before.decode()) if callable(answer) else answer
                    stop = child.sendintr if answer == "\x03" else None
                    stop() if stop else child.sendline(answer)
        assert not answers, f"{run.slug}: nobody asked for {len(answers)} answers"
        child.sendline("exit")
        child.expect(pexpect.EOF)
        child.wait()
        child.close()

    def _comes(self, child, stop):
        """Return what comes next; a stop that was lost, as Python may lose one, is pressed again."""
        places = [self._prompt, self._more, self._question]
        while stop:
            found = child.expect([*places, pexpect.TIMEOUT], timeout=15)
            if found < len(places):
                return found
            stop()
        return child.expect(places)

    def search(self, search):
        return {"scrollback": search.files(self.root / "screens")} | super().search(search)
