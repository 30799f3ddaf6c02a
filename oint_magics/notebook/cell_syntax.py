"""Whether a cell is Python, plain or IPython's; and a line in the place of one that is none and may hold a secret."""

from __future__ import annotations

import ast
import re
import warnings

from oint_magics.notebook.handles import BROKEN, HANDLE
from oint_magics.notebook.magic_table import verbs

# What still looks like auth data in a cell that is no Python.
_KEYS = re.compile(
    r"""client_?(?:id|secret)|(?:access|refresh)_?token|oauth_?(?:token|consumer)|["'\\]\s*:\s*["'\\]""", re.IGNORECASE
)
LEFT = re.compile(rf"{_KEYS.pattern}|[A-Z0-9+/=~%_-]{{24,}}", re.IGNORECASE)
# The same in a cell in which no magic of ours is found: a name of ours with a value.
KEYED_LEFT = re.compile(
    r"""(?:client_?(?:id|secret)|(?:access|refresh)_?token|oauth_?(?:token|consumer)\w*)["'\\]*\s*[:=]""", re.IGNORECASE
)
# A cell whose other lines may bring the magics that are unknown when it is read.
_BRINGS_MAGICS = re.compile(r"load_ext|register_\w*magic|alias_magic")
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")


def wrong(text: str, magic: str) -> list[str] | None:
    """Return what stands for a cell that cannot be read and may hold a secret; `None` where it is Python."""
    line = wrong_line(text)
    return None if line is None else [f"%{magic} {BROKEN}{line}\n"]


def wrong_line(text: str, *, is_plain: bool = False) -> int | None:
    """Return the line at which a cell stops being Python, plain or IPython's; `None` where it is."""
    from IPython.core.inputtransformer2 import TransformerManager

    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # They quote what they are about.
            code = text if is_plain else TransformerManager().transform_cell(text)
            tree = compile(code, "", "exec", flags)
    except SyntaxError as error:
        return error.lineno or 1
    except Exception:  # noqa: BLE001 - of tokenize, of the compiler, of IPython: whatever it is, it is no Python
        return 1
    return next((node.lineno for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_lost(node, text)), None)


def _is_lost(call: ast.Call, text: str) -> bool:
    """Tell whether a call names an unknown magic that may be a misspelled one of ours, or runs one with auth data."""
    from IPython.core.getipython import get_ipython

    words = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if not (isinstance(call.func, ast.Attribute) and call.func.attr == "run_line_magic" and len(words) == 2):
        return False
    shell, line = get_ipython(), HANDLE.sub("", words[1])
    if shell is not None and not shell.find_line_magic(words[0]):
        is_ours = re.sub(r"[^a-z]+", "", "".join(words).lower()).startswith("twitter")
        return is_ours or (_KEYS.search(line) is not None and not _BRINGS_MAGICS.search(text))
    letters = re.sub(r"[^a-z%-]+", "", _DASHES.sub("-", words[1]).lower())
    # One of ours, perhaps misspelled, in the letters of a line that another magic runs, however it is cut.
    ours = "|".join(verbs()).replace("_", "")
    nested = re.search(rf"%twitter|(?:tw|ti[wt])[a-z]{{2,7}}(?:{ours})-+auth", letters)
    return LEFT.search(line) is not None and nested is not None
