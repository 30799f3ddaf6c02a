"""What a read asks X for: path and parameters as people type them, checked by the catalogue before anything is sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl

from oint_magics.api import catalogue, fields
from oint_magics.api.call import path_of
from oint_magics.api.values import text_of
from oint_magics.display.text import escaped
from oint_magics.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from oint_magics.api.catalogue import Parameter, Read

_HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")
# The lists that name what is looked up; X takes a hundred in one call.
LOOKUPS = ("ids", "usernames", "user_ids", "media_keys")

# What people type for a parameter, or for what is no parameter but an option.
_OPTIONS = {"--max-rows (max_rows=…)", "--fields (fields=…)"}
_MEANT = {
    "q": "query",
    "search": "query",
    "since": "start_time",
    "from": "start_time",
    "after": "start_time",
    "until": "end_time",
    "to": "end_time",
    "before": "end_time",
    "sort": "sort_order",
    "limit": "--max-rows (max_rows=…)",
    "count": "--max-rows (max_rows=…)",
    "n": "--max-rows (max_rows=…)",
    "rows": "--max-rows (max_rows=…)",
    "fields": "--fields (fields=…)",
}


class Request(NamedTuple):
    """A read, as X is asked for it.

    Attributes:
        read: the catalogue's entry; `None` where it was not checked.
        path: its path below `/2/`; `{id}` where an account's id is still to be looked up.
        params: its parameters, by X's names in the `tweet` vocabulary.
        account: the account to look up: a handle, or "me"; `None` for none.
    """

    read: Read | None
    path: str
    params: dict[str, str]
    account: str | None = None

    @property
    def shown(self) -> str:
        """The path as messages and tables say it."""
        if self.account is None:
            return self.path
        return self.path.replace("{id}", "me" if self.account == "me" else f"@{self.account}")

    @property
    def size(self) -> tuple[int, int] | None:
        """The least and the most rows of a page; `None` if they are not known."""
        return self.read.size if self.read else None

    @property
    def page_token(self) -> str:
        """The parameter that asks for the next page."""
        return "pagination_token" if not self.read or "pagination_token" in self.read.parameters else "next_token"

    @property
    def is_cut(self) -> bool:
        """Whether it is a list that X bills by the row, so that it ends at a number of rows."""
        return self.read is None or (self.read.is_paged and not self.read.price.is_per_request)

    def rows_at_most(self, size: str | None) -> int:
        """Return how many objects one of its calls can give.

        Args:
            size: what the page is asked for; `None` for nothing.
        """
        if size is not None and size.isdecimal():
            return int(size)
        named = next((self.params[name] for name in LOOKUPS if name in self.params), None)
        if named is not None:
            return named.count(",") + 1
        return 100 if self.read and self.read.is_list else 1

    def columns(self) -> list[str]:
        """Return the columns that its rows have, for a frame without rows."""
        if self.read is None:
            return []
        words = self.params.get(fields.OF.get(self.read.gives, ""), "").split(",")
        return list(dict.fromkeys(["id", *(word for word in words if word and "metrics" not in word)]))

    def of_account(self, number: str) -> Request:
        """Return the same request with the id of its account."""
        return self._replace(path=self.path.replace("{id}", number), account=None)

    def parts(self) -> list[Request]:
        """Return the calls that it takes: one, or one for each hundred of what is looked up."""
        name = next((name for name in LOOKUPS if name in self.params), None)
        most = self.read and name and self.read.parameters[name].most
        values = self.params[name].split(",") if name else []
        if not name or not most or len(values) <= most:
            return [self]
        starts = range(0, len(values), most)
        return [self._replace(params=self.params | {name: ",".join(values[at : at + most])}) for at in starts]


def of(
    path: object, given: Mapping[str, object], wanted: Iterable[str] | None = None, *, is_checked: bool = True
) -> Request:
    """Return what X is asked for.

    Args:
        path: the path as it was given, with a query or without.
        given: the parameters; `tweet_fields` stands for `tweet.fields`.
        wanted: the fields, as `fields.asked` takes them; `None` for the default ones.
        is_checked: whether it is compared with the catalogue; otherwise it is sent as it is.

    Raises:
        UsageError: the catalogue knows better; nothing was sent.
    """
    bare, values = _taken_apart(path, given)
    if not is_checked:
        params = {_dotted(name): text_of(name, value) for name, value in values}
        return Request(None, path_of(bare).removeprefix("/2/"), params)
    below = path_of(bare).removeprefix("/2/").rstrip("/")
    below = re.sub(r"\Aposts(?=/|\Z)", "tweets", below)
    read, account, below = _read_of(below)
    params = _checked(read, values)
    if wanted is not None:
        params = _merged(params, fields.asked(read, wanted))
    elif not any(name.endswith(".fields") or name == "expansions" for name in params):
        params |= fields.default(read)
    _check_required(read, params)
    return Request(read, below, params, account)


def _taken_apart(path: object, given: Mapping[str, object]) -> tuple[str, list[tuple[str, object]]]:
    bare, _, query = path.strip().partition("?") if isinstance(path, str) else ("", "", "")
    values: list[tuple[str, object]] = [*parse_qsl(query, keep_blank_values=True)]
    return bare, values + [(name, value) for name, value in given.items() if value is not None]


def _read_of(below: str) -> tuple[Read, str | None, str]:
    """Return the read of a path, the account that is named in it, and the path with that left open."""
    words = below.split("/")
    account = None
    if words[0] == "users" and len(words) > 1 and (words[1].startswith("@") or (words[1] == "me" and len(words) > 2)):
        account = words[1].removeprefix("@")
        if not _HANDLE.fullmatch(account):
            raise UsageError(
                "That is no handle of an account. Nothing was sent.", cause="X's have at most 15 letters, digits and _."
            )
        words[1] = "{id}"
    if words[:3] == ["users", "by", "username"] and len(words) == 4:
        words[3] = words[3].removeprefix("@")
    path = "/".join(words)
    read = catalogue.at(path.replace("{id}", "0"))
    if read is None:
        raise _unknown(path)
    for name, word in (read.words(path) or {}).items():
        parameter = read.parameters.get(name)
        if word != "{id}" and parameter and parameter.pattern and not parameter.pattern.fullmatch(word):
            near = f"users/@{word}" if path.startswith("users/") and _HANDLE.fullmatch(word) else None
            shape = path.replace("{id}", "")
            other = catalogue.nearest(shape, [each for each in catalogue.reads() if each != read.path])
            raise UsageError(
                f"{read.path} takes {_what(parameter)} there. Nothing was sent.",
                cause=None if near or other is None else f"did you mean {other}?",
                next_step=near and f"by its handle: {near + path.removeprefix(f'users/{word}')}",
            )
    return read, account, path


def _unknown(path: str) -> UsageError:
    shape = "/".join("{id}" if word.isdecimal() else word for word in path.split("/"))
    near = catalogue.nearest(shape, catalogue.reads())
    return UsageError(
        "The catalogue of X's reads has no such path. Nothing was sent.",
        cause=None if near is None else f"the nearest one is {near}.",
        next_step="%twitter_get --list WORD shows what there is; --unchecked sends a path as it is",
    )


def _checked(read: Read, values: list[tuple[str, object]]) -> dict[str, str]:
    """Return the parameters under X's names, each as X takes it."""
    found: dict[str, str] = {}
    for given, value in values:
        name = _name(given)
        parameter = read.parameters.get(name)
        if parameter is None or parameter.is_in_path:
            raise _no_parameter(read, name)
        text = _value(read, parameter, value)
        if found.setdefault(name, text) != text:
            raise UsageError(
                f"{name} is given twice, with two values. Nothing was sent.",
                cause="a query in the path and the parameters beside it are one list.",
            )
    return found


def _name(given: str) -> str:
    name = _dotted(given)
    return "tweet.fields" if name == "post.fields" else name


def _dotted(given: str) -> str:
    """Return X's name for one that Python can have: `tweet.fields` for `tweet_fields`."""
    return f"{given.removesuffix('_fields')}.fields" if given.endswith("_fields") else given


def _no_parameter(read: Read, name: str) -> UsageError:
    known = [each.name for each in read.parameters.values() if not each.is_in_path]
    meant = _MEANT.get(name, "")
    near = meant if meant in known or meant in _OPTIONS else catalogue.nearest(name, known)
    return UsageError(
        f"{read.path} takes no parameter of that name. Nothing was sent.",
        cause=None if near is None else f"did you mean {near}?",
        next_step=f"it takes {', '.join(known)}" if known else "it takes none",
    )


def _value(read: Read, parameter: Parameter, value: object) -> str:
    text = text_of(parameter.name, value, parameter.kind)
    if parameter.kind == "number":
        return _number(parameter, text)
    if parameter.kind == "flag":
        return _flag(parameter, text)
    words = [text]
    if parameter.kind == "list":
        words = [fields.TWEET_WORDS.get(word.strip(), word.strip()) for word in text.split(",") if word.strip()]
        if parameter.name == "usernames":
            words = [word.removeprefix("@") for word in words]
        if parameter.name == "expansions":
            words = ["referenced_tweets.id" if word == "referenced_tweets" else word for word in words]
        text = ",".join(dict.fromkeys(words))
    for word in words:
        _check_word(read, parameter, word)
    if parameter.kind == "text" and not (parameter.least or 0) <= len(text) <= (parameter.most or len(text)):
        raise UsageError(
            f"{parameter.name} has {len(text)} characters, and X takes {parameter.least or 0} to {parameter.most}. "
            "Nothing was sent."
        )
    return text


def _check_word(read: Read, parameter: Parameter, word: str) -> None:
    if parameter.words and word not in parameter.words:
        near = catalogue.nearest(word, parameter.words)
        raise UsageError(
            f"{parameter.name} of {read.path} does not take that word. Nothing was sent.",
            cause=None if near is None else f"did you mean {near}?",
            next_step=f"it takes {', '.join(parameter.words[:12])}{', …' if len(parameter.words) > 12 else ''}",
        )
    if parameter.pattern and not parameter.pattern.fullmatch(word):
        raise UsageError(f"{parameter.name} of {read.path} takes {_what(parameter)}. Nothing was sent.")


def _what(parameter: Parameter) -> str:
    """Return what the pattern of a parameter takes, in words."""
    is_id = parameter.pattern is not None and "0-9]{1,19}" in parameter.pattern.pattern
    return "ids, and ids are digits" if is_id else "other characters"


def _number(parameter: Parameter, text: str) -> str:
    least, most = parameter.least, parameter.most
    if not re.fullmatch(r"-?[0-9]{1,18}", text) or not (least or int(text)) <= int(text) <= (most or int(text)):
        bounds = f" from {least or 0} to {most}" if most is not None else ""
        raise UsageError(f"{parameter.name} takes a whole number{bounds}. Nothing was sent.")
    return text


def _flag(parameter: Parameter, text: str) -> str:
    if text.lower() not in ("true", "false"):
        raise UsageError(f"{parameter.name} takes true or false. Nothing was sent.")
    return text.lower()


def _merged(params: dict[str, str], more: dict[str, str]) -> dict[str, str]:
    lists = {name: ",".join(dict.fromkeys((*params.get(name, "").split(","), *text.split(",")))).strip(",")
             for name, text in more.items()}  # fmt: skip
    return params | lists


def _check_required(read: Read, params: dict[str, str]) -> None:
    missing = [each.name for each in read.parameters.values() if each.is_required and not each.is_in_path]
    missing = [name for name in missing if not params.get(name)]
    if missing:
        raise UsageError(
            f"{read.path} needs {' and '.join(missing)}. Nothing was sent.",
            next_step=f"{escaped(read.path, 60)} {' '.join(f'{name}=…' for name in missing)}",
        )
