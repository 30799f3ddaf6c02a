"""A server that sends markup, control characters, bidi overrides, escapes and megabytes: all of it ends as text.

Each trial is one whole refresh; what a user then sees is read by a browser, by a Markdown renderer, and as a terminal.
"""

import html.parser
import json
import unicodedata

import browser
import mistune
import pytest
from playwright.sync_api import sync_playwright
from raw_server import answer

from oint_magics import errors, twitter

PAIR = {"token_type": "bearer", "expires_in": 7200, "access_token": "new-access", "refresh_token": "new-token"}
HOSTILE = {
    "markup": '</code></td></table><img src=x onerror="document.title=1"><script>document.title=2</script>&lt;b&gt;',
    "Markdown": "| [click](javascript:alert(1)) ![x](http://127.0.0.1:9/x) WWW.example.com a@example.com `code` **bold** <b onmouseover=x>\n\n# head",
    "controls": "a\x00b\x08c\x07d\x7fe\x9bf\r\ng\x0bh\u2028i\u2029j",
    "bidi": "safe\u202eexe.txt\u202c \u2066x\u2069 zero\u200bwidth \ufeffmark",
    "ANSI": "\x1b[2J\x1b[31mred\x1b]0;title\x07\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\x9b31m",
    "surrogates": "\ud800 alone",
    "a megabyte": "m" * 1_000_000,
    "many marks": "Zalgo" + "\u0301" * 80_000,
}
MEANT = {"div", "style", "table", "caption", "tbody", "tr", "th", "td", "code"}


class Tags(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)


@pytest.fixture(scope="module")
def page():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser.find(), args=["--no-sandbox"])
        page = chromium.new_page()
        yield page
        chromium.close()


@pytest.fixture
def ask(raw, monkeypatch, auth):
    """Refresh once, against a server that answers this."""

    def ask(status, document, *headers):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        monkeypatch.setenv("OINT_TWITTER_TOKEN_URL", raw(answer(status, body, *headers)).url)
        return twitter.refresh(auth, to="profile:hostile")

    return ask


def is_harmless(text):
    """Tell whether a text does nothing to a terminal, nor hides a part of itself."""
    return all(c == "\n" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for c in text)


@pytest.mark.parametrize("kind", HOSTILE)
def test_an_answer_is_visible_text_in_all_three_faces(ask, page, kind):
    text = HOSTILE[kind]
    key = text if len(text) < 1000 else text[:200_000]
    document = PAIR | ({"scope": text} if len(text) > 1000 else {"scope": text, "token_type": text, key: text})
    faces = ask("200 OK", document)._repr_mimebundle_()

    page.goto("about:blank")
    page.set_content(faces["text/html"])
    assert page.title() == ""
    assert page.locator("script, img, iframe, a, svg, object").count() == 0
    assert page.locator("table").count() == 1
    assert Tags(faces["text/html"]).found <= MEANT
    assert is_harmless(page.locator("table").inner_text().replace("\t", " "))
    rendered = Tags(
        mistune.create_markdown(escape=False, plugins=["table", "strikethrough", "url"])(faces["text/markdown"])
    )
    assert rendered.found <= {"p", "strong", "span", "table", "thead", "tbody", "tr", "th", "td"}
    assert is_harmless(faces["text/plain"])
    assert is_harmless(faces["text/markdown"])
    assert max(map(len, faces.values())) < 20_000


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "200 OK"])
def test_a_refusal_is_visible_text(ask, kind, status):
    text = HOSTILE[kind][:990_000]
    with pytest.raises(errors.TokenRefused) as caught:
        ask(
            status,
            {
                "error": text[:80_000] or "x",
                "error_description": text[: 600_000 if text[0] == "m" else 80_000],
                "error_uri": "javascript:1",
            },
        )

    shown = "\n".join(caught.value._render_traceback_())
    assert shown == f"TokenRefused: {caught.value}"
    for face in (shown, repr(caught.value), str(caught.value.error), str(caught.value.description)):
        assert is_harmless(face)
        assert len(face) < 2000


@pytest.mark.parametrize("status", ["301 Moved", "403 Forbidden", "404 Not Found", "429 Too Many Requests",
                                    "500 Internal Server Error", "503 Unavailable"])  # fmt: skip
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_page_in_place_of_an_answer_is_not_shown(ask, status, kind):
    body = HOSTILE[kind].encode("utf-8", "surrogatepass")
    line = "hostile line " + "".join(c for c in HOSTILE[kind][:200] if c.isascii() and c not in "\r\n\0\x0b")
    with pytest.raises(errors.OintError) as caught:
        ask(
            f"{status} {line}",
            body,
            f"Location: http://x/{line}",
            f"Retry-After: {line}",
            f"X-Rate-Limit-Reset: {line}",
        )

    shown = "\n".join(caught.value._render_traceback_())
    assert is_harmless(shown)
    assert len(shown) < 1000
    assert "hostile line" not in shown
