"""Where the cursor may stand, and what is offered there: beside `mine`, `posted`, `profile:work`, and three files."""

from oint_magics.notebook.magic_table import FAULTS

POSITIONS = {
    "%twitter_refresh --": ["--auth", "--to", "--if-expired", "--try-old"],
    "%twitter_refresh --if": ["--if-expired"],
    "%twitter_refresh ": ["--auth", "--to", "--if-expired", "--try-old"],
    "%twitter_refresh --auth ": ["mine", "env:", "profile:work", "a folder/", "mine.json", "my app.json"],
    "%twitter_refresh --auth profile:w": ["profile:work"],
    "%twitter_refresh --auth=pro": ["profile:work"],
    "%twitter_refresh --auth my": ["my app.json"],
    "%twitter_refresh --auth 'my": ["my app.json"],
    "%twitter_refresh --auth 'a folder/": ["a folder/deep.json"],
    "%twitter_refresh --auth zzz": ["mine", "env:", "profile:work", "a folder/", "mine.json", "my app.json"],
    "%twitter_refresh --to ": ["profile:work", "a folder/", "mine.json", "my app.json", "profile:default"],
    "r = %twitter_refresh --auth auth.json --i": ["--if-expired"],
    "%time r = %twitter_refresh --t": ["--to", "--try-old"],
    "for x in y:\n    %twitter_status --": ["--auth", "--check"],
    "%twitter_keep mine.json ": ["profile:work", "a folder/", "mine.json", "my app.json", "profile:default"],
    "%twitter_keep mine.json profile:x --": ["--replace"],
    "%twitter_forget pro": ["profile:work"],
    "%twitter_auth --": ["--prompt"],
    "%twitter_sandbox st": ["start", "stop", "status"],
    "%twitter_sandbox cl": ["clock"],
    "%twitter_sandbox fault ": list(FAULTS),
    "%twitter_sandbox fault h": ["html"],
    '%twitter_post "Hello" --re': ["--reply-to"],
    '%twitter_post "Hello" --reply-to ': ["{posted}"],
    '%twitter_post "a" --media x --p': ["--poll", "--preview"],
    "%twitter_login --scope o": ["opi"],
}
