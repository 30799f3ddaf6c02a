"""What our panels share: plain inputs in the browser, binary messages to the kernel, and a table in their place.

No secret is ever in a widget's state, in a message's JSON or on the way back (an input's synced value
would be written to the notebook, its checkpoint and the log).
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import anywidget
from IPython.display import display

if TYPE_CHECKING:
    from IPython.display import DisplayHandle

_HERE = files("oint_magics.notebook")


def front_end(name: str) -> str:
    """Return a panel's front end: what all share, and its own.

    Args:
        name: its file's.
    """
    return "".join(_HERE.joinpath(part).read_text(encoding="utf-8") for part in ("panel.js", name))


class Panel(anywidget.AnyWidget):
    """A panel below a cell, until static output takes its place.

    Args:
        text: what stands in its place where no panels are shown.
        hint: what stands below it until its front end has answered.

    Attributes:
        carries_bytes: whether this front end carries binary messages; some (Colab, Positron) leave them out.
    """

    _css = _HERE.joinpath("panel.css").read_text(encoding="utf-8")

    def __init__(self, text: str, hint: str) -> None:
        super().__init__()
        self._text = text
        self._hint_text = hint
        self._handle: DisplayHandle | None = None
        self._hint: DisplayHandle | None = None
        self.carries_bytes = True
        self.on_msg(self._on_message)

    def __repr__(self) -> str:
        return self._text

    def show(self) -> None:
        """Show the panel below the cell, with a text for places that show none."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        bundle = {"text/plain": self._text, "application/vnd.jupyter.widget-view+json": view}
        self._handle = display(bundle, raw=True, display_id=True)
        # For front ends that draw no panel: a missing extension, a strict content security policy.
        self._hint = display({"text/plain": self._hint_text}, raw=True, display_id=True)
        self._hear_beside_cells()

    def send(self, content: Any, buffers: Any = None) -> None:
        """Send a message to the front end."""
        super().send(content, buffers)
        self._hear_beside_cells()

    def end(self, bundle: dict[str, str]) -> None:
        """Put static output in the panel's place."""
        self.send({"kind": "ended"})
        if self._handle is not None:
            self._handle.update(bundle, raw=True)
        self._take_hint_away()
        self.close()

    def ready(self) -> dict[str, Any]:
        """Return what the front end draws; no secret is in it."""
        raise NotImplementedError

    def hear(self, kind: str, parts: list[bytes]) -> None:
        """Take a message of the front end's; called in any thread, and soon done."""
        raise NotImplementedError

    def _on_message(self, _: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        if content.get("kind") == "hello":
            self.carries_bytes = bool(buffers)
            self.send({"kind": "ready", **self.ready()})
            self._take_hint_away()
        else:
            self.hear(str(content.get("kind")), [bytes(buffer) for buffer in buffers])

    def _take_hint_away(self) -> None:
        if self._hint is not None:
            self._hint.update({"text/plain": "", "text/html": ""}, raw=True)
            self._hint = None

    def _hear_beside_cells(self) -> None:
        """Let the front end's messages in while a cell runs.

        ipykernel 7 hands a comm's messages to the shell that spoke last on it, which is the one that
        runs the cells; without that note it takes the subshell that the front end asks for.
        """
        getattr(self.comm, "__dict__", {}).pop("_reply_subshell_id", None)
