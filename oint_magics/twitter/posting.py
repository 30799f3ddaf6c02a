"""The calls behind posts: which account they go to has to be said, once in each process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oint_magics.errors import UsageError
from oint_magics.process import state
from oint_magics.tokens.current import CurrentToken
from oint_magics.twitter import calls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oint_magics.posts.draft import Wanted
    from oint_magics.posts.shown import Deletion, Post, Uploads


def post(
    wanted: Wanted,
    auth: object,
    *,
    preview: bool = False,
    again: bool = False,
    variables: Mapping[str, object] | None = None,
) -> Post:
    """Make a post; see `oint_magics.twitter.post`.

    Args:
        wanted: what to post.
        auth: the source; `None` for the one that an earlier post named.
        preview: send nothing.
        again: post it though the same one was made, or may have been.
        variables: where names are looked up, or `None`.
    """
    from oint_magics.posts.post import post

    return post(_named(auth, variables), wanted, preview=preview, again=again)


def delete(post_id: object, auth: object, *, variables: Mapping[str, object] | None = None) -> Deletion:
    """Delete a post; see `oint_magics.twitter.delete`."""
    from oint_magics.posts.post import delete

    return delete(_named(auth, variables), post_id)


def upload(files: object, auth: object, kind: str | None) -> Uploads:
    """Upload media; see `oint_magics.twitter.upload`."""
    from oint_magics.posts.post import upload

    return upload(calls.current(auth), files, kind and calls.text_argument("kind", kind))


def _named(auth: object, variables: Mapping[str, object] | None) -> CurrentToken:
    """Return the account that a post goes to: the one that this call names, or the one that an earlier post named.

    What was merely used last, or is a default, is nobody's wish to post: a tutorial's cell must not post to an account
    that happens to be there. So where another account was used since, it has to be said again.

    Raises:
        UsageError: no account was named.
    """
    if auth is None and (state.posts_as is None or state.posts_as != state.last_used):
        raise UsageError(
            "Name the account that posts. Nothing was sent.",
            cause="another account was used since the last post."
            if state.posts_as
            else "a post or a deletion names its account at least once in each kernel.",
            next_step=f"add --auth {calls.default_source() or 'auth.json'}, if that is the account",
        )
    source = calls.used(auth, variables)
    state.posts_as = state.last_used if source.store else None
    return CurrentToken(source)
