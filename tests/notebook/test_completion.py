"""Twenty positions of the cursor, and what is offered there; the same in a real shell, with nothing of IPython's own."""

import json
from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter
from positions import POSITIONS

from oint_magics import twitter
from oint_magics.notebook.choices import offered


@pytest.fixture
def places(sandbox, shell):
    twitter.keep(sandbox.issue(), "profile:work")
    Path("a folder").mkdir()
    for name in ("mine.json", "my app.json", "a folder/deep.json"):
        Path(name).write_text(json.dumps(sandbox.issue()))
    Path("notes.txt").write_text("x")
    posted = twitter.post("Hello", auth="mine.json")
    shell.user_ns |= {"mine": sandbox.issue(), "posted": posted, "other": {"a": 1}, "number": 5}
    return shell


def written(text):
    return text.strip("\"'")


@pytest.mark.parametrize("line", POSITIONS)
def test_what_is_offered(places, line):
    offer = offered(line, {"mine": places.user_ns["mine"], "posted": places.user_ns["posted"], "other": {}, "_": {}})
    assert [written(each.text) for each in offer.choices] == POSITIONS[line]
    assert all(each.about for each in offer.choices)


@pytest.mark.parametrize("use_jedi", [True, False])
@pytest.mark.parametrize("line", POSITIONS)
def test_nothing_of_ipython_s_own_is_offered_there(places, line, use_jedi):
    places.Completer.use_jedi = use_jedi
    with provisionalcompleter():
        found = [*places.Completer.completions(line, len(line))]
    assert [written(each.text) for each in found] == POSITIONS[line]
    # What is chosen takes the place of what was typed.
    before = {line[: each.start] for each in found}
    assert len(before) == 1
    assert before.pop().endswith((" ", "=", "'"))


@pytest.mark.parametrize(
    "line",
    ["twitter_refresh --", "x = 1", "%matplotlib --", "# %twitter_refresh", "%twitter_refresh", '%twitter_post "Hel'],
)
def test_elsewhere_nothing_is_said(line):
    assert offered(line, {}) is None


def test_no_value_is_offered(places):
    secret = places.user_ns["mine"]["refresh_token"]
    for line in POSITIONS:
        assert secret not in str(offered(line, places.user_ns))
