"""What an import costs over the process that does without it."""

from measure import quartiles, show

SHELL = "from IPython.core.interactiveshell import InteractiveShell as S; s = S.instance()"
COMMANDS = {
    "bare": "pass",
    "import oint_magics": "import oint_magics",
    "from oint_magics import twitter": "from oint_magics import twitter",
    "bare IPython": SHELL,
    "%load_ext oint_magics": SHELL + "; s.run_line_magic('load_ext', 'oint_magics')",
}
OVER = {
    "import oint_magics": ("bare", 10),
    "from oint_magics import twitter": ("bare", 3),
    "%load_ext oint_magics": ("bare IPython", 15),
}

# Without the interpreter's own end, which takes now 10 ms and now 30.
END = "; import os; os._exit(0)"

if __name__ == "__main__":
    found = quartiles({name: source + END for name, source in COMMANDS.items()}, 31)
    rows = [
        (name, base, f"{found[base]:.1f}", f"{found[name] - found[base]:.1f}", f"{found[name] / found[base]:.2f}", most)
        for name, (base, most) in OVER.items()
    ]
    show(
        "imports (lower quartiles of 31, in turns)", ("what", "over", "base ms", "more ms", "ratio", "wanted ms"), rows
    )
