"""The ten keys under the names, and at the places, that other programs give them.

One table. A name is read without its case and its separators, with or without `X`, `Twitter` or `OAuth2` before it:
`refresh_token`, `refreshToken`, `X_OAUTH2_REFRESH_TOKEN`. Values stand at the top, or one level down.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from oint_magics.auth import expiry, foreign
from oint_magics.auth.secret_file import ENDING, SecretFile
from oint_magics.errors import AuthFieldError
from oint_magics.secret import Secret

_SPELLINGS = {
    "client_id": "clientid",
    "client_secret": "clientsecret",
    "access_token": "accesstoken",
    "refresh_token": "refreshtoken",
    "scope": "scopes?",
    "redirect_uri": "redirecturi|redirecturl|callbackuri|callbackurl",
    "sandbox": "sandbox",
    "expires_at": "(?:access)?(?:token)?(?:expiresat|expirytime|expiry|expirationtime|expiration|expires)",
}
# What a variable may name a file of: `X_REFRESH_TOKEN_FILE`.
IN_FILES = {"client_id", "client_secret", "access_token", "refresh_token"}
# Of OAuth 1.0a: known by these names alone.
_EXACT = {"oauth_token", "oauth_token_secret", "oauth_consumer_key", "oauth_consumer_secret"}
_CONTAINER = "tokens?|credentials?|auth|oauth|client|app"
_BEFORE = "(?:(?P<family>twitter|x)(?:api)?)?(?:oauth(?:20|2))?"
_NAME = re.compile(_BEFORE + "(?:" + "|".join(f"(?P<{key}>{text})" for key, text in _SPELLINGS.items()) + ")")
_INSIDE = re.compile(f"(?=.){_BEFORE}(?:{_CONTAINER})?")
_DEEPEST = 6
# An end of another year is a length of time, or something else.
_EARLIEST, _LATEST = 2005, 2100

Path = tuple[str, ...]


class Found(NamedTuple):
    """A value of one of the ten keys: its place, a name or two, and what stands there."""

    path: Path
    family: str
    value: object


class Resolved(NamedTuple):
    """What a mapping says of the ten keys.

    Attributes:
        values: each key with its value; free keys are left out.
        places: where each key's value stands; where several places hold the same one, all of them.
        home: the path of the mapping in it where a new value belongs, and the name beside which it stands.
        lookalikes: names that stand for no key and look as if they held a refresh token.
    """

    values: dict[str, object]
    places: dict[str, list[Path]]
    home: tuple[Path, str]
    lookalikes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Resolved({sorted(self.places)})"


def key_of(name: object) -> tuple[str, str] | None:
    """Return the key that a name stands for, and its family (`twitter`, `x` or nothing); `None` for a free name."""
    if not isinstance(name, str) or len(name) > 60:
        return None
    if name in _EXACT:
        return name, ""
    found = _NAME.fullmatch(_squashed(name))
    if found is None:
        return None
    return next(key for key in _SPELLINGS if found[key]), found["family"] or ""


def names_file(name: object) -> bool:
    """Tell whether a variable's name says that it names the file of a secret: `X_REFRESH_TOKEN_FILE`."""
    known = key_of(name.removesuffix(ENDING)) if isinstance(name, str) and name.endswith(ENDING) else None
    return known is not None and known[0] in IN_FILES


def variable_key(name: object) -> tuple[str, str] | None:
    """Return the same as `key_of` for a variable, which may also name the file of a secret."""
    return key_of(str(name).removesuffix(ENDING)) if names_file(name) else key_of(name)


def spelled_like(name: str, key: str) -> str:
    """Return a key in the spelling of another one's name: `expiresAt` beside `refreshToken`."""
    words, name = key.split("_"), name.removesuffix(ENDING)
    for own in _SPELLINGS:
        core = re.search("[ _.-]?".join(own.split("_")) + r"\Z", name, re.IGNORECASE)
        if core:
            break
    else:
        return key
    start, old = name[: core.start()], core[0]
    between = re.search(r"[ _.-]", old)
    if old.isupper():
        return start + (between[0] if between else "").join(words).upper()
    if between:
        return start + between[0].join(word.capitalize() if old[0].isupper() else word for word in words)
    first = words[0].capitalize() if old[0].isupper() else words[0]
    return start + first + "".join(word.capitalize() for word in words[1:])


def resolved(values: Mapping[str, object], *, is_flat: bool = False) -> Resolved:
    """Return what a mapping says of the ten keys.

    Args:
        values: the mapping, as a file or a program has it.
        is_flat: whether it is a set of variables: those of one prefix belong together, and some may name files.

    Raises:
        AuthFieldError: it holds several accounts, or auth data of another kind; or a file that it names cannot be read.
    """
    if is_flat:
        values = {name: _variable(name, value) for name, value in values.items()}
    found = _found(values)
    foreign.check(values, [each.value for each in found.get("client_id", ())])
    filled = {key: [each for each in places if _is_filled(each.value)] for key, places in found.items()}
    if is_flat:
        filled = _of_one_family(filled)
    _check_given_once(filled)
    chosen = _chosen(filled)
    anchor = next((chosen[key][0] for key in ("refresh_token", "access_token", "client_id") if key in chosen), None)
    blank = {key: [each for each in places if not _is_filled(each.value)] for key, places in found.items()}
    here = [anchor] if anchor else []
    places = {key: [each.path for each in chosen.get(key) or _beside(blank[key], here)] for key in found}
    if "refresh_token" not in chosen:
        _check_deeper(values)
    result = {key: _content(key, chosen[key][0].value) if key in chosen else None for key in places if places[key]}
    lookalikes = tuple(dict.fromkeys(_lookalikes(values, 0)))
    return Resolved(result, {key: paths for key, paths in places.items() if paths}, _home(anchor), lookalikes)


def environment(variables: Mapping[str, str], prefix: str) -> Resolved | None:
    """Return what environment variables say of the ten keys, or `None` where none of the prefix is set.

    Args:
        variables: names and values; they may be anything else's too.
        prefix: with which the names begin; nothing for `TWITTER_` or `X_`, whichever is there as a whole.

    Raises:
        AuthFieldError: both are, or neither is as a whole.
    """
    if prefix and not prefix.isidentifier():
        return None
    short = {name[len(prefix) :].lstrip("_") if prefix else name: name for name in variables if name.startswith(prefix)}
    names = {own: name for own, name in short.items() if (key := variable_key(own)) and (prefix or key[1])}
    # Whether one names a file is told by its short name, and a message shows the whole one.
    own = {own: _variable(own, variables[name], name) for own, name in names.items()}
    if not any(own.values()):
        return None
    found = resolved(own, is_flat=not prefix)
    places: dict[str, list[Path]] = {key: [(names[path[-1]],) for path in each] for key, each in found.places.items()}
    lookalikes = tuple(name for name in related(variables) if "REFRESH" in name.upper() and variables.get(name))
    return found._replace(places=places, lookalikes=lookalikes)


def _lookalikes(values: object, depth: int) -> list[str]:
    """Return the names of free values that look as if they were refresh tokens, wherever they stand."""
    if not isinstance(values, Mapping) or depth > _DEEPEST:
        return []
    found = []
    for name, value in values.items():
        is_text = isinstance(value, str) and value != ""
        if is_text and key_of(name) is None and ("refresh" in str(name).lower() or '"refresh' in str(value)[:10_000]):
            found.append(name if foreign.is_showable(name) else "one that is not shown here")
        found += _lookalikes(value, depth + 1)
    return found


def related(names: Mapping[str, object]) -> list[str]:
    """Return the names that look as if they held auth data, to be shown; never one that may itself be a secret."""
    looks = re.compile("twitter|client.?id|client.?secret|refresh|access.?token|^x_", re.IGNORECASE)
    filled = [name for name, value in names.items() if value is not None]
    return sorted(name for name in filled if foreign.is_showable(name) and looks.search(name))


def _squashed(name: str) -> str:
    """Return a name without case and separators; a name that does not begin with a letter is never a key."""
    return re.sub("[ _.-]", "", name.lower()) if name[:1].isalpha() else "?"


def _is_filled(value: object) -> bool:
    return value is not None and value != "" and value == value  # noqa: PLR0124 - not a number equals nothing


def _variable(name: str, value: object, whole: str = "") -> object:
    """Return a variable's value, or the file that it names."""
    return SecretFile(whole or name, value) if names_file(name) and isinstance(value, str) and value else value


def _content(key: str, value: object) -> object:
    """Return a chosen value; one that is in a file is read now, and is free if it is none of ours."""
    if not isinstance(value, SecretFile):
        return value
    text = value.read()
    return None if foreign.is_other(key, text) else text


def _check_given_once(filled: dict[str, list[Found]]) -> None:
    """Refuse a value that is given beside the file that should hold it.

    Raises:
        AuthFieldError: there is one.
    """
    for places in filled.values():
        if len(places) > 1 and any(isinstance(each.value, SecretFile) for each in places):
            texts = [each.value.name if isinstance(each.value, SecretFile) else _shown(each.path) for each in places]
            raise AuthFieldError(
                f"Both are set: {' and '.join(texts)}. Nothing was sent.",
                cause="they may hold different values, and only you know which one is right.",
                next_step="unset one of the two",
            )


def _found(values: Mapping[str, object]) -> dict[str, list[Found]]:
    """Return every place of every key: at the top, and one level down where a name says that tokens are in it."""
    found: dict[str, list[Found]] = {}
    for name, value in values.items():
        known = variable_key(name) if isinstance(value, SecretFile) else key_of(name)
        if known and _is_ours(known[0], name, value):
            found.setdefault(known[0], []).append(Found((name,), known[1], value))
        inside = _INSIDE.fullmatch(_squashed(str(name))) if isinstance(value, Mapping) else None
        if inside is None or not isinstance(value, Mapping):
            continue
        for inner, each in value.items():
            known = key_of(inner)
            if known and _is_ours(known[0], inner, each):
                family = known[1] or inside["family"] or ""
                found.setdefault(known[0], []).append(Found((name, inner), family, each))
    return found


def _is_ours(key: str, name: str, value: object) -> bool:
    """Tell whether a value is meant: what is spelled in another way must be what such a value is, or it is free."""
    if foreign.is_other(key, value):
        return False
    if name == key or value is None or value == "":
        return True
    if key == "expires_at":
        end = expiry.read(value)
        return end is not None and _EARLIEST < end.year < _LATEST
    return isinstance(value, (str, Secret, list) if key == "scope" else (str, Secret, SecretFile))


def _of_one_family(filled: dict[str, list[Found]]) -> dict[str, list[Found]]:
    """Return the values of the one prefix that has a whole set, and nothing of another one's.

    Raises:
        AuthFieldError: two have one.
    """
    families = sorted({each.family for places in filled.values() for each in places})
    sets = {family: {k: [e for e in v if e.family == family] for k, v in filled.items()} for family in families}
    whole = [family for family in families if sets[family].get("client_id") and sets[family].get("refresh_token")]
    if len(whole) > 1:
        names = " and ".join(_shown(sets[family]["refresh_token"][0].path) for family in whole)
        raise AuthFieldError(
            f"Two complete sets of auth data were found: {names}. Nothing was sent.",
            cause="only you know which account is meant.",
            next_step="keep each in a file of its own; for environment variables, name the prefix: env:TWITTER_",
        )
    if whole:
        return {key: places for key, places in sets[whole[0]].items() if places}
    with_token = [family for family in families if sets[family].get("refresh_token")]
    with_app = [family for family in families if sets[family].get("client_id")]
    if with_token and with_app:
        names = ", ".join(_shown(each.path) for key in ("client_id", "refresh_token") for each in filled.get(key, ()))
        raise AuthFieldError(
            "No complete set of auth data was found. Nothing was sent.",
            cause=f"the client id and the refresh token must have the same prefix; found: {names}.",
            next_step="rename one of them",
        )
    best = (with_token or with_app or families)[:1]
    return {key: [each for each in places if each.family in best] for key, places in filled.items()}


def _chosen(filled: dict[str, list[Found]]) -> dict[str, list[Found]]:
    """Return for each key the places of the one value that belongs to the refresh token.

    An access token and its end belong to the refresh token that they stand beside, a secret to its client id: what
    stands elsewhere may be another service's.

    Raises:
        AuthFieldError: there are several refresh tokens, or several apps for one.
    """
    tokens = _one("refresh_token", filled.get("refresh_token", []))
    apps = _one("client_id", _nearest(filled.get("client_id", []), tokens))
    found = {"refresh_token": tokens, "client_id": apps}
    found["client_secret"] = _one("client_secret", _beside(filled.get("client_secret", []), apps))
    access = filled.get("access_token", [])
    found["access_token"] = _beside(access, tokens) if tokens else _nearest(access, apps)[:1]
    found["expires_at"] = _beside(filled.get("expires_at", []), tokens or found["access_token"] or apps)
    for key, places in filled.items():
        if key not in found:
            top = [each for each in places if len(each.path) == 1]
            found[key] = (_beside(places, tokens) or _beside(places, apps) or top)[:1]
    return {key: places for key, places in found.items() if places}


def _beside(places: list[Found], anchors: list[Found]) -> list[Found]:
    """Return the places in the same mapping and of the same prefix as one of some others."""
    where = {(each.path[:-1], each.family) for each in anchors}
    return [each for each in places if (each.path[:-1], each.family) in where]


def _nearest(places: list[Found], anchors: list[Found]) -> list[Found]:
    """Return the places nearest to some others: beside them, else in the same mapping, else of the same prefix."""
    mappings, families = {each.path[:-1] for each in anchors}, {each.family for each in anchors}
    return (
        _beside(places, anchors)
        or [each for each in places if each.path[:-1] in mappings]
        or [each for each in places if each.family in families]
        or places
    )


def _one(key: str, places: list[Found]) -> list[Found]:
    if any(each.value != places[0].value for each in places):
        raise AuthFieldError(
            f"More than one {key} is there: {' and '.join(_shown(each.path) for each in places)}. Nothing was sent.",
            cause="only you know which account is meant.",
            next_step="keep the auth data of one account in a file of its own",
        )
    return places


def _home(anchor: Found | None) -> tuple[Path, str]:
    return (anchor.path[:-1], anchor.path[-1]) if anchor else ((), "client_id")


def _shown(path: Path) -> str:
    return ".".join(name if foreign.is_showable(name) else "…" for name in path)


def _check_deeper(values: object) -> None:
    """Refuse a structure whose refresh tokens are nested too deep.

    Raises:
        AuthFieldError: there is one, or there are several.
    """
    found = [_shown(path) for path in _deep(values, ())]
    if found:
        raise AuthFieldError(
            f"The refresh token is nested too deeply: {', '.join(found[:4])}. Nothing was sent.",
            cause="auth data is read at the top of a file or a mapping, and one level down.",
            next_step="keep the auth data of one account in a file of its own",
        )


def _deep(values: object, path: Path) -> list[Path]:
    if len(path) > _DEEPEST:
        return []
    found: list[Path] = []
    inner = values.items() if isinstance(values, Mapping) else enumerate(values) if isinstance(values, list) else ()
    for name, value in inner:
        here = (*path, str(name))
        is_token = (key_of(name) or ("",))[0] == "refresh_token" and isinstance(value, str) and value
        found += [here] if is_token else _deep(value, here)
    return found
