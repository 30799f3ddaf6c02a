"""Bash and batch as OPI's pages have them, and what people make of them."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oint_magics.errors import UsageError
from oint_magics.opi.command_line import commands


def words(text):
    return [list(each.words) for each in commands(text)]


@pytest.mark.parametrize(("text", "expected"), [
    ("", []),
    ("  \n# a comment\n:: another\nREM a third\n", []),
    ("oint", [[]]),
    ("oint twitter M", [["twitter", "M"]]),
    ("OINT.exe twitter M", [["twitter", "M"]]),
    ("oint.bat twitter M", [["twitter", "M"]]),
    ("$ oint twitter M\n$ oint twitter N", [["twitter", "M"], ["twitter", "N"]]),
    ("oint twitter M `\n  --text x", [["twitter", "M", "--text", "x"]]),
    ("oint twitter M --text a`b", [["twitter", "M", "--text", "a`b"]]),
    ('oint twitter M --auth "{""a"":""b c""}"', [["twitter", "M", "--auth", '{"a":"b c"}']]),
    ('oint twitter M ^\n  --options "[""a"",""b""]"', [["twitter", "M", "--options", '["a","b"]']]),
    ('oint twitter M --text "a""b"', [["twitter", "M", "--text", "ab"]]),
    ("twitter M --text x", [["twitter", "M", "--text", "x"]]),
    ('oint twitter M --text "two words"', [["twitter", "M", "--text", "two words"]]),
    ("oint twitter M --text 'two \"words\"'", [["twitter", "M", "--text", 'two "words"']]),
    ('oint twitter M --text="a b"', [["twitter", "M", "--text=a b"]]),
    ('oint twitter M --text a"b c"d', [["twitter", "M", "--text", "ab cd"]]),
    ('oint twitter M --text "a \\"b\\" \\\\ \\$ \\n"', [["twitter", "M", "--text", 'a "b" \\ $ \\n']]),
    ("oint twitter M --text a\\ b", [["twitter", "M", "--text", "a b"]]),
    ("oint twitter M \\\n  --text x \\\n  --auth y", [["twitter", "M", "--text", "x", "--auth", "y"]]),
    ("oint twitter M \\  \n  --text x", [["twitter", "M", "--text", "x"]]),
    ("oint twitter M ^\n  --text x ^\n  --auth y\n", [["twitter", "M", "--text", "x", "--auth", "y"]]),
    ("oint twitter M --text x \\", [["twitter", "M", "--text", "x"]]),
    ('oint twitter M --text "a\nb"', [["twitter", "M", "--text", "a\nb"]]),
    ("oint twitter A\noint twitter B", [["twitter", "A"], ["twitter", "B"]]),
    ("oint twitter A && oint twitter B; oint twitter C", [["twitter", "A"], ["twitter", "B"], ["twitter", "C"]]),
    ("oint twitter A # why\n# more\noint twitter B", [["twitter", "A"], ["twitter", "B"]]),
    ("oint twitter M --text a#b", [["twitter", "M", "--text", "a#b"]]),
    (":: x\noint twitter M ^\n --text 'it' --files \"C:\\a\\b.png\"", [["twitter", "M", "--text", "'it'", "--files", "C:\\a\\b.png"]]),
    (':: x\noint twitter M --text "a \\"b\\""', [["twitter", "M", "--text", 'a "b"']]),
    ("oint twitter M --text C:\\a\\b", [["twitter", "M", "--text", "C:\\a\\b"]]),
    ("oint twitter M --auth {'a': 'b c', 'd': 'e'} --text x", [["twitter", "M", "--auth", "{'a': 'b c', 'd': 'e'}", "--text", "x"]]),
    ("oint twitter M --options ['a b', \"c\"] -d 60", [["twitter", "M", "--options", "['a b', \"c\"]", "-d", "60"]]),
    ("oint twitter M --auth \"{'a':'b'}\"", [["twitter", "M", "--auth", "{'a':'b'}"]]),
    ("oint twitter M --text “curly quotes”", [["twitter", "M", "--text", "curly quotes"]]),
    ('oint twitter Метод --text "Тест"', [["twitter", "Метод", "--text", "Тест"]]),
])  # fmt: skip
def test_words(text, expected):
    assert words(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        'oint twitter M --text "MARK5ecret',
        "oint twitter M --text 'MARK5ecret",
        "oint t M --auth {'MARK5ecret': ",
        "oint t M -o ['MARK5ecret'",
    ],
)
def test_what_is_not_closed_is_named_by_its_line_alone(text):
    with pytest.raises(UsageError, match="is not closed") as caught:
        commands("# one\n" + text)
    assert "line 2" in str(caught.value)
    assert "MARK5ecret" not in str(caught.value)


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n^&;"), min_size=1, max_size=12),
        min_size=1,
        max_size=5,
    )
)
def test_what_a_shell_quotes_is_read_as_it_was(values):
    """Python's own quoting for bash, read back."""
    line = "oint twitter M " + " ".join(shlex.quote(value) for value in values)
    if any(value.startswith(("{", "[", "#")) for value in values) or "“" in line or "«" in line:
        return
    assert words(line) == [["twitter", "M", *values]]
