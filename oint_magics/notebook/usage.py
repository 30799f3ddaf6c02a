"""What each magic takes: the one place that the scanner, the help and the completion read."""

from __future__ import annotations

from typing import NamedTuple


class Usage(NamedTuple):
    """What a magic takes.

    Attributes:
        text: the line shown in messages.
        words: the names of its words without a dash, in order.
        values: its options that take a value.
        flags: its options that take none.
        repeated: those of its options that may stand several times.
        text_name: the word that is text, and has to stand in quotes; blank for none.
    """

    text: str
    words: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    text_name: str = ""


USAGES = {
    "twitter_refresh": Usage(
        "%twitter_refresh [--auth SOURCE] [--to STORE] [--if-expired] [--try-old]",
        (),
        ("--auth", "--to"),
        ("--if-expired", "--try-old"),
    ),
    "twitter_auth": Usage("%twitter_auth [--prompt]", (), (), ("--prompt",)),
    "twitter_keep": Usage("%twitter_keep SOURCE STORE [--replace]", ("source", "store"), (), ("--replace",)),
    "twitter_forget": Usage("%twitter_forget STORE", ("store",)),
    "twitter_login": Usage(
        "%twitter_login [--auth SOURCE] [--to STORE] [--scope SCOPES]", (), ("--auth", "--to", "--scope")
    ),
    "twitter_status": Usage("%twitter_status [--auth SOURCE] [--check]", (), ("--auth",), ("--check",)),
    "twitter_me": Usage("%twitter_me [--auth SOURCE]", (), ("--auth",)),
    "twitter_revoke": Usage("%twitter_revoke --auth SOURCE", (), ("--auth",)),
    "twitter_post": Usage(
        '%twitter_post "TEXT" [--auth SOURCE] [--media FILE] [--preview] [--again] [more]',
        ("text",),
        ("--auth", "--media", "--alt", "--poll", "--minutes", "--reply-to", "--quote"),
        ("--preview", "--again"),
        ("--media", "--alt", "--poll"),
        "text",
    ),
    "twitter_sandbox": Usage("%twitter_sandbox [start|stop|status|fault NAME [VALUE]]", ("action", "fault", "value")),
}

OPTIONS = {
    "--auth": "where the tokens are",
    "--to": "where the new tokens go",
    "--if-expired": "send nothing while the access token is good",
    "--try-old": "try once more after an unknown outcome",
    "--prompt": "ask line by line",
    "--replace": "overwrite the tokens there",
    "--scope": "what the app may do",
    "--check": "ask X which value is wrong",
    "--media": "a picture, GIF or video",
    "--alt": "its description",
    "--poll": "an answer of a poll",
    "--minutes": "how long the poll runs",
    "--reply-to": "the post to answer",
    "--quote": "the post to quote",
    "--preview": "post nothing, and show it",
    "--again": "make the same post once more",
}
ACTIONS = {
    "start": "start it, and write sandbox-auth.json",
    "stop": "stop it",
    "status": "what it runs and counts",
    "fault": "let something go wrong",
}
FAULTS = {
    "refuse": "the next exchange is refused",
    "slow": "the next exchange takes 3 seconds, or as many as follow",
    "drop": "the connection of the next exchange is closed",
    "429": "the next exchange comes too soon",
    "html": "the next exchange is answered by an HTML page",
    "402": "the next call: no credits left",
    "403": "the next call: the app is not enrolled",
    "503": "the next call: out of service",
    "duplicate": "the next post was made already",
    "413": "the next segment of an upload is too large",
    "failed": "the next medium cannot be processed",
    "expire": "all access tokens end now",
    "limit": "the API takes one call in 15 minutes, or as many as follow",
    "punish": "a refresh token that is used twice ends all tokens of its login",
    "off": "nothing goes wrong any more",
}
