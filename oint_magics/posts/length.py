"""How long a text is for X, and which links X finds in it, by the rules of X's library twitter-text 3.1.0.

https://github.com/twitter/twitter-text: config/v3.json for the weights, and js/src/regexp for what a link is.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINK, _LONGEST_LINK, _LONGEST_LABEL, _LONGEST_SLUG, _LONGEST_EMOJI, _LONGEST_TOP_LEVEL = 23, 4096, 63, 40, 10, 18
# Outside the ranges of config/v3.json, a character counts 2.
_DOUBLE = re.compile("[^\0-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")
# What makes one emoji of several characters. Any other emoji is one character, which counts 2.
_JOINS = re.compile("[\u200d\u20e3\ufe0f\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\U000e007f]")
# Emoji that need no U+FE0F and may have one. Unicode has added others since, X's library has not.
_WITH_SELECTOR = "⌚⌛◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛔⛪⛲⛳⛵⛺⛽❗⬛⬜⭐⭕🀄🈚🈯"
# X's letters with an accent, and what JavaScript takes for the same letters in another case.
_ACCENTED = (
    "\xc0-\xd6\xd8-\xf6\xf8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0260\u0263\u0268\u0269\u026f\u0272\u0275\u0280"
    "\u0283\u0288-\u028c\u0292\u02bb\u0300-\u036f\u0399\u03b9\u1e00-\u1eff\u1fbe\u2c65\u2c66\u2c7e\u2c7f\ua7dc"
)
_IN_QUERY = r"[!#-;=?-\[\]_a-z|~]"
_IN_PATH = rf"[!#-'*-;=@-\[\]_a-z|~\u2013\u0400-\u04ff\u1c80-\u1c87{_ACCENTED}]"
_NOT_BEFORE = "(?<![A-Za-z0-9@＠$#＃])"
_ANY_CASE = re.IGNORECASE | re.ASCII
_HOST = re.compile(
    "[^\t-\r !#-,/:-@[-^{-~\x85\xa0\u061c\u1680\u180e\u2000-\u200a\u200e\u200f\u2028-\u202f\u205f\u2066-\u2069\u3000]+"
)
_PROTOCOL = re.compile(rf"{_NOT_BEFORE}https?://\Z", _ANY_CASE)
_FIRST_LETTER = re.compile(rf"{_NOT_BEFORE}[^-_]")
_ASCII_LABELS = re.compile(rf"(?:[-a-z0-9{_ACCENTED}]++\.)+", _ANY_CASE)
_PUNYCODE = re.compile("xn--[-0-9a-z]+", _ANY_CASE)
_LONGER_WORD = re.compile("[0-9a-zA-Z@+-]")
_SHORT_LINK = re.compile(rf"https?://t\.co/([a-z0-9]+)(?:\?{_IN_QUERY}*[-a-z0-9_&=#/])?", _ANY_CASE)
# What may follow a domain, each with what is no part of the link at its end.
_PORT = (re.compile(":[0-9]+"), "")
_NESTED = rf"\((?:{_IN_PATH}++|{_IN_PATH}*+\({_IN_PATH}++\){_IN_PATH}*+)\)"
_PATH = (re.compile(rf"/(?:{_IN_PATH}++|{_NESTED})*+", _ANY_CASE), "!$%&'*,.:;@[]|~\u2013")
_QUERY = (re.compile(rf"\?{_IN_QUERY}*", _ANY_CASE), "!$%'()*+,.:;?@[]|~")


def length(text: str, found: list[tuple[int, int, bool]]) -> int:
    """Return the length of a text in the form NFC: a link is 23, an emoji 2, another character 1 or 2."""
    edges = [0, *(edge for link in found for edge in link[:2]), len(text)]
    return _LINK * len(found) + sum(_weight(text[a:b]) for a, b in zip(edges[::2], edges[1::2], strict=True))


def links(text: str) -> Iterator[tuple[int, int, bool]]:
    """Find the links in a text in the form NFC: where each begins and ends, and whether it has a protocol."""
    at = free = 0  # What is before `free` belongs to an earlier link.
    while host := _HOST.search(text, at):
        at = host.end()
        for start, domain, end in _domains(text, host, free):
            port = _after(_PORT, text, end)
            path = _after(_PATH, text, port)
            free = _after(_QUERY, text, path)
            at = max(at, free)
            names = list(_ascii_names(text, domain, end))
            if not _is_valid(text[start:free], text[domain:end]) or (not names and text.startswith("xn--", domain)):
                continue
            if start < domain:
                short = _SHORT_LINK.match(text, start, free)
                if not short or len(short[1]) <= _LONGEST_SLUG:
                    yield start, short.end() if short else free, True
            elif text[start - 1 : start] not in {"-", "_", ".", "/"}:
                for name, name_end in names:
                    more = free - end if path > port and name == names[-1][0] else 0
                    yield name, name_end + more, False


def _domains(text: str, host: re.Match[str], free: int) -> Iterator[tuple[int, int, int]]:
    """Find the domains in a run of their letters, each as long as it can be: where the link, the domain, its end is."""
    labels = host[0].split(".")
    starts = list(accumulate((len(label) + 1 for label in labels), initial=host.start()))
    ends = [0] * len(labels)  # Where the domain ends that begins with a label; 0 if none does.
    near, far = ends.copy(), ends.copy()  # The same for one that begins in it: in the next label, or farther on.
    for n in range(len(labels) - 2, -1, -1):
        near[n], far[n] = _top_level(text, starts[n + 1], starts[n + 2] - 1), ends[n + 1]
        if labels[n] and labels[n].strip("-_") == labels[n]:
            ends[n] = far[n] or ("_" not in labels[n] and near[n])
    protocol = _PROTOCOL.search(text, max(starts[0] - 8, free and free + 1), starts[0])
    if protocol and ends[0]:
        yield protocol.start(), starts[0], (free := ends[0])
    for n, label in enumerate(labels):
        if (far[n] or near[n]) and label[-1:] not in {"", "-", "_"}:
            low, high = starts[n] + (0 if far[n] else label.rfind("_") + 1), starts[n] + len(label)
            if first := _FIRST_LETTER.search(text, max(low, free and free + 1), high):
                # A text's first character is before the link rather than in it, if it can be.
                start = first.start() or int(bool(_FIRST_LETTER.match(text, 1, high)))
                yield start, start, (free := far[n] or near[n])


def _top_level(text: str, start: int, end: int) -> int:
    for at in range(min(end, start + _LONGEST_TOP_LEVEL), start + 1, -1):
        if text[start:at].lower() in _top_levels() and not _LONGER_WORD.match(text, at):
            return at
    punycode = _PUNYCODE.match(text, start, end)
    return punycode.end() if punycode else 0


def _ascii_names(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Find what X makes a link of if there is no protocol: Chinese characters, for example, are no part of it."""
    for labels in _ASCII_LABELS.finditer(text, start, end):
        dots = (n for n in range(labels.end(), labels.start(), -1) if text[n - 1] == ".")
        if name_end := next(filter(None, (_top_level(text, dot, end) for dot in dots)), 0):
            yield labels.start(), name_end


def _is_valid(link: str, domain: str) -> bool:
    size = len(link) + sum(letter > "\uffff" for letter in domain)
    protocol = 7 if link.lower().startswith("http://") else 8  # X counts it once more, and one that is not there.
    sizes = (len(each) if each.isascii() else 4 + len(each[:64].encode("punycode")) for each in domain.split("."))
    return protocol + size <= _LONGEST_LINK and max(sizes) <= _LONGEST_LABEL


def _after(part: tuple[re.Pattern[str], str], text: str, at: int) -> int:
    found = part[0].match(text, at)
    return at + len(found[0].rstrip(part[1])) if found else at


def _weight(text: str) -> int:
    emoji = _emoji() if _JOINS.search(text) else frozenset()
    at = weight = 0
    while at < len(text):
        size = next((n for n in range(_LONGEST_EMOJI, 1, -1) if text[at : at + n] in emoji), 0)
        weight += 2 if size or _DOUBLE.match(text, at) else 1
        at += size or 1
    return weight


@cache
def _emoji() -> frozenset[str]:
    """Return every emoji of several characters."""
    from emoji import EMOJI_DATA, STATUS

    found = {each for each, of in EMOJI_DATA.items() if len(each) > 1 and of["status"] == STATUS["fully_qualified"]}
    coloured = {f"{c[0]}\ufe0f{c[1]}" for c in found if c[1] in "🏻🏼🏽🏾🏿" and c[0] + "\ufe0f" in found}
    return frozenset(found | coloured | {c + "\ufe0f" for c in _WITH_SELECTOR} | {c + "\u20e3" for c in "#*0123456789"})


@cache
def _top_levels() -> frozenset[str]:
    return frozenset(Path(__file__).with_name("top_level_domains.txt").read_text("utf-8").splitlines())
