"""The public functions that use tokens: sessions, reads, posts."""

from __future__ import annotations

from oint_magics.twitter.boundary import call

TYPE_CHECKING = False  # not imported: `typing` alone costs more than all the rest here
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from os import PathLike

    from oint_magics.api.me import User
    from oint_magics.api.rows import Rows
    from oint_magics.errors import CallError
    from oint_magics.http.bearer import Bearer
    from oint_magics.http.session import Session
    from oint_magics.posts.shown import Deletion, Post, Uploads


@call
def session(auth: str | PathLike[str] | Mapping[str, object] | None = None) -> Session:
    """Return a `requests.Session` that carries the current access token, as `bearer` does, to X's API.

    One line lets a client library use it: `client.session = twitter.session()`; its constructor gets a placeholder for
    a token. Errors hold nothing of what was sent; its connections print nothing.

    Args:
        auth: the source, as for `refresh`.

    Returns:
        The session; its `.api` is the API's address for these tokens, X's or the sandbox's.

    Raises:
        OintError: as for `refresh`, where the token is at its end.
    """
    from oint_magics.twitter import calls

    return calls.session(auth)


@call
def bearer(auth: str | PathLike[str] | Mapping[str, object] | None = None) -> Bearer:
    """Return an `auth` for another session, of requests or httpx: it gives each request the token that is good then.

    Prefer `session`, also inside tweepy and xdk (`client.session = twitter.session()`). In a session that is not ours
    the token stands in plain bytes in http.client's frames while a request is sent: a traceback with its locals, an
    error reporter or `%debug` can show it, and so does `http.client.HTTPConnection.debuglevel`. For httpx
    (`httpx.Client(auth=twitter.bearer())`, also an `AsyncClient`) the same is true while a request is on its way.

    The token goes to X's API hosts over https alone (and to the sandbox for its own). It is refreshed before its
    end, once for all threads; after a 401 the store is read again, then there is one refresh at most.

    Args:
        auth: the source, as for `refresh`.

    Raises:
        AuthError: the source cannot be read. A request raises what a refresh does, where one is due and fails.
    """
    from oint_magics.twitter import calls

    return calls.bearer(auth)


@call
def me(auth: str | PathLike[str] | Mapping[str, object] | None = None) -> User:
    """Return whose token it is (`GET /2/users/me`; wants the scopes tweet.read and users.read).

    Args:
        auth: the source, as for `refresh`.

    Returns:
        X's answer as a dict, shown as a table.

    Raises:
        CallError: X refused the call.
        OintError: as for `refresh`, where the token is at its end.
    """
    from oint_magics.twitter import calls

    return calls.me(auth)


@call
def get(  # noqa: PLR0913 - what a read may have, each by its name
    path: str,
    auth: str | PathLike[str] | Mapping[str, object] | None = None,
    *,
    fields: Iterable[str] | str | None = None,
    max_rows: int | None = 100,
    resume: CallError | Rows | None = None,
    wait: bool = False,
    unchecked: bool = False,
    keep: str | PathLike[str] | None = None,
    **params: object,
) -> Rows:
    """Return what a call of X's API answers as flat rows, all its pages: `pd.DataFrame(rows)` takes them.

    X bills each row that it gives, so the pages are asked for in sizes that bill the fewest rows (X's OpenAPI
    description has them). A list that only repeats itself is ended after three pages without a new row. What the rows
    do not show is said on stderr; `.notes` has the same sentences. The stop button ends the call and returns the rows
    so far. For polars: `pl.DataFrame(rows, infer_schema_length=None)`; otherwise it decides a column's type by the
    first rows, and a value may come later.

    Args:
        path: the call, as `"users/me"` or `"users/@name/tweets"`; with a query (`?max_results=5`) too. A handle's id is
            looked up once a day, which is billed.
        auth: the source, as for `refresh`.
        fields: the fields to read, as a list or a text: `"created_at,author.username"`; `None` for a useful set that
            costs nothing more. A name before a dot is an expansion, which X may bill.
        max_rows: how many rows to read of a list that X bills by the row; `None` for all. If X's smallest page is
            larger, all its rows are returned: each was billed. `.more` tells whether there are more.
        resume: the error that ended an earlier call, as `RateLimited`, or its rows: they come first, and none is read
            twice. Path and parameters are the same as in that call.
        keep: a `.jsonl` file that the read adds to, a page in each line; `None` for none. Run again, it reads only what
            is newer, and what an earlier run has left; the rows are all of the file's.
        unchecked: send the call as it is, although the catalogue does not know it.
        wait: where X takes no more calls for now, wait until it does. `RateLimited` is raised otherwise.
        params: the call's parameters; `tweet_fields` stands for `tweet.fields`, a list for its words with commas. An
            expansion that names one thing brings its columns: `expansions="author_id"` brings `author.username`.

    Returns:
        A list with one dict per object of X's `data`, all with the same keys; what is nested has a dotted name, ids are
        text, and a value that X left out is `None`. `.missing` has what X did not find or does not show, and why; if
        that is all of a list of ids, there are no rows. `.repeats` counts rows that X gave again; they are dropped.

    Raises:
        RateLimited: the window is used up; `.retry_at` tells until when.
        CallError: X refused, or has no such thing. Both have the rows so far as `.rows`, and `resume` takes them.
        OintError: as for `refresh`, where the token is at its end.
    """
    from oint_magics.twitter import reading

    return reading.get(
        path, auth, params, fields=fields, max_rows=max_rows, resume=resume, wait=wait, unchecked=unchecked, keep=keep
    )


@call
def rows(path: str | PathLike[str]) -> Rows:
    """Return the rows of a data set that `get(…, keep=path)` has made; nothing is asked of X.

    Args:
        path: its file.

    Raises:
        UsageError: it is none of ours, or is damaged.
    """
    from oint_magics.twitter import reading

    return reading.rows(path)


@call
def post(  # noqa: PLR0913 - what a post may have, each by its name
    text: str = "",
    *,
    auth: str | PathLike[str] | Mapping[str, object] | None = None,
    media: Sequence[object] | object = (),
    alt: Sequence[str] | str = (),
    poll: Sequence[str] = (),
    minutes: int | None = None,
    reply_to: object = None,
    quote: object = None,
    preview: bool = False,
    again: bool = False,
    long: bool = False,
) -> Post:
    """Make a post (`POST /2/tweets`), once: the same post within a day is not sent again, and is shown instead.

    Media are uploaded first (scope media.write). X's prices: $0.015, with a link $0.200; once a process `users/me`.

    Args:
        text: at most 280 characters as X counts: a link 23, an emoji or a Chinese, Japanese or Korean character 2.
        auth: the source, and its errors, as for `refresh`. The first post or deletion of a process has to name it.
        media: up to four pictures, or one GIF, or one video, as for `upload`; or the ids that it returned.
        alt: the alt texts, the first for the first medium; each has at most 1,000 characters.
        poll: two to four answers of at most 25 characters.
        minutes: how long the poll runs, 5 to 10,080; `None` for a day.
        reply_to: the post that it answers: its id, its address, or what `post` returned.
        quote: the post that it quotes, given the same way.
        preview: send no post, and show what it would be, with its length and its price.
        again: post it though the same one was made within a day, or may have been: for what is posted on a schedule.
        long: let X decide on a text over 280, up to 25,000: only accounts with Premium can post it.

    Returns:
        X's answer as a dict (`r["id"]`, `.link`), shown as a table; `.already_posted` where nothing was sent.

    Raises:
        UsageError, CallError: no account was named, X would not take it, or X refused it; nothing was posted.
        PostInDoubt: it was sent, now or before, and no answer came; nothing more is sent without `again`.
    """
    from oint_magics.posts.draft import Wanted
    from oint_magics.twitter import posting

    wanted = Wanted(text, media, alt, poll, minutes, reply_to, quote, is_long=bool(long))
    return posting.post(wanted, auth, preview=preview, again=again)


@call
def upload(
    files: Sequence[object] | object,
    *,
    auth: str | PathLike[str] | Mapping[str, object] | None = None,
    kind: str | None = None,
) -> Uploads:
    """Upload media for a later post (`POST /2/media/upload/…`; scope media.write); X keeps them for a day.

    A file is sent in segments of 1 MiB, and smaller ones where X refuses that (413). A segment is sent again after an
    outage or a lost answer, under its own number; whether X accepts one number twice is not documented.

    Args:
        files: one, or a list: paths, bytes, files opened with "rb" (read from their start, whatever their position),
            figures of matplotlib, images of Pillow, https addresses. Their type is read from their bytes.
        auth: the source, as for `refresh`.
        kind: what X shall take them for: "tweet_image", "tweet_gif" or "tweet_video"; `None` for what fits their types.

    Returns:
        The ids, in their order, for `post(media=…)`; shown as a table.

    Raises:
        UsageError: X would not take one of them: nothing was sent.
        CallError: X refused.
        Stopped: the stop button was pressed; the message says what X has.
        OintError: as for `refresh`, where the token is at its end.
    """
    from oint_magics.twitter import posting

    return posting.upload(files, auth, kind)


@call
def delete(post_id: object, *, auth: str | PathLike[str] | Mapping[str, object] | None = None) -> Deletion:
    """Delete a post (`DELETE /2/tweets/:id`); X bills $0.010. It can be posted again then.

    Args:
        post_id: the post's id or address, or what `post` returned.
        auth: the source, as for `refresh`. The first post or deletion of a process has to name it.

    Returns:
        X's answer, shown as a table.

    Raises:
        UsageError: that is no post, or no account was named; nothing was sent.
        CallError: X refused.
        OintError: as for `refresh`, where the token is at its end.
    """
    from oint_magics.twitter import posting

    return posting.delete(post_id, auth)
