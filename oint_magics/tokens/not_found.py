"""The answer to a source that names nothing: what was looked for, and what is there instead."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from oint_magics import stores
from oint_magics.auth import spellings
from oint_magics.auth.text_file import is_dotenv_name
from oint_magics.display.text import quoted
from oint_magics.errors import AuthNotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST = 64 * 1024
_MOST_FILES = 40
_MOST_NAMES = 4
# A word and a colon; one letter is a Windows drive.
_PREFIXED = re.compile(r"[A-Za-z]{2,20}:[^\\/]*")
_EXPRESSION = re.compile(
    r"(?:\{\s*)?\$?[^\W\d]\w*\s*[\[(].*|\{\s*[^\W\d]\w*\s*[.+/%].*\}.*|(?:\$|\{\s*)[^\W\d]\w*\}?\s*[/\\.+].*"
)


def is_expression(text: str) -> bool:
    """Tell whether a word is an expression of Python, or a path with a variable in it."""
    return len(text) < 300 and _EXPRESSION.fullmatch(text) is not None


def expression() -> AuthNotFound:
    """Return the error for an expression."""
    return AuthNotFound(
        "Expressions are not evaluated in a magic's line. Nothing was sent.",
        cause="a source is one name, one path, or the JSON itself.",
        next_step="two lines do it:  auth = …your expression…  and below it  %twitter_refresh --auth auth",
    )


def nothing(text: str, looked_for: str, variables: Mapping[str, object] | None) -> AuthNotFound:
    """Return the error for a source that names nothing, naming what is there that it may have meant.

    Args:
        text: what was typed; it is not repeated.
        looked_for: what was looked for, in words.
        variables: the names that were looked up, or `None`.
    """
    known = [*_neighbours(text), *stores.kept(), *_variables(variables)]
    near = list(dict.fromkeys([*get_close_matches(text, known, _MOST_NAMES, 0.6), *known]))[:_MOST_NAMES]
    what = "Nothing is found for the source given."
    if _PREFIXED.fullmatch(text):
        what = "Nothing is found for the source given: its prefix is none of profile:, keyring:, shared: and env:."
    there = f"there is: {', '.join(quoted(name) for name in near)}; or " if near else ""
    return AuthNotFound(
        f"{what} Nothing was sent.",
        cause=f"looked for {looked_for} of that name; files are looked for in {_current_folder()}.",
        next_step=f"{there}name an auth JSON file, a variable or profile:NAME; the panel: %twitter_auth; "
        "without an account: %twitter_sandbox start",
    )


def _neighbours(text: str) -> list[str]:
    """Return the files with auth data in the folder that was typed, as they are named from here."""
    try:
        folder = Path(text.replace("\\", "/")).expanduser().parent
        found = sorted((folder if folder.is_dir() else Path()).iterdir())
    except (OSError, ValueError, RuntimeError):
        return []
    likely = [path for path in found if path.suffix == ".json" or is_dotenv_name(path.name)]
    return [str(path) for path in likely[:_MOST_FILES] if _holds_auth_data(path)]


def _holds_auth_data(path: Path) -> bool:
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return False
        text = path.read_bytes().decode("utf-8", "ignore")
    except (OSError, ValueError):
        return False
    names = re.findall(r"""["']?([A-Za-z_][\w-]{3,40})["']?\s*[:=]""", text)
    return any((spellings.variable_key(name) or ("",))[0] in ("client_id", "refresh_token") for name in names)


def _variables(variables: Mapping[str, object] | None) -> list[str]:
    """Return the names of variables that hold auth data."""
    found = [(name, value) for name, value in (variables or {}).items() if not name.startswith("_")]
    return [name for name, value in found if isinstance(value, dict) and "client_id" in value]


def _current_folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return "the current folder, which was deleted"
