"""OPI's help as tables, in the language of the method that was typed."""

from __future__ import annotations

from oint_magics.display.table import Row, Table
from oint_magics.opi.functions import FUNCTIONS, Function


def of_program() -> Table:
    """Return what there is to type."""
    return Table(
        "oint: the command lines of 1C's Open Integration Package, here for X alone",
        (
            Row("form", "oint twitter METHOD --option value …", is_code=True),
            Row("methods", "oint twitter", is_code=True),
            Row("a method", "oint twitter METHOD --help", is_code=True),
            Row("--test", "show what would be sent; nothing is sent"),
            Row("--out FILE", "write the result into a file"),
            Row("--again", "make a post once more, though the same one was made"),
            Row("--to STORE", "where new tokens go; without it where they came from"),
        ),
    )


def of_library() -> Table:
    """Return the methods."""
    english = [Row(each.english, each.about) for each in FUNCTIONS]
    russian = [Row(each.russian, each.about_in_russian) for each in FUNCTIONS]
    return Table("oint twitter METHOD: the methods", (*english, *russian))


def of(function: Function, name: str) -> Table:
    """Return a method's options.

    Args:
        function: the method.
        name: how it was typed: its Russian name brings the Russian words.
    """
    is_russian = name.casefold() == function.russian.casefold()
    required = "обязательный" if is_russian else "required"
    rows = []
    for option in function.options:
        about = option.about_in_russian if is_russian else option.about
        rows.append(Row(f"{option.name}, {option.short}", about + (f" ({required})" if option.is_required else "")))
    title = function.russian if is_russian else function.english
    about = function.about_in_russian if is_russian else function.about
    return Table(f"oint twitter {title}: {about}", tuple(rows))
