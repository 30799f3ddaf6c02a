"""U1: a `#` in a line never drops an option."""

import random

import pytest
from field.rows import case, is_alive, read
from field.test_lines import run

from oint_magics.errors import UsageError
from oint_magics.notebook.arguments import parse
from oint_magics.notebook.magic_table import MAGICS
from oint_magics.opi.command_line import commands

LINES = [
    case("U1", "a hashtag before --auth", "posts as alice", '%twitter_post "We are hiring" #python --auth bob.json'),
    case("U1", "a hashtag before --preview", "really posts", '%twitter_post "x2" #launch --preview'),
    case("U1", "an option in a comment", "really posts", '%twitter_post "x2" # launch --preview'),
    case("U1", "the same after a semicolon", "really posts", '%twitter_post "x2"; #launch --preview'),
    case("U1", "a number sign and a digit, a long dash", "posts as alice", '%twitter_post "x2" #1 —auth bob.json'),
    case("U1", "above a cell", "posts as alice", "%%twitter_post #python --auth bob.json\nWe are hiring"),
    case("U1", "a revocation", "revokes alice", "%twitter_revoke --auth alice.json #old --auth bob.json"),
    case("U1", "a bare oint line", "posts as the last account", 'oint twitter CreateTextTweet --text "Hello" #python --auth bob.json'),
    case("U1", "%oint", "posts as the last account", '%oint twitter CreateTextTweet --text "Hello" #python --auth bob.json'),
    case("U1", "an oint line over two lines", "posts as the last account", 'oint twitter CreateTextTweet \\\n  --text "Hello" #a \\\n  --auth bob.json'),
    case("U1", "a misspelled option in a comment", "really posts", '%twitter_post "x2" # --prevew'),
    case("U1", "an option in brackets in a comment", "really posts", '%twitter_post "x2" # (--preview)'),
    case("U1", "a long dash in an oint line's comment", "posts as the last account", 'oint twitter CreateTextTweet --text "Hello" # —auth bob.json'),
    case("U1", "--auth without a value in an oint line", "posts as the last account", 'oint twitter CreateTextTweet --text "Hello" --auth ""'),
    case("U1", "an option in an oint line's comment", "posts as the last account", 'oint twitter CreateTextTweet --text "Hello" # as --auth bob.json'),
]  # fmt: skip


@pytest.mark.parametrize("cell", LINES)
def test_nothing_is_sent(shell, sandbox, auth_file, after, cell):
    auth_file("alice.json")
    auth_file("bob.json")
    run(shell, '%twitter_post "the first one" --auth alice.json')

    _, error, said = run(shell, cell)

    assert isinstance(error, UsageError), said
    assert "Nothing was sent." in str(error).splitlines()[0]
    assert len(sandbox.posts.made) == 1
    assert all(is_alive(sandbox, read(name)["access_token"]) for name in ("alice.json", "bob.json"))
    after(f"refused: {str(error).splitlines()[0]}")


@pytest.mark.parametrize("cell", [
    '%twitter_post "We are hiring #python" --auth bob.json  # a comment',
    "%%twitter_post --auth bob.json\nWe are hiring #python --auth nobody.json",
    'oint twitter CreateTextTweet --text "Hello #python" --auth bob.json  # a comment',
    '# a comment\n#oint twitter CreateTextTweet --text "Not this one" --auth bob.json\noint twitter CreateTextTweet --text "Hello" --auth bob.json #',
])  # fmt: skip
def test_hashtags_in_quotes_and_comments_are_fine(shell, sandbox, auth_file, cell):
    auth_file("bob.json")

    _, error, said = run(shell, cell)

    assert error is None, said
    assert len(sandbox.posts.made) == 1


def test_no_option_is_dropped_of_random_lines():
    """300 lines with a sign in every place: each is refused, or each option in it is read."""
    chance, refused = random.Random(25), 0
    names = [name for name in MAGICS if name != "oint" and MAGICS[name].values + MAGICS[name].flags]
    for _ in range(300):
        magic = MAGICS[chance.choice([*names, "twitter_post"])]
        options = chance.sample(magic.values + magic.flags, chance.randint(1, len(magic.values + magic.flags)))
        words = ['"some text"'] if magic.text_name else ["word"] * len(magic.words)
        for option in options:
            words += [option, "5"] if option in magic.values else [option]
        sign = chance.choice(("#", "#tag", "# ", "# tag", "##", "#1", "x#y", "#--auth", "; #", ";# no", "#\t"))
        words.insert(chance.randint(0, len(words)), sign)
        try:
            found = parse(chance.choice((" ", "  ")).join(words), magic)
        except UsageError:
            refused += 1
        else:
            assert set(options) <= set(found), words
    assert 0 < refused < 300


def test_no_option_is_dropped_of_random_command_lines():
    chance, refused = random.Random(7), 0
    options = [["--text", '"some text"'], ["--auth", "a.json"], ["--out", "r.json"], ["--test"], ["-a", "b.json"]]
    for _ in range(300):
        chosen = chance.sample(options, chance.randint(1, 4))
        words = ["oint", "twitter", "CreateTextTweet", *(word for option in chosen for word in option)]
        words.insert(chance.randint(3, len(words)), chance.choice(("#", "#tag", "# ", "# tag", "##", "#1", "x#y")))
        try:
            found = commands(chance.choice((" ", " \\\n ")).join(words))
        except UsageError:
            refused += 1
        else:
            # What a comment has cut off is a command of its own, which is none: nothing of the cell is run.
            assert {option[0] for option in chosen} <= {word for each in found for word in each.words}, words
    assert 0 < refused < 300
