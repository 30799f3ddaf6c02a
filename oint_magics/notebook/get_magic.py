"""Reading as a magic: the line taken apart, a preview, the list of what there is, and what was read today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oint_magics.errors import UsageError
from oint_magics.twitter import reading

if TYPE_CHECKING:
    from oint_magics.api.rows import Rows
    from oint_magics.display.grid import Grid
    from oint_magics.display.table import Table
    from oint_magics.notebook.arguments import Call


def get(call: Call) -> Rows | Table | Grid:
    """Read what the line says; show what it would ask, or what there is to read."""
    words = call.words()
    if "--list" in words:
        from oint_magics.api.preview import listed

        return listed(words.get("path", ""))
    if "path" not in words:
        raise UsageError(
            "Name the path to read. Nothing was sent.", next_step="%twitter_get users/me, or %twitter_get --list"
        )
    variables = call.variables
    path, params, fields = words["path"], words.pairs(variables), words.get("--fields")
    most, is_unchecked = _most(words.get("--max-rows")), "--unchecked" in words
    if "--preview" in words:
        return reading.preview(path, params, fields, max_rows=most, unchecked=is_unchecked)
    return reading.get(
        path,
        words.get("--auth"),
        params,
        fields=fields,
        max_rows=most,
        resume=None,
        wait="--wait" in words,
        unchecked=is_unchecked,
        keep=words.get("--keep"),
        variables=variables,
    )


def usage(call: Call) -> Grid:
    """Show what was read and posted today."""
    return reading.usage(call.words().get("--auth"), variables=call.variables)


def _most(text: str | None) -> int | None:
    if text is None:
        return 100
    if text.lower() == "all":
        return None
    if not (text.isascii() and text.isdecimal() and 0 < len(text) < 10 and int(text)):
        raise UsageError(
            "--max-rows takes a whole number, or all. Nothing was sent.", next_step="%twitter_get PATH --max-rows 500"
        )
    return int(text)
