"""What comes back: a post, a deletion, uploads, as X's data that shows itself as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oint_magics.display.table import Row, Table
from oint_magics.display.times import moment
from oint_magics.posts import price
from oint_magics.posts.media import MediaId, Medium
from oint_magics.posts.text import LONGEST, LONGEST_OF_PREMIUM

if TYPE_CHECKING:
    from oint_magics.api.me import User
    from oint_magics.posts.claims import Claim
    from oint_magics.posts.draft import Draft


class _Tabled:
    """Something that shows itself as its table."""

    __slots__ = ()
    _table: Table

    def table(self) -> Table:
        """Return the table."""
        return self._table

    def __repr__(self) -> str:
        return self._table.text()

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return self._table.mimebundle()


class _Shown(_Tabled, dict[str, Any]):
    """X's data with a table."""

    __slots__ = ("_table",)

    def __init__(self, data: dict[str, Any], table: Table) -> None:
        super().__init__(data)
        self._table = table


class Post(_Shown):
    """A post, as X answers: `id`, `text`, `edit_history_tweet_ids`; an earlier one has its id and text alone.

    Attributes:
        already_posted: whether nothing was sent, because the same post was made within a day.
        is_preview: whether nothing was sent, because only a look was asked for.
        link: its address at X; `None` in the sandbox and for a preview.
    """

    __slots__ = ("already_posted", "is_preview", "link")

    def __init__(self, data: dict[str, Any], table: Table, link: str | None, *, how: str) -> None:
        super().__init__(data, table)
        self.link = link
        self.already_posted, self.is_preview = how == "already", how == "preview"


class Deletion(_Shown):
    """A deletion, as X answers: `deleted`."""

    __slots__ = ()


class Uploads(_Tabled, list[MediaId]):
    """The ids of media that X holds, for `twitter.post(media=…)`; shown as a table."""

    def __init__(self, ids: list[MediaId], table: Table) -> None:
        super().__init__(ids)
        self._table = table


def preview(draft: Draft, who: User, earlier: Claim | None) -> Post:
    """Return what a post would be.

    Args:
        draft: what would be sent.
        who: whose it would be.
        earlier: the claim of the same post, or `None`.
    """
    rows = [*_content(draft, who), Row("length", _length(draft.counted.length)), *_billed(draft, who, "will")]
    if earlier is not None:
        rows.append(Row("careful", f"the same post was sent at {moment(earlier.at)}, and will not be sent again"))
    table = Table(_caption("Preview: nothing was posted", who), tuple(rows))
    return Post({"text": draft.text}, table, None, how="preview")


def posted(draft: Draft, who: User, data: dict[str, Any]) -> Post:
    """Return a post that was made.

    Args:
        draft: what was sent.
        who: whose it is.
        data: X's answer.
    """
    link = _link(who, data)
    rows = [*_place(data, link), *_content(draft, who), *_billed(draft, who, "")]
    return Post(data, Table(_caption("Posted", who), tuple(rows)), link, how="posted")


def already(draft: Draft, who: User, claim: Claim) -> Post:
    """Return a post that was made before."""
    data = {"id": claim.post_id, "text": draft.text}
    link = _link(who, data)
    note = (
        f"it was posted at {moment(claim.at)}, and nothing was sent now. To send it again: --again, or again=True; "
        "X refuses a text that is still there"
    )
    table = Table(_caption("Already posted", who), (*_place(data, link), *_content(draft, who), Row("note", note)))
    return Post(data, table, link, how="already")


def deleted(post_id: str, who: User, data: dict[str, Any]) -> Deletion:
    """Return a deletion."""
    does = "X would bill" if who.is_sandbox else "X bills"
    rows = (Row("account", f"@{who.get('username')}"), Row("id", post_id), Row(does, price.shown(price.DELETE)))
    return Deletion(data, Table(_caption("Deleted", who), rows))


def uploaded(media: list[tuple[Medium | MediaId, MediaId]]) -> Uploads:
    """Return what was uploaded.

    Args:
        media: each medium and its id.
    """
    rows = tuple(Row(each, found.words() if isinstance(found, Medium) else "X had it") for found, each in media)
    return Uploads([each for _, each in media], Table("Uploaded, and not posted yet", rows))


def _length(length: int) -> str:
    if length <= LONGEST:
        return f"{length} of {LONGEST}"
    return f"{length:,} of {LONGEST_OF_PREMIUM:,}; over {LONGEST}: only Premium accounts can post it, and X decides"


def _caption(what: str, who: User) -> str:
    return f"{what} (SANDBOX: nobody at X sees it)" if who.is_sandbox else what


def _link(who: User, data: dict[str, Any]) -> str | None:
    return None if who.is_sandbox else f"https://x.com/i/status/{data['id']}"


def _place(data: dict[str, Any], link: str | None) -> list[Row]:
    rows = [Row("id", str(data["id"]))]
    return rows + ([Row("link", link)] if link else [])


def _content(draft: Draft, who: User) -> list[Row]:
    rows = [Row("account", f"@{who.get('username')}")]
    if draft.text:
        rows.append(Row("text", draft.text.replace("\n", " ↵ ")))
    for number, each in enumerate(draft.media):
        rows.append(Row("medium", each.words() if isinstance(each, Medium) else f"X holds it: {each}"))
        if draft.alts[number]:
            rows.append(Row("alt text", draft.alts[number]))
    if draft.poll:
        rows.append(Row("poll", f"{' · '.join(draft.poll)} ({draft.minutes} minutes)"))
    if draft.reply_to:
        rows.append(Row("answers", draft.reply_to))
    if draft.quote:
        rows.append(Row("quotes", draft.quote))
    return rows


def _billed(draft: Draft, who: User, when: str) -> list[Row]:
    does = "would bill" if who.is_sandbox else f"{when} bill" if when else "bills"
    alts = sum(map(bool, draft.alts))
    parts = ["a post with a link" if draft.counted.links else "a post", *([f"{alts} alt text"] if alts else [])]
    rows = [Row(f"X {does}", f"{price.shown(draft.price())} for {' and '.join(parts)}")]
    if draft.counted.domains:
        names = ", ".join(draft.counted.domains)
        more = price.shown(price.POST_WITH_LINK)
        rows.append(
            Row("careful", f"X may make a link of {names}: it counts as 23 characters, and the post costs {more}")
        )
    return rows
