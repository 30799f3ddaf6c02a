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
