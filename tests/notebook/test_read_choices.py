"""Tab in a read: thirty positions, in a magic's line and in a call of Python."""

import pytest
from IPython.core.completer import provisionalcompleter
from positions import READS

from oint_magics.notebook.choices import offered


@pytest.mark.parametrize(("text", "there", "other"), READS)
def test_what_is_offered(text, there, other):
    choices = [each.text for each in offered(text, {}).choices]

    assert there in choices
    assert other not in choices


@pytest.mark.parametrize("use_jedi", [True, False])
@pytest.mark.parametrize(("text", "there", "other"), READS)
def test_a_shell_offers_the_same(shell, text, there, other, use_jedi):
    shell.Completer.use_jedi = use_jedi
    with provisionalcompleter():
        found = [*shell.Completer.completions(text, len(text))]

    assert [each.text.strip("\"'") for each in found] == [each.text.strip("\"'") for each in offered(text, {}).choices]
    assert there in [each.text.strip("\"'") for each in found]
    assert len({text[: each.start] for each in found}) == 1


@pytest.mark.parametrize("text", ['other.get("', 'twitter.get("users/me"', 'twitter.get("users/me")', 'x = twitter.get("users/me")\nprint("',
                                  "twitter.get(path, "])  # fmt: skip
def test_elsewhere_nothing_is_ours(text):
    assert offered(text, {}) is None


def test_a_path_tells_what_it_gives_and_its_price():
    about = {each.text: each.about for each in offered("%twitter_get ", {}).choices}

    assert about["users/me/tweets"] == "posts, $0.005 each"
    assert about["tweets/counts/recent"] == "rows, $0.005 a call"
    assert "no price listed" in about["usage/tweets"]


def test_it_reads_no_file_and_asks_nobody(monkeypatch):
    def refuse(*_):
        raise AssertionError

    offered("%twitter_get ", {})  # The catalogue is read once.
    monkeypatch.setattr("socket.socket", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    for text, *_ in READS:
        assert offered(text, {}).choices
