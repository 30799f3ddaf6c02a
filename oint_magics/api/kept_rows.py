"""The rows of a data set: all of its pages, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oint_magics.api import dataset, dataset_file, missing, progress
from oint_magics.api.expansions import expanded
from oint_magics.api.facts import Facts
from oint_magics.api.repeats import Repeats
from oint_magics.api.rows import Rows, rows_of

if TYPE_CHECKING:
    from oint_magics.api.dataset import DataSet
    from oint_magics.api.request import Request


def after_run(kept: DataSet, request: Request, new: Rows) -> Rows:
    """Return all rows of a data set, and say what a run has brought.

    Args:
        kept: the data set.
        request: its read.
        new: the rows of the run.
    """
    notes = [f"{len(new)} new", *kept.notes]
    if kept.has_gap:
        notes.append("older posts are left: the same line reads them first")
    for note in notes:
        progress.say(f"{kept.name}: {note}.")
    facts = new.facts._replace(
        notes=[*new.notes, *notes], request=request, position=None, has_more=new.more or kept.has_gap
    )
    return _rows(kept.pages, facts)


def rows(name: object) -> Rows:
    """Return the rows of a data set; nothing is asked of X.

    Args:
        name: its file.

    Raises:
        UsageError: it is none, or is damaged.
    """
    pages = dataset_file.read(name)
    return _rows(pages, Facts(request=dataset.request_of(pages), pages=len(pages)))


def _rows(pages: list[dict[str, Any]], facts: Facts) -> Rows:
    repeats, found = Repeats(), []
    left_out = {}
    for page in pages:
        objects = [each for each in page["data"] if isinstance(each, dict)]
        new = repeats.new(objects)
        found += expanded(page, new, page[dataset_file.NOTE]["params"].get("expansions", ""))
        left_out.update({str(each): each for each in missing.missing_of(page)})
    found.sort(key=_number, reverse=True)
    return Rows(rows_of(found), facts._replace(missing=list(left_out.values())))


def _number(post: dict[str, Any]) -> int:
    number = post.get("id")
    return int(number) if isinstance(number, str) and number.isdecimal() else 0
