import pytest

from oint_magics.display.steps import as_calls

STEPS = {
    "log in again: %twitter_login": "log in again: twitter.login()",
    "%twitter_refresh --auth auth.json --try-old": 'twitter.refresh("auth.json", try_old=True)',
    '%twitter_refresh --auth "my auth.json"; or': 'twitter.refresh("my auth.json"); or',
    "fix it, then: %twitter_refresh --auth a.json, which saves it": 'fix it, then: twitter.refresh("a.json"), which saves it',
    "or: %twitter_refresh --to profile:NAME --auth a.json": 'or: twitter.refresh("a.json", to="profile:NAME")',
    "off this list: %twitter_forget profile:a": 'off this list: twitter.forget("profile:a")',
    "%twitter_keep SOURCE profile:x --replace": 'twitter.keep(auth, "profile:x", replace=True)',
    "%twitter_keep unsaved: profile:rescued": 'twitter.keep("unsaved:", "profile:rescued")',
    "look: %twitter_status --check --auth shared:work": 'look: twitter.status("shared:work", check=True)',
    "name a store: --to profile:NAME; or set OINT_HOME": 'name a store: to="profile:NAME"; or set OINT_HOME',
    "give it up: --replace": "give it up: replace=True",
    "log in: %twitter_login --auth SOURCE": "log in: twitter.login(auth)",
    "%twitter_revoke ended both": "twitter.revoke() ended both",
    "%env OINT_TWITTER_TIMEOUT=30": 'os.environ["OINT_TWITTER_TIMEOUT"] = "30"',
    '%pip install "oint_magics[shared]"': 'pip install "oint_magics[shared]"',
    "%twitter_auth opens the panel": "%twitter_auth opens the panel",
    "nothing to translate": "nothing to translate",
}


@pytest.mark.parametrize("step", STEPS)
def test_a_magic_s_step_as_a_call(step):
    assert as_calls(step) == STEPS[step]
    assert as_calls(as_calls(step)) == STEPS[step]
