"""The ten keys under the names, and at the places, that other programs give them.

One table. A name is read without its case and its separators, with or without `X`, `Twitter` or `OAuth2` before it:
`refresh_token`, `refreshToken`, `X_OAUTH2_REFRESH_TOKEN`. Values stand at the top, or one level down.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from oint_magics.auth import foreign
from oint_magics.errors import AuthFieldError
from oint_magics.secret import Secret

_SPELLINGS = {
    "client_id": "clientid",
    "client_secret": "clientsecret",
    "access_token": "(?:user)?accesstoken",
    "refresh_token": "(?:user)?refreshtoken",
    "scope": "scopes?",
    "redirect_uri": "redirecturi|redirecturl|callbackuri|callbackurl",
    "sandbox": "sandbox",
    "expires_at": "(?:access)?(?:token)?(?:expiresat|expirytime|expiry|expirationtime|expiration|expires)",
}
# Of OAuth 1.0a: known by these names alone.
_EXACT = {"oauth_token", "oauth_token_secret", "oauth_consumer_key", "oauth_consumer_secret"}
_CONTAINER = "tokens?|credentials?|auth|oauth|client|app"
_BEFORE = "(?:(?P<family>twitter|x)(?:api)?)?(?:oauth(?:20|2))?"
_NAME = re.compile(_BEFORE + "(?:" + "|".join(f"(?P<{key}>{text})" for key, text in _SPELLINGS.items()) + ")")
_INSIDE = re.compile(_BEFORE + f"(?:{_CONTAINER})?")
# What is kept, however it is spelled, beside one account's refresh token.
_ONE_EACH = ("client_id", "client_secret")
_DEEPEST = 6

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


def spelled_like(name: str, key: str) -> str:
    """Return a key in the spelling of another one's name: `expiresAt` beside `refreshToken`."""
    words = key.split("_")
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
        is_flat: whether it is a set of variables, of which those of one prefix belong together.

    Raises:
        AuthFieldError: it holds several accounts, or auth data of another kind.
    """
    found = _found(values)
    foreign.check(values, {path[-1] for each in found.values() for path, *_ in each})
    filled = {key: [each for each in places if _is_filled(each.value)] for key, places in found.items()}
    if is_flat:
        filled = _of_one_family(filled)
    chosen = _chosen(filled)
    anchor = next((chosen[key][0] for key in ("refresh_token", "access_token", "client_id") if key in chosen), None)
    blank = {key: [each for each in places if _belongs(each, anchor)] for key, places in found.items()}
    places = {key: [each.path for each in chosen.get(key) or blank[key]] for key in found}
    if "refresh_token" not in chosen:
        _check_deeper(values)
    result = {key: chosen[key][0].value if key in chosen else None for key in places if places[key]}
    lookalikes = tuple(name for name in related(values) if key_of(name) is None and "refresh" in name.lower())
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
    if prefix:
        own = {name.removeprefix(prefix): value for name, value in variables.items() if name.startswith(prefix)}
    else:
        own = {name: value for name, value in variables.items() if (key_of(name) or ("", ""))[1]}
    own = {name: value for name, value in own.items() if key_of(name)}
    if not any(own.values()):
        return None
    lookalikes = tuple(name for name in related(variables) if "REFRESH" in name.upper())
    return resolved(own, is_flat=not prefix)._replace(lookalikes=lookalikes)


def related(names: Mapping[str, object]) -> list[str]:
    """Return the names that look as if they held auth data, to be shown; never one that may itself be a secret."""
    looks = re.compile("twitter|client.?id|client.?secret|refresh|access.?token|^x_", re.IGNORECASE)
    filled = [name for name, value in names.items() if value is not None]
    return sorted(name for name in filled if foreign.is_showable(name) and looks.search(name))


def _squashed(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


def _is_filled(value: object) -> bool:
    return value is not None and value != ""


def _found(values: Mapping[str, object]) -> dict[str, list[Found]]:
    """Return every place of every key: at the top, and one level down where a name says that tokens are in it."""
    found: dict[str, list[Found]] = {}
    for name, value in values.items():
        known = key_of(name)
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
    kinds = {"expires_at": (str, int, float), "scope": (str, list)}.get(key, (str,))
    return name == key or value is None or isinstance(value, (*kinds, Secret))


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
            f"Two complete sets of auth data are there: {names}. Nothing was sent.",
            cause="only you know which account is meant.",
            next_step="name one of them by its prefix (--auth env:TWITTER_), or take the other set out",
        )
    if whole:
        return {key: places for key, places in sets[whole[0]].items() if places}
    with_token = [family for family in families if sets[family].get("refresh_token")]
    with_app = [family for family in families if sets[family].get("client_id")]
    if with_token and with_app:
        names = ", ".join(_shown(each.path) for key in ("client_id", "refresh_token") for each in filled.get(key, ()))
        raise AuthFieldError(
            "No complete set of auth data is there. Nothing was sent.",
            cause=f"a client id and a refresh token belong together by their prefix; there are: {names}.",
            next_step="give both the same prefix",
        )
    best = (with_token or with_app or families)[:1]
    return {key: [each for each in places if each.family in best] for key, places in filled.items()}


def _chosen(filled: dict[str, list[Found]]) -> dict[str, list[Found]]:
    """Return for each key the places of the one value that belongs to the refresh token.

    Raises:
        AuthFieldError: there are several refresh tokens, or several apps for one.
    """
    tokens = _one("refresh_token", filled.get("refresh_token", []))
    apps = filled.get("client_id", [])
    anchor = (tokens or _one("client_id", _nearest(apps, None)))[:1]
    chosen: dict[str, list[Found]] = {}
    for key, places in filled.items():
        near = _nearest(places, anchor[0] if anchor else None)
        if near:
            same = [each for each in places if each.value == near[0].value] if key == "refresh_token" else near
            chosen[key] = _one(key, same) if key in _ONE_EACH else [e for e in same if e.value == near[0].value]
    return chosen


def _nearest(places: list[Found], anchor: Found | None) -> list[Found]:
    """Return the places that stand nearest to another one: in the same mapping, of the same prefix, by its own name."""

    def score(each: Found) -> tuple[bool, bool, bool]:
        is_beside = anchor is not None and each.path[:-1] == anchor.path[:-1]
        is_family = anchor is not None and each.family == anchor.family
        return is_beside, is_family, each.path[-1] in _SPELLINGS

    best = max(map(score, places), default=None)
    return [each for each in places if score(each) == best]


def _one(key: str, places: list[Found]) -> list[Found]:
    if any(each.value != places[0].value for each in places):
        raise AuthFieldError(
            f"More than one {key} is there: {' and '.join(_shown(each.path) for each in places)}. Nothing was sent.",
            cause="only you know which account is meant.",
            next_step="keep the auth data of one account in a file of its own",
        )
    return places


def _belongs(each: Found, anchor: Found | None) -> bool:
    """Tell whether an empty place is the one to fill: beside the token, of its prefix."""
    return anchor is None or (each.path[:-1] == anchor.path[:-1] and each.family == anchor.family)


def _home(anchor: Found | None) -> tuple[Path, str]:
    return (anchor.path[:-1], anchor.path[-1]) if anchor else ((), "client_id")


def _shown(path: Path) -> str:
    return ".".join(name if foreign.is_showable(name) else "…" for name in path)


def _check_deeper(values: object) -> None:
    """Refuse a structure whose refresh tokens stand where nobody looks.

    Raises:
        AuthFieldError: there is one, or there are several.
    """
    found = [_shown(path) for path in _deep(values, ())]
    if found:
        raise AuthFieldError(
            f"The refresh token stands deeper than it is looked for: {', '.join(found[:4])}. Nothing was sent.",
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
