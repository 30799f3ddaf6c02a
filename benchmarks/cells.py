"""Auth data typed into cells that go wrong: how much of it is shown, of random cells in a real shell.

`python benchmarks/cells.py [CELLS [SEED [oint]]]`, 3,000 unless told; with `oint`, OPI's command lines, also of its
other libraries. A half of the cells is cut and wrapped; the other fails at a line before, after or around the magic. After each one `%tb`, in turns with `%xmode` Plain, Context
and Verbose. A hit is a piece of ten characters of a secret, anywhere in what was shown.
"""

import collections
import io
import json
import os
import random
import string
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout

from measure import show

from oint_magics.notebook.magic_table import MAGICS as MAGICS_OF_OURS

MODES = ("Plain", "Context", "Verbose")
PIECE = 10
PREFIXES = ("", "x = ", 'acc["a"] = ', "a, b = ", "r, = ", "await ", "if True: ", "%time ", "%timeit -n1 -r1 ", "print(", "try: ",
            "    ", ">>> ", "In [1]: ", "%%time\n", "%%capture out\n", "# ", "x = = ", "for i in [1]:\n    ", "def f():\n    ",
            "if True:\n    ", "try:\n    ", "with open('/dev/null') as f:\n    ", "%debug_ ", "% ")  # fmt: skip
SUFFIXES = (
    "",
    " --to profile:x",
    " --if-expired",
    ";",
    " # main account",
    ")",
    "  ",
    " \\\n --to profile:x",
    " --wrong",
    "}",
)
MAGICS = ("%twitter_refresh --auth", "%twitter_keep", "%twitter_login --auth", "%twitter_status --auth", "%twitter_me --auth=",
          "%twitter_revoke --auth", "%%twitter_refresh --auth", "twitter_refresh --auth", "%twitter_refresh",
          "%twitter_refesh --auth", "%Twitter_Refresh --auth", "%twitter_refresh -auth", "%twitter_refresh \u2014auth",
          "%twitter_probe --auth", "twitter_probe --auth", "%tiwtter_probe --auth")  # fmt: skip
# Cells that other programs run, with auth data in them.
FOREIGN = (
    "%%bash\n",
    "%%sh\n",
    "%%script bash -e\n",
    "%%perl\n",
    "%%html\n",
    "%%bash -s x\n",
    "%%time\n%%bash\n",
    "%%writefile no/such/folder\n",
)
BEFORE = ("", "1/0\n", "y = undefined\n", "import json\n", "raise ValueError('x')\n", "x = 5\nx.nothing\n")
AFTER = (
    "",
    "\n1/0",
    "\nundefined",
    "\nraise KeyError('y')",
    "\nz = [1][5]",
    "\ndef g():\n    return 1/0\ng()",
    "\nint('a')",
)


def word(chance, size=None):
    """Return a text as tokens are made of."""
    letters = string.ascii_letters + string.digits + "-_"
    return "".join(chance.choice(letters) for _ in range(size or chance.choice((16, 30, 50, 91))))


def literal(chance):
    """Return auth data as somebody types it, and its secrets."""
    auth = {"client_id": "CI" + word(chance, 12), "client_secret": word(chance), "refresh_token": word(chance)}
    kind = chance.randrange(7)
    text = json.dumps(auth, indent=chance.choice((None, None, 1, 4)))
    if kind == 1:
        text = repr(auth)
    elif kind == 2:
        text = f"'{json.dumps(auth)}'"
    elif kind == 3:
        text = '"' + repr(auth) + '"'
    elif kind == 4:
        text = f"'{auth!r}'"
    elif kind == 5:
        text = '"' + json.dumps(auth).replace('"', '\\"') + '"'
    elif kind == 6:
        text = text.replace("{", "{ \\\n" if chance.random() < 0.5 else "{\n").replace(", ", ", \\\n ")
    return text, [value for key, value in auth.items() if key != "client_id"]


def damaged(chance, text):
    """Return a text that is cut, wrapped, or left open somewhere."""
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(text) + 1)
        how = chance.randrange(6)
        if how == 0:
            text = text[:at] + "\n" + text[at:]
        elif how == 1:
            text = text[:at] + " \\\n" + text[at:]
        elif how == 2:
            places = [n for n, c in enumerate(text) if c in "'\"{}"]
            at = chance.choice(places) if places else at
            text = text[:at] + text[at + 1 :]
        elif how == 3:
            text = text[:at] + chance.choice("'\"{}\\,)]") + text[at:]
        elif how == 4:
            text = text[: max(at, len(text) // 2)]
        else:
            text = text[:at] + "\n\n   " + text[at:]
    return text


def cell(chance, *, is_damaged):
    """Return a random cell and its secrets."""
    if chance.random() < 0.15:
        return foreign_cell(chance, is_damaged=is_damaged)
    text, held = literal(chance)
    gap = chance.choice((" ", " ", "=", " \\\n", "\n", " \\\n  ", "\n  "))
    prefix = chance.choice(PREFIXES)
    if prefix == "# " and ("\n" in gap or is_damaged):
        prefix = ""  # A comment ends with its line; what stands in the next one is the user's own Python.
    line = prefix + chance.choice(MAGICS) + gap + text + chance.choice(SUFFIXES)
    if is_damaged:
        line = damaged(chance, line)
    return chance.choice(BEFORE) + line + chance.choice(AFTER), held


def foreign_cell(chance, *, is_damaged):
    """Return a random cell of another program with auth data in it, and its secrets."""
    text, held = literal(chance)
    word_of_shell = '"' + text.replace("\\\n", "").replace('"', "'").strip("'\"") + '"'
    lines = [
        f"oint twitter RefreshToken --auth {word_of_shell}",
        f'oint twitter CreateTextTweet \\\n  --text "Hello" \\\n  --auth {word_of_shell}',
        f"export X_REFRESH_TOKEN={held[1]}\nexit 3",
        f"TWITTER_CLIENT_SECRET={held[0]} X_REFRESH_TOKEN='{held[1]}'\n(",
        f'curl -H "Authorization: Bearer {held[0]}" -d refresh_token={held[1]} http://127.0.0.1:1/',
    ]
    head, body = chance.choice(FOREIGN), chance.choice(lines)
    if chance.random() < 0.2:
        body = (
            chance.choice(("%env X_REFRESH_TOKEN=", "%set_env TWITTER_CLIENT_SECRET ", "env X_REFRESH_TOKEN="))
            + held[0]
            + chance.choice(AFTER)
        )
        return body, held  # What is cut in two there is a command of the user's own.
    return head + (damaged(chance, body) if is_damaged else body), held


def oint_cell(chance, *, is_damaged):
    """Return a random cell with OPI's command lines and its secrets."""
    text, held = literal(chance)
    token = word(chance)
    held = [*held, token]
    shell_word = '"' + text.replace("\\\n", "").replace('"', "'").strip("'\"") + '"'
    lines = [
        f"oint twitter RefreshToken --auth {shell_word}",
        f'oint twitter CreateTextTweet \\\n  --text "Hello" \\\n  --auth {shell_word}',
        f'oint twitter CreateTextTweet ^\n  --text "Hello" ^\n  --auth {shell_word}',
        f'oint telegram SendTextMessage --token {token} --chat 5 --text "Hello"',
        f'oint slack SendMessage \\\n  --token "{token}" \\\n  --channel C1',
        f"oint vk CreatePost --auth \"{{'access_token':'{token}'}}\" --text x",
    ]
    chosen = [chance.choice(lines) for _ in range(chance.randrange(1, 4))]
    body = chance.choice(("\n", "\n\n# a comment\n", "\n:: a comment\n", " && ")).join(chosen)
    form = chance.randrange(4)
    if form == 1:
        body = f"%%oint\n{body}"
    elif form == 2:
        body = f"{chance.choice(('', 'r = ', '%time ', 'if True:' + chr(10) + '    '))}%{chosen[0]}"
    if is_damaged:
        return damaged(chance, body), held
    return (chance.choice(BEFORE) + body if form == 2 else body) + (chance.choice(AFTER) if form == 2 else ""), held


MAKERS = {"twitter": cell, "oint": oint_cell}


def shown(shell, text, mode):
    """Run a cell and `%tb`; return all that it showed."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        shell.run_line_magic("xmode", mode)
        result = shell.run_cell(text, store_history=True)
        shell.run_cell("%tb", store_history=False)
        shell.run_cell("%tb Verbose", store_history=False)
    return out.getvalue() + repr(result.result)


def pieces(secret):
    """Return every piece of a secret that is long enough to count."""
    return {secret[n : n + PIECE] for n in range(len(secret) - PIECE + 1)}


def main(cells, seed=1, kind="twitter"):
    """Run so many cells of a kind; return the rows and the cells that showed something."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    chance = random.Random(seed)
    hits, counts = [], collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ |= {"IPYTHONDIR": folder, "OINT_HOME": f"{folder}/oint", "OINT_TWITTER_TOKEN_URL": "http://127.0.0.1:1/t",
                       "OINT_TWITTER_TIMEOUT": "1", "OINT_TWITTER_AUTHORIZE_URL": "http://127.0.0.1:1/a",
                       "OINT_TWITTER_REVOKE_URL": "http://127.0.0.1:1/r", "OINT_TWITTER_API_URL": "http://127.0.0.1:1"}  # fmt: skip
        config = Config()
        config.HistoryManager.enabled = False
        shell = InteractiveShell.instance(config=config)
        # One magic more than there are: what a table's row brings is enough to keep its line out of what is shown.
        MAGICS_OF_OURS["twitter_probe"] = MAGICS_OF_OURS["twitter_me"]._replace(name="twitter_probe")
        shell.run_line_magic("load_ext", "oint_magics")
        for number in range(cells):
            text, held = MAKERS[kind](chance, is_damaged=number % 2 == 0)
            mode = MODES[number % 3]
            said = shown(shell, text, mode)
            what = "cut and wrapped" if number % 2 == 0 else "fails at run time"
            counts[what, mode, "cells"] += 1
            counts[what, mode, "SyntaxError"] += "SyntaxError" in said or "IndentationError" in said
            counts[what, mode, "cannot be read"] += "cannot be read, so none of it" in said
            if any(piece in said for secret in held for piece in pieces(secret)):
                counts[what, mode, "hits"] += 1
                hits.append((text, said))
        shell.run_line_magic("unload_ext", "oint_magics")
        del MAGICS_OF_OURS["twitter_probe"]
        InteractiveShell.clear_instance()
        os.chdir("/")
    columns = ("cells", "SyntaxError", "cannot be read", "hits")
    kinds = ("cut and wrapped", "fails at run time")
    rows = [(what, mode, *(counts[what, mode, name] for name in columns)) for what in kinds for mode in MODES]
    show("auth data in cells that go wrong", ("cell", "%xmode", *columns), rows)
    return rows, hits


if __name__ == "__main__":
    given = sys.argv[1:]
    found = main(int(given[0]) if given else 3000, int(given[1]) if given[1:] else 1, *given[2:])[1]
    for text, said in found[:3]:
        print(f"\n{text}\n--- showed:\n{said}")
    sys.exit(bool(found))
