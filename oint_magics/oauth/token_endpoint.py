"""The messages of RFC 6749 and RFC 7009 to the token endpoints, built and read: no socket, no clock, no file."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, NoReturn
from urllib.parse import quote_plus, urlencode

from oint_magics.auth import scope_text
from oint_magics.auth.structure import is_token
from oint_magics.errors import AnswerUnreadable, AppRefused, InDoubt, NotTokenEndpoint, TokenRefused, TryLater
from oint_magics.oauth.answer_document import document_in, pair_in
from oint_magics.secret import Secret, fingerprint, redacted

if TYPE_CHECKING:
    from oint_magics.auth.structure import Auth
    from oint_magics.oauth.cause import Cause
    from oint_magics.oauth.raw_answer import Answer

_LONGEST_LIFE = 10 * 365 * 24 * 3600
_IN_DOUBT_NEXT = (
    "run it again: the refresh token that is stored is tried once more, the only chance left. "
    "If it is refused, log in again: %twitter_login"
)


class TokenRequest(NamedTuple):
    """A request to the token endpoint.

    Attributes:
        body: the form, encoded.
        authorization: the value of the `Authorization` header, or `None` for a public client.
    """

    body: Secret
    authorization: Secret | None


class Grant(NamedTuple):
    """A granted pair.

    Attributes:
        access_token: the new access token.
        refresh_token: the refresh token to keep: the new one, or the old one where the answer has none
            (RFC 6749 §6).
        granted_at: when the answer came (aware, UTC).
        expires_at: when the access token ends (aware, UTC), or `None` where the server does not say.
        answer: the server's whole JSON, as text.
        scope: what a login was granted, separated by blanks; `None` for a refresh, which grants nothing new.
        granted: what the answer says that these tokens may do, separated by blanks; `None` if it does not say.
    """

    access_token: Secret
    refresh_token: Secret | None
    granted_at: datetime
    expires_at: datetime | None
    answer: Secret
    scope: str | None = None
    granted: str | None = None


def refresh_request(auth: Auth, refresh_token: Secret) -> TokenRequest:
    """Build the refresh of a pair (RFC 6749 §6).

    Args:
        auth: names the client. With a secret the client is confidential: Basic (§2.3.1), and the
            client id in the body too, since X asks for both in places. The secret is never in the body.
        refresh_token: the token to spend.
    """
    return _request(auth, {"grant_type": "refresh_token", "refresh_token": refresh_token.reveal()})


def code_request(auth: Auth, code: Secret, verifier: Secret, redirect_uri: str) -> TokenRequest:
    """Build the exchange of an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.5).

    Args:
        auth: names the client, as for a refresh.
        code: what the authorize page gave.
        verifier: the login's.
        redirect_uri: the login's, the very bytes.
    """
    form = {"grant_type": "authorization_code", "code": code.reveal(), "redirect_uri": redirect_uri}
    return _request(auth, form | {"code_verifier": verifier.reveal()})


def revocation_request(auth: Auth, token: Secret) -> TokenRequest:
    """Build the revocation of one token (RFC 7009 §2.1); X documents no `token_type_hint`.

    Args:
        auth: names the client, as for a refresh.
        token: the access token or the refresh token.
    """
    return _request(auth, {"token": token.reveal()})


def _request(auth: Auth, form: dict[str, str]) -> TokenRequest:
    basic = basic_credentials(auth.client_id, auth.client_secret) if auth.client_secret else None
    return TokenRequest(Secret(urlencode(form | {"client_id": auth.client_id})), basic)


def basic_credentials(client_id: str, client_secret: Secret) -> Secret:
    """Return the Basic header's value: both parts form-encoded first, as RFC 6749 §2.3.1 wants."""
    pair = f"{quote_plus(client_id)}:{quote_plus(client_secret.reveal())}"
    return Secret("Basic " + base64.b64encode(pair.encode()).decode())


def read_grant(answer: Answer, sent: Auth, host: str, now: datetime, login: tuple[Secret, ...] = ()) -> Grant:
    """Read the token endpoint's answer.

    Args:
        answer: what came back.
        sent: the auth structure of the request; its secrets are cut out of the server's words.
        host: where it came from, for messages.
        now: when it came.
        login: the code and the verifier, where these were exchanged; nothing for a refresh.

    Raises:
        TokenRefused: 400, 401, or a 200 that holds an `error`.
        AppRefused: 400 to 403 in X's other error formats.
        NotTokenEndpoint: 3xx, 404, or a 403 in JSON.
        TryLater: 429, 503, or a 403 in HTML.
        AnswerUnreadable: granted, it seems, and the pair in it cannot be read.
        InDoubt: anything else that does not tell what became of the refresh token.
    """
    document = document_in(answer.body)
    if 200 <= answer.status < 300 and not _is_refused(document):
        if not isinstance(document.get("access_token"), str):
            document = pair_in(answer.body) or document
        grant = _granted(document, answer, sent, host, now)
        return grant._replace(scope=grant.granted) if login else grant
    call = _Call("login" if login else "refresh", host, (*_held(sent), *login))
    _raise_refusal(document, answer, call, now)
    return in_doubt(host, f"it answered with status {answer.status}, which does not tell whether the token was used")


def read_revocation(answer: Answer, sent: Auth, host: str, now: datetime) -> None:
    """Read the answer to a revocation; returns where the token is ended (RFC 7009 §2.2: also an unknown one).

    Args:
        answer: what came back.
        sent: the auth structure of the request.
        host: where it came from, for messages.
        now: when it came.

    Raises:
        ExchangeError: as `read_grant` does; `InDoubt` for anything that does not tell what became of the token.
    """
    document = document_in(answer.body)
    if 200 <= answer.status < 300 and not _is_refused(document) and document.get("revoked") is not False:
        return
    _raise_refusal(document, answer, _Call("revocation", host, tuple(_held(sent))), now)
    raise InDoubt(
        f"The revocation was sent to {host}, and its outcome is unknown.",
        cause=f"it answered with status {answer.status}, which does not say whether the token is revoked.",
        next_step="run it again",
    )


def _is_refused(document: dict[str, object]) -> bool:
    return isinstance(document.get("error"), str) and "access_token" not in document


class _Call(NamedTuple):
    """A call of the token endpoint: its kind as `cause_rows.TOKEN` has it, the host, and the secrets that were sent."""

    kind: str
    host: str
    held: tuple[Secret, ...]


def _raise_refusal(document: dict[str, object], answer: Answer, call: _Call, now: datetime) -> None:
    """Raise the error for an answer that is a refusal, of whatever kind."""
    from oint_magics.oauth import causes, problems  # Not needed by a refresh that succeeds.

    status = answer.status
    is_page = answer.body.lstrip().startswith(b"<") or (status == 403 and not document)
    cause = causes.cause_of(call.kind, status, document, is_page=is_page)
    if status in (429, 503) or (status == 403 and not document):
        _try_later(answer, cause, call.host, now)
    if _is_refused(document) and (status < 300 or status in (400, 401)):
        _refuse(document, status, cause, call)
    if cause.kind is NotTokenEndpoint and 400 <= status < 500:
        _not_the_endpoint(status, call.host, cause)
    if problems.is_problem(status, document):
        _refuse_app(document, status, cause, call)
    if 300 <= status < 500 and status != 408:
        _not_the_endpoint(status, call.host)


def in_doubt(host: str, why: str) -> NoReturn:
    """Raise the error for a request that went out without a readable answer."""
    raise InDoubt(
        f"The request was sent to {host}, and its outcome is unknown.", cause=f"{why}.", next_step=_IN_DOUBT_NEXT
    )


def _granted(document: dict[str, object], answer: Answer, sent: Auth, host: str, now: datetime) -> Grant:
    access, refresh = document.get("access_token"), document.get("refresh_token") or None
    if isinstance(refresh, int) and not isinstance(refresh, bool):
        refresh = str(refresh)
        document = document | {"refresh_token": refresh}
    is_good = isinstance(access, str) and is_token(access)
    if not (
        isinstance(access, str) and is_good and (refresh is None or (isinstance(refresh, str) and is_token(refresh)))
    ):
        _not_granted(document, answer, host, is_access_token_good=is_good)
    return Grant(
        access_token=Secret(access),
        refresh_token=Secret(refresh) if isinstance(refresh, str) else sent.refresh_token,
        granted_at=now,
        expires_at=_expiry(document.get("expires_in"), now),
        answer=Secret(json.dumps(document)),
        granted=_scope(document),
    )


def _not_granted(document: dict[str, object], answer: Answer, host: str, *, is_access_token_good: bool) -> NoReturn:
    which = "a refresh token" if is_access_token_good else "an access token" if "access_token" in document else ""
    why = f"it holds {which} that cannot be used" if which else "it holds no access token"
    if not document:
        is_page = answer.body.lstrip().startswith(b"<")
        page = "it is an HTML page: a proxy or filter probably answered in X's place"
        why = answer.broken or (page if is_page else "it is not a JSON object")
    if may_hold_pair(answer, document):
        raise AnswerUnreadable(
            f"{host} answered, and the answer cannot be read.",
            cause=f"{why.removeprefix('its answer ')}.",
            next_step="look into the answer",
        )
    in_doubt(host, why if why.startswith("its answer") else f"its answer: {why}")


def may_hold_pair(answer: Answer, document: dict[str, object] | None = None) -> bool:
    """Tell whether a granted pair may stand in a whole answer in which none is found: a person may find it.

    Args:
        answer: the answer.
        document: the JSON object in it; `None` to look for it here.
    """
    known = document_in(answer.body) if document is None else document
    is_page = answer.body.lstrip().startswith(b"<")
    is_empty = answer.body.strip() in (b"", b"{}") or is_page or not 200 <= answer.status < 300
    return not is_empty and answer.broken is None and (not known or any("token" in key for key in known))


def refresh_token_in(answer: Answer) -> str | None:
    """Return the fingerprint of the refresh token in an answer, or `None`."""
    document = document_in(answer.body)
    token = (document if "refresh_token" in document else pair_in(answer.body)).get("refresh_token")
    return fingerprint(token) if isinstance(token, str) else None


def _scope(document: dict[str, object]) -> str | None:
    scope = document.get("scope")
    is_usable = isinstance(scope, str) and scope.isprintable() and len(scope) < 4096
    return scope_text.plain(scope) or None if is_usable else None


def _expiry(seconds: object, now: datetime) -> datetime | None:
    try:
        number = float(seconds) if isinstance(seconds, int | float | str) else -1.0
        return now + timedelta(seconds=int(number)) if 0 < number < _LONGEST_LIFE else None
    except (ValueError, OverflowError):
        return None


def _refuse(document: dict[str, object], status: int, cause: Cause, call: _Call) -> NoReturn:
    from oint_magics.display.text import escaped

    description = document.get("error_description")
    text = redacted(description, call.held) if isinstance(description, str) else None
    error = redacted(str(document["error"]), call.held)
    words = f"{error}: {text}" if text else error
    kind = cause.kind if issubclass(cause.kind, TokenRefused) else TokenRefused
    problem = kind(
        f"{call.host} refused with status {status}: {escaped(words, 300)}",
        cause=cause.cause,
        next_step=cause.next_step,
    )
    problem.status = status
    problem.error = escaped(error, 100)
    problem.description = escaped(text, 300) if text else None
    raise problem


def _refuse_app(document: dict[str, object], status: int, cause: Cause, call: _Call) -> NoReturn:
    from oint_magics.oauth import problems

    problem = AppRefused(
        f"{call.host} refused with status {status}: {problems.words(document, call.held).rstrip('.')}. "
        "The refresh token was not used.",
        cause=cause.cause,
        next_step=cause.next_step,
    )
    problem.status = status
    raise problem


def _held(sent: Auth) -> list[Secret]:
    basic = basic_credentials(sent.client_id, sent.client_secret) if sent.client_secret else None
    return [s for s in (sent.refresh_token, sent.access_token, sent.client_secret, basic) if s]


def _try_later(answer: Answer, cause: Cause, host: str, now: datetime) -> NoReturn:
    from oint_magics.oauth import limits

    limit = limits.limit_of(answer.headers, now)
    what = {
        429: "asks you to wait (status 429). Your tokens are unchanged.",
        503: "accepts no requests now (status 503). Your tokens are probably unchanged.",
        403: "is behind a filter, which blocked the request (status 403). Your tokens are unchanged.",
    }
    is_told = answer.status == 429 and (limit.until is not None or limit.is_cap)
    when = limit.when if limit.until or limit.is_cap else "in some minutes"
    step = cause.next_step if cause.is_sure or answer.status == 403 else f"run it again {when}"
    problem = TryLater(
        f"{host} {what[answer.status]}",
        cause=limit.cause if is_told and not cause.is_sure else cause.cause,
        next_step=f"{step}; there is no automatic retry",
    )
    problem.retry_at = None if cause.is_sure else limit.until
    raise problem


def _not_the_endpoint(status: int, host: str, cause: Cause | None = None) -> NoReturn:
    step = "check OINT_TWITTER_TOKEN_URL and OINT_TWITTER_REVOKE_URL; without them, X's own addresses are used"
    raise NotTokenEndpoint(
        f"The server at {host} is not X's token endpoint (status {status}). Your tokens were not used.",
        cause=cause.cause if cause else "the address is wrong, or a proxy answered.",
        next_step=cause.next_step if cause else step,
    )
