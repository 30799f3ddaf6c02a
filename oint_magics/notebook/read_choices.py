"""What may stand at the cursor in a read: path, parameters, their values, fields; also in a call of Python."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from oint_magics.api import catalogue, fields, preview

if TYPE_CHECKING:
    from oint_magics.api.catalogue import Parameter, Read

_CALL = re.compile(r"(?<![\w.])(?:oint_magics\.)?twitter\.get\(")
_PATH = re.compile(r"""\s*(?P<quote>["'])(?P<path>[^"'\n]*)""")
_VALUE = re.compile(r"""(?:^|[,\s])(?P<name>[A-Za-z][A-Za-z_]*)\s*=\s*["'](?P<value>[^"'\n]*)$""")
_NAME = re.compile(r"(?:^|,)\s*(?P<name>[A-Za-z_]*)$")
_ACCOUNT = re.compile(r"\Ausers/(?P<account>@\w*|me)(?=/|\Z)")
# Of twitter.get itself, beside X's parameters.
_OWN = {"fields": "what to read of each row", "max_rows": "how many rows; 100 without it, None for all",
        "auth": "whose tokens", "keep": "a .jsonl file that it adds to", "resume": "rows or an error to go on from",
        "wait": "True: wait where X takes no more calls", "unchecked": "True: send it as it is"}  # fmt: skip


class Offered(NamedTuple):
    """What stands before the cursor and would be replaced, and what may stand there: each text and what it is."""

    word: str
    choices: list[tuple[str, str]]


def paths(word: str) -> list[tuple[str, str]]:
    """Return the paths of all reads, each with what it gives and its price.

    Args:
        word: what is there of the path; the account that it names stands in all of them.
    """
    found = _ACCOUNT.match(word)
    account = found["account"] if found else "me"
    texts = {}
    for read in sorted(catalogue.reads().values(), key=lambda each: each.path):
        texts[read.path.replace("users/{id}", f"users/{account}")] = f"{preview.gives(read)}, {preview.each(read)}"
    return list(texts.items())


def of_read(path: str, word: str) -> list[tuple[str, str]]:
    """Return what may stand behind a read's path: `NAME=` of its parameters, or `NAME=VALUE` of one."""
    read = read_at(path)
    if read is None:
        return []
    name, joined, value = word.partition("=")
    parameter = read.parameters.get("tweet.fields" if name == "post.fields" else name)
    if joined and parameter:
        return [(f"{name}={text}", about) for text, about in _values(parameter, value)]
    return [(f"{each.name}=", _about(each)) for each in _parameters(read)]


def names(path: str, value: str) -> list[tuple[str, str]]:
    """Return lists of fields of a read, each with one more name than there is in a value."""
    read = read_at(path)
    return _listed(fields.names(read), value) if read else []


def in_python(text: str) -> Offered | None:
    """Return what may stand at the cursor in a call of `twitter.get`; `None` outside of one.

    Args:
        text: the cell up to the cursor.
    """
    calls = list(_CALL.finditer(text))
    rest = text[calls[-1].end() :] if calls else ""
    found = _PATH.match(rest)
    if not found:
        return None
    if found.end() == len(rest):
        return Offered(found["path"], paths(found["path"]))
    tail = rest[found.end() :]
    if not re.match(rf"{found['quote']}\s*,", tail) or ")" in re.sub(r"\"[^\"\n]*\"|'[^'\n]*'|\([^()]*\)", "", tail):
        return None
    read = read_at(found["path"])
    tail = tail[tail.index(",") + 1 :]
    inside = _VALUE.search(tail)
    if inside:
        return _in_value(read, inside["name"], inside["value"])
    name = _NAME.search(tail)
    if name is None:
        return None
    named = [(f"{each.name.replace('.', '_')}=", _about(each)) for each in _parameters(read)] if read else []
    return Offered(name["name"], named + [(f"{each}=", about) for each, about in _OWN.items()])


def read_at(path: str) -> Read | None:
    """Return the read of a path as people type it."""
    below = re.sub(r"\A(?:/?2/|/)", "", path.partition("?")[0].strip())
    below = re.sub(r"\Aposts(?=/|\Z)", "tweets", below)
    return catalogue.at(re.sub(r"\Ausers/(@\w+|me)(?=/)", "users/0", below))


def _in_value(read: Read | None, name: str, value: str) -> Offered | None:
    if read is None:
        return None
    if name == "fields":
        return Offered(value, _listed(fields.names(read), value))
    dotted = f"{name.removesuffix('_fields')}.fields" if name.endswith("_fields") else name
    parameter = read.parameters.get("tweet.fields" if dotted == "post.fields" else dotted)
    found = _values(parameter, value) if parameter else []
    return Offered(value, found) if found else None


def _parameters(read: Read) -> list[Parameter]:
    found = [each for each in read.parameters.values() if not each.is_in_path]
    return sorted(found, key=lambda each: (not each.is_required, each.name))


def _values(parameter: Parameter, value: str) -> list[tuple[str, str]]:
    if parameter.kind == "list":
        return _listed(parameter.words, value)
    if parameter.kind == "flag":
        return [("true", "yes"), ("false", "no")]
    return [(word, parameter.name) for word in parameter.words]


def _listed(words: tuple[str, ...] | list[str], value: str) -> list[tuple[str, str]]:
    """Return texts with one more word each, behind those that stand there."""
    *before, _ = value.split(",")
    start = "".join(f"{each}," for each in before)
    return [(f"{start}{each}", "one more" if before else "to read") for each in words if each not in before]


def _about(parameter: Parameter) -> str:
    kinds = {"number": "a number", "flag": "true or false", "time": "a time in UTC", "list": "a list", "text": "text"}
    bounds = f", {parameter.least or 0} to {parameter.most}" if parameter.kind == "number" and parameter.most else ""
    return f"{'needed: ' if parameter.is_required else ''}{kinds[parameter.kind]}{bounds}"
