"""Auth data of another kind, and values that a tool should have filled in: named, and never used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from oint_magics.errors import AuthFieldError

# A user's token of OAuth 1.0a begins with the account's number; an app-only bearer with a row of A.
_OAUTH1_TOKEN = re.compile(r"\d{1,25}-[A-Za-z0-9_-]{10,}")
_APP_ONLY = re.compile(r"A{15,}[A-Za-z0-9%+/=_-]+")
_OAUTH1_NAMES = re.compile(r"(?:twitter|x)?(?:api|consumer|oauthconsumer)(?:key|secret|keysecret|secretkey)")
_GOOGLE_KEYS = ("web", "installed")
_GOOGLE_ID = ".apps.googleusercontent.com"
_SHOWABLE = re.compile(r"(?=\D*\d?\D*\Z)[A-Za-z_][A-Za-z0-9_.-]{0,40}")
# References that a tool replaces, by how they begin.
_REFERENCES = ("op:/", "vault:", "secret:/", "secretref:/", "ssm:/", "awssm:/", "gcpsm:/", "akv:/", "bws:/",
               "doppler:/", "arn:aws:secretsmanager:", "arn:aws:ssm:")  # fmt: skip
# Without one of these characters, no template is compiled: that saves a hundredth of a first refresh.
_SIGNS = "$%<[{@+"
_TEMPLATE = (
    r"\$\{\{.*\}\}|\$\{[^}]*\}|\$\([^)]*\)|\$[A-Za-z_]\w*|\{\{.*\}\}|\{%.*%\}|%\([^)]*\)s|%[A-Za-z_]\w*%|<%.*%>|\{[A-Za-z_]\w*\}"
    r"|<[^<>]*>|\[[^\[\]]*\]|ENC\[.*\]|@Microsoft\.KeyVault\(.*\)|ref\+\w+://.*"
)
_WORDS = re.compile(
    r"(?:REPLACE|CHANGE|FILL|EDIT)[ _-]?(?:ME|THIS|IT|IN)(?:[ _-].*)?|(?:YOUR|INSERT|ENTER|PASTE)[ _-].*"
    r"|[A-Za-z][A-Za-z _-]*[ _-]HERE"
    r"|TODO|FIXME|TBD|PLACEHOLDER|[*…x.•-]{3,}|…",
    re.IGNORECASE | re.DOTALL,
)


def is_unfilled(text: str) -> bool:
    """Tell whether a text, as a whole, is what somebody or some tool should have filled in."""
    if len(text) >= 2000:
        return False
    text = text.strip()
    if text.lower().startswith(_REFERENCES) or _WORDS.fullmatch(text):
        return True
    has_sign = any(sign in text for sign in _SIGNS)
    return has_sign and re.fullmatch(_TEMPLATE, text, re.IGNORECASE | re.DOTALL) is not None


def is_other(key: str, value: object) -> bool:
    """Tell whether a value has the name of one of ours and is another: OAuth 1.0a's token, a switch named sandbox."""
    text = value.strip() if isinstance(value, str) else ""
    if key == "sandbox":
        return value is not None and not text.startswith("http")
    return key == "access_token" and _OAUTH1_TOKEN.fullmatch(text) is not None


def is_showable(name: object) -> bool:
    """Tell whether a name may stand in a message: a word, or a variable's name, and nothing that may be a secret."""
    return isinstance(name, str) and len(name) <= 41 and _SHOWABLE.fullmatch(name) is not None


def check(values: Mapping[str, object], client_ids: Iterable[object]) -> None:
    """Refuse auth data of another kind, naming the kind.

    Args:
        values: the mapping, as a file or a program has it.
        client_ids: the client ids that were found in it.

    Raises:
        AuthFieldError: it is of another kind.
    """
    if "sops" in values or any(str(name).startswith("sops_") for name in values):
        raise AuthFieldError(
            "The file is encrypted by sops. Nothing was sent.",
            cause="its values can be read only after it is decrypted, and would not be encrypted again.",
            next_step="decrypt it (sops decrypt FILE) and keep the tokens in a store: %twitter_keep FILE profile:NAME",
        )
    ours = [each for each in client_ids if each]
    inner = next((values[kind] for kind in _GOOGLE_KEYS if isinstance(values.get(kind), Mapping)), {})
    is_client_file = isinstance(inner, Mapping) and "client_id" in inner and not ours
    if is_client_file or any(str(each).strip().endswith(_GOOGLE_ID) for each in ours):
        raise AuthFieldError(
            "This is a client file of Google's, not of X's. Nothing was sent.",
            cause=f"its client id is one of Google's, or is below {' or '.join(_GOOGLE_KEYS)}, as in Google's files.",
            next_step="name the file that holds your X app's client id",
        )


def check_kind(values: Mapping[str, object], *, has_app: bool, has_token: bool) -> None:
    """Refuse a structure without an app whose other values tell what it is instead.

    Args:
        values: the mapping, as a file or a program has it.
        has_app: whether a client id is there.
        has_token: whether a refresh token is there.

    Raises:
        AuthFieldError: it is of another kind.
    """
    if has_app:
        return
    texts = [value for value in _leaves(values) if isinstance(value, str)]
    names = [re.sub("[^a-z]", "", name.lower()) for name in _names(values)]
    if has_token or ("accesstoken" in names and "tokentype" in names):
        raise AuthFieldError(
            "client_id is missing: this is a token answer without its app. Nothing was sent.",
            cause="X takes a refresh token only together with the client id of the app that it was granted to.",
            next_step="add client_id (and client_secret) to it",
        )
    if any(_OAUTH1_NAMES.fullmatch(name) for name in names) or any(_OAUTH1_TOKEN.fullmatch(text) for text in texts):
        raise AuthFieldError(
            "client_id is missing: these are keys of OAuth 1.0a. Nothing was sent.",
            cause="tokens of OAuth 1.0a (API key, access token and secret) cannot be refreshed.",
            next_step="use the OAuth 2.0 Client ID and Client Secret of the app's page at X instead of these",
        )
    if "bearertoken" in names or any(_APP_ONLY.fullmatch(text) for text in texts):
        raise AuthFieldError(
            "client_id is missing: this is an app-only bearer token. Nothing was sent.",
            cause="such a token belongs to an app, not to a user, and cannot be refreshed.",
            next_step="%twitter_get reads with it; for all else, use the OAuth 2.0 Client ID and Client Secret of the "
            "app's page at X",
        )


def _leaves(values: Mapping[str, object]) -> list[object]:
    return [each for value in values.values() for each in (value.values() if isinstance(value, Mapping) else [value])]


def _names(values: Mapping[str, object]) -> list[str]:
    inner = [name for value in values.values() if isinstance(value, Mapping) for name in value]
    return [name for name in (*values, *inner) if isinstance(name, str)]
