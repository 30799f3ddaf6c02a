"""Every function of OPI, in English and in Russian, in every form that its pages have, against the sandbox: a table."""

import json
from pathlib import Path

import pytest
from IPython.utils.capture import capture_output
from posts_material import gif, mp4, png

from oint_magics import twitter
from oint_magics.opi.functions import FUNCTIONS

# What each function is given; `AUTH` becomes the structure, in single quotes as OPI's pages have it.
GIVEN = {
    "GetAuthorizationLink": [],
    "GetToken": ['--code "CODE"'],
    "RefreshToken": [],
    "CreateCustomTweet": ['--text "custom"', "--options \"['One','Two']\"", "--dur 60"],
    "CreateTextTweet": ['--text "text"'],
    "CreateImageTweet": ['--text "image"', '--pictures "crm2srn4.irt"'],
    "CreateGifTweet": ['--text "gif"', '--gifs "crm2srn5.gif"'],
    "CreateVideoTweet": ['--text "video"', '--videos "crm2srn6.vid"'],
    "CreatePollTweet": ['--text "Which one?"', "--options \"['Option 1','Option 2']\"", "--duration 60"],
    "UploadAttachmentsArray": ["--files \"['crm2srn4.irt','second.png']\"", '--type "tweet_image"'],
}
FORMS = {
    "line": "oint twitter {method} {line}",
    "bash block": "            # JSON data can also be passed as a path to a .json file\n\n            oint twitter {method} \\\n              {block_bash}\n",
    "batch block": ":: JSON data can also be passed as a path to a .json file\n\noint twitter {method} ^\n    {block_batch}\n",
    "%oint": "%oint twitter {method} {line}",
    "%oint, continued": "%oint twitter {method} \\\n  {block_bash}",
    "%%oint": "%%oint\n# a comment\noint twitter {method} \\\n  {block_bash}\n",
    "with --opt=value": "oint twitter {method} {joined}",
}


@pytest.fixture
def shell(the_shell):
    the_shell.run_line_magic("load_ext", "oint_magics")
    yield the_shell
    the_shell.run_line_magic("unload_ext", "oint_magics")
    the_shell.reset(new_session=False)


def run(shell, cell):
    with capture_output() as captured:
        result = shell.run_cell(cell, store_history=True)
        shell.run_cell("%tb Verbose", store_history=False)
    return result.result, result.error_in_exec or result.error_before_exec, captured.stdout + captured.stderr


def cell(form, method, auth, sandbox, shell):
    options = list(GIVEN[next(each.english for each in FUNCTIONS if method in (each.english, each.russian))])
    if options and "CODE" in options[0]:
        link = twitter.authorization_link(json.loads(auth.replace("'", '"')))
        options[0] = options[0].replace("CODE", sandbox.approve(link))
    options.append(f'--auth "{auth}"')
    joined = " ".join(option.replace(" ", "=", 1) for option in options)
    return FORMS[form].format(
        method=method, line=" ".join(options), block_bash=" \\\n              ".join(options),
        block_batch=" ^\n    ".join(options), joined=joined,
    )  # fmt: skip


CASES = [(form, name) for form in FORMS for each in FUNCTIONS for name in (each.english, each.russian)]


@pytest.mark.parametrize(
    ("form", "method"),
    [pytest.param(f, m, marks=pytest.mark.row("1", f"{m}, {f}", "no such library")) for f, m in CASES],
)
def test_every_function_in_every_form(shell, sandbox, after, form, method):
    sandbox.media.processing = 0.0
    for name, content in (
        ("crm2srn4.irt", png()),
        ("second.png", png(5)),
        ("crm2srn5.gif", gif()),
        ("crm2srn6.vid", mp4()),
    ):
        Path(name).write_bytes(content)
    auth = json.dumps(sandbox.issue()).replace('"', "'")

    value, error, said = run(shell, cell(form, method, auth, sandbox, shell))

    assert error is None, said
    after(shape(value))
    assert shape(value) == {
        "GetAuthorizationLink": "a link", "UploadAttachmentsArray": "a list of 2 ids",
    }.get(next(each.english for each in FUNCTIONS if method in (each.english, each.russian)), shape(value))  # fmt: skip
    for key in ("refresh_token", "client_secret", "access_token"):
        assert json.loads(auth.replace("'", '"'))[key] not in said


def shape(value):
    if isinstance(value, str):
        return "a link" if str(value).startswith("http") else "text"
    if isinstance(value, list):
        return f"a list of {len(value)} ids"
    return f"a map: {', '.join(dict(value))}"


SEED = """# JSON data can also be passed as a path to a .json file

oint twitter RefreshToken \\
  --auth "{'redirect_uri':'https://hut.openintegrations.dev/melezh/6ad91cc8b','client_id':'ID','client_secret':'SECRET','access_token':'ACCESS','refresh_token':'REFRESH','oauth_token':'***','oauth_token_secret':'***','oauth_consumer_key':'***','oauth_consumer_secret':'***'}"
"""


@pytest.mark.parametrize(
    "block", [SEED, SEED.replace("# JSON", ":: JSON").replace("\\\n", "^\n")], ids=["bash", "batch"]
)
def test_the_blocks_of_the_page_that_this_started_from(shell, sandbox, block):
    """Verbatim, with their placeholders filled."""
    pair = sandbox.issue()
    for mark, key in (
        ("ID", "client_id"),
        ("SECRET", "client_secret"),
        ("ACCESS", "access_token"),
        ("REFRESH", "refresh_token"),
    ):
        block = block.replace(f"'{mark}'", f"'{pair[key]}'")
    value, error, said = run(shell, block.replace("'***'", "'an-old-key-of-oauth-1-0a-00000000000'"))

    if error is None:
        assert sorted(dict(value)) == ["access_token", "expires_in", "refresh_token", "scope", "token_type"]
        assert "not needed any more" in said
    else:  # The structure names no sandbox, and its mark keeps it from X.
        assert "sandbox" in str(error)
