"""`make matrix`: the same tests with the oldest and the newest of what we stand on, each in an environment of its own.

`python tests/matrix.py FOLDER [ROW …]` makes the environments below the folder; what pytest is to get besides stands
in PYTEST_ARGS.
"""

import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 14)
ROWS = {
    # Colab's pins.
    "IPython 7.34, ipywidgets 7.7.1": ("oldest", "ipython==7.34.*", "ipywidgets==7.7.1"),
    "IPython 8, ipywidgets 8": ("middle", "ipython==8.*", "ipywidgets==8.*"),
    "IPython 9, ipywidgets 8": ("newest", "ipython==9.*", "ipywidgets==8.*"),
}


def pythons():
    """Return the supported Pythons that are there, the oldest first."""
    found = {}
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        # Beside our own, where a version manager keeps them; else on the path.
        beside = sorted(Path(sys.base_prefix).parent.glob(f"3.{minor}.*/bin/python"))
        for path in [*beside[-1:], shutil.which(f"python3.{minor}")]:
            if path and subprocess.run([path, "-c", "import venv, ssl"], capture_output=True).returncode == 0:
                found.setdefault(minor, str(path))
    if sys.version_info[1] not in found:
        found[sys.version_info[1]] = sys.executable
    return [path for _, path in sorted(found.items())]


def environment(folder, python, requirements):
    """Make an environment, and return its Python."""
    inside = folder / "bin" / "python"
    if not inside.exists():
        subprocess.run([python, "-m", "venv", folder], check=True)
    pip = [inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--upgrade", "pip"], check=True)
    subprocess.run([*pip, *requirements, "--editable", ".", "--group", "test"], check=True)
    return inside


def tests(python):
    """Run all tests, and return how they ended and the runner's last line."""
    words = [
        python,
        "-m",
        "pytest",
        "-n",
        "2",
        "--dist",
        "loadfile",
        "--no-loadscope-reorder",
        "-p",
        "no:cacheprovider",
    ]
    path = f"{python.parent}:{os.environ['PATH']}"
    done = subprocess.run([*words, *shlex.split(os.environ.get("PYTEST_ARGS", ""))], env=os.environ | {"PATH": path},
                          stdout=subprocess.PIPE, text=True)  # fmt: skip
    if done.returncode:
        print(done.stdout)
    return done.returncode, done.stdout.strip().splitlines()[-1]


def main():
    folder, *names = sys.argv[1:]
    there = pythons()
    choice = {"oldest": there[0], "middle": there[len(there) // 2], "newest": there[-1]}
    wrong = 0
    for name in names or ROWS:
        which, *requirements = ROWS[name]
        begun = time.monotonic()
        slug = name.replace(" ", "-").replace(",", "")
        python = environment(Path(folder).absolute() / slug, choice[which], requirements)
        version = subprocess.run([python, "--version"], capture_output=True, text=True).stdout.strip()
        code, line = tests(python)
        wrong |= code
        print(f"{name:32} {version:14} {line.strip('= ')} · {time.monotonic() - begun:.0f} s", flush=True)
    sys.exit(wrong)


if __name__ == "__main__":
    main()
