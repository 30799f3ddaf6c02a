"""Tab completion for the magics' options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oint_magics.notebook.magics import NAMES

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_SANDBOX = ["start", "stop", "status", "fault"]
_FAULTS = ["refuse", "slow", "drop", "429", "html", "402", "403", "503", "duplicate", "413", "failed", "expire",
           "limit", "punish", "off"]  # fmt: skip


def register(shell: InteractiveShell) -> None:
    """Complete the options of our magics."""
    for name in NAMES:
        shell.set_hook("complete_command", _complete, str_key=f"%{name}")


def unregister(shell: InteractiveShell) -> None:
    """Undo `register`."""
    for name in NAMES:
        shell.strdispatchers["complete_command"].strs.pop(f"%{name}", None)


def _places() -> list[str]:
    from pathlib import Path

    from oint_magics import stores

    return [*stores.kept(), *sorted(path.name for path in Path().glob("*.json")), "env:"]


def _of_oint(line: str) -> list[str]:
    """Return what may stand at the end of a command line of OPI's."""
    from oint_magics.opi.functions import FUNCTIONS, find

    words = line.split()[1:] + [""] * line.endswith(" ")
    words = words[2:] if words[:1] == ["--to"] else words
    if len(words) < 2:
        return ["twitter"]
    if len(words) == 2:
        return [name for function in FUNCTIONS for name in (function.english, function.russian)]
    function = find(words[1])
    if words[-2] in ("--auth", "-a", "--to"):
        return _places()
    if words[-2] == "--type":
        return ["tweet_image", "tweet_gif", "tweet_video"]
    options = [option.name for option in function.options] if function else []
    return [option for option in (*options, "--to", "--out", "--test", "--help") if option not in words[:-1]]


def _complete(_: Any, event: Any) -> list[str]:
    """Return what may stand at the cursor; `event` is IPython's, with the line so far."""
    from oint_magics.notebook.usage import USAGES

    words = event.line.split()
    if words[0].lstrip("%") == "oint":
        return _of_oint(event.line)
    usage = USAGES.get(words[0].lstrip("%"))
    if usage is None:
        return []
    previous = words[-1] if event.line.endswith(" ") else words[-2] if len(words) > 1 else ""
    if previous in ("--auth", "--to") or (usage.words[:1] == ("source",) and not words[-1].startswith("-")):
        return _places()
    if usage.words[:1] == ("action",):
        return _FAULTS if previous == "fault" else _SANDBOX
    return [option for option in usage.values + usage.flags if option not in words or option in usage.repeated]
