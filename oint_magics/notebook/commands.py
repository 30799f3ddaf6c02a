"""What each magic does with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oint_magics import stores
from oint_magics.display.table import Row, Table
from oint_magics.errors import NotInteractive, UsageError
from oint_magics.notebook.interactive import is_kernel, is_somebody_there
from oint_magics.twitter import calls

if TYPE_CHECKING:
    from typing import Any

    from oint_magics.accounts.status import Accounts
    from oint_magics.api.me import User
    from oint_magics.notebook.arguments import Call
    from oint_magics.notebook.magic_table import Magic
    from oint_magics.posts.shown import Post
    from oint_magics.tokens.response import TokenResponse


def refresh(call: Call) -> TokenResponse | None:
    """Refresh what the line names, or open the panel where it names nothing and nothing is known."""
    words = call.words()
    if "--auth" not in words and calls.default_source() is None:
        return ask(call.shell)
    return calls.refresh(
        words.get("--auth"),
        to=words.get("--to"),
        if_expired="--if-expired" in words,
        try_old="--try-old" in words,
        variables=call.variables,
        interactive=is_somebody_there(call.shell),
    )


def auth(call: Call) -> TokenResponse | None:
    """Open the panel, or ask line by line."""
    words = call.words()
    return ask(call.shell, is_prompt="--prompt" in words)


def ask(shell: Any, *, is_prompt: bool = False) -> TokenResponse | None:
    """Get an auth structure from the person who is there.

    Raises:
        NotInteractive: the session is not interactive.
    """
    if not is_somebody_there(shell):
        raise NotInteractive(
            "The panel needs an interactive session.",
            cause="this notebook is run by a program, or the terminal has no input.",
            next_step="name the source: %twitter_refresh --auth auth.json (or profile:NAME, env:), "
            "or set OINT_TWITTER_AUTH",
        )
    if is_prompt or not is_kernel(shell):
        from oint_magics.notebook import prompt

        return prompt.ask()
    from oint_magics.notebook import connect

    connect.show()
    return None


def login(call: Call) -> TokenResponse:
    """Begin a login: below the cell, or in a terminal.

    Raises:
        NotInteractive: the session is not interactive.
    """
    words = call.words()
    if not is_somebody_there(call.shell):
        raise NotInteractive(
            "A login needs an interactive session.",
            cause="this notebook is run by a program, or the terminal has no input.",
            next_step="log in where somebody is, and name the store here: %twitter_refresh --auth profile:NAME",
        )
    from oint_magics.twitter import logins

    plan = logins.planned(
        words.get("--auth"),
        to=words.get("--to"),
        scope=words.get("--scope"),
        variables=call.variables,
        interactive=True,
    )
    if not is_kernel(call.shell):
        from oint_magics.notebook import prompt

        return prompt.log_in(plan)
    from oint_magics.notebook import connect

    return connect.begin(call.shell, plan)


def keep(call: Call) -> Table:
    """Copy what the line's first word names into the store that the second names."""
    words = call.words()
    if "store" not in words:
        raise UsageError("Name the source, and the store to copy it into.", next_step=call.magic.text)
    place, source = calls.keep(words["source"], words["store"], replace="--replace" in words, variables=call.variables)
    if source.auth and source.auth.is_app:
        return Table(
            "Kept", (Row("in", place), Row("next", f"%twitter_get PATH --auth {place}: it is for reads alone"))
        )
    if calls.source_of(place).read().refresh_token is None:
        return Table(
            "Kept", (Row("in", place), Row("next", f"it holds no refresh token: %twitter_login --auth {place}"))
        )
    careful = "the source holds the same tokens; they stop working when these are refreshed"
    if source.copied_from:
        careful = "xurl refreshes by itself; use one of the two from now on: each refresh ends the other's tokens"
    return Table("Kept", (Row("in", place), Row("next", f"%twitter_refresh --auth {place}"), Row("careful", careful)))


def forget(call: Call) -> Table:
    """Forget the store that the line names."""
    words = call.words()
    if "store" not in words:
        raise UsageError("Name the store to forget.", next_step=call.magic.text)
    store = calls.forget(words["store"])
    is_ours = store.startswith(stores.PREFIXES)
    what = "its tokens are deleted here" if is_ours else "the file stays; what this machine knew of it is deleted"
    return Table("Forgotten", (Row("store", store), Row("done", what), Row("at X", "nothing was revoked")))


def status(call: Call) -> Accounts:
    """Tell how the account that the line names stands, or every one that is known."""
    words = call.words()
    return calls.status(words.get("--auth"), check="--check" in words, variables=call.variables)


def me(call: Call) -> User:
    """Ask X whose token it is."""
    words = call.words()
    return calls.me(words.get("--auth"), variables=call.variables)


def revoke(call: Call) -> Table:
    """Revoke the pair that the line names."""
    words = call.words()
    if "--auth" not in words:
        raise UsageError("Name the tokens to revoke.", next_step=call.magic.text)
    return calls.revoke(words["--auth"], variables=call.variables)


def post(call: Call) -> Post:
    """Post what the line says, or the cell below it."""
    from oint_magics.posts.draft import Wanted
    from oint_magics.posts.given import listed
    from oint_magics.twitter import posting

    words = call.words()
    body = call.cell
    if body is not None and "text" in words:
        raise UsageError("Put the text on the lines below %%twitter_post. Nothing was sent.", next_step=call.magic.text)
    if body is None and "text" not in words and "--media" not in words:
        raise UsageError("There is nothing to post.", next_step=call.magic.text)
    variables = call.variables
    one = {name: values[-1] for name in ("text", "--reply-to", "--quote") if (values := words.given(name, variables))}
    wanted = Wanted(
        text=body.strip("\n") if body is not None else one.get("text", ""),
        media=[each for value in words.given("--media", variables) for each in listed(value)],
        alt=words.given("--alt", variables),
        poll=words.given("--poll", variables),
        minutes=_number(words.get("--minutes"), call.magic),
        reply_to=one.get("--reply-to"),
        quote=one.get("--quote"),
        is_long="--long" in words,
    )
    return posting.post(
        wanted, words.get("--auth"), preview="--preview" in words, again="--again" in words, variables=variables
    )


def _number(text: str | None, magic: Magic) -> int | None:
    if text is not None and not (text.isdecimal() and text.isascii() and len(text) < 9):
        raise UsageError("--minutes takes a whole number.", next_step=magic.text)
    return None if text is None else int(text)


def sandbox(call: Call) -> Table:
    """Start, stop or look at the sandbox."""
    from oint_magics.notebook import sandbox_magic

    words = call.words()
    return sandbox_magic.act(words.get("action", "status"), words.get("fault"), words.get("value"))
