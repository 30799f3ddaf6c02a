"""What `%oint` and `%%oint` do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.display import display

from oint_magics.errors import UsageError
from oint_magics.notebook.handles import BROKEN, restored
from oint_magics.notebook.interactive import is_somebody_there
from oint_magics.opi import run
from oint_magics.opi.command_line import commands

if TYPE_CHECKING:
    from oint_magics.notebook.arguments import Call
    from oint_magics.opi.run import Outcome


def act(call: Call) -> Any:
    """Run the commands of a line or a cell; show the results of all but the last, and return that."""
    line, cell = call.line, call.cell
    if BROKEN in line:
        raise UsageError(
            "This cell mixes command lines with something else, so none of it was run.",
            cause=f"line {line.partition(BROKEN)[2].strip()} is neither Python nor part of a command. "
            "It is not shown, because it may hold a secret.",
            next_step="put the commands into a cell of their own, or write %oint before each; to continue a command "
            "on the next line, end the line with \\ or ^",
        )
    line = restored(line)
    to, text = _to(line)
    if cell is not None:
        if text.strip():
            raise UsageError(
                "The commands stand below %%oint, and here is one in its line.", next_step="%%oint [--to STORE]"
            )
        text = restored(cell)
    last: Outcome | None = None
    try:
        for outcome in run.run(text, to=to, interactive=is_somebody_there(call.shell)):
            if last is not None:
                display(last.value)
            last = outcome
            if outcome.note:
                display({"text/plain": outcome.note}, raw=True)
    except BaseException:
        if last is not None:  # What was done is shown, whatever ended the next one.
            display(last.value)
        raise
    return last and last.value


def _to(line: str) -> tuple[str | None, str]:
    """Return the store that stands before the command, and the rest of the line."""
    words = line.split(maxsplit=2)
    if not words or words[0] != "--to":
        return None, line
    found = commands(line)[0].words
    if len(found) < 2:
        raise UsageError(
            "--to needs a store.", next_step="%oint --to profile:NAME twitter RefreshToken --auth auth.json"
        )
    return found[1], words[2] if len(words) > 2 else ""
