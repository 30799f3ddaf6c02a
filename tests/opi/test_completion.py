"""What is offered at the end of a command line."""

import pytest

from oint_magics.notebook import completion


@pytest.mark.parametrize(("line", "offered"), [
    ("%oint ", "twitter"), ("%oint tw", "twitter"), ("%oint twitter ", "CreatePollTweet"), ("%oint twitter Созд", "СоздатьТвитОпрос"),
    ("%oint twitter CreatePollTweet ", "--duration"), ("%oint twitter CreatePollTweet --", "--options"), ("%oint twitter createpolltweet --te", "--text"),
    ("%oint twitter RefreshToken --auth ", "env:"), ("%oint twitter UploadAttachmentsArray --type ", "tweet_gif"),
    ("%oint --to profile:a twitter RefreshToken ", "--auth"), ("%oint --to ", "twitter"),
])  # fmt: skip
def test_what_is_offered(line, offered):
    found = completion._complete(None, type("Event", (), {"line": line}))
    assert offered in found


def test_what_stands_there_is_not_offered_again():
    found = completion._complete(None, type("Event", (), {"line": "%oint twitter CreatePollTweet --text a "}))
    assert "--text" not in found
