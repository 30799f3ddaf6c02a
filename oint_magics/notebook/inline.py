"""Auth data typed into a cell, taken out of it before IPython takes the cell apart.

IPython prints lines of a cell: the one that is no Python, and those around any line that fails. So what follows a
magic of ours and may be a secret is replaced by a handle, which the magic exchanges for the text again. The user's own
cell and its history stay as they are.
"""

from __future__ import annotations

import ast
import contextlib
import hmac
import keyword
import linecache
import re
import secrets
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from oint_magics.errors import UsageError
    from oint_magics.secret import Secret

_HANDLE = re.compile(r"\binline:[0-9a-f]{12}\b")
_BROKEN = "inline:broken-"
_MAGIC = re.compile(
    r"""(?ix)%{1,2}\s?twitter_?\w*
      # The same, misspelled.
      | %{1,2}\s?(?:tw|ti[wt])[a-z]{2,7}_(?:auth|forget|keep|login|me|post|refresh|revoke|sandbox|status)\w*
      | (?<![\w.])twitter_(?:auth|forget|keep|login|me|post|refresh|revoke|sandbox|status)
        (?=[\s\\]+(?:--|[-\u2010-\u2015\u2212]auth|["'“”‘’«`]*\s*\{))"""
)
# A brace that begins JSON, with the quotes before it; not the `{name}` of a variable.
_JSON = r"""["'“”‘’«`\\]{0,9}\s{0,99}\{(?!\s*[^\W\d]\w*\s*\})"""
_BRACE = re.compile(rf"\s*{_JSON}")
# The same behind a word that was taken for a token.
_BRACE_INSIDE = re.compile(rf"""{_JSON}(?=\s*(?:\\?["']|$))""")
# A word that may be a token: long; or shorter, of letters and digits.
_LONG_WORD = r"(?:[\w+~%-]{24,}|(?=[\w+~%-]*\d)(?=[\w+~%-]*[A-Za-z])[\w+~%-]{14,})"
# The same; or a pair of JSON without its brace; or such a word.
_SECRET = re.compile(rf"""{_JSON}|(["'])[^"'\n]*\1\s*:|(?<![^\s=])[^\s=]*?{_LONG_WORD}""")
# JSON that has lost its brace.
_PAIR = re.compile(r"""["'\\]\s*:|(?:client_?(?:id|secret)|(?:access|refresh)_?token)\s*[:=]""", re.IGNORECASE)
_NEXT_LINE = re.compile(rf"""\s*\n\s*(?=[rfbu]{{0,2}}["'“”‘’«`{{\[]|{_LONG_WORD}\s*(?:\n|\Z))""", re.IGNORECASE)
_FIRST_KEY = re.compile(
    rf"""\s*\n\s*{_JSON}(?:\s|\\(?=\s))*\\?["'](?:client_(?:id|secret)|(?:access|refresh)_token|redirect_uri|oauth_)"""
)
_OPEN_END = re.compile(r"[-\u2010-\u2015\u2212]+auth\s*=?\s*$", re.IGNORECASE)
# In a line of `%twitter_post` the quoted words are the post, and only what follows `--auth` may be a secret.
_POSTED = re.compile(
    r"""\"[^"\n]*\"|'[^'\n]*'|“[^“”\n]*”|‘[^‘’\n]*’|«[^«»\n]*»|(?P<auth>[-\u2010-\u2015\u2212]{1,3}auth\b)""",
    re.IGNORECASE,
)
_KEYED = re.compile(
    r"""["'“”‘’«`\\]{0,9}\s{0,99}\{\s*\\?["'](?:client_?(?:id|secret)|(?:access|refresh)_?token)""", re.IGNORECASE
)
_POST_CELL = re.compile(r"\s*%%twitter_post\b")
_CONTINUED = re.compile(r"\\[^\S\n]*(?=\n)")
# What a place may stand in: a comment, a line of another magic or of the shell, a string.
_AROUND = re.compile(
    r"(?P<comment>#[^\n]*)"
    r"|^[^\S\n]*[%!][^\n]*"
    r'|(?P<string>"""(?:\\.|[^\\])*?(?:"""|\Z)'
    r"|'''(?:\\.|[^\\])*?(?:'''|\Z)"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'(?:\\.|[^'\\\n])*')",
    re.MULTILINE | re.DOTALL,
)
# A value before the `%` of an expression; and where a magic begins, or the shell's line, whose words are no values.
_VALUE = re.compile(r"""(?:(?<!\w)(?P<word>\w+)|[)\]}"'])[^\S\n]*$""")
_BEGUN = re.compile(r"(?:^|=)\s*[%!]")
_CALL = re.compile(r"(run_(?:line|cell)_magic\().*twitter_.*")
_CELL_MAGICS = re.compile(r"\s*(?:%%(?!twitter)\w[^\n]*\n\s*)+")
_NO_LETTERS = re.compile(r"[^A-Za-z\u2010-\u2015\u2212-]+")
_MENTION = re.compile(r"twitter|(?:--|[\u2010-\u2015\u2212])auth(?!or)", re.IGNORECASE)
_OPTION = re.compile(r"(?<![\w-])-auth\b", re.IGNORECASE)
_RUNS_PYTHON = re.compile(r"\s*%%(?:time|timeit|capture|prun|debug|mprun|memit|snakeviz|px)\b")
# What still looks like auth data in a cell that is no Python.
_KEYS = re.compile(
    r"""client_?(?:id|secret)|(?:access|refresh)_?token|oauth_?(?:token|consumer)|["'\\]\s*:\s*["'\\]""", re.IGNORECASE
)
# The same in a cell in which no magic of ours is found: a name of ours with a value.
_KEYED_LEFT = re.compile(
    r"""(?:client_?(?:id|secret)|(?:access|refresh)_?token|oauth_?(?:token|consumer)\w*)["'\\]*\s*[:=]""", re.IGNORECASE
)
# A cell whose other lines may bring the magics that are unknown when it is read.
_BRINGS_MAGICS = re.compile(r"load_ext|register_\w*magic|alias_magic")
# In the letters of a line that another magic runs: one of ours, however it is cut.
_NESTED = re.compile(r"%twitter|twitter(?:auth|forget|keep|login|me|post|refresh|revoke|sandbox|status)-+auth")
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")
_LEFT = re.compile(rf"{_KEYS.pattern}|[A-Z0-9+/=~%_-]{{24,}}", re.IGNORECASE)
# The bodies of these are other programs' or files' own, and none of our magics runs in them.
DATA_CELL = re.compile(
    r"\s*%%(?:writefile|file|html|HTML|markdown|latex|svg|SVG|js|javascript|bash|sh|script|perl|ruby|sx|system|cmd)\b|\s*%%!"
)

# One for each text, so that a cell that is run again adds nothing; the key keeps a handle from telling its text.
_texts: dict[str, Secret] = {}
_key = secrets.token_bytes(16)


def register(shell: InteractiveShell) -> None:
    """Take auth data out of every cell, and out of what IPython's own frames keep of it."""
    shell.input_transformers_cleanup.extend([take_out, hold_open])
    _clean_running_cell()
    shell.events.register("pre_run_cell", _before)
    shell.events.register("post_run_cell", _after)


def unregister(shell: InteractiveShell) -> None:
    """Undo `register`."""
    ours = (take_out, hold_open)
    shell.input_transformers_cleanup[:] = [each for each in shell.input_transformers_cleanup if each not in ours]
    for event, callback in (("pre_run_cell", _before), ("post_run_cell", _after)):
        with contextlib.suppress(ValueError):  # It was not there.
            shell.events.unregister(event, callback)


def _clean_running_cell() -> None:
    """Take auth data out of what tracebacks show of the cell that loads the extension, transformed before it came."""
    # IPython before 8 keeps the lines in a cache of its own, too.
    for cache in (linecache.cache, getattr(linecache, "_ipython_cache", {})):
        for name, entry in list(cache.items()):
            if len(entry) == 4 and any("twitter_" in line and _CALL.search(line) for line in entry[2]):
                lines = [_CALL.sub(r"\1'…')", line) for line in entry[2]]
                cache[name] = (*entry[:2], lines, entry[3])


def _before(info: Any) -> None:
    """Keep the cell's text from the frame that runs it, which a debugger shows; `info` is IPython's."""
    info.raw_cell = "".join(take_out(info.raw_cell.splitlines(keepends=True)))


def _after(result: Any) -> None:
    """Let go of the frames behind an error of the compiler: IPython's own hold the cell, and no line of it ran."""
    if isinstance(result.error_before_exec, SyntaxError) and "inline:" in result.info.raw_cell:
        from oint_magics.errors import forget_frames

        forget_frames(result.error_before_exec)


def take_out(lines: list[str]) -> list[str]:
    """Return a cell's lines with a handle in the place of each text behind our magics that may be a secret.

    A cell that is no Python afterwards, and still holds what looks like auth data, becomes a line that says so.

    Args:
        lines: the cell, each line with its end.
    """
    text = "".join(lines)
    if _POST_CELL.match(text):
        # What stands below its line is the post, whatever it looks like.
        end = _line_end(text, text.index("%%"))
        return (_taken(text[:end])[0] + text[end:]).splitlines(keepends=True)
    # However it is cut and damaged.
    is_mentioned = _MENTION.search(_NO_LETTERS.sub("", text)) or _OPTION.search(text) or _MAGIC.search(text)
    if not is_mentioned or DATA_CELL.match(text):
        return lines
    found, is_damaged = _taken(text)
    left = (_LEFT if _MAGIC.search(text) else _KEYED_LEFT).search(_HANDLE.sub("", found))
    # A cell magic gets the cell below it as one text: some run it as a cell of its own, for others it is no Python.
    above = _CELL_MAGICS.match(found)
    if (is_damaged or left) and (above is None or _RUNS_PYTHON.match(above[0])):
        line = _wrong_line(found[above.end() :] if above else found)
        if line is not None:
            return [f"%twitter_refresh {_BROKEN}{line}\n"]
    return lines if found == text else found.splitlines(keepends=True)


# The terminal asks whether a cell is complete while it is typed; that must see the cell itself.
take_out.has_side_effects = True  # type: ignore[attr-defined]  # IPython's own protocol


def hold_open(lines: list[str]) -> list[str]:
    """Return a cell that is still typed, incomplete as long as the JSON behind a magic of ours is not closed.

    IPython takes a magic's line for complete, would run it, and would take the lines that follow for other cells.
    """
    text = "".join(lines)
    magic = _MAGIC.search(text)
    begin = _begin(text, magic) if magic else None
    brace = re.compile(rf"[^\n{{]*?{_JSON}").match(text, begin) if begin is not None else None
    return [*lines, "(\n"] if brace and _json_end(text, brace.end() - 1)[0] > len(text) else lines


def restored(line: str) -> str:
    """Return a magic's line with the texts in the place of their handles.

    Raises:
        UsageError: the cell was no Python; or a handle is of another session.
    """
    if _BROKEN in line:
        raise _unreadable(line.partition(_BROKEN)[2])
    for handle in _HANDLE.findall(line):
        if handle not in _texts:
            raise _foreign()
        line = line.replace(handle, _texts[handle].reveal())
    return line


def wrong(text: str, magic: str) -> list[str] | None:
    """Return what stands for a cell that cannot be read and may hold a secret; `None` where it is Python."""
    line = _wrong_line(text)
    return None if line is None else [f"%{magic} {_BROKEN}{line}\n"]


def _foreign() -> UsageError:
    from oint_magics.errors import UsageError

    return UsageError(
        "This line refers to text that is no longer in memory, so nothing was sent.",
        cause="auth data typed into a cell is kept only until the kernel restarts.",
        next_step="type the auth data again; or better, save it as a file and name the file",
    )


def _unreadable(line: str) -> UsageError:
    from oint_magics.errors import UsageError

    return UsageError(
        "This cell cannot be read, so none of it was run.",
        cause=f"line {line}, or one near it, is not valid Python. The line is not shown, because it holds auth data.",
        next_step="correct the cell; or better, save the auth data as a file: %twitter_refresh --auth auth.json",
    )


def handle(text: str) -> str:
    from oint_magics.secret import Secret

    name = f"inline:{hmac.new(_key, text.encode('utf-8', 'surrogatepass'), 'sha256').hexdigest()[:12]}"
    _texts[name] = Secret(text)
    return name


def _taken(text: str) -> tuple[str, bool]:
    """Return a cell with handles, of as many lines as before; and whether one stands for incomplete JSON."""
    # Of the same length, so that a place in one is a place in the other.
    plain = _CONTINUED.sub(lambda found: " " * len(found[0]), text)
    is_python = _wrong_line(text, is_plain=True) is None
    done, at, is_damaged = "", 0, False
    while magic := _MAGIC.search(text, at):
        inside = around(text, at, magic.start())
        is_comment = inside == "comment"
        if inside == "string" or (not is_comment and _is_modulo(text, magic, is_python=is_python)):
            done, at = done + text[at : magic.end()], magic.end()
            continue
        begin = _begin(text, magic)
        if begin is None:
            done, at = done + text[at : magic.end()], magic.end()
            continue
        start, end, is_whole = _secret(text, plain, begin, is_comment=is_comment)
        is_damaged |= not is_whole
        # A body of ours must not grow by empty lines.
        lines = 0 if magic[0].startswith("%%") else text.count("\n", start, end)
        space = "" if text[start - 1].isspace() or text[start - 1] == "=" else " "
        taken = space + handle(plain[start:end]) if start < end else ""
        done, at = done + text[at:start] + taken + "\n" * lines, end
    return done + text[at:], is_damaged


def _begin(text: str, magic: re.Match[str]) -> int | None:
    """Return from where on a secret may follow a magic; `None` for a post that names no account."""
    if not magic[0].lower().rstrip("_").endswith("post"):
        return magic.end()
    end = _line_end(text, magic.end())
    parts = _POSTED.finditer(text, magic.end(), end)
    named = next((each.end() for each in parts if each["auth"]), None)
    # Whatever its quotes are: JSON with one of our keys is auth data, not a post.
    keys = _KEYED.search(text, magic.end())
    places = [named, keys.start() if keys and keys.start() < end else None]
    return min((place for place in places if place is not None), default=None)


def around(text: str, begin: int, at: int) -> str | None:
    """Return whether a place stands in a "comment" or a "string", seen from one that stands in neither."""
    found = next((each for each in _AROUND.finditer(text, begin) if each.end() > at), None)
    return found.lastgroup if found is not None and found.start() < at else None


def _is_modulo(text: str, magic: re.Match[str], *, is_python: bool) -> bool:
    """Tell whether a magic's `%` is Python's operator: all of the cell is Python, or a value stands before it."""
    if not magic[0].startswith("%"):
        return False
    before = text[text.rfind("\n", 0, magic.start()) + 1 : magic.start()]
    value = _VALUE.search(before)
    is_value = value is not None and not keyword.iskeyword(value["word"] or "") and not _BEGUN.search(before)
    return is_python or is_value


def _secret(text: str, plain: str, at: int, *, is_comment: bool) -> tuple[int, int, bool]:
    """Return where the text behind a magic that may be a secret begins, ends with its line, and whether it is whole."""
    stop = _line_end(text, at)
    found = _SECRET.search(text, at, stop)
    start = found.start() if found else stop
    if is_comment and found:
        end = _comment_end(text, start)
        return start, end, _balanced_end(text, start) <= end
    if is_comment:
        return stop, stop, True
    if not found:
        below = (_NEXT_LINE if _OPEN_END.search(plain[at:stop]) else _FIRST_KEY).match(text, stop)
        if below is None:
            return stop, stop, True
        stop = _line_end(text, below.end())
    brace = _BRACE.match(plain, start) or _BRACE_INSIDE.search(plain, start, stop)
    if brace is None:
        # Without a brace it never closes either, and a token may go on in the next line.
        return start, len(text) if _PAIR.search(text, at, stop) else stop, False
    end, is_whole = _json_end(plain, brace.end() - 1)
    return start, _line_end(text, min(max(end, start + 1), len(text))), is_whole


def _line_end(text: str, at: int) -> int:
    """Return where a line ends, and those that a backslash ties to it."""
    while True:
        end = text.find("\n", at)
        if end < 0:
            return len(text)
        if not text[at:end].rstrip().endswith("\\"):
            return end
        at = end + 1


def _comment_end(text: str, at: int) -> int:
    """Return where a comment ends, and those in the lines behind it."""
    found = re.compile(r"[^\n]*(?:\n[^\S\n]*#[^\n]*)*").match(text, at)
    return found.end() if found else at


def _json_end(text: str, at: int) -> tuple[int, bool]:
    """Return where the JSON ends whose brace stands there, and whether it is that; what never closes takes the rest."""
    from oint_magics.auth.json_text import read_object
    from oint_magics.errors import AuthSyntaxError

    try:
        return read_object(text, at, whole=False).end, True
    except AuthSyntaxError:
        return _balanced_end(text, at), False


def _balanced_end(text: str, at: int) -> int:
    """Return where braces are closed again, strings aside, in something that is no JSON; or a place behind the text."""
    depth = 0
    for each in re.compile(r"""\\?(["'])(?:\\.|(?!\1)[^\\\n])*\1|[{}]""").finditer(text, at):
        depth += {"{": 1, "}": -1}.get(each[0], 0)
        if depth == 0 and each[0] == "}":
            return each.end()
    return len(text) + 1


def _wrong_line(text: str, *, is_plain: bool = False) -> int | None:
    """Return the line at which a cell stops being Python, plain or IPython's; `None` where it is."""
    import warnings

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
    shell, line = get_ipython(), _HANDLE.sub("", words[1])
    if shell is not None and not shell.find_line_magic(words[0]):
        is_ours = re.sub(r"[^a-z]+", "", "".join(words).lower()).startswith("twitter")
        return is_ours or (_KEYS.search(line) is not None and not _BRINGS_MAGICS.search(text))
    letters = re.sub(r"[^a-z%-]+", "", _DASHES.sub("-", words[1]).lower())
    return _LEFT.search(line) is not None and _NESTED.search(letters) is not None
