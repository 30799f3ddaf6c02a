"""A login's messages (RFC 6749 §4.1, RFC 7636): the link to the authorize page, and the address that comes back.

No socket and no clock; what is random comes from `secrets`.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from typing import TYPE_CHECKING, NamedTuple, NoReturn
from urllib.parse import parse_qsl, quote, unquote, urlencode

from oint_magics.auth.structure import is_token
from oint_magics.display.text import escaped
from oint_magics.errors import AuthFieldError, LoginDenied, LoginError, LoginMismatch
from oint_magics.secret import Secret, redacted

if TYPE_CHECKING:
    from oint_magics.auth.structure import Auth

_LONGEST = 16 * 1024
_UNCLEAR = re.compile(r"""[\s<>"`“”‘’…\\\u200b\u2060\ufeff]""")
# What stands around an address in a text.
_MARKS = " \t\r\n\"'`<>()[]“”‘’«».,;:!"
_API_KEY = re.compile(r"[A-Za-z0-9]{25}")
# X says no more on its page than that something went wrong (docs.x.com, and reports of its users).
REFUSED_PAGE = (
    "If X's page says “You weren't able to give access to the App”: the client id is not the OAuth 2.0 one, "
    "redirect_uri is not exactly a callback URL of the app's page (a slash at its end counts), or OAuth 2.0 is off."
)
_AGAIN = "start again: %twitter_login"
# RFC 6749 §4.1.2.1: what an authorize endpoint may say instead of giving a code.
_REFUSALS = {
    "invalid_scope": ("a scope is asked for that the server does not know or not give to this app.", "--scope"),
    "unauthorized_client": ("the app may not ask for a login like this.", "look at the app's settings at X"),
    "unsupported_response_type": ("the server gives no codes.", "check OINT_TWITTER_AUTHORIZE_URL"),
    "invalid_request": ("the server found the link wrong.", "compare client_id and redirect_uri with the app's page"),
    "server_error": ("the server has a fault of its own.", _AGAIN),
    "temporarily_unavailable": ("the server is overloaded or in repair.", _AGAIN),
}


class AuthorizationRequest(NamedTuple):
    """What a login asks for.

    Attributes:
        client_id: the app's.
        redirect_uri: where X sends the browser back to; exactly the bytes that are registered.
        scope: what is asked for, separated by blanks.
        verifier: proves at the exchange that the code is ours (RFC 7636 §4.1).
        state: proves that an address that comes back belongs to this login (RFC 6749 §10.12).
    """

    client_id: str
    redirect_uri: str
    scope: str
    verifier: Secret
    state: Secret

    def link(self, endpoint: str) -> str:
        """Return the whole link that a person opens.

        Args:
            endpoint: the authorize page's address.
        """
        return f"{self.link_without_state(endpoint)}&{urlencode({'state': self.state.reveal()})}"

    def link_without_state(self, endpoint: str) -> str:
        """Return the link for a browser that adds a `state` of its own; nothing in it is secret."""
        digest = hashlib.sha256(self.verifier.reveal().encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked, quote_via=quote)}"


class Redirect(NamedTuple):
    """What an address that came back says.

    Attributes:
        state: the login's; `None` for a code that was given alone.
        code: what is exchanged for a pair, or `None`.
        error: why there is no code, or `None`.
        description: the same in the server's words, or `None`.
    """

    state: Secret | None
    code: Secret | None
    error: str | None
    description: str | None


def request_for(auth: Auth, scope: str) -> AuthorizationRequest:
    """Return a fresh request: a verifier of 256 random bits and as random a state.

    Args:
        auth: names the client and its redirect_uri.
        scope: what to ask for, separated by blanks.

    Raises:
        AuthFieldError: there is no redirect_uri.
    """
    if not auth.redirect_uri:
        raise AuthFieldError(
            "redirect_uri is missing.",
            cause="X sends the browser back to it. It must equal a callback URL on the app's page at X.",
            next_step="copy the callback URL of the app's page at X into redirect_uri, without any change",
        )
    if ":" not in auth.redirect_uri or not auth.redirect_uri.isprintable() or " " in auth.redirect_uri:
        raise AuthFieldError(
            "redirect_uri is not a web address.",
            cause="it must be the callback URL of the app's page at X, like http://127.0.0.1:8080/callback.",
            next_step="copy it from there, without any change",
        )
    random = (Secret(secrets.token_urlsafe(32)) for _ in range(2))
    return AuthorizationRequest(auth.client_id, auth.redirect_uri, scope, *random)


def doubt(client_id: str) -> str | None:
    """Return what is doubtful about a client id of X's, to be said before its link is opened; `None` for nothing."""
    if client_id.isdecimal():
        return "client_id is a number, probably the app id. Copy the OAuth 2.0 Client ID."
    if _API_KEY.fullmatch(client_id):
        return "client_id looks like an API key of OAuth 1.0a. Copy the OAuth 2.0 Client ID of the app's page."
    return None


def redirect_in(text: str) -> Redirect:
    """Read what a person pasted: the whole address, its query, or the code alone.

    Args:
        text: what was pasted.

    Raises:
        LoginMismatch: it is none of these.
    """
    if len(text) > _LONGEST:
        _no_address("it is far longer than such an address.")
    text = _repaired(text)
    is_address = "://" in text or "=" in text
    if not is_address:
        return Redirect(None, _code(text if not _UNCLEAR.search(text) else ""), None, None)
    query = text.partition("?")[2] if "?" in text else text
    return redirect_of(query.partition("#")[0])


def _repaired(text: str) -> str:
    """Undo what editors, chats and terminals do to an address: marks around it, escapes, a break in the middle.

    Raises:
        LoginMismatch: what is left is unclear. A code is used up by one wrong try, so nothing is guessed.
    """
    text = text.strip()
    link = re.fullmatch(r"\[[^\]]*\]\((?P<target>[^()\s]+)\)[.,;]*", text)
    text = link["target"] if link else text
    text = "".join(line.strip() for line in text.strip(_MARKS).splitlines())
    for written in ("&amp;", "&#38;", "\\u0026", "\\&"):
        text = text.replace(written, "&")
    text = text.replace("\\?", "?").replace("\\=", "=")
    if re.match(r"https?%3a", text, re.IGNORECASE):
        text = unquote(text)
    if _UNCLEAR.search(text) and ("://" in text or "=" in text):
        _no_address("it holds a space or a sign that such an address never has: it was not copied completely.")
    return text


def redirect_of(query: str) -> Redirect:
    """Read the query of an address that came back.

    Raises:
        LoginMismatch: there is no state in it, or neither a code nor an error.
    """
    try:
        fields = parse_qsl(query, keep_blank_values=True, max_num_fields=50, errors="strict")
    except ValueError:
        fields = []
    known = {name: text for name, text in fields if name in ("state", "code", "error", "error_description") and text}
    if len(known) < sum(1 for name, text in fields if name in known):
        _no_address("something stands in it twice.")
    if "code" not in known and "error" not in known:
        _no_address("there is no code in it.")
    if "state" not in known:
        _no_address("the state is missing, which tells which login it belongs to.")
    code = _code(known["code"]) if "code" in known and "error" not in known else None
    return Redirect(Secret(known["state"]), code, known.get("error"), known.get("error_description"))


def code_from(redirect: Redirect) -> Secret:
    """Return the code of a redirect whose state is known to be right.

    Raises:
        LoginDenied: the person, or X, said no.
        LoginError: the server says what is wrong.
    """
    if redirect.code is not None:
        return redirect.code
    if redirect.error == "access_denied":
        raise LoginDenied(
            "The login was denied. No tokens were given; the earlier ones are unchanged.",
            cause="Cancel was pressed on X's page, or the account may not use this app.",
            next_step=_AGAIN,
        )
    error = redirect.error or ""
    cause, next_step = _REFUSALS.get(error, ("the server gives no cause that is known here.", _AGAIN))
    words = " — ".join(escaped(redacted(text, ()), 200) for text in (error, redirect.description) if text)
    raise LoginError(f"The login failed: {words}", cause=cause, next_step=next_step)


def other_login() -> LoginMismatch:
    """Return the error for an address whose state is not this login's."""
    return LoginMismatch(
        "That address belongs to another login, so nothing was exchanged.",
        cause="its state value differs from the link's: it comes from an older tab, another notebook or somebody else.",
        next_step="open the newest link, approve there, and use the address that you get then",
    )


def _code(text: str) -> Secret:
    if is_token(text) and " " not in text:
        return Secret(text)
    return _no_address("a code is one word of letters, digits and signs.")


def _no_address(cause: str) -> NoReturn:
    raise LoginMismatch(
        "That is not the address that X sent the browser back to.",
        cause=cause,
        next_step="approve on X's page, then copy the whole address from the browser's address bar",
    )
