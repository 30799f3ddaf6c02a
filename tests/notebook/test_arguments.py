import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oint_magics.errors import AuthSyntaxError, OintError, UsageError
from oint_magics.notebook.arguments import parse
from oint_magics.notebook.magic_table import MAGICS
from oint_magics.tokens.source import source_of

REFRESH, KEEP = MAGICS["twitter_refresh"], MAGICS["twitter_keep"]
GOOD = {"client_id": "an id", "refresh_token": "a-token"}
STRICT, OPI = json.dumps(GOOD), "{'client_id':'an id','refresh_token':'a-token'}"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", {}),
        ("  ", {}),
        ("--auth auth.json", {"--auth": "auth.json"}),
        ("--auth=auth.json", {"--auth": "auth.json"}),
        ("--auth    auth.json", {"--auth": "auth.json"}),
        ("--auth auth.json;", {"--auth": "auth.json"}),
        (f"--to {{name}} --auth {OPI}", {"--to": "{name}", "--auth": OPI}),
        ("--to \"a{b\" --auth {'a':{'b':'c'}}", {"--to": "a{b", "--auth": "{'a':{'b':'c'}}"}),
        ('--auth "my folder/auth.json"', {"--auth": "my folder/auth.json"}),
        ("--auth 'my folder/auth.json'", {"--auth": "my folder/auth.json"}),
        ("--auth Папка\\auth.json --to profile:x", {"--auth": "Папка\\auth.json", "--to": "profile:x"}),
        ("--to profile:x --auth env:", {"--auth": "env:", "--to": "profile:x"}),
        ("--if-expired", {"--if-expired": ""}),
        ("--if-expired --auth {name}", {"--if-expired": "", "--auth": "{name}"}),
        ("--auth { name } --if-expired", {"--if-expired": "", "--auth": "{ name }"}),
        ("--auth $name", {"--auth": "$name"}),
        (f"--auth {STRICT}", {"--auth": STRICT}),
        (f"--auth {OPI} --if-expired", {"--auth": OPI, "--if-expired": ""}),
        (f"--auth '{STRICT}' --to x", {"--auth": f"'{STRICT}'", "--to": "x"}),
        (f'--auth="{OPI}" --to x', {"--auth": f'"{OPI}"', "--to": "x"}),
        (f'--auth "{STRICT}"', {"--auth": f'"{STRICT}"'}),
        ("auth.json", {"--auth": "auth.json"}),
        ("--auth “my folder/auth.json”", {"--auth": "my folder/auth.json"}),
        ("--auth ‘auth.json’ --if-expired", {"--auth": "auth.json", "--if-expired": ""}),
        ("auth.json --to profile:x", {"--auth": "auth.json", "--to": "profile:x"}),
        (OPI, {"--auth": OPI}),
        ("--auth auth.json  # main account", {"--auth": "auth.json"}),
        ("--auth auth.json;  # main account", {"--auth": "auth.json"}),
        ("# nothing", {}),
        ("--auth auth.json ;", {"--auth": "auth.json"}),
        ("--auth file#1.json", {"--auth": "file#1.json"}),
        (f"--auth {OPI}  # it's mine", {"--auth": OPI}),
        ("\u2014auth auth.json", {"--auth": "auth.json"}),
        ("\u2013\u2013auth auth.json \u2014if-expired", {"--auth": "auth.json", "--if-expired": ""}),
        ("-auth auth.json", {"--auth": "auth.json"}),
        ("---auth=auth.json", {"--auth": "auth.json"}),
        ("--auth {folder}/auth.json --if-expired", {"--auth": "{folder}/auth.json", "--if-expired": ""}),
        ('--auth {cfg["twitter"]}', {"--auth": '{cfg["twitter"]}'}),
        ('--auth cfg["twitter"]', {"--auth": 'cfg["twitter"]'}),
    ],
)
def test_takes_a_line_apart(line, words):
    assert parse(line, REFRESH) == words


def test_words_without_a_dash_have_names():
    assert parse("auth.json profile:x", KEEP) == {"source": "auth.json", "store": "profile:x"}
    assert parse(f"{OPI} profile:x --replace", KEEP) == {"source": OPI, "store": "profile:x", "--replace": ""}
    assert parse("--replace a", KEEP) == {"source": "a", "--replace": ""}


MARK = "MARKER5ecret"
BAD = [
    (f"--auth x {MARK}", "Unexpected argument"),
    (f"a {MARK}", "Unexpected argument"),
    (f"a --auth {MARK}", "--auth"),
    (f"--auth a; {MARK}", "Unexpected argument after a semicolon"),
    (f"-{MARK} x", "an option that this magic does not have"),
    ("--help", "For help, type %twitter_refresh?"),
    ("--AUTH x", "Did you mean --auth?"),
    ("--if_expired", "Did you mean --if-expired?"),
    (f"--{MARK} x", "an option that this magic does not have"),
    ("--auth", "--auth needs a value"),
    (f"--auth a --auth {MARK}", "an option twice"),
    (f"--if-expired --if-expired {MARK}", "an option twice"),
    ("--auth --to x", "--auth needs a value"),
    ("--auth=", "--auth needs a value"),
    (f'--auth "{MARK}', "A quote is not closed"),
    (f"--auth '{MARK}", "A quote is not closed"),
    (f'--auth "a"{MARK}', "A space is missing"),
    (f"--if-expired={MARK}", "A space is missing"),
]


@pytest.mark.parametrize(("line", "words"), BAD)
def test_says_what_is_wrong_and_never_repeats_it(line, words):
    with pytest.raises(UsageError) as caught:
        parse(line, REFRESH)
    assert words in str(caught.value)
    assert REFRESH.text in str(caught.value)
    assert MARK not in str(caught.value)


SPELLINGS = {
    "bare strict": STRICT,
    "bare single-quoted": OPI,
    "in single quotes": f"'{STRICT}'",
    "in double quotes": f'"{STRICT}"',
    "OPI's own line": f'"{OPI}"',
    "single in single": f"'{OPI}'",
    "blanks inside": "{ 'client_id' : 'an id' , 'refresh_token' : 'a-token' }",
    "blanks within the quotes": f'" {OPI} "',
    "trailing comma": "{'client_id':'an id','refresh_token':'a-token',}",
    "escaped for a shell": '"' + STRICT.replace('"', '\\"') + '"',
    "an escaped apostrophe": "{'client_id':'an id','refresh_token':'a-token','note':'it\\'s'}",
    "an apostrophe in double quotes": '{"client_id":"an id","refresh_token":"a-token","note":"it\'s"}',
    "a closing brace in a value": '{"client_id":"an id","refresh_token":"a-token","note":"}"}',
    "mixed quotes": "{\"client_id\":'an id','refresh_token':\"a-token\"}",
    "None as Python writes it": "{'client_id':'an id','refresh_token':'a-token','client_secret':None}",
    "a comment": "{'client_id':'an id', /* mine */ 'refresh_token':'a-token'}",
    "no closing outer quote": f'"{OPI}',
}
CUT = {
    "cut in a value": f"{{'client_id':'{MARK}",
    "cut after a value": f"\"{{'client_id':'{MARK}'",
    "an apostrophe that closes": f"{{'client_id':'it's {MARK}'}}",
    "no quotes": f"{{client_id:{MARK}}}",
    "cut in escapes": f'"{{\\"client_id\\":\\"{MARK}',
    "a list": f"\"['{MARK}']\"",
    "two objects": f"{OPI}{{'a':'{MARK}'}}",
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_inline_text_in_every_spelling_that_works(name):
    """All of them are the same auth structure, and what follows is still read."""
    words = parse(f"--auth {SPELLINGS[name]} --if-expired", REFRESH)

    auth = source_of(words["--auth"]).read()
    assert (auth.client_id, auth.refresh_token.reveal()) == ("an id", "a-token")
    assert "--if-expired" in words


@pytest.mark.parametrize("name", CUT)
def test_inline_text_that_does_not_work_is_not_repeated(name):
    with pytest.raises(OintError) as caught:
        source_of(parse(f"--auth {CUT[name]}", REFRESH)["--auth"])
    assert MARK not in str(caught.value)
    assert caught.value.next_step


@given(st.text(alphabet="-auth to{}[]\"'\\:,=$ xé\n", max_size=60))
def test_any_line_is_taken_apart_or_refused_by_our_own_errors(line):
    try:
        parse(line, REFRESH)
    except (UsageError, AuthSyntaxError) as error:
        assert error.__context__ is None
