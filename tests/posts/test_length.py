"""Length and links, beside what X's own library says of 300 texts (`benchmarks/lengths.py` makes and compares more)."""

import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from oint_magics import twitter
from oint_magics.posts import length
from oint_magics.posts.text import counted, with_line_feeds

HERE = Path(__file__).parent
OF_X = json.loads((HERE / "lengths.json").read_text("utf-8"))


def ours(text):
    normal = unicodedata.normalize("NFC", text)
    found = list(length.links(normal))
    return [length.length(normal, found), [[start, end - start, protocol] for start, end, protocol in found]]


def test_300_texts_have_the_length_and_links_that_x_s_library_finds():
    assert len(OF_X) == 300
    assert [text for text, *found in OF_X if ours(text) != found] == []


@pytest.mark.parametrize(("text", "number"), [
    # Signs that are no emoji without a selector, and one emoji with it.
    ("©", 1), ("®", 1), ("©\ufe0f", 2), ("®\ufe0f", 2), ("©\ufe0e", 3), ("™", 2), ("™\ufe0f", 2), ("❤\ufe0f", 2),
    ("⚡\ufe0f", 2), ("⭐\ufe0f", 2), ("👍\ufe0f", 4), ("a\ufe0f", 3), ("☝\ufe0f🏽", 2), ("☝🏽", 2),
    # Sequences, and what only looks like one.
    ("1\u20e3", 2), ("#\ufe0f\u20e3", 2), ("a\u20e3", 3), ("🇩🇪🇫🇷", 4), ("🇩", 2), ("🇦🇦", 4), ("👩🏽\u200d🚒", 2),
    ("👨\u200d👨", 5), ("👩\u200d👩\u200d👧\u200d👦", 2), ("🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", 2),
    ("🏳\ufe0f\u200d🌈", 2),
    # Newer than X's library, which counts the parts of it. X's page on counting promises 2.
    ("👩🏽\u200d🤝\u200d👨🏿", 2),
    # What is made of several characters, and X counts after it has put them together.
    ("e\u0301", 1), ("한", 2), ("\u1112\u1161\u11ab", 2), ("a\r\nb", 4), ("a\nb", 3),
])  # fmt: skip
def test_signs_emoji_and_line_ends(text, number):
    assert counted(text).length == number


@pytest.mark.parametrize(("text", "links", "domains"), [
    ("(https://example.com/a_(b)).", ["https://example.com/a_(b)"], []),
    ("https://example.com/a_(b, https://a.de/(c(d)e)!", ["https://example.com/a_", "https://a.de/(c(d)e)"], []),
    ("https://a.de:80/x?y=1&z=(2). https://a.de?q=1,", ["https://a.de:80/x?y=1&z=(2", "https://a.de?q=1"], []),
    ("日本https://a.de/日本 日本a.de日本", ["https://a.de/"], ["a.de"]),
    ("https://例え.jp/ПУТЬ 例え.jp https://почта.рф x.рф", ["https://例え.jp/ПУТЬ", "https://почта.рф"], ["x.рф"]),
    ("https://xn--bcher-kva.xn--p1ai/é–ü", ["https://xn--bcher-kva.xn--p1ai/é–ü"], []),
    ("https://foo_bar.com https://foo_bar.example.com", ["https://foo_bar.example.com"], []),
    ("https://-a.de https://a-.de https://a-b.de -a.de _a.de /a.de .a.de", ["https://a-b.de"], []),
    ("me@a.de @a.de #a.de $a.de xhttps://a.de", [], []),
    ("a.de/b?c=d, (A.CO.UK) e.g. file.py 3.14 a.zzz a.comx a.com@b", [], ["a.de/b?c=d", "A.CO.UK", "file.py"]),
    ("HTTPS://T.CO/abc-def https://t.co/" + "a" * 41 + " https://t.co/" + "a" * 40,
     ["HTTPS://T.CO/abc", "https://t.co/" + "a" * 40], []),
    ("https://" + "a" * 64 + ".de https://" + "日" * 64 + ".de https://" + "a" * 63 + ".de", ["https://" + "a" * 63 + ".de"], []),
    ("a.de:80 a.de:80/ a.de?b", [], ["a.de", "a.de:80/", "a.de"]),
    # Top-level domains that are younger than X's library.
    ("https://a.music a.kids https://a.the", ["https://a.music"], ["a.kids"]),
])  # fmt: skip
def test_where_a_link_begins_and_ends(text, links, domains):
    assert counted(text)[1:] == (tuple(links), tuple(domains))


def test_a_link_longer_than_x_makes_one_is_text():
    longest = 4096 - len("https://") - len("https://a.de/")

    assert counted("https://a.de/" + "a" * longest).length == 23
    assert counted("https://a.de/" + "a" * (longest + 1)).length == 4089
    assert counted("a.de/" + "a" * 700).length == 23


@pytest.mark.parametrize("part", ["a.", "日", "日.", "a.com日_.", "a_b.", "(a", "a(b", "http://", "a.de/?!", "-.", "\ufe0f", "👍🏽",
                                  "a\u0301\u0316", "example.com"])  # fmt: skip
def test_no_text_takes_long(part):
    """Time that grows with the square of the length would not come to its end here."""
    text = f"https://a.de/{part * (19_000 // len(part))}"

    assert counted(text).length > 23


def test_every_line_ends_with_one_character():
    assert with_line_feeds("a\r\nb\rc\nd\r\r\n") == "a\nb\nc\nd\n\n"


def test_what_is_counted_is_shown_claimed_and_sent(sandbox, auth, picture):
    text = "\r\n".join("a" * 70 for _ in range(4))[:279]  # 282 as it is
    preview = twitter.post(text, auth=auth, preview=True)
    post = twitter.post(text, auth=auth)
    again = twitter.post(text.replace("\r\n", "\n"), auth=auth)
    with_alt = twitter.post("x", auth=auth, media=[picture], alt=["one\r\ntwo"])

    assert sandbox.posts.made[post["id"]]["text"] == preview["text"] == text.replace("\r\n", "\n")
    assert "276 of 280" in str(preview)
    assert again.already_posted
    assert with_alt["id"] in sandbox.posts.made
    assert [each.alt_text for each in sandbox.media.uploads.values()] == ["one\ntwo"]


def fresh(code):
    """Return what a fresh process prints in which neither pkg_resources nor setuptools can be imported."""
    hidden = "import sys; sys.modules |= dict.fromkeys(('pkg_resources', 'setuptools', 'distutils')); "
    return subprocess.run([sys.executable, "-c", hidden + code], capture_output=True, text=True, check=True).stdout


def test_a_post_without_setuptools(sandbox, auth):
    found = fresh(f"from oint_magics import twitter; print(twitter.post('1️⃣ a.de ©', auth={auth!r})['id'])")

    assert sandbox.posts.made[found.strip()]["text"] == "1️⃣ a.de ©"


def test_emoji_are_looked_up_only_for_a_text_that_joins_some():
    look = "; from oint_magics.posts.text import counted; print(counted({!a}).length, 'emoji' in sys.modules)"

    assert fresh("from oint_magics import twitter; print('oint_magics.posts' in sys.modules)") == "False\n"
    assert fresh("pass" + look.format("Hello 日本 😀 https://example.com")) == "37 False\n"
    assert fresh("pass" + look.format("Hello 👍🏽")) == "8 True\n"
