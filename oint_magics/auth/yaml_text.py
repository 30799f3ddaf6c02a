"""YAML of other programs: every value stays text, and a small text cannot stand for a large or deep one."""

from __future__ import annotations

from typing import Any

import yaml

MOST_NODES = 10_000
DEEPEST = 50


class TooMuch(Exception):
    """A text holds more than is read; never shown to a user by itself."""


def read_yaml(text: str) -> object:
    """Return what a text of one document holds, with each value as text: a number of digits may begin with a zero.

    Args:
        text: the text.

    Raises:
        TooMuch: it holds more nodes, an alias counted with all that it stands for, or nests them deeper.
        yaml.YAMLError: it is no YAML. The error holds the text.
    """
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a loader that makes nothing but text


class _Loader(yaml.BaseLoader):
    """The loader of text alone, with a count of what it composes."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._nodes = 0
        self._depth = 0
        self._sizes: dict[int, int] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose a node as the loader does, unless there are too many."""
        is_alias, before = self.check_event(yaml.AliasEvent), self._nodes
        self._depth += 1
        self._check()
        node = super().compose_node(parent, index)
        self._depth -= 1
        # One that is an alias of what it lies in has no size yet, and no end.
        self._nodes += self._sizes.get(id(node), MOST_NODES + 1) if is_alias else 1
        if not is_alias:
            self._sizes[id(node)] = self._nodes - before
        self._check()
        return node

    def _check(self) -> None:
        if self._nodes > MOST_NODES:
            raise TooMuch(f"it holds more than {MOST_NODES:,} values, each alias counted with all that it stands for")
        if self._depth > DEEPEST:
            raise TooMuch(f"it is nested deeper than {DEEPEST} levels")
