"""The auth structure: OPI's ten keys, checked once at the door, its secrets sealed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, NoReturn

from oint_magics.auth import expiry, foreign, scope_text, secret_file, spellings, token_format
from oint_magics.errors import AuthFieldError
from oint_magics.secret import Secret

KEYS = (
    "redirect_uri",
    "scope",
    "client_id",
    "client_secret",
    "access_token",
    "refresh_token",
    "oauth_token",
    "oauth_token_secret",
    "oauth_consumer_key",
    "oauth_consumer_secret",
)
SECRET_KEYS = frozenset(KEYS) - {"redirect_uri", "scope", "client_id"}
_OWN_KEYS = (*KEYS, "expires_at", "sandbox")
SANDBOX_MARK = "sandbox-"
# How far clocks are apart that count as the same.
_MOST_APART = timedelta(minutes=2)
# The largest auth structure that is read or written, in characters.
LARGEST = 1024 * 1024

_QUOTES = "\"'“”«»`"


class Auth(NamedTuple):
    """A checked auth structure.

    Attributes:
        client_id: the OAuth 2.0 client id; no secret.
        client_secret: `None` for a public client.
        access_token: `None` where there is none yet.
        refresh_token: `None` where there is none yet.
        scope: what the structure says it may do, space separated; `None` where it does not say.
        expires_at: when the access token ends (aware, UTC); `None` where it does not say.
        redirect_uri: where a login comes back to; `None` where it does not say.
        sandbox: the sandbox's address, for a pair that carries the sandbox's mark.
        document: the structure as JSON text: the ten keys, the end and the sandbox's address, as far as they are there.
        lookalikes: names beside the ten keys that look as if they held a refresh token.
        granted: what X said these tokens may do, space separated; `None` if this machine's refresh log does not know.
        is_app: whether the access token is an app's own bearer token, and no user's.
    """

    client_id: str
    client_secret: Secret | None
    access_token: Secret | None
    refresh_token: Secret | None
    scope: str | None
    expires_at: datetime | None
    redirect_uri: str | None
    sandbox: str | None
    document: Secret
    lookalikes: tuple[str, ...] = ()
    granted: str | None = None
    is_app: bool = False

    @property
    def is_sandbox(self) -> bool:
        """Whether the pair carries the sandbox's mark, and so must never reach X."""
        return self.client_id.startswith(SANDBOX_MARK)

    def is_fresh(self, now: datetime) -> bool:
        """Tell whether the access token can still be used; an unknown expiry counts as expired.

        By a clock that is behind, every token is young: one that was issued in the future shows that, and counts as
        expired.
        """
        until = self.fresh_until
        return until is not None and now < until and not self.is_from_future(now)

    def is_from_future(self, now: datetime) -> bool:
        """Tell whether the access token was issued, by its own stamp, later than this machine's clock shows."""
        stamp = token_format.issued_at(self.access_token.reveal()) if self.access_token else None
        return stamp is not None and stamp - now > _MOST_APART

    @property
    def fresh_until(self) -> datetime | None:
        """Until when the access token counts as good: a little before its end; `None` where nothing tells."""
        expiry, lifetime = self._expiry()
        if self.access_token is None or expiry is None:
            return None
        return expiry - min(timedelta(seconds=60), lifetime / 10)

    def _expiry(self) -> tuple[datetime | None, timedelta]:
        """Return when the access token ends and how long it lives, from the structure and the token's own stamp.

        The stamp has the server's clock, and the structure's end that of the machine which refreshed it: an end that
        is later than any token of that stamp can have is not believed.
        """
        stamp = token_format.issued_at(self.access_token.reveal()) if self.access_token else None
        latest = stamp and stamp + token_format.ACCESS_TOKEN_LIFETIME
        if self.expires_at is None or latest is None:
            return self.expires_at or latest, token_format.ACCESS_TOKEN_LIFETIME
        end = min(self.expires_at, latest)
        return end, end - stamp if stamp and stamp < end else token_format.ACCESS_TOKEN_LIFETIME

    @property
    def ends_at(self) -> datetime | None:
        """When the access token ends (aware, UTC), as far as anything tells."""
        return self._expiry()[0]


def auth_of(given: Mapping[str, object]) -> Auth:
    """Check a mapping and return it as an auth structure.

    Args:
        given: the ten keys, in any spelling of `oint_magics.auth.spellings`, each text or `None` (as good as absent;
            the scope may be a list); other keys are free. Names in capitals are variables, as a `.env` file has them.

    Raises:
        AuthFieldError: a key is missing or holds something else; names the key, never the value.
    """
    names = [name for name in given if spellings.variable_key(name)]
    return checked(spellings.resolved(given, is_flat=bool(names) and all(map(str.isupper, names))), given)


def checked(found: spellings.Resolved, given: Mapping[str, object]) -> Auth:
    """Check what a mapping says of the ten keys; arguments and errors are as `auth_of` has them."""
    values = found.values
    texts = {key: _text(key, values.get(key)) for key in KEYS}
    for key, text in texts.items():
        if text is not None and key in SECRET_KEYS | {"client_id"}:
            _check(key, text)
            _check_no_path(key, text, found.places.get(key, [(key,)])[0][-1])
    if not texts["client_id"]:
        foreign.check_kind(given, has_app=False, has_token=bool(texts["refresh_token"]))
        _no_client_id(given)
    _check_places(texts)
    client_id = texts["client_id"]
    return Auth(
        client_id=client_id,
        client_secret=_sealed(texts["client_secret"]),
        access_token=_sealed(texts["access_token"]),
        refresh_token=_sealed(texts["refresh_token"]),
        scope=scope_text.plain(texts["scope"]) or None,
        expires_at=expiry.read(values.get("expires_at")),
        redirect_uri=texts["redirect_uri"] or None,
        sandbox=_sandbox(client_id, values.get("sandbox")),
        document=Secret(_document(values)),
        lookalikes=found.lookalikes,
    )


def is_token(text: str) -> bool:
    """Tell whether a text can be a token: printable ASCII (RFC 6749, appendix A), and nothing that is refused here."""
    is_printable = text.isascii() and text.isprintable() and bool(text.strip())
    is_refused = foreign.is_unfilled(text) or secret_file.is_path(text, is_token=True)
    return is_printable and not _is_wrapped(text) and not is_refused


def require_refresh_token(auth: Auth) -> Secret:
    """Return the refresh token of an auth structure.

    Raises:
        AuthFieldError: it has none.
    """
    files = [name for name in auth.lookalikes if name.lower().endswith("file")]
    if auth.refresh_token is None and files:
        raise AuthFieldError(
            "refresh_token is missing. Nothing was sent.",
            cause=f"{', '.join(files[:4])} names a file. Files are read only for variables, in capitals and with "
            "the same prefix as the client id: X_CLIENT_ID, X_REFRESH_TOKEN_FILE.",
            next_step="put the token itself into refresh_token; or set these variables, then --auth env:",
        )
    if auth.refresh_token is None and auth.lookalikes:
        raise AuthFieldError(
            "refresh_token is missing. Nothing was sent.",
            cause=f"names that look like it: {', '.join(auth.lookalikes[:4])}.",
            next_step="rename the right one to refresh_token, in the spelling of the other names",
        )
    if auth.refresh_token is None:
        raise AuthFieldError(
            "refresh_token is missing. Nothing was sent.",
            cause="there was no login yet, or the login did not ask for the scope offline.access.",
            next_step="log in: %twitter_login --auth SOURCE; or add a refresh_token to it",
        )
    return auth.refresh_token


def _no_client_id(given: Mapping[str, object]) -> NoReturn:
    names = [name for name in spellings.related(given) if spellings.key_of(name) is None]
    cause = f"every exchange with X names the app by it; names that look like it: {', '.join(names[:8])}."
    _fail(
        "client_id is missing.",
        cause if names else "every exchange with X names the app by it.",
        "copy the OAuth 2.0 Client ID",
    )


def _fail(what: str, cause: str, next_step: str) -> NoReturn:
    raise AuthFieldError(what, cause=cause, next_step=next_step)


def _text(key: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Secret):
        return value.reveal()
    if key == "scope" and isinstance(value, Sequence) and all(isinstance(word, str) for word in value):
        return " ".join(value)
    kind = {bool: "true or false", int: "a number", float: "a number", dict: "an object", list: "a list"}
    found = kind.get(type(value), "something else")
    return _fail(f"{key} holds {found} where text is wanted.", "it is not in quotes.", f"write {key} as text in quotes")


def _check(key: str, text: str) -> None:
    """Refuse what cannot be a value of this key, naming the position and not the value."""
    if not text.strip():
        if key in ("client_id", "refresh_token"):
            _fail(f"{key} is blank.", "nothing stands between its quotes.", f"fill {key} in, or leave the key out")
        return
    if foreign.is_unfilled(text):
        _fail(
            f"{key} still holds the placeholder of an example, or of a tool that should have filled it in.",
            "it is not a value of yours.",
            f"fill {key} in",
        )
    if not text.isprintable():
        _fail(
            f"{key} holds a line break or control character, {_position(text, str.isprintable)}.",
            "it was probably copied together with the end of a line.",
            f"copy {key} again",
        )
    if _is_wrapped(text):
        _fail(f"{key} has spaces or quotes around it.", "too much was copied.", f"copy {key} again")
    if key in ("access_token", "refresh_token") and not text.isascii():
        _fail(
            f"{key} holds a character that no token has, {_position(text, str.isascii)}.",
            "a token is made of ASCII letters, digits and signs (RFC 6749, appendix A).",
            f"copy {key} again",
        )


def _check_no_path(key: str, text: str, name: str) -> None:
    """Refuse a path where a secret is expected, naming the variable or key that holds it."""
    if not (secret_file.is_path(text, is_token=key.endswith("token")) or secret_file.is_there(text)):
        return
    kinds = {"id": "an id", "secret": "a secret", "key": "a key"}
    kind = kinds.get(key.rpartition("_")[2], "a token")
    shown = name if foreign.is_showable(name) else key
    where = f"The file that {shown} names" if name.endswith(secret_file.ENDING) else shown
    or_file = f"; or name the file in {shown}{secret_file.ENDING}, and unset {shown}"
    _fail(
        f"{where} is not filled in: it holds a path, not {kind}. Nothing was sent.",
        "a path would be sent to X as it is, and no file be read for it.",
        f"put {kind} there" + (or_file if where.isupper() and key in spellings.IN_FILES else ""),
    )


def _is_wrapped(text: str) -> bool:
    return text != text.strip() or (text[0] in _QUOTES and text[-1] in _QUOTES)


def _position(text: str, is_right: Callable[[str], bool]) -> str:
    return f"at character {next(n for n, c in enumerate(text, 1) if not is_right(c))}"


def _check_places(texts: dict[str, str | None]) -> None:
    """Refuse a value that says itself that it belongs to another key."""
    # What a token says of itself is a hint: the server calls it what it likes.
    found = token_format.kind_of(texts["client_id"] or "")
    if found not in (None, "a client id"):
        _fail(f"client_id holds {found}.", "the values of two keys were exchanged.", "put the client id there")
    for key, other in (("client_id", "oauth_consumer_key"), ("client_secret", "oauth_consumer_secret")):
        if texts[key] and texts[key] == texts[other]:
            _fail(
                f"{key} and {other} hold the same value.",
                "an API key of OAuth 1.0a is not the OAuth 2.0 client's.",
                "copy the OAuth 2.0 Client ID and Client Secret from the app's page at X",
            )


def _sealed(text: str | None) -> Secret | None:
    return Secret(text) if text else None


def _sandbox(client_id: str, address: object) -> str | None:
    if address and not client_id.startswith(SANDBOX_MARK):
        _fail(
            "client_id is not the sandbox's, and the structure names a sandbox.",
            "sandbox tokens and an app of X were mixed.",
            "take the key sandbox out, or use the sandbox's own file",
        )
    return address if isinstance(address, str) else None


def _document(values: Mapping[str, object]) -> str:
    plain = {str(key): value.reveal() if isinstance(value, Secret) else value for key, value in values.items()}
    try:
        text = json.dumps(plain, allow_nan=False)
        if len(text) <= LARGEST:
            return text
    except (TypeError, ValueError, RecursionError):
        pass
    return unwritable()


def unwritable() -> NoReturn:
    """Raise the error for an auth structure that no file can hold."""
    _fail(
        "The auth data holds a value that cannot be saved as JSON.",
        "a value beside the ten keys is neither text, number, list nor mapping, or is larger than 1 MiB.",
        "take that key out, or make its value text",
    )
