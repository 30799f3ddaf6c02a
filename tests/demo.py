"""`make demo`: a refresh in the terminal, on the sandbox; then JupyterLab with the tutorials.

`python tests/demo.py WORD…` gives the words to JupyterLab. Without words, and if Python finds no browser, it says how
to go on instead.
"""

import os
import sys
import tempfile
import webbrowser
from pathlib import Path

LINES = ("%load_ext oint_magics", "%twitter_sandbox start", "%twitter_refresh")
FIRST = "notebooks/01_first_refresh.ipynb"
# JupyterLab needs another one.
TEXT_BROWSERS = {"www-browser", "links", "elinks", "lynx", "w3m"}
WITHOUT_BROWSER = """
No browser was found on this machine. Go on in the terminal:

    .venv/bin/ipython
{lines}

Or start JupyterLab, and open the address that it prints in a browser elsewhere:

    make demo LAB_ARGS=--no-browser
"""


def has_browser():
    """Tell whether Python finds a browser that shows more than text."""
    try:
        name = webbrowser.get().name
    except webbrowser.Error:
        return False
    return Path(name).name not in TEXT_BROWSERS


def refresh():
    """Run the lines as somebody would in IPython; raises `SystemExit` if one fails."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    for number, line in enumerate(LINES, 1):
        print(f"\nIn [{number}]: {line}", flush=True)
        if not shell.run_cell(line, store_history=True).success:
            sys.exit(1)


def in_a_folder_of_its_own(call):
    """Run a call whose files go into a temporary folder: the data folder and IPython's are the user's."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OINT_HOME"] = os.environ["IPYTHONDIR"] = folder
        os.chdir(folder)
        try:
            call()
        finally:
            os.chdir(here)


def main():
    words, env = sys.argv[1:], dict(os.environ)
    in_a_folder_of_its_own(refresh)
    if not words and not has_browser():
        print(WITHOUT_BROWSER.format(lines="\n".join(f"    {line}" for line in LINES)))
        return
    print("\nJupyterLab with the tutorials starts; Ctrl-C ends it.\n", flush=True)
    # In a container one is root, and JupyterLab has to be told that this is meant.
    as_root = ["--allow-root"] if os.geteuid() == 0 else []
    command = [sys.executable, "-m", "jupyterlab", *as_root, f"--LabApp.default_url=/lab/tree/{FIRST}", *words]
    os.execve(sys.executable, command, env)


if __name__ == "__main__":
    main()
