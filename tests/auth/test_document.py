"""Saving is true to the byte: texts are built of pieces, so what must stand there afterwards is known without our code."""

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oint_magics.auth.document import edited, read_document
from oint_magics.auth.dotenv_text import read_dotenv
from oint_magics.auth.text_file import decoded
from oint_magics.errors import AuthError

MANY = settings(max_examples=(settings.get_current_profile_name() == "quick" and 10) or 1000)
TOKEN = st.text(string.ascii_letters + string.digits + "-_=.~+/", min_size=20, max_size=40).map(lambda text: f"t{text}")
NEW = {
    "access_token": "NEW-access-token-0000000",
    "refresh_token": "NEW-refresh-token-000000",
    "expires_at": 1_764_170_000,
}
STYLES = {
    "snake": lambda key: key,
    "camel": lambda key: key.split("_")[0] + "".join(w.title() for w in key.split("_")[1:]),
    "pascal": lambda key: "".join(w.title() for w in key.split("_")),
    "kebab": lambda key: key.replace("_", "-"),
    "x": lambda key: "x" + "".join(w.title() for w in key.split("_")),
    "capitals": lambda key: "TWITTER_" + key.upper(),
}
# Each form of an end, and the new end in it.
ENDS = [("1764160000", "1764170000"), ("1764160000000", "1764170000000"), ('"1764160000"', '"1764170000"'),
        ('"2025-11-26T12:26:40Z"', '"2025-11-26T15:13:20Z"'), ('"2025-11-26T12:26:40.123+00:00"', '"2025-11-26T15:13:20.000+00:00"'),
        ('"2025-11-26 15:26:40+03:00"', '"2025-11-26 18:13:20+03:00"'), ("1764160000.5", "1764170000.0"), ("null", "1764170000")]  # fmt: skip
BLANK = st.sampled_from(["", " ", "\n  ", "\r\n\t", " /* refresh_token */ ", " // client_id: x\n", "\n\n"])
ELSEWHERE = st.sampled_from([
    '"note": "refresh_token"', '"google": {"client_id": "g", "refresh_token": "old"}', '"list": [1, 2.50, {"access_token": "z"}]',
    '"ключ": "значение \\ud83d\\ude00 é"', '"n": 1e3', '"esc": "a\\\\u0041\\/b"', "'single': 'it\\'s'", '"refresh_token_old": "q"',
])  # fmt: skip


@st.composite
def json_files(draw):
    """Return a JSON file before and after, as text: the app and the tokens in one spelling, one place, one form."""
    style = STYLES[draw(st.sampled_from(sorted(STYLES)))]
    inside = draw(st.sampled_from([None, "token", "tokens", "credentials"]))
    end = draw(st.sampled_from(ENDS))
    values = {"access_token": (json.dumps(draw(TOKEN)), f'"{NEW["access_token"]}"'),
              "refresh_token": (json.dumps(draw(TOKEN)), f'"{NEW["refresh_token"]}"'), "expires_at": end}  # fmt: skip

    def members(pairs, more):
        items = [(f'"{style(key)}"{draw(BLANK)}:{draw(BLANK)}', *value) for key, value in pairs.items()]
        items += [(each, "", "") for each in more]
        items = draw(st.permutations(items))
        before, after = [], []
        for start, old, new in items:
            gap = draw(BLANK)
            before.append(gap + start + old)
            after.append(gap + start + new)
        comma = draw(st.sampled_from(["", ","]))
        gap = draw(BLANK)
        return "{" + ",".join(before) + comma + gap + "}", "{" + ",".join(after) + comma + gap + "}"

    app = {"client_id": ('"an-id"', '"an-id"')}
    more = draw(st.lists(ELSEWHERE, unique=True, max_size=3))
    if inside is None:
        return members(app | values, more)
    inner_before, inner_after = members(values, [])
    return members(app | {inside: (inner_before, inner_after)}, more)


@MANY
@given(json_files(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_json_every_other_byte_stays(texts, encoding):
    before, after = texts
    file = decoded(before.encode(encoding, "surrogatepass"), "auth.json")

    saved = file.encoded(edited(read_document(file.text, "auth.json"), dict(NEW)))

    assert saved.decode(encoding, "surrogatepass") == after


LINE_END = st.sampled_from(["\n", "\r\n"])
OTHERS = st.sampled_from(["", "# refresh_token=x", "  # X_REFRESH_TOKEN=y", "DB=postgres://u:p@h/d#frag", 'MULTI="two\nlines"', "GOOGLE_REFRESH_TOKEN=g",
                          "export PATH=$PATH:/x", "EMPTY=", "no equals sign", "Q='it\\'s # no comment'", "é=ü", "BAD LINE = = 'x"])  # fmt: skip
QUOTE = st.sampled_from(["", "'", '"'])


@st.composite
def dotenv_files(draw):
    """Return a dotenv file before and after."""
    prefix = draw(st.sampled_from(["X_", "TWITTER_", "", "X_OAUTH2_"]))
    newline = draw(LINE_END)
    lines = []
    for key in (
        "client_id",
        "client_secret",
        "refresh_token",
        *draw(st.sampled_from([(), ("access_token", "expires_at")])),
    ):
        quote, token = draw(QUOTE), draw(TOKEN)
        old, new = (token, NEW.get(key, token)) if key != "expires_at" else ("1764160000", "1764170000")
        start = (
            draw(st.sampled_from(["", "export ", "  "]))
            + prefix
            + key.upper()
            + draw(st.sampled_from(["=", " = ", "= "]))
        )
        end = draw(st.sampled_from(["", "  ", " # refresh_token"]))
        lines.append((f"{start}{quote}{old}{quote}{end}", f"{start}{quote}{new}{quote}{end}"))
    lines += [(each, each) for each in draw(st.lists(OTHERS, max_size=5))]
    lines = draw(st.permutations(lines))
    last = draw(st.sampled_from([newline, ""]))
    return newline.join(b for b, _ in lines) + last, newline.join(a for _, a in lines) + last


@MANY
@given(dotenv_files(), st.sampled_from(["utf-8", "utf-8-sig"]))
def test_dotenv_every_other_byte_stays(texts, encoding):
    before, after = texts
    file = decoded(before.encode(encoding), ".env")

    saved = file.encoded(edited(read_document(file.text, ".env"), dict(NEW)))

    assert saved.decode(encoding) == after


ANY_TOKEN = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


@MANY
@given(ANY_TOKEN, QUOTE, st.sampled_from(["", " # c", "\nB=1"]))
def test_any_token_that_rfc_6749_allows_is_read_again(token, quote, end):
    """A `.env` takes what needs quotes in quotes."""
    text = f"X_CLIENT_ID=a\nX_REFRESH_TOKEN={quote}old{quote}{end}\n"

    saved = edited(read_document(text, ".env"), {"refresh_token": token})

    assert read_document(saved, ".env").values()["refresh_token"] == token


@MANY
@given(st.text(max_size=200), st.sampled_from(["auth.json", ".env"]))
def test_any_text_is_read_or_refused_in_our_words(text, name):
    try:
        document = read_document(text, name)
        document.auth()
    except AuthError as error:
        assert len(text) < 42 or text not in str(error)


@pytest.mark.parametrize(("text", "name", "added"), [
    ('{"clientId": "a", "refreshToken": "b"}', "auth.json", {"accessToken", "expiresAt"}),
    ('{"ClientId": "a", "RefreshToken": "b"}', "auth.json", {"AccessToken", "ExpiresAt"}),
    ('{"client-id": "a", "refresh-token": "b"}', "auth.json", {"access-token", "expires-at"}),
    ('{"X_CLIENT_ID": "a", "X_REFRESH_TOKEN": "b"}', "auth.json", {"X_ACCESS_TOKEN", "X_EXPIRES_AT"}),
    ('{"client_id": "a", "oauth2RefreshToken": "b"}', "auth.json", {"oauth2AccessToken", "oauth2ExpiresAt"}),
    ('{"client_id": "a", "refresh_token": "b"}', "auth.json", {"access_token", "expires_at"}),
])  # fmt: skip
def test_what_has_no_place_is_added_in_the_files_own_spelling(text, name, added):
    saved = edited(read_document(text, name), dict(NEW))

    assert set(json.loads(saved)) - set(json.loads(text)) == added


def test_nothing_of_the_values_is_shown():
    for text, name in (
        ('{"client_id": "a", "refresh_token": "MARK"}', "a.json"),
        ("X_CLIENT_ID=a\nX_REFRESH_TOKEN=MARK\n", ".env"),
    ):
        document = read_document(text, name)
        assert "MARK" not in repr(document)
    assert "MARK" not in repr(read_dotenv("A=MARK"))
