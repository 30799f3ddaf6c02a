"""How long a process takes, measured in turns so that a busy machine is busy for all of them."""

import compileall
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "oint_magics"


def quartiles(commands, rounds, before=None):
    """Return each command's lower quartile, in milliseconds: what it takes when nothing else disturbs.

    Args:
        commands: name to Python source.
        rounds: how often each runs, in turns.
        before: called before each run, untimed, or `None`.
    """
    # As an installed package is: with its bytecode there, whatever the environment says.
    compileall.compile_dir(PACKAGE, quiet=1)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    times = {name: [] for name in commands}
    for _ in range(rounds):
        for name, source in commands.items():
            if before:
                before()
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", source], check=True, env=environment, stdout=subprocess.DEVNULL)
            times[name].append((time.perf_counter() - start) * 1000)
    return {name: statistics.quantiles(values)[0] for name, values in times.items()}


_PEAK = """
with open("/proc/self/status") as file:
    print(next(line for line in file if line.startswith("VmHWM")).split()[1])
"""


def peak(source):
    """Return the most memory that a process of a command holds, in MiB; the middle one of five. Linux alone tells."""
    found = []
    for _ in range(5):
        # Not by `getrusage`, which counts the process from which it was started too.
        done = subprocess.run([sys.executable, "-c", source + _PEAK], check=True, capture_output=True, text=True)
        found.append(int(done.stdout.split()[-1]) / 1024)
    return statistics.median(found)


def show(title, header, rows):
    """Print a table."""
    print(f"\n{title}")
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, *rows]:
        print("  " + "  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def dotenv(pair):
    """Return auth JSON as the text of a `.env` file, among another program's variables; it holds no access token."""
    names = ("client_id", "client_secret", "refresh_token", "sandbox")
    known = json.loads(pair)
    lines = [f'X_{name.upper()}="{known[name]}"' for name in names if name in known]
    return "\n".join(["# the app", "DEBUG=1", *lines, "DATABASE_URL=postgres://u:p@h/d", ""])
