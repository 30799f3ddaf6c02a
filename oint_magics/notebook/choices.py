"""What may stand at the cursor behind one of our magics, or in a command line of OPI's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from oint_magics.display.text import quoted
from oint_magics.notebook.magic_table import ACTIONS, FAULTS, MAGICS, OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# A magic, also behind an assignment or another magic; or a bare command line.
_MAGIC = r"(?:^|[\s=(])%{1,2}(?P<name>MAGICS)[^\S\n](?P<rest>[^\n]*)$"
_BARE = re.compile(r"^[^\S\n]*(?:\$[^\S\n]+)?(?P<name>oint)(?:\.exe|\.bat)?[^\S\n](?P<rest>[^\n]*)$")
_CONTINUED = re.compile(r"[\\^`][^\S\n]*\n")
_WORD = re.compile(r"""(?:"[^"]*"?|'[^']*'?|[^\s"'])+""")
_MEDIA = ("--media", "--pictures", "--gifs", "--videos", "--files")
# Options of OPI's command lines whose values are known.
_TAKE_A_VALUE = ("--auth", "-a", "--to", "--type", *_MEDIA[1:])
_MEDIA_ENDS = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".mp4", ".mov", ".webm")
_AUTH_ENDS = (".json", ".env")
_NEW = "profile:default"
_CATEGORIES = {"tweet_image": "pictures", "tweet_gif": "a GIF", "tweet_video": "a video"}
_OF_OINT = {"--to": "where new tokens go", "--out": "write the result into a file", "--test": "send nothing",
            "--help": "what there is", "--again": "make the same post once more"}  # fmt: skip


class Choice(NamedTuple):
    """A text that may stand there, and what it is."""

    text: str
    about: str


class Offer(NamedTuple):
    """What may stand at the cursor.

    Attributes:
        word: what stands before the cursor and would be replaced; blank for nothing.
        choices: what may stand there.
    """

    word: str
    choices: list[Choice]


def offered(text: str, variables: Mapping[str, Any]) -> Offer | None:
    """Return what may stand at the cursor, or `None` where that is not ours to say.

    Args:
        text: the cell up to the cursor.
        variables: the notebook's.
    """
    line = _CONTINUED.sub(" ", text).rpartition("\n")[2]
    found = re.search(_MAGIC.replace("MAGICS", "|".join(MAGICS)), line) or (
        None if "oint" in variables else _BARE.match(line)
    )
    if found is None:
        return _in_python(text)
    words, word = _words(found["rest"])
    if found["name"] == "oint":
        choices = _of_oint(words, word, variables)
    else:
        choices = _of_magic(found["name"], words, word, variables)
    if choices is None:
        return None
    # What fits nothing is a slip: all that may stand there is shown.
    fitting = [each for each in choices if each.text.startswith(word)] or choices
    is_quoted = found["rest"][: len(found["rest"]) - len(word)].endswith(('"', "'"))
    return Offer(word, fitting if is_quoted else [each._replace(text=_quoted(each.text)) for each in fitting])


def _in_python(text: str) -> Offer | None:
    """Return what may stand in a call of `twitter.get`."""
    if "twitter.get(" not in text:
        return None
    from oint_magics.notebook.read_choices import in_python

    found = in_python(text)
    if found is None:
        return None
    choices = [Choice(*each) for each in found.choices]
    return Offer(found.word, [each for each in choices if each.text.startswith(found.word)] or choices)


def _quoted(text: str) -> str:
    """Return a text as it can be typed; a folder's goes on behind it."""
    return quoted(text).removesuffix('"') if text.endswith("/") else quoted(text)


def _words(rest: str) -> tuple[list[str], str]:
    """Return a line's whole words, and the one that the cursor stands in; an option and its value are two."""
    spans = list(_WORD.finditer(rest))
    last = spans.pop()[0] if spans and spans[-1].end() == len(rest) else ""
    words = [span[0].strip("\"'") for span in spans]
    option, joined, value = last.partition("=")
    if joined and option.startswith("--"):
        return [*words, option], value.lstrip("\"'")
    return words, last.lstrip("\"'")


def _of_magic(name: str, words: list[str], word: str, variables: Mapping[str, Any]) -> list[Choice] | None:  # noqa: PLR0911 - a case each
    usage = MAGICS[name]
    previous = words[-1] if words else ""
    plain = _plain(words, usage.values)
    if previous == "--fields":
        return [Choice(*each) for each in _reads().names(plain[0] if plain else "", word)]
    if previous in usage.values:
        return _values(previous, word, variables)
    if usage.takes_pairs and plain and not word.startswith("-"):
        found = [Choice(*each) for each in _reads().of_read(plain[0], word)]
        return [each for each in found if each.text.partition("=")[0] not in {one.partition("=")[0] for one in words}]
    if word.startswith("-") or len(plain) >= len(usage.words) or usage.text_name:
        left = [each for each in usage.values + usage.flags if each not in words or each in usage.repeated]
        return [Choice(each, OPTIONS.get(each, "")) for each in left] if not word or word.startswith("-") else None
    kind = usage.words[len(plain)]
    if kind == "path":
        return [Choice(*each) for each in _reads().paths(word)]
    if kind == "action":
        return _choices(ACTIONS)
    if kind in ("fault", "value"):
        return _choices(FAULTS) if kind == "fault" and plain == ["fault"] else []
    return [*_sources(variables), *_stores(word)] if kind == "source" else _stores(word, new="source" in usage.words)


def _plain(words: list[str], values: tuple[str, ...]) -> list[str]:
    """Return the words that are no option and no option's value."""
    behind = ["", *words]
    return [word for word, before in zip(words, behind, strict=False) if before not in values and word[:1] != "-"]


def _values(option: str, word: str, variables: Mapping[str, Any]) -> list[Choice] | None:  # noqa: PLR0911 - a case each
    if option in ("--auth", "-a", "--to"):
        is_to = option == "--to"
        return [*(() if is_to else _sources(variables)), *_stores(word, new=is_to)]
    if option == "--type":
        return _choices(_CATEGORIES)
    if option in _MEDIA:
        return _files(word, _MEDIA_ENDS)
    if option == "--scope":
        from oint_magics.oauth import scopes

        return [Choice(scopes.LEAST, "what a login asks for"), Choice("opi", "OPI's eighteen")]
    if option == "--max-rows":
        return [Choice("all", "all rows"), Choice("500", "five hundred rows")]
    if option == "--keep":
        return _files(word, (".jsonl",)) or [Choice("posts.jsonl", "a new file")]
    if option in ("--reply-to", "--quote"):
        from oint_magics.posts.shown import Post

        return [Choice(f"{{{name}}}", "post") for name, value in variables.items() if isinstance(value, Post)]
    return None


def _of_oint(words: list[str], word: str, variables: Mapping[str, Any]) -> list[Choice] | None:
    """Return what may stand at the end of a command line of OPI's."""
    from oint_magics.opi.functions import FUNCTIONS, find

    if words and words[-1] in _TAKE_A_VALUE:
        return _values(words[-1], word, variables)
    words = words[2:] if words[:1] == ["--to"] else words
    if not words:
        return [Choice("twitter", "X"), *(() if word else [Choice("--to", _OF_OINT["--to"])])]
    if words == ["twitter"]:
        english = [Choice(each.english, each.about) for each in FUNCTIONS]
        return english + [Choice(each.russian, each.about_in_russian) for each in FUNCTIONS]
    function = find(words[1]) if words[0].lower() == "twitter" else None
    if function is None or (word and not word.startswith("-")):
        return None
    is_russian = words[1].casefold() == function.russian.casefold()
    own = {each.name: each.about_in_russian if is_russian else each.about for each in function.options}
    return [each for each in _choices(own | _OF_OINT) if each.text not in words]


def _reads() -> Any:
    """Return the choices of reads; the catalogue is read when a read is typed."""
    from oint_magics.notebook import read_choices

    return read_choices


def _choices(of: Mapping[str, str]) -> list[Choice]:
    return [Choice(text, about) for text, about in of.items()]


def _sources(variables: Mapping[str, Any]) -> Iterable[Choice]:
    """Yield the sources that are not stores: variables with auth data, and the environment."""
    from oint_magics.tokens.response import TokenResponse

    for name, value in variables.items():
        is_auth = isinstance(value, TokenResponse) or (type(value) is dict and "client_id" in value)
        if is_auth and not name.startswith("_"):
            yield Choice(name, "variable")
    yield Choice("env:", "environment")


def _stores(word: str, *, new: bool = False) -> list[Choice]:
    """Return the stores that are there, and where that helps a new one."""
    from oint_magics import stores

    kept = [Choice(name, name.partition(":")[0]) for name in stores.kept()]
    is_new = new and all(each.text != _NEW for each in kept)
    return [*kept, *_files(word, _AUTH_ENDS), *([Choice(_NEW, "new profile")] if is_new else [])]


def _files(word: str, ends: tuple[str, ...]) -> list[Choice]:
    """Return the files that a path can go on to, and the folders on the way."""
    start = word.rpartition("/")[0] + "/" if "/" in word else ""
    try:
        entries = sorted(Path(start or ".").expanduser().iterdir())
    except (OSError, ValueError, RuntimeError):
        return []
    found = []
    for entry in entries:
        if entry.is_dir() and not entry.name.startswith("."):
            found.append(Choice(f"{start}{entry.name}/", "folder"))
        elif entry.name.lower().endswith(ends) or entry.name.startswith(".env"):
            found.append(Choice(f"{start}{entry.name}", "file"))
    return found
