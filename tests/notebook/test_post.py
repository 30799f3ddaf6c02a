"""`%twitter_post` in a real shell: its grammar, its text, its guards."""

import json
from pathlib import Path

import pytest
from IPython.utils.capture import capture_output
from posts_material import png

from oint_magics import errors

SOURCE = "--auth auth.json"


@pytest.fixture
def shell(shell, auth_file):
    auth_file()
    return shell


def run(shell, cell):
    """Run a cell and every way to look at its error again; return its value, its error, and all that was shown."""
    with capture_output() as captured:
        result = shell.run_cell(cell, store_history=True)
        for line in ("%tb", "%tb Verbose"):
            shell.run_cell(line, store_history=False)
    return result.result, result.error_in_exec or result.error_before_exec, captured.stdout + captured.stderr


def made(sandbox):
    return [post["said"] for post in sandbox.posts.made.values()]


@pytest.mark.parametrize(("cell", "text"), [
    (f'%twitter_post "Hello" {SOURCE}', "Hello"),
    (f"%twitter_post {SOURCE} 'Hello'", "Hello"),
    (f"%twitter_post “Hello” {SOURCE}", "Hello"),
    (f'%twitter_post "It\'s 5 o\'clock" {SOURCE}', "It's 5 o'clock"),
    (f'%twitter_post "a {{ b" {SOURCE}', "a { b"),
    (f'%twitter_post "{{name}}" {SOURCE}', "{name}"),
    (f'%twitter_post "{{}}" {SOURCE}', "{}"),
    (f'%twitter_post "{{\\"a\\": 1" {SOURCE}', None),
    (f'%twitter_post "$name --auth x # no comment; %twitter_me" {SOURCE}', "$name --auth x # no comment; %twitter_me"),
    (f'%twitter_post "see https://example.org/abcdefghijklmnopqrstuvwxyz0123456789" {SOURCE}', "see https://example.org/abcdefghijklmnopqrstuvwxyz0123456789"),
    (f'words = "from a variable"\n%twitter_post {{words}} {SOURCE}', "from a variable"),
    (f'%%twitter_post {SOURCE}\nTwo lines\nof {{text}} "quoted" --media x', 'Two lines\nof {text} "quoted" --media x'),
    (f'%%twitter_post {SOURCE}\n{{"a": 1}} # not a comment\n', '{"a": 1} # not a comment'),
    (f'r = %twitter_post "Hello" {SOURCE}', "Hello"),
    (f'if True:\n    %twitter_post "Hello" {SOURCE}', "Hello"),
    (f'def f(words):\n    %twitter_post {{words}} {SOURCE}\nf("inner")', "inner"),
    (f'%twitter_post "Hello" {SOURCE};', "Hello"),
    ('%twitter_post "Hello" —auth auth.json', "Hello"),
])  # fmt: skip
def test_text_is_taken_as_it_stands(shell, sandbox, cell, text):
    _, error, said = run(shell, cell)

    if text is None:
        assert isinstance(error, errors.UsageError)
        return
    assert error is None, said
    assert made(sandbox) == [text]


@pytest.mark.parametrize(("line", "words"), [
    ("hello", "Put the text in quotes"), ("hello world", "Put the text in quotes"), ("", "There is nothing to post"),
    ('"a" "b"', "Unexpected argument"), ('"a', "closing quote"), ('"a "b" c"', "the other kind of quotes"), ('"a" --minutes x', "--minutes takes a whole number"),
    ('"a" --auth x --auth y', "an option twice"), ('"a" --media', "--media needs a value"), ("{nothing}", "no variable of that name"),
    ('"a" --mediaa x', "Did you mean --media"), ('"a" --media {nothing}', "no variable of that name"),
])  # fmt: skip
def test_lines_that_cannot_be_read(shell, sandbox, line, words):
    _, error, said = run(shell, f"%twitter_post {line}")

    assert words in str(error)
    assert made(sandbox) == []
    assert "Traceback" not in said


def test_two_texts_are_one_too_many(shell):
    _, error, _ = run(shell, '%%twitter_post "Hello" --auth auth.json\nWorld')
    assert "on the lines below" in str(error)


def test_media_alt_and_poll_are_repeated(shell, sandbox):
    Path("a.png").write_bytes(png())
    shell.user_ns["pictures"] = [png(5), png(6)]
    run(shell, f'%twitter_post "pictures" {SOURCE} --media a.png --alt "one" --media {{pictures}} --alt "two, {{x}}"')
    run(shell, '%twitter_post "Tea?" --poll Yes --poll "No, thanks" --minutes 60')

    assert made(sandbox) == ["pictures", "Tea?"]
    assert [each.alt_text for each in sandbox.media.uploads.values()] == ["one", "two, {x}", ""]
    assert list(sandbox.posts.made.values())[1]["poll"] == {"options": ["Yes", "No, thanks"], "duration_minutes": 60}


def test_preview_again_and_reply(shell, sandbox):
    value, _, said = run(shell, f'%twitter_post "Hello" {SOURCE} --preview')
    assert value.is_preview
    assert "Preview" in said
    assert made(sandbox) == []
    first, _, _ = run(shell, '%twitter_post "Hello"')
    shell.user_ns["first"] = first
    value, _, said = run(shell, '%twitter_post "Hello"')
    assert value.already_posted
    assert "Already posted" in said
    sandbox.posts.made[first["id"]]["said"] = "other"
    assert not run(shell, '%twitter_post "Hello" --again')[0].already_posted
    run(shell, '%twitter_post "an answer" --reply-to {first}')
    run(shell, f'%twitter_post "another" --reply-to {first["id"]}')
    assert [post.get("conversation_id") for post in sandbox.posts.made.values()][-2:] == [first["id"]] * 2


def test_no_post_before_the_account_is_named(shell, sandbox):
    run(shell, "%twitter_me --auth auth.json")
    _, error, _ = run(shell, '%twitter_post "Hello"')

    assert "Name the account that posts. Nothing was sent" in str(error)
    assert "--auth auth.json" in str(error)
    assert made(sandbox) == []


def test_a_sandbox_that_did_not_start_and_a_real_default(shell, sandbox, raw, monkeypatch, auth):
    """The tutorial's cells go on after a start that failed: nothing of them goes to X."""
    server = raw(lambda connection: connection.close())
    for name in ("API", "TOKEN"):
        monkeypatch.setenv(f"OINT_TWITTER_{name}_URL", server.url)
    Path("real.json").write_text(json.dumps(auth | {"expires_at": 4_000_000_000}))
    run(shell, "%twitter_keep real.json profile:default")
    Path("sandbox-auth.json").write_text("not the sandbox's")
    assert isinstance(run(shell, "%twitter_sandbox start")[1], errors.StoreNotWritable)

    for cell in (
        '%twitter_post "Hello"',
        '%twitter_post "Hello" --auth sandbox-auth.json',
        "from oint_magics import twitter\ntwitter.delete('5')",
    ):
        assert run(shell, cell)[1] is not None
    assert server.requests == []
    assert run(shell, "%twitter_sandbox stop")[1] is None


def test_a_secret_behind_auth_stays_out_of_tracebacks(shell):
    token = "MARK5ecretMARK5ecretMARK5ecret00"
    cell = f'%twitter_post "It\'s \\"fine\\"" --auth {{"client_id": "a",\n  "refresh_token": "{token}"}}\n1/0\n'
    for mode in ("Plain", "Context", "Verbose"):
        shell.run_line_magic("xmode", mode)
        _, _, said = run(shell, "1/0\n" + cell)
        assert token not in said
    shell.run_line_magic("xmode", "Context")


def test_a_cell_that_is_typed_is_complete_with_a_brace_in_the_text(shell):
    check = shell.input_transformer_manager.check_complete
    assert check('%twitter_post "a { b"\n')[0] == "complete"
    assert check('%twitter_post "a" --auth {"client_id":\n')[0] == "incomplete"
