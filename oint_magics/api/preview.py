"""What a read would ask, give and cost, before anything is sent; and the list of what there is to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oint_magics.api import catalogue, price
from oint_magics.display.grid import Grid
from oint_magics.display.table import Row, Table

if TYPE_CHECKING:
    from oint_magics.api.catalogue import Read
    from oint_magics.api.request import Request

_PER = {900: "15 minutes", 86_400: "24 hours", 1: "second"}


def preview(request: Request, most: int | None) -> Table:
    """Return what a request would ask, and what that costs at most.

    Args:
        request: the request.
        most: how many rows are wanted; `None` for all.
    """
    read = request.read
    asked = " ".join(f"{name}={value}" for name, value in request.params.items())
    rows = [Row("asks for", f"GET /2/{request.shown}", is_code=True)]
    rows += [Row("with", asked, is_code=True)] * bool(asked)
    rows.append(Row("costs", cost(request, most)))
    if read:
        rows.append(Row("gives", gives(read)))
        rows.append(Row("scopes", " ".join(read.scopes) if read.scopes is not None else "an app's own bearer token"))
        rows += [Row("limits", _limits(read))] * bool(read.limits)
        if read.path == "tweets/search/recent":
            rows.append(Row("how many", "%twitter_get tweets/counts/recent query=… counts the posts first, for $0.005"))
    rows.append(Row("sent", "nothing"))
    return Table("Preview", tuple(rows))


def cost(request: Request, most: int | None) -> str:
    """Return what a request costs at most, in words."""
    parts = request.parts()
    number = most if request.is_cut else sum(each.rows_at_most(None) for each in parts)
    look = price.of_page(request._replace(read=catalogue.at("users/me"), params={}), 1).most if request.account else 0
    if number is None:
        one = price.of_page(request, 1)
        each = f"{price.shown(one.most)} for each row at X's list price; all of them are read"
        return each if one.is_listed else _NONE
    if request.size:
        number = max(number, request.size[0])
    found = price.of_page(request, number)
    if not found.is_listed:
        return _NONE
    text = f"{'at least' if found.is_open else 'at most'} {price.shown(found.most + look)} at X's list price"
    text += f", or {price.shown(found.owned + look)} if you own the app and read what is yours" if found.owned else ""
    text += f" (X leaves open whether these are billed as {' or '.join(found.kinds)}s)" if found.kinds else ""
    return text


_NONE = "X lists no price for it"


def listed(word: str) -> Grid:
    """Return what there is to read.

    Args:
        word: a part of the path, or what it gives; blank for all.
    """
    lines = []
    for read in sorted(catalogue.reads().values(), key=lambda each: each.path):
        if word.lower() not in f"{read.path} {read.gives}".lower():
            continue
        scopes = "an app's bearer token" if read.scopes is None else " ".join(read.scopes)
        lines.append((read.path, gives(read), each(read), scopes))
    version, date = catalogue.version()
    note = f"X's OpenAPI description {version}, and its prices of {catalogue.prices()['date']}." if date else ""
    return Grid("Reads of X's API", ("path", "gives", "price", "scopes"), tuple(lines), note, ("price",))


def gives(read: Read) -> str:
    """Return what a read gives, in words."""
    name = {"Post": "post", "User": "account", "List": "list", "Space": "space", "Trend": "trend"}.get(read.gives)
    if name is None:
        return "rows" if read.is_list else "one object"
    return f"{name}s" if read.is_list else f"one {name}"


def each(read: Read) -> str:
    """Return the price of one of what a read gives, in words."""
    if not read.price.kind:
        return "no price listed"
    return f"{price.shown(price.mills(read.price.usd))} {'a call' if read.price.is_per_request else 'each'}"


def _limits(read: Read) -> str:
    return "; ".join(
        f"{who}: " + ", ".join(f"{number:,} in {_PER.get(seconds, f'{seconds} s')}" for number, seconds in each)
        for who, each in read.limits.items()
    )
