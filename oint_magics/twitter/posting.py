"""The calls behind posts: which account they go to has to be said, once in each process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oint_magics.errors import UsageError
from oint_magics.process import state
from oint_magics.tokens.current import CurrentToken
from oint_magics.twitter import calls

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oint_magics.api.me import User
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

    provider, check = _named(auth, variables)
    return post(provider, wanted, check, preview=preview, again=again)


def delete(post_id: object, auth: object, *, variables: Mapping[str, object] | None = None) -> Deletion:
    """Delete a post; see `oint_magics.twitter.delete`."""
    from oint_magics.posts.post import delete

    provider, check = _named(auth, variables)
    return delete(provider, post_id, check)


def upload(files: object, auth: object, kind: str | None) -> Uploads:
    """Upload media; see `oint_magics.twitter.upload`."""
    from oint_magics.posts.post import upload

    return upload(calls.current(auth), files, kind and calls.text_argument("kind", kind))


def _named(auth: object, variables: Mapping[str, object] | None) -> tuple[CurrentToken, Callable[[User], None]]:
    """Return the account that a post goes to, and what checks that it is the one that was named.

    It is the one that this call names, or the one that an earlier post named. What was merely used last, or is a
    default, is nobody's wish to post: a tutorial's cell must not post to an account that happens to be there. So where
    another store was used since, or another account's tokens came into this one, it has to be said again.

    Raises:
        UsageError: no account was named.
    """
    if auth is None:
        place, user = state.posts_as or (None, None)
        if place is None or place != state.last_used:
            raise _not_named("another account was used since the last post." if place else _FIRST)
        return CurrentToken(calls.used(place, variables)), lambda who: _check(who, place, user)
    source = calls.used(auth, variables)
    place = calls.place_of(source)
    return CurrentToken(source), lambda who: _note(who, place)


_FIRST = "a post or a deletion names its account at least once in each kernel."


def _not_named(cause: str) -> UsageError:
    return UsageError(
        "Name the account that posts. Nothing was sent.",
        cause=cause,
        next_step=f"add --auth {calls.default_source() or 'auth.json'}, if that is the account",
    )


def _note(who: User, place: str | None) -> None:
    """Remember which account a post has named; a text or a mapping cannot be found again."""
    state.posts_as = (place, who.get("id")) if place else None


def _check(who: User, place: str, user: object) -> None:
    if who.get("id") != user:
        raise _not_named("its tokens are another account's since the last post.")
    _note(who, place)
