"""A post from what was asked for to X's answer, once; and its deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oint_magics import settings
from oint_magics.api.call import answer
from oint_magics.api.me import account
from oint_magics.display.times import moment
from oint_magics.errors import CallError, OintError, PostInDoubt, UsageError
from oint_magics.http.session import Session
from oint_magics.posts import claims, draft, shown
from oint_magics.posts.media import MediaId, Medium
from oint_magics.posts.upload import Upload, describe
from oint_magics.stores.locks import post_lock
from oint_magics.tokens.shield import shielded

if TYPE_CHECKING:
    from oint_magics.api.me import User
    from oint_magics.http.session import TokenProvider
    from oint_magics.posts.draft import Draft, Wanted

_STOPPED = "the post had been sent. Run the cell again: it shows the post and does not send it twice."
_WRITES = "tweet.write"
_UPLOADS = "media.write"


def post(provider: TokenProvider, wanted: Wanted, *, preview: bool, again: bool) -> shown.Post:
    """Make a post, unless the same one was made within a day.

    Args:
        provider: gives the token; asked first when X would take the post, as far as is known here.
        wanted: what to post.
        preview: send nothing, and show what would be posted.
        again: post it though the same one was made, or may have been.

    Raises:
        UsageError: X would not take it; nothing was sent.
        PostInDoubt: it was sent, now or before, and no answer came.
        CallError: X refused it.
        Stopped: the stop button was pressed.
        OintError: as for a refresh, where one was due and failed.
    """
    with draft.checked(wanted) as checked:
        _check_scopes(provider, [_WRITES] + [_UPLOADS] * bool(checked.media))
        who = account(provider)
        if preview:
            return shown.preview(checked, who)
        name = claims.name_of([_account_id(provider, who), *checked.identity()])
        with post_lock(name, settings.timeout() + 15):
            earlier = claims.found(name)
            if earlier and not again:
                return _earlier(checked, who, earlier)
            ids = _media_ids(provider, checked)
            if not _claimed(name, is_replacing=earlier is not None or again):
                return _earlier(checked, who, claims.found(name))
            body = checked.body(ids)
            data = shielded(lambda: _sent(provider, who, body, name), stopped=_STOPPED)
        return shown.posted(checked, who, data)


def delete(provider: TokenProvider, post_id: object) -> shown.Deletion:
    """Delete a post; it can be posted again then.

    Args:
        provider: gives the token.
        post_id: the post's id or address, or what `post` returned.

    Raises:
        UsageError: it is no id.
        CallError: X refused.
        OintError: as for a refresh, where one was due and failed.
    """
    number = draft.post_id(post_id, "post_id")
    _check_scopes(provider, [_WRITES])
    who = account(provider)
    with Session(provider) as session:
        data = answer(session, f"tweets/{number}", method="DELETE").get("data")
    if not isinstance(data, dict) or data.get("deleted") is not True:
        raise CallError(
            "X did not delete the post.", cause="it is not there, or not this account's.", next_step="look at the post"
        )
    claims.drop_post(number)
    return shown.deleted(number, who, data)


def upload(provider: TokenProvider, media: object, kind: str | None) -> shown.Uploads:
    """Upload media, and return their ids.

    Args:
        provider: gives the token.
        media: one, or a list: paths, bytes, https addresses.
        kind: what X shall take them for, as `tweet_image`; `None` for what fits their types.

    Raises:
        UsageError: X would not take one of them; nothing was sent.
        CallError: X refused.
        Stopped: the stop button was pressed.
    """
    with draft.opened(draft.listed(media), kind) as found:
        if not found:
            raise UsageError("Name what to upload.", next_step='twitter.upload(["picture.png"])')
        _check_scopes(provider, [_UPLOADS])
        with Session(provider) as session:
            return shown.uploaded([(each, _uploaded(session, each)) for each in found])


def _check_scopes(provider: TokenProvider, wanted: list[str]) -> None:
    """Refuse what a token cannot do, where its scopes are known."""
    scope = provider.auth().scope
    missing = [each for each in wanted if scope and each not in scope.split()]
    if missing:
        raise UsageError(
            f"These tokens lack the scope {' and '.join(missing)}. Nothing was sent.",
            cause="a login asks for scopes, and no refresh adds one.",
            next_step=f'log in again: %twitter_login --scope "{scope} {" ".join(missing)}"',
        )


def _account_id(provider: TokenProvider, who: User) -> str:
    auth = provider.auth()
    return f"{auth.sandbox if auth.is_sandbox else 'x'} {who.get('id')}"


def _earlier(checked: Draft, who: User, claim: claims.Claim | None) -> shown.Post:
    """Return the post that was made before; raises where it is not known whether it was made."""
    if claim is not None and claim.post_id:
        return shown.already(checked, who, claim)
    raise PostInDoubt(
        "This post was sent before, and no answer is known. Nothing was sent now.",
        cause=f"{claim.by} sent it at {moment(claim.at)}." if claim else "another process sends it just now.",
        next_step=f"{_look(who)}; if it is not there: --again",
    )


def _look(who: User) -> str:
    if who.is_sandbox:
        return f'look at the account: twitter.get("users/{who.get("id")}/tweets", max_rows=5)'
    return f"look at https://x.com/{who.get('username')}"


def _claimed(name: str, *, is_replacing: bool) -> bool:
    try:
        claims.begin(name, is_replacing=is_replacing)
    except claims.ClaimTaken:
        return False
    return True


def _media_ids(provider: TokenProvider, checked: Draft) -> list[MediaId]:
    if not checked.media:
        return []
    with Session(provider) as session:
        ids = [_uploaded(session, each) for each in checked.media]
        for media_id, alt in zip(ids, checked.alts, strict=True):
            if alt:
                describe(session, media_id, alt)
    return ids


def _uploaded(session: Session, each: Medium | MediaId) -> MediaId:
    return Upload(session, each).run() if isinstance(each, Medium) else each


def _sent(provider: TokenProvider, who: User, body: dict[str, Any], name: str) -> dict[str, Any]:
    """Send a post, and note what came of it."""
    try:
        # A connection of its own: one that lay idle may be closed just when the post is on its way.
        with Session(provider) as session:
            data = answer(session, "tweets", method="POST", json=body).get("data")
    except CallError as error:
        if not error.is_sent or (error.status is not None and 300 <= error.status < 500):
            claims.drop(name)
            error.what += " Nothing was posted."
            raise
        raise _in_doubt(error, who) from None
    except OintError:
        claims.drop(name)
        raise
    if not isinstance(data, dict) or not isinstance(data.get("id"), str):
        raise _in_doubt(CallError("X's answer holds no post."), who)
    claims.confirm(name, data["id"])
    return data


def _in_doubt(error: CallError, who: User) -> PostInDoubt:
    problem = PostInDoubt(
        "The post was sent, and it is not known whether it is there.",
        cause=error.what,
        next_step=f"{_look(who)}; if it is not there: --again",
    )
    problem.status = error.status
    return problem
