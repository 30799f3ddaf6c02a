"""Tab completion: our magics' lines and OPI's, with what `oint_magics.notebook.choices` offers and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def register(shell: InteractiveShell) -> None:
    """Complete our magics' lines, and OPI's command lines."""
    matcher = _matcher(shell)
    if matcher:
        shell.Completer.custom_matchers.append(matcher)
        return
    completer: Any = shell.Completer  # Before IPython 8.6 nothing else keeps its own offers away.
    completer._complete = _completing(shell, completer._complete)  # noqa: SLF001 - nothing public does


def unregister(shell: InteractiveShell) -> None:
    """Undo `register`."""
    matchers = shell.Completer.custom_matchers
    matchers[:] = [each for each in matchers if getattr(each, "__module__", "") != __name__]
    if getattr(vars(shell.Completer).get("_complete"), "__module__", "") == __name__:
        del shell.Completer._complete  # noqa: SLF001


def _matcher(shell: InteractiveShell) -> Any:
    """Return a matcher that keeps IPython's own offers away, or `None` where this IPython has no such thing."""
    try:
        from IPython.core.completer import SimpleCompletion, context_matcher
    except ImportError:
        return None

    @context_matcher(identifier="oint_magics")  # type: ignore[untyped-decorator]  # IPython's
    def matcher(context: Any) -> Any:
        from oint_magics.notebook.choices import offered

        lines = context.full_text.split("\n")
        before = [*lines[: context.cursor_line], lines[context.cursor_line][: context.cursor_position]]
        offer = offered("\n".join(before), shell.user_ns)
        if offer is None:
            return {"completions": []}
        # JupyterLab breaks what it shows here at each blank, over the next line's.
        found = [
            SimpleCompletion(text=each.text, type=each.about.replace(" ", "\N{NO-BREAK SPACE}"))
            for each in offer.choices
        ]
        return {"completions": found, "matched_fragment": offer.word, "suppress": True, "ordered": True}

    matcher.__module__ = __name__
    return matcher


def _completing(shell: Any, others: Any) -> Any:
    """Return what older completion asks: our choices where they stand, else IPython's own.

    Args:
        shell: IPython's.
        others: its completer's own `_complete`.
    """

    def complete(*, cursor_line: int, cursor_pos: int | None, line_buffer: str | None = None,
                 text: str | None = None, full_text: str | None = None) -> Any:  # fmt: skip
        from oint_magics.notebook.choices import offered

        lines = (full_text or line_buffer or text or "").split("\n")
        before = [*lines[:cursor_line], lines[cursor_line][:cursor_pos]]
        offer = offered("\n".join(before), shell.user_ns)
        given = {
            "cursor_line": cursor_line,
            "cursor_pos": cursor_pos,
            "line_buffer": line_buffer,
            "text": text,
            "full_text": full_text,
        }
        if offer is None:
            return others(**given)
        texts = [each.text for each in offer.choices]
        return offer.word, texts, ["oint_magics"] * len(texts), ()

    complete.__module__ = __name__
    return complete
