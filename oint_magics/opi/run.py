"""A command from its words to its result, in OPI's shape."""

from __future__ import annotations

import contextlib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from oint_magics.display.table import Row, Table
from oint_magics.errors import OintError, UsageError
from oint_magics.opi import help as shown_help
from oint_magics.opi import out as out_file
from oint_magics.opi import values
from oint_magics.opi.command_line import commands
from oint_magics.opi.functions import FUNCTIONS, Function, Given, find
from oint_magics.opi.named_files import content
from oint_magics.process import state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from oint_magics.opi.command_line import Command

_LIBRARY = "twitter"
# `--debug` prints secrets in OPI, and nothing more here.
_FLAGS = ("--help", "--test", "--debug", "--again")
_OURS = ("--out", "--to")
_ELEVENTH = ("handleincomingrequestafterauthorization", "обработкавходящегозапросапослеавторизации")
_READERS: dict[str, Callable[[str, str], Any]] = {
    "auth": values.auth,
    "text": lambda value, _: values.text(value),
    "word": lambda value, _: value,
    "number": values.number,
    "items": lambda value, _: values.items(value),
    "files": lambda value, _: values.files(value),
}
_OLD_KEYS = ("oauth_token", "oauth_token_secret", "oauth_consumer_key", "oauth_consumer_secret")
_OLD = "The oauth_… keys of OAuth 1.0a are not needed any more: posts and uploads go by OAuth 2.0."


# Next steps of the calls, in the words of these commands.
_STEPS = {
    "--poll Yes --poll No --minutes 60": "--options \"['Yes','No']\" --duration 60",
    '%twitter_post "Hello"': '--text "Hello"',
    "--long lets": "twitter.post(…, long=True) lets",
}


class Outcome(NamedTuple):
    """What a command brings.

    Attributes:
        value: its result: X's data, a link, a list of ids, or a table.
        note: what is said beside it; blank for nothing.
    """

    value: Any
    note: str = ""


def run(text: str, *, to: str | None, interactive: bool) -> Iterator[Outcome]:
    """Run the commands of a cell one after the other, and yield what each brings.

    Every one is read before the first is run: a mistake in the last sends nothing.

    Args:
        text: the cell.
        to: the store for new tokens, or `None`.
        interactive: whether somebody sees where new tokens go.

    Raises:
        UsageError: a command cannot be read; nothing was sent.
        OintError: as the call that the command stands for.
    """
    found = commands(text)
    numbers = [f"Command {n} of {len(found)}: " if len(found) > 1 else "" for n in range(1, len(found) + 1)]
    ready = []
    for command, number in zip(found, numbers, strict=True):
        with _numbered(number):
            ready.append(_ready(command, to=to, interactive=interactive))
    if not ready:
        yield Outcome(shown_help.of_program())
    for work, number in zip(ready, numbers, strict=True):
        with _numbered(number, " Those before it were run, those behind it were not."):
            outcome = work()
        yield outcome


@contextlib.contextmanager
def _numbered(number: str, more: str = "") -> Iterator[None]:
    """Let an error say which of several commands it is about."""
    try:
        yield
    except OintError as error:
        if number:
            error.what = number + error.what + more
        raise


@contextlib.contextmanager
def _own_steps() -> Iterator[None]:
    """Let an error's next step be one of these commands' own."""
    try:
        yield
    except OintError as error:
        for step, own in _STEPS.items():
            error.next_step = error.next_step and error.next_step.replace(step, own)
        raise


def _ready(command: Command, *, to: str | None, interactive: bool) -> Callable[[], Outcome]:
    """Return what runs a command; raises where it cannot be read."""
    words = list(command.words)
    if not words or words[0] in ("--help", "help"):
        return lambda: Outcome(shown_help.of_program())
    if words[0].lower() != _LIBRARY:
        raise UsageError(
            "Only OPI's library twitter is here. Nothing was sent.",
            cause="oint_magics is for X (Twitter); other libraries belong to OPI's own command line.",
            next_step="oint twitter",
        )
    if len(words) == 1 or words[1] in _FLAGS:
        return lambda: Outcome(shown_help.of_library())
    function = _function(words[1])
    given, flags = _options(function, words[2:])
    if "--help" in flags or not given:
        return lambda: Outcome(shown_help.of(function, words[1]))
    return _work(function, given, flags, to=given.pop("--to", None) or to, interactive=interactive)


def _function(name: str) -> Function:
    function = find(name)
    if function is not None:
        return function
    if name.casefold() in _ELEVENTH:
        raise UsageError(
            "That method has no command line, in OPI neither. Nothing was sent.",
            cause="in 1C it takes the request of a web service.",
            next_step="oint twitter GetToken --code with the whole address; or twitter.get_token(address, auth)",
        )
    known = [each for function in FUNCTIONS for each in (function.english, function.russian)]
    near = get_close_matches(name, known, 1, 0.7)
    raise UsageError(
        f"OPI's library twitter has no such method.{f' Did you mean {near[0]}?' if near else ''} Nothing was sent.",
        next_step="oint twitter lists them",
    )


def _options(function: Function, words: list[str]) -> tuple[dict[str, str], set[str]]:
    """Return a command's values by their long names, the last of each, and its flags.

    Raises:
        UsageError: an option is not one of the method's, or has no value.
    """
    names = {each.short: each.name for each in function.options} | {each.name: each.name for each in function.options}
    names |= {each: each for each in _OURS}
    given: dict[str, str] = {}
    by_short: dict[str, str] = {}
    flags: set[str] = set()
    at = 0
    while at < len(words):
        word, joined, value = words[at].partition("=") if words[at].startswith("--") else (words[at], "", "")
        at += 1
        if word in _FLAGS and not joined:
            flags.add(word)
            continue
        if word not in names:
            raise _unknown(function, word, at)
        if not joined:
            if at == len(words) or words[at] in names or words[at] in _FLAGS:
                raise UsageError(f"{names[word]} needs a value. Nothing was sent.", next_step=_form(function))
            value = words[at]
            at += 1
        (given if word == names[word] else by_short)[names[word]] = value
    empty = next((name for name in ("--auth", *_OURS) if (by_short | given).get(name) == ""), None)
    if empty:
        raise UsageError(f"{empty} needs a value. Nothing was sent.", next_step=_form(function))
    # Long and short together: long wins. An empty value is none.
    return {name: value for name, value in (by_short | given).items() if value}, flags


def _unknown(function: Function, word: str, at: int) -> UsageError:
    """Return the error for a word that is not an option. The word is not repeated: it may be a secret."""
    is_option = word.startswith("-")
    near = get_close_matches(word.lower(), [each.name for each in function.options], 1, 0.7) if is_option else []
    return UsageError(
        f"Word {at} behind {function.english} is none of its options."
        f"{f' Did you mean {near[0]}?' if near else ''} Nothing was sent.",
        cause=None if is_option else "a value with blanks stands in quotes.",
        next_step=_form(function),
    )


def _form(function: Function) -> str:
    options = [each.name if each.is_required else f"[{each.name}]" for each in function.options]
    return f"oint twitter {function.english} {' … '.join(options)} …"


def _work(
    function: Function, given: dict[str, str], flags: set[str], *, to: str | None, interactive: bool
) -> Callable[[], Outcome]:
    """Return what runs a method; its values are read now."""
    out = given.pop("--out", None)
    missing = [each.name for each in function.options if each.is_required and each.name not in given]
    if missing:
        raise UsageError(
            f"{function.english} needs {' and '.join(missing)}. Nothing was sent.", next_step=_form(function)
        )
    kinds = {each.name: each.kind for each in function.options}
    read = {name.lstrip("-"): _READERS[kinds[name]](value, name) for name, value in given.items()}
    named = (given.get("--auth"), to)
    path = out_file.check(out, *named) if out else None
    if "--test" in flags:
        return lambda: Outcome(_tested(function, given))

    def work() -> Outcome:
        if out:  # An earlier command of the cell may have put something there.
            out_file.check(out, *named)
        with out_file.opened(path) as file, _own_steps():
            value = function.call(Given(read, to, interactive, is_again="--again" in flags))
            shown, problem = out_file.written(value, out, path, file) if out and path and file else (value, "")
        return Outcome(shown, problem or _note(content(given.get("--auth", ""))))

    return work


def _tested(function: Function, given: dict[str, str]) -> Table:
    """Return what would be sent, without its secrets."""
    kinds = {each.name: each.kind for each in function.options}
    rows = [Row(name, "(auth data)" if kinds[name] in ("auth", "word") else value) for name, value in given.items()]
    return Table(f"Test: {function.english} would be run with this; nothing was sent", tuple(rows))


def _note(auth: str) -> str:
    """Return what is said once in a process about the keys of OAuth 1.0a."""
    if state.is_told_of_old_keys or not any(key in auth for key in _OLD_KEYS):
        return ""
    state.is_told_of_old_keys = True
    return _OLD
