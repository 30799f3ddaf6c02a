import json
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from oint_magics.auth.json_text import read_object
from oint_magics.errors import AuthSyntaxError

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(texts, values, max_size=6)


@given(objects, st.sampled_from([None, 0, 2, "\t"]), st.booleans())
def test_reads_json_as_json_does(value, indent, ascii_only):
    """Whatever strict JSON says, we say too."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    if not ascii_only:
        text = text.replace("\x7f", "\\u007f")

    assert read_object(text).values() == value


@given(st.dictionaries(texts, texts | st.none() | st.booleans() | st.integers(), max_size=6))
def test_reads_pythons_repr(value):
    """What `print(dict)` shows can be pasted."""
    assert read_object(repr(value)).values() == value


@given(st.text(alphabet="{}[]:,'\"\\ \n\t/*abu0x1.-eE\u2028é", max_size=40))
def test_refuses_or_reads_and_never_breaks(text):
    """Any text is read or refused by our own error, in which the text does not stand."""
    try:
        read_object("{" + text)
    except AuthSyntaxError as error:
        assert error.__context__ is None
        assert "line " in str(error)


@given(objects, objects.filter(bool))
def test_takes_the_first_object_and_tells_where_it_ends(first, second):
    text = json.dumps(first)

    found = read_object(text + " " + json.dumps(second), whole=False)

    assert found.end == len(text)
    assert found.values() == first


literals = st.text(alphabet=string.printable, min_size=1) | st.integers(0, 2**40)


@given(objects, st.dictionaries(texts, literals, min_size=1, max_size=3), st.sampled_from([None, 2, "\t"]))
def test_edits_values_and_nothing_else(before, changes, indent):
    """After an edit the object holds the changes, in place, and every other value and the order as before."""
    text = json.dumps(before, indent=indent)

    after = read_object(read_object(text).replaced(changes))

    assert after.values() == before | changes
    assert list(after.values()) == list(before | changes)


@given(objects)
def test_an_edit_that_changes_nothing_changes_no_byte(before):
    text = json.dumps(before, indent=3) + "  \n"

    assert read_object(text).replaced({}) == text


@given(st.text(alphabet=string.printable, min_size=1))
def test_single_quoted_files_stay_single_quoted(value):
    text = read_object("{'a':'x', 'b' : 'y',}").replaced({"a": value, "c": value})

    assert '"' not in text.replace(value, "")[:1]
    assert read_object(text).values() == {"a": value, "b": "y", "c": value}


def test_an_addition_takes_the_files_style():
    """A new key stands on a line of its own where the others do, with their indent and colon."""
    text = '{\n   "a" : "x", // why\n   "b" : "y" // because\n}\n'

    assert read_object(text).replaced({"c": 5}) == '{\n   "a" : "x", // why\n   "b" : "y",\n   "c" : 5 // because\n}\n'
    assert read_object('{"a":1}').replaced({"c": "d"}) == '{"a":1,"c":"d"}'
    assert read_object("{ }").replaced({"c": "d", "e": 1}) == '{"c": "d", "e": 1 }'
    assert read_object('{\n  "a": 1 /* x */\n}').replaced({"c": 2}) == '{\n  "a": 1,\n  "c": 2 /* x */\n}'


LENIENT = {
    "{'a':'b'}": {"a": "b"},
    "{'a':'it\\'s'}": {"a": "it's"},
    '{"a":"it\'s"}': {"a": "it's"},
    "{'a':'say \"x\"'}": {"a": 'say "x"'},
    '{"a":1,}': {"a": 1},
    '{"a":[1,2,],}': {"a": [1, 2]},
    '{"a":1 /* x */, // y\n "b":2}': {"a": 1, "b": 2},
    '// first\n{"a":1}// last': {"a": 1},
    "{'a':None,'b':True,'c':False}": {"a": None, "b": True, "c": False},
    '{"a":null,"b":true,"c":false}': {"a": None, "b": True, "c": False},
    "{'a':'\\x1f\\U0001f600\\/'}": {"a": "\x1f😀/"},
    '{"a":"\\ud83d\\ude00"}': {"a": "😀"},
    '{"a":-0.5e+3}': {"a": -500.0},
    '{"a":"//x/*y*/"}': {"a": "//x/*y*/"},
    "\n {} \n": {},
}


@pytest.mark.parametrize("text", LENIENT)
def test_reads_what_people_write(text):
    assert read_object(text).values() == LENIENT[text]


SECRET = "MARKERSECRET"
REFUSED = {
    "": "the text is empty",
    "   ": "the text is empty",
    SECRET: "does not begin with {",
    f'["{SECRET}"]': "a list stands where one object is wanted",
    f'"{SECRET}"': "does not begin with {",
    f'{{"{SECRET}"': "the text is cut off",
    f'{{"a": "{SECRET}': "no closing quote",
    f'{{"a": "{SECRET}"': "the text is cut off",
    '{"a": ': "the text is cut off",
    '{"a"': "the text is cut off",
    "{": "the text is cut off",
    '{"a": [1': "the text is cut off",
    f'{{"a": "x\n{SECRET}"}}': "no closing quote",
    f'{{"a": "x\t{SECRET}"}}': "control character",
    f'{{"a": {SECRET}}}': "a value in quotes is wanted",
    f"{{{SECRET}: 1}}": "a key in quotes is wanted",
    '{"a": NaN}': "a value in quotes is wanted",
    '{"a": 01}': "a value in quotes is wanted",
    '{"a": 1x}': "a value in quotes is wanted",
    '{"a": +1}': "a value in quotes is wanted",
    f'{{"a": {"1" * 401}}}': "a value in quotes is wanted",
    f'{{"a": "{SECRET}" "b"}}': "a comma or a closing bracket is missing",
    f'{{"{SECRET}" "b"}}': ": is wanted",
    '{"a":1} {"b":2}': "more text behind the closing }",
    '{"a":1}x': "more text behind the closing }",
    '{"refresh_token":1,"refresh_token":2}': "column 20: refresh_token stands there a second time",
    f'{{"{SECRET}":1,"{SECRET}":2}}': "a key stands there a second time",
    '{"a":"\\q"}': "a backslash that escapes nothing",
    "{'a':'\\U00110000'}": "an escape that no character has",
    "{'a':'it's'}": "a comma or a closing bracket is missing",
    "{,}": "a key in quotes is wanted",
    '{"a":1,,"b":2}': "a key in quotes is wanted",
    '{"a":' + "[" * 100_000: "too many brackets",
    '{"a":' * 100_000: "too many brackets",
    '{"a":' + '[{"b":' * 100_000: "too many brackets",
    "/* never closed": "does not begin with {",
}


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_refuses_with_a_reason_and_no_echo(text):
    """Each fault has its reason, with line and column, and the text is not in the error."""
    with pytest.raises(AuthSyntaxError) as caught:
        read_object(text)

    assert REFUSED[text] in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__context__ is None


def test_brackets_may_stand_sixty_deep():
    for text in ('{"a":' * 60 + "1" + "}" * 60, '{"a":' + "[" * 60 + "]" * 60 + "}"):
        assert read_object(text).values() == json.loads(text)


def test_names_line_and_column():
    with pytest.raises(AuthSyntaxError, match="line 1, column 1:"):
        read_object("x")
    with pytest.raises(AuthSyntaxError, match="line 2, column 1:"):
        read_object("\nx")
    with pytest.raises(AuthSyntaxError, match="line 3, column 8"):
        read_object('{\n  "a": 1,\n  "b": x\n}')


def test_reads_60_kilobytes_of_hostile_text_at_once():
    """Long strings, deep comments and many keys cost no more than their length."""
    for text in ('{"a":"' + "\\n" * 30_000, "{" + "/*" * 30_000, '{"a":1' + " " * 60_000, "{" + "'a" * 30_000):
        with pytest.raises(AuthSyntaxError):
            read_object(text)


@given(st.text())
def test_the_object_does_not_show_its_text(value):
    assume(len(value) > 3)
    assert value not in repr(read_object(json.dumps({"key": value})))
