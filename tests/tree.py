"""What must not lie in the tree: `python tests/tree.py` fails for a file that holds anything like a token pair, for
a notebook with outputs, and for a name at the top that is not the project's.

It looks at every file but those of the build folders, whether git tracks it or ignores it: what a run left behind
would be published with the next archive of the folder.
"""

import base64
import binascii
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILT = (".git", ".venv", "dist", "build", "mutants", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache",
         ".hypothesis", ".import_linter_cache", ".ipynb_checkpoints", "node_modules")  # fmt: skip
TOP = {".ci", ".gitignore", ".pre-commit-config.yaml", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE",
       "Makefile", "README.md", "SECURITY.md", "benchmarks", "docs", "findings", "notebooks", "oint_magics",
       "pyproject.toml", "tests"}  # fmt: skip
_LARGEST = 2 * 1024 * 1024
_WORD = re.compile(rb"[A-Za-z0-9_-]{40,}")
_NAMED = re.compile(
    rb"""(?:access|refresh)_?token["'\\]*\s*[:=]\s*["'\\]*([A-Za-z0-9_-]{30,})""", re.IGNORECASE
)  # fmt: skip


def files(root=ROOT):
    """Yield every file below a folder that is no build's."""
    for path in sorted(root.iterdir()):
        if path.name in BUILT or path.name.endswith(".egg-info") or path.is_symlink():
            continue
        if path.is_dir():
            yield from files(path)
        else:
            yield path


def is_x_token(word):
    """Tell whether a word is what X makes its tokens of: base64url of `random:epoch_ms:n:n:kind:n`."""
    try:
        parts = base64.urlsafe_b64decode(word + b"=" * (-len(word) % 4)).split(b":")
    except (ValueError, binascii.Error):
        return False
    return len(parts) == 6 and len(parts[1]) == 13 and parts[1].isdigit()


def is_random(word):
    """Tell whether a word looks like chance: small letters, large ones and digits, mixed."""
    return all(re.search(kind, word) for kind in (rb"[a-z]", rb"[A-Z]", rb"[0-9]"))


def holds_a_pair(data):
    """Tell whether bytes hold anything like a token."""
    named = any(is_random(found[1]) for found in _NAMED.finditer(data))
    return named or any(is_x_token(found[0]) for found in _WORD.finditer(data))


def suspicious(root=ROOT):
    """Return the files that hold anything like a token pair, as paths below the folder."""
    small = (path for path in files(root) if path.stat().st_size <= _LARGEST)
    return [path.relative_to(root).as_posix() for path in small if holds_a_pair(path.read_bytes())]


def names(root=ROOT):
    """Return the paths of all files and of the folders `.oint`, to be compared after a run."""
    return {path.relative_to(root).as_posix() for path in files(root)}


def with_outputs(root=ROOT):
    """Return the notebooks in which something stands that a run has left."""
    found = []
    for path in files(root):
        if path.suffix == ".ipynb":
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            if any(cell.get("outputs") or cell.get("execution_count") for cell in cells):
                found.append(path.relative_to(root).as_posix())
    return found


def strangers(root=ROOT):
    """Return the names at the top that git tracks and that are not the project's; none where git does not answer."""
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=False).stdout
    return sorted({line.partition("/")[0] for line in listed.splitlines()} - TOP)


if __name__ == "__main__":
    found = [f"{name}: holds something like a token pair; a run may have left it" for name in suspicious()]
    found += [f"{name}: has outputs; clear them before it is committed" for name in with_outputs()]
    found += [f"{name}: is no part of the project; a run may have left it" for name in strangers()]
    print("\n".join(found), end="\n" if found else "")
    sys.exit(bool(found))
