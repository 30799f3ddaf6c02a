"""What X's refusals mean and what to do about them: one table for every kind of call. `causes.py` looks them up.

X documents few of these texts. They were collected from public reports: X's own words come first, then an error code,
then the status alone. A row without words of its own says what is usual.
"""

from __future__ import annotations

from oint_magics.errors import TryLater
from oint_magics.oauth.cause import ALL, API, DELETE, POST, READ, TOKEN, UPLOAD, Cause
from oint_magics.oauth.token_cause_rows import OF_TOKENS

_CONSOLE = "look at the app's page in X's developer console"
_COMPARE_APP = "compare client_id and client_secret with the app's page at X"
_OPEN_X = "open https://x.com as this account: X says there what it is about"

_OF_THE_APP = (
    Cause(
        "CreditsDepleted",
        "the app's credits are used up; the tokens are good.",
        "buy credits in X's developer console, then run it again",
        pattern="credits ?depleted|not have any credits",
    ),
    Cause(
        "SpendCapReached",
        "the app's spending limit for this billing cycle is reached; the tokens are good.",
        "raise the limit in X's developer console, or wait for the next billing cycle",
        pattern="spend[ -]?cap",
    ),
    Cause(
        "Usage cap exceeded: Daily",
        "the app's cap for this day is reached; the tokens are good.",
        "run it again tomorrow, or raise the cap in X's developer console",
    ),
    Cause(
        "usage-capped",
        "the app's cap for this month is reached; the tokens are good.",
        "raise it in X's developer console, or wait for the next month",
        pattern="usage[ -]?cap",
    ),
    Cause(
        "client-not-enrolled",
        "the app is in no package, or not in the environment Production.",
        "in X's developer console, move the app to Pay-per-use and Production; then run it again",
        pattern="client-not-enrolled|client-forbidden|attached to a project",
    ),
    Cause(
        "code 453",
        "the app's package does not include this call.",
        _CONSOLE,
        API,
        pattern=r"code 453\b|access to a subset of",
    ),
    Cause(
        "code 261, cannot perform write actions",
        "X has restricted this app: it may only read.",
        _CONSOLE,
        API,
        pattern=r"code 261\b|cannot perform write actions",
    ),
    Cause(
        "oauth1-permissions",
        "the app's permissions at X do not allow it.",
        "in X's developer console, set the app's permissions to Read and write",
        API,
        pattern="oauth1[ -](?:app )?permissions",
    ),
    Cause(
        "Unsupported Authentication",
        "X expects another kind of authentication.",
        "check client_id and client_secret: the OAuth 2.0 ones of the app's page at X",
        TOKEN,
        pattern="unsupported.authentication",
    ),
    Cause(
        "OAuth 2.0 User Context is forbidden",
        "this call takes an app-only bearer, not a user's access token.",
        "choose a call that takes a user's token: docs.x.com says it on each call's page",
        API,
        pattern="user.context is forbidden",
    ),
    Cause(
        "Unsupported Authentication",
        "the access token is an app-only bearer, or of another kind; this call needs a user's.",
        "name auth data that has a user's tokens",
        API,
        pattern="unsupported.authentication|application-only is forbidden",
    ),
)

_OF_THE_ACCOUNT = (
    Cause(
        "code 326, temporarily locked",
        "X has locked this account until its owner confirms who they are.",
        "open https://x.com as this account and unlock it, then run it again",
        pattern=r"code 326\b|temporarily locked",
    ),
    Cause(
        "code 64, your account is suspended",
        "X has suspended this account.",
        _OPEN_X,
        pattern=r"code 64\b|your account is suspended",
    ),
    Cause("suspended", "X has suspended the app or the account.", _CONSOLE, TOKEN),
    Cause("suspended", "X has suspended the account that was asked for.", "leave that account out", (READ,)),
    Cause("suspended", "X has suspended this account, or one that the call is about.", _OPEN_X, (POST, DELETE, UPLOAD)),
    Cause(
        "not authorized to see",
        "the account is protected, or has blocked this one.",
        "ask with the tokens of an account that follows it",
        (READ,),
        pattern="not.authorized.(?:to (?:see|view)|for.resource)",
    ),
    Cause(
        "code 185 or 344, daily limit",
        "this account has made as many posts as X allows in a day.",
        "post it later",
        (POST,),
        pattern=r"code (?:185|344)\b|status update limit|daily limit for sending",
    ),
    Cause(
        "code 226, looks automated",
        "X takes it for spam: this account, app or network does too much of the same.",
        "post it later, in other words",
        (POST, DELETE, UPLOAD),
        pattern=r"code 226\b|looks? like it might be automated",
    ),
)

_OF_A_POST = (
    Cause(
        "duplicate content (code 187)",
        "a post of this account has the same text.",
        "change the text, or delete the earlier post",
        (POST,),
        pattern=r"code 187\b|duplicate",
    ),
    Cause(
        "reply to this conversation is not allowed",
        "a self-serve app may reply only to posts that mention or quote its account.",
        "post it without --reply-to",
        (POST,),
        pattern="mentioned or quoted you|been mentioned or otherwise engaged|reply to this conversation",
    ),
    Cause(
        "reply to a post that is deleted or not visible (code 385)",
        "the post to reply to is deleted, or this account may not see it.",
        "check the id, or post it without --reply-to",
        (POST,),
        pattern=r"code 385\b|reply to a (?:tweet|post) that is (?:deleted|not visible)",
    ),
    Cause(
        "quoting", "quotes are no longer part of the self-serve plans.", "put the post's link into the text", (POST,)
    ),
    Cause(
        "maximum of one cashtag",
        "X's self-serve plans allow one cashtag ($NAME) per post.",
        "take the $ off the others",
        (POST,),
        pattern="cashtag",
    ),
    Cause(
        "video longer than 2 minutes",
        "this account may not post videos of that length; longer ones are for Premium accounts.",
        "cut the video, then upload it again",
        (POST, UPLOAD),
        pattern="video longer than|duration too long",
    ),
    Cause(
        "media IDs are invalid",
        "X has deleted a media file (it keeps them for a day), still processes it, has it from another "
        "account, or does not accept its format.",
        "upload the file again, and use the new id",
        (POST,),
        pattern="media ids? (?:is|are) invalid",
    ),
    Cause("invalid URL", "X does not accept a link in the text.", "correct the link, or take it out", (POST,)),
    Cause(
        "text is too long (code 186)",
        "the text is longer than this account may post.",
        "shorten it",
        (POST,),
        pattern=r"code 186\b|text is too long",
    ),
    Cause(
        "could not find",
        "it is not there: it was deleted, or has another id.",
        "check the id",
        API,
        pattern="could not find|resource-not-found",
    ),
    Cause(
        "not permitted to perform this action",
        "X does not say why. Usual reasons: a reply or a quote that its author does not "
        "allow, or an app that may only read.",
        "post it without --reply-to and --quote; else see the app's permissions in X's developer console",
        (POST,),
        is_sure=False,
    ),
    Cause(
        "not permitted to perform this action",
        "only the account that made a post can delete it.",
        "check the id, and whether it is that account's auth data",
        (DELETE,),
        is_sure=False,
    ),
    Cause(
        "not permitted to perform this action",
        "X does not say why. Usual reasons: what was asked for is another account's, or the app may only read.",
        _CONSOLE,
        (READ, UPLOAD),
        is_sure=False,
    ),
)

_BY_STATUS = (
    Cause("400", "X could not authenticate the app.", _COMPARE_APP, TOKEN),
    Cause(
        "400",
        "a parameter has a name or a value that this call does not take.",
        "compare it with the call's page at docs.x.com",
        API,
    ),
    Cause("401", "X did not accept the app's client id and secret, or has suspended the app.", _COMPARE_APP, TOKEN),
    Cause(
        "401",
        "the access token is expired, revoked, or not a user's.",
        "get another: %twitter_refresh; if that is refused, log in again: %twitter_login",
        API,
    ),
    Cause(
        "402",
        "the app's credits are used up; the tokens are good.",
        "buy credits in X's developer console, then run it again",
    ),
    Cause(
        "403 with an HTML page",
        "X's edge network, or a proxy on the way, blocked the request: it does not trust this network "
        "(a data centre, a VPN, a proxy).",
        "run it again from another network, or later",
        ALL,
        TryLater,
        pattern="^status 403 page",
    ),
    Cause("403", "X does not let this app do that.", _CONSOLE, TOKEN),
    Cause(
        "403",
        "X does not say why: a missing scope, the app's permissions, or the account.",
        "see which scopes these tokens have: %twitter_refresh; and the app's permissions in X's developer console",
        API,
    ),
    Cause("404", "there is nothing at that path.", 'a path is like "users/me" or "users/2244994945/tweets"', API),
    Cause("413", "what was sent is too large.", "make it smaller", API),
    Cause("429", "too many requests.", "run it again later", ALL, TryLater),
    Cause(
        "503",
        "an outage, or an app that X does not serve now; the tokens are good.",
        "run it again in some minutes",
        ALL,
        TryLater,
    ),
    Cause(
        "another status",
        "X says no more than that.",
        "run it again; if it stays so, look at https://docs.x.com/status",
        pattern="^",
    ),
)

# In the order in which they are looked for: the first that fits counts.
ROWS = (
    *_OF_THE_APP,
    *_OF_THE_ACCOUNT,
    *_OF_A_POST,
    *OF_TOKENS,
    *(
        each._replace(says=f"status {each.says}", is_sure=False, pattern=each.pattern or rf"^status {each.says}\b")
        for each in _BY_STATUS
    ),
)
