"""Tab completion: our magics' lines and OPI's, with what `oint_magics.notebook.choices` offers and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oint_magics.notebook.magics import NAMES

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def register(shell: InteractiveShell) -> None:
    """Complete our magics' lines, and OPI's command lines."""
    matcher = _matcher(shell)
    if matcher:
        shell.Completer.custom_matchers.append(matcher)
        return
    for name in (*(f"%{each}" for each in NAMES), "oint"):  # Before IPython 8.6.
        shell.set_hook("complete_command", _hook, str_key=name)


def unregister(shell: InteractiveShell) -> None:
    """Undo `register`."""
    matchers = shell.Completer.custom_matchers
    matchers[:] = [each for each in matchers if getattr(each, "__module__", "") != __name__]
    hooks = shell.strdispatchers.get("complete_command")
    for name in (*(f"%{each}" for each in NAMES), "oint"):
        if hooks:
            hooks.strs.pop(name, None)


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


def _hook(shell: Any, event: Any) -> list[str]:
    """Return the same as IPython's older completion takes it: each choice from the piece on that it looks at."""
    from oint_magics.notebook.choices import offered

    offer = offered(event.text_until_cursor if hasattr(event, "text_until_cursor") else event.line, shell.user_ns)
    if offer is None:
        return []
    done = len(offer.word) - len(event.symbol) if offer.word.endswith(event.symbol) else 0
    return [each.text[done:] for each in offer.choices]
