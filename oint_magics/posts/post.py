"""A post from what was asked for to X's answer, once; its media; and its deletion."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from oint_magics import settings
from oint_magics.api.call import answer
from oint_magics.api.me import account
from oint_magics.api.meter import api as metered
from oint_magics.display.times import moment
from oint_magics.errors import CallError, OintError, PostInDoubt, Stopped, StoreError, UsageError
from oint_magics.http.api import Api, json_of
from oint_magics.http.deadline import Exchange
from oint_magics.http.metered import Write
from oint_magics.oauth import scopes
from oint_magics.posts import claims, draft, price, shown, text
from oint_magics.posts.given import listed, opened
from oint_magics.posts.media import MediaId, Medium
from oint_magics.posts.upload import Upload, describe
from oint_magics.stores.locks import post_lock
from oint_magics.tokens.shield import shielded, within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from oint_magics.api.me import User
    from oint_magics.http.token_provider import TokenProvider
    from oint_magics.posts.draft import Draft, Wanted

_STOPPED = "the post had been sent. Run the cell again: it shows the post and does not send it twice."
_DELETED = "the deletion had been sent. Run the cell again to see whether the post is gone."
_DELETION = Write("deleted", price.DELETE)
_WRITES = "tweet.write"
_UPLOADS = "media.write"
_ID = re.compile(r"[0-9]{1,19}")


def post(
    provider: TokenProvider, wanted: Wanted, check: Callable[[User], None], *, preview: bool, again: bool
) -> shown.Post:
    """Make a post, unless the same one was made within a day.

    Args:
        provider: gives the token; asked first when X would take the post, as far as is known here.
        wanted: what to post.
        check: raises where an account is not the one that is meant.
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
        check(who)
        identity = [_account_id(provider, who), *checked.identity()]
        if preview:
            return shown.preview(checked, who, _known(identity))
        name = claims.name_of(identity)
        with post_lock(name, settings.timeout() + 15):
            earlier = claims.found(name)
            if earlier and not again:
                return _earlier(checked, who, earlier)
            body = checked.body(_media_ids(provider, checked.media, checked.alts))
            _check_same(who, account(provider))
            if not _claimed(name, is_replacing=earlier is not None or again):
                return _earlier(checked, who, claims.found(name))
            write = Write(
                "made_with_link" if checked.counted.links else "made",
                price.of_post(has_link=bool(checked.counted.links), alts=0),
            )
            sent = _Sent(provider, who, body, write)
            data = shielded(lambda: _sent(sent, name, earlier), stopped=_STOPPED)
        return shown.posted(checked, who, data)


def delete(provider: TokenProvider, post_id: object, check: Callable[[User], None]) -> shown.Deletion:
    """Delete a post; it can be posted again then.

    Args:
        provider: gives the token.
        post_id: the post's id or address, or what `post` returned.
        check: raises where an account is not the one that is meant.

    Raises:
        UsageError: it is no id.
        CallError: X refused.
        Stopped: the stop button was pressed.
        OintError: as for a refresh, where one was due and failed.
    """
    number = draft.post_id(post_id, "post_id")
    _check_scopes(provider, [_WRITES])
    who = account(provider)
    check(who)
    data = shielded(lambda: _deleted(provider, number), stopped=_DELETED)
    return shown.deleted(number, who, data)


def upload(provider: TokenProvider, media: object, kind: str | None) -> shown.Uploads:
    """Upload media, and return their ids.

    Args:
        provider: gives the token.
        media: one, or a list: what `oint_magics.posts.given` takes.
        kind: what X shall take them for, as `tweet_image`; `None` for what fits their types.

    Raises:
        UsageError: X would not take one of them; nothing was sent.
        CallError: X refused.
        Stopped: the stop button was pressed.
    """
    with opened(listed(media), kind) as found:
        if not found:
            raise UsageError("Name what to upload.", next_step='twitter.upload(["picture.png"])')
        _check_scopes(provider, [_UPLOADS])
        ids = _media_ids(provider, found, [""] * len(found))
        return shown.uploaded(list(zip(found, ids, strict=True)))


def _known(identity: list[str]) -> claims.Claim | None:
    """Return the claim of a post, where there is one; a look needs no data folder."""
    with contextlib.suppress(StoreError):
        return claims.found(claims.name_of(identity))
    return None


def _check_scopes(provider: TokenProvider, needed: list[str]) -> None:
    """Refuse what a token cannot do, if X said what it may do; of what a file says, X decides."""
    granted = provider.auth().granted
    missing = scopes.lacking(granted, needed)
    if missing:
        raise UsageError(
            f"These tokens lack the scope {' and '.join(missing)}. Nothing was sent.",
            cause="a login asks for scopes, and no refresh adds one.",
            next_step=scopes.login_for(granted or "", missing),
        )


def _account_id(provider: TokenProvider, who: User) -> str:
    auth = provider.auth()
    return f"{auth.sandbox if auth.is_sandbox else 'x'} {who.get('id')}"


def _check_same(who: User, now: User) -> None:
    """Refuse to post as somebody else than the table will show: a store may have got other tokens meanwhile."""
    if who.get("id") != now.get("id"):
        raise UsageError(
            "The source holds another account's tokens now. Nothing was posted.",
            cause=f"it was @{who.get('username')} at first, and is @{now.get('username')} now.",
            next_step="run it again, if that is the account",
        )


def _earlier(checked: Draft, who: User, claim: claims.Claim | None) -> shown.Post:
    """Return the post that was made before; raises where it is not known whether it was made."""
    if claim is not None and claim.post_id:
        return shown.already(checked, who, claim)
    raise PostInDoubt(
        "This post was sent before, and no answer is known. Nothing was sent now.",
        cause=f"{claim.by} sent it at {moment(claim.at)}." if claim else "another process sends it just now.",
        next_step=f"{_look(who)}; if the post is there, all is done; if not: --again",
    )


def _look(who: User) -> str:
    if who.is_sandbox:
        return f'look at it: from oint_magics import twitter; twitter.get("users/{who.get("id")}/tweets", max_rows=5)'
    return f"look at https://x.com/{who.get('username')}"


def _claimed(name: str, *, is_replacing: bool) -> bool:
    try:
        claims.begin(name, is_replacing=is_replacing)
    except claims.ClaimTaken:
        return False
    return True


def _media_ids(provider: TokenProvider, media: Sequence[Medium | MediaId], alts: Sequence[str]) -> list[MediaId]:
    """Upload what X does not have, and describe it; what ends this says what X holds by then."""
    ids: list[MediaId] = []
    stopped: str | None = None
    if not media:
        return ids
    with metered(provider) as api:
        try:
            for each, alt in zip(media, alts, strict=True):
                ids.append(_uploaded(api, each))
                if alt:
                    describe(api, ids[-1], alt)
        except KeyboardInterrupt as stop:
            stopped = str(stop) if isinstance(stop, Stopped) else "nothing was posted."
        except OintError as error:
            error.what += (" Nothing was posted." if "posted" not in error.what else "") + _held(media, ids)
            raise
    if stopped is not None:
        raise Stopped(stopped + _held(media, ids))
    return ids


def _held(media: Sequence[Medium | MediaId], ids: list[MediaId]) -> str:
    """Return which media X holds since this call, as a sentence."""
    new = [f"{each.name} as {found}" for each, found in zip(media, ids, strict=False) if isinstance(each, Medium)]
    return f" X holds {', '.join(new)}." if new else ""


def _uploaded(api: Api, each: Medium | MediaId) -> MediaId:
    if isinstance(each, MediaId):
        return each
    found = Upload(api, each).run()
    claims.note_media(found, each.digest)
    return found


class _Sent(NamedTuple):
    """A post on its way: whose tokens, which account, its body, and what X bills for it."""

    provider: TokenProvider
    who: User
    body: dict[str, Any]
    write: Write


def _sent(sent: _Sent, name: str, earlier: claims.Claim | None) -> dict[str, Any]:
    """Send a post, and note what came of it; a claim from before stands again where X refuses."""
    exchange = Exchange(settings.timeout())
    # A name service may take longer than that; the stop button waits for this.
    found = within(settings.timeout() + 5, lambda: _answer(sent, exchange), None) or _late(exchange)
    if isinstance(found, CallError) and found.is_sent and not 300 <= (found.status or 0) < 500:
        raise _in_doubt(found, sent.who)
    if isinstance(found, OintError):
        claims.restore(name, earlier)
        if isinstance(found, CallError):
            found.what += " Nothing was posted."
            _name_premium(found, sent.body["text"])
        raise found
    data = found.get("data")
    if not isinstance(data, dict) or not _ID.fullmatch(str(data.get("id"))):
        raise _in_doubt(CallError("X's answer holds no post."), sent.who)
    claims.confirm(name, str(data["id"]))
    return data


def _late(exchange: Exchange) -> CallError:
    """Return the error for a post that is still on its way; one that has not left will not leave any more."""
    problem = CallError(f"No whole answer came within {settings.timeout():g} seconds.", next_step="run it again")
    problem.is_sent = not exchange.give_up()
    return problem


def _name_premium(refusal: CallError, words: str) -> None:
    """Name what a longer text needs; X's refusal may mean something else, and does not name it."""
    if refusal.status in (400, 403) and text.counted(words).length > text.LONGEST:
        refusal.next_step = f"{refusal.next_step}; over {text.LONGEST}: only Premium accounts can post it"


def _answer(sent: _Sent, exchange: Exchange) -> dict[str, Any] | OintError | None:
    """Send a post; return what X says, or what went wrong."""
    try:
        # A connection of its own: one that lay idle may be closed just when the post is on its way.
        with metered(sent.provider) as api:
            return answer(api, "tweets", method="POST", body=json_of(sent.body), exchange=exchange, write=sent.write)
    except OintError as error:
        return error


def _in_doubt(error: CallError, who: User) -> PostInDoubt:
    is_unanswered = error.status is None and error.cause
    problem = PostInDoubt(
        "The post was sent, and it is not known whether it is there.",
        cause=f"{error.what.rstrip('.')}: {error.cause}" if is_unanswered else error.what,
        next_step=f"{_look(who)}; if the post is there, all is done; if not: --again",
    )
    problem.status = error.status
    return problem


def _not_deleted(error: CallError) -> CallError:
    """Return the error of a deletion in its own words: whether it was made, if that is not known."""
    if error.status == 404:
        error.cause, error.next_step = "there is no post with that id.", "check the id"
    elif error.is_sent and error.status is None:
        error.what = f"The deletion was sent, and it is not known whether the post is gone: {error.cause}"
        error.cause, error.next_step = None, "run it again: it says whether the post is still there"
    return error


def _deleted(provider: TokenProvider, number: str) -> dict[str, Any]:
    problem = None
    with metered(provider) as api:
        try:
            data = answer(api, f"tweets/{number}", method="DELETE", write=_DELETION).get("data")
        except CallError as error:
            problem, data = error, None
    if problem is not None:
        raise _not_deleted(problem)
    if not isinstance(data, dict) or data.get("deleted") is not True:
        raise CallError(
            "X did not delete the post.",
            cause="it is not there, or not this account's.",
            next_step="check its id, and which account --auth names",
        )
    claims.drop_post(number)
    return data
