"""A text's length and links beside X's own library: generated texts, and every character below U+20000.

`python benchmarks/lengths.py FOLDER [TEXTS [SEED]]` installs twitter-text from npm into the folder; 2,000 texts unless
told. The KINDS are the differences that are meant: their causes are taken out of a text that differs, one kind after
another, and it is counted under the one after which it does not differ any more.
`--keep FILE` writes 300 of the texts with X's results, for tests/posts/test_length.py.
"""

import json
import random
import re
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

from emoji import EMOJI_DATA
from measure import show

from oint_magics.posts import length

PACKAGE = "twitter-text@3.1.0"
HERE = Path(__file__).parent
TOP_LEVELS = [
    line
    for line in (HERE.parent / "oint_magics/posts/top_level_domains.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
# twitter-text 3.1.0 reads emoji with twemoji-parser 11.0.2: those of Emoji 11, of the year 2018.
NEWER = sorted((each for each, of in EMOJI_DATA.items() if of["E"] > 11 and len(each) > 1), key=len, reverse=True)
YOUNGER = ("amazon", "kids", "music", "spa", "ישראל", "アマゾン", "亚马逊")

# name: the cause, what is put in its place, and the reason.
KINDS = {
    # X's page on counting promises 2 for every emoji; the library was not released again after these came.
    "an emoji newer than 2018: 2, not the sum of its parts": (re.compile("|".join(NEWER)), "😀"),
    # The library expects U+FE0F where Unicode has none, or the reverse, or takes a sequence that Unicode does not have.
    "infinity, eye in a bubble, suit with gender, skier with colour": (
        re.compile("\u267e\ufe0f|👁\ufe0f?\u200d🗨\ufe0f?|🕴[\ufe0f🏻-🏿]\u200d[♀♂]\ufe0f|⛷\ufe0f?[🏻-🏿]"),
        "😀",
    ),
    # X may make a link of it today, and then bills for one: a price too low would be worse than a length too long.
    "a top-level domain younger than the library's list": (
        re.compile(rf"\.(?:{'|'.join(YOUNGER)})(?![0-9a-z@+-])", re.IGNORECASE),
        ".com",
    ),
    # JavaScript sees two halves: the first may be before a link where a letter may not, the second is its first letter.
    "an emoji right before the dot of a domain": (re.compile(r"[\U00010000-\U0010ffff](?=[^\s/:]*\.)"), "例"),
}

WORDS = ["Hello", "news,", "the", "Größe", "naïve", "Привет", "мир", "日本語", "東京です", "한국어", "ไทย", "العربية",
         "עברית", "हिन्दी", "ελληνικά", "café", "cafe\u0301", "a\u0308\u0323", "ｆｕｌｌ", "ﬁ", "\u1100\u1161\u11a8", "½", "€5",
         "$5.00", "3.14", "10:30", "v1.2.3", "file.py", "e.g.", "U.S.A.", "@name", "@name/list", "#tag", "#日本", "$CASH",
         "a@b.com", "me@example.org", "“quoted”", "—", "…", "©", "®", "™", "©\ufe0f", "®\ufe0f", "™\ufe0e", "#!", "🙂.com"]  # fmt: skip
BETWEEN = [" ", " ", " ", "", "", "\n", "\r\n", "\r", "\t", "\u3000", "\u00a0", "\u200b", "\u200d", "\u200e", "\u202a", "\u2067",
           ".", ",", "!", "?", ":", ";", "(", ")", "[", "]", "'", '"', "“", "”", "`", "/", "-", "_", "~", "|", "@", "#", "$", "＠",
           "＃", "&", "=", "+", "*", "。", "、", "．", "「", "」", "日", "한", "é", "ß", "я", "\u0301", "\ufe0f", "1", "x"]  # fmt: skip
NAMES = ["example", "x", "a-b", "foo_bar", "-a", "a-", "_a", "münchen", "例え", "日本", "почта", "xn--bcher-kva", "WWW", "sub",
         "3com", "a" * 63, "a" * 64, "日" * 17, "日" * 30, "😀", "t", "İ", "ſ", "ñ"]  # fmt: skip
ENDS = ["com", "org", "de", "co", "co.uk", "COM", "рф", "РФ", "公司", "中国", "भारतम्", "xn--p1ai", "zzz", "comx", "c", "ком",
        "music"]  # fmt: skip
PATHS = ["", "", "", "/", "/a", "/a/b.html", "/A_(b)", "/a_(b(c)d)", "/a_(b(c(d)))", "/(a", "/a)", "/a.", "/a!!", "/a,b;c", "/é",
         "/путь", "/日本", "/ιστορία", "/%D0%B0", "/@name/", "/@name", "/~a|b", "/a–b", "//", "/#top", "/a?b=c", "/?", "/?a=b&c=(d)",
         "?a=b", "?a=b.", "/?日", "#top", "/" + "a" * 500, "/" + "a" * 4070, "/" + "a" * 4120]  # fmt: skip
SHORT = ["a" * 10, "a" * 40, "a" * 41, "Ab3-x", "ab/c", "ab?c=d", "ab?c=d.", "", "日"]


def address(of):
    """Return an address, or what looks like one."""
    scheme = of.choice(["http://", "https://", "HTTP://", "hTTps://", "ftp://", "//", "mailto:", "", "", "", ""])
    if of.random() < 0.15:
        return f"{scheme}{of.choice(['t.co', 'T.CO', 't.co:80', 'x.t.co'])}/{of.choice(SHORT)}"
    names = [of.choice(NAMES) for _ in range(of.choice([1, 1, 1, 2, 2, 3]))]
    end = of.choice(ENDS) if of.random() < 0.8 else of.choice(TOP_LEVELS)
    dot = of.choice(["."] * 20 + ["..", "。"])
    return scheme + dot.join([*names, end]) + of.choice(["", "", "", ":80", ":", ":x", ":08080"]) + of.choice(PATHS)


def emoji(of):
    """Return an emoji as people send it, or as no font shows it."""
    found = of.choice(EMOJI)
    return of.choice([
        found, found, found, found + "\ufe0f", found + "\ufe0e", found.replace("\ufe0f", ""),
        found + of.choice("🏻🏼🏽🏾🏿"), found + "\u200d" + of.choice(EMOJI), found + "\u20e3", found * 3,
        of.choice("0123456789#*") + of.choice(["\u20e3", "\ufe0f\u20e3", "\ufe0e\u20e3"]),
        "".join(chr(0x1F1E6 + of.randrange(26)) for _ in range(of.choice([1, 2, 3, 4]))),
    ])  # fmt: skip


EMOJI = list(EMOJI_DATA)
PARTS = (lambda of: of.choice(WORDS), address, address, emoji)


def generated(number, seed):
    """Return texts."""
    of = random.Random(seed)
    found = []
    for _ in range(number):
        parts = [of.choice(PARTS)(of) for _ in range(of.choice([1, 1, 2, 3, 4, 6, 9]))]
        found.append("".join(part + of.choice(BETWEEN) for part in parts) if of.random() < 0.8 else " ".join(parts))
    return found


def install(folder):
    """Install X's library from npm, once."""
    if not (folder / "node_modules" / "twitter-text").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}')
        npm = shutil.which("npm") or sys.exit("npm is not here: X's library comes from npm")
        subprocess.run([npm, "install", "--no-audit", "--no-fund", "--silent", PACKAGE], cwd=folder, check=True)


def of_x(folder, texts):
    """Return X's length and links of each text, and its list of top-level domains."""
    node = shutil.which("node") or sys.exit("node is not here: X's library needs it")
    command = [node, HERE / "lengths.mjs", folder.resolve()]
    *found, names = json.loads(subprocess.run(command, input=json.dumps(texts).encode(), check=True, stdout=-1).stdout)
    return found, names


def ours(text):
    """Return our length and links of a text, in the form of `lengths.mjs`."""
    normal = unicodedata.normalize("NFC", text)
    found = list(length.links(normal))
    return [length.length(normal, found), [[start, end - start, protocol] for start, end, protocol in found]]


def kinds_of(folder, texts):
    """Return the kind of each text that differs; `None` for one that still differs at the end."""
    kinds, changed = dict.fromkeys(texts), {text: text for text in texts}
    for name, (cause, instead) in KINDS.items():
        changed = {text: cause.sub(instead, now) for text, now in changed.items()}
        for text, found in zip(changed, of_x(folder, list(changed.values()))[0], strict=True):
            if found == ours(changed[text]):
                kinds[text] = name
        changed = {text: now for text, now in changed.items() if kinds[text] is None}
    return kinds


def characters():
    """Return every character below U+20000 that X's library takes."""
    return [chr(n) for n in range(1, 0x20000) if not 0xD800 <= n <= 0xDFFF and n not in {0xFEFF, 0xFFFE, 0xFFFF}]


def main(folder, number=2000, seed=3, kept=None):
    """Print the table, and return how many differences have no kind."""
    install(folder)
    alone = characters()
    sets = {
        "generated texts": generated(number, seed),
        "characters below U+20000": alone,
        "the same with U+FE0F": [each + "\ufe0f" for each in alone],
        "every emoji": EMOJI,
    }
    rows, unknown = [], []
    for name, texts in sets.items():
        found, top_levels = of_x(folder, texts)
        different = [text for text, each in zip(texts, found, strict=True) if each != ours(text)]
        kinds = kinds_of(folder, list(dict.fromkeys(different)))
        counts = [(kind, sum(kinds[each] == kind for each in different)) for kind in KINDS]
        rows.append((name, len(texts), len(texts) - len(different), ""))
        rows += [("", "", count, kind) for kind, count in counts if count]
        unknown += [each for each in different if kinds[each] is None]
        if kept and name == "generated texts":
            keep(kept, [[text, *each] for text, each in zip(texts, found, strict=True) if text not in kinds])
    missing = set(top_levels) - set(TOP_LEVELS)
    rows += [("TOP-LEVEL DOMAINS MISSING", "", len(missing), ""), ("DIFFERENT OTHERWISE", "", len(unknown), "")]
    show(f"length and links beside {PACKAGE}", ("what", "compared", "the same", "else"), rows)
    for each in unknown[:20]:
        print(f"  {each[:200]!a}: X {of_x(folder, [each])[0][0]}, we {ours(each)}")
    return len(unknown) + len(missing)


def keep(path, results):
    """Write 300 results that are short enough to be read, one per line."""
    short = [each for each in results if len(each[0]) < 200]
    path.write_text("[\n" + ",\n".join(map(json.dumps, short[:300])) + "\n]\n")


if __name__ == "__main__":
    words = sys.argv[1:]
    kept = Path(words.pop(words.index("--keep") + 1)) if "--keep" in words else None
    given = [word for word in words if word != "--keep"]
    sys.exit(main(Path(given[0]), *map(int, given[1:]), kept=kept) > 0)
