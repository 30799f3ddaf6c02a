"""Programs of the system that some tests stand on; without one, its tests are passed over, and say so.

`python tests/programs.py` brings them, as root in CI.
"""

import os
import shutil
import subprocess

# What is looked for, and the Debian package that brings it.
PROGRAMS = {
    "gnome-keyring-daemon": "gnome-keyring",
    "dbus-run-session": "dbus",
    "dbus-send": "dbus",
    "pgbouncer": "pgbouncer",
    "bindfs": "bindfs",
}


if __name__ == "__main__":
    missing = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    if missing and os.environ.get("CI") and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        words = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
        subprocess.run(words, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    print("programs for some tests:", f"not here: {', '.join(missing)}" if missing else "all here")
