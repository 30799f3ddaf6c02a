"""What is offered at the end of a command line."""

import pytest

from oint_magics.notebook.choices import offered


def texts(line, **variables):
    offer = offered(line, variables)
    return offer and [each.text for each in offer.choices]


@pytest.mark.parametrize("program", ["%oint", "%%oint --to profile:a\noint", "oint", "r = %oint", "$ oint", "oint.bat"])
@pytest.mark.parametrize(("line", "all_of"), [
    ("tw", ["twitter"]), ("twitter RefreshT", ["RefreshToken"]), ("twitter \\\n Созд", None),
    ("twitter CreatePollTweet --", ["--text", "--options", "--duration", "--auth", "--to", "--out", "--test", "--help", "--again"]),
    ("twitter createpolltweet --te", ["--text", "--test"]), ("twitter CreatePollTweet \\\n  --text a ^\n  --dur", ["--duration"]),
    ("twitter UploadAttachmentsArray --type ", ["tweet_image", "tweet_gif", "tweet_video"]),
    ("twitter UploadAttachmentsArray --type tweet_g", ["tweet_gif"]),
])  # fmt: skip
def test_what_is_offered(program, line, all_of):
    found = texts(f"{program} {line}")
    if all_of is None:
        assert len(found) == 6
        assert all(each.startswith("Создать") for each in found)
    else:
        assert found == all_of


def test_an_option_says_what_it_is_in_the_method_s_language():
    assert [each.about for each in offered("oint twitter CreatePollTweet --dura", {}).choices] == [
        "Minutes that the poll runs"
    ]
    assert "минутах" in offered("oint twitter создатьтвитопрос --dura", {}).choices[0].about


@pytest.mark.parametrize(
    "line",
    ["oint telegram Send --", "oint twitter RefreshToken now", "oint twitter Nothing --", "x = oint twitter ", "oint"],
)
def test_where_nothing_is_known_nothing_is_said(line):
    assert texts(line) is None


def test_a_variable_of_that_name_is_python():
    assert texts("oint twi", oint=1) is None


def test_what_stands_there_is_not_offered_again():
    assert "--text" not in texts("%oint twitter CreatePollTweet --text a ")
