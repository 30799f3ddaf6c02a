"""`make leaks`: secrets go through every path of a session, then all that it left is searched; one hit fails.

A row is a path, a column a surface: `.` is clean, `own` the user's own cell where the secret was typed as text,
`link` the address that a person opened in a login (its state and code, both used up by then), kept by what it was
opened with, and a number counts hits. The row `planted` leaks on purpose, on every surface: what is not found there fails too.
"""

import sys
import time

from leaks.consoles import NbclientSession, TerminalSession
from leaks.pages import PageSession

SESSIONS = {
    "jupyterlab": lambda: PageSession("JupyterLab", "jupyterlab"),
    "notebook": lambda: PageSession("Notebook", "notebook"),
    "collaboration": lambda: PageSession("JupyterLab with jupyter-collaboration", "jupyterlab"),
    "nbclient": lambda: NbclientSession("nbclient"),
    "terminal": lambda: TerminalSession("IPython in a terminal"),
}


def verdict(session, way, surface, hits):
    """Return a cell of the table, and whether it is as it should be."""
    if way.name == "planted":
        return ("found", True) if hits else ("MISSED", False)
    if not hits:
        return ".", True
    if way.is_typed and surface in session.own:
        return "own", True
    if way.is_visited and surface in session.visited and {hit[0] for hit in hits} <= {"state", "code"}:
        return "link", True
    return str(len(hits)), False


def report(session):
    """Print the table of a session; return what is wrong in it."""
    found, wrong = session.found(), [f"{session.name}: {way.name}: never went" for way in session.not_gone()]
    print(f"\n{session.name}")
    for number, name in enumerate(found, 1):
        print(f"  {number:2} {name}")
    print("  " + " " * 34 + " ".join(f"{number:>6}" for number in range(1, len(found) + 1)))
    for way in session.ways:
        cells = []
        for surface, all_hits in found.items():
            hits = {(key, *where) for (path, key), *where in all_hits if path == way.name}
            cell, is_right = verdict(session, way, surface, hits)
            cells.append(cell)
            if not is_right:
                wrong.append(f"{session.name}: {way.name}: {surface}: {sorted(hits)[:4]}")
        print(f"  {way.name:34}" + " ".join(f"{cell:>6}" for cell in cells))
    return wrong


def leaks(name):
    """Run a session and return what is wrong in it."""
    session = SESSIONS[name]()
    try:
        session.run()
        return report(session)
    finally:
        session.close()


def main():
    wrong = []
    for name in sys.argv[1:] or SESSIONS:
        begun = time.monotonic()
        wrong += leaks(name)
        print(f"  {time.monotonic() - begun:.0f} s", flush=True)
    for line in wrong:
        print("WRONG", line)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
